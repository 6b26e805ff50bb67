import type { RecordingSettings } from '../shared/settings.ts';
import type { TwilioRecording } from '../twilio/api.ts';
import type { RecordingState } from './merge.ts';

/** What our recordings look like in Twilio's lists; with a recording configuration we do not know. */
export interface Likeness {
  readonly channels?: number | undefined;
  readonly track?: string | undefined;
}

export const likenessOf = (settings: RecordingSettings): Likeness =>
  'configurationId' in settings
    ? {}
    : { channels: settings.channels === 'dual' ? 2 : 1, track: settings.track };

/**
 * Whether a recording may be ours: one that the API or our TwiML started, with our options. Nothing in Twilio's answer
 * says who asked for it, so this alone is never a reason to stop one. Other ways of recording have other sources.
 */
export function mayBeOurs({ source, channels, track }: TwilioRecording, likeness: Likeness): boolean {
  return (
    (source === 'StartCallRecordingAPI' || source === 'StartCallRecordingTwiML') &&
    alike(channels, likeness.channels) &&
    alike(track, likeness.track)
  );
}

/** What one side does not know is no difference. */
const alike = <T>(shown: T | null | undefined, ours: T | undefined): boolean =>
  ours === undefined || shown === null || shown === undefined || shown === ours;

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
