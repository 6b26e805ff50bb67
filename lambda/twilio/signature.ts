import twilioWebhooks from 'twilio/lib/webhooks/webhooks.js';
import type { FormParameters } from './webhook.ts';

/**
 * Whether Twilio signed a request with one of the account's auth tokens. More than one counts while tokens rotate.
 * Never throws.
 *
 * @param signature the value of `X-Twilio-Signature`: 28 characters of base64
 * @see https://www.twilio.com/docs/usage/security#validating-requests
 */
export function isSignedByTwilio(
  authTokens: readonly string[],
  signature: string,
  urls: readonly string[],
  parameters: FormParameters,
): boolean {
  // A header that was sent twice arrives joined by a comma, and an empty token would accept anybody's signature.
  if (!/^[A-Za-z0-9+/]{27}=$/.test(signature)) {
    return false;
  }
  const tokens = authTokens.filter((token) => token !== '');
  return tokens.some((token) =>
    urls.some((url) => {
      try {
        return twilioWebhooks.validateRequest(token, signature, url, parameters);
      } catch {
        return false;
      }
    }),
  );
}
