import * as v from 'valibot';
import type { CallFacts } from '../recording/store.ts';
import type { FormParameters } from './webhook.ts';

/*
 * What Twilio's webhooks say, as far as we need it. A signature does not bind the boundaries between parameters, so
 * what identifies anything is checked to the letter; unknown parameters are let through, since Twilio adds new ones
 * without notice.
 */

export const CallSid = v.pipe(v.string(), v.regex(/^CA[0-9a-f]{32}$/, 'a CallSid'));
export const AccountSid = v.pipe(v.string(), v.regex(/^AC[0-9a-f]{32}$/, 'an AccountSid'));
export const RecordingSid = v.pipe(v.string(), v.regex(/^RE[0-9a-f]{32}$/, 'a RecordingSid'));

/** Text that is good to have but that no call may fail for: left out when it is odd. */
const Optional = <const S extends v.GenericSchema<string, unknown>>(schema: S) =>
  v.fallback(v.optional(schema), undefined);
const ShortText = v.pipe(v.string(), v.minLength(1), v.maxLength(256));
const WholeNumber = v.pipe(v.string(), v.regex(/^\d{1,9}$/), v.transform(Number));

/**
 * The voice webhook, also for outgoing calls whose URL it is.
 * @see https://www.twilio.com/docs/voice/twiml#request-parameters
 */
export const VoiceRequest = v.object({
  CallSid,
  AccountSid,
  From: Optional(ShortText),
  To: Optional(ShortText),
  Direction: Optional(v.pipe(v.string(), v.regex(/^[a-z-]{1,32}$/))),
});
export type VoiceRequest = v.InferOutput<typeof VoiceRequest>;

/** Keys as a telephone has them: `Digits` of a `<Gather>`. https://www.twilio.com/docs/voice/twiml/gather#digits */
const Digits = v.pipe(v.string(), v.regex(/^[0-9A-Da-d*#]{1,32}$/));

/** The request of a `<Gather>`'s action. Without digits, the caller pressed nothing. */
export const KeyRequest = v.object({ ...VoiceRequest.entries, Digits: Optional(Digits) });
export type KeyRequest = v.InferOutput<typeof KeyRequest>;

export const callOf = (request: VoiceRequest): CallFacts => ({
  callSid: request.CallSid,
  accountSid: request.AccountSid,
  from: request.From,
  to: request.To,
  direction: request.Direction,
});

/**
 * The recording status callback. `RecordingStatus` is open: Twilio documents three values and sends a fourth.
 * @see https://www.twilio.com/docs/voice/api/recording#recordingstatuscallback
 */
export const RecordingStatusRequest = v.object({
  CallSid,
  AccountSid,
  RecordingSid,
  RecordingStatus: v.pipe(v.string(), v.regex(/^[a-z][a-z-]{0,31}$/, 'a RecordingStatus')),
  RecordingUrl: Optional(v.pipe(v.string(), v.maxLength(2000), v.regex(/^https?:\/\/[\x21-\x7e]+$/))),
  RecordingDuration: Optional(WholeNumber),
  RecordingChannels: Optional(WholeNumber),
  RecordingTrack: Optional(v.pipe(v.string(), v.regex(/^[a-z]{1,16}$/))),
  RecordingSource: Optional(v.pipe(v.string(), v.regex(/^\w{1,64}$/))),
  RecordingStartTime: Optional(
    v.pipe(
      v.string(),
      v.transform((text) => Date.parse(text)),
      v.number(),
      v.transform((time) => new Date(time).toISOString()),
    ),
  ),
  ErrorCode: Optional(WholeNumber),
});
export type RecordingStatusRequest = v.InferOutput<typeof RecordingStatusRequest>;

/** Parses a form; undefined when it is not what the schema says, or when a parameter of the schema was sent twice. */
export function parseRequest<
  const S extends typeof VoiceRequest | typeof KeyRequest | typeof RecordingStatusRequest,
>(schema: S, parameters: FormParameters): v.InferOutput<S> | undefined {
  if (Object.keys(schema.entries).some((name) => Array.isArray(parameters[name]))) {
    return undefined;
  }
  const parsed = v.safeParse(schema, parameters);
  return parsed.success ? parsed.output : undefined;
}
