import type { Clock } from '../shared/clock.ts';
import type { TwilioAnswer } from './api.ts';

const TRIES = 4;

/**
 * Asks Twilio up to four times, with pauses that grow, until an answer is one. Returns the last answer, whatever it is.
 *
 * @param pauseMilliseconds after the first try
 */
export async function insist<T>(
  ask: () => Promise<TwilioAnswer<T>>,
  isOne: (answer: TwilioAnswer<T>) => boolean,
  clock: Clock,
  pauseMilliseconds: number,
): Promise<TwilioAnswer<T>> {
  for (let attempt = 1; ; attempt++) {
    const answer = await ask();
    if (isOne(answer) || attempt === TRIES) {
      return answer;
    }
    await clock.sleep(pauseMilliseconds * attempt);
  }
}
