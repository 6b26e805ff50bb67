import { Dice } from '../twilio-simulator/random.ts';
import type { AnswerFault, Faults } from '../twilio-simulator/simulator.ts';
import type { FaultProfile, OnFault, ShareName } from './profile.ts';

/** What befalls a request, when it arrives and when it was processed. */
interface RequestFault {
  readonly received?: AnswerFault;
  readonly processed?: AnswerFault;
}

/** A fault, and what comes of it. */
type Share<T> = readonly [name: ShareName, outcome: (dice: Dice) => T];

/** Longer than any client waits; then its connection is reset, so that none ever learns more. */
const NO_ANSWER: AnswerFault = { delayMs: 60_000, reset: true };
const TOO_MANY_REQUESTS: AnswerFault = {
  replacement: { httpStatus: 429, code: 20429, message: 'Too Many Requests' },
};
const INTERNAL_ERROR: AnswerFault = {
  replacement: { httpStatus: 500, code: 20500, message: 'Internal Server Error' },
};
export const UNAVAILABLE: AnswerFault = {
  replacement: { httpStatus: 503, code: 20500, message: 'Service Unavailable' },
};

const LATE_COMMIT_MS = [3_000, 9_000] as const;
const SLOW_ANSWER_MS = [500, 2_000] as const;
const SECOND_CALLBACK_MS = [0, 2_000] as const;
const LATE_CALLBACK_MS = [2_000, 120_000] as const;
const LIST_LAG_MS = [500, 3_000] as const;
const STOPPED_AFTER_MS = [0, 120_000] as const;

/**
 * What Twilio does wrong, as often as the profile says; the same seed, call and order of events of the call gives the
 * same. Requests that concern no call have one order of events for the account. That voice webhooks are lost or come
 * twice is no fault of this kind: who carries them, or a call's script, sees to that.
 */
export function twilioFaults(
  profile: FaultProfile,
  seed: number,
  onFault: OnFault = () => undefined,
): Faults {
  /** At most one outcome, from one draw. */
  function choose<T>(dice: Dice, event: string, shares: readonly Share<T>[]): T | undefined {
    const drawn = dice.share(event);
    let bound = 0;
    for (const [name, outcome] of shares) {
      bound += profile[name];
      if (drawn < bound) {
        onFault(name);
        return outcome(dice);
      }
    }
    return undefined;
  }
  const diceOf = diceBySubject(seed);
  /** Decided on arrival, for the end of the processing. */
  const pending = new Map<number, AnswerFault>();
  return {
    requestReceived: ({ operation, callSid, requestId }) => {
      const shares = operation === 'CreateCallRecording' ? OF_CREATES : OF_ANY_REQUEST;
      const { received = {}, processed } = choose(diceOf(callSid), 'request', shares) ?? {};
      if (processed) pending.set(requestId, processed);
      return received;
    },
    requestProcessed: ({ requestId }) => {
      const fault = pending.get(requestId) ?? {};
      pending.delete(requestId);
      return fault;
    },
    callbackDue: ({ callSid }) => choose(diceOf(callSid), 'callback', OF_CALLBACKS) ?? [0],
    listLagMs: ({ callSid }) => choose(diceOf(callSid), 'recording', OF_RECORDINGS) ?? 0,
    stoppedAfterMs: ({ callSid }) => choose(diceOf(callSid), 'stop', OF_ENDS),
  };
}

const OF_ANY_REQUEST: readonly Share<RequestFault>[] = [
  ['twilioTooManyRequests', () => ({ received: TOO_MANY_REQUESTS })],
  ['twilioErrorBefore', (dice) => ({ received: serverError(dice) })],
  ['twilioErrorAfter', (dice) => ({ processed: serverError(dice) })],
  ['twilioTimeoutBefore', () => ({ received: NO_ANSWER })],
  ['twilioTimeoutAfter', () => ({ processed: NO_ANSWER })],
];
const OF_CREATES: readonly Share<RequestFault>[] = [
  ...OF_ANY_REQUEST,
  [
    'twilioLateCommit',
    (dice) => ({ received: { delayMs: dice.draw('lateCommit', LATE_COMMIT_MS) }, processed: NO_ANSWER }),
  ],
  ['answerAfterCallback', (dice) => ({ processed: { delayMs: dice.draw('slowAnswer', SLOW_ANSWER_MS) } })],
];
/** The extra delays of each copy. */
const OF_CALLBACKS: readonly Share<readonly number[]>[] = [
  ['callbackLost', () => []],
  ['callbackTwice', (dice) => [0, dice.draw('secondCallback', SECOND_CALLBACK_MS)]],
  ['callbackLate', (dice) => [dice.draw('lateCallback', LATE_CALLBACK_MS)]],
];
const OF_RECORDINGS: readonly Share<number>[] = [['listLag', (dice) => dice.draw('listLag', LIST_LAG_MS)]];

const OF_ENDS: readonly Share<number>[] = [
  ['stoppedByOthers', (dice) => dice.draw('stoppedAfter', STOPPED_AFTER_MS)],
];

function serverError(dice: Dice): AnswerFault {
  return dice.share('serverError') < 0.5 ? INTERNAL_ERROR : UNAVAILABLE;
}

function diceBySubject(seed: number): (callSid: string | undefined) => Dice {
  const known = new Map<string, Dice>();
  return (callSid = 'the account') => {
    let dice = known.get(callSid);
    if (dice === undefined) {
      dice = new Dice(seed, `Twilio's faults of ${callSid}`);
      known.set(callSid, dice);
    }
    return dice;
  };
}
