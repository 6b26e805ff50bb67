import { expect, test } from '@jest/globals';
import { sentence } from '../../cli/control.ts';
import { CALL, RECORDING } from './samples.ts';

test.each([
  ['pause', 'in-progress', 'paused', `Paused ${RECORDING} (was in-progress).`],
  ['start', undefined, 'in-progress', `Started ${RECORDING}.`],
  ['stop', 'stopped', 'stopped', `${RECORDING} was stopped already.`],
] as const)('what became of %s, from %s to %s', (action, before, after, said) => {
  expect(sentence({ callSid: CALL, recordingSid: RECORDING, action, before, after })).toBe(said);
});
