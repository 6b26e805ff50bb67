import type { Clock } from '../shared/clock.ts';
import { START_OUTCOMES } from '../shared/contract.ts';
import { ifAvailable, StoreUnavailableError, TwilioUnavailableError } from '../shared/errors.ts';
import type { TwilioAnswer, TwilioApi, TwilioRecording } from '../twilio/api.ts';
import { insist } from '../twilio/insist.ts';
import {
  callPhase,
  classifyCreate,
  isForbidden,
  REMEDIES,
  type Refusal,
  type RefusalReason,
  refusalOf,
  wasAnswered,
} from './classify.ts';
import { type ConsentAnswer, type ConsentReason, isRefused, reasonOf } from './consent.ts';
import { type CallEvent, hasEnded, isEmpty, type RecordingState } from './merge.ts';
import { type Likeness, mayBeOurs, recordingState } from './ours.ts';
import type { CallFacts, CallStore, Progress } from './store.ts';

/** How long and how often one invocation tries, in milliseconds. */
export const START_POLICY = {
  /**
   * When the first create of an incoming call goes out, counted from the execution's start. Most calls are in progress
   * within half a second of our TwiML; a create before that is one more request and the same recording.
   */
  firstCreateAfter: 300,
  /** Between two tries while the call may be answered at any moment. */
  pause: 200,
  /** A call that is still ringing after this long rings at somebody's desk: from then on its status is asked for. */
  eagerFor: 1_500,
  /** Between two looks at the status of such a call. */
  ringingPause: 500,
  /** After this the invocation hands back to the state machine, which waits for less money. */
  tryFor: 4_000,
  /** A create that takes longer counts as not answered. */
  requestTimeout: 2_500,
  /** And a question, which does no harm when it is asked again. */
  questionTimeout: 1_500,
  /** Between two looks at a call whose claim another invocation holds: its recordings, and the callbacks that name one. */
  heldPause: 2_000,
  /** How long a create of unknown end is given to show in the list of recordings. */
  settle: 1_500,
  /** First and longest pause after Twilio asked for fewer requests, before jitter. */
  backOff: 250,
  longestBackOff: 2_000,
  /** The call resource lags behind: a call that Twilio does not know is looked for so long. */
  notFoundAfter: 10_000,
  /** A call that is in progress and cannot be recorded for this long never will be. */
  notRecordableAfter: 60_000,
} as const;

/** How often what our TwiML has started is looked for before a create: the list may lag, and the callback be late. */
const LOOKS_FOR_TWIML = 2;

/** How long an invocation may hold a claim: until its last request has been answered or given up, and a margin. */
export const LEASE_MILLISECONDS = START_POLICY.tryFor + 2 * START_POLICY.requestTimeout + 500;

/** How often an invocation tries to store the recording that it found or started. */
const KEEP_TRIES = 3;

export type UnrecordedReason =
  | RefusalReason
  | ConsentReason
  | 'never-answered'
  | 'ended-before-recording'
  | 'found-too-late'
  | 'not-answered-in-time'
  | 'recorder-failed';

/** What start-recording returns to the state machine. */
export type StartResult =
  | {
      readonly outcome: typeof START_OUTCOMES.started | typeof START_OUTCOMES.adopted;
      readonly recordingSid: string;
      /** Another one of ours may run beside it: a create's end was not learnt from its own answer. */
      readonly doubtful: boolean;
    }
  | {
      readonly outcome: typeof START_OUTCOMES.notYet;
      readonly waitSeconds: number;
      /** As of a recording that runs. */
      readonly doubtful: boolean;
    }
  | {
      readonly outcome: typeof START_OUTCOMES.callEnded | typeof START_OUTCOMES.refused;
      readonly reason: UnrecordedReason;
      /** Whether there was anything to record; left out when nobody knows. */
      readonly answered?: boolean;
      readonly httpStatus?: number | undefined;
      readonly twilioErrorCode?: number | undefined;
      /** What a person can do about it. */
      readonly remedy?: string;
    };

export interface StartRequest {
  readonly call: CallFacts;
  /** When the first attempt was due, in ms since the epoch. */
  readonly firstAttemptAt: number;
  /** Names this invocation. */
  readonly owner: string;
  /** An attempt before this one failed, or could not say what it left behind. */
  readonly doubtful: boolean;
  /** Our TwiML has Twilio start the recording: nothing is created unless it did not. */
  readonly byTwiml?: boolean | undefined;
  /** How long to try, in milliseconds; default `START_POLICY.tryFor`, which is also the most. */
  readonly tryFor?: number | undefined;
  /** The recordings that an operator starts another one after. Left out, a call that has had one is not recorded again. */
  readonly ended?: readonly string[] | undefined;
}

export interface StartDependencies {
  readonly twilio: Pick<TwilioApi, 'createRecording' | 'fetchCall' | 'listRecordings'>;
  readonly store: Pick<CallStore, 'claim' | 'release' | 'known' | 'apply'>;
  readonly clock: Clock;
  /** 0 <= random() < 1. */
  readonly random: () => number;
  readonly createParameters: Readonly<Record<string, string>>;
  readonly ringTimeoutSeconds: number;
  readonly likeness: Likeness;
  /** Whether a caller has to say yes before anything is recorded, but for what an operator starts. */
  readonly asks: boolean;
}

export interface Started {
  readonly result: StartResult;
  /** How many creates were sent for this call so far. */
  readonly creates: number;
}

/**
 * Starts the one recording of a call: claims the call's row, then tries for a few seconds. What is expected is a
 * result; throws StoreUnavailableError when what was done could not be stored, so that it is run again and finds it.
 */
export async function startRecording(
  dependencies: StartDependencies,
  request: StartRequest,
): Promise<Started> {
  const { store, clock } = dependencies;
  const { call, firstAttemptAt, owner } = request;
  const { consent } = call;
  if (consent) {
    await ifAvailable(store.apply(call, { type: 'consent', consent }));
  }
  const consentNeeded = dependencies.asks && call.origin !== 'control';
  const begunAt = clock.now();
  const claiming = store.claim(call, owner, begunAt + LEASE_MILLISECONDS, {
    again: request.ended !== undefined,
    consentNeeded,
  });
  // Where the table cannot say whether the caller said yes, nothing may be recorded.
  const claim = await (consentNeeded && consent?.answer !== 'given' ? claiming : ifAvailable(claiming));
  switch (claim?.kind) {
    case 'recorded':
      return {
        result: fromRow(claim.recordingSid, request.doubtful, request),
        creates: 0,
      };
    case 'held':
      return heldByAnother(dependencies, request, claim.untilMilliseconds);
    case 'not-allowed':
      return notAllowed(dependencies, request, claim.answer);
  }
  // Without a claim the list of the call's recordings guards instead.
  const attempt = new Attempt(dependencies, request, claim?.progress);
  // Counted from before the claim, so that no lease ends under its holder; without one there is none to outlast, and a
  // table that hangs must leave time to look and to create.
  const found = await attempt.run((claim ? begunAt : clock.now()) + (request.tryFor ?? START_POLICY.tryFor));
  const { progress } = attempt;
  if ('recording' in found) {
    const { recording, source } = found;
    await keep(dependencies, request, { type: 'recording', source, recording });
    const outcome = source === 'create' ? START_OUTCOMES.started : START_OUTCOMES.adopted;
    return {
      result: {
        outcome,
        recordingSid: recording.recordingSid,
        doubtful: progress.doubtful || (source === 'adopt' && !(request.byTwiml && progress.creates === 0)),
      },
      creates: progress.creates,
    };
  }
  const recordingSid = claim && (await store.release(call.callSid, owner, progress));
  // A callback has named it, before Twilio's list did, and perhaps instead of the create's answer.
  const isTold =
    recordingSid !== undefined &&
    found.outcome === START_OUTCOMES.notYet &&
    !request.ended?.includes(recordingSid);
  return {
    result: isTold
      ? fromRow(recordingSid, progress.doubtful, request)
      : giveUpInTime(found, clock.now() - firstAttemptAt, dependencies),
    creates: progress.creates,
  };
}

/**
 * Stores what was found, and takes its time: when the table is down another invocation has to find it again, and Twilio's
 * list must show it by then. Neither a caller at the gate nor an operator waits for that.
 */
async function keep(
  { store, clock }: StartDependencies,
  { call, tryFor }: StartRequest,
  event: CallEvent,
): Promise<void> {
  const somebodyWaits = tryFor !== undefined || call.origin === 'control';
  for (let attempt = 1; ; attempt++) {
    try {
      await store.apply(call, event);
      return;
    } catch (error) {
      if (!(error instanceof StoreUnavailableError) || attempt === KEEP_TRIES || somebodyWaits) {
        throw error;
      }
    }
    await clock.sleep(START_POLICY.settle);
  }
}

/** A recording that is in the row by somebody else's doing, be it only a callback's. */
const fromRow = (
  recordingSid: string,
  doubtful: boolean,
  { byTwiml }: Pick<StartRequest, 'byTwiml'>,
): StartResult => ({ outcome: START_OUTCOMES.adopted, recordingSid, doubtful: doubtful || !byTwiml });

/**
 * The caller said no; or nothing so far, which counts for a no once the call has ended, unless our TwiML has recorded it:
 * that follows a yes, if one that nobody could verify or keep.
 */
async function notAllowed(
  dependencies: StartDependencies,
  { call, doubtful, firstAttemptAt }: StartRequest,
  answer: Exclude<ConsentAnswer, 'given'> | undefined,
): Promise<Started> {
  const { twilio, clock, ringTimeoutSeconds } = dependencies;
  const reason = reasonOf(answer);
  if (isRefused(answer)) {
    return { result: { outcome: START_OUTCOMES.refused, reason, answered: true }, creates: 0 };
  }
  const asked = await insist(
    () => twilio.fetchCall(call.callSid),
    (answered) => answered.kind === 'ok' || isForbidden(answered),
    clock,
    START_POLICY.pause,
  );
  if (asked.kind === 'error' && isForbidden(asked)) {
    return { result: refused(refusalOf(asked.httpStatus, asked.code)), creates: 0 };
  }
  const status = asked.kind === 'ok' ? asked.body.status : 'queued';
  const elapsed = clock.now() - firstAttemptAt;
  const isOver = callPhase(status) === 'ended';
  if (isOver && call.consent?.answer === 'given') {
    throw new StoreUnavailableError('The yes of the caller could not be kept');
  }
  const recording = isOver && wasAnswered(status) ? await recordedByTwiml(dependencies, call) : undefined;
  if (recording) {
    return {
      result: { outcome: START_OUTCOMES.adopted, recordingSid: recording.sid, doubtful: false },
      creates: 0,
    };
  }
  const result: StartResult = isOver
    ? ended(status, reason)
    : giveUpInTime(notYet(waitSeconds(elapsed), doubtful), elapsed, { ringTimeoutSeconds });
  return { result, creates: 0 };
}

const recordingsOf = ({ twilio, clock }: StartDependencies, { callSid }: CallFacts) =>
  insist(
    () => twilio.listRecordings(callSid),
    ({ kind }) => kind === 'ok',
    clock,
    START_POLICY.pause,
  );

/** The recording of a call by our TwiML, taken over. Throws TwilioUnavailableError when Twilio does not list it. */
async function recordedByTwiml(
  dependencies: StartDependencies,
  call: CallFacts,
): Promise<TwilioRecording | undefined> {
  const { store, likeness } = dependencies;
  const list = await recordingsOf(dependencies, call);
  if (list.kind !== 'ok') {
    throw new TwilioUnavailableError('Twilio did not list the recordings of the call');
  }
  const recording = list.body.find((one) => isByTwiml(one) && mayBeOurs(one, likeness));
  if (recording) {
    await store.apply(call, { type: 'recording', source: 'adopt', recording: recordingState(recording) });
  }
  return recording;
}

const ended = (status: string, reason: UnrecordedReason): StartResult =>
  wasAnswered(status)
    ? { outcome: START_OUTCOMES.callEnded, reason, answered: true }
    : { outcome: START_OUTCOMES.callEnded, reason: 'never-answered', answered: false };

/**
 * Another invocation has the claim: it works on, or died, perhaps with a recording that runs. Nothing may be created
 * until its lease ends, but what runs is taken over once it shows, and then looked after.
 */
async function heldByAnother(
  dependencies: StartDependencies,
  { call, doubtful, ended = [] }: StartRequest,
  untilMilliseconds: number,
): Promise<Started> {
  const { store, clock, likeness } = dependencies;
  const list = await recordingsOf(dependencies, call);
  const running =
    list.kind === 'ok'
      ? list.body.find(
          (recording) =>
            isRunning(recording) && !ended.includes(recording.sid) && mayBeOurs(recording, likeness),
        )
      : undefined;
  if (running === undefined) {
    const heldFor = Math.min(untilMilliseconds - clock.now(), START_POLICY.heldPause);
    return { result: notYet(heldFor / 1000, doubtful), creates: 0 };
  }
  await store.apply(call, { type: 'recording', source: 'adopt', recording: stateOf(running) });
  return {
    result: { outcome: START_OUTCOMES.adopted, recordingSid: running.sid, doubtful: true },
    creates: 0,
  };
}

function giveUpInTime(
  result: StartResult,
  elapsed: number,
  { ringTimeoutSeconds }: Pick<StartDependencies, 'ringTimeoutSeconds'>,
): StartResult {
  return result.outcome === START_OUTCOMES.notYet && elapsed > ringTimeoutSeconds * 1000
    ? { outcome: START_OUTCOMES.refused, reason: 'not-answered-in-time' }
    : result;
}

/** A recording that runs, or what else is to be said. */
type Found = StartResult | { readonly recording: RecordingState; readonly source: 'create' | 'adopt' };

/** What to do next, and how long to wait before: create a recording, look for one that may run, or ask about the call. */
interface Next {
  readonly step: 'create' | 'look' | 'ask';
  readonly afterMilliseconds: number;
}

/** The tries of one invocation that holds the claim. */
class Attempt {
  readonly #dependencies: StartDependencies;
  readonly #claimed: boolean;
  readonly #request: StartRequest;
  #creates: number;
  #uncertain: boolean;
  /** In ms since the epoch; of a create of which nobody knows when, from now on. */
  #givenUpAt: number;
  #doubtful: boolean;
  #inProgressSince: number | undefined;
  #looks = 0;
  #backOffs = 0;

  /** `claimed` is what the holders of the claim before left behind; left out where the table gave none. */
  constructor(dependencies: StartDependencies, request: StartRequest, claimed: Progress | undefined) {
    const progress = claimed ?? { creates: 0, uncertain: true, doubtful: true };
    this.#dependencies = dependencies;
    this.#claimed = claimed !== undefined;
    this.#request = request;
    this.#creates = progress.creates;
    this.#uncertain = progress.uncertain;
    this.#givenUpAt = progress.givenUpAt ?? dependencies.clock.now();
    this.#doubtful = progress.doubtful || request.doubtful;
    this.#inProgressSince = progress.inProgressSince;
  }

  get progress(): Progress {
    return {
      creates: this.#creates,
      uncertain: this.#uncertain,
      givenUpAt: this.#uncertain ? this.#givenUpAt : undefined,
      doubtful: this.#doubtful,
      inProgressSince: this.#inProgressSince,
    };
  }

  async run(giveBackAt: number): Promise<Found> {
    const { clock } = this.#dependencies;
    let next = this.#first();
    while (clock.now() + next.afterMilliseconds < giveBackAt) {
      await clock.sleep(next.afterMilliseconds);
      const came = await this.#take(next.step);
      if (!('step' in came)) {
        return came;
      }
      next = came;
    }
    // The status that Twilio shows lags behind, a create's answer does not: nobody looks again for a while.
    const last = next.step === 'ask' && !this.#request.byTwiml ? await this.#create() : next;
    return 'step' in last
      ? notYet(Math.max(waitSeconds(this.#elapsed()), last.afterMilliseconds / 1000), this.#doubtful)
      : last;
  }

  #first(): Next {
    if (this.#uncertain) {
      return this.#lookOnceSettled();
    }
    // One of ours may run that no row knows of: from an attempt without a claim, or from our TwiML.
    if (this.#doubtful || this.#elapsed() > START_POLICY.eagerFor || this.#request.call.origin === 'sweep') {
      return { step: 'look', afterMilliseconds: 0 };
    }
    // Of an outgoing call the webhook comes when it has been answered, and a caller who says yes is on the line.
    const { direction, consent } = this.#request.call;
    const isEarly = this.#creates === 0 && direction !== 'outbound-api' && !consent;
    const early = isEarly ? START_POLICY.firstCreateAfter - this.#elapsed() : 0;
    return {
      step: this.#request.byTwiml ? 'ask' : 'create',
      // The clocks of Step Functions and Lambda may differ.
      afterMilliseconds: Math.min(Math.max(early, 0), START_POLICY.firstCreateAfter),
    };
  }

  #take(step: Next['step']): Promise<Next | Found> {
    switch (step) {
      case 'create':
        return this.#create();
      case 'look':
        return this.#look();
      case 'ask':
        return this.#ask();
    }
  }

  async #create(): Promise<Next | Found> {
    const { twilio, createParameters } = this.#dependencies;
    this.#creates++;
    // What our TwiML started may not show yet.
    this.#doubtful ||= this.#request.byTwiml === true;
    const answer = await twilio.createRecording(this.#request.call.callSid, createParameters);
    const verdict = classifyCreate(answer);
    switch (verdict.verdict) {
      case 'started':
        return { recording: stateOf(verdict.recording), source: 'create' };
      case 'refused':
        return refused(verdict);
      case 'ambiguous':
        this.#uncertain = true;
        this.#givenUpAt = this.#dependencies.clock.now();
        this.#doubtful = true;
        return this.#lookOnceSettled();
      case 'not-processed':
        return { step: 'create', afterMilliseconds: this.#backOff(verdict.retryAfterMilliseconds) };
      case 'not-eligible':
        return { step: 'ask', afterMilliseconds: 0 };
    }
  }

  /** A create of unknown end has its time to show in the list, whoever looks. */
  #lookOnceSettled(): Next {
    const settledAt = this.#givenUpAt + START_POLICY.settle;
    return { step: 'look', afterMilliseconds: Math.max(settledAt - this.#dependencies.clock.now(), 0) };
  }

  /** Looks for a recording that runs already. */
  async #look(): Promise<Next | Found> {
    const [answer, named] = await Promise.all([
      this.#dependencies.twilio.listRecordings(this.#request.call.callSid),
      this.#namedByCallback(),
    ]);
    if (named) {
      this.#uncertain = false;
      return { recording: named, source: 'adopt' };
    }
    if (answer.kind !== 'ok') {
      return this.#failed(answer, 'look');
    }
    const ours = answer.body.filter((recording) => this.#mayBeOurs(recording));
    // Of a create of unknown end, and of a call found late, the recording may even have ended since.
    const mayHaveEnded = this.#uncertain || this.#request.call.origin === 'sweep';
    const recording =
      ours.find(isRunning) ?? (mayHaveEnded ? ours.find(({ status }) => !isEmpty(status)) : undefined);
    this.#uncertain = false;
    if (!recording && this.#request.byTwiml && this.#creates === 0 && ++this.#looks < LOOKS_FOR_TWIML) {
      return { step: 'look', afterMilliseconds: START_POLICY.settle };
    }
    return recording ? adopted(recording) : { step: 'create', afterMilliseconds: 0 };
  }

  /** Of a create of unknown end, and of what our TwiML started, a callback may have told what Twilio's list does not show yet. */
  async #namedByCallback(): Promise<RecordingState | undefined> {
    if (!(this.#doubtful || this.#request.byTwiml) || !this.#claimed) {
      return undefined;
    }
    const known = await ifAvailable(this.#dependencies.store.known(this.#request.call.callSid));
    return known?.recordings.find(
      ({ recordingSid, confirmed, status }) => confirmed && !isEmpty(status) && !this.#isOver(recordingSid),
    );
  }

  /** Tells too early from too late. */
  async #ask(): Promise<Next | Found> {
    const { twilio } = this.#dependencies;
    const { callSid } = this.#request.call;
    const eager = this.#elapsed() < START_POLICY.eagerFor;
    // While the call may be answered at any moment there is no time for a look before the next create.
    const [answer, list, named] = await Promise.all([
      twilio.fetchCall(callSid),
      eager ? twilio.listRecordings(callSid) : undefined,
      this.#request.byTwiml ? this.#namedByCallback() : undefined,
    ]);
    if (named) {
      return { recording: named, source: 'adopt' };
    }
    const running =
      list?.kind === 'ok'
        ? list.body.find((recording) => this.#mayBeOurs(recording) && isRunning(recording))
        : undefined;
    if (running) {
      return adopted(running);
    }
    if (
      answer.kind === 'error' &&
      answer.httpStatus === 404 &&
      this.#elapsed() > START_POLICY.notFoundAfter
    ) {
      return refused({ reason: 'call-not-found', httpStatus: 404, twilioErrorCode: answer.code });
    }
    if (answer.kind !== 'ok') {
      return this.#failed(answer, this.#request.byTwiml ? 'ask' : 'create');
    }
    switch (callPhase(answer.body.status)) {
      case 'ended': {
        return wasAnswered(answer.body.status)
          ? this.#ended()
          : { outcome: START_OUTCOMES.callEnded, reason: 'never-answered', answered: false };
      }
      case 'in-progress':
        return this.#inProgress(eager ? 'create' : 'look');
      case 'before-answer':
        return {
          step: eager && !this.#request.byTwiml ? 'create' : 'ask',
          afterMilliseconds: eager ? START_POLICY.pause : START_POLICY.ringingPause,
        };
    }
  }

  /**
   * Without doubt about a create of ours, only our TwiML can have started one: another application's recording may end
   * long before the call.
   */
  #mayBeOurs(recording: TwilioRecording): boolean {
    const { likeness } = this.#dependencies;
    const hasReason = this.#doubtful || this.#request.call.origin === 'sweep' || isByTwiml(recording);
    return hasReason && !this.#isOver(recording.sid) && mayBeOurs(recording, likeness);
  }

  #isOver(recordingSid: string): boolean {
    return this.#request.ended?.includes(recordingSid) === true;
  }

  /** Whatever failed here, our TwiML may have recorded the call to its end. */
  async #ended(): Promise<Next | Found> {
    const list = await this.#dependencies.twilio.listRecordings(this.#request.call.callSid);
    if (list.kind !== 'ok' && !(list.kind === 'error' && list.httpStatus === 404)) {
      return this.#failed(list, 'ask');
    }
    const listed = list.kind === 'ok' ? list.body : [];
    const ours = listed.filter((recording) => this.#mayBeOurs(recording));
    const recording = ours.find(({ status }) => !isEmpty(status)) ?? ours[0];
    if (recording) {
      return adopted(recording);
    }
    const reason = this.#request.call.origin === 'sweep' ? 'found-too-late' : 'ended-before-recording';
    return { outcome: START_OUTCOMES.callEnded, reason, answered: true };
  }

  /** The call was answered since the create was refused; or else Twilio contradicts itself, and is asked ever less. */
  #inProgress(step: Next['step']): Next | Found {
    const now = this.#dependencies.clock.now();
    if (this.#inProgressSince === undefined) {
      this.#inProgressSince = now;
      // What our TwiML has started is given its time to show.
      return this.#request.byTwiml
        ? { step: 'look', afterMilliseconds: START_POLICY.settle }
        : { step, afterMilliseconds: 0 };
    }
    const age = now - this.#inProgressSince;
    if (age > START_POLICY.notRecordableAfter) {
      return refused({ reason: 'not-recordable' });
    }
    return { step: 'look', afterMilliseconds: Math.max(START_POLICY.pause, age / 4) };
  }

  /** Goes on with `step` after a request that was no create failed, unless the next would fail alike. */
  #failed(answer: Exclude<TwilioAnswer<unknown>, { kind: 'ok' }>, step: Next['step']): Next | Found {
    if (answer.kind === 'error' && isForbidden(answer)) {
      return refused(refusalOf(answer.httpStatus, answer.code));
    }
    const retryAfter = answer.kind === 'error' ? answer.retryAfterMilliseconds : undefined;
    return { step, afterMilliseconds: this.#backOff(retryAfter) };
  }

  /** https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ */
  #backOff(retryAfterMilliseconds: number | undefined): number {
    const ceiling = Math.min(START_POLICY.backOff * 2 ** this.#backOffs++, START_POLICY.longestBackOff);
    return retryAfterMilliseconds ?? this.#dependencies.random() * ceiling;
  }

  #elapsed(): number {
    return this.#dependencies.clock.now() - this.#request.firstAttemptAt;
  }
}

const isRunning = ({ status }: TwilioRecording): boolean => !hasEnded(status);

const isByTwiml = ({ source }: TwilioRecording): boolean => source === 'StartCallRecordingTwiML';

/** Twilio's list may show one as processing while it runs. */
const stateOf = (recording: TwilioRecording): RecordingState => ({
  ...recordingState(recording),
  ...(isRunning(recording) && { status: 'in-progress' }),
});

const adopted = (recording: TwilioRecording): Found => ({ recording: stateOf(recording), source: 'adopt' });

const refused = ({ reason, httpStatus, twilioErrorCode }: Refusal): StartResult => ({
  outcome: START_OUTCOMES.refused,
  reason,
  remedy: REMEDIES[reason],
  ...(reason === 'not-recordable' && { answered: true }),
  ...(httpStatus !== undefined && { httpStatus }),
  ...(twilioErrorCode !== undefined && { twilioErrorCode }),
});

/** Step Functions waits whole seconds. */
const notYet = (seconds: number, doubtful: boolean): StartResult => ({
  outcome: START_OUTCOMES.notYet,
  waitSeconds: Math.min(Math.max(Math.ceil(seconds), 1), 60),
  doubtful,
});

/** A call that has been ringing for long is answered or given up soon, or rings in nobody's ears. */
function waitSeconds(elapsedMilliseconds: number): number {
  if (elapsedMilliseconds < 60_000) {
    return 1;
  }
  return elapsedMilliseconds < 180_000 ? 3 : 5;
}
