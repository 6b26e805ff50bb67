import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import * as v from 'valibot';
import { ROUTES } from '../shared/contract.ts';
import { type GateDocuments, HttpUrl, type VoiceDocuments } from '../shared/settings.ts';

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
  const document = onwardsTwiml(documents, next);
  return startsRecording ? document.replace(OPENING, () => OPENING + documents.startRecording) : document;
}

/** Leads to the number's own application, or to what is configured for calls without one. */
export const onwardsTwiml = (
  documents: Pick<VoiceDocuments | GateDocuments, 'next' | 'otherwise'>,
  next: string | undefined,
): string =>
  next === undefined
    ? documents.otherwise
    : // A function, since a URL may hold what replace() takes for a pattern.
      documents.next.replace(NEXT_PLACEHOLDER, () => escapeXml(next));

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
 * Three tries in the fifteen seconds that Twilio allows: a gate that does not answer ends the call.
 * https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
 */
const GATE_OVERRIDES = '#rc=2&rp=ct,rt,5xx&ct=1000&rt=4000';

/** Where a call goes through the gate, on to the application that is encoded in `next`. */
export const gateUrl = (publicBaseUrl: string, next?: string): string =>
  `${publicBaseUrl}${ROUTES.gate}${next === undefined ? '' : `/${next}`}${GATE_OVERRIDES}`;

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
  return v.is(HttpUrl, url) && new URL(url).origin !== new URL(publicBaseUrl).origin ? url : undefined;
}
