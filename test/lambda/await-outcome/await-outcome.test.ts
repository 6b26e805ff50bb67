import { describe, expect, test } from '@jest/globals';
import { awaitOutcome } from '../../../lambda/await-outcome/await-outcome.ts';
import type { CallStore } from '../../../lambda/recording/store.ts';
import { START_OUTCOMES } from '../../../lambda/shared/contract.ts';
import { InputInvalidError } from '../../../lambda/shared/errors.ts';
import { CALL_SID } from '../support/sids.ts';

const TASK_TOKEN = 'token';

/** Runs the task with a row in this state; tells what it did in order. */
async function run(
  state: Awaited<ReturnType<CallStore['keepToken']>>,
  event: unknown = { call: { callSid: CALL_SID }, taskToken: TASK_TOKEN },
): Promise<string[]> {
  const done: string[] = [];
  const handler = awaitOutcome(
    {
      keepToken: async (callSid, taskToken) => {
        done.push(`keep ${taskToken} with ${callSid}`);
        return state;
      },
    },
    {
      release: async (taskToken) => done.push(`release ${taskToken}`) > 0,
      reportDouble: async (taskToken) => done.push(`report a double to ${taskToken}`) > 0,
      reportUnwanted: async (taskToken) => done.push(`report that it is unwanted to ${taskToken}`) > 0,
      reportNotRecording: async (taskToken) =>
        done.push(`report that nothing is recorded to ${taskToken}`) > 0,
    },
  );
  await handler(event);
  return done;
}

describe('a task token', () => {
  test('is kept for the callback that makes the call final', async () => {
    expect(await run('open')).toEqual([`keep ${TASK_TOKEN} with ${CALL_SID}`]);
  });

  test('is released at once when that callback came before', async () => {
    expect(await run('final')).toEqual([`keep ${TASK_TOKEN} with ${CALL_SID}`, `release ${TASK_TOKEN}`]);
  });

  test('of a call of which two recordings run says so at once', async () => {
    expect(await run('doubled')).toEqual([
      `keep ${TASK_TOKEN} with ${CALL_SID}`,
      `report a double to ${TASK_TOKEN}`,
    ]);
  });

  test('of a call whose caller said no says so at once', async () => {
    expect(await run('unwanted')).toEqual([
      `keep ${TASK_TOKEN} with ${CALL_SID}`,
      `report that it is unwanted to ${TASK_TOKEN}`,
    ]);
  });

  test('of which Verify could not stop the second waits', async () => {
    const event = { call: { callSid: CALL_SID, verified: { doubled: true } }, taskToken: TASK_TOKEN };
    expect(await run('doubled', event)).toEqual([`keep ${TASK_TOKEN} with ${CALL_SID}`]);
  });

  test('says so at once when a second recording came after Verify', async () => {
    const event = { call: { callSid: CALL_SID, verified: { doubled: false } }, taskToken: TASK_TOKEN };
    expect(await run('doubled', event)).toHaveLength(2);
  });

  test.each([{ outcome: START_OUTCOMES.started }, { outcome: START_OUTCOMES.adopted, doubtful: false }])(
    'of a call of which StartRecording says %j is kept',
    async (start) => {
      expect(await run('open', { call: { callSid: CALL_SID }, taskToken: TASK_TOKEN, start })).toEqual([
        `keep ${TASK_TOKEN} with ${CALL_SID}`,
      ]);
    },
  );

  test.each([
    { outcome: START_OUTCOMES.started, doubtful: true },
    { outcome: START_OUTCOMES.adopted, doubtful: true },
    { outcome: START_OUTCOMES.notYet, waitSeconds: 1, doubtful: false },
    { outcome: START_OUTCOMES.callEnded, reason: 'too-late' },
    { outcome: START_OUTCOMES.refused, reason: 'refused' },
  ])('of a call of which StartRecording says %j is not: the wait ends at once', async (start) => {
    expect(await run('open', { call: { callSid: CALL_SID }, taskToken: TASK_TOKEN, start })).toEqual([
      `report that nothing is recorded to ${TASK_TOKEN}`,
    ]);
  });

  test.each([{}, { call: { callSid: 'CA1' }, taskToken: TASK_TOKEN }, { call: { callSid: CALL_SID } }])(
    'of no call is an error: %j',
    async (event) => {
      await expect(run('open', event)).rejects.toThrow(InputInvalidError);
    },
  );
});
