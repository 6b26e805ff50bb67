import type { PauseBehavior } from '../recording-control/representations.ts';
import { type Consent, isRefused, stronger } from './consent.ts';

/**
 * The one place where states are merged. Twilio's callbacks may come twice, in any order, before our own create
 * returned, or never: whatever comes, in whatever order, the result is the same.
 */

/**
 * A Recording as its row keeps it. Times are ISO 8601, the duration is in seconds.
 * https://www.twilio.com/docs/voice/api/recording#recording-properties
 */
export interface RecordingState {
  readonly recordingSid: string;
  /** Open: Twilio adds values. */
  readonly status: string;
  readonly source?: string | undefined;
  readonly startTime?: string | undefined;
  readonly duration?: number | undefined;
  readonly channels?: number | undefined;
  readonly track?: string | undefined;
  readonly url?: string | undefined;
  readonly errorCode?: number | undefined;
  /** Known to be ours: the answer to our create named it, or a callback to our URL. */
  readonly confirmed?: true | undefined;
  /** It ran beside another one of ours and was told to stop. */
  readonly surplus?: true | undefined;
  /** The last command that an operator gave. */
  readonly command?: CommandState | undefined;
}

/** How a command left a recording. Twilio tells of pauses in no callback and no list, so this is all that is known. */
export interface CommandState {
  /** The commands of a call are numbered in the order in which they were sent. */
  readonly number: number;
  /** What the command asked for. */
  readonly status: CommandedStatus;
  /** Of a pause: what becomes of its time. */
  readonly pauseBehavior?: PauseBehavior | undefined;
  /** Twilio answered that it is so. Without it nobody knows. */
  readonly confirmed: boolean;
  /** When it was sent; of one that was undone, when the one before it was. */
  readonly at: string;
}

/**
 * Which of `start` and `stop` an operator ordered last. A stop is meant for the call: it holds for a recording of ours
 * that shows only later, too.
 */
export interface Order {
  /** Of the command. */
  readonly number: number;
  readonly action: 'start' | 'stop';
}

export type CommandedStatus = 'paused' | 'in-progress' | 'stopped';

/** A command of an operator, and what came of it. */
export interface Command {
  readonly action: string;
  /** Who gave it: the ARN of a principal, the subject of a token, or ours. */
  readonly by: string;
  readonly reason?: string | undefined;
  readonly pauseBehavior?: string | undefined;
  /** Statuses of the recording. */
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  /** Twilio's last answer. */
  readonly httpStatus?: number | undefined;
  readonly errorCode?: number | undefined;
}

/** Why a call has no recording. */
export interface Unrecorded {
  readonly reason: string;
  /** Whether there was anything to record; undefined when nobody knows. */
  readonly answered?: boolean | undefined;
  /** Twilio's. */
  readonly errorCode?: number | undefined;
}

/** What is known of a call: its recordings by RecordingSid, and why there is none, if somebody gave up on it. */
export interface CallState {
  readonly recordings: Readonly<Record<string, RecordingState>>;
  readonly unrecorded?: Unrecorded | undefined;
  /** What the caller said to being recorded, if that was asked, or said unasked. */
  readonly consent?: Consent | undefined;
  readonly order?: Order | undefined;
}

/**
 * Something that was seen or done. `source` says by whom: our create, its search for an earlier one, a callback, the check
 * that only one runs, Twilio's own answer when we asked, or what was done because the caller said no.
 */
export type CallEvent =
  | {
      readonly type: 'recording';
      readonly source: 'create' | 'adopt' | 'callback' | 'verify' | 'reconcile' | 'withdraw';
      readonly recording: RecordingState;
    }
  | { readonly type: 'unrecorded'; readonly unrecorded: Unrecorded }
  | { readonly type: 'consent'; readonly consent: Consent }
  | {
      readonly type: 'command';
      readonly command: Command;
      /** As the command left it; left out where it changed nothing. */
      readonly recording?: RecordingState | undefined;
      /** Left out where it is none. */
      readonly order?: Order | undefined;
    };

export interface Merged {
  readonly state: CallState;
  /**
   * `news`: the state changed; `nothing-new`: a repetition or a straggler; `conflict`: it contradicts a final state, which
   * stands; `override`: it contradicts one and takes its place, because Twilio said so when it was asked.
   */
  readonly effect: 'news' | 'nothing-new' | 'conflict' | 'override';
}

export const NOTHING_KNOWN: CallState = { recordings: {} };

const RANKS: ReadonlyMap<string, number> = new Map([
  ['in-progress', 1],
  ['paused', 1],
  ['processing', 2],
  ['stopped', 3],
  ['completed', 4],
  ['absent', 4],
  ['failed', 4],
  ['deleted', 4],
]);
const RUNNING_RANK = 1;
const FINAL_RANK = 4;
const rank = (status: string): number => RANKS.get(status) ?? 0;

/** Whether a RecordingStatus is the last that a recording will have. */
export const isFinal = (status: string): boolean => rank(status) === FINAL_RANK;

/** Whether a recording records nothing more. Twilio may show one as processing while it runs. */
export const hasEnded = (status: string): boolean => isFinal(status) || status === 'stopped';

/** The last status of a recording, where the second state has it and the first has not. */
export function ending(recordingSid: string, before: CallState, after: CallState): string | undefined {
  const statusIn = ({ recordings }: CallState): string => recordings[recordingSid]?.status ?? '';
  return isFinal(statusIn(after)) && !isFinal(statusIn(before)) ? statusIn(after) : undefined;
}

/** Adds an event to what is known of a call. */
export function merge(state: CallState, event: CallEvent): Merged {
  if (event.type === 'unrecorded') {
    // A recording that exists outweighs that somebody gave up on the call, whichever came first.
    return state.unrecorded || Object.keys(state.recordings).length > 0
      ? { state, effect: 'nothing-new' }
      : { state: { ...state, unrecorded: event.unrecorded }, effect: 'news' };
  }
  if (event.type === 'consent') {
    const consent = stronger(state.consent, event.consent);
    return consent === state.consent
      ? { state, effect: 'nothing-new' }
      : { state: { ...state, consent }, effect: 'news' };
  }
  if (event.type === 'command') {
    const { recording, order } = event;
    const ordered = withOrder(state, order);
    const effect = ordered === state ? 'nothing-new' : 'news';
    return recording ? mergeRecording(ordered, recording, effect) : { state: ordered, effect };
  }
  const mayOverride = event.source === 'reconcile' || event.source === 'withdraw';
  return mergeRecording(state, withEvidence(event), 'nothing-new', mayOverride);
}

/** The order of the later command counts; of the same one, what is said later: it may not have been carried out. */
function withOrder(state: CallState, order: Order | undefined): CallState {
  const { number = 0, action } = state.order ?? {};
  const isNews = order && (order.number > number || (order.number === number && order.action !== action));
  return isNews ? { ...state, order } : state;
}

/**
 * @param effect that of the event but for the recording
 * @param mayOverride whether the state takes the place of another final one: Twilio said so when it was asked
 */
function mergeRecording(
  state: CallState,
  recording: RecordingState,
  effect: 'news' | 'nothing-new',
  mayOverride = false,
): Merged {
  const known = state.recordings[recording.recordingSid];
  if (known && isFinal(known.status) && isFinal(recording.status) && known.status !== recording.status) {
    return mayOverride
      ? { state: withRecording(state, overridden(known, recording)), effect: 'override' }
      : { state, effect: 'conflict' };
  }
  const merged = known ? join(known, recording) : recording;
  return known && addsNothing(known, merged)
    ? { state, effect }
    : { state: withRecording(state, merged), effect: 'news' };
}

const withEvidence = ({ source, recording }: Extract<CallEvent, { type: 'recording' }>): RecordingState =>
  source === 'create' || source === 'callback' ? { ...recording, confirmed: true } : recording;

const withRecording = ({ recordings, consent, order }: CallState, recording: RecordingState): CallState => ({
  recordings: { ...recordings, [recording.recordingSid]: recording },
  ...(consent && { consent }),
  ...(order && { order }),
});

const overridden = (known: RecordingState, answer: RecordingState): RecordingState => ({
  ...join(known, answer),
  status: answer.status,
  duration: answer.duration,
  errorCode: answer.errorCode,
});

/**
 * A status never goes back, and the first final one stands. Of the facts, the one that sorts first counts (the create's
 * answer and the callbacks may differ by a second on when a recording began), of the figures that grow the larger: so no
 * order of arrival loses or changes a field.
 */
function join(known: RecordingState, seen: RecordingState): RecordingState {
  return {
    recordingSid: known.recordingSid,
    status: rank(seen.status) > rank(known.status) ? seen.status : known.status,
    source: lesser(known.source, seen.source),
    startTime: lesser(known.startTime, seen.startTime),
    duration: greater(known.duration, seen.duration),
    channels: lesser(known.channels, seen.channels),
    track: lesser(known.track, seen.track),
    url: lesser(known.url, seen.url),
    errorCode: greater(known.errorCode, seen.errorCode),
    confirmed: known.confirmed ?? seen.confirmed,
    surplus: known.surplus ?? seen.surplus,
    command: later(known.command, seen.command),
  };
}

// Merged states have every key; those that were only seen may lack some.
function addsNothing(known: RecordingState, merged: RecordingState): boolean {
  const keys = Object.keys(merged) as (keyof RecordingState)[];
  return keys.every((key) => known[key] === merged[key]);
}

/** The first one, unless the second is of a later command, or says that the same one was carried out. */
function later(a: CommandState | undefined, b: CommandState | undefined): CommandState | undefined {
  if (a === undefined || b === undefined) {
    return a ?? b;
  }
  return b.number > a.number || (b.number === a.number && b.confirmed && !a.confirmed) ? b : a;
}

/** What a recording's row says of its status: while it runs, its commands know more than Twilio tells. */
export const shownStatus = ({ status, command }: RecordingState): string => {
  if (command === undefined || rank(status) > RUNNING_RANK) {
    return status;
  }
  return command.confirmed ? command.status : UNCONFIRMED;
};

/** Shown of a recording that was told to pause, resume or stop, and of which nobody knows whether it did. */
export const UNCONFIRMED = 'unconfirmed';

function lesser<T extends string | number>(a: T | undefined, b: T | undefined): T | undefined {
  return a === undefined || (b !== undefined && b < a) ? b : a;
}

function greater(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || (b !== undefined && b > a) ? b : a;
}

/** What the call's row says. */
export interface CallSummary {
  /** What is shown of the call's recording; while there is none, `asked`, `starting` or `unrecorded`. */
  readonly recordingStatus: string;
  /** The call's recording: with several, the one that runs, or else the one worth most to whoever asks for it. */
  readonly recording?: RecordingState | undefined;
  readonly recordingCount: number;
  /** How many of them were one too many: told to stop, or found to have run beside the call's. */
  readonly surplusCount: number;
  /** More of ours run than one, or than none after an operator's stop. */
  readonly doubled: boolean;
  /** There were recordings, and none runs. */
  readonly ended: boolean;
  /** Until when they have the call, once all have their last status; left out where nobody can tell. ISO 8601. */
  readonly recordedUntil?: string | undefined;
  /** Recordings of ours are to be stopped and deleted: the caller said no. */
  readonly unwanted: boolean;
  /** Nothing more is to come: each recording has its last status, or there will be none. */
  readonly final: boolean;
  readonly unrecorded?: Unrecorded | undefined;
  readonly consent?: Consent | undefined;
  readonly order?: Order | undefined;
}

/** Sums a call up. */
export function summarize(state: CallState): CallSummary {
  const recordings = Object.values(state.recordings).toSorted(byWorth);
  const { consent, order } = state;
  const unwanted = isRefused(consent?.answer) && recordings.some(isUnwanted);
  // After an operator has stopped one and started another, it is that one.
  const recording =
    recordings.find(({ status, surplus }) => !hasEnded(status) && surplus === undefined) ?? recordings[0];
  if (recording) {
    return {
      recordingStatus: shownStatus(recording),
      recording,
      recordingCount: recordings.length,
      surplusCount: recordings.filter(
        (other) =>
          other.surplus ||
          (other !== recording &&
            bothOurs(other, recording) &&
            !wasStopped(other) &&
            !wasStopped(recording) &&
            ranBeside(other, recording)),
      ).length,
      doubled: isOrderedToStop(order)
        ? recordings.some((one) => isRunningAndOurs(one) && !wasStopped(one))
        : recordings.filter(isRunningAndOurs).length > 1,
      ended: recordings.every(({ status }) => hasEnded(status)),
      recordedUntil: recordedUntil(recordings),
      unwanted,
      final: !unwanted && recordings.every(({ status }) => isFinal(status)),
      consent,
      order,
    };
  }
  // That the caller said no is reason enough, whatever somebody else gave up for.
  const unrecorded =
    consent && isRefused(consent.answer) ? { reason: consent.answer, answered: true } : state.unrecorded;
  return {
    recordingStatus: unrecorded ? 'unrecorded' : consent?.answer === 'asked' ? 'asked' : 'starting',
    recordingCount: 0,
    surplusCount: 0,
    doubled: false,
    ended: false,
    unwanted,
    final: unrecorded !== undefined,
    unrecorded,
    consent,
    order,
  };
}

/** Whether there is something of ours to be stopped or deleted: of others it is nobody's business here. */
export const isUnwanted = ({ status, confirmed }: RecordingState): boolean =>
  confirmed === true && !isEmpty(status);

export const isOrderedToStop = (order: Order | undefined): boolean => order?.action === 'stop';

/** By an operator: another one may begin at once. */
export const wasStopped = ({ command }: RecordingState): boolean => command?.status === 'stopped';

const bothOurs = (a: RecordingState, b: RecordingState): boolean =>
  a.confirmed === true && b.confirmed === true && !isEmpty(a.status) && !isEmpty(b.status);

/**
 * Whether two recordings may have run at the same time: Twilio tells whole seconds of their start and duration, which
 * puts an end up to two seconds too early.
 */
export const ranBeside = (a: RecordingState, b: RecordingState): boolean =>
  startOf(a) < endOf(b) && startOf(b) < endOf(a);

function recordedUntil(recordings: readonly RecordingState[]): string | undefined {
  const last = Math.max(
    ...recordings
      // What an operator has stopped was not to go on; what was begun after it was.
      .filter((recording) => !wasStopped(recording) && (!isEmpty(recording.status) || isTooShort(recording)))
      .map(knownEndOf),
  );
  return Number.isFinite(last) ? new Date(last).toISOString() : undefined;
}

/** https://www.twilio.com/docs/api/errors/16101 */
const isTooShort = ({ errorCode }: RecordingState): boolean => errorCode === 16101;

/** NaN where nobody can tell: a pause may be cut out of a file. */
const knownEndOf = (recording: RecordingState): number =>
  isFinal(recording.status) &&
  recording.command === undefined &&
  (recording.duration !== undefined || isTooShort(recording))
    ? endOf(recording)
    : Number.NaN;

const startOf = ({ startTime = '' }: RecordingState): number => Date.parse(startTime);

const endOf = (recording: RecordingState): number =>
  hasEnded(recording.status)
    ? startOf(recording) + ((recording.duration ?? 0) + 2) * 1000
    : Number.POSITIVE_INFINITY;

/** One that was told to stop runs on until Twilio says that it does not. */
const isRunningAndOurs = ({ status, confirmed }: RecordingState): boolean =>
  confirmed === true && !hasEnded(status);

/**
 * Orders the recordings of a call, the one to keep first: with audio before without, one that was not stopped as surplus,
 * one that is known to be ours, then the earliest; the SID settles what is left, so that order of arrival cannot.
 */
export function byWorth(a: RecordingState, b: RecordingState): number {
  return (
    Number(isEmpty(a.status)) - Number(isEmpty(b.status)) ||
    Number(a.surplus === true) - Number(b.surplus === true) ||
    Number(b.confirmed === true) - Number(a.confirmed === true) ||
    compare(a.startTime ?? '~', b.startTime ?? '~') ||
    compare(a.recordingSid, b.recordingSid)
  );
}

/** Whether a recording with this status has no audio. */
export const isEmpty = (status: string): boolean => ['absent', 'failed', 'deleted'].includes(status);
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
