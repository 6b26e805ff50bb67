import { Stream } from 'node:stream';
import {
  type AttributeValue,
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  DynamoDBServiceException,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import batchGetItem, { type DynaliteError } from 'dynalite/actions/batchGetItem.js';
import getItem from 'dynalite/actions/getItem.js';
import putItem from 'dynalite/actions/putItem.js';
import query from 'dynalite/actions/query.js';
import updateItem from 'dynalite/actions/updateItem.js';
import validations from 'dynalite/validations/index.js';
import type { InferOutput } from 'valibot';
import type { TableProperties } from '../host/table.ts';
import { parseExpressions, type Request } from './expressions.ts';

/** Marshalled. */
export type Item = Record<string, AttributeValue>;

/** A table's keys, as CreateTable takes them. */
export type TableDescription = InferOutput<typeof TableProperties> & { readonly TableName: string };

/** What functions' requests are carried out by. */
export type Table = Pick<MemoryTable, 'send' | 'peek' | 'items'>;

type Action = typeof getItem;
type Output = Record<string, unknown>;

/** By the command's class. */
const ACTIONS: ReadonlyMap<unknown, Action> = new Map<unknown, Action>([
  [GetItemCommand, getItem],
  [BatchGetItemCommand, batchGetItem],
  [PutItemCommand, putItem],
  [UpdateItemCommand, updateItem],
  [QueryCommand, query],
]);

const MAXIMUM_ITEM_BYTES = 400 * 1024;

/**
 * One table of DynamoDB in this process's memory. Only where the items lie is ours: requests are carried out by
 * dynalite's own code, at once, without its server. Binary values are not hosted.
 */
export class MemoryTable {
  readonly #description: TableDescription;
  readonly #items = new SortedItems();
  readonly #indexes = new Map<string, SortedItems>();
  /** What dynalite's actions take for its database. */
  readonly #store = {
    options: { maxItemSize: MAXIMUM_ITEM_BYTES },
    getTable: (name: string, answer: Callback) => this.#getTable(name, answer),
    getItemDb: () => this.#items,
    getIndexDb: (_type: string, _table: string, index: string) => this.#index(index),
  };

  constructor(description: TableDescription) {
    this.#description = description;
  }

  get name(): string {
    return this.#description.TableName;
  }

  /**
   * Carries out a request in the moment in which it is called. The answer shares no object with the table.
   *
   * @throws DynamoDBServiceException as the SDK's client does
   */
  readonly send = (async (command: object) => {
    const action = ACTIONS.get(command.constructor);
    if (!action) throw new Error(`${command.constructor.name} is not hosted`);
    const { input } = command as { readonly input: Request };
    const request = ownRequest(input);
    validate(request);
    return clone(await perform(action, this.#store, request));
  }) as DynamoDBClient['send'];

  /** The item with this key, itself: for looking only. Empty where there is none. */
  peek(key: Item): Readonly<Item> {
    let found: Item = {};
    getItem(this.#store, { TableName: this.name, Key: key }, (_error, output) => {
      found = Object(output).Item ?? {};
    });
    return found;
  }

  /** Copies of all items, in the order in which a scan finds them. */
  items(): Item[] {
    return [...this.#items.all()].map(clone);
  }

  #getTable(name: string, answer: Callback): void {
    if (name === this.name) answer(null, this.#description);
    else answer(notFound(name));
  }

  #index(name: string): SortedItems {
    let items = this.#indexes.get(name);
    if (!items) {
      items = new SortedItems();
      this.#indexes.set(name, items);
    }
    return items;
  }
}

/** What dynalite normalizes in place, or keeps in the table. */
const OWN = new Set(['Item', 'Key', 'ExpressionAttributeValues']);

/** A request that may be written into, with all that is kept of it. The rest is the caller's: nobody writes into that. */
function ownRequest(input: Request): Request {
  const request: Request = {};
  for (const name in input) {
    const value = input[name];
    if (value === undefined) continue;
    if (name === 'RequestItems') {
      const ofTables = Object.entries<Request>(Object(value));
      request[name] = Object.fromEntries(ofTables.map(([table, ofTable]) => [table, ownRequest(ofTable)]));
    } else request[name] = OWN.has(name) ? clone(value) : value;
  }
  return request;
}

/** What dynalite's validations do to a request beyond the checks of its shape. @throws DynamoDBServiceException */
function validate(request: Request): void {
  let wrong = validateValues(request.Item) ?? parseExpressions(request);
  for (const ofTable of Object.values<Request>(Object(request.RequestItems))) {
    wrong ??= parseExpressions(ofTable);
  }
  if (wrong === undefined && request._keyCondition !== undefined) {
    const conditions = validations.convertKeyCondition(Object(request._keyCondition).expression);
    if (typeof conditions === 'string') wrong = conditions;
    else request.KeyConditions = conditions;
  }
  if (wrong) throw exception('ValidationException', wrong);
}

function validateValues(item: unknown): string | undefined {
  for (const value of Object.values(Object(item))) {
    const wrong = validations.validateAttributeValue(value);
    if (wrong) return wrong;
  }
  return undefined;
}

function perform(action: Action, store: unknown, request: Request): Promise<Output> {
  return new Promise((resolve, reject) => {
    action(store, request, (error, output = {}) => {
      if (error) reject(toException(error));
      else resolve(output);
    });
  });
}

function toException(error: DynaliteError): Error {
  const { __type, message } = error.body ?? {};
  return __type === undefined ? error : exception(__type.replace(/^.*#/, ''), message ?? '');
}

function exception(name: string, message: string): DynamoDBServiceException {
  const $metadata = { httpStatusCode: 400 };
  return name === 'ConditionalCheckFailedException'
    ? new ConditionalCheckFailedException({ message, $metadata })
    : new DynamoDBServiceException({ name, message, $fault: 'client', $metadata });
}

const notFound = (table: string): DynaliteError =>
  Object.assign(new Error(), {
    body: {
      __type: 'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException',
      message: `Requested resource not found: Table: ${table} not found`,
    },
  });

type Callback = (error: Error | null | undefined, value?: unknown) => void;

/** As LevelDB takes it. */
interface Range {
  readonly gt?: string;
  readonly gte?: string;
  readonly lt?: string;
  readonly lte?: string;
  readonly reverse: boolean;
  /** -1 for none. */
  readonly limit: number;
}

interface Entry {
  readonly key: string;
  readonly item: Item;
}

/**
 * What dynalite expects of the LevelDB with a table's or an index's items, which calls back at once. Keys are
 * `<hash>/<partition key>/<rest>`, and no range spans partitions.
 */
class SortedItems {
  readonly #partitions = new Map<string, Entry[]>();

  /** Nothing else runs meanwhile. */
  lock(_key: string, work: (release: (callback: Callback) => Callback) => void): void {
    work((callback) => callback);
  }

  get(key: string, answer: Callback): void {
    const entries = this.#partitions.get(partitionOf(key)) ?? [];
    const entry = entries[position(entries, key)];
    if (entry?.key === key) answer(null, entry.item);
    else answer(NO_ITEM);
  }

  put(key: string, item: Item, answer: Callback): void {
    const partition = partitionOf(key);
    let entries = this.#partitions.get(partition);
    if (!entries) {
      entries = [];
      this.#partitions.set(partition, entries);
    }
    const index = position(entries, key);
    entries.splice(index, entries[index]?.key === key ? 1 : 0, { key, item });
    answer(null);
  }

  del(key: string, answer: Callback): void {
    const entries = this.#partitions.get(partitionOf(key)) ?? [];
    const index = position(entries, key);
    if (entries[index]?.key === key) entries.splice(index, 1);
    answer(null);
  }

  /** The items of a range as they are now. */
  createValueStream(range: Range): Stream {
    const entries = this.#partitions.get(partitionOf(range.gte ?? range.gt ?? '')) ?? [];
    const from = range.gt === undefined ? position(entries, range.gte ?? '') : after(entries, range.gt);
    const to = range.lt === undefined ? after(entries, range.lte ?? '') : position(entries, range.lt);
    const found = entries.slice(from, Math.max(from, to));
    if (range.reverse) found.reverse();
    if (range.limit >= 0) found.splice(range.limit);
    const stream = new Stream();
    process.nextTick(() => {
      for (const { item } of found) stream.emit('data', item);
      stream.emit('end');
    });
    return stream;
  }

  *all(): Generator<Item> {
    for (const partition of [...this.#partitions.keys()].sort()) {
      for (const { item } of this.#partitions.get(partition) ?? []) yield item;
    }
  }
}

/** One for all: dynalite only looks at its name. */
const NO_ITEM = Object.assign(new Error('There is no such item'), { name: 'NotFoundError' });

/** The hash has six characters. */
const partitionOf = (key: string): string => key.slice(0, key.indexOf('/', 7) + 1);

/** Of the first entry that does not come before the key. */
function position(entries: readonly Entry[], key: string): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle]?.key ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function after(entries: readonly Entry[], key: string): number {
  const index = position(entries, key);
  return entries[index]?.key === key ? index + 1 : index;
}

/** Of what is made of plain objects and lists only; `undefined` is left out, as on the wire. */
function clone<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(clone) as T;
  // Nearly all that there is, and a literal is the fastest way.
  if (isText(value)) return { S: value.S } as T;
  const copy: Record<string, unknown> = {};
  for (const key in value) {
    if (value[key] !== undefined) copy[key] = clone(value[key]);
  }
  return copy as T;
}

function isText(value: object): value is AttributeValue.SMember {
  for (const key in value) {
    if (key !== 'S') return false;
  }
  return 'S' in value && typeof value.S === 'string';
}
