import * as v from 'valibot';
import { HttpUrl } from '../lambda/shared/settings.ts';

// XML 1.0 allows no other control characters, and TwiML that holds one is an invalid document to Twilio.
const isSpeakable = (text: string): boolean =>
  text.isWellFormed() && !/[\u0000-\u001f\u007f-\u009f\ufffe\uffff]/.test(text);

// Lambda allows 4 KB for all environment variables of a function, and these texts travel in them, some twice.
const MAXIMUM_TEXT_BYTES = 400;

// As XML in JSON.
const fits = (text: string): boolean =>
  Buffer.byteLength(JSON.stringify(text.replace(/[&<>]/g, '&amp;'))) - 2 <= MAXIMUM_TEXT_BYTES;

const SpokenText = v.pipe(
  v.string('a text to speak'),
  v.check((text) => text.trim() !== '', 'a text that is not empty'),
  v.check(fits, `a text of at most ${MAXIMUM_TEXT_BYTES} bytes, five for each of & < >, two for each quote`),
  v.check(isSpeakable, 'a text without control characters'),
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
    v.check(
      fits,
      `an http(s) URL of at most ${MAXIMUM_TEXT_BYTES} bytes, five for each of & < >, two for each quote`,
    ),
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

const Words = v.union([Say, Play], '{ say, voice?, language? } or { play }');
/** To be said, or a file to be played. */
export type Words = v.InferOutput<typeof Words>;

/** A key of a telephone. */
export const Key = v.pipe(v.string('a key: 0 to 9, * or #'), v.regex(/^[0-9*#]$/, 'a key: 0 to 9, * or #'));

/** What callers hear, and where a call without the number's own application goes. */
export const VoiceSettings = v.strictObject({
  /** That the call is recorded. */
  notice: Words,
  /** Whether it may be. */
  question: Words,
  /** Said to who did not want to be. */
  optedOut: Words,
  otherwise: v.union(
    [Dial, Say],
    '{ dial, callerId?, timeoutSeconds?, answerOnBridge? } or { say, voice?, language? }',
  ),
  /** Said to whose call cannot be taken. */
  refusal: Words,
});
export type VoiceSettings = v.InferOutput<typeof VoiceSettings>;
