import { expect, test } from '@jest/globals';
import { reconcileTask } from '../../../lambda/reconcile/reconcile-task.ts';
import { METRICS } from '../../../lambda/shared/contract.ts';
import { InputInvalidError } from '../../../lambda/shared/errors.ts';
import { ok, recordingResource } from '../support/answers.ts';
import { fakeTelemetry } from '../support/fake-telemetry.ts';
import { manualClock } from '../support/manual-clock.ts';
import { ACCOUNT_SID, CALL_SID } from '../support/sids.ts';

const call = {
  callSid: CALL_SID,
  accountSid: ACCOUNT_SID,
  from: '+15550200123',
  start: { outcome: 'started' },
};

function handlerWith(effect: 'news' | 'nothing-new') {
  const telemetry = fakeTelemetry();
  const handler = reconcileTask(
    async () => ({
      clock: manualClock(),
      likeness: {},
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
            ended: false,
            final: true,
          },
        }),
      },
      twilio: {
        fetchCall: async () => ok({ sid: CALL_SID, status: 'completed', end_time: null }),
        listRecordings: async () => ok([recordingResource({ status: 'completed' })]),
      },
    }),
    telemetry,
  );
  return { telemetry, handler };
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

test('refuses an event without a call', async () => {
  await expect(handlerWith('news').handler({})).rejects.toThrow(InputInvalidError);
});
