import Table from 'cli-table3';
import { FAULT_PROFILES } from '../faults/profile.ts';
import { readOptions, runCommand, wholeNumber } from '../usage.ts';
import { isRight, type Verdict } from '../verdict.ts';
import { GUARDS, type Guard, type GuardName } from './guards.ts';
import { runSimulations, synthesizeTemplates } from './simulations.ts';

const USAGE = `Shows that the simulation finds out when one of the recorder's guards is missing: it runs under heavy faults
with all of them, which has to be right, and without each in turn, which has to be found out by what the guard prevents.

  npm run simulate:guards -- [--calls N] [--seeds N] [--json]

  --calls N   calls of each seed (default 1000)
  --seeds N   how many seeds (default 2)
  --json      the last line of standard output is one JSON object
`;

const OPT_OUT_KEY = '9';

/** First with all guards, then without each in turn; those that count where callers are asked on their own. */
const RUNS = [false, true].flatMap((asked) => [
  { asked, name: undefined },
  ...(Object.keys(GUARDS) as GuardName[])
    .filter((name) => isOfAsking(GUARDS[name]) === asked)
    .map((name) => ({ asked, name })),
]);

function isOfAsking({ asked }: Guard): boolean {
  return asked === true;
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
  const run = async (asked: boolean, without?: GuardName): Promise<Verdict> => {
    const { verdict } = await runSimulations({
      calls,
      seeds,
      ...(asked ? recorders.asking : recorders.usual),
      faults: FAULT_PROFILES.heavy,
      outage: undefined,
      without: without && [without],
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
  for (const { asked, name } of RUNS) {
    const verdict = await run(asked, name);
    const { doubled, overlapMaxSeconds, rowsWrong, rowsLost, unrecordedUnflagged, findings } = verdict;
    const findingsOf = name && findings.filter((finding) => GUARDS[name].foundOutBy.test(finding));
    const isAsExpected = findingsOf ? findingsOf.length > 0 : isRight(verdict);
    allAsExpected &&= isAsExpected;
    const outcome = name === undefined ? 'right' : 'found out';
    const nothing = asked ? 'nothing, and callers are asked' : 'nothing';
    table.push([
      name ?? `(${nothing})`,
      doubled,
      `${overlapMaxSeconds} s`,
      rowsWrong,
      rowsLost,
      unrecordedUnflagged,
      findings.length,
      findingsOf?.length ?? '',
      isAsExpected ? outcome : `NOT ${outcome.toUpperCase()}`,
    ]);
    figures[name ?? nothing] = {
      doubled,
      overlapMaxSeconds,
      rowsWrong,
      rowsLost,
      unrecordedUnflagged,
      findings: findings.length,
      ...(findingsOf && { foundOutBy: findingsOf.length }),
    };
    if (!isAsExpected) {
      console.error(`Without ${name ?? nothing}:\n${findings.slice(0, 10).join('\n')}`);
    }
  }
  console.log(table.toString());
  if (options.json) {
    console.log(JSON.stringify({ calls: calls * seeds.length, ...figures }));
  }
  return allAsExpected;
}
