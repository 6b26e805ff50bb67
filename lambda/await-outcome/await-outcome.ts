import * as v from 'valibot';
import type { CallStore } from '../recording/store.ts';
import { START_OUTCOMES } from '../shared/contract.ts';
import { parseInput } from '../shared/execution-input.ts';
import type { TaskTokens } from '../shared/task-tokens.ts';
import { CallSid } from '../twilio/requests.ts';

/** What the states AwaitOutcome and AwaitOutcomeAgain pass. */
const AwaitOutcomeEvent = v.object({
  call: v.object({
    callSid: CallSid,
    /** The last result of verify, if it ran. */
    verified: v.optional(v.object({ doubled: v.boolean() }), { doubled: false }),
  }),
  taskToken: v.string(),
  /** What StartRecording came to, if nothing else was done since. */
  start: v.optional(v.object({ outcome: v.string(), doubtful: v.optional(v.boolean(), false) })),
});
type Start = v.InferOutput<typeof AwaitOutcomeEvent>['start'];

/**
 * Keeps the task's token with the call, for the callback that makes the call final, or names a second recording, to end
 * the wait. A callback that came before ends it at once, and so does that the caller said no, or that there is no
 * recording to wait for.
 */
export function awaitOutcome(store: Pick<CallStore, 'keepToken'>, taskTokens: TaskTokens) {
  return async (event: unknown): Promise<void> => {
    const { call, taskToken, start } = parseInput(AwaitOutcomeEvent, event);
    if (!isRecording(start)) {
      await taskTokens.reportNotRecording(taskToken);
      return;
    }
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

function isRecording(start: Start): boolean {
  return (
    start === undefined ||
    (!start.doubtful &&
      (start.outcome === START_OUTCOMES.started || start.outcome === START_OUTCOMES.adopted))
  );
}
