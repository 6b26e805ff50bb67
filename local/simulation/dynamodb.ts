import {
  type AttributeValue,
  BatchGetItemCommand,
  type BatchGetItemCommandInput,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  DynamoDBServiceException,
  GetItemCommand,
  type GetItemCommandInput,
  PutItemCommand,
  type PutItemCommandInput,
  QueryCommand,
  type QueryCommandInput,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { InferOutput } from 'valibot';
import type { TableProperties } from '../host/table.ts';
import { compile, NotHostedError, ValidationError } from './expressions.ts';

/** Marshalled. Nobody writes into one: it may lie in the table, or has lain there. */
export type Item = Readonly<Record<string, AttributeValue>>;

/** A table's keys, as CreateTable takes them. */
export type TableDescription = InferOutput<typeof TableProperties> & { readonly TableName: string };

/** What functions' requests are carried out by. */
export type Table = Pick<MemoryTable, 'send' | 'peek' | 'items'>;

type Output = Readonly<Record<string, unknown>>;

interface Operation {
  /** The request's parameters that are hosted. */
  readonly parameters: ReadonlySet<string>;
  readonly carryOut: (input: never) => Output;
}

const EXPRESSION_ATTRIBUTES = ['ExpressionAttributeNames', 'ExpressionAttributeValues'] as const;
/** Of what is asked of each table at once, beside the keys. */
const BATCH_PARAMETERS = new Set(['ConsistentRead', 'ProjectionExpression', 'ExpressionAttributeNames']);

/**
 * One table of DynamoDB in this process's memory, for what the recorder asks of its table: anything else is an error.
 * Requests and answers share their values with the table.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB.html
 */
export class MemoryTable {
  readonly name: string;
  readonly #partitionKey: string;
  readonly #sortKey: string;
  /** By partition key; each in the order of its sort keys. */
  readonly #partitions = new Map<string, Item[]>();
  /** By the command's class. */
  readonly #operations: ReadonlyMap<unknown, Operation> = new Map<unknown, Operation>([
    [
      GetItemCommand,
      operation<GetItemCommandInput>(['TableName', 'Key', 'ConsistentRead'], (input) => this.#getItem(input)),
    ],
    [
      BatchGetItemCommand,
      operation<BatchGetItemCommandInput>(['RequestItems'], (input) => this.#batchGetItem(input)),
    ],
    [
      PutItemCommand,
      operation<PutItemCommandInput>(
        ['TableName', 'Item', 'ConditionExpression', ...EXPRESSION_ATTRIBUTES],
        (input) => this.#putItem(input),
      ),
    ],
    [
      UpdateItemCommand,
      operation<UpdateItemCommandInput>(
        [
          'TableName',
          'Key',
          'UpdateExpression',
          'ConditionExpression',
          'ReturnValues',
          ...EXPRESSION_ATTRIBUTES,
        ],
        (input) => this.#updateItem(input),
      ),
    ],
    [
      QueryCommand,
      operation<QueryCommandInput>(
        ['TableName', 'KeyConditionExpression', 'ConsistentRead', ...EXPRESSION_ATTRIBUTES],
        (input) => this.#query(input),
      ),
    ],
  ]);

  /** @throws NotHostedError when a key is not a string, or the table has no sort key */
  constructor({ TableName, AttributeDefinitions, KeySchema: [partitionKey, sortKey] }: TableDescription) {
    if (!partitionKey || !sortKey) throw new NotHostedError('A table without a sort key');
    if (AttributeDefinitions.some(({ AttributeType }) => AttributeType !== 'S')) {
      throw new NotHostedError('A key that is not a string');
    }
    this.name = TableName;
    this.#partitionKey = partitionKey.AttributeName;
    this.#sortKey = sortKey.AttributeName;
  }

  /**
   * Carries out a request in the moment in which it is called.
   *
   * @throws DynamoDBServiceException as the SDK's client does
   */
  readonly send = (async (command: object) => {
    try {
      return this.#carryOut(command);
    } catch (error) {
      throw error instanceof ValidationError ? exception('ValidationException', error.message) : error;
    }
  }) as DynamoDBClient['send'];

  /** The item with this key. Empty where there is none. */
  peek(key: Item): Item {
    return this.#find(key) ?? EMPTY;
  }

  /** All items, in the order of their keys. */
  items(): Item[] {
    return [...this.#partitions.keys()].toSorted().flatMap((key) => this.#partitions.get(key) ?? []);
  }

  #carryOut(command: object): Output {
    const { parameters, carryOut } = this.#operations.get(command.constructor) ?? {};
    if (!parameters || !carryOut) throw new NotHostedError(command.constructor.name);
    const { input } = command as { readonly input: never };
    checkParameters(input, parameters);
    return carryOut(input);
  }

  #getItem({ TableName, Key, ConsistentRead }: GetItemCommandInput): Output {
    this.#check(TableName);
    checkConsistency(ConsistentRead);
    const item = this.#find(Key);
    return item ? { Item: item } : {};
  }

  #batchGetItem({ RequestItems = {} }: BatchGetItemCommandInput): Output {
    const responses = Object.entries(RequestItems).map(([tableName, { Keys = [], ...request }]) => {
      this.#check(tableName);
      checkParameters(request, BATCH_PARAMETERS);
      checkConsistency(request.ConsistentRead);
      const { projection } = compile(request);
      return [tableName, Keys.flatMap((key) => projected(this.#find(key), projection))];
    });
    return { Responses: Object.fromEntries(responses), UnprocessedKeys: {} };
  }

  #putItem(input: PutItemCommandInput): Output {
    const { TableName, Item: item = EMPTY, ExpressionAttributeValues } = input;
    this.#check(TableName);
    const { condition } = compile(input);
    if (condition?.(this.peek(item), ExpressionAttributeValues) === false) throw conditionFailed();
    this.#put(item);
    return {};
  }

  #updateItem(input: UpdateItemCommandInput): Output {
    const { TableName, Key = EMPTY, ReturnValues, ExpressionAttributeValues } = input;
    this.#check(TableName);
    const { condition, update } = compile(input);
    const before = this.#find(Key);
    if (condition?.(before ?? EMPTY, ExpressionAttributeValues) === false) throw conditionFailed();
    const item = before ?? Key;
    const after = update ? update(item, ExpressionAttributeValues) : item;
    for (const name of [this.#partitionKey, this.#sortKey]) {
      if (after[name] !== item[name]) throw new ValidationError(`${name} is part of the key`);
    }
    const answer = attributes(ReturnValues, before, after);
    this.#put(after);
    return answer;
  }

  #query(input: QueryCommandInput): Output {
    const { TableName, ConsistentRead, ExpressionAttributeValues = EMPTY } = input;
    this.#check(TableName);
    checkConsistency(ConsistentRead);
    const { keyCondition, equal } = compile(input);
    const partition = ExpressionAttributeValues[equal.get(this.#partitionKey) ?? '']?.S;
    if (!keyCondition || partition === undefined) {
      throw new ValidationError(`Query condition missed key schema element: ${this.#partitionKey}`);
    }
    const items = (this.#partitions.get(partition) ?? []).filter((item) =>
      keyCondition(item, ExpressionAttributeValues),
    );
    return { Items: items, Count: items.length, ScannedCount: items.length };
  }

  /** @throws DynamoDBServiceException */
  #check(tableName: string | undefined): void {
    if (tableName !== this.name) {
      throw exception(
        'ResourceNotFoundException',
        `Requested resource not found: Table: ${tableName} not found`,
      );
    }
  }

  #find(key: Item = EMPTY): Item | undefined {
    const [partition, sort] = this.#keyOf(key);
    const items = this.#partitions.get(partition) ?? [];
    const item = items[this.#position(items, sort)];
    return item && this.#keyOf(item)[1] === sort ? item : undefined;
  }

  #put(item: Item): void {
    const [partition, sort] = this.#keyOf(item);
    let items = this.#partitions.get(partition);
    if (!items) {
      items = [];
      this.#partitions.set(partition, items);
    }
    const index = this.#position(items, sort);
    items.splice(index, items[index]?.[this.#sortKey]?.S === sort ? 1 : 0, item);
  }

  /** @throws ValidationError */
  #keyOf(item: Item): readonly [partition: string, sort: string] {
    const partition = item[this.#partitionKey]?.S;
    const sort = item[this.#sortKey]?.S;
    if (partition && sort) return [partition, sort];
    throw new ValidationError('The provided key element does not match the schema');
  }

  /** Of the first item that does not come before the sort key. */
  #position(items: readonly Item[], sort: string): number {
    let low = 0;
    let high = items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((items[middle]?.[this.#sortKey]?.S ?? '') < sort) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const EMPTY: Item = {};

const operation = <I>(
  parameters: readonly (keyof I & string)[],
  carryOut: (input: I) => Output,
): Operation => ({ parameters: new Set(parameters), carryOut: carryOut as (input: never) => Output });

/** @throws NotHostedError */
function checkParameters(request: Output, hosted: ReadonlySet<string>): void {
  for (const parameter in request) {
    if (!hosted.has(parameter) && request[parameter] !== undefined) throw new NotHostedError(parameter);
  }
}

/**
 * A read that may be stale: no row here ever is, and whoever did with one would not be found out.
 *
 * @throws NotHostedError
 */
function checkConsistency(isConsistent: boolean | undefined): void {
  if (!isConsistent) throw new NotHostedError('A read without ConsistentRead');
}

/** What an update answers. @throws NotHostedError */
function attributes(
  returnValues: UpdateItemCommandInput['ReturnValues'],
  before: Item | undefined,
  after: Item,
): Output {
  switch (returnValues) {
    case undefined:
    case 'NONE':
      return {};
    case 'ALL_NEW':
      return { Attributes: after };
    case 'ALL_OLD':
      return before ? { Attributes: before } : {};
    default:
      throw new NotHostedError(returnValues);
  }
}

function projected(item: Item | undefined, attributes: readonly string[] | undefined): readonly Item[] {
  if (!item || !attributes) return item ? [item] : [];
  return [Object.fromEntries(attributes.flatMap((name) => (item[name] ? [[name, item[name]]] : [])))];
}

function exception(name: string, message: string): DynamoDBServiceException {
  return new DynamoDBServiceException({
    name,
    message,
    $fault: 'client',
    $metadata: { httpStatusCode: 400 },
  });
}

const conditionFailed = (): Error =>
  new ConditionalCheckFailedException({
    message: 'The conditional request failed',
    $metadata: { httpStatusCode: 400 },
  });
