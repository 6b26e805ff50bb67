import { isDeepStrictEqual } from 'node:util';
import { YES } from '../lambda/recording/consent.ts';
import { ROUTES } from '../lambda/shared/contract.ts';
import { FAULT_PROFILES, type FaultProfile, isFaultless } from './faults/profile.ts';
import { mean, type Percentiles, percentiles } from './percentiles.ts';
import type { Row } from './recorder.ts';
import type { Key, SimulatedCall, SimulatedRecording } from './twilio-simulator/simulator.ts';

/** Calls shorter than this may end before Twilio has let anybody record them. */
const TOO_SHORT_TO_MISS_MS = 2_000;
/** A call that lasted so long is expected to be recorded, whatever fails, or to be reported soon after its end. */
const LONG_ENOUGH_MS = 10_000;
export const REPORTED_WITHIN_MS = 10 * 60_000;
/** For how long of each call it is judged how much was recorded: what a recorder loses it loses at the start. */
const JUDGED_MS = 60_000;

/** A call that lasts so long after its answer has come to its application, whatever its caller was asked before. */
const ONWARDS_WITHIN_MS = 60_000;
/** What the voice webhook may take: the secret's time and the execution's, and a cold start. */
const SLOW_ANSWER_MS = 3_000;
/** How long the simulation's applications keep a caller who does not hang up. */
const APPLICATIONS_TAKE_MS = 3_600_000;

/** What the callers of a number are to meet. What is left out is judged by what the recorder answered. */
export interface Intent {
  /** Whether they are asked before anything may be recorded. */
  readonly asks?: boolean | undefined;
  /** The key with which they say no during the notice. */
  readonly optOutKey?: Key | undefined;
  /** Whether a call goes on only if it is recorded. */
  readonly gated?: boolean | undefined;
  /** URL of the number's own application, if it has one. */
  readonly application?: string | undefined;
}

/** What a run may do without being wrong. */
export interface Tolerance {
  /** For how long two recordings of ours may run at the same time, in seconds. */
  readonly overlapSeconds: number;
  /** Of how many answered calls that may be so, as a share: 0 to 1. */
  readonly doubledShare: number;
  /** Whether calls may stay unrecorded, as long as their rows say so. */
  readonly unrecorded: boolean;
  /** Of how many answered calls of 10 s or more that Twilio would record that may be so, as a share: 0 to 1. */
  readonly unrecordedShare: number;
  /** How much of their first minutes may be missing, as a share: 0 to 1. */
  readonly lostTimeShare: number;
  /** Of how many callers who said no a recording may be kept, as long as they were not told that it is not: 0 to 1. */
  readonly unheededShare: number;
}

/** Of a run in which nothing fails. */
const NONE: Tolerance = {
  overlapSeconds: 0,
  doubledShare: 0,
  unrecorded: false,
  unrecordedShare: 0,
  lostTimeShare: 0.015,
  unheededShare: 0,
};
/** Of a run in which anything may fail, however often. */
export const UNDER_FAULTS: Tolerance = {
  overlapSeconds: 10,
  doubledShare: 1,
  unrecorded: true,
  unrecordedShare: 1,
  lostTimeShare: 1,
  unheededShare: 1,
};
const UNDER_LIGHT_FAULTS: Tolerance = {
  ...UNDER_FAULTS,
  doubledShare: 0.001,
  unrecordedShare: 0.0005,
  lostTimeShare: 0.015,
  unheededShare: 0.01,
};
const UNDER_HEAVY_FAULTS: Tolerance = {
  ...UNDER_FAULTS,
  doubledShare: 0.012,
  unrecordedShare: 0.005,
  lostTimeShare: 0.03,
  unheededShare: 0.05,
};

/** What a run with these faults may do. Of faults that somebody chose, nobody knows how many calls they cost. */
export function toleranceOf(faults: FaultProfile): Tolerance {
  if (isFaultless(faults)) {
    return NONE;
  }
  if (isDeepStrictEqual(faults, FAULT_PROFILES.light)) {
    return UNDER_LIGHT_FAULTS;
  }
  return isDeepStrictEqual(faults, FAULT_PROFILES.heavy) ? UNDER_HEAVY_FAULTS : UNDER_FAULTS;
}

/**
 * What became of the calls of a run: the simulator's truth held against the table. Recordings that somebody else made
 * count for nothing but that nobody touches them.
 */
export interface Verdict {
  readonly calls: number;
  readonly answered: number;
  /** Answered calls with at least one recording. */
  readonly recorded: number;
  /** Calls of which two recordings ran at the same time. */
  readonly doubled: number;
  /** The longest time for which they did, in seconds. */
  readonly overlapMaxSeconds: number;
  /** Calls whose caller heard an application error. */
  readonly callerFailures: number;
  /** Calls that ended before their caller hung up, did not come to their application, or waited long for their TwiML. */
  readonly misled: number;
  /** Calls without a row. */
  readonly rowsLost: number;
  /** Calls whose row does not say what happened. */
  readonly rowsWrong: number;
  /** Answered calls without a recording. */
  readonly unrecorded: number;
  /** Those of them that nothing explains: Twilio refused none of them and they were long enough. */
  readonly unexplained: number;
  /** Answered calls of 10 s or more without a recording that no row reported within 10 minutes of their end. */
  readonly unrecordedUnflagged: number;
  /** Of the answered calls of 10 s or more that Twilio would record, the share of which a recording is left: 0 to 1. */
  readonly recordedShare: number;
  /** Of the first minutes of these calls, the share that such a recording has: 0 to 1. */
  readonly recordedTimeShare: number;
  /** Calls that the gate ended. */
  readonly turnedAway: number;
  /** Calls that went on while no recording of ours ran, though the gate let them, or they never came there. */
  readonly passedUnrecorded: number;
  /** Of callers who were asked, for how long they were recorded before they said yes, in seconds. */
  readonly recordedBeforeYesSeconds: number;
  /** Calls whose caller pressed the key that says no, and was heard. */
  readonly saidNo: number;
  /** Those of them of which a recording was kept, though the caller was told that it is not. */
  readonly keptAfterNo: number;
  /** Those of them of which one was kept, and the caller heard the notice again, or nothing. */
  readonly unheeded: number;
  /** Calls of which somebody else's recording was stopped, paused or deleted. */
  readonly foreignTouched: number;
  /** Calls of which one of our recordings was paused or deleted, or the only one that ran stopped, and nobody had said so. */
  readonly spoiled: number;
  /** From the first moment at which Twilio would have accepted a create, or from the yes, to the recording's begin. */
  readonly lostAudioMs: Percentiles;
  /** Creates sent for a call that was recorded, on average. */
  readonly createsPerRecording: number;
  /** What is wrong, a line a call. */
  readonly findings: readonly string[];
}

/** What a verdict is made of; those of several runs can be put together. */
export interface Measured
  extends Omit<Verdict, 'recordedShare' | 'recordedTimeShare' | 'lostAudioMs' | 'createsPerRecording'> {
  /** Answered calls of 10 s or more that Twilio would record, and of how many of them a recording is left. */
  readonly expected: number;
  readonly expectedAndRecorded: number;
  /** Their first minutes, and how much of these is left, in milliseconds. */
  readonly expectedMs: number;
  readonly expectedAndRecordedMs: number;
  /** Of each recorded call, in milliseconds. */
  readonly lostAudioMs: readonly number[];
  /** Of each recorded call. */
  readonly creates: readonly number[];
}

export type IntentOf = (call: SimulatedCall) => Intent;

/** Judges a run. */
export const judge = (
  calls: readonly SimulatedCall[],
  rows: readonly Row[],
  tolerance: Tolerance = NONE,
  intentOf?: IntentOf,
): Verdict => conclude([measure(calls, rows, tolerance, intentOf)], tolerance);

/** The verdict on several runs. */
export function conclude(
  runs: readonly Measured[],
  { doubledShare, unrecordedShare, lostTimeShare, unheededShare }: Tolerance,
): Verdict {
  const sum = (figure: (run: Measured) => number): number =>
    runs.reduce((total, run) => total + figure(run), 0);
  const answered = sum((run) => run.answered);
  const doubled = sum((run) => run.doubled);
  const expected = sum((run) => run.expected);
  const missed = expected - sum(({ expectedAndRecorded }) => expectedAndRecorded);
  const saidNo = sum((run) => run.saidNo);
  const unheeded = sum((run) => run.unheeded);
  const minutes = sum(({ expectedMs }) => expectedMs) / JUDGED_MS;
  const lostMinutes = minutes - sum(({ expectedAndRecordedMs }) => expectedAndRecordedMs) / JUDGED_MS;
  return {
    calls: sum(({ calls }) => calls),
    answered,
    recorded: sum(({ recorded }) => recorded),
    doubled,
    overlapMaxSeconds: Math.max(0, ...runs.map(({ overlapMaxSeconds }) => overlapMaxSeconds)),
    callerFailures: sum(({ callerFailures }) => callerFailures),
    misled: sum(({ misled }) => misled),
    rowsLost: sum(({ rowsLost }) => rowsLost),
    rowsWrong: sum(({ rowsWrong }) => rowsWrong),
    unrecorded: sum(({ unrecorded }) => unrecorded),
    unexplained: sum(({ unexplained }) => unexplained),
    unrecordedUnflagged: sum(({ unrecordedUnflagged }) => unrecordedUnflagged),
    recordedShare: share(expected - missed, expected),
    recordedTimeShare: share(minutes - lostMinutes, minutes),
    turnedAway: sum(({ turnedAway }) => turnedAway),
    passedUnrecorded: sum(({ passedUnrecorded }) => passedUnrecorded),
    recordedBeforeYesSeconds: rounded(sum(({ recordedBeforeYesSeconds }) => recordedBeforeYesSeconds)),
    saidNo,
    keptAfterNo: sum(({ keptAfterNo }) => keptAfterNo),
    unheeded,
    foreignTouched: sum(({ foreignTouched }) => foreignTouched),
    spoiled: sum(({ spoiled }) => spoiled),
    lostAudioMs: percentiles(runs.flatMap(({ lostAudioMs }) => lostAudioMs)),
    createsPerRecording: mean(runs.flatMap(({ creates }) => creates)),
    findings: [
      ...runs.flatMap(({ findings }) => findings),
      ...(doubledShare > 0 && doubled > mostOf(answered, doubledShare)
        ? [`${doubled} of ${answered} answered calls were recorded twice, if only for a while`]
        : []),
      ...(unrecordedShare > 0 && missed > mostOf(expected, unrecordedShare)
        ? [`${missed} of ${expected} answered calls of 10 s or more were not recorded`]
        : []),
      ...(unheeded > mostOf(saidNo, unheededShare)
        ? [`${unheeded} of ${saidNo} callers said no, were not told that it helped, and it did not`]
        : []),
      ...(lostMinutes > mostOf(minutes, lostTimeShare)
        ? [
            `of the first minutes of answered calls of 10 s or more ${percent(lostMinutes / minutes)} were not recorded`,
          ]
        : []),
    ],
  };
}

/** Holds the truth against the table. */
export function measure(
  calls: readonly SimulatedCall[],
  rows: readonly Row[],
  tolerance: Tolerance,
  intentOf: IntentOf = () => ({}),
): Measured {
  const rowsOf = new Map<string, CallRows>();
  for (const [callSid, ofCall] of Map.groupBy(rows, ({ CallSid }) => CallSid)) {
    rowsOf.set(callSid, sortRows(ofCall));
  }
  const answered = calls.filter((call) => call.answeredAt !== undefined);
  const recorded = answered.filter((call) => ours(call).length > 0);
  const unrecorded = answered.filter((call) => ours(call).length === 0);
  const doubled = calls
    .map((call) => ({ call, seconds: overlapSeconds(call) }))
    .filter(({ seconds }) => seconds > 0);
  const failed = calls.filter((call) => call.errorsHeard.length > 0);
  const misled = calls.flatMap((call) => {
    const complaint = misledIn(call, intentOf(call));
    return complaint ? [{ call, complaint }] : [];
  });
  const lost = calls.filter((call) => !rowsOf.get(call.sid)?.summary && !isOutOfReach(call));
  const wrong = calls.flatMap((call) => {
    const known = rowsOf.get(call.sid);
    const complaint = known && wrongIn(known, call, intentOf(call));
    return complaint ? [{ call, complaint }] : [];
  });
  const allowedMs = (call: SimulatedCall): number => allowedFor(call, intentOf(call));
  const unexplained = unrecorded.filter(
    (call) => !call.script.restRefusal && allowedMs(call) >= TOO_SHORT_TO_MISS_MS,
  );
  const unflagged = unrecorded.filter(
    (call) =>
      Math.max(allowedMs(call), unaskedFor(call, intentOf(call))) >= LONG_ENOUGH_MS &&
      !isOutOfReach(call) &&
      !isReported(call, rowsOf.get(call.sid)),
  );
  const expected = answered.filter(
    (call) => allowedMs(call) >= LONG_ENOUGH_MS && !call.script.restRefusal && !isOutOfReach(call),
  );
  const throughGate = answered.map((call) => ({ call, gate: gateOf(call) }));
  const passedUnrecorded = throughGate.filter(({ call, gate }) =>
    [gate?.passedAt, ...applicationAskedAt(call, intentOf(call))].some(
      // One that hung up before the answer came did not go on.
      (at) =>
        at !== undefined &&
        at <= (call.endedAt ?? at) &&
        at <= (rowsOf.get(call.sid)?.stopOrderedAt ?? at) &&
        !isRecordedAt(call, at),
    ),
  );
  // Of a caller who was not asked, or of whom no row says so, an operator's start answers for the yes.
  const byOperators = (call: SimulatedCall) => {
    const known = rowsOf.get(call.sid);
    return known?.startedUnasked || (known?.commanded && !wasAsked(call));
  };
  const early = answered
    .filter((call) => !byOperators(call))
    .map((call) => ({ call, ms: recordedBeforeYesMs(call, intentOf(call)) }))
    .filter(({ ms }) => ms > 0);
  const refusing = answered.filter((call) => saidNo(call, intentOf(call)) && canBeFollowed(call));
  const [kept = [], unheeded = []] = [true, false].map((told) =>
    refusing.filter((call) => left(call).length > 0 && wasToldSo(call) === told),
  );
  const touched = calls.filter((call) =>
    call.recordings.some(
      ({ foreign, endedBy, pauses, status }) =>
        foreign && (endedBy === 'api' || pauses > 0 || status === 'deleted'),
    ),
  );
  const spoiled = calls.flatMap((call) => {
    const mayBe = rowsOf.get(call.sid)?.commanded || saidNo(call, intentOf(call));
    const complaint = mayBe ? undefined : spoiledIn(call);
    return complaint ? [{ call, complaint }] : [];
  });
  return {
    calls: calls.length,
    answered: answered.length,
    recorded: recorded.length,
    doubled: doubled.length,
    overlapMaxSeconds: rounded(Math.max(0, ...doubled.map(({ seconds }) => seconds))),
    callerFailures: failed.length,
    misled: misled.length,
    rowsLost: lost.length,
    rowsWrong: wrong.length,
    unrecorded: unrecorded.length,
    unexplained: unexplained.length,
    unrecordedUnflagged: unflagged.length,
    expected: expected.length,
    expectedAndRecorded: expected.filter((call) => left(call).length > 0).length,
    expectedMs: expected.reduce((sum, call) => sum + Math.min(allowedMs(call), JUDGED_MS), 0),
    expectedAndRecordedMs: expected.reduce((sum, call) => sum + recordedMs(call, intentOf(call)), 0),
    turnedAway: throughGate.filter(({ gate }) => gate && gate.passedAt === undefined).length,
    passedUnrecorded: passedUnrecorded.length,
    recordedBeforeYesSeconds: early.reduce((sum, { ms }) => sum + ms / 1000, 0),
    saidNo: refusing.length,
    keptAfterNo: kept.length,
    unheeded: unheeded.length,
    foreignTouched: touched.length,
    spoiled: spoiled.length,
    lostAudioMs: recorded.flatMap((call) => lostAudioMs(call, intentOf(call)) ?? []),
    creates: recorded.map((call) => call.creates.length),
    findings: [
      ...doubled
        .filter(({ seconds }) => seconds > tolerance.overlapSeconds)
        .map(
          ({ call, seconds }) => `${call.sid}: recorded twice at the same time, for ${rounded(seconds)} s`,
        ),
      ...failed.map((call) => `${call.sid}: the caller heard ${call.errorsHeard.join('; ')}`),
      ...misled.map(({ call, complaint }) => `${call.sid}: ${complaint}`),
      ...lost.map((call) => `${call.sid}: has no row`),
      ...wrong.map(({ call, complaint }) => `${call.sid}: ${complaint}`),
      ...(tolerance.unrecorded ? [] : unexplained).map(
        (call) => `${call.sid}: lasted ${lengthOf(call)} ms and was not recorded`,
      ),
      ...unflagged.map((call) => `${call.sid}: was not recorded, and nobody said so within 10 minutes`),
      ...passedUnrecorded.map(({ call }) => `${call.sid}: went on and was not recorded then`),
      ...early.map(({ call }) => `${call.sid}: was recorded before its caller said yes`),
      ...kept.map((call) => `${call.sid}: its caller said no, and its recording was kept`),
      ...touched.map((call) => `${call.sid}: somebody else's recording was touched`),
      ...spoiled.map(({ call, complaint }) => `${call.sid}: ${complaint}`),
    ],
  };
}

export const isRight = ({ findings }: Verdict): boolean => findings.length === 0;

/** The recordings that the recorder is answerable for. */
export const ours = ({ recordings }: SimulatedCall): readonly SimulatedRecording[] =>
  recordings.filter(({ foreign }) => !foreign);

/** When a call was let on by the gate, if it came there; undefined for one that was ended. */
function gateOf({ webhooks }: SimulatedCall): { readonly passedAt: number | undefined } | undefined {
  const answered = webhooks.findLast(
    ({ url, body }) => new URL(url).pathname.startsWith(ROUTES.gate) && body?.includes('<Response'),
  );
  const last = answered?.attempts.at(-1);
  return last && { passedAt: answered?.body?.includes('<Hangup') ? undefined : last.at + last.ms };
}

/** What became of a call that its caller did not want, though no gate had ended it, or undefined. */
function misledIn(call: SimulatedCall, { application }: Intent): string | undefined {
  const { script, webhooks, answeredAt, errorsHeard } = call;
  const isTurnedAway = gateOf(call) !== undefined && gateOf(call)?.passedAt === undefined;
  // What Twilio's fallback does is not the recorder's.
  const isLedByUs =
    answeredBy(call, ROUTES.voice).length > 0 && !webhooks.some(({ kind }) => kind === 'fallback');
  if (application === undefined || isTurnedAway || !isLedByUs || errorsHeard.length > 0) {
    return undefined;
  }
  const slowest = Math.max(
    ...webhooks
      .filter(({ kind }) => kind === 'voice')
      .flatMap(({ attempts }) => attempts.filter(({ httpStatus }) => httpStatus === 200).map(({ ms }) => ms)),
  );
  if (slowest > SLOW_ANSWER_MS) {
    return `its voice webhook took ${slowest} ms`;
  }
  const lasted = lengthOf(call);
  if (answeredAt !== undefined && lasted < Math.min(script.talkMs ?? 0, APPLICATIONS_TAKE_MS)) {
    return `ended after ${lasted} ms, and its caller would have talked for ${script.talkMs} ms`;
  }
  return lasted >= ONWARDS_WITHIN_MS && !webhooks.some(({ url }) => url === application)
    ? 'never came to its application'
    : undefined;
}

/** When the application was asked that is behind a gate, whoever led the call there. */
const applicationAskedAt = (
  { webhooks }: SimulatedCall,
  { gated, application }: Intent,
): readonly (number | undefined)[] =>
  gated ? webhooks.filter(({ url }) => url === application).map(({ attempts: [first] }) => first?.at) : [];

/**
 * Whether the recorder can do its part to the end: with a key that Twilio refuses, nobody deletes what the TwiML has
 * recorded, or learns how it ended if no callback tells, and the call's row may stay open.
 */
export const canBeFollowed = (call: SimulatedCall): boolean =>
  call.script.restRefusal !== 'credentials' || ours(call).length === 0;

/** Statuses of recordings of which nothing can be heard. */
const GONE: readonly string[] = ['absent', 'deleted'];

/** The recordings of ours of which something can be heard in the end. */
const left = (call: SimulatedCall): readonly SimulatedRecording[] =>
  ours(call).filter(({ status }) => !GONE.includes(status));

const answeredBy = ({ webhooks }: SimulatedCall, route: string) =>
  webhooks.filter(({ url, body }) => new URL(url).pathname.startsWith(route) && body?.includes('<Response'));

/** Whether the caller was asked, by TwiML whose answer comes to us. */
const wasAsked = (call: SimulatedCall): boolean =>
  answeredBy(call, ROUTES.voice).some(({ body }) => body?.includes(ROUTES.consent));

/** Whether nothing of a call may be recorded before a yes, whether its caller was asked or not. */
const needsYes = (call: SimulatedCall, { asks = wasAsked(call) }: Intent): boolean => asks;

/** When the caller said yes. */
const yesAt = ({ keysPressed }: SimulatedCall): number | undefined => {
  const answer = keysPressed.find(({ heardBy }) => heardBy?.includes(ROUTES.consent));
  return answer?.key === YES ? answer.at : undefined;
};

/** Whether the caller was heard to press the key that says no during the notice: any key, where nobody knows which. */
const saidNo = ({ keysPressed }: SimulatedCall, { optOutKey }: Intent): boolean =>
  keysPressed.some(
    ({ key, heardBy }) => heardBy?.includes(ROUTES.optOut) && (optOutKey === undefined || key === optOutKey),
  );

/** Whether a caller who pressed a key during the notice was told that it helped: the notice comes again where it did not. */
const wasToldSo = (call: SimulatedCall): boolean =>
  answeredBy(call, ROUTES.optOut).some(({ body }) => !body?.includes(ROUTES.optOut));

/** What was done to a recording of ours that nothing but a no or an operator's command explains, or undefined. */
function spoiledIn(call: SimulatedCall): string | undefined {
  const real = ours(call);
  const changed = real.find(({ status, pauses }) => status === 'deleted' || pauses > 0);
  if (changed) {
    return `${changed.sid} was ${changed.status === 'deleted' ? 'deleted' : 'paused'}, and nobody had said so`;
  }
  const runsAfter = (at: number) => (one: SimulatedRecording) =>
    one.startedAt <= at && (one.endedAt === undefined || one.endedAt > at);
  const stopped = real.find(
    ({ endedBy, endedAt = 0 }) => endedBy === 'api' && !real.some(runsAfter(endedAt)),
  );
  return stopped && `${stopped.sid} was stopped, and no other ran`;
}

/** From when on a call might be recorded. */
function allowedFrom(call: SimulatedCall, intent: Intent): number | undefined {
  if (saidNo(call, intent)) {
    return undefined;
  }
  return needsYes(call, intent) ? yesAt(call) : call.answeredAt;
}

/** For how long a call was in progress and might be recorded, in milliseconds. */
function allowedFor(call: SimulatedCall, intent: Intent): number {
  const from = allowedFrom(call, intent);
  return from === undefined || call.endedAt === undefined ? 0 : call.endedAt - from;
}

/** How long a call lasted whose caller had to be asked, and was not, in milliseconds. */
const unaskedFor = (call: SimulatedCall, intent: Intent): number =>
  needsYes(call, intent) && !wasAsked(call) ? lengthOf(call) : 0;

/** How much of the first minute in which it might be recorded a call's recordings have, in milliseconds. */
function recordedMs(call: SimulatedCall, intent: Intent): number {
  let from = allowedFrom(call, intent) ?? Number.POSITIVE_INFINITY;
  const until = from + JUDGED_MS;
  let recorded = 0;
  for (const { startedAt, endedAt = call.endedAt ?? startedAt } of left(call).toSorted(byStart)) {
    recorded += Math.max(0, Math.min(endedAt, until) - Math.max(startedAt, from));
    from = Math.max(from, endedAt);
  }
  return recorded;
}

const byStart = (a: SimulatedRecording, b: SimulatedRecording): number => a.startedAt - b.startedAt;

function recordedBeforeYesMs(call: SimulatedCall, intent: Intent): number {
  if (!needsYes(call, intent)) {
    return 0;
  }
  const until = yesAt(call) ?? Number.POSITIVE_INFINITY;
  return ours(call).reduce((sum, { startedAt, endedAt = call.endedAt ?? startedAt }) => {
    return sum + Math.max(0, Math.min(until, endedAt) - startedAt);
  }, 0);
}

/** Whether a recording of ours ran, or was to end within the moment, as far as the recorder could know. */
const isRecordedAt = (call: SimulatedCall, at: number): boolean =>
  ours(call).some(
    (recording) => recording.startedAt <= at && at <= (knownEndOf(recording) ?? call.endedAt ?? at),
  );

/** That somebody else stopped one, a callback has to tell first; a webhook that is under way by then has looked before. */
const knownEndOf = (recording: SimulatedRecording): number | undefined =>
  recording.endedBy === 'others' ? endToldAt(recording) + SLOW_ANSWER_MS : recording.endedAt;

/** When a callback told how a recording ended; Infinity for never. */
export const endToldAt = ({ callbacks }: SimulatedRecording): number =>
  Math.min(
    ...callbacks
      .filter(({ recordingStatus, delivered }) => recordingStatus !== 'in-progress' && delivered)
      .map(({ attempts }) => attempts.at(-1)?.at ?? Number.POSITIVE_INFINITY),
  );

/** Audio that a recorded call lost, in milliseconds. */
export function lostAudioMs(call: SimulatedCall, intent: Intent = {}): number | undefined {
  const [first] = ours(call);
  const from = needsYes(call, intent) ? yesAt(call) : call.eligibleAt;
  return first && from !== undefined ? Math.max(0, first.startedAt - from) : undefined;
}

const lengthOf = (call: SimulatedCall): number =>
  call.answeredAt !== undefined && call.endedAt !== undefined ? call.endedAt - call.answeredAt : 0;

/** For how long two recordings of a call ran at the same time. */
function overlapSeconds(call: SimulatedCall): number {
  const inOrder = ours(call).toSorted(byStart);
  let until = Number.NEGATIVE_INFINITY;
  let longest = 0;
  for (const { startedAt, endedAt = call.endedAt ?? startedAt } of inOrder) {
    longest = Math.max(longest, Math.min(until, endedAt) - startedAt);
    until = Math.max(until, endedAt);
  }
  return longest / 1000;
}

/**
 * Nobody but its webhook could have told the recorder of such a call: Twilio's list does not say which URL an outgoing
 * call was made with. A webhook that was refused has told it.
 */
const isOutOfReach = (call: SimulatedCall): boolean =>
  call.direction === 'outbound-api' &&
  (isUnverified(call) ||
    !call.webhooks.some(
      ({ kind, attempts }) => kind === 'voice' && attempts.some(({ httpStatus = 500 }) => httpStatus < 500),
    ));

/** Nobody could tell that its webhook was Twilio's, nor a callback: only TwiML has recorded it. */
const isUnverified = ({ creates, recordings }: SimulatedCall): boolean =>
  creates.length === 0 &&
  recordings.some(({ source, foreign }) => !foreign && source === 'StartCallRecordingTwiML') &&
  !recordings.some(wasAcknowledged);

interface CallRows {
  readonly summary: Row | undefined;
  readonly recordings: ReadonlyMap<unknown, Row>;
  /** When somebody said that the call was not recorded, in ms since the epoch. */
  readonly reportedAt: number | undefined;
  /** Operators gave commands. */
  readonly commanded: boolean;
  /** When one of them first ordered that nothing be recorded any more, in ms since the epoch. */
  readonly stopOrderedAt: number | undefined;
  /** Whether one had a recording started before anybody had written down that the caller was asked. */
  readonly startedUnasked: boolean;
}

/** When an event of the audit trail was, in ms since the epoch. */
export const timeOf = ({ Item }: Row): number => Date.parse(Item.split('#')[1] ?? '');

/** Whether a row tells of an operator's command. */
export const isCommand = ({ Item, Type }: Row): boolean => Item.startsWith('EVENT#') && Type === 'command';

function sortRows(rows: readonly Row[]): CallRows {
  const report = rows.find(({ Item, Type }) => Item.startsWith('EVENT#') && Type === 'unrecorded');
  const stop = rows.find((row) => isCommand(row) && row.Action === 'stop');
  const startedOrAsked = rows.find(
    (row) => (isCommand(row) && row.Action === 'start') || row.Type === 'consent',
  );
  return {
    summary: rows.find(({ Item }) => Item === 'CALL'),
    recordings: new Map(
      rows.filter(({ Item }) => Item.startsWith('RECORDING#')).map((row) => [row.RecordingSid, row]),
    ),
    reportedAt: report && timeOf(report),
    commanded: rows.some(isCommand),
    stopOrderedAt: stop && timeOf(stop),
    startedUnasked: startedOrAsked !== undefined && isCommand(startedOrAsked),
  };
}

const isReported = (call: SimulatedCall, rows: CallRows | undefined): boolean =>
  rows?.summary?.RecordingStatus === 'unrecorded' &&
  rows.reportedAt !== undefined &&
  rows.reportedAt <= (call.endedAt ?? 0) + REPORTED_WITHIN_MS;

/** What the rows say wrongly of their call, or undefined. */
function wrongIn(
  { summary, recordings, stopOrderedAt }: CallRows,
  call: SimulatedCall,
  intent: Intent,
): string | undefined {
  const real = ours(call);
  if (summary === undefined) {
    return undefined;
  }
  const isKnown = summary.RecordingSid !== undefined || real.some((one) => !isOutOfSight(call, one));
  if (real.length === 0 || !isKnown) {
    if (summary.RecordingStatus !== 'unrecorded') {
      return `was not recorded, but its row says ${summary.RecordingStatus}`;
    }
    return summary.Answered === undefined || summary.Answered === (call.answeredAt !== undefined)
      ? wrongInReason(summary.Reason, call, intent)
      : `was ${call.answeredAt === undefined ? 'not ' : ''}answered, but its row says the opposite (${summary.Reason})`;
  }
  const recording = real.find(({ sid }) => sid === summary.RecordingSid);
  if (!recording) {
    return `its row names ${summary.RecordingSid ?? 'no recording'}`;
  }
  const inSight = real.filter((one) => !isEndOutOfSight(call, one));
  const complaints = [
    inSight.includes(recording) ? wrongInRecording(summary, recording) : undefined,
    wrongInCounts(summary, recordings.size, real, stopOrderedAt),
    ...inSight.map((one) => {
      const row = recordings.get(one.sid);
      if (row) {
        return wrongInRecording(row, one);
      }
      return wasAcknowledged(one)
        ? `nothing is known of ${one.sid}, though a callback of it was acknowledged`
        : undefined;
    }),
  ];
  return complaints.find((complaint) => complaint !== undefined);
}

/** Reasons that not every call can have: whether it can. Any other may be the truth of any. */
const POSSIBLE: Readonly<Record<string, (call: SimulatedCall, intent: Intent) => boolean>> = {
  'trial-account': ({ script }) => script.restRefusal === 'trial',
  'credentials-refused': ({ script }) => script.restRefusal === 'credentials',
  // Nothing that the simulated Twilio does.
  'permission-denied': () => false,
  'account-suspended': () => false,
  'request-invalid': () => false,
  'call-not-found': () => false,
  'never-answered': ({ answeredAt }) => answeredAt === undefined,
  withdrawn: saidNo,
  declined: (call, intent) => needsYes(call, intent) && answersTo(call).some((key) => key !== YES),
  'no-consent': (call, intent) => needsYes(call, intent) && !answersTo(call).includes(YES),
  'not-asked': (call, intent) => needsYes(call, intent) && !answersTo(call).includes(YES),
  'turned-away': (call, { gated = gateOf(call) !== undefined }) => gated,
};

/** What was answered to the question, as it came to the recorder; undefined stands for silence. */
const answersTo = (call: SimulatedCall): readonly (string | undefined)[] =>
  answeredBy(call, ROUTES.consent).map(({ params }) => params.Digits || undefined);

/** Twilio's codes for what a script has it refuse, and what the row then has to say. */
const REFUSALS: ReadonlyMap<unknown, string> = new Map([
  [10002, 'trial-account'],
  [20003, 'credentials-refused'],
]);
/** How long the recorder has to take notice of a refusal before the call ends. */
const TO_TAKE_NOTICE_MS = 5_000;

function wrongInReason(reason: unknown, call: SimulatedCall, intent: Intent): string | undefined {
  if (typeof reason !== 'string') {
    return 'was not recorded, and its row does not say why';
  }
  if (POSSIBLE[reason]?.(call, intent) === false) {
    return `was not recorded, but not for ${reason}`;
  }
  const { creates, endedAt = 0 } = call;
  const refused = creates.find(({ at, code }) => REFUSALS.has(code) && at <= endedAt - TO_TAKE_NOTICE_MS);
  const expected = refused && REFUSALS.get(refused.code);
  return expected === undefined || reason === expected || ['withdrawn', 'turned-away'].includes(reason)
    ? undefined
    : `Twilio refused to record it (${expected}), and its row says ${reason}`;
}

/** Twilio tells whole seconds of a recording's start and length: what is closer than this may have run beside another. */
const TOO_CLOSE_TO_TELL_MS = 3_000;

function wrongInCounts(
  { RecordingCount: counted, SurplusRecordings }: Row,
  rows: number,
  real: readonly SimulatedRecording[],
  stopOrderedAt = Number.POSITIVE_INFINITY,
): string | undefined {
  if (counted !== undefined && counted !== rows) {
    return `its row counts ${counted} recordings, of which ${rows} have rows`;
  }
  const surplus = Number(SurplusRecordings ?? 0);
  const inOrder = real.toSorted(byStart);
  const tooMany = inOrder.filter(
    ({ startedAt }, index) =>
      startedAt >= stopOrderedAt ||
      inOrder
        .slice(0, index)
        .some(({ endedAt = Number.POSITIVE_INFINITY }) => startedAt < endedAt + TOO_CLOSE_TO_TELL_MS),
  );
  return surplus > tooMany.length
    ? `its row says that ${surplus} recordings were one too many, and ${tooMany.length} ran beside another or after a stop`
    : undefined;
}

/** Twilio answers no question about the call, and no callback told of the recording. */
const isOutOfSight = ({ script }: SimulatedCall, recording: SimulatedRecording): boolean =>
  script.restRefusal === 'credentials' && !wasAcknowledged(recording);

/** Twilio answers no question about the call, and no callback told how the recording ended. */
const isEndOutOfSight = ({ script }: SimulatedCall, { callbacks }: SimulatedRecording): boolean =>
  script.restRefusal === 'credentials' &&
  !callbacks.some(({ recordingStatus, delivered }) => recordingStatus !== 'in-progress' && delivered);

const wasAcknowledged = ({ callbacks }: SimulatedRecording): boolean =>
  callbacks.some(({ delivered }) => delivered);

function wrongInRecording(row: Row, recording: SimulatedRecording): string | undefined {
  if (row.RecordingStatus !== recording.status) {
    return `its recording is ${recording.status}, its row says ${row.RecordingStatus}`;
  }
  return recording.status === 'completed' && row.RecordingDuration !== recording.durationSeconds
    ? `its recording has ${recording.durationSeconds} s, its row says ${row.RecordingDuration}`
    : undefined;
}

/** How many of so many it may befall by chance when its share is no greater: three standard deviations more. */
const mostOf = (all: number, share: number): number => share * all + 3 * Math.sqrt(share * all);

/** To four decimals, and never 1 when one is missing. */
const share = (part: number, all: number): number =>
  part === all ? 1 : Math.floor((part / all) * 10_000) / 10_000;

const percent = (part: number): string => `${(part * 100).toFixed(2)} %`;

const rounded = (seconds: number): number => Math.round(seconds * 10) / 10;
