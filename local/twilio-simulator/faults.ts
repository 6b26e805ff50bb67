/** A REST request, as a fault may look at it. */
export interface RestRequestInfo {
  /** The operationId of Twilio's OpenAPI document, e.g. `CreateCallRecording`. */
  readonly operation: string;
  readonly callSid: string | undefined;
  /** In the path; or of the recording that was created, once it is. */
  readonly recordingSid: string | undefined;
  /** The same at each moment of one request. */
  readonly requestId: number;
}

/** What goes wrong with an answer; several may apply, the delay first. */
export interface AnswerFault {
  readonly delayMs?: number;
  /** The client gets this instead of the true answer. */
  readonly replacement?: { readonly httpStatus: number; readonly code: number; readonly message: string };
  /** The client gets no answer at all: its connection is reset. */
  readonly reset?: boolean;
}

export interface RecordingInfo {
  readonly callSid: string;
  readonly recordingSid: string;
}

export interface CallbackInfo extends RecordingInfo {
  readonly recordingStatus: string;
}

/** Where trouble can be put in. Each is asked once, at its moment. */
export interface Faults {
  /** A REST request arrived and was not processed: with a replacement or a reset it never will be. */
  requestReceived(request: RestRequestInfo): AnswerFault;
  /** A REST request was carried out or refused, and its answer is about to leave: that is not undone. */
  requestProcessed(request: RestRequestInfo): AnswerFault;
  /** The extra delays, in milliseconds, of each copy of a callback: `[]` loses it, `[0, 500]` sends it twice. */
  callbackDue(callback: CallbackInfo): readonly number[];
  /** How long a recording that just began is missing from lists, in milliseconds, beyond what the network has. */
  listLagMs(recording: RecordingInfo): number;
  /** After how long somebody else stops a recording that the recorder under test began, in milliseconds; undefined if nobody does. */
  stoppedAfterMs(recording: RecordingInfo): number | undefined;
}

export const NO_FAULTS: Faults = {
  requestReceived: () => ({}),
  requestProcessed: () => ({}),
  callbackDue: () => [0],
  listLagMs: () => 0,
  stoppedAfterMs: () => undefined,
};
