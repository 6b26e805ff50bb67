import { START_POLICY, type StartDependencies } from '../../../lambda/recording/start.ts';
import type { TwilioAnswer, TwilioRecording } from '../../../lambda/twilio/api.ts';
import { errorAnswer, noAnswer, notEligible, ok, recordingResource, throttled } from './answers.ts';
import type { ManualClock } from './manual-clock.ts';
import { CALL_SID } from './sids.ts';

/**
 * What befalls one request. `lost` never reaches Twilio, `unanswered` and `failed` are carried out and not known to be,
 * `broken` is not carried out and not known not to be; `killed-before` and `killed-after` end the function that sent it.
 */
export type Fate =
  | 'answered'
  | 'lost'
  | 'unanswered'
  | 'failed'
  | 'broken'
  | 'throttled'
  | 'throttled-for-long'
  | 'killed-before'
  | 'killed-after';

/** The function was ended in the middle of a request. */
export class Killed extends Error {}

type StartTwilio = StartDependencies['twilio'];

export interface ModelTwilio extends StartTwilio {
  readonly recordings: TwilioRecording[];
}

/**
 * A Twilio with one call that is answered some time after now and goes on for ever. It starts one more recording for each
 * create that it carries out, and its list of recordings does not lag. Fates befall the requests in turn.
 */
export function modelTwilio(fates: readonly Fate[], answeredAfter: number, clock: ManualClock): ModelTwilio {
  const recordings: TwilioRecording[] = [];
  const answeredAt = clock.now() + answeredAfter;
  const left = [...fates];
  const isAnswered = (): boolean => clock.now() >= answeredAt;

  async function request<T>(carryOut: () => TwilioAnswer<T>): Promise<TwilioAnswer<T>> {
    const fate = left.shift() ?? 'answered';
    clock.advance(100);
    switch (fate) {
      case 'answered':
        return carryOut();
      case 'lost':
        clock.advance(START_POLICY.requestTimeout);
        return noAnswer;
      case 'unanswered':
        carryOut();
        clock.advance(START_POLICY.requestTimeout);
        return noAnswer;
      case 'failed':
        carryOut();
        return errorAnswer(500);
      case 'broken':
        return errorAnswer(503);
      case 'throttled':
        return throttled();
      case 'throttled-for-long':
        return throttled(5_000);
      case 'killed-after':
        carryOut();
        throw new Killed();
      case 'killed-before':
        throw new Killed();
    }
  }

  return {
    recordings,
    createRecording: () =>
      request(() => {
        if (!isAnswered()) {
          return notEligible;
        }
        const recording = recordingResource({ sid: `RE${String(recordings.length + 1).padStart(32, '0')}` });
        recordings.push(recording);
        return ok(recording);
      }),
    fetchCall: () =>
      request(() => ok({ sid: CALL_SID, status: isAnswered() ? 'in-progress' : 'ringing', end_time: null })),
    listRecordings: () => request(() => ok([...recordings])),
  };
}
