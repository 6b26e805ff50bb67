import type { Key } from './keys.ts';
import type { CallStatus, RecordingEvent, RecordingStatus } from './truth.ts';

interface OfCall {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly callSid: string;
}

interface OfRest {
  readonly at: number;
  /** The call that the request concerns, where there is one. */
  readonly callSid: string | undefined;
  readonly recordingSid: string | undefined;
  /** The operationId of Twilio's OpenAPI document. */
  readonly operation: string;
  /** Ties an answer to its request. */
  readonly requestId: number;
}

interface OfAnswer {
  readonly httpStatus: number | undefined;
  readonly failure: string | undefined;
  readonly ms: number;
}

interface OfRecording extends OfCall {
  readonly recordingSid: string;
}

interface OfCallback extends OfRecording {
  readonly recordingStatus: RecordingEvent;
  readonly url: string;
  /** 1 for the first try. */
  readonly attempt: number;
}

interface OfWebhook extends OfCall {
  readonly url: string;
  readonly duplicate: boolean;
  /** 1 for the first try. */
  readonly attempt: number;
}

export type SimulatorEvent =
  | (OfCall & {
      readonly type: 'call-placed';
      readonly direction: string;
      readonly from: string;
      readonly to: string;
    })
  | (OfCall & { readonly type: 'call-status'; readonly status: CallStatus })
  | (OfCall & { readonly type: 'hang-up'; readonly by: HangUpBy })
  | (OfWebhook & { readonly type: 'webhook-sent' })
  | (OfWebhook & OfAnswer & { readonly type: 'webhook-answered' })
  | (OfCall & { readonly type: 'twiml-received'; readonly twiml: string; readonly verbs: readonly string[] })
  | (OfCall & { readonly type: 'twiml-warning'; readonly message: string })
  /** A `<Gather>` began to listen; `url` is that of its action, in full. */
  | (OfCall & { readonly type: 'gathering'; readonly url: string })
  | (OfCall & { readonly type: 'key-pressed'; readonly key: Key; readonly heard: boolean })
  | (OfCall & { readonly type: 'application-error-heard'; readonly reason: string })
  | (OfCall & { readonly type: 'application-requested'; readonly url: string; readonly verified: boolean })
  | (OfRest & { readonly type: 'rest-request'; readonly method: string; readonly path: string })
  | (OfRest & {
      readonly type: 'rest-answer';
      readonly httpStatus: number | undefined;
      readonly code: number | undefined;
    })
  | (OfRecording & { readonly type: 'recording-started'; readonly source: string })
  | (OfRecording & { readonly type: 'recording-paused' | 'recording-resumed' | 'recording-ended' })
  | (OfRecording & {
      readonly type: 'recording-finished';
      readonly status: RecordingStatus;
      readonly errorCode: number | undefined;
    })
  | (OfCallback & { readonly type: 'callback-sent' })
  | (OfCallback & OfAnswer & { readonly type: 'callback-answered' });

export type HangUpBy = 'caller' | 'dialled-party' | 'twiml' | 'api' | 'time-limit' | 'carrier';

/** An event before the moment it happened is put on it. */
export type EventDetails = SimulatorEvent extends infer E
  ? E extends unknown
    ? Omit<E, 'at'>
    : never
  : never;
