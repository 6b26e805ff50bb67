import { leadsTo } from '../lambda/recording/sweep.ts';
import { ROUTES } from '../lambda/shared/contract.ts';
import { CONNECTION_OVERRIDES, decodeNext, encodeNext } from '../lambda/twilio/twiml.ts';

/**
 * What Twilio does with a call to a number; a URL that is not set is `''`.
 * https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource#incomingphonenumber-properties
 */
export interface VoiceConfiguration {
  readonly voice_url: string;
  readonly voice_method: string;
  readonly voice_fallback_url: string;
  readonly voice_fallback_method: string;
}

export const VOICE_FIELDS = [
  'voice_url',
  'voice_method',
  'voice_fallback_url',
  'voice_fallback_method',
] as const satisfies readonly (keyof VoiceConfiguration)[];

/** A number of the account; a SID that is not set is `''`. */
export interface AccountNumber extends VoiceConfiguration {
  readonly sid: string;
  readonly phone_number: string;
  readonly voice_application_sid: string;
  readonly trunk_sid: string;
}

/** What is to be known of a deployed recorder. */
export interface Recorder {
  readonly voiceUrl: string;
  readonly whenNotRecorded: 'continue' | 'refuse';
}

/** Where a voice URL leads. */
export type Destination =
  | { readonly kind: 'nowhere' }
  | { readonly kind: 'application'; readonly url: string }
  /** `former` is the URL in `{next}`, `''` without one, undefined where `{next}` holds none. */
  | {
      readonly kind: 'this-recorder' | 'other-recorder';
      readonly voiceUrl: string;
      readonly former: string | undefined;
    };

const withoutFragment = (url: string): string => url.replace(/#.*$/s, '');

/** Of another recorder only a URL with an application behind it can be told from an application's own. */
const OF_A_RECORDER = new RegExp(`^(https?://[^/?#@]+${ROUTES.voice})/([\\w-]+)$`);

/** Where a voice URL leads, as seen by the recorder whose own one is `ours`. */
export function destinationOf(url: string, ours: string): Destination {
  if (url === '') {
    return { kind: 'nowhere' };
  }
  if (leadsTo(url, ours)) {
    const next = /^\/([^?]*)/.exec(withoutFragment(url).slice(ours.length))?.[1] ?? '';
    const former = next === '' ? '' : formerOf(next, ours);
    return { kind: 'this-recorder', voiceUrl: ours, former };
  }
  const [, voiceUrl = '', next = ''] = OF_A_RECORDER.exec(withoutFragment(url)) ?? [];
  const former = voiceUrl === '' ? undefined : formerOf(next, voiceUrl);
  return former === undefined ? { kind: 'application', url } : { kind: 'other-recorder', voiceUrl, former };
}

/** Byte for byte what was encoded: `decodeNext` gives what is not ASCII in another spelling. */
const formerOf = (next: string, voiceUrl: string): string | undefined =>
  decodeNext(next, voiceUrl) === undefined ? undefined : Buffer.from(next, 'base64url').toString('utf8');

/**
 * The application that callers of a voice URL reach in the end, through however many recorders; `''` without one,
 * undefined where that cannot be told.
 */
export function applicationBehind(url: string, ours: string): string | undefined {
  const destination = destinationOf(url, ours);
  switch (destination.kind) {
    case 'nowhere':
      return '';
    case 'application':
      return destination.url;
    default:
      return destination.former === undefined ? undefined : applicationBehind(destination.former, ours);
  }
}

/** The recorder's voice URL for an application; `''` for none. */
export const connectedUrl = (voiceUrl: string, application: string): string =>
  `${voiceUrl}${application === '' ? '' : `/${encodeNext(application)}`}${CONNECTION_OVERRIDES}`;

/** Whether a number's calls can be led to an application by the recorder: it would refuse a circle. */
export const canLeadTo = (application: string, voiceUrl: string): boolean =>
  application === '' || decodeNext(encodeNext(application), voiceUrl) !== undefined;

/** Whether a fallback would lead calls to the application without the recorder. */
export function leadsPast(fallback: string, application: string, ours: string): boolean {
  if (fallback === '' || application === '' || leadsTo(fallback, ours)) {
    return false;
  }
  const behind = applicationBehind(fallback, ours);
  return behind !== undefined && isSame(behind, application);
}

/** Whether a fallback is of no use when the recorder is down. */
export const isRecorderItself = (fallback: string, voiceUrl: string): boolean =>
  URL.parse(fallback)?.origin === new URL(voiceUrl).origin;

/** Twilio asks the same application, however it is told to retry, and however the URL is spelt. */
export const isSame = (one: string, other: string): boolean => normalized(one) === normalized(other);

const normalized = (url: string): string => withoutFragment(URL.parse(url)?.href ?? url);
