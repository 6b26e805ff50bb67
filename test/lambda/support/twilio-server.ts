import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';

export interface ReceivedRequest {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface TwilioServer {
  readonly baseUrl: string;
  readonly received: ReceivedRequest[];
  /** Decides how all further requests are answered. */
  answerWith(answer: (response: ServerResponse) => void): void;
  close(): Promise<void>;
}

/** Answers with JSON, or with text as it stands. */
export const reply =
  (status: number, body: unknown, headers: Record<string, string> = {}) =>
  (response: ServerResponse): void => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };

/** An HTTP server on this machine in the place of Twilio's. */
export async function twilioServer(): Promise<TwilioServer> {
  const received: ReceivedRequest[] = [];
  let answer = reply(500, {});
  const server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) {
      chunks.push(chunk);
    }
    const { method, url: path, headers } = request;
    received.push({ method, path, headers, body: Buffer.concat(chunks).toString() });
    answer(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('the server has no port');
  }
  return {
    baseUrl: `http://127.0.0.1:${address.port}`,
    received,
    answerWith: (next) => {
      answer = next;
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
