import { isUtf8 } from 'node:buffer';
import { createHmac } from 'node:crypto';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';

/*
 * What Twilio's documentation says of a signature, written down a second time: nothing of the recorder's, and nothing
 * of Twilio's library. https://www.twilio.com/docs/usage/security#validating-requests
 */

/** Name and value, decoded. */
export type Pair = readonly [string, string];

/** The URL with each name and value behind it, names and then values in order; a value that comes twice counts once. */
export function signatureOf(token: string, url: string, pairs: readonly Pair[]): string {
  const values = Map.groupBy(pairs, ([name]) => name);
  let text = url;
  for (const name of [...values.keys()].sort()) {
    for (const value of [...new Set(values.get(name)?.map(([, one]) => one))].sort()) {
      text += name + value;
    }
  }
  return createHmac('sha1', token).update(text, 'utf8').digest('base64');
}

const MAXIMUM_BYTES = 64 * 1024;
const MAXIMUM_PAIRS = 500;

/** What is sent to the recorder. */
export interface Sent {
  /** As it went over the wire: API Gateway hands paths over decoded. */
  readonly url: string;
  readonly event: APIGatewayProxyEventV2;
}

/** Whether somebody with one of the tokens signed this form for this URL, and it is one that the recorder takes. */
export function isGenuine({ url, event }: Sent, tokens: readonly string[]): boolean {
  const { method } = event.requestContext.http;
  const mediaType = (event.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  const pairs = pairsOf(event);
  const signature = event.headers['x-twilio-signature'];
  if (method !== 'POST' || mediaType !== 'application/x-www-form-urlencoded' || !pairs || !signature) {
    return false;
  }
  // Whoever signs with the port of HTTPS in the URL has the token, too.
  const spellings = [url, url.replace(/^(https:\/\/[^/]+)/, '$1:443')];
  return tokens.some((token) =>
    spellings.some((spelling) => signatureOf(token, spelling, pairs) === signature),
  );
}

/** The form; undefined where it is none, or too large. */
function pairsOf({ body = '', isBase64Encoded }: APIGatewayProxyEventV2): readonly Pair[] | undefined {
  if (isBase64Encoded ? /[^A-Za-z0-9+/=]|=[^=]|={3}/.test(body) || body.length % 4 : !body.isWellFormed()) {
    return undefined;
  }
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  const parts = bytes.length === 0 ? [] : bytes.toString('latin1').split('&');
  if (bytes.length > MAXIMUM_BYTES || parts.length > MAXIMUM_PAIRS) {
    return undefined;
  }
  const pairs: Pair[] = [];
  for (const part of parts) {
    const cut = part.indexOf('=');
    const name = decoded(cut < 0 ? part : part.slice(0, cut));
    const value = decoded(cut < 0 ? '' : part.slice(cut + 1));
    if (name === undefined || value === undefined) {
      return undefined;
    }
    pairs.push([name, value]);
  }
  return pairs;
}

/** @param text a byte each character */
function decoded(text: string): string | undefined {
  if (/%(?![0-9a-f]{2})/i.test(text)) {
    return undefined;
  }
  const plain = text
    .replaceAll('+', ' ')
    .replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  const bytes = Buffer.from(plain, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
}
