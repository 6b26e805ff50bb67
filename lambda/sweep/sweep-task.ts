import { type SweepDependencies, sweep } from '../recording/sweep.ts';
import { type TellDependencies, tellEndedEarly } from '../recording/tell-ended-early.ts';
import { METRICS } from '../shared/contract.ts';
import type { Telemetry } from '../shared/telemetry.ts';

/** Sweeps once and reports. The metric of its end is the sweep's heartbeat: when it is missing, nobody looks. */
export function sweepTask(
  dependencies: () => Promise<SweepDependencies & TellDependencies>,
  telemetry: Telemetry,
) {
  return async (): Promise<{ readonly discovered: number; readonly revived: number }> => {
    const connected = await dependencies();
    const { discovered, revived, resumed, leftOpen, endedEarly } = await sweep(connected);
    for (const callSid of discovered) {
      telemetry.count(METRICS.callDiscovered);
      telemetry.error('A call was found that no webhook had announced', { callSid });
    }
    for (const callSid of revived) {
      telemetry.count(METRICS.executionRevived);
      telemetry.error('The execution of a call had ended too early; another one goes on', { callSid });
    }
    for (const callSid of resumed) {
      telemetry.count(METRICS.pauseEnded);
      telemetry.warn('A recording was paused for too long, and goes on', { callSid });
    }
    for (const callSid of leftOpen) {
      telemetry.count(METRICS.pauseLeftOpen);
      telemetry.error('A recording may be paused for too long, or go on though it was told not to', {
        callSid,
      });
    }
    for (const { callSid, recordingCount } of endedEarly) {
      await tellEndedEarly(connected, telemetry, callSid, recordingCount);
    }
    telemetry.count(METRICS.sweepCompleted);
    telemetry.info('Swept', { discovered: discovered.length, revived: revived.length });
    return { discovered: discovered.length, revived: revived.length };
  };
}
