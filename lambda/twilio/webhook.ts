import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

/** A form's parameters; one that was sent more than once has all its values. */
export type FormParameters = Readonly<Record<string, string | string[]>>;

/** An HTTP request that cannot be one of Twilio's, with the status that says so. */
export interface Refusal {
  readonly refused: true;
  readonly statusCode: 400 | 403 | 405 | 413 | 415;
  readonly reason: string;
}

export interface Webhook {
  readonly refused: false;
  readonly parameters: FormParameters;
  /** The value of `X-Twilio-Signature`; empty when there was none. */
  readonly signature: string;
  /** URLs that Twilio may have signed: the same one in each spelling that API Gateway may have hidden. */
  readonly urls: readonly string[];
}

// Twilio's own requests are a few KB and some sixty parameters; SIP headers can add more.
const MAXIMUM_BODY_BYTES = 64 * 1024;
const MAXIMUM_PARAMETERS = 500;

/** What whoever sent it is told. */
export const refusalResponse = ({ statusCode, reason }: Refusal): APIGatewayProxyStructuredResultV2 => ({
  statusCode,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: `${reason}\n`,
});

export const refusal = (statusCode: Refusal['statusCode'], reason: string): Refusal => ({
  refused: true,
  statusCode,
  reason,
});

/**
 * Reads one of Twilio's webhooks from API Gateway's event (payload format 2.0): a POSTed form. Decides nothing about
 * who sent it.
 *
 * @param publicBaseUrl scheme and host, without a path, under which Twilio knows this API
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function readWebhook(event: APIGatewayProxyEventV2, publicBaseUrl: string): Webhook | Refusal {
  if (event.requestContext.http.method !== 'POST') {
    return refusal(405, 'only POST is answered here');
  }
  const mediaType = event.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (mediaType !== 'application/x-www-form-urlencoded') {
    return refusal(415, 'the content type must be application/x-www-form-urlencoded');
  }
  const body = readBody(event);
  if (typeof body !== 'string') {
    return body;
  }
  const parameters = parseForm(body);
  if (!parameters) {
    return refusal(400, 'the body is not a well-formed form');
  }
  return {
    refused: false,
    parameters,
    signature: event.headers['x-twilio-signature'] ?? '',
    urls: signedUrls(event, publicBaseUrl),
  };
}

function readBody(event: APIGatewayProxyEventV2): string | Refusal {
  const raw = event.body ?? '';
  if (Buffer.byteLength(raw, event.isBase64Encoded ? 'base64' : 'utf8') > MAXIMUM_BODY_BYTES) {
    return refusal(413, 'the body is too large');
  }
  if (!event.isBase64Encoded) {
    return raw.isWellFormed() ? raw : refusal(400, 'the body is not valid UTF-8');
  }
  // Buffer.from() skips what is not base64 instead of refusing it.
  if (raw.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(raw)) {
    return refusal(400, 'the body is not valid base64');
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(raw, 'base64'));
  } catch {
    return refusal(400, 'the body is not valid UTF-8');
  }
}

// URLSearchParams would put U+FFFD in the place of what is broken, and the signature would be checked over a guess.
function parseForm(body: string): FormParameters | undefined {
  const pairs = body === '' ? [] : body.split('&', MAXIMUM_PARAMETERS + 1);
  if (pairs.length > MAXIMUM_PARAMETERS) {
    return undefined;
  }
  const values = new Map<string, string | string[]>();
  try {
    for (const pair of pairs) {
      const [encodedName = '', ...rest] = pair.split('=');
      const name = decodeFormText(encodedName);
      const value = decodeFormText(rest.join('='));
      const others = values.get(name);
      values.set(name, others === undefined ? value : [others, value].flat());
    }
  } catch {
    return undefined;
  }
  return Object.fromEntries(values);
}

const decodeFormText = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '));

/**
 * HTTP APIs hand the path over decoded, so the URL is put together from the route; the raw path serves where a path
 * holds characters that nobody escaped.
 */
function signedUrls(event: APIGatewayProxyEventV2, publicBaseUrl: string): string[] {
  const route = event.routeKey.slice(event.routeKey.indexOf(' ') + 1);
  const routed = route.replace(/\{(\w+)\+?\}/g, (_, name: string) =>
    encodeURIComponent(event.pathParameters?.[name] ?? ''),
  );
  const query = event.rawQueryString ? `?${event.rawQueryString}` : '';
  return [...new Set([routed, event.rawPath])].map((path) => `${publicBaseUrl}${path}${query}`);
}
