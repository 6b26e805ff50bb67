import { beforeAll, expect, test } from '@jest/globals';
import { billOf, totalOf } from '../../../bench/cost/bill.ts';
import { type Measurement, measureCalls } from '../../../bench/cost/measure.ts';
import { NAIVE_DESIGN, NAIVE_USAGE } from '../../../bench/cost/naive.ts';
import { LIMIT_DOLLARS } from '../../../bench/cost/usage.ts';
import { TWILIO_URL } from '../../../local/simulation/run.ts';
import { synthesizeTemplate } from '../../../local/simulation/template.ts';

let measured: Measurement;

beforeAll(async () => {
  const template = await synthesizeTemplate({ twilioApiBaseUrl: TWILIO_URL, notice: true });
  measured = await measureCalls({ template, calls: 20, seed: 1, talkMs: 180_000 });
}, 180_000);

test('a recorded call does what it is known to do', () => {
  const { usage, design } = measured;
  expect(
    Object.fromEntries(Object.entries(usage.functions).map(([name, one]) => [name, one.invocations])),
  ).toEqual({
    'voice-webhook': 1,
    'start-recording': 1,
    'await-outcome': 1,
    'recording-status': 2,
  });
  expect(usage.apiRequests).toBe(3);
  expect(usage.logBytes).toBeGreaterThan(1_024);
  expect(design).toMatchObject({ api: 'HTTP', functions: { 'start-recording': { architecture: 'arm64' } } });
});

// Durations are what functions wait for in virtual time: the processor's share is missing, and is a dollar or two.
test('a million calls stay below the limit, and far below the naive design', () => {
  const dollars = totalOf(billOf(measured.usage, measured.design));
  expect(dollars).toBeLessThan(LIMIT_DOLLARS);
  expect(dollars).toBeLessThan(totalOf(billOf(NAIVE_USAGE, NAIVE_DESIGN)) / 2);
});
