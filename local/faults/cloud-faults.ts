import { Dice } from '../twilio-simulator/random.ts';
import type { FaultProfile, OnFault, ShareName } from './profile.ts';

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
  /** Whether an execution that begins is aborted, should it go on for so long. */
  abortion(subject: string): Abortion | undefined;
  /** Whether API Gateway cannot be reached for a call's voice webhook, which Twilio may try several times. */
  isVoiceWebhookLost(subject: string): boolean;
}

/** That an execution is aborted, in ms since it began. */
export interface Abortion {
  readonly afterMs: number;
  /** To be told when it comes to that. */
  readonly onAborted: () => void;
}

export const NO_CLOUD_FAULTS: CloudFaults = {
  effect: () => 'none',
  isZombie: () => false,
  abortion: () => undefined,
  isVoiceWebhookLost: () => false,
};

/** Within how long executions are aborted, in ms: while calls begin, and at any time of theirs. */
const ABORTED_WITHIN_MS = [10_000, 300_000] as const;

/** Faults as often as the profile says; the same seed, subject and order of events of the subject gives the same. */
export function cloudFaults(
  profile: FaultProfile,
  seed: number,
  onFault: OnFault = () => undefined,
): CloudFaults {
  const bounds: Readonly<Record<EffectTarget, readonly Bound[]>> = {
    twilio: boundsOf(profile, undefined, undefined),
    table: boundsOf(profile, 'tableRefused', 'tableUnknown'),
    stepFunctions: boundsOf(profile, 'stepFunctionsRefused', 'stepFunctionsUnknown'),
    secret: boundsOf(profile, 'secretUnavailable', undefined),
  };
  const diceOf = new Map<string, Dice>();
  /** Whose voice webhook is lost is so however often it is tried. */
  const unreachable = new Map<string, boolean>();
  const share = (subject: string, purpose: string): number => {
    let dice = diceOf.get(subject);
    if (!dice) {
      dice = new Dice(seed, `faults of ${subject}`);
      diceOf.set(subject, dice);
    }
    return dice.share(purpose);
  };
  const befalls = (name: 'zombie' | 'voiceWebhookLost', subject: string, purpose: string): boolean => {
    const isSo = share(subject, purpose) < profile[name];
    if (isSo) onFault(name);
    return isSo;
  };
  return {
    effect: (target, subject) => {
      const drawn = share(subject, target);
      const bound = bounds[target].find(({ below }) => drawn < below);
      if (!bound) return 'none';
      onFault(bound.name);
      return bound.fault;
    },
    isZombie: (functionId, subject) => befalls('zombie', subject, `zombie ${functionId}`),
    abortion: (subject) => {
      if (share(subject, 'aborted') >= profile.executionAborted) return undefined;
      const within = ABORTED_WITHIN_MS[share(subject, 'aborted while it begins') < 0.5 ? 0 : 1];
      return {
        afterMs: within * share(subject, 'aborted after'),
        onAborted: () => onFault('executionAborted'),
      };
    },
    isVoiceWebhookLost: (subject) => {
      let isLost = unreachable.get(subject);
      if (isLost === undefined) {
        isLost = befalls('voiceWebhookLost', subject, 'voice webhook');
        unreachable.set(subject, isLost);
      }
      return isLost;
    },
  };
}

/** A number that is drawn below this, and below no bound before it, makes this fault. */
interface Bound {
  readonly fault: EffectFault;
  readonly name: ShareName;
  readonly below: number;
}

function boundsOf(
  profile: FaultProfile,
  refused: ShareName | undefined,
  unknown: ShareName | undefined,
): readonly Bound[] {
  const widths: readonly (readonly [EffectFault, ShareName | undefined, parts: number])[] = [
    ['refused', refused, 1],
    ['unknown', unknown, 1],
    ['crash-before', 'crash', 2],
    ['crash-after', 'crash', 2],
  ];
  let below = 0;
  return widths.flatMap(([fault, name, parts]) => {
    if (name === undefined) return [];
    below += profile[name] / parts;
    return [{ fault, name, below }];
  });
}
