import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { SFN } from '@aws-sdk/client-sfn';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import twilio from 'twilio';

/** The webhook as it is usually written: the whole package, CDK's default bundling. */
const secrets = new SecretsManager();
const stepFunctions = new SFN();

export const handler = async (event: APIGatewayProxyEventV2) => {
  const { SecretString = '{}' } = await secrets.getSecretValue({ SecretId: process.env.SECRET_ARN });
  const { authTokens } = JSON.parse(SecretString);
  const parameters = Object.fromEntries(
    new URLSearchParams(Buffer.from(event.body ?? '', 'base64').toString()),
  );
  const url = `${process.env.PUBLIC_BASE_URL}${event.rawPath}`;
  if (!twilio.validateRequest(authTokens[0], event.headers['x-twilio-signature'] ?? '', url, parameters)) {
    return { statusCode: 403 };
  }
  await stepFunctions.startExecution({
    stateMachineArn: process.env.STATE_MACHINE_ARN,
    name: parameters.CallSid,
    input: JSON.stringify({ callSid: parameters.CallSid }),
  });
  const twiml = new twilio.twiml.VoiceResponse();
  twiml.say('This call is recorded.');
  twiml.dial('+15550100200');
  return { statusCode: 200, headers: { 'content-type': 'text/xml' }, body: twiml.toString() };
};
