import { Dice } from '../twilio-simulator/random.ts';
import type { FaultProfile } from './profile.ts';

/** What a function waits for. */
export type EffectTarget = 'twilio' | 'table' | 'stepFunctions' | 'secret';

/**
 * What befalls one attempt at an effect.
 *
 * - `refused`: it is not carried out, and whoever asked is told so.
 * - `unknown`: it is carried out, and whoever asked gets an error or no answer.
 * - `crash-before`, `crash-after`: the function's process dies, before or after it is carried out.
 */
export type EffectFault = 'none' | 'refused' | 'unknown' | 'crash-before' | 'crash-after';

/** What goes wrong on the side of AWS. `subject` is the CallSid, or whatever else the event is about. */
export interface CloudFaults {
  /** Asked once for each attempt. What Twilio itself does wrong is not asked for here, only whether the function dies. */
  effect(target: EffectTarget, subject: string): EffectFault;
  /** Whether whoever invoked a function gives up on it while it goes on. */
  isZombie(functionId: string, subject: string): boolean;
  /** Whether API Gateway cannot be reached for a voice webhook. */
  isVoiceWebhookLost(subject: string): boolean;
}

export const NO_CLOUD_FAULTS: CloudFaults = {
  effect: () => 'none',
  isZombie: () => false,
  isVoiceWebhookLost: () => false,
};

/** Faults as often as the profile says; the same seed, subject and order of events of the subject gives the same. */
export function cloudFaults(profile: FaultProfile, seed: number): CloudFaults {
  const bounds: Readonly<Record<EffectTarget, readonly Bound[]>> = {
    twilio: boundsOf(0, 0, profile.crash),
    table: boundsOf(profile.tableRefused, profile.tableUnknown, profile.crash),
    stepFunctions: boundsOf(profile.stepFunctionsRefused, profile.stepFunctionsUnknown, profile.crash),
    secret: boundsOf(profile.secretUnavailable, 0, profile.crash),
  };
  const diceOf = new Map<string, Dice>();
  const share = (subject: string, purpose: string): number => {
    let dice = diceOf.get(subject);
    if (!dice) {
      dice = new Dice(seed, `faults of ${subject}`);
      diceOf.set(subject, dice);
    }
    return dice.share(purpose);
  };
  return {
    effect: (target, subject) => {
      const drawn = share(subject, target);
      return bounds[target].find(({ below }) => drawn < below)?.fault ?? 'none';
    },
    isZombie: (functionId, subject) => share(subject, `zombie ${functionId}`) < profile.zombie,
    isVoiceWebhookLost: (subject) => share(subject, 'voice webhook') < profile.voiceWebhookLost,
  };
}

/** A number that is drawn below this, and below no bound before it, makes this fault. */
interface Bound {
  readonly fault: EffectFault;
  readonly below: number;
}

function boundsOf(refused: number, unknown: number, crash: number): readonly Bound[] {
  const widths: readonly (readonly [EffectFault, number])[] = [
    ['refused', refused],
    ['unknown', unknown],
    ['crash-before', crash / 2],
    ['crash-after', crash / 2],
  ];
  let below = 0;
  return widths.map(([fault, width]) => {
    below += width;
    return { fault, below };
  });
}
