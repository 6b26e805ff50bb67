import { describe, expect, test } from '@jest/globals';
import { billOf, onTopOf, totalOf, twilioDollars } from '../../../bench/cost/bill.ts';
import { NAIVE_DESIGN, NAIVE_USAGE } from '../../../bench/cost/naive.ts';
import type { Design, Usage } from '../../../bench/cost/usage.ts';

const USAGE: Usage = {
  functions: { webhook: { invocations: 1, milliseconds: 100 }, task: { invocations: 2, milliseconds: 250 } },
  transitions: 2,
  apiRequests: 3,
  writeUnits: 10,
  indexWriteUnits: 4,
  readUnits: 4,
  secretReads: 0.1,
  logBytes: 4_096,
  tableBytes: 3_072,
  indexBytes: 1_024,
};

const DESIGN: Design = {
  api: 'HTTP',
  functions: {
    webhook: { memoryMegabytes: 1024, architecture: 'arm64', tracing: true },
    task: { memoryMegabytes: 512, architecture: 'x86_64', tracing: true },
  },
  tracing: true,
  pointInTimeRecovery: true,
  retentionDays: 365,
  logRetentionDays: 365,
};

const dollarsOf = (lines: readonly { readonly service: string; readonly dollars: number }[]) =>
  Object.fromEntries(lines.map(({ service, dollars }) => [service, Number(dollars.toFixed(4))]));

describe('the bill of a million calls', () => {
  test('is what was used, times list prices', () => {
    expect(dollarsOf(billOf(USAGE, DESIGN))).toEqual({
      // 2,000,000 / 1,000 * 0.025
      'Step Functions': 50,
      // 3 * 0.20, 100,000 GB-s at 0.0000133334, 250,000 GB-s at 0.0000166667
      Lambda: 6.1,
      // 10 * 0.625 + 4 * 0.125
      DynamoDB: 6.75,
      'API Gateway': 3,
      // 4,096,000,000 bytes are 3.8147 GB, at 0.50
      'CloudWatch Logs': 1.9073,
      // 100,000 / 10,000 * 0.05
      'Secrets Manager': 0.5,
      // 3 webhooks and an execution, of which one in twenty, at 5.00
      'X-Ray': 1,
    });
  });

  test('costs more with a REST API and less without traces', () => {
    const design: Design = { ...DESIGN, api: 'REST', tracing: false };
    expect(dollarsOf(billOf(USAGE, design))).toMatchObject({ 'API Gateway': 10.5, 'X-Ray': 0.75 });
  });

  test('names a function that the template does not have', () => {
    expect(() => billOf(USAGE, { ...DESIGN, functions: {} })).toThrow('The design has no function webhook');
  });
});

test('what comes on top is kept for as long as the template says', () => {
  const [rows, logs, traces] = onTopOf(USAGE, DESIGN).map(({ dollars }) => Number(dollars.toFixed(4)));
  // 3.8147 GB for 12 months at 0.25, and the table's 2.8610 GB at 0.20
  expect(rows).toBe(18.3105);
  // 3.8147 GB, of which 15 % are left, for 12 months at 0.03
  expect(logs).toBe(0.206);
  // The other 19 of 20.
  expect(traces).toBe(19);
});

test('the naive design costs 186 dollars', () => {
  expect(dollarsOf(billOf(NAIVE_USAGE, NAIVE_DESIGN))).toEqual({
    // (5 + 0.6) / 1,000 * 0.025
    'Step Functions': 140,
    // 4.6 * 0.20, and (50 + 1.6 * 300 + 2 * 40) ms of 512 MB: 305,000 GB-s
    Lambda: 6.0033,
    DynamoDB: 2.5,
    'API Gateway': 10.5,
    // 3 * 2 KB + 1.6 * 0.5 KB + 4.6 * 350 bytes
    'CloudWatch Logs': 3.9922,
    'Secrets Manager': 23,
    'X-Ray': 0,
  });
  expect(totalOf(billOf(NAIVE_USAGE, NAIVE_DESIGN))).toBeCloseTo(186, 1);
});

test('Twilio charges 33,000 dollars for calls of three minutes', () => {
  expect(twilioDollars(3)).toBeCloseTo(33_000, 6);
});
