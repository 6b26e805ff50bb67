import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { CODE_CACHE } from '../../local/host/environment-protocol.ts';
import { PROJECT } from '../../local/synthesize.ts';

export interface Seen {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Reply {
  readonly status?: number;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, a string as it is; `hang-up` breaks the connection. */
  readonly body: object | string;
}

/** What it says when the function behind it takes too long. */
export const API_GATEWAY_MESSAGE = { message: 'Endpoint request timed out' } as const;

export const HANG_UP: Reply = { body: 'hang-up' };

export interface ApiDouble extends AsyncDisposable {
  readonly url: string;
  readonly seen: readonly Seen[];
}

/** A server on loopback that plays the API: it gives the replies in order, the last one for ever. */
export async function startApi(
  ...replies: readonly (Reply | ((request: Seen) => Reply))[]
): Promise<ApiDouble> {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const next = replies[Math.min(seen.length, replies.length - 1)] ?? HANG_UP;
    const one = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body };
    seen.push(one);
    const reply = typeof next === 'function' ? next(one) : next;
    if (reply === HANG_UP) {
      request.socket.destroy();
      return;
    }
    response.writeHead(reply.status ?? 200, {
      'content-type': reply.type ?? 'application/json',
      ...reply.headers,
    });
    response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}

export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Credentials that are nobody's. */
export const CREDENTIALS = {
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  AWS_SESSION_TOKEN: 'session-token-example',
} as const;

/** Runs the real command, with nothing of this machine's AWS configuration. */
export const recorder = (
  args: readonly string[],
  environment: Readonly<Record<string, string>> = CREDENTIALS,
): Promise<Ended> =>
  new Promise((resolve) => {
    const env = {
      PATH: process.env.PATH,
      [CODE_CACHE]: process.env[CODE_CACHE],
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      ...environment,
    };
    execFile(
      process.execPath,
      ['bin/recorder.ts', ...args],
      { cwd: PROJECT, env },
      (error, stdout, stderr) => {
        resolve({ exitCode: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
      },
    );
  });
