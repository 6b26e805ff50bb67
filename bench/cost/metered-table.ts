import {
  BatchGetItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite/db/index.js';
import type { InferOutput } from 'valibot';
import { GLOBAL_TABLE, TABLE } from '../../local/host/resource-types.ts';
import type { Stack } from '../../local/host/stack.ts';
import { TableProperties } from '../../local/host/table.ts';
import type { Item, Table } from '../../local/simulation/dynamodb.ts';
import { type Entry, indexWriteUnits, readUnits, writeUnits } from './request-units.ts';

type Index = NonNullable<InferOutput<typeof TableProperties>['GlobalSecondaryIndexes']>[number];

/** What decides where an item is, and how often it is written. */
export interface TableDescription {
  /** The names of its keys. */
  readonly keys: readonly string[];
  readonly indexes: readonly Index[];
}

/** The template's table. @throws Error when there is none */
export function readTable(stack: Stack): TableDescription {
  const resource = stack.onlyResource(GLOBAL_TABLE, TABLE);
  if (!resource) throw new Error('The template has no table');
  const { KeySchema, GlobalSecondaryIndexes = [] } = stack.properties(resource, TableProperties);
  return { keys: KeySchema.map(({ AttributeName }) => AttributeName), indexes: GlobalSecondaryIndexes };
}

/** Units that one request consumed. */
export interface Consumed {
  readonly read: number;
  /** By the table and its indexes. */
  readonly write: number;
  /** Of those, by its indexes. */
  readonly index: number;
}

/**
 * A task token's length on AWS, about: those that people have published have some 600 to 900 characters. Here it is a
 * UUID, with which a row would be less than 1 KB and cost half as much to write.
 */
const TASK_TOKEN_BYTES = 700;
/** Of storage, for each item and each entry of an index. */
const OVERHEAD_BYTES = 100;

/** As DynamoDB counts it for request units. */
export const bytesOf = (item: Item): number =>
  dynalite.itemSize(item) + (item.TaskToken?.S ? TASK_TOKEN_BYTES - item.TaskToken.S.length : 0);

/** Tells of each request what it consumed. The table itself says nothing of its indexes, and nothing of what it refuses. */
export function meteredTable(
  table: Table,
  description: TableDescription,
  tell: (consumed: Consumed) => void,
): Table {
  const send = async (command: object): Promise<unknown> => {
    const [written] = writtenKeys(command, description);
    const before = written && existing(table.peek(written));
    // A write is carried out in this moment, though it is answered later.
    const answer = table.send(command as PutItemCommand);
    if (written) {
      const after = existing(table.peek(written));
      tell(unitsWritten(before, after, description));
      return answer;
    }
    const found = await answer;
    tell({ read: unitsRead(table, command, found), write: 0, index: 0 });
    return found;
  };
  return {
    peek: (key) => table.peek(key),
    items: () => table.items(),
    send: send as Table['send'],
  };
}

/** Bytes that items take in the table and in its indexes, as they are paid for by the month. */
export function storedBytes(
  items: readonly Item[],
  { keys, indexes }: TableDescription,
): { readonly table: number; readonly index: number } {
  let [table, index] = [0, 0];
  for (const item of items) {
    table += bytesOf(item) + OVERHEAD_BYTES;
    for (const one of indexes) {
      const entry = entryOf(item, keys, one);
      index += entry ? entry.bytes + OVERHEAD_BYTES : 0;
    }
  }
  return { table, index };
}

/** Undefined for an empty one, which is none. */
const existing = (item: Item): Item | undefined => (Object.keys(item).length > 0 ? item : undefined);

function unitsWritten(
  before: Item | undefined,
  after: Item | undefined,
  { keys, indexes }: TableDescription,
): Consumed {
  const index = indexes
    .map((one) => indexWriteUnits(before && entryOf(before, keys, one), after && entryOf(after, keys, one)))
    .reduce((sum, units) => sum + units, 0);
  const ofTable = writeUnits(before && bytesOf(before), after && bytesOf(after));
  return { read: 0, write: ofTable + index, index };
}

/** Undefined where the item lacks a key of the index: it is not in it. */
function entryOf(item: Item, keys: readonly string[], { KeySchema, Projection }: Index): Entry | undefined {
  const own = KeySchema.map(({ AttributeName }) => AttributeName);
  if (own.some((name) => item[name] === undefined)) return undefined;
  const names = new Set([...keys, ...own, ...(Projection.NonKeyAttributes ?? [])]);
  const projected = Object.fromEntries(
    Object.entries(item)
      .filter(([name]) => Projection.ProjectionType === 'ALL' || names.has(name))
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
  return {
    key: JSON.stringify(own.map((name) => item[name])),
    bytes: bytesOf(projected),
    content: JSON.stringify(projected),
  };
}

function writtenKeys(command: object, { keys }: TableDescription): Item[] {
  if (command instanceof UpdateItemCommand) return command.input.Key ? [command.input.Key] : [];
  if (!(command instanceof PutItemCommand)) return [];
  const entries = Object.entries(command.input.Item ?? {});
  return [Object.fromEntries(entries.filter(([name]) => keys.includes(name)))];
}

function unitsRead(table: Table, command: object, output: unknown): number {
  const { Item: item, Items: items = [] } = Object(output);
  if (command instanceof GetItemCommand) {
    return readUnits(item ? bytesOf(item) : 0, command.input.ConsistentRead === true);
  }
  if (command instanceof QueryCommand) {
    const bytes = (items as Item[]).reduce((sum, one) => sum + bytesOf(one), 0);
    return readUnits(bytes, command.input.ConsistentRead === true);
  }
  if (command instanceof BatchGetItemCommand) {
    // Whole items count, whatever of them was asked for.
    return Object.values(command.input.RequestItems ?? {})
      .flatMap(({ Keys = [], ConsistentRead = false }) =>
        Keys.map((key) => readUnits(bytesOf(table.peek(key)), ConsistentRead)),
      )
      .reduce((sum, units) => sum + units, 0);
  }
  throw new Error(`Nobody knows what ${command.constructor.name} consumes`);
}
