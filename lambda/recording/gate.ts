import { ifAvailable } from '../shared/errors.ts';
import { hasEnded, type RecordingState, shownStatus } from './merge.ts';
import { type StartDependencies, startRecording } from './start.ts';
import type { CallFacts, KnownCall } from './store.ts';

/** What the gate does for a call before it says that it cannot be taken, in milliseconds. */
export const GATE_POLICY = {
  /** In all. */
  budget: 2_000,
  /** Between two tries. */
  pause: 200,
  /** How long Twilio may take for an answer. */
  requestTimeout: 900,
} as const;

/** As its row knows: one that is paused runs. */
const runs = (recording: RecordingState): boolean => !hasEnded(shownStatus(recording));

/** Whether a recording of the call runs that is ours beyond doubt, as the rows know. */
export const isKnownToRun = ({ recordings }: KnownCall): boolean =>
  recordings.some((recording) => recording.confirmed && runs(recording));

/**
 * Whether a call is recorded, and if it is not, tries that itself, with the same claim as everybody. Gives up when the
 * call cannot be recorded, or after the budget.
 */
export async function isRecordedInTime(
  dependencies: StartDependencies,
  call: CallFacts,
  owner: string,
): Promise<boolean> {
  const { store, clock } = dependencies;
  const until = clock.now() + GATE_POLICY.budget;
  for (;;) {
    const known = await ifAvailable(store.known(call.callSid));
    if (known && known.recordings.length > 0) {
      // One that was only adopted counts: without its row, Twilio's list would let the call pass. One that has ended says
      // that the call has, or that somebody stopped it.
      return known.recordings.some(runs);
    }
    const { result } = await startRecording(dependencies, {
      call,
      firstAttemptAt: clock.now(),
      owner,
      // With a look first: the execution of the call is at it as well.
      doubtful: true,
      tryFor: until - clock.now(),
    });
    if ('recordingSid' in result) {
      return true;
    }
    if (result.outcome !== 'not-yet' || clock.now() + GATE_POLICY.pause >= until) {
      return false;
    }
    await clock.sleep(GATE_POLICY.pause);
  }
}
