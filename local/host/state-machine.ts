import { randomUUID } from 'node:crypto';
import {
  ExecutionAbortedError,
  ExecutionError,
  ExecutionTimeoutError,
  StateMachine as StateMachineLibrary,
} from 'aws-local-stepfunctions';
import type { Abortion } from '../faults/cloud-faults.ts';
import type { Activity } from './activity.ts';
import { AwsError } from './aws-error.ts';
import type { Emit, HostEventDetail } from './events.ts';
import type { Execution } from './execution.ts';
import type { Invoker } from './invoker.ts';
import type { Latency, Pause } from './latency.ts';
import { type HostableDefinition, readDefinition, type TaskState } from './state-machine-definition.ts';
import { TaskTokens } from './task-tokens.ts';

type Run = ReturnType<StateMachineLibrary['run']>;
type RunOptions = NonNullable<Parameters<StateMachineLibrary['run']>[1]>;
type Json = Parameters<StateMachineLibrary['run']>[0];
type LibraryEvent = Run['eventLogs'] extends AsyncGenerator<infer Event> ? Event : never;

type Outcome = Pick<Execution, 'status' | 'output' | 'error' | 'cause'>;

export interface StateMachineOptions {
  readonly arn: string;
  readonly name: string;
  /** A JSON text in the Amazon States Language. */
  readonly definition: string;
  readonly lambda: Invoker;
  readonly activity: Activity;
  /** @default nobody listens */
  readonly emit?: Emit | undefined;
  readonly latency: Latency;
  readonly pause: Pause;
  /** Whether an execution is aborted; asked when it begins. @default none is */
  readonly abortion?: ((execution: Execution) => Abortion | undefined) | undefined;
  /** Names executions and tokens; default a random UUID. */
  readonly newId?: () => string;
}

/** A Standard state machine: https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html */
export class StateMachine {
  readonly arn: string;
  readonly #options: StateMachineOptions;
  readonly #hostable: HostableDefinition;
  readonly #executions = new Map<string, Execution>();
  readonly #runs = new Map<string, Run>();
  readonly #newId: () => string;
  /** Those that tasks of any execution wait for. */
  readonly tokens = new TaskTokens();
  #stopped = false;

  /** @throws Error naming the state and the field which cannot be hosted */
  constructor(options: StateMachineOptions) {
    this.arn = options.arn;
    this.#options = options;
    this.#newId = options.newId ?? randomUUID;
    this.#hostable = readDefinition(options.definition);
    for (const { name, functionReference } of this.#hostable.tasks) {
      if (functionReference !== undefined && options.lambda.find(functionReference) === undefined) {
        throw new Error(`state "${name}": Resource is not hosted: no function ${functionReference}`);
      }
    }
  }

  /** By name; the template has one state machine. */
  get executions(): ReadonlyMap<string, Execution> {
    return this.#executions;
  }

  /**
   * @param input a JSON text
   * @throws AwsError as documented for a Standard workflow
   * @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
   */
  async startExecution(input: string, name: string = this.#newId()): Promise<Execution> {
    await this.#options.pause(this.#options.latency('startExecution', name));
    if (this.#stopped) throw new AwsError('ServiceUnavailableException', 'The host stopped');
    const executionArn = `${this.arn.replace(':stateMachine:', ':execution:')}:${name}`;
    if (!/^[^\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f]{1,80}$/.test(name)) {
      throw new AwsError('InvalidName', `Invalid Name: '${name}'`);
    }
    const parsedInput = parseInput(input);
    const existing = this.#executions.get(name);
    if (existing) {
      if (existing.status === 'RUNNING' && existing.input === input) return existing;
      throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${executionArn}'`);
    }
    const { promise: closed, resolve: close } = Promise.withResolvers<void>();
    const execution: Execution = {
      executionArn,
      stateMachineArn: this.arn,
      name,
      input,
      status: 'RUNNING',
      startDate: new Date(),
      closed,
    };
    this.#executions.set(name, execution);
    void this.#options.activity.track(() => this.#execute(execution, parsedInput).then(close));
    return execution;
  }

  /** Aborts what runs and lets nothing start. */
  stop(): void {
    this.#stopped = true;
    for (const run of this.#runs.values()) run.abort();
    this.tokens.closeAll(new ExecutionClosedError());
  }

  async #execute(execution: Execution, input: Json): Promise<void> {
    const { name } = execution;
    const { emit } = this.#options;
    emit?.({ type: 'executionStarted', execution: name, input });
    const started = performance.now();
    const transitions = new Transitions(this.#options, this.#newId);
    const { States } = this.#hostable.definition;
    const machine = new StateMachineLibrary(
      { ...this.#hostable.definition, States: transitions.watch(States) },
      { validationOptions: { noValidate: true } },
    );
    const run = machine.run(input, {
      context: {
        Execution: { Id: execution.executionArn, Name: name },
        State: transitions.state,
        Task: transitions.task,
        StateMachine: { Id: this.arn, Name: this.#options.name },
      },
      overrides: { taskResourceLocalHandlers: this.#taskHandlers(name, transitions) },
    });
    this.#runs.set(name, run);
    const abortion = this.#options.abortion?.(execution);
    const abort = (): void => {
      // First, so that nothing of it begins any more.
      this.#runs.delete(name);
      run.abort();
      this.tokens.close(transitions.task.Token, new ExecutionClosedError());
      abortion?.onAborted();
    };
    const timer = abortion && setTimeout(abort, abortion.afterMs);
    const ended = Promise.all([settle(run), emit && forward(emit, name, run)]);
    const [outcome] = await ended.finally(() => clearTimeout(timer));
    if (outcome.status === 'SUCCEEDED' || outcome.status === 'FAILED') await transitions.pay();
    this.#runs.delete(name);
    this.#executions.set(name, { ...execution, ...outcome, stopDate: new Date() });
    const { output, ...rest } = outcome;
    emit?.({
      type: 'executionEnded',
      execution: name,
      ms: performance.now() - started,
      ...rest,
      ...(output !== undefined && { output: JSON.parse(output) }),
    });
  }

  #taskHandlers(executionName: string, transitions: Transitions): TaskHandlers {
    return Object.fromEntries(
      this.#hostable.tasks.map((task) => [
        task.name,
        async (input: Json) => {
          await transitions.pay();
          // After an abort the library runs what is left of a Retry without waiting.
          if (!this.#runs.has(executionName)) throw new ExecutionClosedError();
          try {
            return await this.#perform(task, input, transitions.task.Token);
          } catch (error) {
            transitions.fail();
            throw error;
          }
        },
      ]),
    );
  }

  /** @see https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token */
  async #perform(task: TaskState, input: Json, token: string): Promise<Json> {
    if (!task.waitsForToken) return this.#invoke(task, input);
    const { timeoutSeconds } = task.waitsForToken;
    const answered = this.tokens.wait(token, timeoutSeconds * 1000);
    try {
      await Promise.race([this.#invoke(task, input), answered]);
      return JSON.parse(await answered);
    } finally {
      this.tokens.close(token);
    }
  }

  /** @see https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html */
  async #invoke(task: TaskState, input: Json): Promise<Json> {
    const { lambda } = this.#options;
    const isIntegration = task.integration === 'lambda:invoke';
    const parameters: { FunctionName?: unknown; Payload?: unknown } = isIntegration ? Object(input) : {};
    const reference = task.functionReference ?? String(parameters.FunctionName);
    const logicalId = lambda.find(reference);
    if (logicalId === undefined) {
      throw new TaskError('Lambda.ResourceNotFoundException', `Function not found: ${reference}`);
    }
    const payload = isIntegration ? (parameters.Payload ?? {}) : input;
    const result = await lambda.invoke(logicalId, JSON.stringify(payload));
    if ('error' in result) {
      throw new TaskError(result.error.errorType || 'Lambda.Unknown', JSON.stringify(result.error));
    }
    const output: Json = JSON.parse(result.payload);
    return isIntegration ? { ExecutedVersion: '$LATEST', Payload: output, StatusCode: 200 } : output;
  }
}

type TaskHandlers = NonNullable<NonNullable<RunOptions['overrides']>['taskResourceLocalHandlers']>;

/** An error whose name Retry and Catch match. */
class TaskError extends Error {
  constructor(name: string, cause: string) {
    super(cause);
    this.name = name;
  }
}

/** The library asks an error for these two; no Retry and no Catch matches it. */
class ExecutionClosedError extends Error {
  readonly isRetryable = false;
  readonly isCatchable = false;
}

/**
 * Follows the machine from state to state. The library tells its events later and knows no `$$.State`, but it
 * takes each state out of the definition at the moment of the transition.
 */
class Transitions {
  /** `$$.State` */
  readonly state = { EnteredTime: '', Name: '', RetryCount: 0 };
  /** `$$.Task`, for the states that wait for a token */
  readonly task = { Token: '' };
  readonly #latency: Latency;
  readonly #pause: Pause;
  readonly #newId: () => string;
  #owedMs = 0;

  constructor({ latency, pause }: { readonly latency: Latency; readonly pause: Pause }, newId: () => string) {
    this.#latency = latency;
    this.#pause = pause;
    this.#newId = newId;
  }

  watch<T extends object>(states: T): T {
    return new Proxy(states, {
      get: (target, name, receiver) => {
        if (typeof name === 'string' && Object.hasOwn(target, name)) {
          this.state.Name = name;
          this.state.EnteredTime = new Date().toISOString();
          this.state.RetryCount = 0;
          this.task.Token = this.#newId();
          this.#owedMs += this.#latency('transition', name);
        }
        return Reflect.get(target, name, receiver);
      },
    });
  }

  /** A task failed: should it be tried again, it counts that and has another token. */
  fail(): void {
    this.state.RetryCount += 1;
    this.task.Token = this.#newId();
  }

  /** Only a Task can wait, so the latency of Pass, Choice and Wait states is paid by the next one or at the end. */
  async pay(): Promise<void> {
    const owed = this.#owedMs;
    this.#owedMs = 0;
    await this.#pause(owed);
  }
}

/** A Task's time-out that nothing catches ends the execution as TIMED_OUT, just like the machine's own. */
async function settle(run: Run): Promise<Outcome> {
  try {
    return { status: 'SUCCEEDED', output: JSON.stringify(await run.result) };
  } catch (error) {
    if (error instanceof ExecutionTimeoutError) return { status: 'TIMED_OUT', error: 'States.Timeout' };
    if (error instanceof ExecutionAbortedError) return { status: 'ABORTED' };
    if (!(error instanceof ExecutionError) || !(error.cause instanceof Error)) throw error;
    const { name, message } = error.cause;
    if (name === 'States.Timeout') return { status: 'TIMED_OUT', error: name };
    return { status: 'FAILED', error: name, cause: message };
  }
}

async function forward(emit: Emit, execution: string, { eventLogs }: Run): Promise<void> {
  for await (const event of eventLogs) {
    const detail = describe(execution, event);
    if (detail) emit(detail, event.timestamp);
  }
}

function describe(execution: string, event: LibraryEvent): HostEventDetail | undefined {
  switch (event.type) {
    case 'StateEntered':
      return { type: 'stateEntered', execution, state: event.state.name, input: event.state.input };
    case 'StateExited':
      return { type: 'stateExited', execution, state: event.state.name, output: event.state.output };
    case 'StateFailed':
      return { type: 'stateFailed', execution, state: event.state.name, error: event.Error };
    case 'StateRetried':
      return { type: 'stateRetried', execution, state: event.state.name, attempt: event.retry.attempt };
    case 'StateCaught':
      return { type: 'stateCaught', execution, state: event.state.name, next: event.catch.catcher.Next };
    default:
      return undefined;
  }
}

function parseInput(input: string): Json {
  try {
    return JSON.parse(input);
  } catch {
    throw new AwsError('InvalidExecutionInput', `Invalid State Machine Execution Input: '${input}'`);
  }
}
