import type { Call } from '../call.ts';
import { rfc2822 } from '../dates.ts';
import type { PhoneNumber } from '../phone-number.ts';
import type { Recording } from '../recording.ts';
import type { RecordingStatus } from '../truth.ts';
import type { World } from '../world.ts';
import { API_VERSION } from './api-version.ts';

const account = (accountSid: string) => `/${API_VERSION}/Accounts/${accountSid}`;
const date = (ms: number | undefined) => (ms === undefined ? null : rfc2822(ms));

/** https://www.twilio.com/docs/voice/api/call-resource#call-properties; the price is never known. */
export function callBody(world: World, call: Call): object {
  const status = call.statusSeenAt(world.now());
  const endedAt = call.endSeenAt(world.now());
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
    phone_number_sid: world.numberSid(own),
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
    subresource_uris: {
      notifications: `${uri}/Notifications.json`,
      recordings: `${uri}/Recordings.json`,
      payments: `${uri}/Payments.json`,
      events: `${uri}/Events.json`,
      siprec: `${uri}/Siprec.json`,
      streams: `${uri}/Streams.json`,
      transcriptions: `${uri}/Transcriptions.json`,
      user_defined_message_subscriptions: `${uri}/UserDefinedMessageSubscriptions.json`,
      user_defined_messages: `${uri}/UserDefinedMessages.json`,
    },
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

/**
 * https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource#incomingphonenumber-properties; `null`
 * for what is not configured, as in the page's example.
 */
export function phoneNumberBody(accountSid: string, number: PhoneNumber): object {
  const { configuration } = number;
  const uri = `${account(accountSid)}/IncomingPhoneNumbers/${number.sid}`;
  return {
    sid: number.sid,
    account_sid: accountSid,
    phone_number: configuration.phoneNumber,
    friendly_name: formatted(configuration.phoneNumber),
    date_created: date(number.createdAt),
    date_updated: date(number.updatedAt),
    api_version: API_VERSION,
    voice_url: configuration.voiceUrl || null,
    voice_method: configuration.voiceMethod ?? 'POST',
    voice_fallback_url: configuration.voiceFallbackUrl || null,
    voice_fallback_method: configuration.voiceFallbackMethod ?? 'POST',
    voice_application_sid: configuration.voiceApplicationSid ?? null,
    voice_caller_id_lookup: false,
    voice_receive_mode: 'voice',
    sms_url: null,
    sms_method: 'POST',
    sms_fallback_url: null,
    sms_fallback_method: 'POST',
    sms_application_sid: null,
    status_callback: null,
    status_callback_method: 'POST',
    capabilities: { voice: true, sms: false, mms: false, fax: false },
    address_requirements: 'none',
    address_sid: null,
    bundle_sid: null,
    identity_sid: null,
    trunk_sid: configuration.trunkSid ?? null,
    emergency_status: 'Inactive',
    emergency_address_sid: null,
    emergency_address_status: 'unregistered',
    beta: false,
    origin: 'twilio',
    type: 'local',
    status: 'in-use',
    uri: `${uri}.json`,
    subresource_uris: { assigned_add_ons: `${uri}/AssignedAddOns.json` },
  };
}

/** https://www.twilio.com/docs/iam/api/account#account-properties */
export function accountBody({ credentials, account: { type, status } }: World): object {
  const { accountSid, authToken } = credentials;
  const uri = account(accountSid);
  return {
    sid: accountSid,
    owner_account_sid: accountSid,
    friendly_name: 'A simulated account',
    auth_token: authToken,
    type,
    status,
    date_created: date(0),
    date_updated: date(0),
    uri: `${uri}.json`,
    subresource_uris: {
      calls: `${uri}/Calls.json`,
      incoming_phone_numbers: `${uri}/IncomingPhoneNumbers.json`,
      recordings: `${uri}/Recordings.json`,
    },
  };
}

/** `(305) 191-3581` for a North American number; anything else stays as it is. */
function formatted(number: string): string {
  return number.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, '($1) $2-$3');
}
