import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import validations from 'dynalite/validations/index.js';
import type { Item } from './dynamodb.ts';

/** Texts of a request, with what they mean by their placeholders. */
export interface Texts {
  readonly UpdateExpression?: string | undefined;
  readonly ConditionExpression?: string | undefined;
  readonly KeyConditionExpression?: string | undefined;
  readonly ProjectionExpression?: string | undefined;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>> | undefined;
  readonly ExpressionAttributeValues?: Item | undefined;
}

/** What a request's texts say, for whatever values of the same types. */
export interface Expressions {
  readonly update?: (item: Item, values?: Item) => Item;
  readonly condition?: Condition;
  readonly keyCondition?: Condition;
  /** What the key condition wants attributes to be equal to: placeholders, by attribute. */
  readonly equal: ReadonlyMap<string, string>;
  /** Names of attributes. */
  readonly projection?: readonly string[];
}

type Condition = (item: Item, values?: Item) => boolean;
/** Undefined where there is no such attribute. */
type Operand = (item: Item, values: Item) => AttributeValue | undefined;

/** What dynalite's parsers make of a text. */
type Node = Path | AttributeValue | Operation;
type Path = readonly (string | number)[];
/** Of a function, its name is beside its type. */
interface Operation {
  readonly type: string;
  readonly name?: string;
  readonly args: readonly Node[];
}
interface Section {
  readonly type: string;
  readonly path: Path;
  readonly val: Node;
}

/** A request with what the parsers put into it. */
interface ParsedRequest extends Texts {
  readonly _updates?: { readonly sections: readonly Section[] };
  readonly _condition?: { readonly expression: Node };
  readonly _keyCondition?: { readonly expression: Node };
  readonly _projection?: { readonly paths: readonly Path[] };
}

/** By the very values that were parsed. */
type Placeholders = ReadonlyMap<unknown, string>;

/** What is wrong with a request, as DynamoDB says it. */
export class ValidationError extends Error {}

/** What DynamoDB can do, and nothing here does. */
export class NotHostedError extends Error {
  constructor(what: string) {
    super(`${what} is not hosted`);
  }
}

const TEXTS = [
  'UpdateExpression',
  'ConditionExpression',
  'KeyConditionExpression',
  'ProjectionExpression',
] as const satisfies readonly (keyof Texts)[];
const NO_VALUES: Item = {};

/** By texts, names and types of values. */
const cache = new Map<string, Expressions>();

/**
 * Parses a request's expressions, each but once. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html
 *
 * @throws ValidationError when DynamoDB would refuse them, NotHostedError
 */
export function compile(texts: Texts): Expressions {
  const key = keyOf(texts);
  let expressions = cache.get(key);
  if (!expressions) {
    expressions = parse(texts);
    cache.set(key, expressions);
  }
  return expressions;
}

function keyOf(texts: Texts): string {
  let key = '';
  for (const text of TEXTS) key += `${texts[text] ?? ''}\n`;
  const { ExpressionAttributeNames: names = {}, ExpressionAttributeValues: values = {} } = texts;
  for (const name in names) key += `${name}=${names[name]},`;
  for (const name in values) key += `${name}=${typeOf(values[name])},`;
  return key;
}

function typeOf(value: AttributeValue | undefined): string | undefined {
  for (const type in Object(value)) return type;
  return undefined;
}

function parse(texts: Texts): Expressions {
  // Objects of our own, so that each can be told from the others in what is parsed.
  const values = Object.entries(texts.ExpressionAttributeValues ?? {}).map(
    ([placeholder, value]) => [placeholder, { ...value }] as const,
  );
  const request: ParsedRequest = {
    ...texts,
    ...(values.length > 0 && { ExpressionAttributeValues: Object.fromEntries(values) }),
  };
  const wrong = validations.validateExpressions(request);
  if (wrong) throw new ValidationError(wrong);
  const placeholders: Placeholders = new Map(values.map(([placeholder, value]) => [value, placeholder]));
  const { _updates, _condition, _keyCondition, _projection } = request;
  return {
    ...(_updates && { update: updateOf(_updates.sections, placeholders) }),
    ...(_condition && { condition: conditionOf(_condition.expression, placeholders) }),
    ...(_keyCondition && { keyCondition: conditionOf(_keyCondition.expression, placeholders) }),
    equal: new Map(_keyCondition ? equalities(_keyCondition.expression, placeholders) : []),
    ...(_projection && { projection: _projection.paths.map(attributeOf) }),
  };
}

function updateOf(sections: readonly Section[], placeholders: Placeholders): Expressions['update'] {
  const removed = new Set<string>();
  const set: (readonly [name: string, operand: Operand])[] = [];
  for (const { type, path, val } of sections) {
    const name = attributeOf(path);
    if (type === 'remove') removed.add(name);
    else if (type === 'set') set.push([name, operandOf(val, placeholders)]);
    else throw new NotHostedError(type.toUpperCase());
  }
  return (item, values = NO_VALUES) => {
    const updated: Record<string, AttributeValue> = {};
    for (const name in item) {
      const value = item[name];
      if (value && !removed.has(name)) updated[name] = value;
    }
    for (const [name, operand] of set) updated[name] = present(operand(item, values));
    return updated;
  };
}

function conditionOf(node: Node, placeholders: Placeholders): Condition {
  const { type, name, args } = operation(node);
  const conditions = () => args.map((arg) => conditionOf(arg, placeholders));
  const operands = () => args.map((arg) => operandOf(arg, placeholders)) as [Operand, Operand];
  switch (type === 'function' ? name : type) {
    case 'and': {
      const all = conditions();
      return (item, values) => all.every((one) => one(item, values));
    }
    case 'or': {
      const any = conditions();
      return (item, values) => any.some((one) => one(item, values));
    }
    case 'attribute_exists': {
      const [attribute] = operands();
      return (item) => attribute(item, NO_VALUES) !== undefined;
    }
    case 'attribute_not_exists': {
      const [attribute] = operands();
      return (item) => attribute(item, NO_VALUES) === undefined;
    }
    case 'begins_with': {
      const [text, start] = operands();
      return (item, values = NO_VALUES) =>
        text(item, values)?.S?.startsWith(start(item, values)?.S ?? '') === true;
    }
    case '=':
      return comparison(operands(), (order) => order === 0);
    case '<':
      return comparison(operands(), (order) => order < 0);
    case '<=':
      return comparison(operands(), (order) => order <= 0);
    default:
      throw new NotHostedError(name ?? type);
  }
}

const comparison =
  ([left, right]: readonly [Operand, Operand], holds: (order: number) => boolean): Condition =>
  (item, values = NO_VALUES) =>
    holds(order(left(item, values), right(item, values)));

/** Negative where the left one comes first, 0 where both are the same, not a number where neither is so. */
function order(left: AttributeValue | undefined, right: AttributeValue | undefined): number {
  if (!left || !right) return Number.NaN;
  if (left.S !== undefined && right.S !== undefined) {
    return left.S === right.S ? 0 : left.S < right.S ? -1 : 1;
  }
  if (left.N !== undefined && right.N !== undefined) return Number(left.N) - Number(right.N);
  return left.BOOL !== undefined && left.BOOL === right.BOOL ? 0 : Number.NaN;
}

function operandOf(node: Node, placeholders: Placeholders): Operand {
  if (isPath(node)) {
    const name = attributeOf(node);
    return (item) => item[name];
  }
  const placeholder = placeholders.get(node);
  if (placeholder !== undefined) return (_item, values) => values[placeholder];
  const { type, name, args } = operation(node);
  const [first, second] = args.map((arg) => operandOf(arg, placeholders)) as [Operand, Operand];
  switch (type === 'function' ? name : type) {
    case 'if_not_exists':
      return (item, values) => first(item, values) ?? second(item, values);
    case 'add':
      return (item, values) => sum(present(first(item, values)), present(second(item, values)));
    default:
      throw new NotHostedError(name ?? type);
  }
}

function sum({ N: left }: AttributeValue, { N: right }: AttributeValue): AttributeValue {
  if (left === undefined || right === undefined) {
    throw new ValidationError('An operand in the update expression has an incorrect data type');
  }
  return { N: String(Number(left) + Number(right)) };
}

/** The placeholders of what attributes must be equal to. */
function equalities(node: Node, placeholders: Placeholders): (readonly [string, string])[] {
  const { type, args } = operation(node);
  if (type === 'and') return args.flatMap((arg) => equalities(arg, placeholders));
  const [path, value] = args;
  const placeholder = value && placeholders.get(value);
  return type === '=' && path && isPath(path) && placeholder !== undefined
    ? [[attributeOf(path), placeholder]]
    : [];
}

function present(value: AttributeValue | undefined): AttributeValue {
  if (value) return value;
  throw new ValidationError('The provided expression refers to an attribute that does not exist in the item');
}

const isPath = (node: Node): node is Path => Array.isArray(node);

function attributeOf(path: Path): string {
  const [name] = path;
  if (path.length !== 1 || typeof name !== 'string') throw new NotHostedError(`The path ${path.join('.')}`);
  return name;
}

function operation(node: Node): Operation {
  if ('type' in node) return node;
  throw new NotHostedError(JSON.stringify(node));
}
