import { DynamoDB } from '@aws-sdk/client-dynamodb';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { z } from 'zod';
import { count, logger, Secret, verifiedForm } from './toolbox.ts';

/** The callback as it is usually written: the whole package, CDK's default bundling. */
const secrets = new SecretsManager();
const dynamodb = DynamoDBDocument.from(new DynamoDB());
const Callback = z.object({ CallSid: z.string(), RecordingSid: z.string(), RecordingStatus: z.string() });

export const handler = async (event: APIGatewayProxyEventV2) => {
  const { SecretString = '{}' } = await secrets.getSecretValue({ SecretId: process.env.SECRET_ARN });
  const { authTokens } = Secret.parse(JSON.parse(SecretString));
  const parameters = verifiedForm(event, authTokens);
  if (!parameters) {
    return { statusCode: 403 };
  }
  const { CallSid, RecordingSid, RecordingStatus } = Callback.parse(parameters);
  await dynamodb.put({
    TableName: process.env.TABLE_NAME,
    Item: { CallSid, Item: `RECORDING#${RecordingSid}`, RecordingStatus },
  });
  logger.info('Callback kept', { callSid: CallSid });
  count('CallbackReceived');
  return { statusCode: 204 };
};
