import {
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

/**
 * The AWS clients that start-recording and recording-status need, with the requests that storing a recording takes, and
 * nothing else.
 */
const secrets = new SecretsManagerClient();
const dynamodb = new DynamoDBClient();
const TableName = process.env.TABLE_NAME;
const Key = { CallSid: { S: 'CA' }, Item: { S: 'CALL' } };

export const handler = async (event: { readonly claim?: boolean }): Promise<object> => {
  await secrets.send(new GetSecretValueCommand({ SecretId: process.env.SECRET_ARN }));
  const update = {
    TableName,
    Key,
    UpdateExpression: 'SET Version = :version',
    ExpressionAttributeValues: { ':version': { N: '1' } },
  };
  if (event.claim) {
    await dynamodb.send(new UpdateItemCommand(update));
  }
  await Promise.all([
    dynamodb.send(new GetItemCommand({ TableName, Key })),
    dynamodb.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: 'CallSid = :sid',
        ExpressionAttributeValues: { ':sid': { S: 'CA' } },
      }),
    ),
  ]);
  await dynamodb.send(new PutItemCommand({ TableName, Item: Key }));
  await dynamodb.send(new PutItemCommand({ TableName, Item: Key }));
  await dynamodb.send(new UpdateItemCommand(update));
  return {};
};
