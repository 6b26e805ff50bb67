import { within } from '../shared/clock.ts';
import type { SecretSource, TwilioSecret } from '../shared/secret.ts';
import { isSignedByTwilio } from './signature.ts';
import type { Webhook } from './webhook.ts';

/** Who sent a webhook. `unverifiable`: there is no secret to check the signature with. */
export type Authentication =
  | { readonly kind: 'genuine'; readonly secret: TwilioSecret }
  | { readonly kind: 'forged' }
  | { readonly kind: 'unverifiable'; readonly error: unknown };

/** Checks a webhook's signature. Never throws. */
export async function authenticate(webhook: Webhook, secrets: SecretSource): Promise<Authentication> {
  const signed = (secret: TwilioSecret): boolean =>
    isSignedByTwilio(secret.authTokens, webhook.signature, webhook.urls, webhook.parameters);
  try {
    const secret = await secrets.get();
    if (signed(secret)) {
      return { kind: 'genuine', secret };
    }
    // The token may have been rotated since the secret was read.
    const fresh = await secrets.getFresh();
    return fresh !== secret && signed(fresh) ? { kind: 'genuine', secret: fresh } : { kind: 'forged' };
  } catch (error) {
    return { kind: 'unverifiable', error };
  }
}

/** The same for a caller who waits: `unverifiable` when the secret cannot be had in time. Never throws. */
export const authenticateWithin = (
  milliseconds: number,
  webhook: Webhook,
  secrets: SecretSource,
): Promise<Authentication> =>
  within<Authentication>(milliseconds, authenticate(webhook, secrets), {
    kind: 'unverifiable',
    error: new Error('the secret was not read in time'),
  });
