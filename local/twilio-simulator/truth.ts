import type { Key } from './keys.ts';
import type { CallScript } from './script.ts';

/** https://www.twilio.com/docs/voice/api/call-resource#call-status-values */
export type CallStatus =
  | 'queued'
  | 'ringing'
  | 'in-progress'
  | 'completed'
  | 'busy'
  | 'failed'
  | 'no-answer'
  | 'canceled';

export type RecordingStatus =
  | 'in-progress'
  | 'paused'
  | 'stopped'
  | 'processing'
  | 'completed'
  | 'absent'
  | 'deleted';

/** The statuses that a recording status callback can tell of. */
export type RecordingEvent = 'in-progress' | 'completed' | 'absent';

export type RecordingTrack = 'inbound' | 'outbound' | 'both';

export interface StatusCallback {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly events: readonly RecordingEvent[];
}

/** One try to deliver a request. Times in milliseconds, `at` since the epoch. */
export interface DeliveryAttempt {
  readonly at: number;
  readonly ms: number;
  readonly httpStatus: number | undefined;
  /** Why it failed; an HTTP error is told by its status alone. */
  readonly failure: string | undefined;
}

export interface WebhookDelivery {
  readonly kind: 'voice' | 'fallback' | 'redirect' | 'action';
  readonly url: string;
  readonly duplicate: boolean;
  readonly params: Readonly<Record<string, string>>;
  readonly attempts: readonly DeliveryAttempt[];
  /** What came back, TwiML or not. */
  readonly body: string | undefined;
}

export interface CallbackDelivery {
  readonly recordingStatus: RecordingEvent;
  readonly url: string;
  readonly attempts: readonly DeliveryAttempt[];
  /** Answered with a 2xx. */
  readonly delivered: boolean;
}

/** One request to start a recording of this call and what it was answered. */
export interface CreateAttempt {
  /** When it was processed. */
  readonly at: number;
  readonly httpStatus: number;
  readonly code: number | undefined;
  readonly recordingSid: string | undefined;
}

/** A key that the other side of a call pressed. */
export interface KeyPressed {
  readonly at: number;
  readonly key: Key;
  /** The action URL, in full, of the `<Gather>` that listened; `undefined` if none did, and the key was lost. */
  readonly heardBy: string | undefined;
}

export interface SimulatedRecording {
  readonly sid: string;
  readonly callSid: string;
  readonly source: 'StartCallRecordingAPI' | 'StartCallRecordingTwiML' | 'DialVerb';
  /** Started by somebody else than the recorder under test, as the call's script has it. */
  readonly foreign: boolean;
  /** The truth, whatever fetch and list show. */
  readonly status: RecordingStatus;
  readonly startedAt: number;
  readonly endedAt: number | undefined;
  /** What ended it: a REST request, TwiML's `<Stop>`, the end of the call, its script (a foreign one only), or somebody else. */
  readonly endedBy: 'api' | 'twiml' | 'call' | 'script' | 'others' | undefined;
  /** How often it was paused, for which there is no other way than a REST request. */
  readonly pauses: number;
  readonly durationSeconds: number | undefined;
  readonly channels: 1 | 2;
  readonly track: RecordingTrack;
  readonly trim: 'trim-silence' | 'do-not-trim';
  readonly errorCode: number | undefined;
  readonly statusCallback: StatusCallback | undefined;
  readonly callbacks: readonly CallbackDelivery[];
}

/** What really happened to a call. Times in milliseconds since the epoch. */
export interface SimulatedCall {
  readonly sid: string;
  readonly accountSid: string;
  readonly from: string;
  readonly to: string;
  readonly direction: 'inbound' | 'outbound-api' | 'outbound-dial';
  readonly parentCallSid: string | undefined;
  readonly script: CallScript;
  readonly status: CallStatus;
  readonly createdAt: number;
  readonly answeredAt: number | undefined;
  /** First moment at which the start of a recording would have been accepted. */
  readonly eligibleAt: number | undefined;
  readonly endedAt: number | undefined;
  readonly creates: readonly CreateAttempt[];
  readonly recordings: readonly SimulatedRecording[];
  readonly webhooks: readonly WebhookDelivery[];
  /** The legs that its `<Dial>`s made; Twilio's list of calls shows them too. */
  readonly dialledLegs: readonly SimulatedCall[];
  /** Why the caller heard "an application error has occurred": empty for a call that went well. */
  readonly errorsHeard: readonly string[];
  /** In the order in which they were pressed. */
  readonly keysPressed: readonly KeyPressed[];
}
