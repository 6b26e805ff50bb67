import { DynamoDB } from '@aws-sdk/client-dynamodb';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import twilio from 'twilio';

/** The callback as it is usually written: the whole package, CDK's default bundling. */
const secrets = new SecretsManager();
const dynamodb = new DynamoDB();

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
  await dynamodb.putItem({
    TableName: process.env.TABLE_NAME,
    Item: {
      CallSid: { S: parameters.CallSid ?? '' },
      Item: { S: `RECORDING#${parameters.RecordingSid}` },
      RecordingStatus: { S: parameters.RecordingStatus ?? '' },
    },
  });
  return { statusCode: 204 };
};
