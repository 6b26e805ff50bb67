import type { RecordingSettings } from '../shared/settings.ts';
import type { ListedCall } from '../twilio/api.ts';
import { callPhase } from './classify.ts';
import { type ConsentAnswer, isRefused } from './consent.ts';
import type { CommandedStatus, Order } from './merge.ts';

/** A call that is still on so long after its rows learnt that its recording has ended goes on without one; in ms. */
const GOES_ON_AFTER = 60_000;
/** How much of a call's end may be missing from its recording, in ms: Twilio tells whole seconds of both. */
const MAY_BE_MISSING = 15_000;

/** The recordings of a call, when they have all ended. */
export interface EndedRecordings {
  readonly count: number;
  /** How many there were when somebody was told that they ended early. */
  readonly toldOf?: number | undefined;
  /** When the rows learnt it, or later; in ms since the epoch. */
  readonly knownSince: number;
  /** Until when they have the call, in ms since the epoch; NaN where nobody can tell. */
  readonly until: number;
  readonly consent?: ConsentAnswer | undefined;
  readonly order?: Order['action'] | undefined;
  /** The last command to the recording that counts as the call's. */
  readonly commanded?: CommandedStatus | undefined;
}

/**
 * Whether somebody has to be told that a call goes on, or went on, though its recordings have ended and neither its caller
 * nor an operator wanted that: the account's owner, an application or Twilio itself can end one. Such a call counts as
 * recorded, and a part of it is not.
 *
 * @param settings with which Twilio records: where it may leave silence out of the file, its length does not say when it
 * ended
 */
export function endedEarly(
  call: Pick<ListedCall, 'status' | 'end_time'>,
  { count, toldOf = 0, knownSince, until, consent, order, commanded }: EndedRecordings,
  now: number,
  settings: RecordingSettings,
): boolean {
  const isStopped = order === undefined ? commanded === 'stopped' : order === 'stop';
  if (isStopped || isRefused(consent) || toldOf >= count) {
    return false;
  }
  switch (callPhase(call.status)) {
    case 'in-progress':
      return now - knownSince > GOES_ON_AFTER;
    case 'ended':
      return !mayTrim(settings) && Date.parse(call.end_time ?? '') - until > MAY_BE_MISSING;
    default:
      return false;
  }
}

/** What a recording configuration says, nobody here knows. */
const mayTrim = (recording: RecordingSettings): boolean =>
  'configurationId' in recording || recording.trim !== 'do-not-trim';
