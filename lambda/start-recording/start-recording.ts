import * as v from 'valibot';
import {
  type StartDependencies,
  type Started,
  type StartResult,
  startRecording,
} from '../recording/start.ts';
import { METRICS, START_OUTCOMES } from '../shared/contract.ts';
import { callFacts, ExecutionInput } from '../shared/execution-input.ts';
import type { Telemetry } from '../shared/telemetry.ts';

/** What the state StartRecording passes. */
const StartRecordingEvent = v.object({
  call: ExecutionInput,
  executionStartTime: v.pipe(
    v.string(),
    v.isoTimestamp(),
    v.transform((time) => Date.parse(time)),
  ),
});

/** Runs one attempt at starting a call's recording and reports what came of it. */
export function startRecordingTask(dependencies: () => Promise<StartDependencies>, telemetry: Telemetry) {
  return async (event: unknown, requestId: string): Promise<StartResult> => {
    const { call, executionStartTime } = v.parse(StartRecordingEvent, event);
    const ready = await dependencies();
    const started = await startRecording(ready, {
      call: callFacts(call),
      executionStartedAt: executionStartTime,
      owner: requestId,
    });
    report(telemetry, call.callSid, started, ready.clock.now() - executionStartTime);
    return started.result;
  };
}

function report(telemetry: Telemetry, callSid: string, { result, creates }: Started, elapsed: number): void {
  switch (result.outcome) {
    case START_OUTCOMES.started:
      telemetry.count(METRICS.recordingStarted);
      telemetry.record(METRICS.createsPerRecording, creates);
      telemetry.record(METRICS.timeToRecordingMilliseconds, elapsed);
      break;
    case START_OUTCOMES.adopted:
      telemetry.count(METRICS.recordingAdopted);
      break;
    case START_OUTCOMES.refused:
      telemetry.error('The call will not be recorded', { callSid, ...result });
      return;
  }
  telemetry.info('Attempt ended', { callSid, creates, ...result });
}
