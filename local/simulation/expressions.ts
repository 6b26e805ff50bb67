import validations from 'dynalite/validations/index.js';

/** A request as dynalite's actions take it: with its expressions parsed beside their texts. */
export type Request = Record<string, unknown>;

type Values = Readonly<Record<string, unknown>>;
/** Makes what was parsed again, with other values. */
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

/** By text, names and types of values; undefined for what is parsed each time. */
const cache = new Map<string, Readonly<Record<string, Build>> | undefined>();
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
  const parsed = cache.get(key);
  if (parsed === undefined) {
    if (cache.has(key)) return validations.validateExpressions(request);
    const scratch = { ...request };
    const wrong = validations.validateExpressions(scratch);
    if (wrong) return wrong;
    const isChecked = CHECKED_OPERANDS.test(key);
    cache.set(key, isChecked ? undefined : builders(scratch, values));
    return parseExpressions(request);
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
    PARSED.filter((name) => request[name] !== undefined).map((name) => {
      const node = request[name];
      return [name, builder(node, names) ?? (() => node)];
    }),
  );
}

/** Undefined where it is the same with any values. */
function builder(node: unknown, names: ReadonlyMap<unknown, string>): Build | undefined {
  const name = names.get(node);
  if (name !== undefined) return (values) => values[name];
  if (typeof node !== 'object' || node === null) return undefined;
  const parts = Object.entries(node).flatMap(([key, element]) => {
    const build = builder(element, names);
    return build ? [{ key, build }] : [];
  });
  if (parts.length === 0 && !isWritten(node)) return undefined;
  return (values) => {
    const built: Record<string, unknown> = Array.isArray(node) ? Object([...node]) : { ...node };
    for (const { key, build } of parts) built[key] = build(values);
    return built;
  };
}

/** Whether dynalite's actions write into it: into what is to be set, they put its value. */
const isWritten = (node: object): boolean => 'type' in node && node.type === 'set';
