import { once } from 'node:events';
import {
  CreateTableCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  DynamoDBClient,
  QueryCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import dynalite from 'dynalite';
import { TABLE } from '../../../lambda/shared/contract.ts';

type Item = Record<string, unknown>;

export const TABLE_NAME = 'calls';

export const clientOf = (port: number): DynamoDBClient =>
  new DynamoDBClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'fake', secretAccessKey: 'fake' },
    maxAttempts: 1,
  });

export interface LocalTable {
  readonly client: DynamoDBClient;
  /** All items of a call, by their sort key. */
  itemsOf(callSid: string): Promise<Item[]>;
  delete(item: Item): Promise<void>;
  close(): Promise<void>;
}

interface Server {
  readonly port: number;
  close(): void;
}

/** `npm run test:dynamodb-local` has a server up and says where; otherwise each table has its own. */
async function serverOfTable(): Promise<Server> {
  const port = process.env.DYNAMODB_LOCAL_PORT;
  if (port !== undefined) {
    return { port: Number(port), close: () => {} };
  }
  const server = dynalite({ createTableMs: 0 });
  // It would close a connection in the moment in which the client, which tries once, sends the next request on it.
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('dynalite has no port');
  }
  return {
    port: address.port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** The table of calls on this machine, over DynamoDB's wire protocol. */
export async function localTable(): Promise<LocalTable> {
  const server = await serverOfTable();
  const client = clientOf(server.port);
  await client.send(
    new CreateTableCommand({
      TableName: TABLE_NAME,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: TABLE.partitionKey, AttributeType: 'S' },
        { AttributeName: TABLE.sortKey, AttributeType: 'S' },
        { AttributeName: TABLE.callsByDay.partitionKey, AttributeType: 'S' },
        { AttributeName: TABLE.callsByDay.sortKey, AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: TABLE.partitionKey, KeyType: 'HASH' },
        { AttributeName: TABLE.sortKey, KeyType: 'RANGE' },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: TABLE.callsByDay.indexName,
          KeySchema: [
            { AttributeName: TABLE.callsByDay.partitionKey, KeyType: 'HASH' },
            { AttributeName: TABLE.callsByDay.sortKey, KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 0.1 }, { TableName: TABLE_NAME });

  return {
    client,
    async itemsOf(callSid) {
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: TABLE_NAME,
          KeyConditionExpression: `${TABLE.partitionKey} = :callSid`,
          ExpressionAttributeValues: { ':callSid': { S: callSid } },
          ConsistentRead: true,
        }),
      );
      return Items.map((item) => unmarshall(item));
    },
    async delete(item) {
      const key = Object.fromEntries(
        [TABLE.partitionKey, TABLE.sortKey].map((name) => [name, { S: String(item[name]) }]),
      );
      await client.send(new DeleteItemCommand({ TableName: TABLE_NAME, Key: key }));
    },
    async close() {
      // The next test file's table has the same name, and perhaps the same server.
      await client.send(new DeleteTableCommand({ TableName: TABLE_NAME }));
      client.destroy();
      server.close();
    },
  };
}
