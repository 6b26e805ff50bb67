import { expect, test } from '@jest/globals';
import { EXIT, EXIT_MEANINGS, exitCodeOfStatus } from '../../cli/exit-codes.ts';

test.each([
  [400, EXIT.usage],
  [401, EXIT.notAllowed],
  [403, EXIT.notAllowed],
  [404, EXIT.notFound],
  [409, EXIT.conflict],
  [422, EXIT.usage],
  [429, EXIT.failed],
  [500, EXIT.failed],
  [502, EXIT.failed],
  [503, EXIT.failed],
  [504, EXIT.failed],
])('%i ends with %i', (status, exitCode) => {
  expect(exitCodeOfStatus(status)).toBe(exitCode);
});

test('each exit code is one of its own, and has a meaning', () => {
  expect(Object.keys(EXIT_MEANINGS).map(Number)).toEqual(Object.values(EXIT));
});
