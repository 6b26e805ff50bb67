import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { AnswerOfTwilio, RequestToTwilio } from './transport.ts';

/** A socket kept open for longer than any client keeps it: none is ever closed under a request. */
const KEEP_ALIVE_MS = 120_000;
/** Thousands of calls may begin in the same moment; a connection that finds no room is only tried again after 1 s. */
const BACKLOG = 4_096;

/** Where the simulated Twilio can be reached on this machine. */
export class HttpServer {
  /** Without a trailing slash. */
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Listens on 127.0.0.1; nothing is answered before {@link HttpServer.serve}. */
  static async listen(port: number): Promise<HttpServer> {
    const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS });
    server.listen({ port, host: '127.0.0.1', backlog: BACKLOG });
    await once(server, 'listening');
    return new HttpServer(server);
  }

  /** `undefined` for an answer resets the connection. `track` is told of each request until it is answered. */
  serve(
    answer: (message: RequestToTwilio) => Promise<AnswerOfTwilio | undefined>,
    track: (answering: Promise<void>) => void,
  ): void {
    this.#server.on('request', (incoming, outgoing) => {
      track(
        serveOne(answer, incoming, outgoing).catch((error: unknown) => {
          // A client that went away before it had sent all of its request.
          if (incoming.complete) throw error;
        }),
      );
    });
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

async function serveOne(
  answer: (message: RequestToTwilio) => Promise<AnswerOfTwilio | undefined>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const { method = '', url = '', headers } = incoming;
  const signature = headers['x-twilio-signature'];
  const answered = await answer({
    method,
    url,
    authorization: headers.authorization,
    signature: typeof signature === 'string' ? signature : undefined,
    body: await text(incoming),
  });
  if (answered === undefined) {
    incoming.socket.destroy();
    return;
  }
  const { httpStatus, contentType, body } = answered;
  outgoing.writeHead(httpStatus, contentType === undefined ? {} : { 'Content-Type': contentType }).end(body);
}
