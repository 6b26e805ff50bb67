/** Why a delivery is tried again; `ct` no connection, `rt` no answer in time. */
export type RetryReason = 'ct' | 'rt' | '4xx' | '5xx';

/** How patient Twilio is with a webhook. Durations in milliseconds. */
export interface ConnectionOverrides {
  readonly connectTimeoutMs: number;
  readonly readTimeoutMs: number;
  /** All tries together. */
  readonly totalTimeoutMs: number;
  readonly retries: number;
  readonly retryOn: ReadonlySet<string>;
}

const ALL: readonly RetryReason[] = ['ct', 'rt', '4xx', '5xx'];

/**
 * Splits off a URL's fragment, which holds the connection overrides and is neither sent nor signed.
 * https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
 */
export function splitConnectionOverrides(url: string): { target: string; overrides: ConnectionOverrides } {
  const hash = url.indexOf('#');
  const target = hash === -1 ? url : url.slice(0, hash);
  const given = new URLSearchParams(hash === -1 ? '' : url.slice(hash + 1));
  const whole = (key: string, min: number, max: number, otherwise: number) => {
    const value = Number(given.get(key) ?? otherwise);
    return Number.isInteger(value) && value >= min && value <= max ? value : otherwise;
  };
  const policy = (given.get('rp') ?? 'ct').split(',');
  return {
    target,
    overrides: {
      connectTimeoutMs: whole('ct', 100, 10_000, 5_000),
      readTimeoutMs: whole('rt', 100, 15_000, 15_000),
      totalTimeoutMs: whole('tt', 100, 15_000, 15_000),
      retries: whole('rc', 0, 5, 1),
      retryOn: new Set(policy.includes('all') ? ALL : policy),
    },
  };
}
