import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import * as v from 'valibot';
import { ROUTES } from '../shared/contract.ts';
import { HttpUrl, type OnwardsDocuments, type VoiceDocuments } from '../shared/settings.ts';

/** Stands for the application's URL in `VoiceDocuments.next`. A name that nobody can register. */
export const NEXT_PLACEHOLDER = 'https://next.invalid/';
/** The same for where a key goes that a caller presses during the notice. */
export const OPT_OUT_PLACEHOLDER = 'https://opt-out.invalid/';

const OPENING = '<Response>';

export interface TwimlRequest {
  readonly documents: VoiceDocuments;
  /** URL of the number's own application; without it, the configured default answers the call. */
  readonly next?: string | undefined;
  /** Where a key goes that the caller presses during the notice, if the documents listen. */
  readonly optOut: string;
  /** Whether the TwiML itself starts the recording. */
  readonly startsRecording: boolean;
}

/**
 * The answer to the voice webhook. The documents are written when the app is synthesized: the library that writes XML
 * takes longer to load than all else that a call waits for, and what is constant cannot fail.
 * @see https://www.twilio.com/docs/voice/twiml
 */
export function voiceTwiml({ documents, next, optOut, startsRecording }: TwimlRequest): string {
  return listeningTwiml(
    onwardsTwiml(documents, next, startsRecording ? documents.startRecording : ''),
    optOut,
  );
}

/**
 * Leads to the number's own application, or to what is configured for calls without one.
 *
 * @param opening elements that come first
 */
export function onwardsTwiml(documents: OnwardsDocuments, next: string | undefined, opening = ''): string {
  const document = next === undefined ? documents.otherwise : filled(documents.next, NEXT_PLACEHOLDER, next);
  return document.replace(OPENING, () => OPENING + opening);
}

/** Has the key that a caller presses sent to a URL, where the document listens. */
export const listeningTwiml = (document: string, optOut: string): string =>
  filled(document, OPT_OUT_PLACEHOLDER, optOut);

/** Asks, and has the answer sent to a URL. */
export const questionTwiml = (question: string, consent: string): string =>
  filled(question, NEXT_PLACEHOLDER, consent);

const filled = (document: string, placeholder: string, url: string): string =>
  // A function, since a URL may hold what replaceAll() takes for a pattern.
  document.replaceAll(placeholder, () => escapeXml(url));

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};
const escapeXml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);

/**
 * Three tries in the fifteen seconds that Twilio allows: a call whose next request is not answered ends, or goes to its
 * fallback. https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
 */
export const CONNECTION_OVERRIDES = '#rc=2&rp=ct,rt,5xx&ct=1000&rt=4000';

/** A route of ours for a call that goes on to the application which is encoded in `next`. */
const ownUrl =
  (route: string) =>
  (publicBaseUrl: string, next?: string): string =>
    `${publicBaseUrl}${route}${next === undefined ? '' : `/${next}`}${CONNECTION_OVERRIDES}`;

/** Where a call goes through the gate. */
export const gateUrl = ownUrl(ROUTES.gate);
/** Where the answer to the question goes. */
export const consentUrl = ownUrl(ROUTES.consent);
/** Where a key goes that is pressed during the notice. */
export const optOutUrl = ownUrl(ROUTES.optOut);

/** A webhook's answer. */
export const twimlResponse = (twiml: string): APIGatewayProxyStructuredResultV2 => ({
  statusCode: 200,
  headers: { 'content-type': 'text/xml; charset=utf-8' },
  body: twiml,
});

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
  return v.is(HttpUrl, url) && new URL(url).origin !== URL.parse(publicBaseUrl)?.origin ? url : undefined;
}
