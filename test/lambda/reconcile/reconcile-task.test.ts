import { describe, expect, test } from '@jest/globals';
import { reconcileTask } from '../../../lambda/reconcile/reconcile-task.ts';
import { recordingState } from '../../../lambda/recording/ours.ts';
import { METRICS } from '../../../lambda/shared/contract.ts';
import { InputInvalidError } from '../../../lambda/shared/errors.ts';
import type { TwilioAnswer } from '../../../lambda/twilio/api.ts';
import { errorAnswer, ok, recordingResource } from '../support/answers.ts';
import { fakeTelemetry } from '../support/fake-telemetry.ts';
import { manualClock } from '../support/manual-clock.ts';
import { memoryStore } from '../support/memory-store.ts';
import { ACCOUNT_SID, CALL_SID, RECORDING_SID } from '../support/sids.ts';

const call = {
  callSid: CALL_SID,
  accountSid: ACCOUNT_SID,
  from: '+15550200123',
  start: { outcome: 'started' },
};

const nobodyAsks = async () => {
  throw new Error('nobody said no');
};

function handlerWith(effect: 'news' | 'nothing-new', final = true, endTime: string | null = null) {
  const telemetry = fakeTelemetry();
  const kept: [string, number][] = [];
  const handler = reconcileTask(
    async () => ({
      clock: manualClock(),
      likeness: {},
      recording: { channels: 'dual', track: 'both', trim: 'do-not-trim' },
      store: {
        known: async () => ({ recordings: [], final: false }),
        apply: async () => ({
          effect,
          unknownCall: false,
          summary: {
            recordingStatus: 'completed',
            recordingCount: 1,
            surplusCount: 0,
            doubled: false,
            ended: final,
            recordedUntil: '2026-11-23T11:59:00.000Z',
            unwanted: false,
            final,
          },
        }),
        keepEndedEarly: async (...told) => {
          kept.push(told);
        },
      },
      twilio: {
        fetchCall: async () => ok({ sid: CALL_SID, status: 'completed', end_time: endTime }),
        listRecordings: async () => ok([recordingResource({ status: 'completed' })]),
        updateRecording: nobodyAsks,
        deleteRecording: nobodyAsks,
      },
    }),
    telemetry,
  );
  return { telemetry, handler, kept };
}

test('counts each recording of which Twilio knew more than the rows, and tells the state machine', async () => {
  const { telemetry, handler } = handlerWith('news');
  expect(await handler({ call })).toEqual({ outcome: 'final' });
  expect(telemetry.counted).toEqual([METRICS.recordingReconciled]);
});

test('counts nothing when the rows were right', async () => {
  const { telemetry, handler } = handlerWith('nothing-new');
  expect(await handler({ call })).toEqual({ outcome: 'final' });
  expect(telemetry.counted).toEqual([]);
});

test('counts a row that is open long after the end of its call', async () => {
  const { telemetry, handler } = handlerWith('nothing-new', false, 'Mon, 23 Nov 2026 12:00:00 +0000');
  expect(await handler({ call })).toEqual({ outcome: 'processing' });
  expect(telemetry.counted).toEqual([METRICS.rowOverdue]);
  expect(telemetry.lines).toContainEqual(
    expect.objectContaining({ level: 'error', details: { callSid: CALL_SID } }),
  );
});

test('counts a call that went on after its recording had ended, and keeps that', async () => {
  const { telemetry, handler, kept } = handlerWith('nothing-new', true, 'Mon, 23 Nov 2026 12:00:00 +0000');
  expect(await handler({ call })).toEqual({ outcome: 'final' });
  expect(telemetry.counted).toEqual([METRICS.recordingEndedEarly]);
  expect(telemetry.lines).toContainEqual(
    expect.objectContaining({ level: 'error', details: { callSid: CALL_SID } }),
  );
  expect(kept).toEqual([[CALL_SID, 1]]);
});

test('refuses an event without a call', async () => {
  await expect(handlerWith('news').handler({})).rejects.toThrow(InputInvalidError);
});

describe('of a call whose caller took the consent back', () => {
  async function run(deletion: TwilioAnswer<null>) {
    const telemetry = fakeTelemetry();
    const clock = manualClock();
    const store = memoryStore(clock);
    const facts = { callSid: CALL_SID, accountSid: ACCOUNT_SID };
    const consent = {
      answer: 'withdrawn',
      textVersion: 'v1',
      digit: '9',
      at: '2026-11-26T12:00:00.000Z',
    } as const;
    await store.apply(facts, { type: 'consent', consent });
    await store.apply(facts, {
      type: 'recording',
      source: 'callback',
      recording: recordingState(recordingResource({ status: 'stopped' })),
    });
    const handler = reconcileTask(
      async () => ({
        clock,
        likeness: {},
        recording: { channels: 'dual', track: 'both', trim: 'do-not-trim' },
        store: { ...store, keepEndedEarly: nobodyAsks },
        twilio: {
          fetchCall: async () => ok({ sid: CALL_SID, status: 'in-progress', end_time: null }),
          listRecordings: async () => ok([recordingResource({ status: 'processing' })]),
          updateRecording: nobodyAsks,
          deleteRecording: async () => deletion,
        },
      }),
      telemetry,
    );
    return { result: await handler({ call }), telemetry };
  }

  test('the recording is deleted, and the call final', async () => {
    const { result, telemetry } = await run(ok(null));
    expect(result).toEqual({ outcome: 'final' });
    expect(telemetry.counted).toEqual([METRICS.recordingDeleted]);
    expect(telemetry.lines).toMatchObject([{ level: 'info', details: { recordingSid: RECORDING_SID } }]);
  });

  test('the recording is tried again in a while when Twilio does not delete it yet', async () => {
    const { result, telemetry } = await run(errorAnswer(409, 20409));
    expect(result).toEqual({ outcome: 'processing' });
    expect(telemetry.counted).toEqual([]);
  });

  test('that Twilio refuses to delete the recording is an error for a person', async () => {
    const { result, telemetry } = await run(errorAnswer(403, 20003));
    expect(result).toEqual({ outcome: 'processing' });
    expect(telemetry.counted).toEqual([METRICS.recordingNotDeleted]);
    expect(telemetry.lines).toMatchObject([{ level: 'error', details: { recordingSid: RECORDING_SID } }]);
  });
});
