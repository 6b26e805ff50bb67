import type { SecretSource, TwilioSecret } from '../../../lambda/shared/secret.ts';
import { ACCOUNT_SID, API_KEY_SID } from './sids.ts';
import { AUTH_TOKEN } from './webhooks.ts';

export const NEXT_AUTH_TOKEN = 'the-next-token-of-the-account';

export const twilioSecret = (overrides: Partial<TwilioSecret> = {}): TwilioSecret => ({
  accountSid: ACCOUNT_SID,
  authTokens: [AUTH_TOKEN],
  apiKeySid: API_KEY_SID,
  apiKeySecret: 'the-secret-of-the-api-key',
  ...overrides,
});

/** Always the same secret, or one when it is cached and another when it is read afresh. */
export const secretSource = (cached = twilioSecret(), fresh = cached): SecretSource => ({
  get: async () => cached,
  getFresh: async () => fresh,
});

/** One with which a request is verified, and after that nothing goes well. */
export const unreadable: TwilioSecret = {
  ...twilioSecret(),
  get accountSid(): string {
    throw new Error('a mistake');
  },
};
