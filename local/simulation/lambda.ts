import type { Platform } from '../../lambda/shared/platform.ts';
import type { CloudFaults } from '../faults/cloud-faults.ts';
import type { Activity } from '../host/activity.ts';
import type { InvocationResult } from '../host/execution-environment.ts';
import { type FunctionConfiguration, findFunction } from '../host/functions.ts';
import type { Invoker } from '../host/invoker.ts';
import { cut } from './cut.ts';
import type { Draws } from './draws.ts';
import { type Effects, type Invocation, sleep } from './effects.ts';
import type { History, HistoryEntry } from './history.ts';

/** What `lambda/<function>/wire.ts` makes. */
export type Handler = (event: never, requestId: string) => Promise<unknown>;

/** Makes an execution environment's handler, as loading a function's code does. */
export type Wire = (platform: Platform) => Handler;

export interface SimulatedFunction {
  readonly configuration: FunctionConfiguration;
  /** `start-recording` */
  readonly functionId: string;
  readonly wire: Wire;
}

export interface SimulatedLambdaOptions {
  readonly functions: readonly SimulatedFunction[];
  /** What an environment of the function stands on. */
  readonly platformOf: (configuration: FunctionConfiguration) => Platform;
  readonly effects: Effects;
  readonly faults: CloudFaults;
  readonly draws: Draws;
  readonly history: History;
  readonly activity: Activity;
  /** Invocations which may run at the same time. */
  readonly concurrency: number;
}

interface HostedFunction extends SimulatedFunction {
  /** Handlers of environments which have nothing to do, the one used last at the end. */
  readonly idle: Handler[];
  running: number;
}

/** How long a new environment takes until it can be used. */
const COLD_START = { median: 350, p99: 900 };
/** After how long whoever invoked a function gives up on it, when that befalls it. */
const GIVEN_UP_AFTER = { median: 100, p99: 3_000 };
const GIVEN_UP_ERRORS = ['Sandbox.Timedout', 'Lambda.Unknown'] as const;

/** Lambda in this process: each environment is a handler of its own, with what it remembers between invocations. */
export class SimulatedLambda implements Invoker {
  readonly #options: SimulatedLambdaOptions;
  readonly #functions: ReadonlyMap<string, HostedFunction>;
  readonly #configurations: readonly FunctionConfiguration[];
  #invocations = 0;
  #running = 0;
  #stopped = false;

  constructor(options: SimulatedLambdaOptions) {
    this.#options = options;
    this.#configurations = options.functions.map(({ configuration }) => configuration);
    this.#functions = new Map(
      options.functions.map((one) => [one.configuration.logicalId, { ...one, idle: [], running: 0 }]),
    );
  }

  find(reference: string): string | undefined {
    return findFunction(this.#configurations, reference);
  }

  async invoke(logicalId: string, payload: string): Promise<InvocationResult> {
    const hosted = this.#functions.get(logicalId);
    if (!hosted) throw new Error(`The template has no function ${logicalId}`);
    if (this.#stopped) return failure('Runtime.ExitError', 'The simulation stopped');
    if (
      this.#running >= this.#options.concurrency ||
      hosted.running >= hosted.configuration.reservedConcurrency
    ) {
      return failure('Lambda.TooManyRequestsException', 'Rate Exceeded.');
    }
    return this.#begin(hosted, payload);
  }

  /** Lets nothing begin; what runs has no effect any more. */
  stop(): void {
    this.#stopped = true;
  }

  #begin(hosted: HostedFunction, payload: string): Promise<InvocationResult> {
    const { activity, faults, draws } = this.#options;
    const { functionId } = hosted;
    const event: unknown = JSON.parse(payload);
    this.#invocations += 1;
    this.#running += 1;
    hosted.running += 1;
    const died = Promise.withResolvers<InvocationResult>();
    const requestId = `request-${String(this.#invocations).padStart(7, '0')}`;
    const invocation: Invocation = {
      requestId,
      functionId,
      callSid: callSidOf(payload, event),
      dead: false,
      crash: () =>
        die('Runtime.ExitError', `RequestId: ${requestId} Error: Runtime exited with error: exit status 1`),
    };
    const die = (errorType: string, errorMessage: string): void => {
      invocation.dead = true;
      died.resolve(failure(errorType, errorMessage));
    };
    const subject = invocation.callSid ?? functionId;
    this.#record(subject, invocation, 'invoked');
    const ended = activity.track(async () => {
      const result = await Promise.race([this.#run(hosted, invocation, event, die), died.promise]);
      this.#running -= 1;
      hosted.running -= 1;
      this.#record(subject, invocation, 'error' in result ? 'failed' : 'done', result);
      return result;
    });
    if (!faults.isZombie(functionId, subject)) return ended;
    return activity.track(async () => {
      await sleep(draws.latency(subject, GIVEN_UP_AFTER));
      const errorType = GIVEN_UP_ERRORS[draws.share(subject) < 0.5 ? 0 : 1];
      const result = failure(errorType, `RequestId: ${requestId} Error: nobody knows what became of it`);
      this.#record(subject, invocation, 'unknown', result);
      return result;
    });
  }

  async #run(
    hosted: HostedFunction,
    invocation: Invocation,
    event: unknown,
    die: (errorType: string, errorMessage: string) => void,
  ): Promise<InvocationResult> {
    const { effects, draws, platformOf } = this.#options;
    const { requestId, callSid, functionId } = invocation;
    const { configuration, idle, wire } = hosted;
    let handler = idle.pop();
    if (!handler) {
      await sleep(draws.latency(callSid ?? functionId, COLD_START));
      try {
        handler = wire(platformOf(configuration));
      } catch (error) {
        return describe(error);
      }
    }
    const usable = handler;
    const { timeoutSeconds } = configuration;
    const timer = setTimeout(
      () =>
        die(
          'Sandbox.Timedout',
          `RequestId: ${requestId} Error: Task timed out after ${timeoutSeconds.toFixed(2)} seconds`,
        ),
      timeoutSeconds * 1000,
    );
    const release = (): void => {
      clearTimeout(timer);
      if (!invocation.dead) idle.push(usable);
    };
    try {
      const result = await effects.within(invocation, () => usable(event as never, requestId));
      release();
      return { payload: JSON.stringify(result ?? null) };
    } catch (error) {
      release();
      return describe(error);
    }
  }

  #record(
    subject: string,
    { requestId, functionId }: Invocation,
    phase: HistoryEntry['phase'],
    result?: InvocationResult,
  ): void {
    this.#options.history.record(subject, {
      at: Date.now(),
      requestId,
      functionId,
      target: 'lambda',
      operation: 'invoke',
      phase,
      detail: result && 'error' in result ? { error: result.error.errorType } : undefined,
    });
  }
}

/** Of what the state machine passes, or of a webhook's form. */
function callSidOf(payload: string, event: unknown): string | undefined {
  const callSid = cut(/"callSid":"(CA[0-9a-f]{32})"/, payload);
  const { body, isBase64Encoded } = Object(event);
  if (callSid !== undefined || typeof body !== 'string') return callSid;
  return callSidOfForm(isBase64Encoded ? Buffer.from(body, 'base64').toString() : body);
}

export const callSidOfForm = (form: string): string | undefined =>
  cut(/(?:^|&)CallSid=(CA[0-9a-f]{32})(?:&|$)/, form);

function describe(thrown: unknown): InvocationResult {
  return thrown instanceof Error
    ? failure(thrown.name, thrown.message)
    : failure(typeof thrown, String(thrown));
}

function failure(errorType: string, errorMessage: string): InvocationResult {
  return { error: { errorType, errorMessage }, timedOut: errorType === 'Sandbox.Timedout' };
}
