import { GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { expect, test } from '@jest/globals';
import { bytesOf, type Consumed, meteredTable, storedBytes } from '../../../bench/cost/metered-table.ts';
import { MemoryTable } from '../../../local/simulation/dynamodb.ts';

const TableName = 'Calls';
const KeySchema = [
  { AttributeName: 'CallSid', KeyType: 'HASH' as const },
  { AttributeName: 'Item', KeyType: 'RANGE' as const },
];
const indexes = [
  {
    IndexName: 'ByDay',
    KeySchema: [{ AttributeName: 'Day', KeyType: 'HASH' as const }],
    Projection: { ProjectionType: 'KEYS_ONLY' as const },
  },
];
const description = { keys: ['CallSid', 'Item'], indexes };
const key = { CallSid: { S: 'CA1' }, Item: { S: 'CALL' } };
/** Of names and values: 7 + 3, 4 + 4, 3 + 3, 4 + 1,100. */
const item = { ...key, Day: { S: 'Mon' }, Text: { S: 'x'.repeat(1_100) } };

function table() {
  const consumed: Consumed[] = [];
  const memory = new MemoryTable({
    TableName,
    KeySchema,
    AttributeDefinitions: ['CallSid', 'Item', 'Day'].map((AttributeName) => ({
      AttributeName,
      AttributeType: 'S' as const,
    })),
    GlobalSecondaryIndexes: indexes,
  });
  return { consumed, metered: meteredTable(memory, description, (one) => consumed.push(one)) };
}

test('tells what requests consume, the index and refused writes included', async () => {
  const { consumed, metered } = table();
  await metered.send(new PutItemCommand({ TableName, Item: item }));
  const update = { TableName, Key: key, ExpressionAttributeNames: { '#t': 'Text' } };
  await metered.send(
    new UpdateItemCommand({
      ...update,
      UpdateExpression: 'SET #t = :t',
      ExpressionAttributeValues: { ':t': { S: 'short' } },
    }),
  );
  const refused = new UpdateItemCommand({
    ...update,
    UpdateExpression: 'REMOVE #t',
    ConditionExpression: 'attribute_not_exists(#t)',
  });
  await expect(metered.send(refused)).rejects.toThrow('The conditional request failed');
  await metered.send(new GetItemCommand({ TableName, Key: key, ConsistentRead: true }));
  const absent = { ...key, Item: { S: 'none' } };
  await metered.send(new GetItemCommand({ TableName, Key: absent, ConsistentRead: true }));
  expect(consumed).toEqual([
    // Two of the table, one of the index, which has the keys alone.
    { read: 0, write: 3, index: 1 },
    // The index stays as it is.
    { read: 0, write: 2, index: 0 },
    { read: 0, write: 1, index: 0 },
    { read: 1, write: 0, index: 0 },
    { read: 1, write: 0, index: 0 },
  ]);
});

test('counts a task token as long as AWS’s are', () => {
  expect(bytesOf(item)).toBe(1_128);
  expect(bytesOf({ ...item, TaskToken: { S: 'short' } })).toBe(1_128 + 9 + 700);
});

test('counts what is stored', () => {
  // 100 bytes each on top; the index has 10 + 8 + 6.
  expect(storedBytes([item, key], description)).toEqual({ table: 1_128 + 18 + 200, index: 24 + 100 });
});
