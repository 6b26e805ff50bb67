import validations from 'dynalite/validations/index.js';

/** A request as dynalite's actions take it: with its expressions parsed beside their texts. */
export type Request = Record<string, unknown>;

type Values = Readonly<Record<string, unknown>>;
type Node = Record<string, unknown>;

/** What was parsed of one text, to be used again and again: each request is carried out before the next one comes. */
interface Parsed {
  /** By the names that dynalite gives them. */
  readonly expressions: Node;
  readonly slots: readonly Slot[];
}

/** A place for one of a request's values, or one that dynalite's actions write into, with what belongs there. */
interface Slot {
  readonly node: Node;
  readonly key: string;
  readonly value?: string;
  readonly original?: unknown;
}

const TEXTS = [
  'UpdateExpression',
  'ConditionExpression',
  'KeyConditionExpression',
  'FilterExpression',
  'ProjectionExpression',
] as const;
/** Where dynalite puts what it parsed. */
const PARSED = ['_updates', '_condition', '_keyCondition', '_filter', '_projection'] as const;

/** By text, names and types of values; undefined for what is parsed each time. */
const cache = new Map<string, Parsed | undefined>();
/** Whose operands the parser checks, so that what it parsed serves for no others. */
const CHECKED_OPERANDS = /\b(between|attribute_type)\b/i;

/**
 * Parses a request's expressions with dynalite's parsers, each text once.
 *
 * @param request its values may be normalized in place
 * @returns what dynalite says is wrong with them, if anything is
 */
export function parseExpressions(request: Request): string | undefined {
  const values: Values = Object(request.ExpressionAttributeValues);
  for (const name in values) {
    const wrong = validations.validateAttributeValue(values[name]);
    if (wrong) return `ExpressionAttributeValues contains invalid value: ${wrong} for key ${name}`;
  }
  const key = keyOf(request, values);
  const parsed = cache.get(key);
  if (parsed === undefined) {
    if (cache.has(key)) return validations.validateExpressions(request);
    const scratch = { ...request };
    const wrong = validations.validateExpressions(scratch);
    if (wrong) return wrong;
    // A filter is still in use while the next request comes.
    const isOneTime = CHECKED_OPERANDS.test(key) || request.FilterExpression !== undefined;
    cache.set(key, isOneTime ? undefined : parsedOf(scratch, values));
    return parseExpressions(request);
  }
  for (const { node, key, value, original } of parsed.slots) {
    node[key] = value === undefined ? original : values[value];
  }
  for (const name in parsed.expressions) request[name] = parsed.expressions[name];
  return undefined;
}

function keyOf(request: Request, values: Values): string {
  let key = '';
  for (const text of TEXTS) key += `${request[text] ?? ''}\n`;
  const names: Values = Object(request.ExpressionAttributeNames);
  for (const name in names) key += `${name}=${names[name]},`;
  for (const name in values) key += `${name}=${typeOf(values[name])},`;
  return key;
}

function typeOf(value: unknown): string | undefined {
  for (const type in Object(value)) return type;
  return undefined;
}

function parsedOf(request: Request, values: Values): Parsed {
  const names = new Map(Object.entries(values).map(([name, value]) => [value, name]));
  const expressions = Object.fromEntries(
    PARSED.filter((name) => request[name] !== undefined).map((name) => [name, request[name]]),
  );
  return { expressions, slots: slotsOf(expressions, names) };
}

function slotsOf(node: Node, names: ReadonlyMap<unknown, string>): Slot[] {
  return Object.entries(node).flatMap(([key, element]): Slot[] => {
    const value = names.get(element);
    if (value !== undefined) return [{ node, key, value }];
    if (typeof element !== 'object' || element === null) return [];
    const inside = slotsOf(element as Node, names);
    return isWritten(node, key) ? [{ node, key, original: element }, ...inside] : inside;
  });
}

/** Where dynalite puts the value of what is to be set. */
const isWritten = ({ type }: Node, key: string): boolean => type === 'set' && key === 'val';
