import { text } from 'node:stream/consumers';
import { HttpRequest } from '@smithy/protocol-http';
import { METRICS } from '../shared/contract.ts';
import type { Platform } from '../shared/platform.ts';

/** A Call, as far as we read it. https://www.twilio.com/docs/voice/api/call-resource#call-properties */
export interface TwilioCall {
  readonly sid: string;
  readonly status: string;
  /** RFC 2822. */
  readonly end_time: string | null;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly direction?: string | undefined;
}

/** A Call of the account's list, as far as we read it. */
export interface ListedCall extends TwilioCall {
  readonly account_sid: string;
  /** That of the call whose `<Dial>` made this one. */
  readonly parent_call_sid: string | null;
  readonly from: string;
  readonly to: string;
  readonly direction: string;
}

/** One page of a list. https://www.twilio.com/docs/usage/twilios-response#response-formats-list-paging-information */
export interface Page<T> {
  readonly items: readonly T[];
  /** Path and query of the next page. */
  readonly next?: string | undefined;
}

/** A number of the account. https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource */
export interface IncomingNumber {
  readonly phone_number: string;
  readonly voice_url: string | null;
}

/** A Recording of a Call, as far as we read it. https://www.twilio.com/docs/voice/api/recording#recording-properties */
export interface TwilioRecording {
  readonly sid: string;
  /** Open: Twilio adds values. */
  readonly status: string;
  /** Open: Twilio adds values. */
  readonly source: string | null;
  /** RFC 2822. */
  readonly start_time: string | null;
  readonly channels: number | null;
  readonly track: string | null;
  /** Whole seconds. */
  readonly duration: string | null;
  readonly error_code: number | null;
}

/**
 * What came of a request. `error`: Twilio answered, with its own error code when the body had one; its message is left
 * out, since it may quote a phone number. `not-sent`: there was no connection. `no-answer`: nobody knows whether the
 * request was carried out.
 */
export type TwilioAnswer<T> =
  | { readonly kind: 'ok'; readonly body: T }
  | {
      readonly kind: 'error';
      readonly httpStatus: number;
      readonly code?: number | undefined;
      /** From `Retry-After`, which Twilio documents for few answers. */
      readonly retryAfterMilliseconds?: number | undefined;
    }
  | { readonly kind: 'not-sent'; readonly cause: string }
  | { readonly kind: 'no-answer'; readonly cause: string };

/** Twilio's REST API, as far as we use it. No method throws. */
export interface TwilioApi {
  createRecording(
    callSid: string,
    parameters: Readonly<Record<string, string>>,
  ): Promise<TwilioAnswer<TwilioRecording>>;
  fetchCall(callSid: string): Promise<TwilioAnswer<TwilioCall>>;
  /** @param signal of whoever no longer wants to know */
  listRecordings(callSid: string, signal?: AbortSignal): Promise<TwilioAnswer<readonly TwilioRecording[]>>;
  /**
   * Pauses, resumes or stops one recording; the last for good. The answer's status says what it is now.
   * https://www.twilio.com/docs/voice/api/recording#update-a-recording-resource
   *
   * @param signal of whoever no longer wants to know
   */
  updateRecording(
    callSid: string,
    recordingSid: string,
    update: RecordingUpdate,
    signal?: AbortSignal,
  ): Promise<TwilioAnswer<TwilioRecording>>;
  /**
   * Deletes a recording with its file, which is not to be had again. Only one that is completed.
   * https://www.twilio.com/docs/voice/api/recording#delete-a-recording-resource
   */
  deleteRecording(recordingSid: string): Promise<TwilioAnswer<null>>;
  /**
   * A page of the account's calls, the legs of `<Dial>` among them.
   *
   * @param filter which calls, or the `next` of the page before
   */
  listCalls(filter: CallFilter | { readonly next: string }): Promise<TwilioAnswer<Page<ListedCall>>>;
  /** @param next of the page before */
  listNumbers(next?: string): Promise<TwilioAnswer<Page<IncomingNumber>>>;
}

export type RecordingUpdate =
  | { readonly Status: 'paused'; readonly PauseBehavior: 'silence' | 'skip' }
  | { readonly Status: 'in-progress' | 'stopped' };

/** https://www.twilio.com/docs/voice/api/call-resource#read-multiple-call-resources */
export interface CallFilter {
  readonly status?: 'in-progress';
  /** In ms since the epoch. Twilio documents days; it may ignore the time of day, and show more calls. */
  readonly endedSince?: number;
}

export interface TwilioCredentials {
  readonly accountSid: string;
  readonly apiKeySid: string;
  readonly apiKeySecret: string;
}

interface RequestOptions {
  readonly form?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A client of Twilio's REST API on the HTTP handler that the AWS clients bring along: the `twilio` package's own client
 * takes longer to import than all the rest of a function.
 *
 * @param platform its HTTP handler is one for all credentials: a rotated key must not cost a new handshake
 * @param baseUrl scheme and host of the API
 * @param timeoutMilliseconds after which a request counts as not answered
 * @param questionTimeoutMilliseconds the same for a request that changes nothing
 * @see https://www.twilio.com/docs/usage/api
 */
export function twilioApi(
  { http, telemetry }: Pick<Platform, 'http' | 'telemetry'>,
  credentials: TwilioCredentials,
  baseUrl: string,
  timeoutMilliseconds: number,
  questionTimeoutMilliseconds = timeoutMilliseconds,
): TwilioApi {
  const root = new URL(baseUrl);
  const authorization = `Basic ${Buffer.from(`${credentials.apiKeySid}:${credentials.apiKeySecret}`).toString('base64')}`;

  async function request<T>(...asked: Parameters<typeof send<T>>): Promise<TwilioAnswer<T>> {
    const sentAt = Date.now();
    const answer = await send(...asked);
    const [, , , options] = asked;
    if (options?.signal?.aborted) {
      // Whoever asked has gone on, perhaps to its end: what is measured now would be another invocation's.
      return answer;
    }
    telemetry.count(METRIC_OF_ANSWER[classOf(answer)]);
    telemetry.record(METRICS.twilioLatencyMilliseconds, Date.now() - sentAt);
    return answer;
  }

  async function send<T>(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    read: (body: unknown) => T | undefined,
    { form, signal }: RequestOptions = {},
  ): Promise<TwilioAnswer<T>> {
    const timeout = AbortSignal.timeout(method === 'GET' ? questionTimeoutMilliseconds : timeoutMilliseconds);
    const abortSignal = signal ? AbortSignal.any([timeout, signal]) : timeout;
    try {
      const { response } = await http.handle(
        new HttpRequest({
          method,
          protocol: root.protocol,
          hostname: root.hostname,
          ...(root.port && { port: Number(root.port) }),
          ...splitQuery(
            path.startsWith(API_ROOT) ? path : `${API_ROOT}/Accounts/${credentials.accountSid}${path}`,
          ),
          headers: {
            authorization,
            accept: 'application/json',
            host: root.host,
            ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
          },
          ...(form && { body: new URLSearchParams(form).toString() }),
        }),
        { abortSignal },
      );
      const body = parseJson(await text(response.body));
      if (response.statusCode < 200 || response.statusCode > 299) {
        return refusedAnswer(response.statusCode, body, response.headers['retry-after']);
      }
      const value = read(body);
      // An answer that cannot be read says nothing of what was done.
      return value === undefined
        ? { kind: 'no-answer', cause: 'an answer that cannot be read' }
        : { kind: 'ok', body: value };
    } catch (error) {
      return failure(error);
    }
  }

  const recordings = (callSid: string): string => `/Calls/${callSid}/Recordings.json`;
  const get = <T>(path: string, read: (body: unknown) => T | undefined, signal?: AbortSignal) =>
    request('GET', path, read, { signal });
  return {
    createRecording: (callSid, parameters) =>
      request('POST', recordings(callSid), asResource<TwilioRecording>, { form: parameters }),
    fetchCall: (callSid) => get(`/Calls/${callSid}.json`, asResource<TwilioCall>),
    listRecordings: (callSid, signal) => get(recordings(callSid), asRecordings, signal),
    updateRecording: (callSid, recordingSid, update, signal) =>
      request('POST', `/Calls/${callSid}/Recordings/${recordingSid}.json`, asResource<TwilioRecording>, {
        form: { ...update },
        signal,
      }),
    deleteRecording: (recordingSid) => request('DELETE', `/Recordings/${recordingSid}.json`, () => null),
    listCalls: (filter) =>
      get(
        'next' in filter ? filter.next : `/Calls.json?${queryOf(filter)}`,
        asPage('calls', asResource<ListedCall>),
      ),
    listNumbers: (next) =>
      get(
        next ?? `/IncomingPhoneNumbers.json?PageSize=${PAGE_SIZE}`,
        asPage('incoming_phone_numbers', asNumber),
      ),
  };
}

/** Twilio's answers by what they mean for whoever watches. */
type AnswerClass = 'ok' | 'unauthorized' | 'throttled' | 'refused' | 'failed';

const METRIC_OF_ANSWER = {
  ok: METRICS.twilioOk,
  unauthorized: METRICS.twilioUnauthorized,
  throttled: METRICS.twilioThrottled,
  refused: METRICS.twilioRefused,
  failed: METRICS.twilioFailed,
} as const satisfies Record<AnswerClass, string>;

function classOf(answer: TwilioAnswer<unknown>): AnswerClass {
  if (answer.kind === 'ok') {
    return 'ok';
  }
  if (answer.kind !== 'error' || answer.httpStatus >= 500 || answer.httpStatus < 400) {
    return 'failed';
  }
  switch (answer.httpStatus) {
    case 401:
    case 403:
      return 'unauthorized';
    case 429:
      return 'throttled';
    default:
      return 'refused';
  }
}

const API_ROOT = '/2010-04-01';
/** The most that Twilio puts on a page. */
const PAGE_SIZE = 1000;

function queryOf({ status, endedSince }: CallFilter): string {
  return new URLSearchParams({
    PageSize: String(PAGE_SIZE),
    ...(status && { Status: status }),
    // The name of this filter is `EndTime>`: on or after.
    ...(endedSince !== undefined && { 'EndTime>': `${new Date(endedSince).toISOString().slice(0, 19)}Z` }),
  }).toString();
}

function splitQuery(pathAndQuery: string): { path: string; query: Record<string, string> } {
  const [path = '', query] = pathAndQuery.split('?');
  return { path, query: Object.fromEntries(new URLSearchParams(query)) };
}

/** Errors of a connection that was never made. https://nodejs.org/api/errors.html#common-system-errors */
const NEVER_CONNECTED = ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'];

function failure(error: unknown): TwilioAnswer<never> {
  const code = isObject(error) && typeof error.code === 'string' ? error.code : undefined;
  const cause = code ?? (error instanceof Error ? error.name : 'unknown');
  return { kind: code !== undefined && NEVER_CONNECTED.includes(code) ? 'not-sent' : 'no-answer', cause };
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

function asResource<T extends { sid: string; status: string }>(body: unknown): T | undefined {
  return isObject(body) && typeof body.sid === 'string' && typeof body.status === 'string'
    ? (body as T)
    : undefined;
}

const asNumber = (body: unknown): IncomingNumber | undefined =>
  isObject(body) && typeof body.phone_number === 'string'
    ? {
        phone_number: body.phone_number,
        voice_url: typeof body.voice_url === 'string' ? body.voice_url : null,
      }
    : undefined;

const asPage =
  <T>(list: string, read: (item: unknown) => T | undefined) =>
  (body: unknown): Page<T> | undefined => {
    const items = isObject(body) ? body[list] : undefined;
    return isObject(body) && Array.isArray(items)
      ? {
          items: items.flatMap((item) => read(item) ?? []),
          next: typeof body.next_page_uri === 'string' ? body.next_page_uri : undefined,
        }
      : undefined;
  };

function asRecordings(body: unknown): readonly TwilioRecording[] | undefined {
  return isObject(body) && Array.isArray(body.recordings)
    ? body.recordings.flatMap((item) => asResource<TwilioRecording>(item) ?? [])
    : undefined;
}

/** Twilio's errors: `{code, message, more_info, status}`. https://www.twilio.com/docs/usage/twilios-response#response-formats-exceptions */
function refusedAnswer(
  httpStatus: number,
  body: unknown,
  retryAfter: string | undefined,
): TwilioAnswer<never> {
  const seconds = Number(retryAfter);
  return {
    kind: 'error',
    httpStatus,
    code: isObject(body) && typeof body.code === 'number' ? body.code : undefined,
    retryAfterMilliseconds: seconds > 0 ? seconds * 1000 : undefined,
  };
}
