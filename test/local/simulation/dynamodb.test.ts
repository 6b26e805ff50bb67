import { once } from 'node:events';
import {
  type AttributeValue,
  BatchGetItemCommand,
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import dynalite from 'dynalite';
import fc from 'fast-check';
import { dynamoDbStore } from '../../../lambda/recording/dynamodb-store.ts';
import type { CallEvent } from '../../../lambda/recording/merge.ts';
import { TABLE } from '../../../lambda/shared/contract.ts';
import { MemoryTable, type TableDescription } from '../../../local/simulation/dynamodb.ts';

const { partitionKey, sortKey, callsByDay } = TABLE;
const keySchema = (hash: string, range: string): TableDescription['KeySchema'] => [
  { AttributeName: hash, KeyType: 'HASH' },
  { AttributeName: range, KeyType: 'RANGE' },
];

/** The table of calls. */
const description = (TableName: string): TableDescription => ({
  TableName,
  AttributeDefinitions: [partitionKey, sortKey, callsByDay.partitionKey, callsByDay.sortKey].map(
    (AttributeName) => ({ AttributeName, AttributeType: 'S' as const }),
  ),
  KeySchema: keySchema(partitionKey, sortKey),
  GlobalSecondaryIndexes: [
    {
      IndexName: callsByDay.indexName,
      KeySchema: keySchema(callsByDay.partitionKey, callsByDay.sortKey),
      Projection: { ProjectionType: 'ALL' },
    },
  ],
});

let wire: DynamoDBClient;
let closeServer: () => void;

beforeAll(async () => {
  const server = dynalite({ createTableMs: 0 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = Object(server.address());
  wire = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'fake', secretAccessKey: 'fake' },
    maxAttempts: 1,
  });
  closeServer = () => {
    wire.destroy();
    server.close();
    server.closeAllConnections();
  };
});

afterAll(() => closeServer());

let tables = 0;

/** A client that sends everything to both tables and holds the answers against each other. */
async function twins() {
  tables += 1;
  const table = description(`calls-${tables}`);
  await wire.send(new CreateTableCommand({ ...table, BillingMode: 'PAY_PER_REQUEST' }));
  await waitUntilTableExists(
    { client: wire, maxWaitTime: 10, minDelay: 0.01, maxDelay: 0.1 },
    { TableName: table.TableName },
  );
  const memory = new MemoryTable(table);
  const send = async (command: GetItemCommand): Promise<unknown> => {
    const [expected, actual] = await Promise.all([answerOf(wire, command), answerOf(memory, command)]);
    expect(actual.seen).toEqual(expected.seen);
    if (actual.error) throw actual.error;
    return actual.output;
  };
  return { memory, client: { send } as unknown as DynamoDBClient, tableName: table.TableName };
}

interface Answer {
  readonly seen: unknown;
  readonly output?: unknown;
  readonly error?: Error;
}

async function answerOf(client: Pick<DynamoDBClient, 'send'>, command: GetItemCommand): Promise<Answer> {
  try {
    const output = await client.send(command);
    const { $metadata: _, ...seen } = output;
    return { seen, output };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { seen: { type: error.constructor.name, name: error.name, message: error.message }, error };
  }
}

const callSids = ['0', '1'].map((digit) => `CA${digit.repeat(32)}`);
const call = fc.constantFrom(...callSids).map((callSid) => ({
  callSid,
  accountSid: `AC${'0'.repeat(32)}`,
  from: '+15550200123',
}));
const recordingEvent: fc.Arbitrary<CallEvent> = fc.record({
  type: fc.constant('recording'),
  source: fc.constantFrom('create', 'adopt', 'callback', 'reconcile'),
  recording: fc.record({
    recordingSid: fc.constantFrom('a', 'b').map((digit) => `RE${digit.repeat(32)}`),
    status: fc.constantFrom('in-progress', 'completed', 'absent', 'failed'),
    duration: fc.constantFrom(undefined, 3),
    startTime: fc.constantFrom(undefined, 'Tue, 24 Nov 2026 12:00:00 +0000'),
  }),
});
const unrecordedEvent: fc.Arbitrary<CallEvent> = fc.record({
  type: fc.constant('unrecorded'),
  unrecorded: fc.record({
    reason: fc.constantFrom('never-answered', 'ended-before-recording'),
    answered: fc.boolean(),
  }),
}) as fc.Arbitrary<CallEvent>;

const owner = fc.constantFrom('one', 'two');
const step = fc.oneof(
  fc.record({ do: fc.constant('claim'), call, owner, leaseMs: fc.constantFrom(0, 5_000) }),
  fc.record({ do: fc.constant('release'), call, owner, creates: fc.nat(3) }),
  fc.record({ do: fc.constant('keepToken'), call, token: fc.constantFrom('t1', 't2') }),
  fc.record({ do: fc.constant('known'), call }),
  fc.record({ do: fc.constant('apply'), call, event: fc.oneof(recordingEvent, unrecordedEvent) }),
);

const name = fc.constantFrom('A', 'B', 'C', 'Count', 'Tags', callsByDay.partitionKey, callsByDay.sortKey);
const value = fc.oneof(
  fc.constantFrom('', 'x', 'xy', 'z').map((S) => ({ S })),
  fc.constantFrom('0', '1', '-1.50', '12e3').map((N) => ({ N })),
  fc.boolean().map((BOOL) => ({ BOOL })),
  fc.constantFrom(['a'], ['a', 'b']).map((SS) => ({ SS })),
  fc.constant({ M: { C: { S: 'inner' } } }),
  fc.constant({ L: [{ N: '1' }] }),
) as fc.Arbitrary<AttributeValue>;
const itemKey = fc.record({
  [partitionKey]: fc.constantFrom('p', 'q').map((S) => ({ S })),
  [sortKey]: fc.constantFrom('a', 'ab', 'b', 'ba', 'c').map((S) => ({ S })),
});
const index = {
  [callsByDay.partitionKey]: { S: 'day' },
  [callsByDay.sortKey]: { S: 'then' },
};
const condition = fc.constantFrom(
  undefined,
  'attribute_exists(#b)',
  'attribute_not_exists(#b)',
  '#a = :v OR NOT contains(#b, :v)',
  '#b < :v AND size(#a) > :w',
  '#a BETWEEN :v AND :w',
  '#a IN (:v, :w) OR begins_with(#b, :v)',
  'attribute_type(#a, :v)',
  '#a.C <> :v',
);
const change = fc.constantFrom(
  'SET #a = :v, #b = if_not_exists(#b, :w)',
  'SET #a = #b, #b = :v',
  'SET #a = #a + :v REMOVE #b',
  'SET #a = list_append(#a, :v)',
  'SET #a.C = :v',
  'ADD #a :v',
  'DELETE #a :v',
  'REMOVE #a, #b',
  'SET #a = :v ADD #b :w',
  'SET',
);
const returned = fc.constantFrom('NONE', 'ALL_OLD', 'ALL_NEW', 'UPDATED_OLD', 'UPDATED_NEW');
const operands = { a: name, b: name, v: value, w: value };

/** Only what the texts mention: anything else is an error of its own. */
function mentioned(
  given: { a: string; b: string; v: AttributeValue; w: AttributeValue },
  ...texts: unknown[]
) {
  const text = texts.join(' ');
  const pick = <T>(all: Record<string, T>) =>
    Object.fromEntries(Object.entries(all).filter(([key]) => text.includes(key)));
  const names = pick({ '#a': given.a, '#b': given.b });
  const values = pick({ ':v': given.v, ':w': given.w });
  return {
    ...(Object.keys(names).length > 0 && { ExpressionAttributeNames: names }),
    ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
  };
}

const COMMANDS = {
  GetItem: GetItemCommand,
  PutItem: PutItemCommand,
  Query: QueryCommand,
  UpdateItem: UpdateItemCommand,
};

const ofOperation = (operation: keyof typeof COMMANDS, input: object) => ({ operation, input });

const request = (TableName: string) =>
  fc.oneof(
    fc
      .record({ key: itemKey, ...operands })
      .map(({ key, a, v }) =>
        ofOperation('PutItem', { TableName, Item: { ...key, [a]: v }, ReturnValues: 'ALL_OLD' }),
      ),
    fc.record({ key: itemKey, condition, ...operands }).map(({ key, condition: text, ...given }) =>
      ofOperation('PutItem', {
        TableName,
        Item: { ...key, ...index, B: given.v },
        ConditionExpression: text,
        ...mentioned(given, text),
      }),
    ),
    fc
      .record({ key: itemKey, change, condition, returned, ...operands })
      .map(({ key, change: update, condition: text, returned: ReturnValues, ...given }) =>
        ofOperation('UpdateItem', {
          TableName,
          Key: key,
          UpdateExpression: update,
          ConditionExpression: text,
          ReturnValues,
          ...mentioned(given, update, text),
        }),
      ),
    itemKey.map((key) => ofOperation('GetItem', { TableName, Key: key })),
    itemKey.map((key) => ofOperation('GetItem', { TableName, Key: key, ProjectionExpression: 'A, Tags' })),
    fc
      .record({
        range: fc.constantFrom('', ' AND begins_with(Item, :s)', ' AND Item > :s', ' AND Item <= :s'),
        s: fc.constantFrom('a', 'b', 'ba'),
        Limit: fc.constantFrom(undefined, 1, 2),
        from: fc.option(itemKey, { nil: undefined }),
        ScanIndexForward: fc.boolean(),
      })
      .map(({ range, s, Limit, from, ScanIndexForward }) =>
        ofOperation('Query', {
          TableName,
          KeyConditionExpression: `${partitionKey} = :p${range}`,
          ExpressionAttributeValues: { ':p': { S: 'p' }, ...(range && { ':s': { S: s } }) },
          Limit,
          ExclusiveStartKey: from,
          ScanIndexForward,
        }),
      ),
    fc
      .record({ Limit: fc.constantFrom(undefined, 1, 2), from: fc.option(itemKey, { nil: undefined }) })
      .map(({ Limit, from }) =>
        ofOperation('Query', {
          TableName,
          IndexName: callsByDay.indexName,
          KeyConditionExpression: `${callsByDay.partitionKey} = :p`,
          ExpressionAttributeValues: { ':p': { S: 'day' } },
          Limit,
          ExclusiveStartKey: from && { ...from, ...index },
        }),
      ),
  );

describe('the table in memory', () => {
  test('answers what the store of calls asks as dynalite does over the wire', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 20 }), async (steps) => {
        const { client, tableName } = await twins();
        let now = Date.UTC(2026, 10, 24);
        let ids = 0;
        const store = dynamoDbStore({
          client,
          tableName,
          retentionDays: 30,
          clock: {
            now: () => {
              now += 7;
              return now;
            },
            sleep: async () => undefined,
          },
          newId: () => {
            ids += 1;
            return `${ids}`.padStart(8, '0');
          },
        });
        for (const one of steps) {
          const { callSid } = one.call;
          switch (one.do) {
            case 'claim':
              await store.claim(one.call, one.owner, now + one.leaseMs);
              break;
            case 'release':
              await store.release(callSid, one.owner, {
                creates: one.creates,
                uncertain: false,
                doubtful: false,
              });
              break;
            case 'keepToken':
              await store.keepToken(callSid, one.token).catch(() => undefined);
              break;
            case 'known':
              await store.known(callSid);
              break;
            case 'apply':
              await store.apply(one.call, one.event);
              break;
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  test('answers anything else as dynalite does over the wire', async () => {
    const { client, tableName } = await twins();
    await fc.assert(
      fc.asyncProperty(request(tableName), async ({ operation, input }) => {
        const command = new (COMMANDS[operation] as typeof GetItemCommand)(input as never);
        await client.send(command).catch((error: Error) => {
          if (!error.name.endsWith('Exception')) throw error;
        });
      }),
      { numRuns: 1_500 },
    );
  });

  test('answers several keys at once', async () => {
    const table = new MemoryTable(description('calls'));
    const key = (Item: string) => ({ [partitionKey]: { S: 'p' }, [sortKey]: { S: Item } });
    await table.send(new PutItemCommand({ TableName: 'calls', Item: { ...key('a'), A: { N: '1' } } }));
    const { Responses } = await table.send(
      new BatchGetItemCommand({ RequestItems: { calls: { Keys: [key('a'), key('b')] } } }),
    );
    expect(Responses?.calls?.map((item) => unmarshall(item))).toEqual([
      { [partitionKey]: 'p', [sortKey]: 'a', A: 1 },
    ]);
  });

  test('shares nothing with whoever asks', async () => {
    const table = new MemoryTable(description('calls'));
    const Key = { [partitionKey]: { S: 'p' }, [sortKey]: { S: 'a' } };
    const list: AttributeValue = { L: [{ S: 'kept' }] };
    await table.send(new PutItemCommand({ TableName: 'calls', Item: { ...Key, A: list } }));
    list.L?.push({ S: 'slipped in' });
    const get = new GetItemCommand({ TableName: 'calls', Key });
    const { Item: first } = await table.send(get);
    first?.A?.L?.push({ S: 'slipped in' });
    const { Attributes } = await table.send(
      new UpdateItemCommand({
        TableName: 'calls',
        Key,
        UpdateExpression: 'SET B = :list',
        ExpressionAttributeValues: { ':list': list },
        ReturnValues: 'ALL_NEW',
      }),
    );
    Attributes?.A?.L?.push({ S: 'slipped in' });
    list.L?.push({ S: 'slipped in later' });
    const { Item } = await table.send(get);
    expect(Item).toEqual({
      ...Key,
      A: { L: [{ S: 'kept' }] },
      B: { L: [{ S: 'kept' }, { S: 'slipped in' }] },
    });
    expect(table.items()).toEqual([Item]);
  });

  test('names an operation that it does not know, and a table', async () => {
    const table = new MemoryTable(description('calls'));
    const unknown = new CreateTableCommand(description('other')) as unknown as GetItemCommand;
    await expect(table.send(unknown)).rejects.toThrow('CreateTableCommand is not hosted');
    const Key = { [partitionKey]: { S: 'p' }, [sortKey]: { S: 'a' } };
    await expect(table.send(new GetItemCommand({ TableName: 'other', Key }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });
});
