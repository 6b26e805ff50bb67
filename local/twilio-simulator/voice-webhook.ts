import type { Call } from './call.ts';
import { deliver } from './delivery.ts';
import { API_VERSION } from './rest/api-version.ts';
import type { HttpOutcome } from './transport.ts';
import type { DeliveryAttempt, WebhookDelivery } from './truth.ts';
import { InvalidTwiml, parseTwiml, type Verb } from './twiml.ts';
import type { World } from './world.ts';

/** The caller hears "an application error has occurred", and the call ends. */
export class ApplicationError extends Error {
  override readonly name = 'ApplicationError';
}

export interface VoiceRequest {
  readonly kind: WebhookDelivery['kind'];
  readonly url: string;
  readonly method: 'GET' | 'POST';
  /** Beyond the parameters that every voice webhook has. */
  readonly extraParams?: Readonly<Record<string, string>>;
}

export interface TwimlDocument {
  /** Where it came from: relative URLs in it are resolved against that. */
  readonly url: string;
  readonly verbs: readonly Verb[];
}

/** https://www.twilio.com/docs/api/errors: 11200 (HTTP retrieval failure), 11205 (connection failure), 12300 (content type). */
const HTTP_FAILURE = 11200;
const CONNECTION_FAILURE = 11205;
const WRONG_CONTENT_TYPE = 12300;
const MAX_REDIRECTS = 5;

/** All numbers are from one town. */
const GEOGRAPHY: Readonly<Record<string, string>> = Object.fromEntries(
  ['From', 'To', 'Caller', 'Called'].flatMap((side) => [
    [`${side}City`, 'SAN FRANCISCO'],
    [`${side}State`, 'CA'],
    [`${side}Zip`, '94105'],
    [`${side}Country`, 'US'],
  ]),
);

/**
 * Asks a server what to do next with the call; asks the voice fallback URL when that fails, which is what Twilio does
 * with any failure to get or to carry out TwiML. https://www.twilio.com/docs/api/errors/11205
 * @throws ApplicationError if there is no fallback, or if it fails too
 */
export async function requestTwiml(world: World, call: Call, request: VoiceRequest): Promise<TwimlDocument> {
  try {
    return await requestOnce(world, call, request);
  } catch (error) {
    if (!(error instanceof InvalidTwiml)) throw error;
    const { voiceFallbackUrl } = call.script;
    const reason = `${error.code} ${error.message} (${request.url})`;
    if (voiceFallbackUrl === undefined || request.kind === 'fallback') throw new ApplicationError(reason);
    return requestTwiml(world, call, {
      kind: 'fallback',
      url: voiceFallbackUrl,
      method: 'POST',
      extraParams: { ErrorCode: String(error.code), ErrorUrl: request.url },
    });
  }
}

/** The same webhook once more; what it is answered changes nothing. */
function sendDuplicate(world: World, call: Call, request: VoiceRequest): void {
  // Taken now: a duplicate is the same request, even if the call has moved on when it arrives.
  const params = { ...voiceParams(call), ...request.extraParams };
  const delay = call.dice.draw('duplicate', world.network.duplicateMs);
  world.activities.track(world.waiting.for(delay).then(() => send(world, call, request, params, true)));
}

async function requestOnce(world: World, call: Call, request: VoiceRequest): Promise<TwimlDocument> {
  await call.waiting.for(call.dice.draw('webhook', world.network.webhookMs));
  if (request.kind === 'voice' && call.script.duplicateWebhook) sendDuplicate(world, call, request);
  let { url } = request;
  let sent = sendTracked(world, call, request, { ...voiceParams(call), ...request.extraParams });
  for (let redirects = 0; ; redirects += 1) {
    const outcome = await call.waiting.race(sent);
    const location = redirectOf(outcome);
    if (location !== undefined && redirects < MAX_REDIRECTS) {
      // Redirections are followed with GET; the parameters are lost.
      url = new URL(location, url).href;
      sent = sendTracked(world, call, { ...request, url, method: 'GET' }, {});
      continue;
    }
    const twiml = twimlOf(outcome);
    const verbs = parseTwiml(twiml);
    world.emit({ type: 'twiml-received', callSid: call.sid, twiml, verbs: verbs.map(({ verb }) => verb) });
    return { url, verbs };
  }
}

/** A request under way outlives the call that it is for. */
function sendTracked(
  world: World,
  call: Call,
  request: VoiceRequest,
  params: Record<string, string>,
): Promise<HttpOutcome> {
  const sent = send(world, call, request, params, false);
  world.activities.track(sent);
  return sent;
}

async function send(
  world: World,
  call: Call,
  { kind, url, method }: VoiceRequest,
  params: Record<string, string>,
  duplicate: boolean,
): Promise<HttpOutcome> {
  const attempts: DeliveryAttempt[] = [];
  const record: Omit<WebhookDelivery, 'body'> & { body: string | undefined } = {
    kind,
    url,
    duplicate,
    params,
    attempts,
    body: undefined,
  };
  call.webhooks.push(record);
  const about = { callSid: call.sid, url, duplicate };
  const outcome = await deliver(world, {
    url,
    method,
    params,
    idempotencyToken: call.dice.uuid(duplicate ? 'duplicateToken' : 'webhookToken'),
    onSent: (attempt) => world.emit({ type: 'webhook-sent', ...about, attempt }),
    onAnswered: (attempt, result) => {
      attempts.push(result);
      const { httpStatus, failure, ms } = result;
      world.emit({ type: 'webhook-answered', ...about, attempt, httpStatus, failure, ms });
    },
  });
  if ('body' in outcome) record.body = outcome.body;
  return outcome;
}

function redirectOf(outcome: HttpOutcome): string | undefined {
  if ('failure' in outcome) return undefined;
  return [301, 302, 303, 307, 308].includes(outcome.httpStatus) ? outcome.location : undefined;
}

function twimlOf(outcome: HttpOutcome): string {
  if ('failure' in outcome) throw new InvalidTwiml(CONNECTION_FAILURE, outcome.failure);
  const { httpStatus, contentType, body } = outcome;
  if (httpStatus < 200 || httpStatus > 299) throw new InvalidTwiml(HTTP_FAILURE, `HTTP ${httpStatus}`);
  if (!/^(text|application)\/xml\b/i.test(contentType)) {
    throw new InvalidTwiml(WRONG_CONTENT_TYPE, `content type "${contentType}"`);
  }
  return body;
}

/** https://www.twilio.com/docs/voice/twiml#request-parameters */
function voiceParams(call: Call): Record<string, string> {
  const { from, to } = call;
  return {
    CallSid: call.sid,
    AccountSid: call.accountSid,
    From: from,
    To: to,
    Caller: from,
    Called: to,
    CallStatus: call.status,
    ApiVersion: API_VERSION,
    Direction: call.direction,
    ...GEOGRAPHY,
  };
}
