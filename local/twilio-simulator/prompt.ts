import type { PromptVerb } from './twiml.ts';

const SPEECH_CHARACTERS_PER_SECOND = 15;
const PLAY_MS = 3_000;

/** How long the caller hears it, in milliseconds. */
export function promptMs(prompt: PromptVerb): number {
  switch (prompt.verb) {
    case 'Say':
      return (prompt.text.length / SPEECH_CHARACTERS_PER_SECOND) * 1_000;
    case 'Play':
      return PLAY_MS;
    case 'Pause':
      return prompt.seconds * 1_000;
  }
}
