import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import type { InvocationResult } from './execution-environment.ts';
import type { Invoker } from './invoker.ts';
import type { Queues } from './queues.ts';
import { EVENT_INVOKE_CONFIG, FUNCTION } from './resource-types.ts';
import type { Stack } from './stack.ts';
import type { Timers } from './timers.ts';

const EventInvokeConfigProperties = v.object({
  FunctionName: v.string(),
  Qualifier: v.literal('$LATEST'),
  MaximumEventAgeInSeconds: v.optional(v.number(), 6 * 60 * 60),
  MaximumRetryAttempts: v.optional(v.number(), 2),
  DestinationConfig: v.optional(
    v.object({
      OnSuccess: v.optional(v.never('only OnFailure is hosted')),
      OnFailure: v.optional(v.object({ Destination: v.string() })),
    }),
  ),
});

interface Settings {
  readonly functionArn: string;
  readonly maximumEventAgeMs: number;
  readonly maximumRetryAttempts: number;
  /** ARN of a queue. */
  readonly onFailure: string | undefined;
}

interface AsyncEvent {
  readonly requestId: string;
  readonly logicalId: string;
  /** A JSON text. */
  readonly payload: string;
  /** Milliseconds since the epoch. */
  readonly enqueuedAt: number;
}

const MINUTE_MS = 60_000;
const LONGEST_THROTTLED_WAIT_MS = 5 * MINUTE_MS;

/**
 * Asynchronous invocations: Lambda itself tries again when the function fails.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
export class AsyncInvocations {
  readonly #lambda: Pick<Invoker, 'invoke'>;
  readonly #queues: Queues;
  readonly #timers: Timers;
  readonly #settings: ReadonlyMap<string, Settings>;

  /** @throws Error naming the configuration which cannot be hosted */
  constructor(stack: Stack, lambda: Pick<Invoker, 'invoke'>, queues: Queues, timers: Timers) {
    this.#lambda = lambda;
    this.#queues = queues;
    this.#timers = timers;
    this.#settings = readSettings(stack, queues);
  }

  /**
   * Resolves to what the first attempt gave; the others go on after that.
   *
   * @param payload a JSON text
   */
  async invoke(logicalId: string, payload: string): Promise<InvocationResult> {
    const event: AsyncEvent = { requestId: randomUUID(), logicalId, payload, enqueuedAt: Date.now() };
    const first = await this.#lambda.invoke(logicalId, payload);
    void this.#retry(event, first);
    return first;
  }

  async #retry(event: AsyncEvent, first: InvocationResult): Promise<void> {
    const settings = this.#settings.get(event.logicalId);
    if (!settings) throw new Error(`The template has no function ${event.logicalId}`);
    let result = first;
    let failures = 0;
    let throttles = 0;
    while ('error' in result) {
      const isThrottled = result.error.errorType === 'Lambda.TooManyRequestsException';
      if (isThrottled) throttles += 1;
      else failures += 1;
      if (failures > settings.maximumRetryAttempts) {
        return this.#discard('RetriesExhausted', event, settings, failures, result);
      }
      const waitMs = isThrottled
        ? Math.min(1000 * 2 ** (throttles - 1), LONGEST_THROTTLED_WAIT_MS)
        : failures * MINUTE_MS;
      const leftMs = event.enqueuedAt + settings.maximumEventAgeMs - Date.now();
      await this.#timers.wait(Math.min(waitMs, leftMs));
      if (waitMs >= leftMs) return this.#discard('EventAgeExceeded', event, settings, failures, result);
      result = await this.#lambda.invoke(event.logicalId, event.payload);
    }
  }

  /** @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html */
  #discard(
    condition: 'RetriesExhausted' | 'EventAgeExceeded',
    { requestId, payload }: AsyncEvent,
    { functionArn, onFailure }: Settings,
    approximateInvokeCount: number,
    result: InvocationResult & { readonly error: unknown },
  ): void {
    if (onFailure === undefined) return;
    const record = {
      version: '1.0',
      timestamp: new Date().toISOString(),
      requestContext: {
        requestId,
        functionArn: `${functionArn}:$LATEST`,
        condition,
        approximateInvokeCount,
      },
      requestPayload: JSON.parse(payload),
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      responsePayload: result.error,
    };
    this.#queues.send(onFailure, { body: JSON.stringify(record), attributes: {} });
  }
}

/** By the function's logical id. */
function readSettings(stack: Stack, queues: Queues): ReadonlyMap<string, Settings> {
  const configured = stack.resources(EVENT_INVOKE_CONFIG).map((resource) => {
    const properties = stack.properties(resource, EventInvokeConfigProperties);
    const onFailure = properties.DestinationConfig?.OnFailure?.Destination;
    if (onFailure !== undefined && !queues.has(onFailure)) {
      throw new Error(
        `${EVENT_INVOKE_CONFIG} ${resource.logicalId} is not hosted: the template has no queue ${onFailure}`,
      );
    }
    return { properties, onFailure };
  });
  return new Map(
    stack.resources(FUNCTION).map((resource) => {
      const { ref, attributes } = stack.identity(resource);
      const functionArn = String(attributes.Arn);
      const own = configured.find(({ properties }) => [ref, functionArn].includes(properties.FunctionName));
      const { MaximumEventAgeInSeconds, MaximumRetryAttempts } = own?.properties ?? DEFAULTS;
      return [
        resource.logicalId,
        {
          functionArn,
          maximumEventAgeMs: MaximumEventAgeInSeconds * 1000,
          maximumRetryAttempts: MaximumRetryAttempts,
          onFailure: own?.onFailure,
        },
      ];
    }),
  );
}

const DEFAULTS = v.parse(EventInvokeConfigProperties, { FunctionName: '', Qualifier: '$LATEST' });
