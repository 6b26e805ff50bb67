import * as v from 'valibot';
import { type ReconcileDependencies, type Reconciled, reconcile } from '../recording/reconcile.ts';
import { type TellDependencies, tellEndedEarly } from '../recording/tell-ended-early.ts';
import { type WithdrawDependencies, withdraw } from '../recording/withdraw.ts';
import { METRICS, RECONCILE_OUTCOMES } from '../shared/contract.ts';
import { callFacts, ExecutionInput, parseInput } from '../shared/execution-input.ts';
import type { Telemetry } from '../shared/telemetry.ts';

/** What the state Reconcile passes. */
const ReconcileEvent = v.object({ call: ExecutionInput });

/**
 * Reconciles one call and reports what Twilio knew that the rows did not. Sees to it that nothing is kept of a call whose
 * caller said no.
 */
export function reconcileTask(
  connect: () => Promise<ReconcileDependencies & WithdrawDependencies & TellDependencies>,
  telemetry: Telemetry,
) {
  return async (event: unknown): Promise<Pick<Reconciled, 'outcome'>> => {
    const { call } = parseInput(ReconcileEvent, event);
    const { callSid } = call;
    const dependencies = await connect();
    const { outcome, changed, unwanted, endedEarly, overdue } = await reconcile(
      dependencies,
      callFacts(call),
    );
    for (const recordingSid of changed) {
      telemetry.count(METRICS.recordingReconciled);
      telemetry.warn('Twilio knew what no callback had said', { callSid, recordingSid });
    }
    if (endedEarly !== undefined) {
      await tellEndedEarly(dependencies, telemetry, callSid, endedEarly);
    }
    if (overdue) {
      telemetry.count(METRICS.rowOverdue);
      telemetry.error('The row of a call is still open long after its end', { callSid });
    }
    if (!unwanted) {
      telemetry.info('Reconciled', { callSid, outcome });
      return { outcome };
    }
    const { final, deleted, refused } = await withdraw(dependencies, callFacts(call));
    for (const recordingSid of deleted) {
      telemetry.count(METRICS.recordingDeleted);
      telemetry.info('A recording was deleted, since the caller said no', { callSid, recordingSid });
    }
    for (const recordingSid of refused) {
      telemetry.count(METRICS.recordingNotDeleted);
      telemetry.error('Twilio does not let this API key delete a recording, and the caller said no', {
        callSid,
        recordingSid,
      });
    }
    return { outcome: final ? RECONCILE_OUTCOMES.final : RECONCILE_OUTCOMES.processing };
  };
}
