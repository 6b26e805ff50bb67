import { expect, test } from '@jest/globals';
import { GUARDS, type GuardName, withoutGuards } from '../../../local/simulation/guards.ts';

const NAMES = Object.keys(GUARDS) as GuardName[];

test('each guard that the promises rest on can be switched off', () => {
  expect(NAMES).toEqual([
    'name',
    'claim',
    'list',
    'settle',
    'adopt',
    'rank',
    'verify',
    'reconcile',
    'final',
    'sweep',
    'revive',
    'early',
    'turn',
    'order',
    'consent',
    'withdraw',
  ]);
});

test.each(NAMES)('the guard %s stands once in its file, and the edit takes it away', (name) => {
  const { code, without } = GUARDS[name];
  const [source, ...more] = withoutGuards([name]).values();
  expect(source).toContain(without);
  expect(source).not.toContain(code);
  expect(more).toEqual([]);
});

test('all guards can be switched off at once, though several stand in one file', () => {
  const sources = [...withoutGuards(NAMES).values()].join('\n');
  expect(NAMES.filter((name) => !sources.includes(GUARDS[name].without))).toEqual([]);
});
