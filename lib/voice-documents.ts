import VoiceResponse from 'twilio/lib/twiml/VoiceResponse.js';
import type { GateDocuments, RecordingSettings, VoiceDocuments } from '../lambda/shared/settings.ts';
import { recordingAttributes } from '../lambda/twilio/recording-parameters.ts';
import { NEXT_PLACEHOLDER } from '../lambda/twilio/twiml.ts';
import type { VoiceSettings } from './voice-settings.ts';

/**
 * Silence after the last words of a call that goes nowhere, in seconds: the document's end ends the call, and the
 * recording has to begin before it does.
 */
const CLOSING_PAUSE_SECONDS = 5;

/**
 * Writes the TwiML that voice-webhook answers with.
 *
 * @param publicBaseUrl scheme and host of the recording status callback; may be a token
 */
export function voiceDocuments(
  settings: Pick<VoiceSettings, 'notice' | 'otherwise'>,
  recording: RecordingSettings,
  publicBaseUrl: string,
): VoiceDocuments {
  const next = withNotice(settings);
  next.redirect({ method: 'POST' }, NEXT_PLACEHOLDER);
  const otherwise = withNotice(settings);
  answerOtherwise(otherwise, settings);
  const start = new VoiceResponse();
  start.start().recording(recordingAttributes(recording, publicBaseUrl));
  return {
    next: next.toString(),
    otherwise: otherwise.toString(),
    startRecording: start.toString().replace(/^.*<Response>(.*)<\/Response>$/s, '$1'),
  };
}

/** Writes the TwiML that the gate answers with: callers have heard the notice. */
export function gateDocuments({ otherwise, refusal }: VoiceSettings): GateDocuments {
  const next = new VoiceResponse();
  next.redirect({ method: 'POST' }, NEXT_PLACEHOLDER);
  const withoutNext = new VoiceResponse();
  answerOtherwise(withoutNext, { notice: false, otherwise });
  const turnedAway = new VoiceResponse();
  speak(turnedAway, refusal);
  turnedAway.hangup();
  return { next: next.toString(), otherwise: withoutNext.toString(), refusal: turnedAway.toString() };
}

function withNotice({ notice }: Pick<VoiceSettings, 'notice'>): VoiceResponse {
  const response = new VoiceResponse();
  if (notice) {
    speak(response, notice);
  }
  return response;
}

function answerOtherwise(
  response: VoiceResponse,
  { notice, otherwise }: Pick<VoiceSettings, 'notice' | 'otherwise'>,
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

function speak(response: VoiceResponse, words: Exclude<VoiceSettings['notice'], false>): void {
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
