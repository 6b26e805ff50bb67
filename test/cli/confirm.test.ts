import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { confirmOn } from '../../cli/confirm.ts';

const terminal = (isTTY = true) => Object.assign(new PassThrough(), { isTTY });

test.each([
  ['y\n', true],
  [' Yes \n', true],
  ['\n', false],
  ['n\n', false],
  ['yesterday\n', false],
  ['\u0003', false],
  ['\u0004', false],
])('an answer of %j is %s', async (typed, answer) => {
  const input = terminal();
  const output = terminal();
  const asked = confirmOn(input, output, 'Change it?');
  input.write(typed);
  expect(await asked).toBe(answer);
  expect(String(output.read())).toContain('Change it? [y/N] ');
});

test('a terminal that is gone says no', async () => {
  const input = terminal();
  const asked = confirmOn(input, terminal(), 'Change it?');
  input.end();
  expect(await asked).toBe(false);
});

test.each([
  [false, true],
  [true, false],
])('nobody is asked without a terminal at both ends', async (input, output) => {
  expect(await confirmOn(terminal(input), terminal(output), 'Change it?')).toBeUndefined();
});
