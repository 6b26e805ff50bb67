import { inspect } from 'node:util';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { SecretInvalidError, SecretUnavailableError } from '../../../lambda/shared/errors.ts';
import { cachedSecret, parseSecret, type SecretSource } from '../../../lambda/shared/secret.ts';
import { type ManualClock, manualClock } from '../support/manual-clock.ts';
import { NEXT_AUTH_TOKEN, twilioSecret } from '../support/secrets.ts';

const MINUTE = 60_000;
const before = twilioSecret();
const rotated = twilioSecret({ authTokens: [NEXT_AUTH_TOKEN] });

let clock: ManualClock;
let reads: number;
/** What Secrets Manager has; undefined when it does not answer. */
let stored: string | undefined;
let source: SecretSource;

beforeEach(() => {
  clock = manualClock();
  reads = 0;
  stored = JSON.stringify(before);
  source = cachedSecret(async () => {
    reads++;
    if (stored === undefined) {
      throw new Error('no answer');
    }
    return stored;
  }, clock);
});

describe('a secret', () => {
  test('is read once and kept for five minutes', async () => {
    expect(await source.get()).toEqual(before);
    clock.advance(5 * MINUTE - 1);
    expect(await source.get()).toEqual(before);
    expect(reads).toBe(1);
  });

  test('is read again after five minutes', async () => {
    await source.get();
    stored = JSON.stringify(rotated);
    clock.advance(5 * MINUTE);
    expect(await source.get()).toEqual(rotated);
    expect(reads).toBe(2);
  });

  test('that was rotated is found at once by who asks for a fresh one, and then by all', async () => {
    await source.get();
    stored = JSON.stringify(rotated);
    clock.advance(10_000);
    expect(await source.get()).toEqual(before);
    expect(await source.getFresh()).toEqual(rotated);
    expect(await source.get()).toEqual(rotated);
    expect(reads).toBe(2);
  });

  test('is read afresh every ten seconds at most, however often somebody asks', async () => {
    await source.get();
    for (let second = 0; second < 60; second++) {
      await source.getFresh();
      await source.getFresh();
      clock.advance(1_000);
    }
    expect(reads).toBe(6);
  });

  test('is the very same object until it is read again', async () => {
    const first = await source.get();
    expect(await source.getFresh()).toBe(first);
    clock.advance(10_000);
    expect(await source.getFresh()).not.toBe(first);
  });
});

describe('a secret that cannot be read', () => {
  test('is an error that says why, while none is known', async () => {
    stored = undefined;
    await expect(source.get()).rejects.toThrow(SecretUnavailableError);
    await expect(source.get()).rejects.toThrow('Error: no answer');
  });

  test('is an error without the cause, which may carry a signed request', async () => {
    const request = { headers: { authorization: 'AWS4-HMAC-SHA256 Signature=abc' } };
    const failing = cachedSecret(
      () => Promise.reject(Object.assign(new Error('no answer'), { $response: request, request })),
      clock,
    );
    const error: unknown = await failing.get().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SecretUnavailableError);
    expect(error).not.toHaveProperty('cause');
    expect(inspect(error, { depth: null })).not.toContain('Signature');
  });

  test('is tried again by the next that asks for it', async () => {
    stored = undefined;
    await expect(source.getFresh()).rejects.toThrow(SecretUnavailableError);
    stored = JSON.stringify(before);
    expect(await source.get()).toEqual(before);
  });

  test.each([
    ['does not answer', undefined],
    ['has become invalid', '{}'],
  ])('is the last one that was known, however old, when Secrets Manager %s', async (_, now) => {
    await source.get();
    stored = now;
    for (let hour = 0; hour < 3; hour++) {
      clock.advance(60 * MINUTE);
      expect(await source.get()).toEqual(before);
      expect(await source.getFresh()).toEqual(before);
    }
  });

  test('is not asked for with each request while Secrets Manager does not answer', async () => {
    await source.get();
    stored = undefined;
    clock.advance(60 * MINUTE);
    for (let second = 0; second < 20; second++) {
      await source.get();
      clock.advance(1_000);
    }
    expect(reads).toBe(3);
  });

  test('is found again when Secrets Manager answers again', async () => {
    await source.get();
    stored = undefined;
    clock.advance(60 * MINUTE);
    await source.get();
    stored = JSON.stringify(rotated);
    clock.advance(10_000);
    expect(await source.get()).toEqual(rotated);
  });

  test('that is invalid is an error of its own, which only a person can mend', async () => {
    stored = '{}';
    await expect(source.get()).rejects.toThrow(SecretInvalidError);
  });
});

describe('a value', () => {
  test('with all fields is a secret, whatever else it holds', () => {
    expect(parseSecret(JSON.stringify({ ...before, comment: 'ours' }))).toEqual(before);
    const two = twilioSecret({ authTokens: ['a'.repeat(32), 'b'.repeat(32)] });
    expect(parseSecret(JSON.stringify(two))).toEqual(two);
  });

  test.each<[string, object, string]>([
    ['an empty token', { authTokens: [''] }, 'authTokens.0'],
    ['a blank token', { authTokens: [' '.repeat(32)] }, 'authTokens.0'],
    ['a short token', { authTokens: ['secret'] }, 'authTokens.0'],
    ['an empty second token', { authTokens: ['a'.repeat(32), ''] }, 'authTokens.1'],
    ['a token with a line end', { authTokens: [`${'a'.repeat(32)}\n`] }, 'authTokens.0'],
    ['no tokens', { authTokens: [] }, 'authTokens'],
    ['a token that is no list', { authTokens: 'a'.repeat(32) }, 'authTokens'],
    ['no account', { accountSid: undefined }, 'accountSid'],
    ['another account', { accountSid: 'AC-secret' }, 'accountSid'],
    ['the account for a key', { apiKeySid: before.accountSid }, 'apiKeySid'],
    ['no key secret', { apiKeySecret: undefined }, 'apiKeySecret'],
    ['an empty key secret', { apiKeySecret: '' }, 'apiKeySecret'],
    [
      'all wrong',
      { accountSid: 1, authTokens: 2, apiKeySid: 3, apiKeySecret: 4 },
      'accountSid, authTokens, apiKeySid, apiKeySecret',
    ],
  ])('with %s is refused, by the name of the field', (_, changes, fields) => {
    expect(() => parseSecret(JSON.stringify({ ...before, ...changes }))).toThrow(
      new SecretInvalidError(`The secret is not what its description asks for. Wrong or missing: ${fields}.`),
    );
  });

  test.each([undefined, '', 'password123', '{"accountSid": "password123"', '"password123"', 'null', '[]'])(
    'that is no JSON object, %j, is refused',
    (value) => {
      expect(() => parseSecret(value)).toThrow(SecretInvalidError);
    },
  );

  test.each(['password123', '{"authTokens": ["password123"]}', '{"password123": 1}', '["password123"]'])(
    'is never told by the error: %s',
    (value) => {
      let error: unknown;
      try {
        parseSecret(value);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(SecretInvalidError);
      expect(String(error)).not.toContain('password123');
      expect(error).not.toHaveProperty('cause');
    },
  );
});
