import type { Clock } from '../shared/clock.ts';
import { VERIFY_OUTCOMES } from '../shared/contract.ts';
import { TwilioUnavailableError } from '../shared/errors.ts';
import type { TwilioAnswer, TwilioApi, TwilioRecording } from '../twilio/api.ts';
import { hedge } from '../twilio/insist.ts';
import { isForbidden, isPassing } from './classify.ts';
import { isRefused } from './consent.ts';
import {
  byWorth,
  hasEnded,
  isEmpty,
  isFinal,
  isOrderedToStop,
  type RecordingState,
  ranBeside,
  summarize,
  wasStopped,
} from './merge.ts';
import { type Likeness, mayBeOurs, recordingState } from './ours.ts';
import type { CallFacts, CallStore, KnownCall } from './store.ts';

/**
 * Seconds before each further look at a call of which a create's end is not known, since Twilio may carry it out late, or
 * whose rows know two that run, since its list may lag. While the execution lives, no two of ours run beside each other
 * for longer than the longest of these, the list's lag, and what the look takes.
 */
export const LOOK_AGAIN_AFTER_SECONDS = [2, 3, 3, 3, 3, 3] as const;
/** Before Twilio is asked again. */
const PAUSE_MILLISECONDS = 200;
/** After which Twilio is asked again while it has not answered yet: a second recording may run meanwhile. */
const PATIENCE_MILLISECONDS = 500;

export interface VerifyDependencies {
  readonly twilio: Pick<TwilioApi, 'listRecordings' | 'updateRecording'>;
  readonly store: Pick<CallStore, 'known' | 'apply'>;
  readonly clock: Clock;
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
 * Sees to it that one recording of ours runs, or none after an operator's stop: stops the others that are ours, and says
 * so in the rows. Throws TwilioUnavailableError when Twilio did not do its part, or StoreUnavailableError.
 */
export async function verify(
  { twilio, store, clock, likeness }: VerifyDependencies,
  { call, doubtful, looks }: VerifyRequest,
): Promise<Verified> {
  const { callSid } = call;
  const [list, known] = await Promise.all([
    hedge(
      (signal) => twilio.listRecordings(callSid, signal),
      ({ kind }) => kind === 'ok',
      clock,
      PAUSE_MILLISECONDS,
      PATIENCE_MILLISECONDS,
    ),
    store.known(callSid),
  ]);
  if (isRefused(known.consent?.answer)) {
    // None is to be kept, so none is surplus.
    return { result: next(looks + 1, false, false), stopped: [] };
  }
  if (list.kind !== 'ok') {
    throw new TwilioUnavailableError('Twilio did not list the recordings of the call');
  }
  let { doubled } = summarize({
    recordings: Object.fromEntries(known.recordings.map((row) => [row.recordingSid, row])),
    order: known.order,
  });
  for (const recording of endedUnnoticed(list.body, known)) {
    await keepState(recording, 'reconcile');
  }
  const likenessInDoubt = doubtful ? likeness : undefined;
  let sorted = sortOut(list.body, known, likenessInDoubt);
  if (isOrderedToStop(known.order) && sorted.toStop.length > 0) {
    // The call's row and those of its recordings are not read at one moment: a start, or the stop, may lie in between.
    sorted = sortOut(list.body, await store.known(callSid), likenessInDoubt);
  }
  const { keep, toStop, toMark } = sorted;
  const surplus = [...toStop, ...toMark];
  const isNews = keep && surplus.length > 0 && !isKnown(keep, known);
  // Said before one is stopped: once it has ended, nobody could tell any more that it had to. All at once, since both run.
  await Promise.all([
    isNews && keepState(keep, 'adopt'),
    ...surplus.map((recording) => keepState({ ...recording, surplus: true }, 'verify')),
  ]);
  for (const recording of toStop) {
    await stop(recording);
  }
  return {
    result: next(looks + 1, doubtful, doubled),
    stopped: toStop.map(({ recordingSid }) => recordingSid),
  };

  async function stop(recording: RecordingState): Promise<void> {
    const answer = await hedge(
      (signal) => twilio.updateRecording(callSid, recording.recordingSid, { Status: 'stopped' }, signal),
      hasStopped,
      clock,
      PAUSE_MILLISECONDS,
      PATIENCE_MILLISECONDS,
    );
    if (!hasStopped(answer)) {
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

/** A 4xx says that there is nothing to stop any more, if it is not about the request. */
const hasStopped = (answer: TwilioAnswer<unknown>): boolean =>
  answer.kind === 'ok' || (answer.kind === 'error' && !isPassing(answer) && !isForbidden(answer));

const isKnown = ({ recordingSid }: RecordingState, { recordings }: KnownCall): boolean =>
  recordings.some((known) => known.recordingSid === recordingSid);

export interface SortedOut {
  /** The one that counts as the call's. */
  readonly keep?: RecordingState | undefined;
  /** Those that run beside it. */
  readonly toStop: readonly RecordingState[];
  /** Those that ran beside it, and of which the rows do not say so yet. */
  readonly toMark: readonly RecordingState[];
}

/**
 * Tells the recording of ours to keep from those that are one too many. After an operator's stop, each is that still runs.
 *
 * A recording is ours when our create's answer or a callback named it. With a `likeness`, one that looks like ours is
 * taken for it too: a create whose answer never came started it. Others are nobody's business here.
 */
export function sortOut(
  listed: readonly TwilioRecording[],
  known: KnownCall,
  likeness: Likeness | undefined,
): SortedOut {
  const shown = listedAndOurs(listed, known, likeness)
    .filter(({ status }) => !isEmpty(status))
    .toSorted(
      (a, b) => Number(hasEnded(a.status)) - Number(hasEnded(b.status)) || byPause(a, b) || byWorth(a, b),
    );
  const unlisted = runningUnlisted(listed, known);
  if (isOrderedToStop(known.order)) {
    // One that an operator's stop was sent to is the operator's.
    const running = [...shown, ...unlisted].filter((one) => !hasEnded(one.status) && !wasStopped(one));
    return { toStop: running, toMark: [] };
  }
  const [first] = shown;
  // One that Twilio shows to run comes before one that only our rows have running.
  const [keep, ...others] =
    first && !hasEnded(first.status) ? [...shown, ...unlisted] : [...unlisted.toSorted(byWorth), ...shown];
  return {
    keep,
    toStop: others.filter(({ status }) => !hasEnded(status)),
    toMark: others.filter(
      (other) => hasEnded(other.status) && !other.surplus && keep && isOneTooMany(keep, other),
    ),
  };
}

/** What an operator has paused must not go on in a recording that nobody knew of then. */
const byPause = (a: RecordingState, b: RecordingState): number => Number(isPaused(b)) - Number(isPaused(a));

const isPaused = ({ command, surplus }: RecordingState): boolean =>
  command?.status === 'paused' && surplus === undefined;

/** After an operator has stopped one, another may begin within the seconds that `ranBeside` cannot tell apart. */
const isOneTooMany = (keep: RecordingState, other: RecordingState): boolean =>
  !wasStopped(keep) && !wasStopped(other) && ranBeside(keep, other);

const listedAndOurs = (
  listed: readonly TwilioRecording[],
  known: KnownCall,
  likeness: Likeness | undefined,
): readonly RecordingState[] =>
  listed.flatMap((recording): RecordingState[] => {
    const row = known.recordings.find(({ recordingSid }) => recordingSid === recording.sid);
    const isOurs = row?.confirmed || (likeness !== undefined && mayBeOurs(recording, likeness));
    if (!isOurs) {
      return [];
    }
    const state = {
      ...recordingState(recording),
      confirmed: row?.confirmed,
      surplus: row?.surplus,
      command: row?.command,
    };
    if (hasEnded(recording.status)) {
      return [state];
    }
    // Twilio's list may show one as processing that runs, and one that was stopped.
    return [{ ...state, status: row && hasEnded(row.status) ? row.status : 'in-progress' }];
  });

/** Twilio's list may lag behind what a callback has told. */
const runningUnlisted = (listed: readonly TwilioRecording[], known: KnownCall): readonly RecordingState[] =>
  known.recordings.filter(
    ({ recordingSid, status, confirmed }) =>
      confirmed && !hasEnded(status) && !listed.some(({ sid }) => sid === recordingSid),
  );

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
