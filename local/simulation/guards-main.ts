import Table from 'cli-table3';
import { FAULT_PROFILES } from '../faults/profile.ts';
import { readOptions, runCommand, wholeNumber } from '../usage.ts';
import { isRight, type Verdict } from '../verdict.ts';
import { GUARDS, type GuardName } from './guards.ts';
import { runSimulations, synthesizeTemplates } from './simulations.ts';

const USAGE = `Shows that the simulation finds out when one of the recorder's guards is missing: it runs under heavy faults
with all of them, which has to be right, and without each in turn, which must not be.

  npm run simulate:guards -- [--calls N] [--seeds N] [--json]

  --calls N   calls of each seed (default 1000)
  --seeds N   how many seeds (default 2)
  --json      the last line of standard output is one JSON object
`;

const NAMES = Object.keys(GUARDS) as GuardName[];

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
  const templates = await synthesizeTemplates();
  const run = async (without?: GuardName): Promise<Verdict> => {
    const { verdict } = await runSimulations({
      calls,
      seeds,
      templates,
      faults: FAULT_PROFILES.heavy,
      outage: undefined,
      without,
    });
    return verdict;
  };

  const table = new Table({
    head: ['without', 'doubled', 'for up to', 'rows wrong', 'rows lost', 'not reported', 'findings', ''],
    style: { head: [], border: [] },
  });
  const figures: Record<string, object> = {};
  let allAsExpected = true;
  for (const name of [undefined, ...NAMES]) {
    const verdict = await run(name);
    const { doubled, overlapMaxSeconds, rowsWrong, rowsLost, unrecordedUnflagged, findings } = verdict;
    const isAsExpected = isRight(verdict) === (name === undefined);
    allAsExpected &&= isAsExpected;
    const outcome = name === undefined ? 'right' : 'found out';
    table.push([
      name ?? '(nothing)',
      doubled,
      `${overlapMaxSeconds} s`,
      rowsWrong,
      rowsLost,
      unrecordedUnflagged,
      findings.length,
      isAsExpected ? outcome : `NOT ${outcome.toUpperCase()}`,
    ]);
    figures[name ?? 'nothing'] = {
      doubled,
      overlapMaxSeconds,
      rowsWrong,
      rowsLost,
      unrecordedUnflagged,
      findings: findings.length,
    };
    if (!isAsExpected) {
      console.error(`Without ${name ?? 'nothing'}:\n${findings.slice(0, 10).join('\n')}`);
    }
  }
  console.log(table.toString());
  if (options.json) {
    console.log(JSON.stringify({ calls: calls * seeds.length, ...figures }));
  }
  return allAsExpected;
}
