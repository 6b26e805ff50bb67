import type { Call } from '../call.ts';
import type { AnswerFault, RestRequestInfo } from '../faults.ts';
import type { AnswerOfTwilio, RequestToTwilio } from '../transport.ts';
import type { World } from '../world.ts';
import { accountRoutes } from './account.ts';
import { API_VERSION } from './api-version.ts';
import { authenticator } from './authentication.ts';
import { callRoutes } from './calls.ts';
import { authenticate, notFound, RestError } from './errors.ts';
import { phoneNumberRoutes } from './phone-numbers.ts';
import { recordingRoutes } from './recordings.ts';
import type { Route } from './route.ts';

const routes: readonly Route[] = [...accountRoutes, ...callRoutes, ...recordingRoutes, ...phoneNumberRoutes];
const ACCOUNT_PATH = new RegExp(`^/${API_VERSION}/Accounts/(?<accountSid>[^/.]+)(?<resource>/.*|\\.json)$`);

/** What the client gets, before faults. */
interface Answer {
  readonly httpStatus: number;
  readonly code?: number;
  readonly body?: object;
  readonly json?: string;
  readonly recordingSid?: string;
}

/**
 * Answers one request: a latency, the processing, a latency, the answer. A client that goes away meanwhile changes
 * nothing about the processing, as with the real one. Resolves to `undefined` where the connection is reset.
 */
export async function answerRest(
  world: World,
  { method, url, authorization, body }: RequestToTwilio,
): Promise<AnswerOfTwilio | undefined> {
  const [pathname = '', ...query] = url.split('?');
  const { accountSid = '', resource = '' } = ACCOUNT_PATH.exec(pathname)?.groups ?? {};
  const route = routes.find((candidate) => candidate.method === method && candidate.path.test(resource));
  const { callSid = '', recordingSid = '', numberSid = '' } = route?.path.exec(resource)?.groups ?? {};
  const form = new URLSearchParams(method === 'POST' ? body : '');
  const request = {
    resource,
    query: new URLSearchParams(query.join('?')),
    form,
    callSid,
    recordingSid,
    numberSid,
  };
  const call = world.calls.get(callSid) ?? world.recordings.get(recordingSid)?.call;
  world.requests += 1;
  const info: RestRequestInfo = {
    requestId: world.requests,
    operation: route?.operation ?? 'unknown',
    callSid: call?.sid ?? (callSid || undefined),
    recordingSid: recordingSid || undefined,
  };
  const dice = call?.dice ?? world.dice;
  const requestMs = dice.draw(`${info.operation}/request`, world.network.requestMs);
  const responseMs = dice.draw(`${info.operation}/response`, world.network.responseMs);
  world.emit({ type: 'rest-request', ...info, method, path: pathname });

  const lost = world.faults.requestReceived(info);
  await world.waiting.for(requestMs + (lost.delayMs ?? 0));
  const processed =
    lost.reset || lost.replacement
      ? undefined
      : process(() => {
          const by = authenticator(authorization, world.credentials);
          if (by === undefined) throw authenticate();
          if (call?.script.restRefusal === 'credentials') throw authenticate();
          if (accountSid !== world.credentials.accountSid || route === undefined) throw notFound(pathname);
          return route.handle(world, { ...request, by });
        });
  const fault = processed
    ? world.faults.requestProcessed({ ...info, recordingSid: processed.recordingSid ?? info.recordingSid })
    : { ...lost, delayMs: 0 };
  if (info.operation === 'CreateCallRecording') noteCreate(world, call, processed ?? replacementOf(lost));

  await world.waiting.for(responseMs + (fault.delayMs ?? 0));
  const answer = fault.reset ? undefined : (replacementOf(fault) ?? processed);
  world.emit({ type: 'rest-answer', ...info, httpStatus: answer?.httpStatus, code: answer?.code });
  if (answer === undefined) return undefined;
  const json = answer.json ?? (answer.body && JSON.stringify(answer.body));
  return { httpStatus: answer.httpStatus, contentType: 'application/json', body: json };
}

function process(handle: () => Answer): Answer {
  try {
    return handle();
  } catch (error) {
    if (error instanceof RestError) return refusal(error);
    throw error;
  }
}

function refusal(error: RestError): Answer {
  return { httpStatus: error.httpStatus, code: error.code, body: error.body };
}

function replacementOf({ replacement }: AnswerFault): Answer | undefined {
  return replacement && refusal(new RestError(replacement.httpStatus, replacement.code, replacement.message));
}

/** What Twilio made of it, whether or not the client ever learns. */
function noteCreate(world: World, call: Call | undefined, answer: Answer | undefined): void {
  if (call === undefined || answer === undefined) return;
  const { httpStatus, code, recordingSid } = answer;
  call.creates.push({ at: world.now(), httpStatus, code, recordingSid });
}
