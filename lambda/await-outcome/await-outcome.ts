import * as v from 'valibot';
import type { CallStore } from '../recording/store.ts';
import { parseInput } from '../shared/execution-input.ts';
import type { TaskTokens } from '../shared/task-tokens.ts';
import { CallSid } from '../twilio/requests.ts';

/** What the state AwaitOutcome passes. */
const AwaitOutcomeEvent = v.object({
  call: v.object({
    callSid: CallSid,
    /** The last result of verify, if it ran. */
    verified: v.optional(v.object({ doubled: v.boolean() }), { doubled: false }),
  }),
  taskToken: v.string(),
});

/**
 * Keeps the task's token with the call, for the callback that makes the call final, or names a second recording, to end
 * the wait. A callback that came before ends it at once, and so does that the caller said no.
 */
export function awaitOutcome(store: Pick<CallStore, 'keepToken'>, taskTokens: TaskTokens) {
  return async (event: unknown): Promise<void> => {
    const { call, taskToken } = parseInput(AwaitOutcomeEvent, event);
    switch (await store.keepToken(call.callSid, taskToken)) {
      case 'final':
        await taskTokens.release(taskToken);
        break;
      case 'unwanted':
        await taskTokens.reportUnwanted(taskToken);
        break;
      case 'doubled':
        // What verify could not set right a moment ago, it could not now either.
        if (!call.verified.doubled) {
          await taskTokens.reportDouble(taskToken);
        }
        break;
    }
  };
}
