import { ROUTES } from '../../lambda/shared/contract.ts';
import type { Execution } from '../host/execution.ts';
import type { Row } from '../recorder.ts';
import { timeOf } from '../verdict.ts';
import type { HistoryEntry } from './history.ts';

/** RecordingStatus in the order in which a recording goes through them; those of one step are final or equal. */
const STEPS = [
  ['in-progress', 'paused'],
  ['stopped', 'processing'],
  ['completed', 'absent', 'failed', 'deleted'],
];
const step = (status: unknown): number => STEPS.findIndex((statuses) => statuses.includes(String(status)));

/**
 * What the history of one call proves against the recorder: that more than one recording counts as the call's, that two
 * invocations were creating one at the same time, that one was created beside another that was seen, or before anybody
 * could have seen what became of the create before, that a status went back, that a callback was acknowledged and is
 * not in the rows, or that a webhook was refused, of which all are genuine.
 *
 * @param rows of the call, as they are in the end
 * @param ours RecordingSids of the call's recordings that nobody else made, whatever the rows say of them
 * @param stoppedByOthers those of them that neither the recorder nor an operator of it stopped while the call went on
 */
export function checkHistory(
  entries: readonly HistoryEntry[],
  rows: readonly Row[],
  ours: ReadonlySet<unknown>,
  stoppedByOthers: ReadonlySet<unknown>,
): string[] {
  // After one that an operator, or somebody else, has stopped, another may follow.
  const counting = new Set([...ours].filter((sid) => !stoppedByOthers.has(sid)));
  for (const { CommandedStatus, RecordingSid } of rows) {
    if (CommandedStatus === 'stopped') counting.delete(RecordingSid);
  }
  return [
    ...moreThanOneCounts(rows, counting),
    ...createsAtOnce(entries),
    ...createsUnseen(entries, counting),
    ...createsBesideSeen(entries, counting),
    ...stepsBack(entries),
    ...callbacksLost(entries, rows),
    ...webhooksRefused(entries),
  ];
}

/**
 * What is wrong with one call's executions: two ran at the same time, or one that nobody aborted ended otherwise than by
 * itself, or before the call's row and those of its recordings were final, or one began when they were, or went on for
 * more tasks than AWS lets it, or the call's row does not say in the end that they are.
 *
 * @param executions of the call
 * @param entries of the call
 * @param rows of the call, as they are in the end
 * @param ours as for {@link checkHistory}
 */
export function checkExecutions(
  executions: readonly Execution[],
  entries: readonly HistoryEntry[],
  rows: readonly Row[],
  ours: ReadonlySet<unknown>,
): string[] {
  return [
    ...besideEachOther(executions),
    ...executions.flatMap((one) => wrongEnd(one, entries, ours)),
    ...executions
      .slice(1)
      .filter((one) => !isOfOperator(one))
      .flatMap((one) => needlessBeginning(one, entries, rows)),
    ...(entries.length > MOST_INVOCATIONS ? executions.flatMap((one) => tooLong(one, entries)) : []),
    ...leftOpen(rows),
  ];
}

/** Follows a recording that an operator has started, beside the one that follows those before. */
const isOfOperator = ({ input }: Execution): boolean => JSON.parse(input).origin === 'control';

function besideEachOther(executions: readonly Execution[]): string[] {
  let runningUntil = 0;
  return executions.flatMap((execution) => {
    const { name, startDate, stopDate } = execution;
    const isBeside = startDate.getTime() < runningUntil && !isOfOperator(execution);
    runningUntil = Math.max(runningUntil, stopDate?.getTime() ?? Number.POSITIVE_INFINITY);
    return isBeside ? [`the execution ${name} ran beside another one`] : [];
  });
}

function wrongEnd(
  { name, status, stopDate, error }: Execution,
  entries: readonly HistoryEntry[],
  ours: ReadonlySet<unknown>,
): string[] {
  if (!stopDate) return [`the execution ${name} is ${status} after all`];
  // Nothing but a fault aborts one. What it left open, another one has to close.
  if (status === 'ABORTED') return [];
  if (status !== 'SUCCEEDED' && error !== UNRECORDED)
    return [`the execution ${name} ended ${status}: ${error}`];
  const endedAt = stopDate.getTime();
  const open = new Map<unknown, { readonly since: number; readonly status: unknown }>();
  for (const { at, detail } of entries.filter((entry) => entry.at <= endedAt).filter(hasWrittenStatus)) {
    const { item, recordingStatus: status } = detail ?? {};
    if (isFinal(status)) open.delete(item);
    else if (isOfOurs(item, ours)) open.set(item, { since: open.get(item)?.since ?? at, status });
  }
  return [...open]
    .filter(([, { since }]) => since < endedAt - RELEASE_TAKES_MS)
    .map(([item, { status }]) => `the execution ${name} ended while ${item} was ${status}`);
}

/** How long before an execution ends its end may be decided: meanwhile an operator may have begun another recording. */
const RELEASE_TAKES_MS = 5_000;

/** AWS ends an execution after 25,000 events, of which each task has at least five. */
const MOST_INVOCATIONS = 1_000;

function tooLong({ name, startDate, stopDate }: Execution, entries: readonly HistoryEntry[]): string[] {
  const until = stopDate?.getTime() ?? Number.POSITIVE_INFINITY;
  const invocations = entries.filter(
    ({ at, target, phase }) =>
      target === 'lambda' && phase === 'invoked' && at >= startDate.getTime() && at <= until,
  );
  return invocations.length > MOST_INVOCATIONS
    ? [`the execution ${name} had done ${invocations.length} tasks when it ended`]
    : [];
}

/** How long ago a sweep may have read a row when it starts an execution: in between it asks Step Functions what runs. */
const SWEEP_TAKES_MS = 15_000;

function needlessBeginning(
  { name, startDate }: Execution,
  entries: readonly HistoryEntry[],
  rows: readonly Row[],
): string[] {
  const at = startDate.getTime();
  return lastOpenAt(entries, rows, at) < at - SWEEP_TAKES_MS && !rows.some((row) => isGivenUpFor(row, at))
    ? [`the execution ${name} began though nothing was open`]
    : [];
}

/** When some row of the call was last open, up to a moment. */
function lastOpenAt(entries: readonly HistoryEntry[], rows: readonly Row[], until: number): number {
  const isRefused = rows.some(
    ({ Item, Consent }) => Item === 'CALL' && /^(declined|withdrawn)$/.test(`${Consent}`),
  );
  // What a caller said no to is deleted yet.
  const isLast = (status: unknown) => isFinal(status) && !(isRefused && status === 'completed');
  const statuses = new Map<unknown, unknown>();
  let openAt = until;
  let isOpen = true;
  for (const { at, detail } of entries.filter((entry) => entry.at <= until).filter(hasWrittenStatus)) {
    if (!/^(CALL$|RECORDING#)/.test(String(detail?.item))) continue;
    if (isOpen) openAt = at;
    statuses.set(detail?.item, detail?.recordingStatus);
    isOpen = !statuses.has('CALL') || ![...statuses.values()].every(isLast);
  }
  return isOpen ? until : openAt;
}

/** Whether an event says that the recorder had given up by then for a reason for which it tries again while a call lasts. */
const isGivenUpFor = (row: Row, at: number): boolean =>
  row.Type === 'unrecorded' &&
  (row.Reason === 'recorder-failed' || row.Reason === 'not-answered-in-time') &&
  timeOf(row) <= at;

const leftOpen = (rows: readonly Row[]): string[] =>
  rows.some(({ Item, Final }) => Item === 'CALL' && Final !== true) ? ['its row is open after all'] : [];

/** The error of the state in which an execution ends whose call was not recorded. */
const UNRECORDED = 'Unrecorded';

const isOfOurs = (item: unknown, ours: ReadonlySet<unknown>): boolean =>
  item === 'CALL' || ours.has(String(item).slice('RECORDING#'.length));

const isFinal = (status: unknown): boolean => status === 'unrecorded' || step(status) === step('completed');

function moreThanOneCounts(rows: readonly Row[], ours: ReadonlySet<unknown>): string[] {
  const completed = rows.filter(
    ({ Item, RecordingStatus, RecordingSid }) =>
      Item.startsWith('RECORDING#') && RecordingStatus === 'completed' && ours.has(RecordingSid),
  );
  const surplus = Number(rows.find(({ Item }) => Item === 'CALL')?.SurplusRecordings ?? 0);
  return completed.length - surplus > 1
    ? [
        `${completed.length} recordings, of which ${surplus} are surplus, count as the call's: ${completed.map(({ RecordingSid }) => RecordingSid).join(', ')}`,
      ]
    : [];
}

/** After how long whoever sent a create gives up on its answer: of this check's own, so that it holds whatever is waited. */
const CREATE_TIMEOUT_MS = 2_500;
/** At the gate a caller waits. */
const CREATE_TIMEOUT_AT_GATE_MS = 900;

const givesUpBy = ({ functionId, at }: Pick<HistoryEntry, 'functionId' | 'at'>): number =>
  at + (functionId === 'gate' ? CREATE_TIMEOUT_AT_GATE_MS : CREATE_TIMEOUT_MS);

function createsAtOnce(entries: readonly HistoryEntry[]): string[] {
  const waiting = new Map<string, HistoryEntry>();
  const complaints: string[] = [];
  for (const entry of entries.filter(isCreate)) {
    const { at, requestId, functionId, phase } = entry;
    if (phase !== 'invoked') {
      waiting.delete(requestId);
      continue;
    }
    for (const [other, sent] of waiting) {
      // An operator may start another one when a callback has told what became of the create.
      const isKnown =
        functionId === 'recording-control' && namedBefore(entries, at) > namedBefore(entries, sent.at);
      if (other !== requestId && at < givesUpBy(sent) && !isKnown) {
        complaints.push(`${requestId} sent a create while ${other} waited for the answer to another`);
      }
    }
    waiting.set(requestId, entry);
  }
  return complaints;
}

/** How long a create of unknown end has to show in the list: of this check's own, so that it holds whatever is settled. */
const TIME_TO_SHOW_MS = 1_500;

function createsUnseen(entries: readonly HistoryEntry[], ours: ReadonlySet<unknown>): string[] {
  const creates = requests(entries.filter(isCreate));
  const looks = requests(entries.filter(isList)).filter(
    ({ end }) => end?.detail?.httpStatus === 200 && runningIn(end, ours) === undefined,
  );
  return creates.flatMap(({ requestId, at }, index) => {
    const isSeenBy = (showsBy: number): boolean =>
      looks.some((look) => look.at >= showsBy && look.end && look.end.at <= at);
    const unclear = creates
      .slice(0, index)
      .flatMap((before) => gaveUpAt(before) ?? [])
      .filter((since) => since <= at && !isSeenBy(since + TIME_TO_SHOW_MS));
    return unclear.length === 0 || namedBefore(entries, at) >= unclear.length + startedBefore(creates, index)
      ? []
      : [`${requestId} sent a create before anybody could have seen what became of the one before`];
  });
}

/** How many recordings callbacks had named: as many as there may be leave none to be looked for. */
const namedBefore = (entries: readonly HistoryEntry[], at: number): number =>
  new Set(
    entries.flatMap((entry) =>
      entry.target === 'webhook' && entry.at <= at && entry.detail?.recordingSid !== undefined
        ? [entry.detail.recordingSid]
        : [],
    ),
  ).size;

/** How many creates were answered in time, with a recording. */
const startedBefore = (creates: readonly Request[], index: number): number =>
  creates
    .slice(0, index)
    .filter((create) => gaveUpAt(create) === undefined && create.end?.detail?.httpStatus === 201).length;

/** A recording of ours that this answer to a list showed, and that had not ended. */
const runningIn = ({ detail }: HistoryEntry, ours: ReadonlySet<unknown>): string | undefined =>
  String(detail?.recordings ?? '')
    .split(', ')
    .map((shown) => shown.split(' '))
    .find(([recordingSid, status]) => ours.has(recordingSid) && step(status) < step('completed'))?.[0];

function createsBesideSeen(entries: readonly HistoryEntry[], ours: ReadonlySet<unknown>): string[] {
  return entries.flatMap((entry, index) => {
    if (!isCreate(entry) || entry.phase !== 'invoked') return [];
    const { requestId } = entry;
    const look = entries
      .slice(0, index)
      // What comes after the function has given up on it, it does not see.
      .findLast((other) => isList(other) && other.requestId === requestId && other.phase === 'done');
    const running = look && runningIn(look, ours);
    return running ? [`${requestId} sent a create although it had seen ${running} run`] : [];
  });
}

interface Request extends Pick<HistoryEntry, 'requestId' | 'functionId' | 'at'> {
  readonly end: HistoryEntry | undefined;
}

/** Requests with what is known of their ends. */
function requests(entries: readonly HistoryEntry[]): Request[] {
  return entries.flatMap((entry, index) => {
    const { requestId, functionId, at, phase, attempt } = entry;
    const isItsEnd = (other: HistoryEntry) =>
      other.requestId === requestId && other.attempt === attempt && other.phase !== 'invoked';
    return phase === 'invoked'
      ? [{ requestId, functionId, at, end: entries.slice(index + 1).find(isItsEnd) }]
      : [];
  });
}

/** When whoever sent a create had to do without knowing whether it was carried out. */
function gaveUpAt(request: Request): number | undefined {
  const { end } = request;
  const byThen = givesUpBy(request);
  if (!end || end.at > byThen) return byThen;
  const { crash, refused, httpStatus } = end.detail ?? {};
  const isUnclear =
    end.phase === 'failed'
      ? !crash && !refused
      : end.phase === 'unknown' || crash === true || isUnclearStatus(Number(httpStatus));
  return isUnclear ? end.at : undefined;
}

/** https://www.twilio.com/docs/api/errors/16114 is a 408 */
const isUnclearStatus = (httpStatus: number): boolean => httpStatus >= 500 || httpStatus === 408;

const isList = ({ target, operation }: HistoryEntry): boolean =>
  target === 'twilio' && operation === 'GET /Calls/{sid}/Recordings.json';

const isCreate = ({ target, operation }: HistoryEntry): boolean =>
  target === 'twilio' && operation === 'POST /Calls/{sid}/Recordings.json';

function stepsBack(entries: readonly HistoryEntry[]): string[] {
  const complaints: string[] = [];
  const last = new Map<unknown, unknown>();
  for (const { detail } of entries.filter(hasWritten)) {
    const { item, recordingStatus } = detail ?? {};
    const before = last.get(item);
    if (before !== undefined && step(recordingStatus) < step(before)) {
      complaints.push(`${item} went back from ${before} to ${recordingStatus}`);
    }
    last.set(item, recordingStatus);
  }
  return complaints;
}

/** Whether a recording's row was written, whoever knows of it. */
const hasWritten = (entry: HistoryEntry): boolean =>
  entry.operation === 'PutItem' &&
  String(entry.detail?.item).startsWith('RECORDING#') &&
  wasCarriedOut(entry);

/** Whether a row of the call, or of a recording of it, was written. */
const hasWrittenStatus = (entry: HistoryEntry): boolean =>
  /^(PutItem|UpdateItem)$/.test(entry.operation) && entry.detail?.item !== undefined && wasCarriedOut(entry);

const wasCarriedOut = ({ target, phase, detail }: HistoryEntry): boolean =>
  target === 'table' &&
  (phase === 'done' || detail?.carriedOut === true || (detail?.crash === true && phase !== 'failed'));

function callbacksLost(entries: readonly HistoryEntry[], rows: readonly Row[]): string[] {
  const acknowledged = entries.filter(
    ({ target, phase, detail }) =>
      target === 'webhook' && phase === 'done' && detail?.recordingSid !== undefined,
  );
  return acknowledged.flatMap(({ detail }) => {
    const { recordingSid, recordingStatus } = detail ?? {};
    const row = rows.find(({ Item }) => Item === `RECORDING#${recordingSid}`);
    return row && step(row.RecordingStatus) >= step(recordingStatus)
      ? []
      : [
          `${recordingSid}: its callback ${recordingStatus} was acknowledged, its row says ${row?.RecordingStatus}`,
        ];
  });
}

function webhooksRefused(entries: readonly HistoryEntry[]): string[] {
  return entries
    .filter(({ target, phase }) => target === 'webhook' && phase === 'failed')
    .filter(({ at, operation, detail }) => {
      const httpStatus = Number(detail?.httpStatus ?? 0);
      // A callback that could not be stored has to come again. A caller's webhook is answered whatever fails, unless its
      // function dies.
      const mayFail = operation === ROUTES.recordingStatus || entries.some((other) => hasDied(other, at));
      return httpStatus >= 400 && (httpStatus < 500 || !mayFail);
    })
    .map(
      ({ operation, detail }) => `Twilio's request to ${operation} was answered with ${detail?.httpStatus}`,
    );
}

const hasDied = ({ at, target, phase }: HistoryEntry, when: number): boolean =>
  at === when && target === 'lambda' && (phase === 'failed' || phase === 'unknown');
