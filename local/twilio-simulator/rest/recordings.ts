import type { Call } from '../call.ts';
import { pauseRecording, resumeRecording, startRecording, stopRecording } from '../recorder.ts';
import type { Recording } from '../recording.ts';
import type { RecordingStatus } from '../truth.ts';
import type { World } from '../world.ts';
import { findCall } from './calls.ts';
import { dateFilter } from './date-filter.ts';
import { badParameter, notEligible, notFound, RestError } from './errors.ts';
import { choice } from './form.ts';
import { page } from './paging.ts';
import { recordingSettings } from './recording-parameters.ts';
import { callRecordingBody, recordingBody } from './resources.ts';
import type { RestAnswer, RestRequest, Route } from './route.ts';

const ofCall = /^\/Calls\/(?<callSid>[^/]+)\/Recordings\.json$/;
const oneOfCall = /^\/Calls\/(?<callSid>[^/]+)\/Recordings\/(?<recordingSid>[^/]+)\.json$/;
const ofAccount = /^\/Recordings\.json$/;
const oneOfAccount = /^\/Recordings\/(?<recordingSid>[^/]+)\.json$/;

export const recordingRoutes: readonly Route[] = [
  { operation: 'CreateCallRecording', method: 'POST', path: ofCall, handle: create },
  { operation: 'ListCallRecording', method: 'GET', path: ofCall, handle: listOfCall },
  { operation: 'FetchCallRecording', method: 'GET', path: oneOfCall, handle: fetchOfCall },
  { operation: 'UpdateCallRecording', method: 'POST', path: oneOfCall, handle: update },
  { operation: 'DeleteCallRecording', method: 'DELETE', path: oneOfCall, handle: deleteOfCall },
  { operation: 'ListRecording', method: 'GET', path: ofAccount, handle: list },
  { operation: 'FetchRecording', method: 'GET', path: oneOfAccount, handle: fetch },
  { operation: 'DeleteRecording', method: 'DELETE', path: oneOfAccount, handle: remove },
];

function create(world: World, request: RestRequest): RestAnswer {
  const call = findCall(world, request);
  const settings = recordingSettings(request.form);
  if (call.script.restRefusal === 'trial') {
    // https://www.twilio.com/docs/api/errors/10002; that it is the answer here, with 403, is unverified.
    throw new RestError(403, 10002, 'Trial account does not support this feature');
  }
  if (call.status !== 'in-progress') throw notEligible();
  // "The CallSid of the resource always refers to the parent leg", whichever leg was asked for.
  const owner = call.parent ?? call;
  const same =
    world.behaviour.secondCreate === 'same'
      ? owner.recordings.find(({ active, source }) => active && source === 'StartCallRecordingAPI')
      : undefined;
  const recording = same ?? startRecording(world, owner, settings);
  return {
    httpStatus: 201,
    body: callRecordingBody(recording, recording.status),
    recordingSid: recording.sid,
  };
}

/** https://www.twilio.com/docs/voice/api/recording#update-a-recording-resource */
function update(world: World, request: RestRequest): RestAnswer {
  const call = findCall(world, request);
  const status = choice(request.form, 'Status', ['paused', 'in-progress', 'stopped']);
  if (status === undefined) throw badParameter('Status is required');
  const behavior = choice(request.form, 'PauseBehavior', ['skip', 'silence']);
  const recording = request.recordingSid === 'Twilio.CURRENT' ? current(call) : find(call, request);
  // Twilio's Flex template takes 21220 for "no recording to pause"; others saw 404.
  if (!recording.active) throw notEligible();
  if (status === 'paused') pauseRecording(world, recording, behavior ?? 'silence');
  else if (status === 'in-progress') resumeRecording(world, recording);
  else stopRecording(world, recording, 'api');
  return { httpStatus: 200, body: callRecordingBody(recording, recording.status) };
}

/** @throws RestError unless exactly one recording is active */
function current(call: Call): Recording {
  const [only, ...others] = call.recordings.filter(({ active }) => active);
  if (only === undefined) throw notEligible();
  // https://www.twilio.com/docs/api/errors/16108; its HTTP status is unverified.
  if (others.length > 0) throw new RestError(400, 16108, 'Request failed due to concurrent recordings');
  return only;
}

/** @throws RestError 404 */
function find(call: Call, { recordingSid, resource }: RestRequest): Recording {
  const recording = call.recordings.find(({ sid, status }) => sid === recordingSid && status !== 'deleted');
  if (recording === undefined) throw notFound(resource);
  return recording;
}

/** @throws RestError 404 */
function findInAccount(world: World, { recordingSid, resource, query }: RestRequest): Recording {
  const recording = world.recordings.get(recordingSid);
  if (recording === undefined || (recording.status === 'deleted' && !includesDeleted(query))) {
    throw notFound(resource);
  }
  return recording;
}

function includesDeleted(query: URLSearchParams): boolean {
  return query.get('IncludeSoftDeleted') === 'true';
}

function listOfCall(world: World, request: RestRequest): RestAnswer {
  const { recordings, accountSid } = findCall(world, request);
  const json = page(accountSid, request, {
    key: 'recordings',
    items: recordings,
    matches: isListed(world, request),
    toJson: (recording) => JSON.stringify(callRecordingBody(recording, shownStatus(world, recording))),
  });
  return { httpStatus: 200, json };
}

function list(world: World, request: RestRequest): RestAnswer {
  const { query } = request;
  const callSid = query.get('CallSid');
  const ofAccountOrCall =
    callSid === null ? world.recordings.inOrder : (world.calls.get(callSid)?.recordings ?? []);
  const json = page(world.credentials.accountSid, request, {
    key: 'recordings',
    // No call is a conference.
    items: query.has('ConferenceSid') ? [] : ofAccountOrCall,
    matches: isListed(world, request),
    toJson: (recording) => JSON.stringify(recordingBody(recording, shownStatus(world, recording))),
  });
  return { httpStatus: 200, json };
}

function isListed(world: World, { query }: RestRequest): (recording: Recording) => boolean {
  const now = world.now();
  const created = dateFilter(query, 'DateCreated', 'second');
  const withDeleted = includesDeleted(query);
  return ({ status, listedAt, startedAt }) =>
    listedAt <= now && created(startedAt) && (status !== 'deleted' || withDeleted);
}

function fetchOfCall(world: World, request: RestRequest): RestAnswer {
  const recording = find(findCall(world, request), request);
  return { httpStatus: 200, body: callRecordingBody(recording, shownStatus(world, recording)) };
}

function fetch(world: World, request: RestRequest): RestAnswer {
  const recording = findInAccount(world, request);
  return { httpStatus: 200, body: recordingBody(recording, shownStatus(world, recording)) };
}

function shownStatus({ behaviour }: World, { status, active }: Recording): RecordingStatus {
  if (behaviour.activeRecordingShownAs === 'actual') return status;
  return active || status === 'stopped' ? 'processing' : status;
}

function deleteOfCall(world: World, request: RestRequest): RestAnswer {
  return deleteRecording(world, find(findCall(world, request), request), request);
}

function remove(world: World, request: RestRequest): RestAnswer {
  return deleteRecording(world, findInAccount(world, request), request);
}

function deleteRecording(world: World, recording: Recording, { resource }: RestRequest): RestAnswer {
  if (recording.status !== 'completed') {
    throw world.behaviour.deleteTooEarly === 'not-found'
      ? notFound(resource)
      : new RestError(409, 20409, 'Only completed recordings can be deleted');
  }
  recording.delete(world.now());
  return { httpStatus: 204 };
}
