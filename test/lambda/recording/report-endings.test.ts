import { expect, test } from '@jest/globals';
import type { CallEvent } from '../../../lambda/recording/merge.ts';
import { reportingEndings } from '../../../lambda/recording/report-endings.ts';
import { fakeTelemetry } from '../support/fake-telemetry.ts';
import { manualClock } from '../support/manual-clock.ts';
import { memoryStore } from '../support/memory-store.ts';
import { ACCOUNT_SID, CALL_SID, RECORDING_SID } from '../support/sids.ts';

const event: CallEvent = {
  type: 'recording',
  source: 'callback',
  recording: { recordingSid: RECORDING_SID, status: 'completed' },
};

test.each([
  ['completed', ['RecordingCompleted']],
  ['absent', ['RecordingAbsent']],
  ['failed', ['RecordingFailed']],
  ['deleted', []],
  [undefined, []],
] as const)('an end that is %s is counted as %j', async (ended, counted) => {
  const telemetry = fakeTelemetry();
  const kept = memoryStore(manualClock());
  const store = reportingEndings(
    { ...kept, apply: async (...change) => ({ ...(await kept.apply(...change)), ended }) },
    telemetry,
  );
  const applied = await store.apply({ callSid: CALL_SID, accountSid: ACCOUNT_SID }, event);
  expect(applied).toMatchObject({ effect: 'news', ended });
  expect(telemetry.counted).toEqual(counted);
  expect(await store.known(CALL_SID)).toMatchObject({ final: true });
});
