import { randomBytes, randomUUID } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { temporaryFolder } from '../temporary-folder.ts';
import {
  CODE_CACHE,
  type Death,
  type EnvironmentData,
  type EnvironmentMessage,
  type Invocation,
} from './environment-protocol.ts';
import type { InvocationError } from './events.ts';
import type { FunctionConfiguration } from './functions.ts';
import { REGION } from './stack.ts';

export type InvocationResult =
  | { readonly payload: string }
  | { readonly error: InvocationError; readonly timedOut: boolean };

/** Lambda's limit for loading a function's code. */
const INIT_LIMIT_MS = 10_000;

/** One worker thread which runs one invocation at a time, as one execution environment of Lambda does. */
export class ExecutionEnvironment {
  /** Tells its requests to AWS from those of others. */
  readonly accessKeyId = `ASIA${randomBytes(8).toString('hex').toUpperCase()}`;
  readonly #configuration: FunctionConfiguration;
  readonly #worker: Worker;
  readonly #initialized = Promise.withResolvers<void>();
  readonly #exited = Promise.withResolvers<void>();
  readonly #onLine: (line: string) => void;
  readonly #partialLines = { stdout: '', stderr: '' };
  #settle: ((result: InvocationResult) => void) | undefined;
  #requestId = '';
  #isInitialized = false;
  #usable = true;

  /**
   * @param endpoints the `AWS_ENDPOINT_URL*` variables
   * @param onLine receives each line which the function prints
   */
  constructor(
    configuration: FunctionConfiguration,
    endpoints: Readonly<Record<string, string>>,
    onLine: (line: string) => void,
  ) {
    this.#configuration = configuration;
    this.#onLine = onLine;
    const logStreamName = `[$LATEST]${randomUUID().replaceAll('-', '')}`;
    const workerData: EnvironmentData = {
      codeDirectory: configuration.codeDirectory,
      handler: configuration.handler,
      functionName: configuration.functionName,
      arn: configuration.arn,
      memoryMegabytes: configuration.memoryMegabytes,
      logGroupName: configuration.logGroupName,
      logStreamName,
    };
    this.#worker = new Worker(new URL('./environment.ts', import.meta.url), {
      argv: [],
      execArgv: [],
      env: {
        ...environmentVariables(configuration, logStreamName, this.accessKeyId, endpoints),
        [CODE_CACHE]: codeCache(),
      },
      workerData,
    });
    this.#worker.on('message', (message: EnvironmentMessage) => this.#receive(message));
    this.#worker.on('error', (error) => this.#print('stderr', `${describe(error)}\n`));
    this.#worker.on('exit', (code) => this.#exit(code));
  }

  /** Whether it can take another invocation. */
  get usable(): boolean {
    return this.#usable;
  }

  /** Resolves when the code is loaded, or when that failed and the environment is gone. */
  get ready(): Promise<void> {
    return Promise.race([this.#initialized.promise, this.#exited.promise]);
  }

  async invoke(requestId: string, payload: string, death?: Death): Promise<InvocationResult> {
    const { promise, resolve } = Promise.withResolvers<InvocationResult>();
    this.#settle = resolve;
    this.#requestId = requestId;
    const timeOut = (seconds: number) => {
      const errorMessage = `RequestId: ${requestId} Error: Task timed out after ${seconds.toFixed(2)} seconds`;
      this.#usable = false;
      this.#finish({ error: { errorType: 'Sandbox.Timedout', errorMessage }, timedOut: true });
      void this.terminate();
    };
    let timer = setTimeout(() => timeOut(INIT_LIMIT_MS / 1000), INIT_LIMIT_MS);
    const answered = promise.finally(() => clearTimeout(timer));
    await Promise.race([this.#initialized.promise, answered]);
    if (this.#settle === resolve) {
      clearTimeout(timer);
      const timeoutMs = this.#configuration.timeoutSeconds * 1000;
      timer = setTimeout(() => timeOut(this.#configuration.timeoutSeconds), timeoutMs);
      const deadline = Date.now() + timeoutMs;
      const invocation: Invocation = { requestId, payload, deadline, ...(death && { death }) };
      this.#worker.postMessage(invocation);
    }
    return answered;
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
    await this.#exited.promise;
  }

  #receive(message: EnvironmentMessage): void {
    switch (message.type) {
      case 'initialized':
        this.#isInitialized = true;
        this.#initialized.resolve();
        break;
      case 'output':
        this.#print(message.stream, message.text);
        break;
      case 'answer':
        this.#finish({ payload: message.payload });
        break;
      case 'failure':
        this.#usable = this.#isInitialized;
        this.#finish({ error: message.error, timedOut: false });
        break;
    }
  }

  #print(stream: 'stdout' | 'stderr', text: string): void {
    const lines = (this.#partialLines[stream] + text).split('\n');
    this.#partialLines[stream] = lines.pop() ?? '';
    for (const line of lines) this.#onLine(line);
  }

  #finish(result: InvocationResult): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      if (this.#partialLines[stream] !== '') this.#print(stream, '\n');
    }
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(result);
  }

  #exit(code: number): void {
    this.#usable = false;
    const reason =
      code === 0 ? 'exited without providing a reason' : `exited with error: exit status ${code}`;
    const errorMessage = `RequestId: ${this.#requestId} Error: Runtime ${reason}`;
    this.#finish({ error: { errorType: 'Runtime.ExitError', errorMessage }, timedOut: false });
    this.#exited.resolve();
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Made when it is first needed, and gone with the process. */
let ownCodeCache: string | undefined;

/** Where an environment keeps what it compiled for those that come after it: that is most of what it costs to start one. */
function codeCache(): string {
  ownCodeCache ??= process.env[CODE_CACHE] || temporaryFolder().path;
  return ownCodeCache;
}

/**
 * Nothing of the host's own variables: a function sees its own and those of the Lambda runtime.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
 */
function environmentVariables(
  configuration: FunctionConfiguration,
  logStreamName: string,
  accessKeyId: string,
  endpoints: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    LANG: 'en_US.UTF-8',
    PATH: '/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin',
    TZ: ':UTC',
    ...configuration.variables,
    _HANDLER: configuration.handler,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: randomBytes(20).toString('hex'),
    AWS_SESSION_TOKEN: randomBytes(20).toString('hex'),
    AWS_DEFAULT_REGION: REGION,
    AWS_REGION: REGION,
    AWS_EXECUTION_ENV: `AWS_Lambda_${configuration.runtime}`,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(configuration.memoryMegabytes),
    AWS_LAMBDA_FUNCTION_NAME: configuration.functionName,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_FORMAT: configuration.logFormat,
    ...(configuration.logLevel === undefined ? {} : { AWS_LAMBDA_LOG_LEVEL: configuration.logLevel }),
    AWS_LAMBDA_LOG_GROUP_NAME: configuration.logGroupName,
    AWS_LAMBDA_LOG_STREAM_NAME: logStreamName,
    LAMBDA_TASK_ROOT: configuration.codeDirectory,
    // The SDK would read the profile of whoever runs the host.
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    ...endpoints,
  };
}
