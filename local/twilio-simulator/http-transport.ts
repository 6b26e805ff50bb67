import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Clock } from './clock.ts';
import type { RetryReason } from './connection-overrides.ts';
import type { HttpOutcome, HttpRequest, Transport } from './transport.ts';

/** The simulated Twilio must not reach out to real servers, whatever a number is configured with. */
const LOOPBACK = /^http:\/\/(?:[^/@]*@)?(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?(?=[/?]|$)/i;

/** Over sockets, to servers of this machine. */
export class HttpTransport implements Transport {
  readonly #clock: Clock;
  /** A fresh connection for each request, as from Twilio's many machines: no stale one is ever met. */
  readonly #agent = new Agent({ keepAlive: false });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  exchange(request: HttpRequest): Promise<HttpOutcome> {
    return exchange(this.#clock, this.#agent, request);
  }

  /** Breaks off what is under way. */
  close(): void {
    this.#agent.destroy();
  }
}

async function exchange(clock: Clock, agent: Agent, sent: HttpRequest): Promise<HttpOutcome> {
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
