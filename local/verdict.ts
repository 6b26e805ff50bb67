import type { Row } from './recorder.ts';
import type { SimulatedCall, SimulatedRecording } from './twilio-simulator/simulator.ts';

/** Calls shorter than this may end before Twilio has let anybody record them. */
const TOO_SHORT_TO_MISS_MS = 2_000;

export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** What became of the calls of a run: the simulator's truth held against the table. */
export interface Verdict {
  readonly calls: number;
  readonly answered: number;
  /** Answered calls with at least one recording. */
  readonly recorded: number;
  /** Calls of which two recordings ran at the same time. */
  readonly doubled: number;
  /** Calls whose caller heard an application error. */
  readonly callerFailures: number;
  /** Calls without a row. */
  readonly rowsLost: number;
  /** Calls whose row does not say what happened. */
  readonly rowsWrong: number;
  /** Answered calls without a recording. */
  readonly unrecorded: number;
  /** Those of them that nothing explains: Twilio refused none of them and they were long enough. */
  readonly unexplained: number;
  /** From the first moment at which Twilio would have accepted a create to the recording's begin. */
  readonly lostAudioMs: Percentiles;
  /** Creates sent for a call that was recorded, on average. */
  readonly createsPerRecording: number;
  /** What is wrong, a line a call. */
  readonly findings: readonly string[];
}

/** Judges a run. */
export function judge(calls: readonly SimulatedCall[], rows: readonly Row[]): Verdict {
  const rowOf = new Map(rows.filter(({ Item }) => Item === 'CALL').map((row) => [row.CallSid, row]));
  const answered = calls.filter((call) => call.answeredAt !== undefined);
  const recorded = answered.filter((call) => call.recordings.length > 0);
  const unrecorded = answered.filter((call) => call.recordings.length === 0);
  const doubled = calls.filter(isDoubled);
  const failed = calls.filter((call) => call.errorsHeard.length > 0);
  const lost = calls.filter((call) => !rowOf.has(call.sid));
  const wrong = calls.flatMap((call) => {
    const row = rowOf.get(call.sid);
    const complaint = row && wrongIn(row, call);
    return complaint ? [{ call, complaint }] : [];
  });
  const unexplained = unrecorded.filter(
    (call) => !call.script.restRefusal && lengthOf(call) >= TOO_SHORT_TO_MISS_MS,
  );
  return {
    calls: calls.length,
    answered: answered.length,
    recorded: recorded.length,
    doubled: doubled.length,
    callerFailures: failed.length,
    rowsLost: lost.length,
    rowsWrong: wrong.length,
    unrecorded: unrecorded.length,
    unexplained: unexplained.length,
    lostAudioMs: percentiles(recorded.flatMap((call) => lostAudioMs(call) ?? [])),
    createsPerRecording: mean(recorded.map((call) => call.creates.length)),
    findings: [
      ...doubled.map((call) => `${call.sid}: recorded twice at the same time`),
      ...failed.map((call) => `${call.sid}: the caller heard ${call.errorsHeard.join('; ')}`),
      ...lost.map((call) => `${call.sid}: has no row`),
      ...wrong.map(({ call, complaint }) => `${call.sid}: ${complaint}`),
      ...unexplained.map((call) => `${call.sid}: lasted ${lengthOf(call)} ms and was not recorded`),
    ],
  };
}

export const isRight = ({ findings }: Verdict): boolean => findings.length === 0;

/** Audio that a recorded call lost, in milliseconds. */
export function lostAudioMs(call: SimulatedCall): number | undefined {
  const [first] = call.recordings;
  return first && call.eligibleAt !== undefined ? Math.max(0, first.startedAt - call.eligibleAt) : undefined;
}

const lengthOf = (call: SimulatedCall): number =>
  call.answeredAt !== undefined && call.endedAt !== undefined ? call.endedAt - call.answeredAt : 0;

function isDoubled(call: SimulatedCall): boolean {
  const inOrder = call.recordings.toSorted((a, b) => a.startedAt - b.startedAt);
  return inOrder.some((recording, index) => {
    const next = inOrder[index + 1];
    return next !== undefined && next.startedAt < (recording.endedAt ?? Number.POSITIVE_INFINITY);
  });
}

/** What a row says wrongly of its call, or undefined. */
function wrongIn(row: Row, call: SimulatedCall): string | undefined {
  if (call.recordings.length === 0) {
    if (row.RecordingStatus !== 'unrecorded') {
      return `was not recorded, but its row says ${row.RecordingStatus}`;
    }
    return row.Answered === undefined || row.Answered === (call.answeredAt !== undefined)
      ? undefined
      : `was ${call.answeredAt === undefined ? 'not ' : ''}answered, but its row says the opposite (${row.Reason})`;
  }
  const recording = call.recordings.find(({ sid }) => sid === row.RecordingSid);
  return recording ? wrongInRecording(row, recording) : `its row names ${row.RecordingSid ?? 'no recording'}`;
}

function wrongInRecording(row: Row, recording: SimulatedRecording): string | undefined {
  if (row.RecordingStatus !== recording.status) {
    return `its recording is ${recording.status}, its row says ${row.RecordingStatus}`;
  }
  return recording.status === 'completed' && row.RecordingDuration !== recording.durationSeconds
    ? `its recording has ${recording.durationSeconds} s, its row says ${row.RecordingDuration}`
    : undefined;
}

/** Nearest-rank percentiles, rounded. */
export function percentiles(values: readonly number[]): Percentiles {
  const inOrder = values.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    Math.round(inOrder[Math.max(0, Math.ceil(share * inOrder.length) - 1)] ?? 0);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** The mean, to two decimals. */
export const mean = (values: readonly number[]): number =>
  values.length === 0
    ? 0
    : Math.round((values.reduce((sum, value) => sum + value, 0) / values.length) * 100) / 100;
