import { expect, test } from '@jest/globals';
import { GUARDS, type GuardName, withoutGuard } from '../../../local/simulation/guards.ts';

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
    'sweep',
    'consent',
    'withdraw',
  ]);
});

test.each(NAMES)('the guard %s stands once in its file, and the edit takes it away', (name) => {
  const { code, without } = GUARDS[name];
  expect(withoutGuard(name)).toContain(without);
  expect(withoutGuard(name)).not.toContain(code);
});
