import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { RecorderConfigurationInput } from '../../lib/configuration.ts';
import { synthesize } from './support/synthesize.ts';
import { DEPLOYED, type Kept, kept, RETAINED } from './support/upgrade.ts';

/** The previous release's. */
const before: Readonly<Record<string, Readonly<Record<string, Kept>>>> = JSON.parse(
  readFileSync('test/fixtures/upgrade.json', 'utf8'),
);

test('every configuration that was deployed is upgraded', () => {
  expect(Object.keys(before)).toEqual(Object.keys(DEPLOYED));
});

/** With what may be turned on later. */
const CHANGED: readonly [string, RecorderConfigurationInput][] = [
  ['with a gate', { ...DEPLOYED['with a gate'], compliance: 'hipaa', deployment: 'all-at-once' }],
];

describe.each([...Object.entries(DEPLOYED), ...CHANGED])(
  'an upgrade of the recorder %s',
  (name, configuration) => {
    const { Resources } = synthesize(configuration).toJSON();

    test('replaces nothing that holds data, or that others point at', () => {
      const now = kept(Resources);
      const survivors = Object.keys(before[name] ?? {}).map((logicalId) => [logicalId, now[logicalId]]);
      expect(Object.fromEntries(survivors)).toEqual(before[name]);
    });

    test('leaves in the account what has no copy, should it ever leave the template', () => {
      const policies = Object.entries<Record<string, unknown>>(Resources)
        .filter(([, { Type }]) => RETAINED.includes(String(Type)))
        .map(([, { DeletionPolicy, UpdateReplacePolicy }]) => [DeletionPolicy, UpdateReplacePolicy]);
      expect(policies).not.toEqual([]);
      expect(policies).toEqual(policies.map(() => ['Retain', 'Retain']));
    });
  },
);
