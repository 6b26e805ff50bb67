import type { Credentials } from '../options.ts';

/** Basic authentication with an API key and its secret, or with the account's SID and its auth token. */
export function isAuthentic(authorization: string | undefined, credentials: Credentials): boolean {
  const { accountSid, authToken, apiKeySid, apiKeySecret } = credentials;
  const [scheme, encoded = ''] = authorization?.split(' ') ?? [];
  if (scheme?.toLowerCase() !== 'basic') return false;
  const given = Buffer.from(encoded, 'base64').toString();
  return given === `${apiKeySid}:${apiKeySecret}` || given === `${accountSid}:${authToken}`;
}
