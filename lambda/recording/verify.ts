import { VERIFY_OUTCOMES } from '../shared/contract.ts';
import { TwilioUnavailableError } from '../shared/errors.ts';
import type { TwilioApi, TwilioRecording } from '../twilio/api.ts';
import { byWorth, hasEnded, isFinal, type RecordingState, summarize } from './merge.ts';
import { type Likeness, mayBeOurs, recordingState } from './ours.ts';
import type { CallFacts, CallStore, KnownCall } from './store.ts';

/**
 * Seconds before each further look at a call of which a create's end is not known, since Twilio may carry it out late, or
 * whose rows know two that run, since its list may lag. No two of ours run beside each other for longer than the longest
 * of these, and what the look itself takes.
 */
export const LOOK_AGAIN_AFTER_SECONDS = [3, 6, 6] as const;

export interface VerifyDependencies {
  readonly twilio: Pick<TwilioApi, 'listRecordings' | 'stopRecording'>;
  readonly store: Pick<CallStore, 'known' | 'apply'>;
  readonly likeness: Likeness;
}

export interface VerifyRequest {
  readonly call: CallFacts;
  /** A create of ours may have been carried out without our having learnt so. */
  readonly doubtful: boolean;
  /** How often this execution looked before. */
  readonly looks: number;
}

/** What verify returns to the state machine. */
export type VerifyResult = {
  readonly looks: number;
  /** The rows still know two of ours that run. */
  readonly doubled: boolean;
} & (
  | { readonly outcome: typeof VERIFY_OUTCOMES.verified }
  | { readonly outcome: typeof VERIFY_OUTCOMES.again; readonly waitSeconds: number }
);

export interface Verified {
  readonly result: VerifyResult;
  /** Those that were told to stop. */
  readonly stopped: readonly string[];
}

/**
 * Sees to it that one recording of ours runs: stops the others that are ours, and says so in the rows. Throws
 * TwilioUnavailableError when Twilio did not do its part, or StoreUnavailableError.
 */
export async function verify(
  { twilio, store, likeness }: VerifyDependencies,
  { call, doubtful, looks }: VerifyRequest,
): Promise<Verified> {
  const [list, known] = await Promise.all([twilio.listRecordings(call.callSid), store.known(call.callSid)]);
  if (list.kind !== 'ok') {
    throw new TwilioUnavailableError('Twilio did not list the recordings of the call');
  }
  let { doubled } = summarize({
    recordings: Object.fromEntries(known.recordings.map((row) => [row.recordingSid, row])),
  });
  for (const recording of endedUnnoticed(list.body, known)) {
    await keepState(recording, 'reconcile');
  }
  const { keep, surplus } = sortOut(list.body, known, doubtful ? likeness : undefined);
  if (keep && surplus.length > 0 && !isKnown(keep, known)) {
    await keepState(keep, 'adopt');
  }
  for (const recording of surplus) {
    await stop(recording);
  }
  return {
    result: next(looks + 1, doubtful, doubled),
    stopped: surplus.map(({ recordingSid }) => recordingSid),
  };

  async function stop(recording: RecordingState): Promise<void> {
    // Said first: once it has ended, nobody could tell any more that it had to.
    await keepState({ ...recording, surplus: true }, 'verify');
    const answer = await twilio.stopRecording(call.callSid, recording.recordingSid);
    // A 4xx says that there is nothing to stop any more.
    const hasStopped =
      answer.kind === 'ok' ||
      (answer.kind === 'error' &&
        answer.httpStatus < 500 &&
        ![401, 403, 408, 429].includes(answer.httpStatus));
    if (!hasStopped) {
      throw new TwilioUnavailableError('Twilio did not stop a recording that runs beside another');
    }
    await keepState({ ...recording, status: 'stopped', surplus: true }, 'verify');
  }

  async function keepState(
    recording: RecordingState,
    source: 'adopt' | 'verify' | 'reconcile',
  ): Promise<void> {
    const { summary } = await store.apply(call, { type: 'recording', source, recording });
    doubled = summary.doubled;
  }
}

const isKnown = ({ recordingSid }: RecordingState, { recordings }: KnownCall): boolean =>
  recordings.some((known) => known.recordingSid === recordingSid);

/**
 * The recording of ours to keep, and those that run beside it.
 *
 * A recording is ours when our create's answer or a callback named it. With a `likeness`, one that looks like ours is
 * taken for it too: a create whose answer never came started it. Others are nobody's business here.
 */
export function sortOut(
  listed: readonly TwilioRecording[],
  known: KnownCall,
  likeness: Likeness | undefined,
): { readonly keep?: RecordingState | undefined; readonly surplus: readonly RecordingState[] } {
  const running = listed.flatMap((recording): RecordingState[] => {
    const row = known.recordings.find(({ recordingSid }) => recordingSid === recording.sid);
    const isOurs = row?.confirmed || (likeness !== undefined && mayBeOurs(recording, likeness));
    return !isOurs || hasEnded(recording.status) || (row && hasEnded(row.status))
      ? []
      : [
          {
            ...recordingState(recording),
            status: 'in-progress',
            confirmed: row?.confirmed,
            surplus: row?.surplus,
          },
        ];
  });
  const [keep, ...surplus] = running.toSorted(byWorth);
  return { keep, surplus };
}

/** Recordings whose rows have them running, though Twilio says how they ended: their callbacks may never come. */
const endedUnnoticed = (listed: readonly TwilioRecording[], known: KnownCall): readonly RecordingState[] =>
  listed
    .filter(({ sid, status }) =>
      known.recordings.some((row) => row.recordingSid === sid && !hasEnded(row.status) && isFinal(status)),
    )
    .map(recordingState);

function next(looks: number, doubtful: boolean, doubled: boolean): VerifyResult {
  const waitSeconds = doubtful || doubled ? LOOK_AGAIN_AFTER_SECONDS[looks - 1] : undefined;
  return waitSeconds === undefined
    ? { outcome: VERIFY_OUTCOMES.verified, looks, doubled }
    : { outcome: VERIFY_OUTCOMES.again, looks, doubled, waitSeconds };
}
