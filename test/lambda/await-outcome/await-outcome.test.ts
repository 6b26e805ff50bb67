import { describe, expect, test } from '@jest/globals';
import { awaitOutcome } from '../../../lambda/await-outcome/await-outcome.ts';
import { InputInvalidError } from '../../../lambda/shared/errors.ts';
import { CALL_SID } from '../support/sids.ts';

const TASK_TOKEN = 'token';

/** Runs the task with a row that is final or not; tells what it did in order. */
async function run(
  final: boolean,
  event: unknown = { callSid: CALL_SID, taskToken: TASK_TOKEN },
): Promise<string[]> {
  const done: string[] = [];
  const handler = awaitOutcome(
    {
      keepToken: async (callSid, taskToken) => {
        done.push(`keep ${taskToken} with ${callSid}`);
        return final;
      },
    },
    {
      release: async (taskToken) => {
        done.push(`release ${taskToken}`);
      },
    },
  );
  await handler(event);
  return done;
}

describe('a task token', () => {
  test('is kept for the callback that makes the call final', async () => {
    expect(await run(false)).toEqual([`keep ${TASK_TOKEN} with ${CALL_SID}`]);
  });

  test('is released at once when that callback came before', async () => {
    expect(await run(true)).toEqual([`keep ${TASK_TOKEN} with ${CALL_SID}`, `release ${TASK_TOKEN}`]);
  });

  test.each([{}, { callSid: 'CA1', taskToken: TASK_TOKEN }, { callSid: CALL_SID }])(
    'of no call is an error: %j',
    async (event) => {
      await expect(run(false, event)).rejects.toThrow(InputInvalidError);
    },
  );
});
