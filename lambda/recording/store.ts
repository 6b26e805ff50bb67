import type { Consent, ConsentAnswer } from './consent.ts';
import type { EndedRecordings } from './ended-early.ts';
import type { CallEvent, CallSummary, CommandState, Merged, Order, RecordingState } from './merge.ts';

/** Who and what a call is, from the webhook that announced it. Numbers as Twilio gave them. */
export interface CallFacts {
  readonly callSid: string;
  readonly accountSid: string;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly direction?: string | undefined;
  /** No webhook announced it: `sweep`, Twilio's list of calls did; `callback`, one of a recording; `control`, an operator. */
  readonly origin?: 'sweep' | 'callback' | 'control' | undefined;
  /** What the caller said to being recorded, where that was asked. */
  readonly consent?: Consent | undefined;
}

/** What the holder of a claim leaves behind for the next one. */
export interface Progress {
  /** How many creates were sent for this call. */
  readonly creates: number;
  /** Nobody knows how a create ended: one of ours may run. */
  readonly uncertain: boolean;
  /** When that create was given up, in ms since the epoch, if anybody knows: it has its time to show in the list. */
  readonly givenUpAt?: number | undefined;
  /** Of some create before, the end was never learnt from its own answer. Stays, once it is so. */
  readonly doubtful: boolean;
  /** When the call was first seen in progress though Twilio did not let it be recorded, in ms since the epoch. */
  readonly inProgressSince?: number | undefined;
}

/**
 * What became of a claim on a call's row.
 *
 * - `claimed`: nobody else may create a recording until the lease ends.
 * - `held`: another invocation has it, until `untilMilliseconds` since the epoch at the latest.
 * - `recorded`: the row has a recording already.
 * - `not-allowed`: the caller has not said yes where that is needed, or has said no.
 */
export type Claim =
  | { readonly kind: 'claimed'; readonly progress: Progress }
  | { readonly kind: 'held'; readonly untilMilliseconds: number }
  | { readonly kind: 'recorded'; readonly recordingSid: string }
  | { readonly kind: 'not-allowed'; readonly answer: Exclude<ConsentAnswer, 'given'> | undefined };

export interface ClaimOptions {
  /** Also when the call had recordings, if none of them runs. */
  readonly again?: boolean | undefined;
  /** Only when the caller has said yes to being recorded. */
  readonly consentNeeded?: boolean | undefined;
}

/**
 * What became of the wish to command a call.
 *
 * - `begun`: nobody else commands it until the lease ends; this is the call's `number`th command.
 * - `held`: another command is under way, or has not settled.
 * - `unknown`: the call has no row.
 */
export type CommandTurn =
  | { readonly kind: 'begun'; readonly number: number }
  | { readonly kind: 'held' | 'unknown' };

export interface Applied {
  readonly effect: Merged['effect'];
  readonly summary: CallSummary;
  /** Whether the call had no row before. */
  readonly unknownCall: boolean;
  /** The last status of the event's recording, where this event brought it: of each recording at most once. */
  readonly ended?: string | undefined;
  /** The token of the task that waits for the call to be final, if one does. */
  readonly taskToken?: string | undefined;
}

/** The table of calls. Every method throws StoreUnavailableError when DynamoDB does not do its part. */
export interface CallStore {
  /**
   * Claims the row for a create. `owner` names this invocation. Times are in ms since the epoch.
   */
  claim(
    call: CallFacts,
    owner: string,
    leaseUntilMilliseconds: number,
    options?: ClaimOptions,
  ): Promise<Claim>;
  /**
   * Gives a claim back. Does nothing when it is no longer `owner`'s: returns the row's RecordingSid then, if it has one,
   * which most likely has ended the claim.
   */
  release(callSid: string, owner: string, progress: Progress): Promise<string | undefined>;
  /**
   * Takes the one turn to command a call. A call whose origin is `control` gets a row; others must have one. Times are in
   * ms since the epoch.
   */
  beginCommand(call: CallFacts, owner: string, leaseUntilMilliseconds: number): Promise<CommandTurn>;
  /** Gives the turn back, at once or at a time. Does nothing when it is no longer `owner`'s. */
  endCommand(callSid: string, owner: string, heldUntilMilliseconds?: number): Promise<void>;
  /**
   * Keeps the token of the task that waits for the call to be final. Says what the row already is: no callback may come
   * any more that would say so to the task.
   */
  keepToken(callSid: string, taskToken: string): Promise<'final' | 'unwanted' | 'doubled' | 'open'>;
  /** What the call's rows know. */
  known(callSid: string): Promise<KnownCall>;
  /** Merges an event into the call's rows and keeps it in the audit trail. Repeating it is harmless. */
  apply(call: CallFacts, event: CallEvent): Promise<Applied>;
  /** Keeps that the so many recordings of a call ended before it and that somebody was told, if none runs by now. */
  keepEndedEarly(callSid: string, recordingCount: number): Promise<void>;
}

export interface KnownCall {
  readonly recordings: readonly RecordingState[];
  readonly final: boolean;
  /** Why there is no recording. */
  readonly reason?: string | undefined;
  readonly consent?: Consent | undefined;
  readonly order?: Order | undefined;
  /** How many recordings it had when somebody was told that they ended before it. */
  readonly endedEarly?: number | undefined;
}

/** What the sweep needs to know of a call's row. */
export interface CallRowState {
  readonly final: boolean;
  readonly recorded: boolean;
  /** Why there is no recording. */
  readonly reason?: string | undefined;
  /** The last command to the call's recording, while it runs. */
  readonly command?: CommandState | undefined;
  /** What the caller said to being recorded, where that was asked. */
  readonly consent?: ConsentAnswer | undefined;
  /** Left out while one runs, or when there is none. */
  readonly ended?: EndedRecordings | undefined;
}

/** What the sweep reads and keeps. Every method throws StoreUnavailableError. */
export interface SweepStore {
  /** The rows of these calls, by CallSid; a call without a row is left out. */
  rowsOf(callSids: readonly string[]): Promise<ReadonlyMap<string, CallRowState>>;
  /** Up to when calls were looked for, in ms since the epoch. */
  sweptUntil(): Promise<number | undefined>;
  keepSweptUntil(milliseconds: number): Promise<void>;
}
