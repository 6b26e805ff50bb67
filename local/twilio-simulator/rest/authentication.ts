import type { Credentials } from '../options.ts';

/** With what a request shows who sends it. */
export type Authenticator = 'api-key' | 'auth-token';

/** Basic authentication with an API key and its secret, or with the account's SID and its auth token. */
export function authenticator(
  authorization: string | undefined,
  credentials: Credentials,
): Authenticator | undefined {
  const { accountSid, authToken, apiKeySid, apiKeySecret } = credentials;
  const [scheme, encoded = ''] = authorization?.split(' ') ?? [];
  if (scheme?.toLowerCase() !== 'basic') return undefined;
  const given = Buffer.from(encoded, 'base64').toString();
  if (given === `${apiKeySid}:${apiKeySecret}`) return 'api-key';
  return given === `${accountSid}:${authToken}` ? 'auth-token' : undefined;
}
