/**
 * The worker thread that is one Lambda execution environment: it loads the handler once and then runs one
 * invocation at a time. Plain Node starts this file, also when Jest loaded the host.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
 */
import { existsSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { dieAtRequest } from './environment-death.ts';
import {
  CODE_CACHE,
  type EnvironmentData,
  type EnvironmentMessage,
  type Invocation,
} from './environment-protocol.ts';
import type { InvocationError } from './events.ts';

type Handler = (event: unknown, context: unknown) => unknown;

const data: EnvironmentData = workerData;

function send(message: EnvironmentMessage): void {
  parentPort?.postMessage(message);
}

/** A worker's own streams need its event loop; lines of a handler which never yields would be lost. */
function forwardOutput(stream: 'stdout' | 'stderr'): void {
  process[stream].write = (
    chunk: string | Uint8Array,
    encodingOrCallback?: unknown,
    callback?: (error?: Error | null) => void,
  ): boolean => {
    send({ type: 'output', stream, text: typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString() });
    const written = typeof encodingOrCallback === 'function' ? encodingOrCallback : callback;
    if (written) process.nextTick(written);
    return true;
  };
}

/** @see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html */
async function loadHandler(): Promise<Handler> {
  const dot = data.handler.lastIndexOf('.');
  const base = join(data.codeDirectory, data.handler.slice(0, dot));
  const file = ['.js', '.mjs', '.cjs'].map((extension) => base + extension).find(existsSync);
  if (file === undefined) throw named('Runtime.ImportModuleError', `Error: Cannot find module '${base}'`);
  const module: Record<string, unknown> = await import(pathToFileURL(file).href);
  const name = data.handler.slice(dot + 1);
  // Exports that Node cannot see in a CommonJS file's text are found on its default export.
  const handler = module[name] ?? Object(module.default)[name];
  if (typeof handler !== 'function') {
    throw named('Runtime.HandlerNotFound', `${data.handler} is undefined or not exported`);
  }
  return (event, context) => handler(event, context);
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

/** The shape of `FunctionError` answers: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html */
function describe(thrown: unknown): InvocationError {
  if (!(thrown instanceof Error))
    return { errorType: typeof thrown, errorMessage: String(thrown), trace: [] };
  return { errorType: thrown.name, errorMessage: thrown.message, trace: (thrown.stack ?? '').split('\n') };
}

async function run(handler: Handler, { requestId, payload, deadline, death }: Invocation): Promise<void> {
  const context = {
    awsRequestId: requestId,
    callbackWaitsForEmptyEventLoop: true,
    functionName: data.functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: data.arn,
    logGroupName: data.logGroupName,
    logStreamName: data.logStreamName,
    memoryLimitInMB: String(data.memoryMegabytes),
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
  const callOff = death && dieAtRequest(death);
  try {
    const result = await handler(JSON.parse(payload), context);
    send({ type: 'answer', payload: JSON.stringify(result ?? null) });
  } catch (error) {
    send({ type: 'failure', error: describe(error) });
  } finally {
    callOff?.();
  }
}

// Not of the function’s environment.
delete process.env[CODE_CACHE];
forwardOutput('stdout');
forwardOutput('stderr');
try {
  const handler = await loadHandler();
  // Before it may be terminated.
  flushCompileCache();
  parentPort?.on('message', (invocation: Invocation) => run(handler, invocation));
  send({ type: 'initialized' });
} catch (error) {
  send({ type: 'failure', error: describe(error) });
  process.exit(1);
}
