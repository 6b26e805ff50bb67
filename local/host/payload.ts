import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { AuthorizerContext } from './authorizers.ts';
import type { RouteMatch } from './routes.ts';
import { ACCOUNT_ID, API_ID } from './stack.ts';

/** What a request brings besides its URL and its body. */
export interface ReceivedRequest {
  readonly method: string;
  readonly httpVersion: string;
  /** All values of each header, by its name in lower case. */
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
  readonly sourceIp: string;
}

export interface EventOptions {
  readonly request: ReceivedRequest;
  readonly body: Uint8Array;
  readonly match: RouteMatch;
  /** Absent where the route has no authorizer. */
  readonly authorizer: AuthorizerContext | undefined;
  readonly requestId: string;
  /** Decoded. */
  readonly path: string;
  /** As received, without the question mark. */
  readonly rawQueryString: string;
  /** Host name of the API's public address. */
  readonly domainName: string;
  readonly now: Date;
}

/** The connection's own headers, which end at the gateway. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * A request as payload format 2.0. A body travels as text only for the content types below: a form, and a body
 * without a content type, arrive base64-encoded.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function createEvent(options: EventOptions): APIGatewayProxyEventV2 {
  const { request, body, match, authorizer, requestId, path, rawQueryString, domainName, now } = options;
  const { method, sourceIp } = request;
  const headers = eventHeaders(request, body.length);
  const cookies = request.headers.cookie?.flatMap((header) => header.split(/; */));
  const isText =
    request.headers['content-encoding'] === undefined &&
    isTextType(request.headers['content-type']?.[0] ?? '');
  return {
    version: '2.0',
    routeKey: match.route.routeKey,
    rawPath: path,
    rawQueryString,
    ...(cookies && { cookies }),
    headers,
    ...(rawQueryString !== '' && { queryStringParameters: queryParameters(rawQueryString) }),
    requestContext: {
      accountId: ACCOUNT_ID,
      apiId: API_ID,
      ...(authorizer && { authorizer }),
      domainName,
      domainPrefix: domainName.split('.')[0] ?? domainName,
      http: {
        method,
        path,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp,
        userAgent: request.headers['user-agent']?.[0] ?? '',
      },
      requestId,
      routeKey: match.route.routeKey,
      stage: '$default',
      time: commonLogTime(now),
      timeEpoch: now.getTime(),
    },
    ...(Object.keys(match.pathParameters).length > 0 && { pathParameters: match.pathParameters }),
    ...(body.length > 0 && { body: Buffer.from(body).toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

function eventHeaders(
  { headers: given, sourceIp }: ReceivedRequest,
  contentLength: number,
): Record<string, string> {
  const { 'x-forwarded-for': forwardedFor = [] } = given;
  const seconds = Math.floor(Date.now() / 1000).toString(16);
  const traceId = `Root=1-${seconds}-${randomUUID().replaceAll('-', '').slice(0, 24)}`;
  const headers = new Map([['x-amzn-trace-id', traceId]]);
  for (const [name, values = []] of Object.entries(given)) {
    if (name !== 'cookie' && !HOP_BY_HOP.has(name)) headers.set(name, values.join(','));
  }
  headers
    .set('content-length', String(contentLength))
    .set('x-forwarded-for', [...forwardedFor, sourceIp].join(', '))
    .set('x-forwarded-port', '443')
    .set('x-forwarded-proto', 'https');
  return Object.fromEntries([...headers].sort(([left], [right]) => (left < right ? -1 : 1)));
}

function isTextType(contentType: string): boolean {
  return /^(text\/|application\/(json|xml|javascript) *(;|$))/i.test(contentType);
}

function queryParameters(rawQueryString: string): Record<string, string> {
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(rawQueryString)) {
    const earlier = parameters.get(name);
    parameters.set(name, earlier === undefined ? value : `${earlier},${value}`);
  }
  return Object.fromEntries(parameters);
}

/** `24/Nov/2026:11:24:51 +0000` */
function commonLogTime(date: Date): string {
  const [, day, month, year, time] = date.toUTCString().split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}
