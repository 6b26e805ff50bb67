import { randomUUID } from 'node:crypto';
import type { CloudFaults } from '../faults/cloud-faults.ts';
import type { Activity } from './activity.ts';
import type { Emit } from './events.ts';
import { ExecutionEnvironment, type InvocationResult } from './execution-environment.ts';
import { drawDeath, unlessZombie } from './faults.ts';
import { type FunctionConfiguration, findFunction } from './functions.ts';
import type { Invoker } from './invoker.ts';
import type { Latency, Pause } from './latency.ts';

/** Environments kept warm for each function; Lambda keeps more, but each is a thread here. */
const MAX_IDLE = 64;

interface HostedFunction {
  readonly configuration: FunctionConfiguration;
  readonly idle: PooledEnvironment[];
  running: number;
}

interface PooledEnvironment {
  readonly environment: ExecutionEnvironment;
  requestId: string | undefined;
}

export interface LambdaOptions {
  readonly functions: readonly FunctionConfiguration[];
  readonly endpoints: Readonly<Record<string, string>>;
  /** Invocations which may run at the same time; Lambda's default is 1,000 for an account. */
  readonly concurrency: number;
  readonly activity: Activity;
  readonly emit: Emit;
  readonly latency: Latency;
  readonly pause: Pause;
  readonly faults: CloudFaults | undefined;
}

/** Runs the functions, each invocation in an environment of its own, warm ones first. */
export class Lambda implements Invoker {
  readonly #options: LambdaOptions;
  readonly #functions: ReadonlyMap<string, HostedFunction>;
  readonly #environments = new Set<ExecutionEnvironment>();
  #running = 0;
  #stopped = false;

  constructor(options: LambdaOptions) {
    this.#options = options;
    this.#functions = new Map(
      options.functions.map((configuration) => [
        configuration.logicalId,
        { configuration, idle: [], running: 0 },
      ]),
    );
  }

  find(reference: string): string | undefined {
    return findFunction(this.#options.functions, reference);
  }

  async invoke(logicalId: string, payload: string): Promise<InvocationResult> {
    const hosted = this.#functions.get(logicalId);
    if (!hosted) throw new Error(`The template has no function ${logicalId}`);
    const { activity, faults, latency, pause } = this.#options;
    const result = activity.track(async () => {
      await pause(latency('invoke', logicalId));
      return this.#run(hosted, payload);
    });
    return faults ? unlessZombie(faults, logicalId, payload, result, pause) : result;
  }

  /**
   * Initializes environments before anybody needs them, as provisioned concurrency does.
   *
   * @param environments how many of the function with this logical id
   */
  async provision(environments: (logicalId: string) => number): Promise<void> {
    const pooled = [...this.#functions].flatMap(([logicalId, hosted]) =>
      Array.from({ length: Math.min(environments(logicalId), MAX_IDLE) }, () => {
        const created = this.#create(hosted);
        hosted.idle.push(created);
        return created;
      }),
    );
    await Promise.all(pooled.map(({ environment }) => environment.ready));
  }

  /** Kills the environment that has these credentials, if it still lives. */
  crash(accessKeyId: string): void {
    const environment = [...this.#environments].find((one) => one.accessKeyId === accessKeyId);
    void environment?.terminate();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#environments].map((environment) => environment.terminate()));
  }

  async #run(hosted: HostedFunction, payload: string): Promise<InvocationResult> {
    const { emit, faults } = this.#options;
    const { logicalId, reservedConcurrency } = hosted.configuration;
    if (this.#stopped) return failure('Runtime.ExitError', 'The host stopped');
    if (this.#running >= this.#options.concurrency || hosted.running >= reservedConcurrency) {
      return failure('Lambda.TooManyRequestsException', 'Rate Exceeded.');
    }
    this.#running += 1;
    hosted.running += 1;
    const requestId = randomUUID();
    const warm = takeUsable(hosted.idle);
    const pooled = warm ?? this.#create(hosted);
    pooled.requestId = requestId;
    const started = performance.now();
    emit({ type: 'invocationStarted', function: logicalId, requestId, coldStart: warm === undefined });
    const result = await pooled.environment.invoke(requestId, payload, faults && drawDeath(faults, payload));
    emit({
      type: 'invocationEnded',
      function: logicalId,
      requestId,
      ms: performance.now() - started,
      timedOut: 'error' in result && result.timedOut,
      ...('error' in result && { error: result.error }),
    });
    pooled.requestId = undefined;
    this.#running -= 1;
    hosted.running -= 1;
    this.#release(hosted, pooled);
    return result;
  }

  #create(hosted: HostedFunction): PooledEnvironment {
    const { logicalId } = hosted.configuration;
    const environment = new ExecutionEnvironment(hosted.configuration, this.#options.endpoints, (line) => {
      const { requestId } = pooled;
      this.#options.emit({ type: 'log', function: logicalId, ...(requestId && { requestId }), line });
    });
    const pooled: PooledEnvironment = { environment, requestId: undefined };
    this.#environments.add(environment);
    return pooled;
  }

  #release(hosted: HostedFunction, pooled: PooledEnvironment): void {
    if (pooled.environment.usable && hosted.idle.length < MAX_IDLE && !this.#stopped) {
      hosted.idle.push(pooled);
      return;
    }
    void pooled.environment.terminate().then(() => this.#environments.delete(pooled.environment));
  }
}

/** An idle environment may have died since, by a timer that the handler left behind. */
function takeUsable(idle: PooledEnvironment[]): PooledEnvironment | undefined {
  let pooled = idle.pop();
  while (pooled && !pooled.environment.usable) pooled = idle.pop();
  return pooled;
}

function failure(errorType: string, errorMessage: string): InvocationResult {
  return { error: { errorType, errorMessage }, timedOut: false };
}
