import { HttpResponse } from '@smithy/protocol-http';
import type { HttpHandler } from '../../lambda/shared/platform.ts';
import type { AnswerOfTwilio, RequestToTwilio } from '../twilio-simulator/transport.ts';
import { cut } from './cut.ts';
import { type Effect, type Effects, onlyCallSid, untilAborted } from './effects.ts';
import type { Detail } from './history.ts';

/** Answers a request; `undefined` where the client would see its connection reset. */
export type Twilio = (request: RequestToTwilio) => Promise<AnswerOfTwilio | undefined>;

type HttpRequest = Parameters<HttpHandler['handle']>[0];

/** Carries a function's requests to the simulated Twilio, which has a latency of its own. */
export function twilioHttp(effects: Effects, twilio: Twilio): HttpHandler {
  return {
    handle: async (request, { abortSignal }) => {
      const url = urlOf(request);
      const effect: Effect<AnswerOfTwilio> = {
        target: 'twilio',
        operation: operationOf(request.method, url),
        subject: () => onlyCallSid(url),
        latency: undefined,
        act: () => effects.outside(() => answerOf(twilio, request, url)),
        // Nobody but the signal gives up on Twilio.
        attemptMilliseconds: Number.MAX_SAFE_INTEGER,
        refusal: () => connectionError('ECONNREFUSED'),
        timeout: () => connectionError('ETIMEDOUT'),
        signal: abortSignal,
        detail: (answer) => detailOf(answer, url),
      };
      const { httpStatus, contentType, body } = await untilAborted(effects.attempt(effect), abortSignal);
      const response = new HttpResponse({
        statusCode: httpStatus,
        headers: contentType === undefined ? {} : { 'content-type': contentType },
        // A stream, to whoever reads it.
        body: body === undefined ? [] : [body],
      });
      return { response };
    },
  };
}

async function answerOf(twilio: Twilio, request: HttpRequest, url: string): Promise<AnswerOfTwilio> {
  const answer = await twilio({
    method: request.method,
    url,
    authorization: request.headers.authorization,
    signature: undefined,
    body: typeof request.body === 'string' ? request.body : '',
  });
  if (!answer) throw connectionError('ECONNRESET');
  return answer;
}

function urlOf({ path, query }: HttpRequest): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const one of [value].flat()) parameters.append(name, one ?? '');
  }
  return parameters.size === 0 ? path : `${path}?${parameters}`;
}

/** Each text once: histories hold thousands of each, and its parts would keep the URLs that they were cut out of. */
const operations = new Map<string, string>();

/** `GET /Calls/{sid}/Recordings.json` */
function operationOf(method: string, url: string): string {
  const [, path = url] = /\/Accounts\/AC[0-9a-f]{32}([^?]*)/.exec(url) ?? [];
  const operation = `${method} ${path.replaceAll(/[A-Z]{2}[0-9a-f]{32}/g, '{sid}')}`;
  const known = operations.get(operation);
  if (known !== undefined) return known;
  operations.set(operation, operation);
  return operation;
}

/** Twilio's error code, or what an answer about one call says of it. */
function detailOf({ httpStatus, body = '' }: AnswerOfTwilio, url: string): Detail {
  if (httpStatus >= 300) return { httpStatus, code: cut(/"code": ?(\d+)/, body) };
  if (!/\/Calls\/CA/.test(url)) return { httpStatus };
  if (/"recordings": ?\[/.test(body)) return { httpStatus, recordings: recordingsIn(body) };
  return {
    httpStatus,
    recordingSid: cut(/"sid": ?"(RE[0-9a-f]{32})"/, body),
    status: cut(/"status": ?"([\w-]+)"/, body),
  };
}

/** `RE... in-progress, RE... completed`, as in the list. */
function recordingsIn(body: string): string {
  let text = '';
  for (const [, name, value] of body.matchAll(/"(sid|status)": ?"([\w-]+)"/g)) {
    text += name === 'sid' ? `${text && ', '}${value}` : ` ${value}`;
  }
  return text;
}

const connectionError = (code: string): Error => Object.assign(new Error(code), { code });
