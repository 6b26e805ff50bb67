import type { RequestListener } from 'node:http';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DynamoDBClient,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import * as v from 'valibot';
import { type LoopbackServer, listen } from './http-server.ts';
import { REGION, type Stack } from './stack.ts';
import type { LogicalResource } from './template.ts';

const KeySchema = v.array(v.object({ AttributeName: v.string(), KeyType: v.picklist(['HASH', 'RANGE']) }));
const Indexes = v.array(
  v.object({
    IndexName: v.string(),
    KeySchema,
    Projection: v.object({
      ProjectionType: v.picklist(['ALL', 'INCLUDE', 'KEYS_ONLY']),
      NonKeyAttributes: v.optional(v.array(v.string())),
    }),
  }),
);

/** Of a table's properties those which requests can tell apart; nothing expires locally. */
export const TableProperties = v.object({
  AttributeDefinitions: v.array(
    v.object({ AttributeName: v.string(), AttributeType: v.picklist(['B', 'N', 'S']) }),
  ),
  KeySchema,
  GlobalSecondaryIndexes: v.optional(Indexes),
  LocalSecondaryIndexes: v.optional(Indexes),
});

export interface DynamodbServer extends LoopbackServer {
  /** Answers requests that came another way. */
  readonly listener: RequestListener;
}

/** An empty DynamoDB in memory. */
export async function serveDynamodb(): Promise<DynamodbServer> {
  const server = dynalite({ createTableMs: 0 });
  // Dynalite throws when a client goes away in the middle of a request, as a terminated environment does.
  server.on('request', (request) => request.removeAllListeners('error').on('error', () => undefined));
  return { ...(await listen(server)), listener: (...exchange) => server.emit('request', ...exchange) };
}

/** @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-globaltable.html */
export async function createTable(stack: Stack, resource: LogicalResource, endpoint: string): Promise<void> {
  const properties = stack.properties(resource, TableProperties);
  const TableName = stack.physicalName(resource);
  const input: CreateTableCommandInput = {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: properties.AttributeDefinitions,
    KeySchema: properties.KeySchema,
    GlobalSecondaryIndexes: properties.GlobalSecondaryIndexes,
    LocalSecondaryIndexes: properties.LocalSecondaryIndexes,
  };
  const client = new DynamoDBClient({
    endpoint,
    region: REGION,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  try {
    await client.send(new CreateTableCommand(input));
    await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 0.01, maxDelay: 0.1 }, { TableName });
  } finally {
    client.destroy();
  }
}
