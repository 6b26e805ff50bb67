import { unmarshall } from '@aws-sdk/util-dynamodb';
import { TABLE } from '../../../lambda/shared/contract.ts';
import { MemoryTable } from '../../../local/simulation/dynamodb.ts';
import { TABLE_NAME } from './local-table.ts';

/** The table of calls in this process, for tests that begin with an empty one thousands of times. */
export const memoryTable = (): MemoryTable =>
  new MemoryTable({
    TableName: TABLE_NAME,
    AttributeDefinitions: [
      { AttributeName: TABLE.partitionKey, AttributeType: 'S' },
      { AttributeName: TABLE.sortKey, AttributeType: 'S' },
    ],
    KeySchema: [
      { AttributeName: TABLE.partitionKey, KeyType: 'HASH' },
      { AttributeName: TABLE.sortKey, KeyType: 'RANGE' },
    ],
  });

/** Its rows, without the audit trail and without what depends on when, how often, and by whom first they were written. */
export const rowsOf = (table: MemoryTable): Record<string, unknown>[] =>
  table
    .items()
    .map((item) => unmarshall(item))
    .filter(({ Item }) => !String(Item).startsWith('EVENT#'))
    .map(({ Version, UpdatedAt, CreatedAt, ExpiresAt, Origin, ...row }) => row);
