import type { TwilioRecording } from '../twilio/api.ts';
import type { RecordingState } from './merge.ts';

/** Whether a recording may be ours: one that the API or our TwiML started. Other ways of recording have other sources. */
export const isOurs = ({ source }: TwilioRecording): boolean =>
  source === 'StartCallRecordingAPI' || source === 'StartCallRecordingTwiML';

/** A Recording of Twilio's REST API as our rows keep it. */
export function recordingState(recording: TwilioRecording): RecordingState {
  const startTime = Date.parse(recording.start_time ?? '');
  const duration = Number.parseInt(recording.duration ?? '', 10);
  return {
    recordingSid: recording.sid,
    status: recording.status,
    source: recording.source ?? undefined,
    startTime: Number.isNaN(startTime) ? undefined : new Date(startTime).toISOString(),
    // Twilio says -1 of a recording that has no duration yet.
    duration: duration >= 0 ? duration : undefined,
    channels: recording.channels ?? undefined,
    track: recording.track ?? undefined,
    errorCode: recording.error_code ?? undefined,
  };
}
