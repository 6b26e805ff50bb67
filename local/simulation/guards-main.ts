import Table from 'cli-table3';
import { FAULT_PROFILES } from '../faults/profile.ts';
import { readOptions, runCommand, wholeNumber } from '../usage.ts';
import { isRight, type Verdict } from '../verdict.ts';
import { GUARDS, type Guard, type GuardName, STRATEGIES } from './guards.ts';
import { runSimulations, synthesizeTemplates } from './simulations.ts';

const USAGE = `Shows that the simulation finds out when one of the recorder's guards is missing: it runs under heavy faults
with all of them, which has to be right, without each in turn, which has to be found out by what the guard prevents, and
as recorders do that have but a few.

  npm run simulate:guards -- [--calls N] [--seeds N] [--json]

  --calls N   calls of each seed (default 1000)
  --seeds N   how many seeds (default 2)
  --json      the last line of standard output is one JSON object
`;

const OPT_OUT_KEY = '9';

/** What a stop has to hold for is rare: a create that Twilio carries out after it. */
const LATE = { ...FAULT_PROFILES.heavy, twilioLateCommit: 0.2 };

type Setting = Guard['setting'];

interface Run {
  readonly label: string;
  readonly setting: Setting;
  readonly without: readonly GuardName[];
  /** Left out where nothing may be found. */
  readonly foundOutBy?: RegExp;
}

/** In each setting first with all guards, then without each in turn that counts there. */
const RUNS: readonly Run[] = [
  { label: '(nothing)', setting: undefined, without: [] },
  ...withoutEach(undefined),
  ...Object.entries(STRATEGIES).map(([strategy, without]) => ({
    label: `all but ${strategy}`,
    setting: undefined,
    without,
    foundOutBy: GUARDS.verify.foundOutBy,
  })),
  { label: '(nothing, and operators command)', setting: 'operators', without: [] },
  ...withoutEach('operators'),
  { label: '(nothing, and callers are asked)', setting: 'asked', without: [] },
  ...withoutEach('asked'),
];

function withoutEach(setting: Setting): Run[] {
  return Object.entries<Guard>(GUARDS)
    .filter(([, guard]) => guard.setting === setting)
    .map(([name, { foundOutBy }]) => ({ label: name, setting, without: [name as GuardName], foundOutBy }));
}

await runCommand(main, USAGE);

/** Whether the recorder is right with all guards, and found out without any. */
async function main(): Promise<boolean> {
  const options = readOptions({
    calls: { type: 'string', default: '1000' },
    seeds: { type: 'string', default: '2' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  if (options.help) {
    console.log(USAGE);
    return true;
  }
  const calls = wholeNumber('calls', options.calls, 1);
  const seeds = Array.from({ length: wholeNumber('seeds', options.seeds, 1) }, (_, index) => index + 1);
  const recorders = {
    usual: { templates: await synthesizeTemplates() },
    asking: {
      templates: await synthesizeTemplates({ consent: 'ask', optOutKey: OPT_OUT_KEY }),
      keys: { asks: true, optOutKey: OPT_OUT_KEY },
    },
  };
  const run = async ({ setting, without }: Run): Promise<Verdict> => {
    const { verdict } = await runSimulations({
      calls,
      seeds,
      ...(setting === 'asked' ? recorders.asking : recorders.usual),
      operators: setting === 'operators',
      faults: setting === 'operators' ? LATE : FAULT_PROFILES.heavy,
      outage: undefined,
      without,
    });
    return verdict;
  };

  const table = new Table({
    head: [
      'without',
      'doubled',
      'for up to',
      'rows wrong',
      'rows lost',
      'not reported',
      'findings',
      'its own',
      '',
    ],
    style: { head: [], border: [] },
  });
  const figures: Record<string, object> = {};
  let allAsExpected = true;
  for (const one of RUNS) {
    const { label, foundOutBy } = one;
    const verdict = await run(one);
    const { answered, doubled, overlapMaxSeconds, rowsWrong, rowsLost, unrecordedUnflagged, findings } =
      verdict;
    const findingsOf = foundOutBy && findings.filter((finding) => foundOutBy.test(finding));
    const isAsExpected = findingsOf ? findingsOf.length > 0 : isRight(verdict);
    allAsExpected &&= isAsExpected;
    const outcome = findingsOf ? 'found out' : 'right';
    table.push([
      label,
      `${doubled} of ${answered}`,
      `${overlapMaxSeconds} s`,
      rowsWrong,
      rowsLost,
      unrecordedUnflagged,
      findings.length,
      findingsOf?.length ?? '',
      isAsExpected ? outcome : `NOT ${outcome.toUpperCase()}`,
    ]);
    figures[label] = {
      answered,
      doubled,
      overlapMaxSeconds,
      rowsWrong,
      rowsLost,
      unrecordedUnflagged,
      findings: findings.length,
      ...(findingsOf && { foundOutBy: findingsOf.length }),
    };
    if (!isAsExpected) {
      console.error(`Without ${label}:\n${findings.slice(0, 10).join('\n')}`);
    }
  }
  console.log(table.toString());
  if (options.json) {
    console.log(JSON.stringify({ calls: calls * seeds.length, ...figures }));
  }
  return allAsExpected;
}
