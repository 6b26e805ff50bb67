import * as v from 'valibot';
import {
  type StartDependencies,
  type Started,
  type StartResult,
  startRecording,
} from '../recording/start.ts';
import { METRICS, START_OUTCOMES } from '../shared/contract.ts';
import { callFacts, ExecutionInput, parseInput } from '../shared/execution-input.ts';
import type { SecretSource, TwilioSecret } from '../shared/secret.ts';
import type { StartWith } from '../shared/settings.ts';
import type { Telemetry } from '../shared/telemetry.ts';

/** What the state StartRecording passes. */
const StartRecordingEvent = v.object({
  call: v.object({
    ...ExecutionInput.entries,
    /** The last result, if there was one. */
    start: v.optional(v.object({ doubtful: v.optional(v.boolean(), false) }), {}),
  }),
  /** How often this attempt failed before. */
  retryCount: v.number(),
  executionStartTime: v.pipe(
    v.string(),
    v.isoTimestamp(),
    v.transform((time) => Date.parse(time)),
  ),
});

export interface StartRecordingDependencies {
  readonly secrets: SecretSource;
  readonly withSecret: (secret: TwilioSecret) => StartDependencies;
  /** The wait that the state machine puts before the first attempt. */
  readonly startDelaySeconds: number;
  /** What starts the recording of a call whose webhook came: our request, or our TwiML. */
  readonly startWith: StartWith;
  readonly telemetry: Telemetry;
}

/** Runs one attempt at starting a call's recording and reports what came of it. */
export function startRecordingTask({
  secrets,
  withSecret,
  startDelaySeconds,
  startWith,
  telemetry,
}: StartRecordingDependencies) {
  return async (event: unknown, requestId: string): Promise<StartResult> => {
    const { call, executionStartTime, retryCount } = parseInput(StartRecordingEvent, event);
    const request = {
      call: callFacts(call),
      firstAttemptAt: executionStartTime + startDelaySeconds * 1000,
      owner: requestId,
      doubtful: retryCount > 0 || call.start.doubtful,
      byTwiml: startWith === 'twiml' && call.origin === undefined,
    };
    const secret = await secrets.get();
    let dependencies = withSecret(secret);
    let started = await startRecording(dependencies, request);
    if ('reason' in started.result && started.result.reason === 'credentials-refused') {
      // The API key may have been rotated since the secret was read.
      const fresh = await secrets.getFresh();
      if (fresh !== secret) {
        dependencies = withSecret(fresh);
        started = await startRecording(dependencies, request);
      }
    }
    report(telemetry, call.callSid, started, dependencies.clock.now() - executionStartTime);
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
