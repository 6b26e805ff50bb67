import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { type ConnectionOverrides, splitConnectionOverrides } from './connection-overrides.ts';
import type { HttpOutcome, HttpRequest } from './transport.ts';
import type { DeliveryAttempt } from './truth.ts';
import type { World } from './world.ts';

/** A request from Twilio to somebody's server. */
export interface Delivery {
  /** May carry connection overrides in its fragment. */
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly params: Readonly<Record<string, string>>;
  readonly idempotencyToken: string;
  /** Called for each attempt, which counts from 1. */
  readonly onSent: (attempt: number) => void;
  readonly onAnswered: (attempt: number, result: DeliveryAttempt) => void;
}

/** Signs and sends a request, again if its connection overrides say so. Resolves to the last outcome; never rejects. */
export async function deliver(world: World, delivery: Delivery): Promise<HttpOutcome> {
  const { target, overrides } = splitConnectionOverrides(delivery.url);
  const deadline = world.now() + overrides.totalTimeoutMs;
  for (let attempt = 1; ; attempt += 1) {
    const at = world.now();
    delivery.onSent(attempt);
    const outcome = await world.transport.exchange({
      ...signed(world, target, delivery),
      connectTimeoutMs: Math.min(overrides.connectTimeoutMs, deadline - at),
      readTimeoutMs: Math.min(overrides.readTimeoutMs, deadline - at),
    });
    delivery.onAnswered(attempt, {
      at,
      ms: world.now() - at,
      httpStatus: 'httpStatus' in outcome ? outcome.httpStatus : undefined,
      failure: 'failure' in outcome ? outcome.failure : undefined,
    });
    const exhausted = attempt > overrides.retries || world.now() >= deadline || world.waiting.cancelled;
    if (exhausted || !isRetried(outcome, overrides)) return outcome;
  }
}

function isRetried(outcome: HttpOutcome, { retryOn }: ConnectionOverrides): boolean {
  if ('failure' in outcome) return retryOn.has(outcome.reason);
  return outcome.httpStatus >= 400 && retryOn.has(outcome.httpStatus < 500 ? '4xx' : '5xx');
}

/**
 * Fills in what the method asks for. GET carries the parameters in the query and signs only the URL; POST signs the
 * URL and the sorted parameters. The fragment, user and password are not signed; over HTTP the port is, over HTTPS
 * it is not, which cannot occur here. https://www.twilio.com/docs/usage/security#validating-requests
 */
function signed(
  world: World,
  target: string,
  { method, params, idempotencyToken }: Delivery,
): Pick<HttpRequest, 'url' | 'method' | 'headers' | 'body'> {
  const form = new URLSearchParams(params).toString();
  const inQuery = method === 'GET' && form !== '';
  const url = inQuery ? `${target}${target.includes('?') ? '&' : '?'}${form}` : target;
  const body = method === 'POST' ? form : undefined;
  const signature = getExpectedTwilioSignature(
    world.credentials.authToken,
    url.replace(/^(https?:\/\/)[^/?@]*@/i, '$1'),
    method === 'POST' ? { ...params } : {},
  );
  return {
    url,
    method,
    body,
    headers: {
      'User-Agent': 'TwilioProxy/1.1',
      Accept: '*/*',
      'X-Twilio-Signature': signature,
      'I-Twilio-Idempotency-Token': idempotencyToken,
      ...(body !== undefined && {
        'Content-Type': 'application/x-www-form-urlencoded; charset=UTF-8',
        'Content-Length': String(Buffer.byteLength(body)),
      }),
    },
  };
}
