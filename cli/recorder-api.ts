import type {
  CallDetailsRepresentation,
  CallsRepresentation,
  CommandedRepresentation,
  CommandRepresentation,
} from '../lambda/recording-control/representations.ts';
import { callDetailsAnswer, callsAnswer, commandedAnswer, readAs, type Schema } from './answers.ts';
import type { Authorize } from './authorization.ts';
import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { GIVE_AGAIN, refusal } from './refusal.ts';

/** API Gateway gives up after 30 seconds. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const TIMEOUT_MS = 35_000;

/** An answer, and the JSON that it was. */
export interface Answer<T> {
  readonly value: T;
  readonly document: unknown;
}

export interface CallsQuery {
  /** `YYYY-MM-DD`; without it that of the cursor, or today, in UTC. */
  readonly day?: string | undefined;
  readonly status?: string | undefined;
  readonly cursor?: string | undefined;
}

interface Request {
  readonly method: 'GET' | 'POST';
  /** Below the API's base URL. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: CommandRepresentation;
}

/** The recorder's HTTP API. Whatever is no success is thrown as a Failure. */
export class RecorderApi {
  readonly #baseUrl: string;
  readonly #authorize: Authorize;

  /** `baseUrl` without a slash at its end. */
  constructor(baseUrl: string, authorize: Authorize) {
    this.#baseUrl = baseUrl;
    this.#authorize = authorize;
  }

  /** A page of calls, newest first. */
  calls(query: CallsQuery): Promise<Answer<CallsRepresentation>> {
    return this.#ask(callsAnswer, { method: 'GET', path: '/calls', query: { ...query } });
  }

  /** Everything about a call: its executions, and what Twilio says now, included. */
  call(callSid: string): Promise<Answer<CallDetailsRepresentation>> {
    return this.#ask(callDetailsAnswer, {
      method: 'GET',
      path: `/calls/${callSid}`,
      query: { include: 'executions,twilio' },
    });
  }

  command(callSid: string, body: CommandRepresentation): Promise<Answer<CommandedRepresentation>> {
    return this.#ask(commandedAnswer, { method: 'POST', path: `/calls/${callSid}/recording`, body });
  }

  async #ask<T>(schema: Schema<T>, request: Request): Promise<Answer<T>> {
    const { method } = request;
    const url = `${this.#baseUrl}${request.path}`;
    const { status, body, byToken } = await this.#send(request);
    const document = parsed(body);
    if (status < 200 || status > 299) {
      throw refusal({ method, url, status, document, byToken });
    }
    const value = readAs(schema, document);
    if (value === undefined) {
      const isCommand = method === 'POST';
      throw new Failure({
        exitCode: isCommand ? EXIT.unconfirmed : EXIT.failed,
        title: 'Unreadable answer',
        detail: `${method} ${url} was answered with ${status}, but not with what a recorder answers.`,
        hint: `Is this the API of a recorder, and of this version? See --url.${isCommand ? ` ${GIVE_AGAIN}` : ''}`,
        status,
      });
    }
    return { value, document };
  }

  async #send({ method, path, query = {}, body }: Request) {
    const url = `${this.#baseUrl}${path}${queryString(query)}`;
    const content = body && JSON.stringify(body);
    const headers = {
      accept: 'application/json, application/problem+json',
      ...(content && { 'content-type': 'application/json' }),
    };
    const authorized = await this.#authorize({ method, url, headers, ...(content && { body: content }) });
    try {
      const response = await fetch(url, {
        method,
        headers: authorized.headers,
        ...(content && { body: content }),
        // A redirect would take the credentials elsewhere.
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return { status: response.status, body: await response.text(), byToken: authorized.byToken };
    } catch (error) {
      throw unanswered(method, `${this.#baseUrl}${path}`, error);
    }
  }
}

/** Signature Version 4 wants each character escaped that RFC 3986 does not leave alone, and blanks as `%20`. */
function queryString(query: Readonly<Record<string, string | undefined>>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value).replace(/[!'()*]/g, percentEncoded)}`],
  );
  return pairs.length > 0 ? `?${pairs.join('&')}` : '';
}

const percentEncoded = (character: string): string =>
  `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

const HINTS: ReadonlyMap<string, string> = new Map([
  ['ENOTFOUND', 'There is no such host: see --url, or whether the stack is still there.'],
  ['EAI_AGAIN', 'The name could not be looked up: is there a network?'],
  ['ECONNREFUSED', 'Nothing listens there: is the local recorder running?'],
  ['ECONNRESET', 'The connection broke: try again.'],
  ['TimeoutError', 'It took too long: try again.'],
]);

/** Nothing came back, or not all of it. What the error carries may hold headers, so only its code is told. */
function unanswered(method: Request['method'], url: string, error: unknown): Failure {
  const code = codeOf(error);
  const isOpen = method === 'POST' && !wasNeverSent(error);
  return new Failure({
    exitCode: isOpen ? EXIT.unconfirmed : EXIT.failed,
    title: 'No answer',
    detail: `${method} ${url} got no answer (${code}).`,
    hint: isOpen ? GIVE_AGAIN : HINTS.get(code),
    cause: error,
  });
}

/**
 * Codes of a connection that did not come about: not in time, or since the other side speaks no TLS, or shows no
 * certificate that holds.
 * https://nodejs.org/api/tls.html#x509-certificate-error-codes
 */
const NOT_CONNECTED =
  /^(UND_ERR_CONNECT_TIMEOUT|ERR_SSL_WRONG_VERSION_NUMBER|ERR_TLS_CERT_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

/** Whether an error of `fetch` says that there was no connection, and so nothing was sent; in doubt, that is not said. */
export const wasNeverSent = (error: unknown): boolean =>
  error instanceof Error && isOfConnecting(error.cause);

function isOfConnecting(error: unknown): boolean {
  if (error instanceof AggregateError) {
    // One for each address of the host.
    return error.errors.every(isOfConnecting);
  }
  const { code, syscall } = (error ?? {}) as { readonly code?: unknown; readonly syscall?: unknown };
  return (
    syscall === 'connect' ||
    syscall === 'getaddrinfo' ||
    (typeof code === 'string' && NOT_CONNECTED.test(code))
  );
}

/** Why there was no answer, in a word. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return 'unknown';
  }
  const { cause } = error as { readonly cause?: { readonly code?: unknown } };
  return typeof cause?.code === 'string' ? cause.code : error.name;
}
