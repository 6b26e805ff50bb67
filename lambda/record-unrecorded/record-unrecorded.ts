import * as v from 'valibot';
import { CALLERS_REASONS } from '../recording/consent.ts';
import type { Unrecorded } from '../recording/merge.ts';
import type { UnrecordedReason } from '../recording/start.ts';
import type { CallStore } from '../recording/store.ts';
import { METRICS } from '../shared/contract.ts';
import { callFacts, ExecutionInput, parseInput } from '../shared/execution-input.ts';
import type { Telemetry } from '../shared/telemetry.ts';

/** What the state RecordUnrecorded passes: the call with the last result of StartRecording, or the error that ended it. */
const RecordUnrecordedEvent = v.object({
  call: v.object({
    ...ExecutionInput.entries,
    start: v.optional(
      v.object({
        reason: v.optional(v.string()),
        answered: v.optional(v.boolean()),
        twilioErrorCode: v.optional(v.number()),
      }),
    ),
    failure: v.optional(v.object({ Error: v.string() })),
  }),
});

/**
 * `recorded`: the call has a recording after all. `declined`: the caller did not want one. `unrecorded`: it was answered, or
 * may have been, and has none.
 */
export type UnrecordedResult = {
  readonly outcome: 'recorded' | 'never-answered' | 'declined' | 'unrecorded';
};

/** Keeps why a call has no recording, and counts it. */
export function recordUnrecorded(store: Pick<CallStore, 'apply'>, telemetry: Telemetry) {
  return async (event: unknown): Promise<UnrecordedResult> => {
    const { call } = parseInput(RecordUnrecordedEvent, event);
    const { start, failure, callSid } = call;
    const unrecorded: Unrecorded = failure
      ? { reason: 'recorder-failed' satisfies UnrecordedReason }
      : {
          reason: start?.reason ?? 'recorder-failed',
          answered: start?.answered,
          errorCode: start?.twilioErrorCode,
        };
    const facts = callFacts(call);
    if (facts.consent) {
      await store.apply(facts, { type: 'consent', consent: facts.consent });
    }
    const { summary } = await store.apply(facts, { type: 'unrecorded', unrecorded });
    if (summary.recording) {
      telemetry.info('The call has a recording after all', {
        callSid,
        recordingSid: summary.recording.recordingSid,
      });
      return { outcome: 'recorded' };
    }
    if (unrecorded.answered === false) {
      telemetry.count(METRICS.callNeverAnswered);
      telemetry.info('The call was never answered', { callSid });
      return { outcome: 'never-answered' };
    }
    if (CALLERS_REASONS.includes(unrecorded.reason)) {
      telemetry.count(METRICS.callDeclined);
      telemetry.info('The caller did not want to be recorded', { callSid, reason: unrecorded.reason });
      return { outcome: 'declined' };
    }
    telemetry.count(METRICS.callUnrecorded);
    telemetry.error('The call was not recorded', {
      callSid,
      reason: unrecorded.reason,
      ...(failure && { failure: failure.Error }),
    });
    return { outcome: 'unrecorded' };
  };
}
