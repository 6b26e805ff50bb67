import { ROUTES } from '../shared/contract.ts';
import type { RecordingSettings } from '../shared/settings.ts';

/**
 * Connection overrides that make Twilio try again what it could not deliver: up to five more times, on connection
 * failures, time-outs and 5xx. Each try may take 2.5 s, so that all six fit into the 15 s that Twilio allows. The
 * fragment is neither sent nor signed.
 * @see https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
 */
const CONNECTION_OVERRIDES = '#rc=5&rp=ct,rt,5xx&ct=1000&rt=2500';

/** All that Twilio documents. `failed` is accepted when it comes, but a request that names it may be refused. */
const CALLBACK_EVENTS = 'in-progress completed absent';

export const recordingStatusCallbackUrl = (publicBaseUrl: string): string =>
  `${publicBaseUrl}${ROUTES.recordingStatus}${CONNECTION_OVERRIDES}`;

/**
 * The form of a create request: `POST /2010-04-01/Accounts/{AccountSid}/Calls/{CallSid}/Recordings.json`. The events
 * are one value: that Twilio takes repeated keys is not documented. A configuration id stands alone: Twilio takes an id or
 * individual parameters, and whether callbacks count among them is not documented. The configuration names them itself.
 * @see https://www.twilio.com/docs/voice/api/recording#create-a-recording-resource
 */
export function createRecordingParameters(
  recording: RecordingSettings,
  publicBaseUrl: string,
): Record<string, string> {
  if ('configurationId' in recording) {
    return { RecordingConfigurationId: recording.configurationId };
  }
  return {
    RecordingStatusCallback: recordingStatusCallbackUrl(publicBaseUrl),
    RecordingStatusCallbackMethod: 'POST',
    RecordingStatusCallbackEvent: CALLBACK_EVENTS,
    RecordingChannels: recording.channels,
    RecordingTrack: recording.track,
    Trim: recording.trim,
  };
}

/**
 * The attributes of TwiML's `<Recording>`. Its defaults (dual, trimmed) differ from the create request's (mono,
 * untrimmed), so all are given and a call is recorded alike either way.
 * @see https://www.twilio.com/docs/voice/twiml/recording
 */
export function recordingAttributes(
  recording: RecordingSettings,
  publicBaseUrl: string,
): Record<string, string> {
  if ('configurationId' in recording) {
    return { recordingConfigurationId: recording.configurationId };
  }
  return {
    recordingStatusCallback: recordingStatusCallbackUrl(publicBaseUrl),
    recordingStatusCallbackMethod: 'POST',
    recordingStatusCallbackEvent: CALLBACK_EVENTS,
    channels: recording.channels,
    track: recording.track,
    trim: recording.trim,
  };
}
