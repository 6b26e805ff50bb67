import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import * as v from 'valibot';
import { AccountSid } from '../twilio/requests.ts';
import type { Clock } from './clock.ts';
import { ENVIRONMENT } from './contract.ts';
import { environmentVariable } from './environment.ts';
import { describeError, SecretInvalidError, SecretUnavailableError } from './errors.ts';
import type { Platform } from './platform.ts';

/**
 * What the secret holds. Auth tokens serve signatures only: the current one, and while it is rotated the next one.
 * Requests to Twilio use the API key. https://www.twilio.com/docs/iam/api-keys
 */
const TwilioSecret = v.object({
  accountSid: AccountSid,
  // An empty token would accept forged signatures.
  authTokens: v.pipe(v.array(v.pipe(v.string(), v.regex(/^\S{16,}$/))), v.minLength(1)),
  apiKeySid: v.pipe(v.string(), v.regex(/^SK[0-9a-f]{32}$/)),
  apiKeySecret: v.pipe(v.string(), v.regex(/^\S{16,}$/)),
});
export type TwilioSecret = v.InferOutput<typeof TwilioSecret>;

/** Reads the secret's value. Throws SecretInvalidError that names the fields that are wrong, never a value. */
export function parseSecret(value: string | undefined): TwilioSecret {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), TwilioSecret), value);
  if (parsed.success) {
    return parsed.output;
  }
  const wrong = new Set(parsed.issues.map((issue) => v.getDotPath(issue) ?? 'the JSON document'));
  throw new SecretInvalidError(
    `The secret is not what its description asks for. Wrong or missing: ${[...wrong].join(', ')}.`,
  );
}

export interface SecretSource {
  /**
   * The secret, at most five minutes old, or older when Secrets Manager does not answer. Throws SecretUnavailableError
   * or SecretInvalidError.
   */
  get(): Promise<TwilioSecret>;
  /** The secret read afresh, unless that was done a moment ago: a token may have been rotated since. */
  getFresh(): Promise<TwilioSecret>;
}

const MAXIMUM_AGE_MILLISECONDS = 5 * 60_000;
/** Whoever sends forged signatures must not make us read the secret for each. */
const MINIMUM_AGE_MILLISECONDS = 10_000;

/** Keeps the secret in memory between invocations. `read` gets its value from wherever it is. */
export function cachedSecret(read: () => Promise<string | undefined>, clock: Clock): SecretSource {
  let cached: { readonly secret: TwilioSecret; readonly readAt: number } | undefined;
  let triedAt = Number.NEGATIVE_INFINITY;

  async function atMostThisOld(milliseconds: number): Promise<TwilioSecret> {
    if (
      cached &&
      (clock.now() - cached.readAt < milliseconds || clock.now() - triedAt < MINIMUM_AGE_MILLISECONDS)
    ) {
      return cached.secret;
    }
    triedAt = clock.now();
    try {
      cached = { secret: parseSecret(await read()), readAt: clock.now() };
      return cached.secret;
    } catch (error) {
      if (cached) {
        return cached.secret;
      }
      if (error instanceof SecretInvalidError) {
        throw error;
      }
      const { name, message } = describeError(error);
      // Without the cause: the SDK's errors carry the request, and its signature with it.
      throw new SecretUnavailableError(`The secret could not be read: ${name}: ${message}`);
    }
  }

  return {
    get: () => atMostThisOld(MAXIMUM_AGE_MILLISECONDS),
    getFresh: () => atMostThisOld(MINIMUM_AGE_MILLISECONDS),
  };
}

/** What a function needs that reads the secret. */
export type SecretPlatform = Pick<Platform, 'environment' | 'secretsManager' | 'clock'>;

/** The secret that the stack made, from Secrets Manager: two attempts within the time, the pause in between included. */
export function secretFromSecretsManager(
  { environment, secretsManager, clock }: SecretPlatform,
  timeoutMilliseconds = 1_000,
): SecretSource {
  const client = secretsManager(2, timeoutMilliseconds * 0.45);
  const command = new GetSecretValueCommand({
    SecretId: environmentVariable(ENVIRONMENT.secretArn, environment),
  });
  return cachedSecret(async () => {
    const { SecretString } = await client.send(command, {
      abortSignal: AbortSignal.timeout(timeoutMilliseconds),
    });
    return SecretString;
  }, clock);
}
