import * as v from 'valibot';
import { type ReconcileDependencies, type Reconciled, reconcile } from '../recording/reconcile.ts';
import { METRICS } from '../shared/contract.ts';
import { callFacts, ExecutionInput, parseInput } from '../shared/execution-input.ts';
import type { Telemetry } from '../shared/telemetry.ts';

/** What the state Reconcile passes. */
const ReconcileEvent = v.object({ call: ExecutionInput });

/** Reconciles one call and reports what Twilio knew that the rows did not. */
export function reconcileTask(dependencies: () => Promise<ReconcileDependencies>, telemetry: Telemetry) {
  return async (event: unknown): Promise<Pick<Reconciled, 'outcome'>> => {
    const { call } = parseInput(ReconcileEvent, event);
    const { outcome, changed } = await reconcile(await dependencies(), callFacts(call));
    for (const recordingSid of changed) {
      telemetry.count(METRICS.recordingReconciled);
      telemetry.warn('Twilio knew what no callback had said', { callSid: call.callSid, recordingSid });
    }
    telemetry.info('Reconciled', { callSid: call.callSid, outcome });
    return { outcome };
  };
}
