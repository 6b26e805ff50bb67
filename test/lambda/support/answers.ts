import type { TwilioAnswer, TwilioRecording } from '../../../lambda/twilio/api.ts';
import { RECORDING_SID } from './sids.ts';

type ErrorAnswer = Extract<TwilioAnswer<never>, { kind: 'error' }>;

/** A Recording as Twilio's API shows it. */
export const recordingResource = (overrides: Partial<TwilioRecording> = {}): TwilioRecording => ({
  sid: RECORDING_SID,
  status: 'in-progress',
  source: 'StartCallRecordingAPI',
  start_time: 'Tue, 24 Nov 2026 12:00:01 +0000',
  channels: 2,
  track: 'both',
  duration: null,
  error_code: null,
  ...overrides,
});

export const ok = <T>(body: T): TwilioAnswer<T> => ({ kind: 'ok', body });

export const errorAnswer = (
  httpStatus: number,
  code?: number,
  retryAfterMilliseconds?: number,
): ErrorAnswer => ({
  kind: 'error',
  httpStatus,
  code,
  retryAfterMilliseconds,
});

export const noAnswer: TwilioAnswer<never> = { kind: 'no-answer', cause: 'TimeoutError' };
export const notSent: TwilioAnswer<never> = { kind: 'not-sent', cause: 'ECONNREFUSED' };
export const notEligible = errorAnswer(400, 21220);
export const throttled = (retryAfterMilliseconds?: number) => errorAnswer(429, 20429, retryAfterMilliseconds);
