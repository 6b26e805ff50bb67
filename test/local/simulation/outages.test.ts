import { beforeAll, describe, expect, test } from '@jest/globals';
import { FAULT_PROFILES, type FaultName } from '../../../local/faults/profile.ts';
import { type Outage, type SimulationOptions, toleranceOfRun } from '../../../local/simulation/run.ts';
import { runSimulations, synthesizeTemplates } from '../../../local/simulation/simulations.ts';
import { toleranceOf, UNDER_FAULTS } from '../../../local/verdict.ts';

let templates: SimulationOptions['templates'];
beforeAll(async () => {
  templates = await synthesizeTemplates();
}, 60_000);

describe('an outage', () => {
  test.each<[Outage, FaultName, number, number]>([
    ['webhooks', 'voiceWebhookLost', 600, 600],
    // Each tries for minutes to store what it did.
    ['table', 'tableRefused', 240, 10_000],
    ['stepFunctions', 'stepFunctionsRefused', 120, 300],
    ['secret', 'secretUnavailable', 120, 100],
  ])(
    'of the %s is borne',
    async (outage, fault, calls, atLeast) => {
      const { verdict, faultsInjected } = await runSimulations({
        templates,
        calls,
        seeds: [1],
        faults: FAULT_PROFILES.light,
        outage,
      });
      expect(verdict.findings).toEqual([]);
      expect(faultsInjected[fault]).toBeGreaterThanOrEqual(atLeast);
    },
    60_000,
  );
});

describe('of calls of 10 s or more', () => {
  const mayMiss = (outage: Outage, faults: keyof typeof FAULT_PROFILES) =>
    toleranceOfRun({ faults: FAULT_PROFILES[faults], outage }).unrecordedShare;

  test.each(['callbacks', 'table', 'stepFunctions', 'secret'] as const)(
    'as few may stay unrecorded as with light faults in an outage of the %s',
    (outage) => {
      const { unrecordedShare } = toleranceOf(FAULT_PROFILES.light);
      expect([mayMiss(outage, 'none'), mayMiss(outage, 'light')]).toEqual([unrecordedShare, unrecordedShare]);
      expect(mayMiss(outage, 'heavy')).toBe(UNDER_FAULTS.unrecordedShare);
    },
  );

  test.each(['webhooks', 'twilio'] as const)('any may in an outage of the %s', (outage) => {
    expect(mayMiss(outage, 'light')).toBe(UNDER_FAULTS.unrecordedShare);
  });

  test('as many may as the faults cost, with no outage', () => {
    expect(toleranceOfRun({ faults: FAULT_PROFILES.heavy, outage: undefined })).toEqual(
      toleranceOf(FAULT_PROFILES.heavy),
    );
  });
});
