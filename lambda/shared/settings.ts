import * as v from 'valibot';

/*
 * The settings that the functions need. `lib/configuration.ts` composes them into the one schema that is validated
 * before anything is deployed; the functions parse the same schemas from their environment.
 */

// XML 1.0 allows no other control characters, and TwiML that holds one is an invalid document to Twilio.
const isSpeakable = (text: string): boolean =>
  text.isWellFormed() && !/[\u0000-\u001f\u007f-\u009f\ufffe\uffff]/.test(text);

// Lambda allows 4 KB for all environment variables of a function, and these texts travel in them, some twice.
const MAXIMUM_TEXT_BYTES = 400;

const fits = (text: string): boolean =>
  Buffer.byteLength(text.replace(/[&<>]/g, '&amp;')) <= MAXIMUM_TEXT_BYTES;

const SpokenText = v.pipe(
  v.string('a text to speak'),
  v.check((text) => text.trim() !== '', 'a text that is not empty'),
  v.check(fits, `a text of at most ${MAXIMUM_TEXT_BYTES} bytes, five for each of & < >`),
  v.check(isSpeakable, 'a text without control characters'),
);

/** An absolute URL, http or https, in printable ASCII. */
export const HttpUrl = v.pipe(
  v.string('an http(s) URL'),
  v.maxLength(2000, 'an http(s) URL of at most 2,000 characters'),
  v.check((url) => /^https?:\/\/[\x21-\x7e]+$/.test(url) && URL.canParse(url), 'an http(s) URL'),
);

const Voice = v.pipe(
  v.string("the name of one of Twilio's voices"),
  v.regex(/^[\w.-]{1,64}$/, "the name of one of Twilio's voices, such as Polly.Joanna"),
);
const Language = v.pipe(
  v.string('a language tag'),
  v.regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/, 'a language tag, such as en-US'),
);
const PhoneNumber = v.pipe(
  v.string('a phone number in E.164'),
  v.regex(/^\+[1-9]\d{1,14}$/, 'a phone number in E.164, such as +15551234567'),
);

const Say = v.strictObject({ say: SpokenText, voice: v.optional(Voice), language: v.optional(Language) });
const Play = v.strictObject({
  play: v.pipe(
    HttpUrl,
    v.check(fits, `an http(s) URL of at most ${MAXIMUM_TEXT_BYTES} bytes, five for each of & < >`),
  ),
});
const Dial = v.strictObject({
  dial: PhoneNumber,
  callerId: v.optional(PhoneNumber),
  timeoutSeconds: v.optional(
    v.pipe(
      v.number('seconds, 5 to 600'),
      v.integer('seconds, 5 to 600'),
      v.minValue(5, 'seconds, 5 to 600'),
      v.maxValue(600, 'seconds, 5 to 600'),
    ),
  ),
  answerOnBridge: v.optional(v.boolean('true or false')),
});

/** What callers hear, and where a call without the number's own application goes. */
export const VoiceSettings = v.strictObject({
  notice: v.union([v.literal(false), Say, Play], 'false, { say, voice?, language? } or { play }'),
  otherwise: v.union(
    [Dial, Say],
    '{ dial, callerId?, timeoutSeconds?, answerOnBridge? } or { say, voice?, language? }',
  ),
});
export type VoiceSettings = v.InferOutput<typeof VoiceSettings>;

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

/** TwiML that is written when the app is synthesized. */
export const VoiceDocuments = v.strictObject({
  /** The notice, then the number's own application in the place of `NEXT_PLACEHOLDER`. */
  next: v.string(),
  /** The notice, then what is configured for calls without an application. */
  otherwise: v.string(),
  /** The element that starts the recording, to stand first in either document. */
  startRecording: v.string(),
});
export type VoiceDocuments = v.InferOutput<typeof VoiceDocuments>;

/** What voice-webhook needs to know. */
export const VoiceWebhookSettings = v.strictObject({ documents: VoiceDocuments });
export type VoiceWebhookSettings = v.InferOutput<typeof VoiceWebhookSettings>;

/** What start-recording needs to know. */
export const StartSettings = v.strictObject({
  recording: RecordingSettings,
  /** Root of Twilio's REST API, without a path: regions and edges have their own. */
  twilioApiBaseUrl: HttpUrl,
  /** How long a call may ring before the recorder gives up on it, in seconds. */
  ringTimeoutSeconds: v.number(),
  /** How long rows are kept, in days. */
  retentionDays: v.number(),
});
export type StartSettings = v.InferOutput<typeof StartSettings>;

/** What the functions that only write rows need to know. */
export const StoreSettings = v.strictObject({ retentionDays: v.number() });
export type StoreSettings = v.InferOutput<typeof StoreSettings>;
