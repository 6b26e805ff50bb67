import { createHash } from 'node:crypto';
import VoiceResponse from 'twilio/lib/twiml/VoiceResponse.js';
import type {
  GateDocuments,
  OnwardsDocuments,
  RecordingSettings,
  VoiceDocuments,
} from '../lambda/shared/settings.ts';
import { recordingAttributes } from '../lambda/twilio/recording-parameters.ts';
import { NEXT_PLACEHOLDER, OPT_OUT_PLACEHOLDER } from '../lambda/twilio/twiml.ts';
import type { VoiceSettings, Words } from './voice-settings.ts';

/**
 * Silence after the last words of a call that goes nowhere, in seconds: the document's end ends the call, and the
 * recording has to begin before it does.
 */
const CLOSING_PAUSE_SECONDS = 5;

/** How long a caller may think about the question after it has been asked, in seconds. */
const QUESTION_TIMEOUT_SECONDS = 5;
/** The least that Twilio waits for a key after the words. */
const NOTICE_TIMEOUT_SECONDS = 1;

/** The words of a document that come first, and whether a key ends them. */
interface Opening {
  readonly notice: Words | false;
  /** The key with which callers say no. */
  readonly optOutKey?: string | undefined;
}

type Otherwise = Pick<VoiceSettings, 'otherwise'>;

/**
 * Writes the TwiML for a call that is recorded.
 *
 * @param publicBaseUrl scheme and host of the recording status callback; may be a token
 */
export function voiceDocuments(
  settings: Opening & Otherwise,
  recording: RecordingSettings,
  publicBaseUrl: string,
): VoiceDocuments {
  return {
    ...onwardsDocuments(settings),
    startRecording: elementsOf((response) =>
      response.start().recording(recordingAttributes(recording, publicBaseUrl)),
    ),
  };
}

/** Writes the notice alone: elements to come first in a document. */
export const noticeElements = (opening: Opening): string =>
  elementsOf((response) => openWith(response, opening));

/** Writes the TwiML for a call that goes on, after the notice if there is one. */
export function onwardsDocuments(settings: Opening & Otherwise): OnwardsDocuments {
  const next = new VoiceResponse();
  openWith(next, settings);
  next.redirect({ method: 'POST' }, NEXT_PLACEHOLDER);
  const otherwise = new VoiceResponse();
  openWith(otherwise, settings);
  answerOtherwise(otherwise, settings);
  return { next: next.toString(), otherwise: otherwise.toString() };
}

/** Writes the TwiML that the gate answers with: callers have heard the notice. */
export function gateDocuments({
  otherwise,
  refusal,
}: Pick<VoiceSettings, 'otherwise' | 'refusal'>): GateDocuments {
  const turnedAway = new VoiceResponse();
  speak(turnedAway, refusal);
  turnedAway.hangup();
  return { ...onwardsDocuments({ notice: false, otherwise }), refusal: turnedAway.toString() };
}

/** Writes the TwiML that asks. The answer goes to the URL in the place of `NEXT_PLACEHOLDER`, silence too. */
export function questionDocument(question: Words): string {
  const response = new VoiceResponse();
  const gather = response.gather({
    action: NEXT_PLACEHOLDER,
    method: 'POST',
    numDigits: 1,
    finishOnKey: '',
    timeout: QUESTION_TIMEOUT_SECONDS,
    actionOnEmptyResult: true,
  });
  speak(gather, question);
  response.redirect({ method: 'POST' }, NEXT_PLACEHOLDER);
  return response.toString();
}

/** Names words, so that evidence of what a caller heard can be held against them: 12 hexadecimal digits. */
export const textVersion = (words: Words): string =>
  createHash('sha256').update(JSON.stringify(words)).digest('hex').slice(0, 12);

function elementsOf(write: (response: VoiceResponse) => void): string {
  const response = new VoiceResponse();
  write(response);
  return response.toString().replace(/^.*<Response>(.*)<\/Response>$/s, '$1');
}

function openWith(response: VoiceResponse, { notice, optOutKey }: Opening): void {
  if (!notice) {
    return;
  }
  const listening =
    optOutKey === undefined
      ? response
      : response.gather({
          action: OPT_OUT_PLACEHOLDER,
          method: 'POST',
          numDigits: 1,
          finishOnKey: '',
          timeout: NOTICE_TIMEOUT_SECONDS,
        });
  speak(listening, notice);
}

function answerOtherwise(
  response: VoiceResponse,
  { notice, otherwise }: Pick<Opening, 'notice'> & Otherwise,
): void {
  if (!('dial' in otherwise)) {
    speak(response, otherwise);
    response.pause({ length: CLOSING_PAUSE_SECONDS });
    return;
  }
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
}

function speak(response: Pick<VoiceResponse, 'say' | 'play'>, words: Words): void {
  if ('play' in words) {
    response.play(words.play);
    return;
  }
  // The library types each of Twilio's voices; new ones appear more often than its releases.
  const attributes: object = {
    ...(words.voice && { voice: words.voice }),
    ...(words.language && { language: words.language }),
  };
  response.say(attributes, words.say);
}
