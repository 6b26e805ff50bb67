import { StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';

type Fields = Readonly<Record<string, unknown>>;

/** A Task state: how it says which function to invoke. */
export interface TaskState {
  readonly name: string;
  /** `lambda:invoke` takes FunctionName and Payload; a function's ARN takes the input itself. */
  readonly integration: 'lambda:invoke' | 'function';
  /** Set when the state waits for SendTaskSuccess or SendTaskFailure with its token, for so long. */
  readonly waitsForToken?: { readonly timeoutSeconds: number };
  /** The function's name or ARN, absent when `lambda:invoke` takes it from the input. */
  readonly functionReference: string | undefined;
}

export interface HostableDefinition {
  /** For `StateMachine`, rewritten where that differs from Step Functions; do not validate it again. */
  readonly definition: StateMachineDefinition;
  /** Also those inside Map and Parallel. */
  readonly tasks: readonly TaskState[];
}

const ANY_STATE = ['Type', 'Comment', 'QueryLanguage', 'InputPath', 'OutputPath', 'Next', 'End'];
const RESULT = ['Parameters', 'ResultPath', 'ResultSelector', 'Retry', 'Catch'];

/** What aws-local-stepfunctions acts on; it ignores any other field without a word. */
const STATE_FIELDS: Readonly<Record<string, ReadonlySet<string>>> = {
  Task: new Set([...ANY_STATE, ...RESULT, 'Resource', 'TimeoutSeconds', 'TimeoutSecondsPath']),
  Parallel: new Set([...ANY_STATE, ...RESULT, 'Branches']),
  Map: new Set([
    ...ANY_STATE,
    ...RESULT,
    'ItemProcessor',
    'Iterator',
    'ItemsPath',
    'ItemSelector',
    'MaxConcurrency',
    'MaxConcurrencyPath',
  ]),
  Pass: new Set([...ANY_STATE, 'Parameters', 'ResultPath', 'Result']),
  Wait: new Set([...ANY_STATE, 'Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath']),
  Choice: new Set([...ANY_STATE, 'Choices', 'Default']),
  Succeed: new Set(ANY_STATE),
  Fail: new Set([...ANY_STATE, 'Error', 'ErrorPath', 'Cause', 'CausePath']),
};
const MACHINE_FIELDS = new Set([
  'Comment',
  'QueryLanguage',
  'StartAt',
  'States',
  'TimeoutSeconds',
  'Version',
]);
const NESTED_MACHINE_FIELDS = new Set(['Comment', 'QueryLanguage', 'StartAt', 'States', 'ProcessorConfig']);
const RETRIER_FIELDS = new Set([
  'BackoffRate',
  'Comment',
  'ErrorEquals',
  'IntervalSeconds',
  'JitterStrategy',
  'MaxAttempts',
  'MaxDelaySeconds',
]);
const CATCHER_FIELDS = new Set(['Comment', 'ErrorEquals', 'Next', 'ResultPath']);
const LAMBDA_INVOKE_PARAMETERS = new Set(['FunctionName', 'InvocationType', 'Payload']);
const TYPE_TESTS = new Set(['IsBoolean', 'IsNull', 'IsNumeric', 'IsPresent', 'IsString', 'IsTimestamp']);

/** The longest delay of `setTimeout`; a longer one would fire at once. */
const MAX_TIMER_SECONDS = 2_147_483;

/**
 * Checks a definition and rewrites it so that aws-local-stepfunctions does with it what Step Functions does.
 *
 * @param source the state machine's DefinitionString
 * @throws Error naming the state and the field which cannot be hosted
 * @see https://states-language.net/spec.html
 */
export function readDefinition(source: string): HostableDefinition {
  let hostable = known.get(source);
  if (!hostable) {
    hostable = validated(source);
    known.set(source, hostable);
  }
  return hostable;
}

/** By source: the library's validation takes longer than many a simulation's calls, and each seed has the same. */
const known = new Map<string, HostableDefinition>();

function validated(source: string): HostableDefinition {
  const original: StateMachineDefinition & Fields = JSON.parse(source);
  const tasks: TaskState[] = [];
  const definition = rewriteMachine(original, 'the state machine', MACHINE_FIELDS, tasks);
  new StateMachine(original);
  // The rewriting keeps the shape that the constructor has just validated.
  return { definition: definition as unknown as StateMachineDefinition, tasks };
}

function rewriteMachine(
  machine: Fields,
  name: string,
  allowed: ReadonlySet<string>,
  tasks: TaskState[],
): Fields {
  checkFields(machine, allowed, name);
  const mode = fields(machine.ProcessorConfig ?? {}).Mode ?? 'INLINE';
  if (mode !== 'INLINE') throw unsupported(name, 'ProcessorConfig', `Mode ${mode}`);
  const isNested = allowed === NESTED_MACHINE_FIELDS;
  return {
    ...machine,
    ...('TimeoutSeconds' in machine && { TimeoutSeconds: timer(machine.TimeoutSeconds) }),
    States: Object.fromEntries(
      Object.entries(fields(machine.States)).map(([stateName, state]) => [
        stateName,
        rewriteState(fields(state), stateName, isNested, tasks),
      ]),
    ),
  };
}

function rewriteState(state: Fields, name: string, isNested: boolean, tasks: TaskState[]): Fields {
  const type = String(state.Type);
  const allowed = STATE_FIELDS[type];
  if (!allowed) throw unsupported(name, 'Type', type);
  checkFields(state, allowed, `state "${name}"`);
  const text = JSON.stringify({ ...state, Branches: [], ItemProcessor: {}, Iterator: {} });
  if (text.includes('$$.Task') && (isNested || !waitsForToken(state))) {
    throw unsupported(
      name,
      '$$.Task',
      'only a state that waits for a token has one, outside Map and Parallel',
    );
  }
  if (isNested && text.includes('$$.State')) throw unsupported(name, '$$.State', 'inside Map or Parallel');

  const rewritten: Record<string, unknown> = { ...state };
  // "$" is the default, but the library would write a field of that name.
  if (rewritten.ResultPath === '$') delete rewritten.ResultPath;
  if (state.Retry !== undefined) {
    for (const retrier of list(state.Retry)) checkFields(fields(retrier), RETRIER_FIELDS, `state "${name}"`);
  }
  if (state.Catch !== undefined) {
    rewritten.Catch = list(state.Catch).map((catcher) => {
      checkFields(fields(catcher), CATCHER_FIELDS, `state "${name}"`);
      const { ResultPath, ...rest } = fields(catcher);
      return ResultPath === undefined || ResultPath === '$' ? rest : { ...rest, ResultPath };
    });
  }
  switch (type) {
    case 'Task':
      tasks.push(readTask(state, name));
      // The library's own default is 60 s, that of Step Functions is more than three years. Of a wait for a token it
      // would not tell when it ends.
      if (state.TimeoutSecondsPath === undefined) {
        rewritten.TimeoutSeconds = waitsForToken(state)
          ? MAX_TIMER_SECONDS
          : timer(state.TimeoutSeconds ?? MAX_TIMER_SECONDS);
      }
      break;
    case 'Parallel':
      rewritten.Branches = list(state.Branches).map((branch) =>
        rewriteMachine(fields(branch), `state "${name}"`, NESTED_MACHINE_FIELDS, tasks),
      );
      break;
    case 'Map':
      for (const field of ['ItemProcessor', 'Iterator'].filter((key) => state[key] !== undefined)) {
        rewritten[field] = rewriteMachine(
          fields(state[field]),
          `state "${name}"`,
          NESTED_MACHINE_FIELDS,
          tasks,
        );
      }
      break;
    case 'Choice':
      rewritten.Choices = list(state.Choices).map((rule) => rewriteRule(fields(rule), name));
      break;
    case 'Pass':
      if ('Result' in state && !state.Result) throw unsupported(name, 'Result', JSON.stringify(state.Result));
      break;
    case 'Wait':
      if (Number(state.Seconds ?? 0) > MAX_TIMER_SECONDS) throw unsupported(name, 'Seconds', 'over 24 days');
      break;
    case 'Fail':
      for (const field of ['ErrorPath', 'CausePath']) {
        if (String(state[field] ?? '').startsWith('States.')) {
          throw unsupported(name, field, 'an intrinsic function');
        }
      }
      break;
  }
  return rewritten;
}

function readTask(state: Fields, name: string): TaskState {
  const resource = String(state.Resource);
  if (state.Parameters !== undefined && state.TimeoutSecondsPath !== undefined) {
    throw unsupported(name, 'TimeoutSecondsPath', 'the library would read it from the Parameters');
  }
  if (/^arn:[\w-]+:lambda:[\w-]+:\d+:function:/.test(resource)) {
    return { name, integration: 'function', functionReference: resource };
  }
  if (!/^arn:[\w-]+:states:::lambda:invoke(\.waitForTaskToken)?$/.test(resource)) {
    throw unsupported(name, 'Resource', resource);
  }
  const parameters = fields(state.Parameters ?? {});
  for (const parameter of Object.keys(parameters)) {
    if (!LAMBDA_INVOKE_PARAMETERS.has(parameter.replace(/\.\$$/, ''))) {
      throw unsupported(name, 'Parameters', parameter);
    }
  }
  if ((parameters.InvocationType ?? 'RequestResponse') !== 'RequestResponse') {
    throw unsupported(name, 'Parameters', `InvocationType ${parameters.InvocationType}`);
  }
  const functionReference =
    parameters.FunctionName === undefined ? undefined : String(parameters.FunctionName);
  if (!waitsForToken(state)) return { name, integration: 'lambda:invoke', functionReference };
  if (state.TimeoutSecondsPath !== undefined) {
    throw unsupported(name, 'TimeoutSecondsPath', 'while it waits for a token');
  }
  const timeoutSeconds = timer(state.TimeoutSeconds ?? MAX_TIMER_SECONDS);
  return { name, integration: 'lambda:invoke', functionReference, waitsForToken: { timeoutSeconds } };
}

const waitsForToken = (state: Fields): boolean => String(state.Resource).endsWith('.waitForTaskToken');

/** The library answers "no" to every type test for `false`, such as the CDK's `Condition.isNotPresent`. */
function rewriteRule(rule: Fields, name: string): Fields {
  for (const field of ['Assign', 'Condition', 'Output']) {
    if (field in rule) throw unsupported(name, field, 'JSONata or variables');
  }
  if (/[?[\]{}()!|+@]/.test(String(rule.StringMatches ?? ''))) {
    throw unsupported(name, 'StringMatches', 'the library takes more than "*" for a wildcard');
  }
  const rewritten: Record<string, unknown> = { ...rule };
  for (const operator of ['And', 'Or'].filter((key) => key in rule)) {
    rewritten[operator] = list(rule[operator]).map((operand) => rewriteRule(fields(operand), name));
  }
  if ('Not' in rule) rewritten.Not = rewriteRule(fields(rule.Not), name);
  const negated = Object.keys(rule).find((key) => TYPE_TESTS.has(key) && rule[key] === false);
  if (negated === undefined) return rewritten;
  const { Variable, [negated]: _, ...rest } = rewritten;
  return { ...rest, Not: { Variable, [negated]: true } };
}

function checkFields(value: Fields, allowed: ReadonlySet<string>, owner: string): void {
  if ((value.QueryLanguage ?? 'JSONPath') !== 'JSONPath') {
    throw new Error(`${owner}: QueryLanguage ${value.QueryLanguage} is not hosted`);
  }
  const field = Object.keys(value).find((key) => !allowed.has(key));
  if (field !== undefined) throw new Error(`${owner}: the field ${field} is not hosted`);
}

function unsupported(state: string, field: string, what: string): Error {
  return new Error(`state "${state}": ${field} is not hosted: ${what}`);
}

function timer(seconds: unknown): number {
  return Math.min(Number(seconds), MAX_TIMER_SECONDS);
}

function fields(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`The definition has ${JSON.stringify(value)} where an object belongs`);
  }
  return { ...value };
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) {
    throw new Error(`The definition has ${JSON.stringify(value)} where a list belongs`);
  }
  return value;
}
