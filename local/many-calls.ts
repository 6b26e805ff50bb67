import { setTimeout as sleep } from 'node:timers/promises';
import Table from 'cli-table3';
import { credentialsFromSeed } from './credentials.ts';
import { startLocalRecorder } from './recorder.ts';
import { type CallKind, planCalls } from './scenario.ts';
import { type SimulatedCall, TwilioSimulator } from './twilio-simulator/simulator.ts';
import { judge, type Verdict } from './verdict.ts';

/** What two processors carry without making calls wait for each other. */
const CALLS_PER_SECOND = 10;
/** Environments of each function: a run measures the recorder, not how threads fight over two processors at its start. */
const PROVISIONED_CONCURRENCY = 12;

export interface Run {
  readonly verdict: Verdict;
  readonly kinds: ReadonlyMap<CallKind, Verdict>;
}

/** Places seeded calls against two recorders, one with a notice and one without, and holds the rows against the truth. */
export async function runManyCalls(
  calls: number,
  seed: number,
  progress: (ended: number) => void,
): Promise<Run> {
  const credentials = credentialsFromSeed(seed);
  await using simulator = await TwilioSimulator.start({ seed, credentials });
  const options = {
    twilioApiBaseUrl: simulator.url,
    credentials,
    provisionedConcurrency: PROVISIONED_CONCURRENCY,
  };
  const [withNotice, withoutNotice] = await Promise.all([
    startLocalRecorder({ ...options, notice: true }),
    startLocalRecorder({ ...options, notice: false }),
  ]);
  await using disposables = new AsyncDisposableStack();
  disposables.use(withNotice);
  disposables.use(withoutNotice);

  const plans = planCalls(calls, seed, CALLS_PER_SECOND, simulator);
  const placed: { readonly kind: CallKind; readonly call: SimulatedCall }[] = [];
  const report = setInterval(
    () => progress(placed.filter(({ call }) => call.endedAt !== undefined).length),
    250,
  );
  const begun = Date.now();
  for (const { kind, notice, afterMs, application, script } of plans) {
    await sleep(Math.max(0, begun + afterMs - Date.now()));
    const recorder = notice ? withNotice : withoutNotice;
    placed.push({ kind, call: simulator.placeCall({ ...script, voiceUrl: recorder.voiceUrl(application) }) });
  }
  await simulator.idle();
  await Promise.all([withNotice.host.idle(), withoutNotice.host.idle()]);
  clearInterval(report);
  progress(calls);

  const rows = [...(await withNotice.rows()), ...(await withoutNotice.rows())];
  const verdictOf = (kind?: CallKind): Verdict =>
    judge(
      placed.filter((one) => kind === undefined || one.kind === kind).map(({ call }) => call),
      rows,
    );
  const kinds = new Set(placed.map(({ kind }) => kind));
  return {
    verdict: verdictOf(),
    kinds: new Map([...kinds].toSorted().map((kind) => [kind, verdictOf(kind)])),
  };
}

/** A row for each kind of call, and one for all. */
export function summaryTable({ verdict, kinds }: Run): string {
  const table = new Table({
    head: [
      'kind',
      'calls',
      'answered',
      'recorded',
      'doubled',
      'caller failures',
      'rows lost',
      'rows wrong',
      'unrecorded',
      'of these unexplained',
      'lost audio p50/p95/p99',
      'creates',
    ],
    style: { head: [], border: [] },
  });
  for (const [kind, v] of [...kinds, ['all', verdict] as const]) {
    const { p50, p95, p99 } = v.lostAudioMs;
    table.push([
      kind,
      v.calls,
      v.answered,
      v.recorded,
      v.doubled,
      v.callerFailures,
      v.rowsLost,
      v.rowsWrong,
      v.unrecorded,
      v.unexplained,
      v.recorded > 0 ? `${p50} / ${p95} / ${p99} ms` : '',
      v.recorded > 0 ? v.createsPerRecording : '',
    ]);
  }
  return table.toString();
}
