import type { Action, PauseBehavior } from '../recording-control/representations.ts';
import type { Clock } from '../shared/clock.ts';
import { START_OUTCOMES } from '../shared/contract.ts';
import { StoreUnavailableError } from '../shared/errors.ts';
import type { RecordingUpdate, TwilioAnswer, TwilioApi, TwilioCall, TwilioRecording } from '../twilio/api.ts';
import { insist } from '../twilio/insist.ts';
import { BUSY, callPhase, isForbidden, isPassing } from './classify.ts';
import {
  byWorth,
  type Command,
  type CommandedStatus,
  type CommandState,
  hasEnded,
  isOrderedToStop,
  type Order,
  type RecordingState,
  shownStatus,
  UNCONFIRMED,
} from './merge.ts';
import {
  START_POLICY,
  type StartDependencies,
  type StartResult,
  startRecording,
  type UnrecordedReason,
} from './start.ts';
import type { CallFacts, CallStore } from './store.ts';
import { isWorthAnotherExecution, SWEEP_WINDOW } from './sweep.ts';

/** How long a command may take, in milliseconds. */
export const CONTROL_POLICY = {
  /** For the turn of another command to end, and between two looks whether it has. */
  waitForTurn: 5_000,
  turnPause: 250,
  /** How long a command may hold its turn; what is not sent by then is not sent. */
  lease: 20_000,
  /** How long a request may take that Twilio has not answered: longer counts as of unknown end. */
  requestTimeout: 2_500,
  /** After the first try, and longer after each. */
  pause: 200,
  /** What Twilio did not answer may still be carried out, so long after. The next command waits for it. */
  settle: 3_000,
} as const;

export interface ControlRequest {
  readonly callSid: string;
  readonly action: Action;
  /** Of a pause: what becomes of its time. */
  readonly pauseBehavior?: PauseBehavior | undefined;
  readonly reason?: string | undefined;
  /** Number of the last command to the recording that whoever asks knew of: if there was another since, that one counts. */
  readonly lastCommand?: number | undefined;
  /** Who asks. */
  readonly by: string;
  /** Names this invocation. */
  readonly owner: string;
}

export interface ControlDependencies extends Omit<StartDependencies, 'twilio' | 'store'> {
  readonly accountSid: string;
  readonly twilio: StartDependencies['twilio'] & Pick<TwilioApi, 'updateRecording'>;
  readonly store: StartDependencies['store'] & Pick<CallStore, 'beginCommand' | 'endCommand'>;
  readonly clock: Clock;
  /** Sees to it that an execution verifies a recording that was started here, and follows it to its end. */
  readonly follow: (call: CallFacts) => Promise<void>;
}

/**
 * What came of a command.
 *
 * - `done`: it is so, and stored.
 * - `unknown-call`: neither the table nor Twilio knows the call.
 * - `under-way`: another command has its turn, or has not settled.
 * - `not-possible`: the state of call and recording does not allow it.
 * - `refused`: Twilio does not allow it, and will not.
 * - `not-done`: Twilio did not do it, and may another time.
 * - `unconfirmed`: nobody knows whether it was done, or that it was is not stored.
 */
export type Controlled =
  | {
      readonly kind: 'done';
      readonly recordingSid: string;
      readonly before?: string | undefined;
      readonly after: string;
      /** A recording was begun. */
      readonly started?: true | undefined;
    }
  | { readonly kind: 'unknown-call' | 'under-way' }
  | {
      readonly kind: 'not-possible' | 'refused' | 'not-done' | 'unconfirmed';
      /** Of the call's recording, if there is one. */
      readonly recordingSid?: string | undefined;
      readonly recordingStatus?: string | undefined;
      /** Where the rows know of no recording that could be changed: whether one may begin at any moment. */
      readonly mayBegin?: boolean | undefined;
      readonly httpStatus?: number | undefined;
      readonly errorCode?: number | undefined;
    };

/**
 * Carries out a command on the recording of a call, one at a time for each call. Throws StoreUnavailableError when the
 * table did not do its part before anything was sent, or kept to be sent.
 */
export async function control(
  dependencies: ControlDependencies,
  request: ControlRequest,
): Promise<Controlled> {
  const { store, twilio, clock, accountSid } = dependencies;
  const { callSid, owner } = request;
  let call: CallFacts = { callSid, accountSid };
  let leftToSweep = false;
  if (request.action === 'start') {
    const asked = await insist(
      () => twilio.fetchCall(callSid),
      (answer) => answer.kind === 'ok' || isForbidden(answer),
      clock,
      CONTROL_POLICY.pause,
    );
    if (asked.kind !== 'ok') {
      return asked.kind === 'error' && asked.httpStatus === 404
        ? { kind: 'unknown-call' }
        : { kind: isForbidden(asked) ? 'refused' : 'not-done', ...errorOf(asked) };
    }
    const { from, to, direction } = asked.body;
    call = { callSid, accountSid, from, to, direction, origin: 'control' };
    leftToSweep = isOfNextSweep(asked.body, clock.now());
  }
  const turn = await takeTurn(dependencies, call, owner);
  if (turn.kind !== 'begun') {
    return { kind: turn.kind === 'held' ? 'under-way' : 'unknown-call' };
  }
  const turnOf = new Turn(dependencies, request, call, turn.number, turn.until);
  try {
    return await (request.action === 'start'
      ? turnOf.start(leftToSweep)
      : turnOf.setStatus(STATUS_OF[request.action]));
  } finally {
    // It ends by itself, if the table does not hear of it.
    await store.endCommand(callSid, owner, turnOf.settlesAt).catch(() => undefined);
  }
}

const STATUS_OF = { pause: 'paused', resume: 'in-progress', stop: 'stopped' } as const satisfies Record<
  Exclude<Action, 'start'>,
  CommandedStatus
>;

async function takeTurn(
  { store, clock }: ControlDependencies,
  call: CallFacts,
  owner: string,
): Promise<
  { readonly kind: 'begun'; readonly number: number; readonly until: number } | { kind: 'held' | 'unknown' }
> {
  const giveUpAt = clock.now() + CONTROL_POLICY.waitForTurn;
  for (;;) {
    const until = clock.now() + CONTROL_POLICY.lease;
    const turn = await store.beginCommand(call, owner, until);
    if (turn.kind === 'begun') {
      return { ...turn, until };
    }
    if (turn.kind === 'unknown' || clock.now() + CONTROL_POLICY.turnPause > giveUpAt) {
      return { kind: turn.kind };
    }
    await clock.sleep(CONTROL_POLICY.turnPause);
  }
}

/** What Twilio made of a recording. */
type Update =
  | { readonly kind: 'done' }
  /** Nothing runs that could be changed. */
  | { readonly kind: 'gone'; readonly answer: TwilioAnswer<unknown> }
  | { readonly kind: 'refused'; readonly answer: TwilioAnswer<unknown> }
  /** It was not carried out. */
  | { readonly kind: 'not-done'; readonly answer: TwilioAnswer<unknown> }
  | { readonly kind: 'unconfirmed'; readonly answer: TwilioAnswer<unknown> };

/** The worst of what came of several recordings counts: one that may record makes a pause none. */
const WORST_FIRST: readonly Update['kind'][] = ['unconfirmed', 'refused', 'not-done', 'done', 'gone'];

/** One command while it has its turn. */
class Turn {
  readonly #dependencies: ControlDependencies;
  readonly #request: ControlRequest;
  readonly #call: CallFacts;
  readonly #number: number;
  readonly #until: number;
  #settlesAt: number | undefined;

  constructor(
    dependencies: ControlDependencies,
    request: ControlRequest,
    call: CallFacts,
    number: number,
    until: number,
  ) {
    this.#dependencies = dependencies;
    this.#request = request;
    this.#call = call;
    this.#number = number;
    this.#until = until;
  }

  /** When nothing more can come of what was sent, in ms since the epoch; undefined if that is so now. */
  get settlesAt(): number | undefined {
    return this.#settlesAt;
  }

  async setStatus(wanted: CommandedStatus): Promise<Controlled> {
    const { recordings, final, reason, order } = await this.#dependencies.store.known(this.#call.callSid);
    // Two may run for a moment: what is paused must not go on in the other one.
    const running = recordings.filter(({ status }) => !hasEnded(status)).toSorted(byWorth);
    const [current] = running.length > 0 ? running : recordings.toSorted(byWorth);
    if (current === undefined || running.length === 0) {
      await this.#tell({ after: current && shownStatus(current) }, undefined, current && this.#order());
      if (current === undefined) {
        return { kind: 'not-possible', mayBegin: !final || isWorthAnotherExecution(reason) };
      }
      return wanted === 'stopped' ? done(current, current.status) : notPossible(current);
    }
    const { lastCommand, pauseBehavior } = this.#request;
    if (lastCommand !== undefined && current.command?.number !== lastCommand) {
      // Whoever gave the newer one may have died before the call's row said so, which is where the sweep reads it.
      const { recordingSid, status } = current;
      await this.#dependencies.store.apply(this.#call, {
        type: 'recording',
        source: 'reconcile',
        recording: { recordingSid, status },
      });
      return notPossible(current);
    }
    const command: CommandState = {
      number: this.#number,
      status: wanted,
      pauseBehavior,
      confirmed: false,
      at: new Date(this.#dependencies.clock.now()).toISOString(),
    };
    let updates: { readonly recording: RecordingState; readonly update: Update }[];
    try {
      // Before anything is sent: whatever happens then, the rows do not say what may not be so.
      for (const recording of running) {
        await this.#tell({ before: shownStatus(recording) }, { ...recording, command }, this.#order());
      }
      updates = await Promise.all(
        running.map(async (recording) => ({ recording, update: await this.#update(recording, wanted) })),
      );
      for (const { recording, update } of updates) {
        await this.#keep(recording, command, update, order);
      }
    } catch (error) {
      // Also when nothing was sent: the rows may have the command all the same, and the sweep gives it then.
      if (error instanceof StoreUnavailableError) {
        return { kind: 'unconfirmed', recordingSid: current.recordingSid, recordingStatus: UNCONFIRMED };
      }
      throw error;
    }
    const worst = updates
      .map(({ update }) => update)
      .toSorted((a, b) => WORST_FIRST.indexOf(a.kind) - WORST_FIRST.indexOf(b.kind))[0];
    return this.#controlled(current, wanted, worst ?? { kind: 'done' });
  }

  /** `leftToSweep`: a call that is not recorded after all is the sweep's, if it is no execution's. */
  async start(leftToSweep: boolean): Promise<Controlled> {
    const { store, clock, follow } = this.#dependencies;
    const { recordings, order } = await store.known(this.#call.callSid);
    if (isOrderedToStop(order)) {
      // Before one is started, which a callback may tell of before we do.
      await this.#tell({}, undefined, this.#order());
    }
    const running = recordings.filter(({ status }) => !hasEnded(status)).toSorted(byWorth);
    const [current] = running;
    if (current) {
      const status = shownStatus(current);
      await this.#tell({ before: status, after: status });
      return status === 'in-progress' ? done(current, status) : notPossible(current);
    }
    const { result } = await startRecording(this.#dependencies, {
      call: this.#call,
      // With a look first, since a recording of ours may run that no row knows of.
      firstAttemptAt: clock.now() - START_POLICY.eagerFor - 1,
      owner: this.#request.owner,
      doubtful: false,
      ended: recordings.map(({ recordingSid }) => recordingSid),
    });
    if (!('recordingSid' in result)) {
      await this.#giveUp(result, leftToSweep || recordings.length > 0);
      if (result.outcome === START_OUTCOMES.notYet && result.doubtful) {
        await follow(this.#call);
        return { kind: 'unconfirmed' };
      }
      return startFailed(result);
    }
    await this.#tell({ after: 'in-progress' });
    await follow(this.#call);
    return { kind: 'done', recordingSid: result.recordingSid, after: 'in-progress', started: true };
  }

  /** A call of which nothing was known must not stay open in the table where nobody else closes it. */
  async #giveUp(
    result: Exclude<StartResult, { recordingSid: string }>,
    isClosedByOthers: boolean,
  ): Promise<void> {
    if (!('reason' in result)) {
      await this.#tell({ after: result.outcome });
      return;
    }
    const { reason, answered, httpStatus, twilioErrorCode: errorCode } = result;
    await this.#tell({ after: reason, httpStatus, errorCode });
    if (!isClosedByOthers) {
      const unrecorded = { reason, answered, errorCode };
      await this.#dependencies.store.apply(this.#call, { type: 'unrecorded', unrecorded });
    }
  }

  /** Has Twilio change one recording, as often as it takes and the turn allows. */
  async #update({ recordingSid, command }: RecordingState, wanted: CommandedStatus): Promise<Update> {
    const { twilio, clock } = this.#dependencies;
    const { callSid } = this.#call;
    const update: RecordingUpdate =
      wanted === 'paused'
        ? { Status: wanted, PauseBehavior: this.#request.pauseBehavior ?? 'silence' }
        : { Status: wanted };
    let maybeCarriedOut = false;
    const answer = await insist<TwilioRecording>(
      async () => {
        if (clock.now() + CONTROL_POLICY.requestTimeout > this.#until) {
          return { kind: 'not-sent', cause: 'the turn is over' };
        }
        const answered = await twilio.updateRecording(callSid, recordingSid, update);
        if (mayHaveBeenCarriedOut(answered)) {
          maybeCarriedOut = true;
          this.#settlesAt = clock.now() + CONTROL_POLICY.settle;
        }
        return answered;
      },
      (answered) => !isWorthAnotherTry(answered, wanted),
      clock,
      CONTROL_POLICY.pause,
    );
    if (answer.kind === 'ok') {
      if (answer.body.status === wanted) {
        return { kind: 'done' };
      }
      return hasEnded(answer.body.status) ? { kind: 'gone', answer } : { kind: 'unconfirmed', answer };
    }
    if (isNothingThere(answer)) {
      const wasSo = command?.confirmed === true && command.status === wanted;
      // Nobody has said what Twilio answers to a pause of what is paused; either way nothing is recorded.
      if (wasSo && wanted === 'paused') {
        return { kind: 'done' };
      }
      if (wanted === 'stopped' ? await this.#isOver(recordingSid) : !maybeCarriedOut) {
        return { kind: 'gone', answer };
      }
      return { kind: maybeCarriedOut ? 'unconfirmed' : 'not-done', answer };
    }
    if (maybeCarriedOut) {
      return { kind: 'unconfirmed', answer };
    }
    return { kind: isWorthAnotherTry(answer, wanted) ? 'not-done' : 'refused', answer };
  }

  /**
   * Whether nothing is left to stop: nobody has said what else Twilio may answer as it does to a stop of what has ended,
   * and what counts as stopped is never looked at again. As long as Twilio does not say so, the recording may run.
   */
  async #isOver(recordingSid: string): Promise<boolean> {
    const { twilio } = this.#dependencies;
    const { callSid } = this.#call;
    const [call, list] = await Promise.all([twilio.fetchCall(callSid), twilio.listRecordings(callSid)]);
    if (call.kind === 'ok' && callPhase(call.body.status) === 'ended') {
      return true;
    }
    const listed = list.kind === 'ok' ? list.body.find(({ sid }) => sid === recordingSid) : undefined;
    return listed !== undefined && !RUNNING.includes(listed.status);
  }

  /** Keeps what came of an update. */
  async #keep(
    recording: RecordingState,
    command: CommandState,
    update: Update,
    orderBefore: Order | undefined,
  ): Promise<void> {
    const before = shownStatus(recording);
    const answered = update.kind === 'done' ? { httpStatus: 200 } : errorOf(update.answer);
    switch (update.kind) {
      case 'unconfirmed':
        await this.#tell({ before, after: UNCONFIRMED, ...answered });
        return;
      case 'done':
        await this.#tell({ before, after: command.status, ...answered }, confirmed(recording, command));
        return;
      default: {
        if (command.status === 'stopped' && update.kind === 'gone') {
          await this.#tell({ before, after: command.status, ...answered }, confirmed(recording, command));
          return;
        }
        // With its time: a pause that a resume did not end is as old as it was.
        const former = recording.command ?? { ...command, status: 'in-progress', confirmed: true };
        const undone: CommandState = { ...former, number: command.number };
        const action = orderBefore?.action ?? 'start';
        const order = command.status === 'stopped' ? { number: command.number, action } : undefined;
        await this.#tell({ before, after: before, ...answered }, { ...recording, command: undone }, order);
      }
    }
  }

  #controlled(current: RecordingState, wanted: CommandedStatus, worst: Update): Controlled {
    const { recordingSid } = current;
    if (worst.kind === 'done' || (worst.kind === 'gone' && wanted === 'stopped')) {
      return { kind: 'done', recordingSid, before: shownStatus(current), after: wanted };
    }
    const kind = worst.kind === 'gone' ? 'not-possible' : worst.kind;
    const recordingStatus = worst.kind === 'unconfirmed' ? UNCONFIRMED : shownStatus(current);
    return { kind, recordingSid, recordingStatus, ...errorOf(worst.answer) };
  }

  /** What this command orders for the whole call. */
  #order(): Order | undefined {
    const { action } = this.#request;
    return action === 'start' || action === 'stop' ? { number: this.#number, action } : undefined;
  }

  async #tell(
    command: Pick<Command, 'before' | 'after' | 'httpStatus' | 'errorCode'>,
    recording?: RecordingState,
    order?: Order,
  ): Promise<void> {
    const { action, by, reason, pauseBehavior } = this.#request;
    await this.#dependencies.store.apply(this.#call, {
      type: 'command',
      command: { action, by, reason, pauseBehavior, ...command },
      recording,
      order,
    });
  }
}

const confirmed = (recording: RecordingState, command: CommandState): RecordingState => ({
  ...recording,
  ...(command.status === 'stopped' && { status: 'stopped' }),
  command: { ...command, confirmed: true },
});

const done = ({ recordingSid }: RecordingState, status: string): Controlled => ({
  kind: 'done',
  recordingSid,
  before: status,
  after: status,
});

const notPossible = (recording: RecordingState): Controlled => ({
  kind: 'not-possible',
  recordingSid: recording.recordingSid,
  recordingStatus: shownStatus(recording),
});

/**
 * Whether the next sweep looks at a call: a live one, or one that ended so recently that it does even after sweeps that
 * failed. Its execution tries once more, and counts the call if it is not recorded, as it does for each whose webhook was
 * lost; a last word here would keep it from that. Of outgoing calls no sweep expects a recording.
 */
const isOfNextSweep = ({ direction, end_time }: TwilioCall, now: number): boolean =>
  direction === 'inbound' && !(Date.parse(end_time ?? '') < now - SWEEP_WINDOW.overlap);

/** Reasons for which nobody but the call itself is to blame. */
const OF_THE_CALL: readonly UnrecordedReason[] = ['not-recordable', 'declined', 'withdrawn'];

function startFailed(result: Exclude<StartResult, { recordingSid: string }>): Controlled {
  return result.outcome === START_OUTCOMES.refused && !OF_THE_CALL.includes(result.reason)
    ? { kind: 'refused', httpStatus: result.httpStatus, errorCode: result.twilioErrorCode }
    : { kind: 'not-possible', ...(result.outcome === START_OUTCOMES.notYet && { mayBegin: true }) };
}

/** Twilio also lists one that runs as processing, but then it lets itself be stopped. */
const RUNNING: readonly string[] = ['in-progress', 'paused'];

/** No recording that could be changed, according to Twilio's own Flex template. */
const NOT_ELIGIBLE = 21220;

const isNothingThere = (answer: TwilioAnswer<unknown>): boolean =>
  answer.kind === 'error' &&
  answer.code !== BUSY &&
  (answer.httpStatus === 404 || (answer.httpStatus === 400 && answer.code === NOT_ELIGIBLE));

function isWorthAnotherTry(answer: TwilioAnswer<TwilioRecording>, wanted: CommandedStatus): boolean {
  switch (answer.kind) {
    case 'ok':
      return answer.body.status !== wanted && !hasEnded(answer.body.status);
    case 'error':
      return isPassing(answer);
    default:
      return true;
  }
}

/** An answer that leaves open whether Twilio did, or will do, what it was told. */
const mayHaveBeenCarriedOut = (answer: TwilioAnswer<unknown>): boolean =>
  answer.kind === 'no-answer' ||
  (answer.kind === 'error' &&
    (answer.httpStatus >= 500 || answer.httpStatus === 408 || answer.code === BUSY));

const errorOf = (answer: TwilioAnswer<unknown>): Pick<Command, 'httpStatus' | 'errorCode'> =>
  answer.kind === 'error' ? { httpStatus: answer.httpStatus, errorCode: answer.code } : {};
