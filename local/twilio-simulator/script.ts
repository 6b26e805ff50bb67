import type { Key } from './keys.ts';

/** What the party reached by a `<Dial>` (or called by an outgoing call) does. */
export interface DialledParty {
  /** How long its phone rings before the outcome, in milliseconds. */
  readonly ringMs: number;
  readonly outcome: 'answers' | 'busy' | 'no-answer' | 'failed';
  /**
   * It hangs up that long after it answered, in milliseconds; or not before the call or its leg is ended from
   * elsewhere. For `<Dial>` only. @default 30000
   */
  readonly talkMs?: number | 'until-hung-up';
}

/** A recording that somebody else than the recorder under test makes of the call. Durations in milliseconds. */
export interface ForeignRecording {
  /** How long the call has been in progress when it starts. */
  readonly startsAfterMs: number;
  /** How long it has been on when whoever started it stops it. @default never, so it ends with the call */
  readonly stopsAfterMs?: number;
  readonly source: 'DialVerb' | 'StartCallRecordingAPI';
  readonly channels: 1 | 2;
}

/** A key that the other side presses. */
export interface KeyPress {
  readonly key: Key;
  /** How long the `<Gather>` that it is meant for has listened when it is pressed, in milliseconds. */
  readonly afterMs: number;
}

/** What the people on one call will do, and what its number is configured with. Durations in milliseconds. */
export interface CallScript {
  /** @default 'inbound' */
  readonly direction?: 'inbound' | 'outbound-api';
  readonly from: string;
  readonly to: string;
  /** The number's voice URL (or the `Url` of an outgoing call); may carry connection overrides in its fragment. */
  readonly voiceUrl: string;
  /** @default 'POST' */
  readonly voiceMethod?: 'GET' | 'POST';
  readonly voiceFallbackUrl?: string;
  /** The other side hangs up that long after the call was placed, answered or not. @default never */
  readonly hangUpAfterMs?: number;
  /** The other side hangs up that long after the call was answered. @default never */
  readonly talkMs?: number;
  /** Nobody speaks. @default false */
  readonly silent?: boolean;
  /** The voice webhook arrives a second time, a moment after the first; the first answer counts. @default false */
  readonly duplicateWebhook?: boolean;
  /**
   * REST refuses what concerns this call. `credentials`: every request, 401 with code 20003. `trial`: starting a
   * recording, 403 with code 10002; that Twilio's REST API refuses trial accounts at all, and so, is unverified.
   */
  readonly restRefusal?: 'trial' | 'credentials';
  /** @default none */
  readonly foreignRecordings?: readonly ForeignRecording[];
  /**
   * What the other side presses: a list for each `<Gather>` of the call, in the order in which they begin to listen.
   * Its keys are pressed even if it is over by then: another one may listen, or they are lost. @default nothing
   */
  readonly keys?: readonly (readonly KeyPress[])[];
  /** @default answers after 3 s and talks for 30 s */
  readonly dialled?: DialledParty;
}

export const DEFAULT_DIALLED_PARTY: DialledParty = { ringMs: 3_000, outcome: 'answers' };
export const DEFAULT_DIALLED_TALK_MS = 30_000;
