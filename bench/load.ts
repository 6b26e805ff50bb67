import { availableParallelism } from 'node:os';
import { Presets, SingleBar } from 'cli-progress';
import Table from 'cli-table3';
import { readOptions, runCommand, UsageError, wholeNumber } from '../local/usage.ts';
import { callsOf, climb, TALK_MS } from './load/climb.ts';
import { highestCarried, isCarried, SLOW_MS, type Step } from './load/figures.ts';

const USAGE = `Calls a second through the whole local stack, at growing rates, until something is lost or callers wait.

  npm run bench:load -- [--rates R,R,...] [--seconds N] [--seed S] [--json]

  --rates R,R,...  calls a second, one rate after the other (default 5,10,15,20,30,40,60,80)
  --seconds N      how long each rate lasts (default 10)
  --seed S         repeats a run (default 1)
  --json           the last line of standard output is one JSON object

It ends with 1 when already the first rate is too much.
`;

const SECONDS_LIMIT = 60;

await runCommand(main, USAGE);

/** Whether the first rate was carried. */
async function main(): Promise<boolean> {
  const options = readOptions({
    rates: { type: 'string', default: '5,10,15,20,30,40,60,80' },
    seconds: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  });
  if (options.help) {
    console.log(USAGE);
    return true;
  }
  const rates = options.rates.split(',').map((rate) => wholeNumber('rates', rate, 1));
  if (rates.some((rate, index) => rate <= (rates[index - 1] ?? 0))) {
    throw new UsageError(`--rates is '${options.rates}'; each has to be higher than the one before.`);
  }
  const seconds = wholeNumber('seconds', options.seconds, 1, SECONDS_LIMIT);
  const seed = wholeNumber('seed', options.seed, 0);

  const bar = new SingleBar(
    { format: '{bar} {value}/{total} calls placed, {rate} a second', stream: process.stderr },
    Presets.shades_classic,
  );
  bar.start(callsOf({ rates, seconds }), 0, { rate: 0 });
  const onPlaced = (rate: number): void => bar.increment({ rate });
  const steps = await climb({ rates, seconds, seed, onPlaced }).finally(() => bar.stop());
  console.log(
    `${availableParallelism()} processors, Node.js ${process.version}; calls of ${TALK_MS / 1000} s with a notice, ${seconds} s of each rate. Twilio is simulated, with its latency; AWS's is this machine's.`,
  );
  console.log(tableOf(steps));
  const highest = highestCarried(steps);
  console.log(
    highest === undefined
      ? `Already ${rates[0]} calls a second were too much.`
      : `Carried up to ${highest} calls a second: nothing lost or wrong, and 99 in 100 voice webhooks answered within ${SLOW_MS / 1000} s.`,
  );
  for (const finding of steps.flatMap(({ verdict }) => verdict.findings.slice(0, 5))) console.log(finding);
  if (options.json) {
    console.log(
      JSON.stringify({ seed, seconds, highestCarried: highest ?? null, steps: steps.map(figuresOf) }),
    );
  }
  return highest !== undefined;
}

/** Without the findings, which are lines for people. */
function figuresOf({ verdict: { findings, ...verdict }, ...step }: Step): object {
  return { ...step, verdict: { ...verdict, findings: findings.length } };
}

function tableOf(steps: readonly Step[]): string {
  const table = new Table({
    head: [
      'calls/s',
      'placed/s',
      'calls',
      'answered',
      'recorded',
      'rows lost, wrong',
      'doubled',
      'time to recording p50/p95/p99',
      'webhook p50/p99',
      'unfinished',
      'throttled',
      'processors',
      '',
    ],
    style: { head: [], border: [], compact: true },
  });
  for (const step of steps) {
    const { verdict, timeToRecordingMs: time, webhookMs } = step;
    table.push([
      step.rate,
      step.placed,
      verdict.calls,
      verdict.answered,
      verdict.recorded,
      `${verdict.rowsLost}, ${verdict.rowsWrong}`,
      verdict.doubled,
      `${time.p50} / ${time.p95} / ${time.p99} ms`,
      `${webhookMs.p50} / ${webhookMs.p99} ms`,
      step.unfinished,
      step.throttled,
      step.processors,
      isCarried(step) ? 'carried' : 'too much',
    ]);
  }
  return table.toString();
}
