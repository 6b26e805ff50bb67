import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener } from 'node:http';
import type { Authorize } from './authorizers.ts';
import type { Emit } from './events.ts';
import { readBody } from './http-server.ts';
import type { Invoker } from './invoker.ts';
import type { Latency, Pause } from './latency.ts';
import { createEvent, type ReceivedRequest } from './payload.ts';
import { type GatewayResponse, gatewayMessage, toResponse } from './response.ts';
import { matchRoute, type Route, type RouteMatch } from './routes.ts';

/** @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const BODY_LIMIT_BYTES = 10 * 1024 * 1024;

export interface ApiOptions {
  readonly routes: readonly Route[];
  readonly authorize: Authorize;
  readonly lambda: Invoker;
  readonly publicUrl: string;
  /** @default nobody listens */
  readonly emit?: Emit | undefined;
  readonly latency: Latency;
  readonly pause: Pause;
}

export interface ApiRequest extends ReceivedRequest {
  /** Path and query as received. */
  readonly url: string;
  /** Resolves to `undefined` when the body is longer than the limit. */
  readonly readBody: (limitBytes: number) => Promise<Uint8Array | undefined>;
}

export type ApiResponse = GatewayResponse & { readonly requestId: string };

interface Target {
  /** Decoded. */
  readonly path: string;
  /** As received, like the query. */
  readonly rawPath: string;
  readonly rawQueryString: string;
}

/** Rejects only when nothing can be answered: the request's body cannot be read, or the request is lost. */
export type Api = (request: ApiRequest) => Promise<ApiResponse>;

/** Who answers a request on the API's port, where no route of the API does. */
export type Beside = (request: IncomingMessage) => RequestListener | undefined;

/** Puts an HTTP API on a server, and what is beside it. */
export function createGateway(
  answer: Api,
  routes: readonly Route[],
  beside: Beside = () => undefined,
): RequestListener {
  const isRouted = ({ method = 'GET', url = '/' }: IncomingMessage): boolean => {
    const segments = decodeSegments(url.split('?')[0] ?? '');
    return segments !== undefined && matchRoute(routes, method, segments) !== undefined;
  };
  return (request, response) => {
    const other = isRouted(request) ? undefined : beside(request);
    if (other) {
      other(request, response);
      return;
    }
    answer(received(request)).then(
      ({ statusCode, headers, body, requestId }) => {
        response.writeHead(statusCode, { ...copy(headers), 'apigw-requestid': requestId });
        response.end(body);
      },
      // The client went away while it sent its body, so nobody is left to answer; or it must hear nothing.
      () => response.destroy(),
    );
  };
}

const received = (request: IncomingMessage): ApiRequest => ({
  method: request.method ?? 'GET',
  httpVersion: request.httpVersion,
  headers: request.headersDistinct,
  sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
  url: request.url ?? '/',
  readBody: (limitBytes) => readBody(request, limitBytes),
});

/** An HTTP API in front of the functions. */
export function createApi(options: ApiOptions): Api {
  const domainName = new URL(options.publicUrl).hostname;

  const answer = async (
    request: ApiRequest,
    requestId: string,
    target: Target,
    match: RouteMatch | undefined,
  ): Promise<GatewayResponse> => {
    const body = await request.readBody(BODY_LIMIT_BYTES);
    if (!body) return gatewayMessage(413, 'Request Entity Too Large');
    if (!match) return gatewayMessage(404, 'Not Found');
    await options.pause(options.latency('http', match.route.routeKey));
    const authorization = await options.authorize(match.route, { ...request, ...target, body });
    if ('refusal' in authorization) return authorization.refusal;
    const { authorizer } = authorization;
    const now = new Date();
    const event = createEvent({ request, body, match, authorizer, requestId, ...target, domainName, now });
    return invokeWithin(match.route, JSON.stringify(event), options.lambda);
  };

  return async (request) => {
    const started = performance.now();
    const requestId = `${randomUUID().replaceAll('-', '').slice(0, 15)}=`;
    const { method } = request;
    const [rawPath = '', ...query] = request.url.split('?');
    const segments = decodeSegments(rawPath);
    const match = segments && matchRoute(options.routes, method, segments);
    const path = segments ? `/${segments.join('/')}` : rawPath;
    const routeKey = match && { routeKey: match.route.routeKey };
    options.emit?.({ type: 'httpRequest', requestId, method, path, ...routeKey });
    const response = segments
      ? await answer(request, requestId, { path, rawPath, rawQueryString: query.join('?') }, match)
      : gatewayMessage(400, 'Bad Request');
    options.emit?.({
      type: 'httpResponse',
      requestId,
      status: response.statusCode,
      ms: performance.now() - started,
      ...routeKey,
    });
    return { ...response, requestId };
  };
}

function copy(headers: GatewayResponse['headers']): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]),
  );
}

/** @returns `undefined` for a path that is not valid percent-encoding */
function decodeSegments(rawPath: string): readonly string[] | undefined {
  try {
    return rawPath.slice(1).split('/').map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

/** The function runs on after the integration's time-out, as it does on AWS. */
async function invokeWithin(route: Route, payload: string, lambda: Invoker): Promise<GatewayResponse> {
  let timer: NodeJS.Timeout | undefined;
  const timedOut = new Promise<GatewayResponse>((resolve) => {
    timer = setTimeout(() => resolve(gatewayMessage(503, 'Service Unavailable')), route.timeoutMs);
  });
  try {
    return await Promise.race([lambda.invoke(route.function, payload).then(toResponse), timedOut]);
  } finally {
    clearTimeout(timer);
  }
}
