import { type Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Clock } from './clock.ts';
import type { RetryReason } from './connection-overrides.ts';

export interface HttpRequest {
  /** Absolute, sent byte for byte as it stands here. */
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly connectTimeoutMs: number;
  readonly readTimeoutMs: number;
}

export type HttpOutcome =
  | {
      readonly httpStatus: number;
      readonly contentType: string;
      readonly location: string | undefined;
      readonly body: string;
    }
  | { readonly failure: string; readonly reason: RetryReason | 'broken' };

/** The simulated Twilio must not reach out to real servers, whatever a number is configured with. */
const LOOPBACK = /^http:\/\/(?:[^/@]*@)?(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?(?=[/?]|$)/i;

/** One request, one outcome; never rejects. */
export async function exchange(clock: Clock, agent: Agent, sent: HttpRequest): Promise<HttpOutcome> {
  if (!LOOPBACK.test(sent.url)) {
    return { failure: `not an http:// URL of this machine: ${sent.url}`, reason: 'ct' };
  }
  const { hostname, port, username, password } = new URL(sent.url);
  const { promise, resolve } = Promise.withResolvers<HttpOutcome>();
  const outgoing = request({
    agent,
    host: hostname.replace(/^\[|\]$/g, ''),
    port,
    path: sent.url.replace(/^http:\/\/[^/?]*/i, '').replace(/^(?!\/)/, '/'),
    method: sent.method,
    headers: sent.headers,
    ...(username && { auth: `${decodeURIComponent(username)}:${decodeURIComponent(password)}` }),
  });
  let connected = false;
  const giveUp = (failure: string, reason: RetryReason) => () => {
    resolve({ failure, reason });
    outgoing.destroy();
  };
  const connecting = clock.setTimeout(giveUp('no connection in time', 'ct'), sent.connectTimeoutMs);
  const reading = clock.setTimeout(giveUp('no answer in time', 'rt'), sent.readTimeoutMs);
  outgoing.on('socket', (socket) =>
    socket.once('connect', () => {
      connected = true;
      clock.clearTimeout(connecting);
    }),
  );
  const fail = (error: Error) => resolve({ failure: error.message, reason: connected ? 'broken' : 'ct' });
  outgoing.on('error', fail);
  outgoing.on('response', (response) => {
    text(response).then(
      (body) =>
        resolve({
          httpStatus: response.statusCode ?? 0,
          contentType: response.headers['content-type'] ?? '',
          location: response.headers.location,
          body,
        }),
      fail,
    );
  });
  outgoing.end(sent.body);
  const outcome = await promise;
  clock.clearTimeout(connecting);
  clock.clearTimeout(reading);
  return outcome;
}
