import type { RecordingSettings } from '../recording.ts';
import type { RecordingEvent, StatusCallback } from '../truth.ts';
import { badParameter } from './errors.ts';
import { absoluteUrl, choice } from './form.ts';

/** https://www.twilio.com/docs/api/errors/21609: the URL of a status callback is not valid. */
const INVALID_CALLBACK_URL = 21609;
/** https://www.twilio.com/docs/api/errors/21626: wrong status callback events. That recordings use it is unverified. */
const INVALID_CALLBACK_EVENT = 21626;

/** `failed` is in an example of Twilio's, but in no list of values: whether it is refused is unverified. */
const EVENTS: readonly RecordingEvent[] = ['in-progress', 'completed', 'absent'];

const INDIVIDUAL_PARAMETERS = [
  'RecordingStatusCallback',
  'RecordingStatusCallbackMethod',
  'RecordingStatusCallbackEvent',
  'RecordingChannels',
  'RecordingTrack',
  'Trim',
];

/**
 * Reads the parameters of a create. https://www.twilio.com/docs/voice/api/recording#create-a-recording-resource
 * @throws RestError 400
 */
export function recordingSettings(form: URLSearchParams): RecordingSettings {
  // "A workflow may use a configuration id or individual parameters, not both": the code of the refusal is unverified.
  if (form.has('RecordingConfigurationId') && INDIVIDUAL_PARAMETERS.some((name) => form.has(name))) {
    throw badParameter('RecordingConfigurationId excludes individual recording parameters');
  }
  return {
    source: 'StartCallRecordingAPI',
    foreign: false,
    channels: choice(form, 'RecordingChannels', ['mono', 'dual']) === 'dual' ? 2 : 1,
    track: choice(form, 'RecordingTrack', ['inbound', 'outbound', 'both']) ?? 'both',
    trim: choice(form, 'Trim', ['trim-silence', 'do-not-trim']) ?? 'do-not-trim',
    statusCallback: statusCallback(form),
  };
}

function statusCallback(form: URLSearchParams): StatusCallback | undefined {
  const method = choice(form, 'RecordingStatusCallbackMethod', ['GET', 'POST']) ?? 'POST';
  const events = callbackEvents(form);
  const url = absoluteUrl(form, 'RecordingStatusCallback', INVALID_CALLBACK_URL);
  return url === undefined ? undefined : { url, method, events };
}

/** Documented is one value with spaces; repeated keys, which the SDK makes of an array, work in the wild. */
function callbackEvents(form: URLSearchParams): readonly RecordingEvent[] {
  const given = form.getAll('RecordingStatusCallbackEvent').flatMap((value) => value.split(' '));
  if (given.length === 0) return ['completed'];
  return given.map((name) => {
    const event = EVENTS.find((candidate) => candidate === name);
    if (event === undefined) {
      throw badParameter(`Invalid RecordingStatusCallbackEvent: ${name}`, INVALID_CALLBACK_EVENT);
    }
    return event;
  });
}
