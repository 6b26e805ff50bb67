import * as v from 'valibot';
import { type VerifyDependencies, type VerifyResult, verify } from '../recording/verify.ts';
import { METRICS } from '../shared/contract.ts';
import { callFacts, ExecutionInput, parseInput } from '../shared/execution-input.ts';
import type { Telemetry } from '../shared/telemetry.ts';

/** What the state Verify passes: the call with the last results of StartRecording and of itself. */
const VerifyEvent = v.object({
  call: v.object({
    ...ExecutionInput.entries,
    start: v.optional(v.object({ doubtful: v.optional(v.boolean(), false) }), {}),
    verified: v.optional(v.object({ looks: v.number() }), { looks: 0 }),
  }),
});

/** Verifies that one recording of a call runs, and reports what did not have to. */
export function verifyTask(dependencies: () => Promise<VerifyDependencies>, telemetry: Telemetry) {
  return async (event: unknown): Promise<VerifyResult> => {
    const { call } = parseInput(VerifyEvent, event);
    const { result, stopped } = await verify(await dependencies(), {
      call: callFacts(call),
      doubtful: call.start.doubtful,
      looks: call.verified.looks,
    });
    for (const recordingSid of stopped) {
      telemetry.count(METRICS.recordingSurplus);
      telemetry.warn('A second recording of the call was stopped', { callSid: call.callSid, recordingSid });
    }
    telemetry.info('Verified', { callSid: call.callSid, ...result });
    return result;
  };
}
