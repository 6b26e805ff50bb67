import * as v from 'valibot';
import { HttpUrl, type VoiceDocuments } from '../shared/settings.ts';

/** Stands for the application's URL in `VoiceDocuments.next`. A name that nobody can register. */
export const NEXT_PLACEHOLDER = 'https://next.invalid/';

const OPENING = '<Response>';

export interface TwimlRequest {
  readonly documents: VoiceDocuments;
  /** URL of the number's own application; without it, the configured default answers the call. */
  readonly next?: string | undefined;
  /** Whether the TwiML itself starts the recording. */
  readonly startsRecording: boolean;
}

/**
 * The answer to the voice webhook. The documents are written when the app is synthesized: the library that writes XML
 * takes longer to load than all else that a call waits for, and what is constant cannot fail.
 * @see https://www.twilio.com/docs/voice/twiml
 */
export function voiceTwiml({ documents, next, startsRecording }: TwimlRequest): string {
  // Functions, since a URL may hold what replaceAll() takes for a pattern.
  const document =
    next === undefined
      ? documents.otherwise
      : documents.next.replace(NEXT_PLACEHOLDER, () => escapeXml(next));
  return startsRecording ? document.replace(OPENING, () => OPENING + documents.startRecording) : document;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};
const escapeXml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);

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
