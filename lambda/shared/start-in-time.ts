import type { CallFacts } from '../recording/store.ts';
import { within } from './clock.ts';
import { METRICS } from './contract.ts';
import { describeError } from './errors.ts';
import type { Executions } from './executions.ts';
import type { Telemetry } from './telemetry.ts';

/**
 * How long a call waits for its execution's start, in milliseconds: whatever happens, the caller hears something within
 * two seconds of the webhook. Trial accounts wait five seconds for TwiML, others fifteen.
 */
export const EXECUTION_BUDGET_MILLISECONDS = 1_100;

/** Starts a call's execution. Returns whether it runs, and never throws. */
export async function startInTime(
  executions: Pick<Executions, 'start'>,
  telemetry: Telemetry,
  call: CallFacts,
): Promise<boolean> {
  const started = (async () => executions.start(call))().then(
    () => ({ kind: 'started' }) as const,
    (error: unknown) => ({ kind: 'failed', error: describeError(error) }) as const,
  );
  const outcome = await within(EXECUTION_BUDGET_MILLISECONDS, started, {
    kind: 'failed',
    error: { name: 'TimeoutError', message: 'Step Functions did not answer in time' },
  });
  if (outcome.kind === 'failed') {
    telemetry.count(METRICS.startExecutionFailed);
    telemetry.error('No execution was started', { callSid: call.callSid, error: outcome.error });
    return false;
  }
  telemetry.info('Execution started', { callSid: call.callSid });
  return true;
}
