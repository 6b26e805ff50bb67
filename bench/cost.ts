import { readFile } from 'node:fs/promises';
import { Presets, SingleBar } from 'cli-progress';
import * as v from 'valibot';
import { readStack } from '../local/host/stack.ts';
import { functionIdOf } from '../local/simulation/cloud.ts';
import { TWILIO_URL } from '../local/simulation/run.ts';
import { synthesizeTemplate } from '../local/simulation/template.ts';
import { readOptions, runCommand, UsageError, wholeNumber } from '../local/usage.ts';
import { billOf, onTopOf, totalOf, twilioDollars } from './cost/bill.ts';
import { measureDurations } from './cost/durations.ts';
import { measureCalls } from './cost/measure.ts';
import { NAIVE_DESIGN, NAIVE_USAGE } from './cost/naive.ts';
import { comparison, dollars, durations, monthly, onTop, priceList } from './cost/report.ts';
import { monthlyBill, standingOf } from './cost/standing.ts';
import { LIMIT_DOLLARS, type Usage } from './cost/usage.ts';
import { rounded } from './statistics.ts';

const USAGE = `Dollars for a million calls: what one call makes AWS do, times list prices, beside a naive design.

  npm run bench:cost -- [--calls N] [--timed-calls N] [--durations FILE] [--seed S] [--json]

  --calls N         calls that are counted, in virtual time (default 200)
  --timed-calls N   calls that are run on this machine for the functions' durations (default 40)
  --durations FILE  takes the durations from a JSON file instead, such as CloudWatch's averages, in ms:
                    {"voice-webhook": 30, "start-recording": 500, "await-outcome": 15, "recording-status": 40}
  --seed S          repeats a run (default 1)
  --json            the last line of standard output is one JSON object

It ends with 1 when a million calls cost more than ${dollars(LIMIT_DOLLARS)}.
`;

const MINUTES = 3;

const Durations = v.record(v.string(), v.pipe(v.number(), v.minValue(0)));

await runCommand(main, USAGE);

/** Whether the cost stays below the limit. */
async function main(): Promise<boolean> {
  const options = readOptions({
    calls: { type: 'string', default: '200' },
    'timed-calls': { type: 'string', default: '40' },
    durations: { type: 'string' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  });
  if (options.help) {
    console.log(USAGE);
    return true;
  }
  const calls = wholeNumber('calls', options.calls, 1);
  const timedCalls = wholeNumber('timed-calls', options['timed-calls'], 1);
  const seed = wholeNumber('seed', options.seed, 0);
  const given = options.durations === undefined ? undefined : await readDurations(options.durations);

  const template = await synthesizeTemplate({ twilioApiBaseUrl: TWILIO_URL, notice: true });
  const measured = await measureCalls({ template, calls, seed, talkMs: MINUTES * 60_000 });
  const { design } = measured;
  const billed = withDurations(
    measured.usage,
    given ?? (await timed(timedCalls, seed, (logicalId) => functionIdOf(template, { logicalId }))),
  );
  const ours = billOf(billed, design);
  const naive = billOf(NAIVE_USAGE, NAIVE_DESIGN);
  const keeping = onTopOf(billed, design);
  const sweepDesign = design.functions.sweep;
  if (!sweepDesign) throw new Error('The template has no sweep');
  const standing = standingOf(readStack(template, TWILIO_URL));
  const eachMonth = monthlyBill(standing, measured.metrics, measured.sweep, sweepDesign);

  const states = Object.entries(measured.states).map(([name, times]) => `${name} ${times}`);
  console.log(
    `A call: incoming, answered by the notice, recorded, ${MINUTES} minutes, nothing fails. ${calls} of them counted.`,
  );
  console.log(`States entered: ${states.join(', ')}. Requests to Twilio: ${measured.twilioRequests}.\n`);
  console.log(comparison(ours, naive));
  console.log(`Twilio itself, call and recording: ${dollars(twilioDollars(MINUTES))}.\n`);
  console.log(onTop(keeping));
  console.log(monthly(eachMonth));
  console.log(
    `\nDurations are estimates: ${given ? 'as they were given' : `means of warm invocations on this machine, Node.js ${process.version}, with Twilio's and AWS's latencies modelled`}.`,
  );
  console.log(durations(billed, measured.usage, design));
  console.log(`\n${priceList()}`);
  if (options.json) {
    console.log(
      JSON.stringify({
        dollars: rounded(totalOf(ours), 2),
        naive: rounded(totalOf(naive), 2),
        twilio: rounded(twilioDollars(MINUTES), 2),
        monthly: rounded(totalOf(eachMonth), 2),
        lines: { ours, naive, onTop: keeping, monthly: eachMonth },
        usage: billed,
        states: measured.states,
        twilioRequests: measured.twilioRequests,
      }),
    );
  }
  return totalOf(ours) <= LIMIT_DOLLARS;
}

/** Means on this machine, by the function's folder. */
async function timed(
  calls: number,
  seed: number,
  nameOf: (logicalId: string) => string,
): Promise<Readonly<Record<string, number>>> {
  const bar = new SingleBar(
    { format: '{bar} {value}/{total} calls placed', stream: process.stderr },
    Presets.shades_classic,
  );
  bar.start(calls, 0);
  const means = await measureDurations(calls, seed, (placed) => bar.update(placed)).finally(() => bar.stop());
  return Object.fromEntries([...means].map(([logicalId, ms]) => [nameOf(logicalId), ms]));
}

/** Lambda bills whole milliseconds. @throws UsageError naming a function whose duration is missing */
function withDurations(usage: Usage, milliseconds: Readonly<Record<string, number>>): Usage {
  const functions = Object.entries(usage.functions).map(([name, { invocations }]) => {
    const each = milliseconds[name];
    if (each === undefined) throw new UsageError(`There is no duration of ${name}.`);
    return [name, { invocations, milliseconds: Math.ceil(each) }] as const;
  });
  return { ...usage, functions: Object.fromEntries(functions) };
}

async function readDurations(file: string): Promise<Readonly<Record<string, number>>> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new UsageError(`--durations is '${file}', which cannot be read.`);
  });
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Durations), text);
  if (!parsed.success) {
    throw new UsageError(`--durations is '${file}'; it takes a JSON object of milliseconds by function.`);
  }
  return parsed.output;
}
