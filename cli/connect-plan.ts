import {
  type AccountNumber,
  applicationBehind,
  canLeadTo,
  connectedUrl,
  destinationOf,
  isRecorderItself,
  isSame,
  leadsPast,
  type Recorder,
  VOICE_FIELDS,
  type VoiceConfiguration,
} from './number-configuration.ts';
import { shownUrl } from './shown-url.ts';

/** What a number is to be configured with, or why it cannot be. */
export type Plan =
  | {
      readonly kind: 'configuration';
      readonly after: VoiceConfiguration;
      /** What is to be known before saying yes. */
      readonly notes: readonly string[];
    }
  | { readonly kind: 'refused'; readonly title: string; readonly detail: string; readonly hint: string };

const refused = (title: string, detail: string, hint: string): Plan => ({
  kind: 'refused',
  title,
  detail,
  hint,
});

export const configurationOf = (number: VoiceConfiguration): VoiceConfiguration => ({
  voice_url: number.voice_url,
  voice_method: number.voice_method,
  voice_fallback_url: number.voice_fallback_url,
  voice_fallback_method: number.voice_fallback_method,
});

/** The fields in which two configurations differ. */
export const changedFields = (one: VoiceConfiguration, other: VoiceConfiguration) =>
  VOICE_FIELDS.filter((field) => one[field] !== other[field]);

/**
 * Puts the recorder in front of a number. A number that leads to a recorder keeps its application, so that none is ever
 * put in front of another.
 *
 * @param fallback what the number's fallback is to be, when it is not left to the recorder
 */
export function connected(number: AccountNumber, recorder: Recorder, fallback?: string): Plan {
  const { voiceUrl } = recorder;
  if (number.trunk_sid !== '' || number.voice_application_sid !== '') {
    return ignored(number, voiceUrl);
  }
  const destination = destinationOf(number.voice_url, voiceUrl);
  const application = applicationBehind(number.voice_url, voiceUrl);
  if (application === undefined) {
    return corrupt(number);
  }
  if (!canLeadTo(application, voiceUrl)) {
    return refused(
      'The recorder cannot lead calls there',
      `the voice URL ${shownUrl(application)} is one of the recorder's own, or none that it can redirect to.`,
      "Set the number's voice URL to that of its application, then connect it.",
    );
  }
  if (fallback !== undefined && isRecorderItself(fallback, voiceUrl)) {
    return refused(
      'No fallback',
      'it is for when the recorder does not answer, and --fallback names the recorder.',
      'Name a URL on another host.',
    );
  }
  const mustBeRecorded = recorder.whenNotRecorded === 'refuse';
  if (fallback !== undefined && mustBeRecorded && leadsPast(fallback, application, voiceUrl)) {
    return refused(
      'Calls must be recorded',
      "with whenNotRecorded: 'refuse' the fallback must not be the application: it would lead calls past the gate.",
      'Name a URL that says that the call cannot be taken, or leave --fallback out.',
    );
  }
  const after = {
    voice_url: connectedUrl(voiceUrl, application),
    voice_method: 'POST',
    ...fallbackFor(number, recorder, application, fallback),
  };
  const replaced = number.voice_fallback_url;
  const notes = [
    ...(destination.kind === 'other-recorder'
      ? [
          `The number led to another recorder, ${destination.voiceUrl}: that one is out, its application is kept.`,
        ]
      : []),
    ...(application === ''
      ? ['The number has no application: calls go on to what `otherwise` in the configuration says.']
      : []),
    ...(destination.kind === 'application' && number.voice_method !== 'POST'
      ? [
          `Its application was asked with ${number.voice_method}. The recorder leads calls there with POST: see first that it answers that.`,
        ]
      : []),
    ...(mustBeRecorded
      ? [
          `Calls must be recorded (whenNotRecorded: 'refuse'), so the fallback must not be the application: it is ${
            after.voice_fallback_url !== replaced
              ? 'changed'
              : replaced === ''
                ? 'left empty'
                : 'left as it is'
          }.`,
        ]
      : []),
    ...(replaced !== '' && after.voice_fallback_url !== replaced
      ? [
          `The fallback ${shownUrl(replaced)} is kept nowhere, and --undo cannot bring it back: write it down if you need it.`,
        ]
      : []),
  ];
  return { kind: 'configuration', after, notes };
}

/** The fallback that Twilio asks when the recorder does not answer. */
function fallbackFor(
  number: AccountNumber,
  { voiceUrl, whenNotRecorded }: Recorder,
  application: string,
  wanted: string | undefined,
): Pick<VoiceConfiguration, 'voice_fallback_url' | 'voice_fallback_method'> {
  const { voice_fallback_url, voice_fallback_method } = number;
  const kept = { voice_fallback_url, voice_fallback_method };
  if (wanted !== undefined) {
    return { voice_fallback_url: wanted, voice_fallback_method: 'POST' };
  }
  if (whenNotRecorded === 'refuse') {
    return leadsPast(voice_fallback_url, application, voiceUrl) ? NO_FALLBACK : kept;
  }
  const { kind } = destinationOf(number.voice_url, voiceUrl);
  // Somebody may have chosen another one when it was connected.
  const chosen =
    kind === 'this-recorder' && voice_fallback_url !== '' && !isRecorderItself(voice_fallback_url, voiceUrl);
  if (chosen || application === '') {
    return kept;
  }
  return {
    voice_fallback_url: application,
    // There it is asked as it always was; and this is how `--undo` knows.
    voice_fallback_method:
      kind === 'application'
        ? number.voice_method
        : isSame(voice_fallback_url, application)
          ? voice_fallback_method
          : 'POST',
  };
}

const NO_FALLBACK = { voice_fallback_url: '', voice_fallback_method: 'POST' } as const;

/**
 * Takes the recorder out again. The number has no field in which its former fallback could be kept: one that is the
 * application is taken for what `connected` had set, and any other stays.
 */
export function disconnected(number: AccountNumber, { voiceUrl }: Recorder): Plan {
  const destination = destinationOf(number.voice_url, voiceUrl);
  if (destination.kind === 'other-recorder') {
    return refused(
      'Another recorder',
      `the number leads to ${destination.voiceUrl}, and not to ${voiceUrl}.`,
      'Name that recorder with --stack or --voice-url.',
    );
  }
  if (destination.kind !== 'this-recorder') {
    return { kind: 'configuration', after: configurationOf(number), notes: [] };
  }
  const { former } = destination;
  if (former === undefined) {
    return corrupt(number);
  }
  const isApplication = former !== '' && isSame(number.voice_fallback_url, former);
  return {
    kind: 'configuration',
    after: {
      ...configurationOf(number),
      voice_url: former,
      ...(isApplication && { voice_method: number.voice_fallback_method, ...NO_FALLBACK }),
    },
    notes: isApplication
      ? ['The fallback is the application, so it is emptied: whether it was so before nobody knows.']
      : [],
  };
}

const corrupt = ({ voice_url }: AccountNumber): Plan =>
  refused(
    'The application cannot be told',
    `what stands behind /voice/ in ${shownUrl(voice_url)} is not the URL of an application in base64url.`,
    "Set the number's voice URL to that of its application in the Twilio console, then connect it.",
  );

/** Twilio would not ask the voice URL at all. */
const ignored = ({ trunk_sid, voice_application_sid }: AccountNumber, voiceUrl: string): Plan =>
  trunk_sid !== ''
    ? refused(
        'The number is on a SIP trunk',
        `its calls go to the trunk ${trunk_sid}, and Twilio ignores its voice URL.`,
        'Take the number off the trunk in the Twilio console, then connect it.',
      )
    : refused(
        'The number has a TwiML app',
        `its calls go where the TwiML app ${voice_application_sid} says, and Twilio ignores its voice URL.`,
        `Set the number to Webhook with the app's own voice URL in the Twilio console, then connect it; or set the app's voice URL to ${voiceUrl}/ and its former one in base64url, but then the sweep does not know the number.`,
      );
