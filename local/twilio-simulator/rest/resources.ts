import type { Call } from '../call.ts';
import { rfc2822 } from '../dates.ts';
import { Dice } from '../random.ts';
import type { Recording } from '../recording.ts';
import type { RecordingStatus } from '../truth.ts';
import type { World } from '../world.ts';
import { API_VERSION } from './api-version.ts';

const CALL_SUBRESOURCES = {
  notifications: 'Notifications',
  recordings: 'Recordings',
  payments: 'Payments',
  events: 'Events',
  siprec: 'Siprec',
  streams: 'Streams',
  transcriptions: 'Transcriptions',
  user_defined_message_subscriptions: 'UserDefinedMessageSubscriptions',
  user_defined_messages: 'UserDefinedMessages',
};

const account = (accountSid: string) => `/${API_VERSION}/Accounts/${accountSid}`;
const date = (ms: number | undefined) => (ms === undefined ? null : rfc2822(ms));

/** https://www.twilio.com/docs/voice/api/call-resource#call-properties; the price is never known. */
export function callBody(world: World, call: Call): object {
  const status = call.statusSeenAt(world.now());
  const endedAt = ['queued', 'ringing', 'in-progress'].includes(status) ? undefined : call.endedAt;
  const talkedMs = endedAt === undefined || call.answeredAt === undefined ? 0 : endedAt - call.answeredAt;
  const uri = `${account(call.accountSid)}/Calls/${call.sid}`;
  const own = call.direction === 'inbound' ? call.to : call.from;
  return {
    sid: call.sid,
    date_created: date(call.createdAt),
    date_updated: date(call.updatedAt),
    parent_call_sid: call.parentCallSid ?? null,
    account_sid: call.accountSid,
    to: call.to,
    to_formatted: formatted(call.to),
    from: call.from,
    from_formatted: formatted(call.from),
    phone_number_sid: new Dice(world.seed, own).sid('PN'),
    status,
    start_time: date(call.createdAt),
    end_time: date(endedAt),
    duration: endedAt === undefined ? null : String(Math.round(talkedMs / 1_000)),
    price: null,
    price_unit: 'USD',
    direction: call.direction,
    answered_by: null,
    api_version: API_VERSION,
    forwarded_from: null,
    group_sid: null,
    caller_name: null,
    queue_time: '0',
    trunk_sid: null,
    uri: `${uri}.json`,
    subresource_uris: Object.fromEntries(
      Object.entries(CALL_SUBRESOURCES).map(([key, path]) => [key, `${uri}/${path}.json`]),
    ),
  };
}

/** A recording as a resource below its call. */
export function callRecordingBody(recording: Recording, status: RecordingStatus): object {
  const { call } = recording;
  return {
    ...common(recording, status),
    uri: `${account(call.accountSid)}/Calls/${call.sid}/Recordings/${recording.sid}.json`,
    track: recording.track,
  };
}

/** A recording as a resource of its account. */
export function recordingBody(recording: Recording, status: RecordingStatus): object {
  const uri = `${account(recording.call.accountSid)}/Recordings/${recording.sid}`;
  return {
    ...common(recording, status),
    uri: `${uri}.json`,
    subresource_uris: {
      add_on_results: `${uri}/AddOnResults.json`,
      transcriptions: `${uri}/Transcriptions.json`,
    },
    media_url: `https://api.twilio.com${uri}`,
  };
}

function common(recording: Recording, status: RecordingStatus) {
  const { durationSeconds } = recording;
  return {
    account_sid: recording.call.accountSid,
    api_version: API_VERSION,
    call_sid: recording.callSid,
    conference_sid: null,
    date_created: date(recording.startedAt),
    date_updated: date(recording.updatedAt),
    start_time: date(recording.startedAt),
    duration: durationSeconds === undefined ? null : String(durationSeconds),
    sid: recording.sid,
    price: null,
    price_unit: null,
    status,
    channels: recording.channels,
    source: recording.source,
    error_code: recording.errorCode ?? null,
    encryption_details: null,
  };
}

/** `(305) 191-3581` for a North American number; anything else stays as it is. */
function formatted(number: string): string {
  return number.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, '($1) $2-$3');
}
