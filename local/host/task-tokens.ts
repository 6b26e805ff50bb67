import { AwsError } from './aws-error.ts';

interface Waiting {
  readonly resolve: (output: string) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The tokens that tasks wait for.
 *
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token
 */
export class TaskTokens {
  readonly #waiting = new Map<string, Waiting>();
  readonly #closed = new Set<string>();

  /**
   * The output that SendTaskSuccess brings, a JSON text.
   *
   * @throws Error named as SendTaskFailure says, or `States.Timeout`
   */
  wait(token: string, timeoutMs: number): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#waiting.set(token, { resolve, reject });
    const timer = setTimeout(() => reject(named('States.Timeout', '')), timeoutMs);
    // Whoever waits handles the rejection; this chain must not count as an unhandled one.
    promise.finally(() => clearTimeout(timer)).catch(() => undefined);
    return promise;
  }

  /** @param error what whoever waits is told */
  close(token: string, error: Error = named('States.TaskFailed', 'The task ended')): void {
    this.#waiting.get(token)?.reject(error);
    this.#waiting.delete(token);
    this.#closed.add(token);
  }

  closeAll(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
  }

  /** @throws AwsError as documented for SendTaskSuccess */
  succeed(token: string, output: string): void {
    const waiting = this.#find(token);
    try {
      JSON.parse(output);
    } catch {
      throw new AwsError('InvalidOutput', 'Invalid Output: it is no JSON text');
    }
    waiting.resolve(output);
  }

  /** @throws AwsError as documented for SendTaskFailure */
  fail(token: string, error: string, cause: string): void {
    this.#find(token).reject(named(error, cause));
  }

  #find(token: string): Waiting {
    const waiting = this.#waiting.get(token);
    if (waiting) return waiting;
    throw this.#closed.has(token)
      ? new AwsError('TaskTimedOut', 'Task Timed Out: The provided task does not exist anymore')
      : new AwsError('InvalidToken', 'Invalid Token');
  }
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
