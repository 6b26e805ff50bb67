import { createHash } from 'node:crypto';
import type { TwilioSecret } from '../lambda/shared/secret.ts';
import type { Credentials } from './twilio-simulator/simulator.ts';

/** Credentials that nobody else has, made from a seed so that a run can be repeated. */
export function credentialsFromSeed(seed: number): Credentials {
  const hex = (what: string): string =>
    createHash('sha256').update(`${what} ${seed}`).digest('hex').slice(0, 32);
  return {
    accountSid: `AC${hex('account')}`,
    authToken: hex('auth token'),
    apiKeySid: `SK${hex('api key')}`,
    apiKeySecret: hex('api key secret'),
  };
}

/** The secret's value for these credentials, as a person would put it in. */
export function secretValue({ accountSid, authToken, apiKeySid, apiKeySecret }: Credentials): string {
  const secret: TwilioSecret = { accountSid, authTokens: [authToken], apiKeySid, apiKeySecret };
  return JSON.stringify(secret);
}
