import { beforeEach, expect, test } from '@jest/globals';
import type { CallRowState } from '../../../lambda/recording/store.ts';
import type { SweepDependencies } from '../../../lambda/recording/sweep.ts';
import type { TellDependencies } from '../../../lambda/recording/tell-ended-early.ts';
import { METRICS } from '../../../lambda/shared/contract.ts';
import {
  SecretUnavailableError,
  StoreUnavailableError,
  TwilioUnavailableError,
} from '../../../lambda/shared/errors.ts';
import { sweepTask } from '../../../lambda/sweep/sweep-task.ts';
import type { ListedCall } from '../../../lambda/twilio/api.ts';
import { errorAnswer, ok } from '../support/answers.ts';
import { type FakeTelemetry, fakeTelemetry } from '../support/fake-telemetry.ts';
import { manualClock } from '../support/manual-clock.ts';
import { ACCOUNT_SID } from '../support/sids.ts';
import { PUBLIC_BASE_URL } from '../support/webhooks.ts';

const VOICE_URL = `${PUBLIC_BASE_URL}/voice`;
const OUR_NUMBER = '+15550002222';
const FROM = '+15550200123';

let telemetry: FakeTelemetry;
beforeEach(() => {
  telemetry = fakeTelemetry();
});

const listedCall = (sid: string): ListedCall => ({
  sid,
  account_sid: ACCOUNT_SID,
  parent_call_sid: null,
  status: 'in-progress',
  end_time: null,
  from: FROM,
  to: OUR_NUMBER,
  direction: 'inbound',
});

/** Nobody knows the calls but those with a row, which is open, and whose executions are dead. */
const dependencies = (
  calls: readonly string[],
  withRow: readonly string[] = [],
): SweepDependencies & TellDependencies => ({
  clock: manualClock(),
  command: async () => ({ kind: 'not-possible' }),
  resumeAfterMilliseconds: 600_000,
  asks: false,
  recording: { channels: 'dual', track: 'both', trim: 'do-not-trim' },
  voiceUrl: VOICE_URL,
  accountSid: ACCOUNT_SID,
  twilio: {
    listCalls: async (filter) => ok({ items: 'status' in filter ? calls.map(listedCall) : [] }),
    listNumbers: async () => ok({ items: [{ phone_number: OUR_NUMBER, voice_url: VOICE_URL }] }),
  },
  store: {
    rowsOf: async () =>
      new Map(withRow.map((sid): [string, CallRowState] => [sid, { final: false, recorded: false }])),
    sweptUntil: async () => undefined,
    keepSweptUntil: async () => {},
    keepEndedEarly: async () => {},
  },
  executions: {
    start: async () => 'started',
    status: async (name) => (name.endsWith('-2') ? 'absent' : 'ended'),
    running: async () => new Set(),
  },
});

test('a sweep that found nothing still gives its sign of life', async () => {
  expect(await sweepTask(async () => dependencies([]), telemetry)()).toEqual({ discovered: 0, revived: 0 });
  expect(telemetry.counted).toEqual([METRICS.sweepCompleted]);
  expect(telemetry.lines).toMatchObject([{ level: 'info', details: { discovered: 0, revived: 0 } }]);
});

test('each call that was found or revived is counted, and an error says which', async () => {
  const sweep = sweepTask(async () => dependencies(['CA1', 'CA2', 'CA3'], ['CA3']), telemetry);
  expect(await sweep()).toEqual({ discovered: 2, revived: 1 });
  expect(telemetry.counted).toEqual([
    METRICS.callDiscovered,
    METRICS.callDiscovered,
    METRICS.executionRevived,
    METRICS.sweepCompleted,
  ]);
  expect(telemetry.lines).toMatchObject([
    { level: 'error', message: expect.stringContaining('no webhook'), details: { callSid: 'CA1' } },
    { level: 'error', message: expect.stringContaining('no webhook'), details: { callSid: 'CA2' } },
    { level: 'error', message: expect.stringContaining('execution'), details: { callSid: 'CA3' } },
    { level: 'info', details: { discovered: 2, revived: 1 } },
  ]);
});

test('no phone number gets into the logs', async () => {
  await sweepTask(async () => dependencies(['CA1', 'CA2'], ['CA2']), telemetry)();
  expect(telemetry.output()).not.toContain(FROM);
  expect(telemetry.output()).not.toContain(OUR_NUMBER);
});

test('a sweep that failed gives no sign of life', async () => {
  const { twilio, ...others } = dependencies(['CA1']);
  const failing = sweepTask(
    async () => ({ ...others, twilio: { ...twilio, listCalls: async () => errorAnswer(503) } }),
    telemetry,
  );
  await expect(failing()).rejects.toThrow(TwilioUnavailableError);
  expect(telemetry.counted).toEqual([]);

  const locked = sweepTask(() => Promise.reject(new SecretUnavailableError('not now')), telemetry);
  await expect(locked()).rejects.toThrow(SecretUnavailableError);
  expect(telemetry.counted).toEqual([]);
});

/** Each call has this row. */
const allWith =
  (row: CallRowState): SweepDependencies['store']['rowsOf'] =>
  async (sids) =>
    new Map(sids.map((sid) => [sid, row]));

test.each([
  ['', async () => undefined],
  [', though the table cannot keep that', () => Promise.reject(new StoreUnavailableError('not now'))],
])('each call whose recording ended before it is counted, and an error says which%s', async (_, keep) => {
  const given = dependencies(['CA1', 'CA2']);
  const kept: [string, number][] = [];
  const ended = { count: 1, knownSince: 0, until: 0 };
  const sweep = sweepTask(
    async () => ({
      ...given,
      store: {
        ...given.store,
        rowsOf: allWith({ final: true, recorded: true, ended }),
        keepEndedEarly: (...told) => {
          kept.push(told);
          return keep();
        },
      },
    }),
    telemetry,
  );
  await sweep();
  expect(telemetry.counted).toEqual([
    METRICS.recordingEndedEarly,
    METRICS.recordingEndedEarly,
    METRICS.sweepCompleted,
  ]);
  expect(telemetry.lines).toMatchObject([
    {
      level: 'error',
      message: expect.stringContaining('ended before the call'),
      details: { callSid: 'CA1' },
    },
    { level: 'error', details: { callSid: 'CA2' } },
    { level: 'info' },
  ]);
  expect(kept).toEqual([
    ['CA1', 1],
    ['CA2', 1],
  ]);
});

test('pauses that ended, and those that could not be, are counted and told', async () => {
  const paused = { number: 1, status: 'paused', confirmed: true, at: '2026-11-24T11:00:00.000Z' } as const;
  const given = dependencies(['CA1', 'CA2']);
  const sweep = sweepTask(
    async () => ({
      ...given,
      store: { ...given.store, rowsOf: allWith({ final: true, recorded: true, command: paused }) },
      command: async (callSid) =>
        callSid === 'CA1'
          ? { kind: 'done', recordingSid: 'RE1', after: 'in-progress' }
          : { kind: 'not-done' },
    }),
    telemetry,
  );
  await sweep();
  expect(telemetry.counted).toEqual([METRICS.pauseEnded, METRICS.pauseLeftOpen, METRICS.sweepCompleted]);
  expect(telemetry.lines).toMatchObject([
    { level: 'warn', details: { callSid: 'CA1' } },
    { level: 'error', details: { callSid: 'CA2' } },
    { level: 'info' },
  ]);
});
