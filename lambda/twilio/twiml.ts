import VoiceResponse from 'twilio/lib/twiml/VoiceResponse.js';
import * as v from 'valibot';
import { HttpUrl, type VoiceSettings } from '../shared/settings.ts';

/**
 * Silence after the last words of a call that goes nowhere, in seconds: the document's end ends the call, and the
 * recording has to begin before it does.
 */
const CLOSING_PAUSE_SECONDS = 5;

export interface TwimlRequest {
  readonly settings: VoiceSettings;
  /** URL of the number's own application; without it, `settings.otherwise` answers the call. */
  readonly next?: string | undefined;
  /** Attributes of `<Start><Recording>`, when the TwiML itself has to start the recording. */
  readonly startRecording?: Record<string, string> | undefined;
}

/**
 * The answer to the voice webhook: the notice, then the number's own application or what is configured instead.
 * @see https://www.twilio.com/docs/voice/twiml
 */
export function voiceTwiml({ settings, next, startRecording }: TwimlRequest): string {
  const response = new VoiceResponse();
  if (startRecording) {
    response.start().recording(startRecording);
  }
  const { notice, otherwise } = settings;
  if (notice) {
    speak(response, notice);
  }
  if (next) {
    response.redirect({ method: 'POST' }, next);
  } else if ('dial' in otherwise) {
    response.dial(
      {
        ...(otherwise.callerId && { callerId: otherwise.callerId }),
        ...(otherwise.timeoutSeconds && { timeout: otherwise.timeoutSeconds }),
        ...(otherwise.answerOnBridge && { answerOnBridge: true }),
      },
      otherwise.dial,
    );
    // A dialled party that is busy ends the document at once.
    if (!notice) {
      response.pause({ length: CLOSING_PAUSE_SECONDS });
    }
  } else {
    speak(response, otherwise);
    response.pause({ length: CLOSING_PAUSE_SECONDS });
  }
  return response.toString();
}

function speak(response: VoiceResponse, words: Exclude<VoiceSettings['notice'], false>): void {
  if ('play' in words) {
    response.play(words.play);
  } else {
    // The library types each of Twilio's voices; new ones appear more often than its releases.
    const attributes: object = {
      ...(words.voice && { voice: words.voice }),
      ...(words.language && { language: words.language }),
    };
    response.say(attributes, words.say);
  }
}

/** `{next}` of a route: base64url of an application's URL, so that it survives every proxy byte for byte. */
export const encodeNext = (url: string): string => Buffer.from(url, 'utf8').toString('base64url');

/**
 * The URL in `{next}`; undefined when it holds none, or one of this API's own, which would redirect the call in a
 * circle.
 */
export function decodeNext(next: string, publicBaseUrl: string): string | undefined {
  const bytes = Buffer.from(next, 'base64url');
  if (bytes.toString('base64url') !== next) {
    return undefined;
  }
  const text = bytes.toString('utf8');
  // The parser drops control characters without a word, and escapes what is not ASCII.
  if (/[\u0000-\u0020\u007f-\u009f\ufffd]/.test(text) || !URL.canParse(text)) {
    return undefined;
  }
  const url = v.is(HttpUrl, text) ? text : new URL(text).href;
  return v.is(HttpUrl, url) && new URL(url).origin !== new URL(publicBaseUrl).origin ? url : undefined;
}
