import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { SFN } from '@aws-sdk/client-sfn';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import twilio from 'twilio';
import { z } from 'zod';
import { count, logger, Secret, verifiedForm } from './toolbox.ts';

/** The webhook as it is usually written: the whole package, CDK's default bundling. */
const secrets = new SecretsManager();
const stepFunctions = new SFN();
const VoiceRequest = z.object({ CallSid: z.string().regex(/^CA[0-9a-f]{32}$/), AccountSid: z.string() });

export const handler = async (event: APIGatewayProxyEventV2) => {
  const { SecretString = '{}' } = await secrets.getSecretValue({ SecretId: process.env.SECRET_ARN });
  const { authTokens } = Secret.parse(JSON.parse(SecretString));
  const parameters = verifiedForm(event, authTokens);
  if (!parameters) {
    return { statusCode: 403 };
  }
  const { CallSid } = VoiceRequest.parse(parameters);
  await stepFunctions.startExecution({
    stateMachineArn: process.env.STATE_MACHINE_ARN,
    name: CallSid,
    input: JSON.stringify({ callSid: CallSid }),
  });
  logger.info('Execution started', { callSid: CallSid });
  count('CallReceived');
  const twiml = new twilio.twiml.VoiceResponse();
  twiml.say('This call is recorded.');
  twiml.dial('+15550100200');
  return { statusCode: 200, headers: { 'content-type': 'text/xml' }, body: twiml.toString() };
};
