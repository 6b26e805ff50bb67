import type { RequestListener, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
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

/** What is not answered by then never will be: its client went away before the request was complete. */
const LONGEST_REQUEST_MS = 1_000;
const POLL_MS = 10;

/** An empty DynamoDB in memory; it answers what is under way before it ends. */
export async function serveDynamodb(): Promise<DynamodbServer> {
  const server = dynalite({ createTableMs: 0 });
  // Dynalite throws when a client goes away in the middle of a request, as a terminated environment does.
  server.on('request', (request) => request.removeAllListeners('error').on('error', () => undefined));
  // It throws too when it is stopped in the middle of one.
  const unanswered = new Set<ServerResponse>();
  server.on('request', (_, response) => {
    unanswered.add(response);
    response.once('finish', () => unanswered.delete(response));
  });
  const listening = await listen(server);
  return {
    ...listening,
    listener: (...exchange) => server.emit('request', ...exchange),
    [Symbol.asyncDispose]: async () => {
      const isBusy = (): boolean => [...unanswered].some(({ writableEnded }) => !writableEnded);
      for (let waited = 0; isBusy() && waited < LONGEST_REQUEST_MS; waited += POLL_MS) await sleep(POLL_MS);
      await listening[Symbol.asyncDispose]();
    },
  };
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
