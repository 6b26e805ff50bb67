import * as v from 'valibot';

/*
 * The settings of the functions: the stack writes them into their environment, they parse them from there.
 */

/** An absolute URL, http or https, in printable ASCII. */
export const HttpUrl = v.pipe(
  v.string('an http(s) URL'),
  v.maxLength(2000, 'an http(s) URL of at most 2,000 characters'),
  v.check((url) => /^https?:\/\/[\x21-\x7e]+$/.test(url) && URL.canParse(url), 'an http(s) URL'),
);

/**
 * How Twilio records: a recording configuration of the account, or the options one by one. Twilio takes one or the
 * other, not both. https://www.twilio.com/docs/voice/api/recording#create-a-recording-resource
 */
export const RecordingSettings = v.union(
  [
    v.strictObject({
      channels: v.picklist(['mono', 'dual'], "'mono' or 'dual'"),
      track: v.picklist(['inbound', 'outbound', 'both'], "'inbound', 'outbound' or 'both'"),
      trim: v.picklist(['trim-silence', 'do-not-trim'], "'trim-silence' or 'do-not-trim'"),
    }),
    v.strictObject({
      configurationId: v.pipe(
        v.string("a recording configuration's id"),
        v.regex(/^\w{1,64}$/, "a recording configuration's id"),
      ),
    }),
  ],
  '{ channels, track, trim } or { configurationId }',
);
export type RecordingSettings = v.InferOutput<typeof RecordingSettings>;

/** TwiML that is written when the app is synthesized: perhaps some words, and then the call goes on. */
export const OnwardsDocuments = v.strictObject({
  /** To the number's own application, in the place of `NEXT_PLACEHOLDER`. */
  next: v.string(),
  /** To what is configured for calls without an application. */
  otherwise: v.string(),
});
export type OnwardsDocuments = v.InferOutput<typeof OnwardsDocuments>;

/** The same with the notice. */
export const VoiceDocuments = v.strictObject({
  ...OnwardsDocuments.entries,
  /** The element that starts the recording, to stand first in either document. */
  startRecording: v.string(),
});
export type VoiceDocuments = v.InferOutput<typeof VoiceDocuments>;

/** What starts a recording: a request to the REST API, or `<Start><Recording>` in the TwiML. */
export const StartWith = v.picklist(['api', 'twiml'], "'api' or 'twiml'");
export type StartWith = v.InferOutput<typeof StartWith>;

/** What voice-webhook needs to know. */
export const VoiceWebhookSettings = v.strictObject({
  documents: VoiceDocuments,
  startWith: StartWith,
  /** Whether the call goes to the gate first, which lets on only what is recorded. */
  gated: v.boolean(),
});
export type VoiceWebhookSettings = v.InferOutput<typeof VoiceWebhookSettings>;

/** What start-recording needs to know. */
export const StartSettings = v.strictObject({
  recording: RecordingSettings,
  /** Root of Twilio's REST API, without a path: regions and edges have their own. */
  twilioApiBaseUrl: HttpUrl,
  /** How long a call may ring before the recorder gives up on it, in seconds. */
  ringTimeoutSeconds: v.number(),
  /** The wait that the state machine puts before the first attempt, in seconds. */
  startDelaySeconds: v.number(),
  startWith: StartWith,
  /** Whether a caller has to say yes before anything is recorded. */
  asks: v.boolean(),
  /** How long rows are kept, in days. */
  retentionDays: v.number(),
});
export type StartSettings = v.InferOutput<typeof StartSettings>;

/** TwiML that the gate answers with. */
export const GateDocuments = v.strictObject({
  ...OnwardsDocuments.entries,
  /** Says that the call cannot be taken, and ends it. */
  refusal: v.string(),
});
export type GateDocuments = v.InferOutput<typeof GateDocuments>;

/** What gate needs to know. */
export const GateSettings = v.strictObject({ ...StartSettings.entries, documents: GateDocuments });
export type GateSettings = v.InferOutput<typeof GateSettings>;

/** What ask needs to know. */
export const AskSettings = v.strictObject({
  /** TwiML that asks, and has the answer sent to the URL in the place of `NEXT_PLACEHOLDER`. */
  question: v.string(),
  /** Names the words of the question. */
  textVersion: v.string(),
  retentionDays: v.number(),
});
export type AskSettings = v.InferOutput<typeof AskSettings>;

/** What consent needs to know. */
export const ConsentSettings = v.strictObject({
  /** For who says yes. */
  documents: VoiceDocuments,
  /** For everybody else. */
  unrecorded: OnwardsDocuments,
  textVersion: v.string(),
  startWith: StartWith,
  retentionDays: v.number(),
});
export type ConsentSettings = v.InferOutput<typeof ConsentSettings>;

/** What opt-out needs to know. */
export const OptOutSettings = v.strictObject({
  /** The key. */
  key: v.string(),
  documents: OnwardsDocuments,
  /** Elements that come first for who pressed it. */
  optedOut: v.string(),
  /** The notice, which comes first once more for who pressed another one. */
  notice: v.string(),
  /** Names the words of the notice. */
  textVersion: v.string(),
  twilioApiBaseUrl: HttpUrl,
  retentionDays: v.number(),
});
export type OptOutSettings = v.InferOutput<typeof OptOutSettings>;

/** What reconcile and verify need to know. */
export const ReconcileSettings = v.strictObject({
  recording: RecordingSettings,
  twilioApiBaseUrl: HttpUrl,
  retentionDays: v.number(),
});
export type ReconcileSettings = v.InferOutput<typeof ReconcileSettings>;

/** What sweep needs to know. */
export const SweepSettings = v.strictObject({
  ...StartSettings.entries,
  /** How long a recording may be paused before it goes on by itself, in seconds; `false` is for ever. */
  resumeAfterSeconds: v.union([v.number(), v.literal(false)]),
});
export type SweepSettings = v.InferOutput<typeof SweepSettings>;

/** What calls needs to know. */
export const CallsSettings = v.strictObject({ twilioApiBaseUrl: HttpUrl });
export type CallsSettings = v.InferOutput<typeof CallsSettings>;

/** What the functions that only write rows need to know. */
export const StoreSettings = v.strictObject({ retentionDays: v.number() });
export type StoreSettings = v.InferOutput<typeof StoreSettings>;
