import validations from 'dynalite/validations/index.js';

/** A request as dynalite's actions take it: with its expressions parsed beside their texts. */
export type Request = Record<string, unknown>;

type Values = Readonly<Record<string, unknown>>;
type Build = (values: Values) => unknown;

const TEXTS = [
  'UpdateExpression',
  'ConditionExpression',
  'KeyConditionExpression',
  'FilterExpression',
  'ProjectionExpression',
] as const;
/** Where dynalite puts what it parsed. */
const PARSED = ['_updates', '_condition', '_keyCondition', '_filter', '_projection'] as const;

/** By text, names and types of values. */
const cache = new Map<string, Readonly<Record<string, Build>>>();
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
  for (const [name, value] of Object.entries(values)) {
    const wrong = validations.validateAttributeValue(value);
    if (wrong) return `ExpressionAttributeValues contains invalid value: ${wrong} for key ${name}`;
  }
  const key = keyOf(request, values);
  if (CHECKED_OPERANDS.test(key)) return validations.validateExpressions(request);
  let parsed = cache.get(key);
  if (parsed === undefined) {
    const scratch = { ...request };
    const wrong = validations.validateExpressions(scratch);
    if (wrong) return wrong;
    parsed = builders(scratch, values);
    cache.set(key, parsed);
  }
  for (const name in parsed) request[name] = parsed[name]?.(values);
  return undefined;
}

function keyOf(request: Request, values: Values): string {
  let key = '';
  for (const text of TEXTS) key += `${request[text] ?? ''}\n`;
  const names: Values = Object(request.ExpressionAttributeNames);
  for (const name in names) key += `${name}=${names[name]},`;
  for (const name in values) key += `${name}=${Object.keys(Object(values[name]))[0]},`;
  return key;
}

function builders(request: Request, values: Values): Record<string, Build> {
  const names = new Map(Object.entries(values).map(([name, value]) => [value, name]));
  return Object.fromEntries(
    PARSED.filter((name) => request[name] !== undefined).map((name) => [name, builder(request[name], names)]),
  );
}

/** Makes a parsed expression again with other values: dynalite's actions write into what they are given. */
function builder(node: unknown, names: ReadonlyMap<unknown, string>): Build {
  const name = names.get(node);
  if (name !== undefined) return (values) => values[name];
  if (typeof node !== 'object' || node === null) return () => node;
  if (Array.isArray(node)) {
    // A path: nobody writes into those.
    if (node.every((element) => typeof element !== 'object')) return () => node;
    const elements = node.map((element) => builder(element, names));
    return (values) => elements.map((build) => build(values));
  }
  const entries = Object.entries(node).map(([key, element]) => [key, builder(element, names)] as const);
  return (values) => {
    const built: Record<string, unknown> = {};
    for (const [key, build] of entries) built[key] = build(values);
    return built;
  };
}
