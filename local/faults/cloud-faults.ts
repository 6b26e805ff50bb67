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
  const shares: Readonly<Record<EffectTarget, readonly [refused: number, unknown: number]>> = {
    twilio: [0, 0],
    table: [profile.tableRefused, profile.tableUnknown],
    stepFunctions: [profile.stepFunctionsRefused, profile.stepFunctionsUnknown],
    secret: [profile.secretUnavailable, 0],
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
      const [refused, unknown] = shares[target];
      const bounds: [EffectFault, number][] = [
        ['refused', refused],
        ['unknown', unknown],
        ['crash-before', profile.crash / 2],
        ['crash-after', profile.crash / 2],
      ];
      let bound = 0;
      for (const [fault, width] of bounds) {
        bound += width;
        if (drawn < bound) return fault;
      }
      return 'none';
    },
    isZombie: (functionId, subject) => share(subject, `zombie ${functionId}`) < profile.zombie,
    isVoiceWebhookLost: (subject) => share(subject, 'voice webhook') < profile.voiceWebhookLost,
  };
}
