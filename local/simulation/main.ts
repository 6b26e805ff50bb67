import { createHash } from 'node:crypto';
import { Presets, SingleBar } from 'cli-progress';
import Table from 'cli-table3';
import { type FaultProfile, isFaultless, readFaultProfile } from '../faults/profile.ts';
import { isKey, type Key } from '../twilio-simulator/simulator.ts';
import { readOptions, runCommand, UsageError, wholeNumber } from '../usage.ts';
import { isRight } from '../verdict.ts';
import { GUARDS, type GuardName, isGuardName } from './guards.ts';
import { isOutage, OUTAGE_NAMES, type Outage } from './run.ts';
import { runSimulations, type SimulationsResult, synthesizeTemplates } from './simulations.ts';

const USAGE = `Thousands of calls against the synthesized recorder, on one virtual clock, while things fail.

  npm run simulate -- [--calls N] [--seeds N] [--seed S] [--faults none|light|heavy] [--json]

  --calls N          calls of each seed (default 10000)
  --seeds N          how many seeds (default 20)
  --seed S           the first of them (default 1)
  --faults PROFILE   how often what goes wrong (default heavy)
  --fault NAME=SHARE one kind of fault more, or less, often than the profile has it; may be repeated
  --outage WHAT      callbacks or webhooks: all of them are lost for the first hour; or twilio, table, stepFunctions or
                     secret: it refuses every request in the first six minutes
  --start-with WHAT  api or twiml, instead of what is configured
  --when-not-recorded WHAT  continue or refuse, instead of what is configured
  --consent WHAT     notice or ask, instead of what is configured
  --opt-out-key KEY  the key with which callers say no during the notice
  --operators        operators pause, resume, stop and start the recordings of three calls in ten
  --without GUARD    one of ${Object.keys(GUARDS).join(', ')}: does without it, to see that this is found out;
                     may be repeated
  --json             the last line of standard output is one JSON object
`;

/** What is printed of a seed's findings. */
const MOST_FINDINGS = 20;

/** Options that a run is repeated with, as they were given. */
const REPEATED = [
  'outage',
  'start-with',
  'when-not-recorded',
  'consent',
  'opt-out-key',
] as const satisfies (keyof Repeatable)[];

await runCommand(main, USAGE);

/** Whether all calls went as they should. */
async function main(): Promise<boolean> {
  const options = readOptions({
    calls: { type: 'string', default: '10000' },
    seeds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    faults: { type: 'string', default: 'heavy' },
    fault: { type: 'string', multiple: true, default: [] },
    outage: { type: 'string' },
    without: { type: 'string', multiple: true, default: [] },
    'start-with': { type: 'string' },
    'when-not-recorded': { type: 'string' },
    consent: { type: 'string' },
    'opt-out-key': { type: 'string' },
    operators: { type: 'boolean', default: false },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  if (options.help) {
    console.log(USAGE);
    return true;
  }
  const calls = wholeNumber('calls', options.calls, 1);
  const first = wholeNumber('seed', options.seed, 0);
  const seeds = Array.from({ length: wholeNumber('seeds', options.seeds, 1) }, (_, index) => first + index);
  const faults = readFaultProfile(options.faults, options.fault);
  const outage = outageOf(options.outage);
  const without = options.without.map(guardOf);
  const templates = await synthesizeTemplates({
    startWith: oneOf(options, 'start-with', ['api', 'twiml']),
    whenNotRecorded: oneOf(options, 'when-not-recorded', ['continue', 'refuse']),
    consent: oneOf(options, 'consent', ['notice', 'ask']),
    optOutKey: options['opt-out-key'],
  });
  const bar = new SingleBar(
    { format: '{bar} {value}/{total} calls ended, {duration_formatted}', stream: process.stderr },
    Presets.shades_classic,
  );
  bar.start(calls * seeds.length, 0);
  const result = await runSimulations({
    calls,
    seeds,
    faults,
    outage,
    without,
    templates,
    operators: options.operators,
    keys: { asks: options.consent === 'ask', optOutKey: keyOf(options['opt-out-key']) },
    onProgress: (ended) => bar.update(ended),
  }).finally(() => bar.stop());
  console.log(summaryTable(result));
  for (const seed of result.seeds.filter(({ findings }) => findings.length > 0)) {
    printFindings(seed);
    console.log(`Run this seed again: npm run simulate -- ${repetition(options, seed.seed)}\n`);
  }
  const ofSeeds = new Set(result.seeds.flatMap(({ findings }) => findings));
  for (const finding of result.verdict.findings.filter((one) => !ofSeeds.has(one))) {
    console.log(finding);
  }
  if (options.json) {
    console.log(JSON.stringify(jsonOf(result, faults)));
  }
  return isRight(result.verdict);
}

/** The keys of `npm start -- --json` and those of a simulation. */
function jsonOf(
  { verdict, seeds, faultsInjected, commands, virtualSeconds, wallSeconds }: SimulationsResult,
  faults: FaultProfile,
): object {
  const { findings: _, ...figures } = verdict;
  const digest = createHash('sha256')
    .update(seeds.map((seed) => seed.digest).join())
    .digest('hex');
  return {
    seed: seeds[0]?.seed,
    ...(!isFaultless(faults) && { faults }),
    ...figures,
    faultsInjected,
    ...(commands.given > 0 && { commands }),
    seeds: seeds.length,
    virtualSeconds,
    digest: digest.slice(0, 16),
    wallSeconds,
  };
}

function summaryTable({ verdict, seeds, commands, virtualSeconds, wallSeconds }: SimulationsResult): string {
  const { p50, p95, p99 } = verdict.lostAudioMs;
  const table = new Table({ style: { head: [], border: [] } });
  const rows: readonly (readonly [string, string | number])[] = [
    ['calls', verdict.calls],
    ['seeds', seeds.length],
    ['answered', verdict.answered],
    ['recorded', verdict.recorded],
    ['of answered calls of 10 s or more that Twilio records', percent(verdict.recordedShare)],
    ['of their first minutes', percent(verdict.recordedTimeShare)],
    ['recorded twice at the same time', verdict.doubled],
    ['for at most', `${verdict.overlapMaxSeconds} s`],
    ['callers who heard an error', verdict.callerFailures],
    ['or were led elsewhere', verdict.misled],
    ['rows lost', verdict.rowsLost],
    ['rows wrong', verdict.rowsWrong],
    ['unrecorded', verdict.unrecorded],
    ['and not reported', verdict.unrecordedUnflagged],
    ['ended by the gate', verdict.turnedAway],
    ['let on by it unrecorded', verdict.passedUnrecorded],
    ['recorded before a yes', `${verdict.recordedBeforeYesSeconds} s`],
    ['said no during the notice', verdict.saidNo],
    ['and kept all the same', verdict.keptAfterNo],
    ['and kept, but not told otherwise', verdict.unheeded],
    ['recordings of others touched', verdict.foreignTouched],
    ['of ours spoiled', verdict.spoiled],
    ['lost audio p50/p95/p99', `${p50} / ${p95} / ${p99} ms`],
    ['creates per recording', verdict.createsPerRecording],
    ...(commands.given > 0
      ? [
          ['commands given', commands.given] as const,
          ['of them done', commands.done] as const,
          ['recorded against one for at most', `${commands.againstMaxSeconds} s`] as const,
        ]
      : []),
    ['virtual time', `${virtualSeconds} s`],
    ['real time', `${wallSeconds} s`],
  ];
  table.push(...rows.map(([what, value]) => [what, value]));
  return table.toString();
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

function printFindings({ seed, findings, broken }: SimulationsResult['seeds'][number]): void {
  console.log(`Seed ${seed}: ${findings.length} findings`);
  for (const finding of findings.slice(0, MOST_FINDINGS)) {
    console.log(`  ${finding}`);
  }
  for (const { callSid, history } of broken) {
    console.log(`\n  ${callSid}`);
    for (const line of history) {
      console.log(`  ${line}`);
    }
  }
}

interface Repeatable {
  readonly calls: string;
  readonly faults: string;
  readonly fault: readonly string[];
  readonly outage?: string | undefined;
  readonly operators: boolean;
  readonly without: readonly string[];
  readonly 'start-with'?: string | undefined;
  readonly 'when-not-recorded'?: string | undefined;
  readonly consent?: string | undefined;
  readonly 'opt-out-key'?: string | undefined;
}

function repetition(options: Repeatable, seed: number): string {
  const { calls, faults, fault, operators, without } = options;
  return [
    `--calls ${calls} --seeds 1 --seed ${seed} --faults ${faults}`,
    ...fault.map((one) => `--fault ${one}`),
    ...(operators ? ['--operators'] : []),
    ...without.map((one) => `--without ${one}`),
    ...REPEATED.flatMap((name) => (options[name] ? [`--${name} ${options[name]}`] : [])),
  ].join(' ');
}

function oneOf(
  options: Repeatable,
  name: 'start-with' | 'when-not-recorded' | 'consent',
  allowed: readonly string[],
): string | undefined {
  const value = options[name];
  if (value !== undefined && !allowed.includes(value)) {
    throw new UsageError(`--${name} is '${value}'; it takes ${allowed.join(' or ')}.`);
  }
  return value;
}

function keyOf(key: string | undefined): Key | undefined {
  if (key !== undefined && !isKey(key)) {
    throw new UsageError(`--opt-out-key is '${key}'; it takes 0 to 9, * or #.`);
  }
  return key;
}

function outageOf(what: string | undefined): Outage | undefined {
  if (what !== undefined && !isOutage(what)) {
    throw new UsageError(`--outage is '${what}'; it takes ${OUTAGE_NAMES.join(', ')}.`);
  }
  return what;
}

function guardOf(name: string): GuardName {
  if (!isGuardName(name)) {
    throw new UsageError(`--without is '${name}'; it takes ${Object.keys(GUARDS).join(', ')}.`);
  }
  return name;
}
