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
    // The table in memory keeps what it is given and gives what it keeps.
    freeze(command.input);
    const [expected, actual] = await Promise.all([answerOf(wire, command), answerOf(memory, command)]);
    expect(actual.seen).toEqual(expected.seen);
    if (actual.error) throw actual.error;
    freeze(actual.output);
    return actual.output;
  };
  return { memory, client: { send } as unknown as DynamoDBClient, tableName: table.TableName };
}

function freeze(value: unknown): void {
  Object.freeze(value);
  for (const inner of Object.values(Object(value))) {
    if (typeof inner === 'object') freeze(inner);
  }
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

const name = fc.constantFrom('A', 'B', 'C', 'Count');
const orderedValue: fc.Arbitrary<AttributeValue> = fc.oneof(
  fc.constantFrom('', 'x', 'xy', 'z').map((S) => ({ S })),
  // As the SDK marshalls them.
  fc.constantFrom('0', '1', '-1.5', '12000').map((N) => ({ N })),
);
const value = fc.oneof(
  orderedValue,
  fc.boolean().map((BOOL): AttributeValue => ({ BOOL })),
);
const itemKey = fc.record({
  [partitionKey]: fc.constantFrom('p', 'q').map((S) => ({ S })),
  [sortKey]: fc.constantFrom('a', 'ab', 'b', 'ba', 'c').map((S) => ({ S })),
});
const condition = fc.constantFrom(
  undefined,
  'attribute_exists(#b)',
  'attribute_not_exists(#b)',
  '#a = :v OR attribute_exists(#b)',
  '#b < :w AND #a <= :w',
  '(attribute_not_exists(#a) OR #a = #b) AND #b <= :w',
  'begins_with(#a, :v) OR #b = :w',
);
const change = fc.constantFrom(
  'SET #a = :v, #b = if_not_exists(#b, :w)',
  'SET #a = #b, #b = :v',
  'SET #a = if_not_exists(#a, :v) + :v REMOVE #b',
  'SET #a = #b + :v',
  'REMOVE #a, #b',
  'SET',
  'SET Item_ = :v',
);
const returned = fc.constantFrom(undefined, 'NONE', 'ALL_OLD', 'ALL_NEW');
const operands = { a: name, b: name, v: value, w: orderedValue };

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
  BatchGetItem: BatchGetItemCommand,
  GetItem: GetItemCommand,
  PutItem: PutItemCommand,
  Query: QueryCommand,
  UpdateItem: UpdateItemCommand,
};

const ofOperation = (operation: keyof typeof COMMANDS, input: object) => ({ operation, input });

const request = (TableName: string) =>
  fc.oneof(
    fc.record({ key: itemKey, condition, ...operands }).map(({ key, condition: text, ...given }) =>
      ofOperation('PutItem', {
        TableName,
        Item: { ...key, [given.a]: given.v, B: given.w },
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
    itemKey.map((key) => ofOperation('GetItem', { TableName, Key: key, ConsistentRead: true })),
    itemKey.map((key) =>
      ofOperation('BatchGetItem', {
        RequestItems: {
          [TableName]: { Keys: [key], ConsistentRead: true, ProjectionExpression: 'A, B' },
        },
      }),
    ),
    fc
      .record({
        range: fc.constantFrom('', ' AND begins_with(#i, :s)', ' AND #i < :s', ' AND #i <= :s'),
        s: fc.constantFrom('a', 'b', 'ba'),
      })
      .map(({ range, s }) =>
        ofOperation('Query', {
          TableName,
          ConsistentRead: true,
          KeyConditionExpression: `${partitionKey} = :p${range}`,
          ...(range && { ExpressionAttributeNames: { '#i': sortKey } }),
          ExpressionAttributeValues: { ':p': { S: 'p' }, ...(range && { ':s': { S: s } }) },
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

  test('refuses what nobody asks of it, and another table', async () => {
    const table = new MemoryTable(description('calls'));
    const Key = { [partitionKey]: { S: 'p' }, [sortKey]: { S: 'a' } };
    const sent = (command: object) => table.send(command as GetItemCommand);
    await expect(sent(new CreateTableCommand(description('other')))).rejects.toThrow(
      'CreateTableCommand is not hosted',
    );
    await expect(sent(new GetItemCommand({ TableName: 'other', Key }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    await expect(
      sent(new GetItemCommand({ TableName: 'calls', Key, ReturnConsumedCapacity: 'TOTAL' })),
    ).rejects.toThrow('ReturnConsumedCapacity is not hosted');
    for (const read of [
      new GetItemCommand({ TableName: 'calls', Key }),
      new GetItemCommand({ TableName: 'calls', Key, ConsistentRead: false }),
      new BatchGetItemCommand({ RequestItems: { calls: { Keys: [Key] } } }),
      new QueryCommand({ TableName: 'calls', KeyConditionExpression: 'CallSid = :c' }),
    ]) {
      await expect(sent(read)).rejects.toThrow('A read without ConsistentRead is not hosted');
    }
    const update = (UpdateExpression: string, ConditionExpression?: string) =>
      sent(
        new UpdateItemCommand({
          TableName: 'calls',
          Key,
          UpdateExpression,
          ConditionExpression,
          ExpressionAttributeValues: { ':v': { N: '1' } },
        }),
      );
    await expect(
      sent(new BatchGetItemCommand({ RequestItems: { calls: { Keys: [Key], AttributesToGet: ['A'] } } })),
    ).rejects.toThrow('AttributesToGet is not hosted');
    await expect(update('ADD A :v')).rejects.toThrow('ADD is not hosted');
    await expect(update('SET A.B = :v')).rejects.toThrow('The path A.B is not hosted');
    await expect(update('SET A = A - :v')).rejects.toThrow('subtract is not hosted');
    await expect(update('SET A = :v', 'size(A) > :v')).rejects.toThrow('> is not hosted');
    await expect(update(`SET ${partitionKey} = :v`)).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(
      sent(
        new UpdateItemCommand({
          TableName: 'calls',
          Key,
          UpdateExpression: 'REMOVE A',
          ReturnValues: 'UPDATED_OLD',
        }),
      ),
    ).rejects.toThrow('UPDATED_OLD is not hosted');
    expect(table.items()).toEqual([]);
  });

  test('has no keys but strings', () => {
    const { AttributeDefinitions, ...rest } = description('calls');
    const numbers = AttributeDefinitions.map((one) => ({ ...one, AttributeType: 'N' as const }));
    expect(() => new MemoryTable({ ...rest, AttributeDefinitions: numbers })).toThrow(
      'A key that is not a string is not hosted',
    );
    const [hash] = rest.KeySchema;
    const KeySchema = hash ? [hash] : [];
    expect(() => new MemoryTable({ ...rest, AttributeDefinitions, KeySchema })).toThrow(
      'A table without a sort key is not hosted',
    );
  });
});
