import { describe, expect, test } from '@jest/globals';
import { cloudFaults, type EffectFault, type EffectTarget } from '../../../local/faults/cloud-faults.ts';
import { FAULT_PROFILES, type FaultName, type FaultProfile } from '../../../local/faults/profile.ts';

const TARGETS: readonly EffectTarget[] = ['twilio', 'table', 'stepFunctions', 'secret'];
const EVENTS = 10_000;

const always = (share: Partial<FaultProfile>) => cloudFaults({ ...FAULT_PROFILES.none, ...share }, 1);

const befallen = (share: Partial<FaultProfile>): EffectFault[] =>
  TARGETS.map((target) => always(share).effect(target, 'CA1'));

/** For how many of many events it holds, as a multiple of what this share of them would be. */
const timesAsMany = (share: number, holds: (subject: string) => boolean): number =>
  Array.from({ length: EVENTS }, (_, index) => holds(`CA${index}`)).filter(Boolean).length / (share * EVENTS);

describe('faults of AWS', () => {
  test.each<[Partial<FaultProfile>, EffectFault[]]>([
    [{}, ['none', 'none', 'none', 'none']],
    [{ tableRefused: 1 }, ['none', 'refused', 'none', 'none']],
    [{ tableUnknown: 1 }, ['none', 'unknown', 'none', 'none']],
    [{ stepFunctionsRefused: 1 }, ['none', 'none', 'refused', 'none']],
    [{ stepFunctionsUnknown: 1 }, ['none', 'none', 'unknown', 'none']],
    [{ secretUnavailable: 1 }, ['none', 'none', 'none', 'refused']],
  ])('%j befall what they are of: %j', (share, faults) => {
    expect(befallen(share)).toEqual(faults);
  });

  test('have a function die at any await, before or after what it waits for', () => {
    const faults = always({ crash: 1 });
    for (const target of TARGETS) {
      const befalls = (fault: EffectFault) => (subject: string) => faults.effect(target, subject) === fault;
      expect(timesAsMany(0.5, befalls('crash-before'))).toBeCloseTo(1, 1);
      expect(timesAsMany(0.5, befalls('crash-after'))).toBeCloseTo(1, 1);
    }
  });

  test('have executions aborted, half of them while their calls begin, the others at any time', () => {
    expect(always({}).abortion('CA1')).toBeUndefined();
    const faults = always({ executionAborted: 1 });
    const after = Array.from({ length: EVENTS }, () => faults.abortion('CA1')?.afterMs ?? Number.NaN);
    expect(Math.min(...after)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...after)).toBeLessThan(300_000);
    expect(after.filter((ms) => ms < 10_000).length / EVENTS).toBeCloseTo(0.5 + 0.5 / 30, 1);
  });

  test('have invocations given up, and voice webhooks lost', () => {
    expect(always({}).isZombie('verify', 'CA1')).toBe(false);
    expect(always({ zombie: 1 }).isZombie('verify', 'CA1')).toBe(true);
    expect(always({}).isVoiceWebhookLost('CA1')).toBe(false);
    expect(always({ voiceWebhookLost: 1 }).isVoiceWebhookLost('CA1')).toBe(true);
  });

  test('are as frequent as the profile says', () => {
    const { heavy } = FAULT_PROFILES;
    const faults = cloudFaults(heavy, 1);
    const effects = (share: number, target: EffectTarget, fault: EffectFault): number =>
      timesAsMany(share, (subject) => faults.effect(target, subject) === fault);
    const isAbout1 = (times: number): void => {
      expect(times).toBeGreaterThan(0.75);
      expect(times).toBeLessThan(1.25);
    };
    isAbout1(effects(heavy.tableRefused, 'table', 'refused'));
    isAbout1(effects(heavy.tableUnknown, 'table', 'unknown'));
    isAbout1(effects(heavy.stepFunctionsRefused, 'stepFunctions', 'refused'));
    isAbout1(effects(heavy.stepFunctionsUnknown, 'stepFunctions', 'unknown'));
    isAbout1(effects(heavy.secretUnavailable, 'secret', 'refused'));
    isAbout1(timesAsMany(heavy.zombie, (subject) => faults.isZombie('verify', subject)));
    isAbout1(timesAsMany(heavy.executionAborted, (subject) => faults.abortion(subject) !== undefined));
    isAbout1(timesAsMany(heavy.voiceWebhookLost, (subject) => faults.isVoiceWebhookLost(subject)));
  });

  test('lose all tries of a voice webhook, or none', () => {
    const told: FaultName[] = [];
    const faults = cloudFaults({ ...FAULT_PROFILES.none, voiceWebhookLost: 0.5 }, 1, (name) =>
      told.push(name),
    );
    const callSids = Array.from({ length: 100 }, (_, index) => `CA${index}`);
    const tried = () => callSids.map((callSid) => faults.isVoiceWebhookLost(callSid));
    const once = tried();
    expect(new Set(once)).toEqual(new Set([true, false]));
    expect(tried()).toEqual(once);
    expect(told).toHaveLength(once.filter(Boolean).length);
  });

  test('are told by their names, each time that one befalls something', () => {
    const told: FaultName[] = [];
    const faults = cloudFaults(
      { ...FAULT_PROFILES.none, tableRefused: 1, crash: 1, zombie: 1, executionAborted: 1 },
      1,
      (name) => told.push(name),
    );
    faults.effect('table', 'CA1');
    faults.effect('twilio', 'CA1');
    faults.isZombie('verify', 'CA1');
    faults.abortion('CA1')?.onAborted();
    faults.isVoiceWebhookLost('CA1');
    expect(told).toEqual(['tableRefused', 'crash', 'zombie', 'executionAborted']);
  });
});
