import { beforeEach, describe, expect, test } from '@jest/globals';
import { recordUnrecorded } from '../../../lambda/record-unrecorded/record-unrecorded.ts';
import { summarize, type Unrecorded } from '../../../lambda/recording/merge.ts';
import { InputInvalidError, StoreUnavailableError } from '../../../lambda/shared/errors.ts';
import { type FakeTelemetry, fakeTelemetry } from '../support/fake-telemetry.ts';
import { manualClock } from '../support/manual-clock.ts';
import { type MemoryStore, memoryStore } from '../support/memory-store.ts';
import { ACCOUNT_SID, CALL_SID, RECORDING_SID } from '../support/sids.ts';

let telemetry: FakeTelemetry;
let store: MemoryStore;
beforeEach(() => {
  telemetry = fakeTelemetry();
  store = memoryStore(manualClock());
});

const call = { callSid: CALL_SID, accountSid: ACCOUNT_SID, from: '+15550001111' };
const run = (added: object) => recordUnrecorded(store, telemetry)({ call: { ...call, ...added } });

describe('a call without a recording', () => {
  test.each<[string, object, Unrecorded]>([
    [
      'ended too early',
      { start: { outcome: 'call-ended', reason: 'ended-before-recording', answered: true } },
      { reason: 'ended-before-recording', answered: true },
    ],
    [
      'could not be recorded',
      { start: { outcome: 'refused', reason: 'not-recordable', answered: true, twilioErrorCode: 21220 } },
      { reason: 'not-recordable', answered: true, errorCode: 21220 },
    ],
    [
      'was refused',
      {
        start: {
          outcome: 'refused',
          reason: 'trial-account',
          remedy: 'x',
          httpStatus: 403,
          twilioErrorCode: 10002,
        },
      },
      { reason: 'trial-account', errorCode: 10002 },
    ],
    [
      'was refused without a code',
      { start: { outcome: 'refused', reason: 'permission-denied', remedy: 'x', httpStatus: 403 } },
      { reason: 'permission-denied' },
    ],
    [
      'was not answered in time',
      { start: { outcome: 'refused', reason: 'not-answered-in-time' } },
      { reason: 'not-answered-in-time' },
    ],
    [
      'met an error',
      { failure: { Error: 'SecretInvalidError', Cause: '{}' } },
      { reason: 'recorder-failed' },
    ],
    [
      'met an error while it rang',
      { start: { outcome: 'not-yet', waitSeconds: 1 }, failure: { Error: 'States.Timeout' } },
      { reason: 'recorder-failed' },
    ],
    ['came without a reason', { start: { outcome: 'refused' } }, { reason: 'recorder-failed' }],
    ['came without a result', {}, { reason: 'recorder-failed' }],
  ])('that %s is unrecorded, with what is known and no more', async (_, added, unrecorded) => {
    expect(await run(added)).toEqual({ outcome: 'unrecorded' });
    expect(summarize(store.state()).recordingStatus).toBe('unrecorded');
    expect(summarize(store.state()).unrecorded).toEqual(unrecorded);
    expect(telemetry.counted).toEqual(['CallUnrecorded']);
    expect(telemetry.lines).toMatchObject([
      { level: 'error', details: { callSid: CALL_SID, reason: unrecorded.reason } },
    ]);
  });

  test('says which error it met', async () => {
    await run({ failure: { Error: 'SecretInvalidError', Cause: 'the cause' } });
    expect(telemetry.lines).toMatchObject([{ details: { failure: 'SecretInvalidError' } }]);
  });

  test('that was never answered is not to be worried about', async () => {
    const start = { outcome: 'call-ended', reason: 'never-answered', answered: false };
    expect(await run({ start })).toEqual({ outcome: 'never-answered' });
    expect(summarize(store.state()).unrecorded).toEqual({ reason: 'never-answered', answered: false });
    expect(telemetry.counted).toEqual(['CallNeverAnswered']);
    expect(telemetry.lines.map(({ level }) => level)).toEqual(['info']);
  });

  test.each([
    ['declined', { answer: 'declined', textVersion: 'v1', at: '2026-11-26T12:00:00.000Z' }],
    ['withdrawn', undefined],
    ['no-consent', undefined],
  ])('is as the caller wanted it, when the reason is %s', async (reason, consent) => {
    expect(await run({ consent, start: { outcome: 'refused', reason, answered: true } })).toEqual({
      outcome: 'declined',
    });
    const { consent: kept, ...summary } = summarize(store.state());
    expect(kept).toEqual(consent);
    expect(summary).toMatchObject({
      recordingStatus: 'unrecorded',
      unrecorded: { reason, answered: true },
    });
    expect(telemetry.counted).toEqual(['CallDeclined']);
    expect(telemetry.lines).toMatchObject([{ level: 'info', details: { callSid: CALL_SID, reason } }]);
  });

  test('has one after all when a callback knows of it', async () => {
    await store.apply(call, {
      type: 'recording',
      source: 'callback',
      recording: { recordingSid: RECORDING_SID, status: 'in-progress' },
    });
    expect(await run({ failure: { Error: 'States.Timeout' } })).toEqual({ outcome: 'recorded' });
    expect(telemetry.counted).toEqual([]);
    expect(telemetry.lines).toMatchObject([{ level: 'info', details: { recordingSid: RECORDING_SID } }]);
  });

  test('is tried again when its reason cannot be stored', async () => {
    store.down.add('apply');
    await expect(run({})).rejects.toThrow(StoreUnavailableError);
    expect(telemetry.counted).toEqual([]);
  });

  test('is reported without phone numbers', async () => {
    await run({ failure: { Error: 'x' } });
    expect(telemetry.output()).not.toContain('15550001111');
  });

  test.each([undefined, {}, { call: { callSid: 'CA1' } }])('%j is none', async (event) => {
    await expect(recordUnrecorded(store, telemetry)(event)).rejects.toThrow(InputInvalidError);
  });
});
