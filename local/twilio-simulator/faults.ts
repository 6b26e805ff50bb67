/** A REST request, as a fault may look at it. */
export interface RestRequestInfo {
  /** The operationId of Twilio's OpenAPI document, e.g. `CreateCallRecording`. */
  readonly operation: string;
  readonly callSid: string | undefined;
  readonly recordingSid: string | undefined;
}

/** What goes wrong with an answer; several may apply, the delay first. */
export interface AnswerFault {
  readonly delayMs?: number;
  /** The client gets this instead of the true answer. */
  readonly replacement?: { readonly httpStatus: number; readonly code: number; readonly message: string };
  /** The client gets no answer at all: its connection is reset. */
  readonly reset?: boolean;
}

export interface CallbackInfo {
  readonly callSid: string;
  readonly recordingSid: string;
  readonly recordingStatus: string;
}

/** Where trouble can be put in. Each is asked once, at its moment. */
export interface Faults {
  /** A REST request arrived and was not processed: with a replacement or a reset it never will be. */
  requestReceived(request: RestRequestInfo): AnswerFault;
  /** A recording was created and the answer is about to leave: whatever is returned, the recording exists. */
  createCommitted(request: RestRequestInfo): AnswerFault;
  /** A fetch or a list was processed and its answer is about to leave. */
  readAnswered(request: RestRequestInfo): AnswerFault;
  /** The extra delays, in milliseconds, of each copy of a callback: `[]` loses it, `[0, 500]` sends it twice. */
  callbackDue(callback: CallbackInfo): readonly number[];
}

export const NO_FAULTS: Faults = {
  requestReceived: () => ({}),
  createCommitted: () => ({}),
  readAnswered: () => ({}),
  callbackDue: () => [0],
};
