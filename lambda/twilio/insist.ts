import { type Clock, within } from '../shared/clock.ts';
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

/**
 * Asks Twilio as `insist` does, but does not wait for one answer alone: after a while it asks again beside it, and the
 * first answer that is one counts. Only for what may be asked twice at the same time.
 *
 * @param ask is told when another request was answered, so that its own answer counts no more
 * @param patienceMilliseconds after which a request without an answer gets another beside it
 * @see https://research.google/pubs/the-tail-at-scale/ for hedged requests
 */
export async function hedge<T>(
  ask: (signal: AbortSignal) => Promise<TwilioAnswer<T>>,
  isOne: (answer: TwilioAnswer<T>) => boolean,
  clock: Clock,
  pauseMilliseconds: number,
  patienceMilliseconds: number,
): Promise<TwilioAnswer<T>> {
  const { promise: found, resolve } = Promise.withResolvers<TwilioAnswer<T>>();
  const others = new AbortController();
  const asked: Promise<TwilioAnswer<T>>[] = [];
  async function askOnce(): Promise<TwilioAnswer<T>> {
    const answer = await ask(others.signal);
    if (isOne(answer)) {
      resolve(answer);
      others.abort();
    }
    return answer;
  }
  for (let attempt = 1; attempt < TRIES; attempt++) {
    const answered = askOnce();
    asked.push(answered);
    const answer = await within(patienceMilliseconds, Promise.race([found, answered]), undefined);
    if (answer && isOne(answer)) {
      return answer;
    }
    const meanwhile = answer && (await Promise.race([found, clock.sleep(pauseMilliseconds * attempt)]));
    if (meanwhile) {
      return meanwhile;
    }
  }
  const last = askOnce();
  return Promise.race([found, Promise.all([...asked, last]).then(() => last)]);
}
