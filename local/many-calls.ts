import { setTimeout as sleep } from 'node:timers/promises';
import Table from 'cli-table3';
import type { TwilioSecret } from '../lambda/shared/secret.ts';
import { credentialsFromSeed, secretValue } from './credentials.ts';
import { cloudFaults } from './faults/cloud-faults.ts';
import { type FaultProfile, isFaultless } from './faults/profile.ts';
import { twilioFaults } from './faults/twilio-faults.ts';
import type { Host } from './host/host.ts';
import { startLocalRecorder } from './recorder.ts';
import { type CallKind, type PlannedCall, planCalls } from './scenario.ts';
import { Dice } from './twilio-simulator/random.ts';
import { type SimulatedCall, TwilioSimulator } from './twilio-simulator/simulator.ts';
import { judge, toleranceOf, type Verdict } from './verdict.ts';

/** What two processors carry without making calls wait for each other. */
const CALLS_PER_SECOND = 10;
/** With faults, each process that dies and each repetition takes more of them. */
const CALLS_PER_SECOND_UNDER_FAULTS = 2;
/** Environments of each function: a run measures the recorder, not how threads fight over two processors at its start. */
const PROVISIONED_CONCURRENCY = 12;
/** In runs with faults, whose times say little: threads cost memory, and crashes take some of them anyway. */
const PROVISIONED_UNDER_FAULTS = 3;

/** In runs with faults callbacks are waited for so long, in seconds: as configured would take a quarter of an hour. */
const RECONCILE_AFTER_SECONDS = 30;
/** From a new auth token in the secret to its first use: functions read the secret again at most every 10 s. */
const ROTATION_MS = 12_000;
/** What one sweep after the last call leaves undone, the next one finds; so many must be enough. */
const MOST_SWEEPS = 10;

export interface RunOptions {
  readonly calls: number;
  readonly seed: number;
  readonly faults: FaultProfile;
  /** Told how many calls have ended. */
  readonly onProgress: (ended: number) => void;
}

export interface Run {
  readonly verdict: Verdict;
  readonly kinds: ReadonlyMap<CallKind, Verdict>;
}

/** Places seeded calls against two recorders, one with a notice and one without, and holds the rows against the truth. */
export async function runManyCalls({ calls, seed, faults, onProgress }: RunOptions): Promise<Run> {
  const credentials = credentialsFromSeed(seed);
  const isFaulty = !isFaultless(faults);
  await using simulator = await TwilioSimulator.start({
    seed,
    credentials,
    ...(isFaulty && { faults: twilioFaults(faults, seed) }),
  });
  const options = {
    twilioApiBaseUrl: simulator.url,
    credentials,
    provisionedConcurrency: Math.min(calls, isFaulty ? PROVISIONED_UNDER_FAULTS : PROVISIONED_CONCURRENCY),
    ...(isFaulty && { faults: cloudFaults(faults, seed), reconcileAfterSeconds: RECONCILE_AFTER_SECONDS }),
  };
  const [withNotice, withoutNotice] = await Promise.all([
    startLocalRecorder({ ...options, notice: true }),
    startLocalRecorder({ ...options, notice: false }),
  ]);
  await using disposables = new AsyncDisposableStack();
  disposables.use(withNotice);
  disposables.use(withoutNotice);
  const hosts = [withNotice.host, withoutNotice.host];

  const perSecond = isFaulty ? CALLS_PER_SECOND_UNDER_FAULTS : CALLS_PER_SECOND;
  const planned = planCalls(calls, seed, perSecond, simulator);
  const plans = isFaulty ? planned.map(withGoodCredentials) : planned;
  const placed: { readonly kind: CallKind; readonly call: SimulatedCall }[] = [];
  const report = setInterval(
    () => onProgress(placed.filter(({ call }) => call.endedAt !== undefined).length),
    250,
  );
  disposables.defer(() => clearInterval(report));
  const numberOf = numbersFor(simulator);
  const goodbye = simulator.hostApplication('<Response><Say>Goodbye.</Say></Response>');
  const dice = new Dice(seed, 'voice webhooks');
  const rotation = faults.tokenRotation
    ? rotateToken(simulator, hosts, seed, (calls * 500) / perSecond)
    : undefined;
  const begun = Date.now();
  for (const { kind, notice, afterMs, application, script } of plans) {
    await sleep(Math.max(0, begun + afterMs - Date.now()));
    const voiceUrl = (notice ? withNotice : withoutNotice).voiceUrl(application);
    const voiceFallbackUrl = isFaulty ? (application ?? goodbye) : undefined;
    const call = simulator.placeCall({
      ...script,
      ...(script.direction !== 'outbound-api' && { to: numberOf(voiceUrl, voiceFallbackUrl) }),
      ...(voiceFallbackUrl && { voiceFallbackUrl }),
      ...(dice.share('twice') < faults.voiceWebhookTwice && { duplicateWebhook: true }),
      voiceUrl,
    });
    placed.push({ kind, call });
  }
  await rotation;
  await simulator.idle();
  await Promise.all(hosts.map((host) => (isFaulty ? sweepUp(host) : host.idle())));
  onProgress(calls);

  const rows = [...(await withNotice.rows()), ...(await withoutNotice.rows())];
  const verdictOf = (kind?: CallKind): Verdict =>
    judge(
      placed.filter((one) => kind === undefined || one.kind === kind).map(({ call }) => call),
      rows,
      toleranceOf(faults),
    );
  const kinds = new Set(placed.map(({ kind }) => kind));
  return {
    verdict: verdictOf(),
    kinds: new Map([...kinds].toSorted().map((kind) => [kind, verdictOf(kind)])),
  };
}

/**
 * When Twilio lets nobody ask how such a call ended, and the callback that says so is lost too, its executions go on
 * trying for half an hour: too long for a run.
 */
function withGoodCredentials(plan: PlannedCall): PlannedCall {
  if (plan.script.restRefusal !== 'credentials') return plan;
  const { restRefusal: _, ...script } = plan.script;
  return { ...plan, kind: 'answered', script };
}

/** The account's numbers, one for each voice URL. */
function numbersFor(
  simulator: TwilioSimulator,
): (voiceUrl: string, voiceFallbackUrl: string | undefined) => string {
  const numbers = new Map<string, string>();
  return (voiceUrl, voiceFallbackUrl) => {
    let phoneNumber = numbers.get(voiceUrl);
    if (!phoneNumber) {
      phoneNumber = `+1555010010${numbers.size}`;
      numbers.set(voiceUrl, phoneNumber);
      simulator.addNumber({ phoneNumber, voiceUrl, ...(voiceFallbackUrl && { voiceFallbackUrl }) });
    }
    return phoneNumber;
  };
}

/** As the README tells people to: the next token is in the secret, beside the current one, before Twilio uses it. */
async function rotateToken(
  simulator: TwilioSimulator,
  hosts: readonly Host[],
  seed: number,
  afterMs: number,
): Promise<void> {
  const current = credentialsFromSeed(seed);
  const { authToken } = credentialsFromSeed(seed + 1_000_000);
  const secret: TwilioSecret = JSON.parse(secretValue(current));
  await sleep(Math.max(0, afterMs - ROTATION_MS));
  for (const host of hosts) {
    host.setSecretValue(JSON.stringify({ ...secret, authTokens: [authToken, current.authToken] }));
  }
  await sleep(ROTATION_MS);
  simulator.rotateAuthToken(authToken);
}

/** Lets executions end and sweeps until one finds nothing more to do. */
async function sweepUp(host: Host): Promise<void> {
  for (let sweeps = 0; sweeps < MOST_SWEEPS; sweeps += 1) {
    await host.idle();
    const result = await host.runSchedule();
    if (!('payload' in result)) continue;
    const swept: Swept = JSON.parse(result.payload);
    if (Object.values(swept).every((count) => count === 0)) break;
  }
  await host.idle();
}

/** What the sweep's function answers: how many calls it did something for. */
interface Swept {
  readonly discovered: number;
  readonly revived: number;
}

/** How calls went, and what was wrong: each with a row for each kind of call, and one for all. */
export function summaryTable({ verdict, kinds }: Run): string {
  const rows = [...kinds, ['all', verdict] as const];
  return [
    tableOf(
      [
        'kind',
        'calls',
        'answered',
        'recorded',
        'of 10 s or more',
        'unrecorded',
        'lost audio p50/p95/p99',
        'creates per recording',
      ],
      rows.map(([kind, v]) => [
        kind,
        v.calls,
        v.answered,
        v.recorded,
        // Few kinds have calls that are so long.
        v === verdict ? `${(v.recordedShare * 100).toFixed(2)} %` : '',
        v.unrecorded,
        v.recorded > 0 ? `${v.lostAudioMs.p50} / ${v.lostAudioMs.p95} / ${v.lostAudioMs.p99} ms` : '',
        v.recorded > 0 ? v.createsPerRecording : '',
      ]),
    ),
    tableOf(
      [
        'kind',
        'doubled',
        'for at most',
        'caller errors',
        'rows lost',
        'rows wrong',
        'unexplained',
        'unreported',
        'others touched',
        'spoiled',
      ],
      rows.map(([kind, v]) => [
        kind,
        v.doubled,
        v.doubled > 0 ? `${v.overlapMaxSeconds} s` : '',
        v.callerFailures,
        v.rowsLost,
        v.rowsWrong,
        v.unexplained,
        v.unrecordedUnflagged,
        v.foreignTouched,
        v.spoiled,
      ]),
    ),
  ].join('\n');
}

/** Without a line between two rows, but for the last one. */
function tableOf(head: string[], rows: readonly (string | number)[][]): string {
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  table.push(...rows);
  return table.toString();
}
