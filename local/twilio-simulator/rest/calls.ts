import { type Call, isLive } from '../call.ts';
import { runCall } from '../call-flow.ts';
import { hangUp } from '../call-progress.ts';
import { addCall } from '../switchboard.ts';
import type { World } from '../world.ts';
import { dateFilter, earliest } from './date-filter.ts';
import { badParameter, notFound, RestError } from './errors.ts';
import { absoluteUrl, choice } from './form.ts';
import { page } from './paging.ts';
import { callBody } from './resources.ts';
import type { RestAnswer, RestRequest, Route } from './route.ts';

export const callRoutes: readonly Route[] = [
  { operation: 'CreateCall', method: 'POST', path: /^\/Calls\.json$/, handle: createCall },
  { operation: 'ListCall', method: 'GET', path: /^\/Calls\.json$/, handle: listCalls },
  { operation: 'FetchCall', method: 'GET', path: /^\/Calls\/(?<callSid>[^/]+)\.json$/, handle: fetchCall },
  { operation: 'UpdateCall', method: 'POST', path: /^\/Calls\/(?<callSid>[^/]+)\.json$/, handle: updateCall },
  {
    operation: 'DeleteCall',
    method: 'DELETE',
    path: /^\/Calls\/(?<callSid>[^/]+)\.json$/,
    handle: deleteCall,
  },
];

/** @throws RestError 404 */
export function findCall(world: World, { callSid, resource }: RestRequest): Call {
  const call = world.calls.get(callSid);
  if (call === undefined || call.deleted) throw notFound(resource);
  return call;
}

/** Understands `To`, `From`, `Url` (required: no inline `Twiml`), `Method` and `FallbackUrl`; ignores the rest. */
function createCall(world: World, { form }: RestRequest): RestAnswer {
  const to = form.get('To');
  const from = form.get('From');
  // https://www.twilio.com/docs/api/errors/21201 to 21213
  if (!to) throw badParameter("No 'To' number is specified", 21201);
  if (!from) throw badParameter("No 'From' number is specified", 21213);
  const voiceUrl = absoluteUrl(form, 'Url', 21205);
  if (voiceUrl === undefined) throw badParameter('Url parameter is required', 21205);
  const voiceFallbackUrl = absoluteUrl(form, 'FallbackUrl', 21205);
  const voiceMethod = choice(form, 'Method', ['GET', 'POST']) ?? 'POST';
  const call = addCall(world, {
    direction: 'outbound-api',
    from,
    to,
    voiceUrl,
    voiceMethod,
    ...(voiceFallbackUrl !== undefined && { voiceFallbackUrl }),
  });
  world.activities.track(runCall(world, call));
  return { httpStatus: 201, body: callBody(world, call) };
}

function listCalls(world: World, request: RestRequest): RestAnswer {
  const json = page(world.credentials.accountSid, request, {
    key: 'calls',
    items: candidates(world, request.query),
    matches: callFilter(world, request.query),
    toJson: (call) => callJson(world, call),
  });
  return { httpStatus: 200, json };
}

/** Every call that the filters may let through, and others; oldest first. */
function candidates(world: World, query: URLSearchParams): readonly Call[] {
  const status = query.get('Status');
  // Among thousands of calls that are over, few are on, and few have just ended.
  if (status !== null && isLive(status)) return liveCalls(world);
  const since = earliest(query, 'EndTime', world.behaviour.callFilterGranularity);
  return since === undefined ? world.calls.inOrder : endedSince(world, since);
}

function endedSince({ calls, endedCalls }: World, since: number): readonly Call[] {
  const first = endedCalls[0]?.endedAt;
  // A day has nearly all of them, and those of the register are in order already.
  if (first !== undefined && first >= since) return calls.inOrder;
  const before = endedCalls.findLastIndex(({ endedAt }) => endedAt !== undefined && endedAt < since);
  return endedCalls.slice(before + 1).sort((left, right) => left.ordinal - right.ordinal);
}

/** A call is in many lists, and looks the same in each until another status of it is seen. */
function callJson(world: World, call: Call): string {
  const { shown, updatedAt } = call;
  const status = call.statusSeenAt(world.now());
  if (shown?.status === status && shown.updatedAt === updatedAt) return shown.json;
  const json = JSON.stringify(callBody(world, call));
  call.shown = { status, updatedAt, json };
  return json;
}

function callFilter(world: World, query: URLSearchParams): (call: Call) => boolean {
  const now = world.now();
  const { callFilterGranularity } = world.behaviour;
  const startTime = dateFilter(query, 'StartTime', callFilterGranularity);
  const endTime = dateFilter(query, 'EndTime', callFilterGranularity);
  const is = (name: string) => {
    const wanted = query.get(name);
    return (value: string | undefined) => wanted === null || value === wanted;
  };
  const [to, from, parent, status] = [is('To'), is('From'), is('ParentCallSid'), is('Status')];
  return (call) =>
    !call.deleted &&
    // First what leaves out most of thousands of calls.
    endTime(call.endSeenAt(now)) &&
    startTime(call.createdAt) &&
    status(call.statusSeenAt(now)) &&
    to(call.to) &&
    from(call.from) &&
    parent(call.parentCallSid);
}

/** The calls that REST shows as being on, and perhaps some more; oldest first. */
function liveCalls(world: World): readonly Call[] {
  const now = world.now();
  for (const call of world.liveCalls) {
    // In its last status and, however that lagged, shown so.
    if (call.endSeenAt(now) !== undefined) world.liveCalls.delete(call);
  }
  return [...world.liveCalls];
}

function fetchCall(world: World, request: RestRequest): RestAnswer {
  return { httpStatus: 200, json: callJson(world, findCall(world, request)) };
}

/**
 * Ends a call: `completed` whatever it is doing, `canceled` while nobody answered. Giving it new TwiML is not
 * simulated. https://www.twilio.com/docs/voice/api/call-resource#update-a-call-resource
 */
function updateCall(world: World, request: RestRequest): RestAnswer {
  const call = findCall(world, request);
  const status = choice(request.form, 'Status', ['completed', 'canceled']);
  if (status === undefined) throw badParameter('The simulator changes nothing of a call but its Status');
  if (call.ended || (status === 'canceled' && call.answeredAt !== undefined)) {
    throw badParameter('Call is not in-progress. Cannot redirect.', 21220);
  }
  hangUp(world, call, 'api', status);
  // The answer to an update shows what the update did, whatever a fetch shows at the same moment.
  return { httpStatus: 200, body: { ...callBody(world, call), status: call.status } };
}

function deleteCall(world: World, request: RestRequest): RestAnswer {
  const call = findCall(world, request);
  // How Twilio words this refusal is unverified.
  if (!call.ended) throw new RestError(409, 20409, 'A call in progress cannot be deleted');
  call.deleted = true;
  return { httpStatus: 204 };
}
