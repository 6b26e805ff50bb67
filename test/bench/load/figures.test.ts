import { expect, test } from '@jest/globals';
import { type Counted, highestCarried, isCarried, stepOf } from '../../../bench/load/figures.ts';
import { judge } from '../../../local/verdict.ts';

const RIGHT = judge([], []);
const COUNTED: Counted = {
  verdict: { ...RIGHT, calls: 50 },
  timesToRecording: [500, 700, 600],
  webhookTimes: [10, 20, 1_999],
  unfinished: 0,
  throttled: 0,
  processorMs: 7_500,
  wallMs: 5_000,
};
const wrong = { ...RIGHT, findings: ['CA1: has no row'] };

test('sums a rate up', () => {
  expect(stepOf(10, COUNTED)).toMatchObject({
    rate: 10,
    placed: 10,
    timeToRecordingMs: { p50: 600, p95: 700, p99: 700 },
    webhookMs: { p50: 20, p99: 1_999 },
    processors: 1.5,
  });
});

test.each([
  ['nothing is wrong', {}, true],
  ['a row is lost', { verdict: wrong }, false],
  ['an execution goes on', { unfinished: 1 }, false],
  ['callers wait', { webhookTimes: [2_000] }, false],
])('a rate is carried or not when %s', (_what, changes, carried) => {
  expect(isCarried(stepOf(10, { ...COUNTED, ...changes }))).toBe(carried);
});

test('the highest rate is the one before the first that was too much', () => {
  const step = (rate: number, isRight: boolean) =>
    stepOf(rate, isRight ? COUNTED : { ...COUNTED, verdict: wrong });
  expect(highestCarried([step(5, true), step(10, true)])).toBe(10);
  expect(highestCarried([step(5, true), step(10, false), step(20, true)])).toBe(5);
  expect(highestCarried([step(5, false)])).toBeUndefined();
});
