import { parseArgs } from 'node:util';
import { Presets, SingleBar } from 'cli-progress';
import { runManyCalls, summaryTable } from './many-calls.ts';
import { runOneCall } from './one-call.ts';
import { serveRecorder } from './serve.ts';
import { UsageError } from './usage-error.ts';
import { isRight } from './verdict.ts';

const USAGE = `The call recorder on this machine, with a simulated Twilio. No account is needed.

  npm start                                    one incoming call, its timeline and its rows
  npm start -- --calls N [--seed S] [--json]   N calls of many kinds, held against the truth
  npm start -- --serve [--port P]              stays up until Ctrl-C

  --seed S           repeats a run (default 1)
  --json             the last line of standard output is one JSON object
  --twilio-api URL   with --serve: a server that speaks Twilio's REST API, the real one included; credentials come
                     from TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_API_KEY and TWILIO_API_SECRET
  --public-url URL   with --serve: where Twilio reaches this machine, for example a tunnel
`;

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  if (!(error instanceof UsageError)) {
    throw error;
  }
  console.error(`${error.message}\n\n${USAGE}`);
  process.exitCode = 2;
}

/** Whether all went as it should. */
async function main(): Promise<boolean> {
  const options = read();
  if (options.help) {
    console.log(USAGE);
    return true;
  }
  const seed = wholeNumber('seed', options.seed ?? '1', 0);
  if (options.serve) {
    await serveRecorder({
      port: wholeNumber('port', options.port ?? '3000', 0),
      seed,
      twilioApiUrl: url('twilio-api', options['twilio-api']),
      publicUrl: url('public-url', options['public-url']),
    });
    return true;
  }
  if (options.calls === undefined) {
    return runOneCall(seed, console.log);
  }
  const calls = wholeNumber('calls', options.calls, 1);
  // The bar is for people; it goes to standard error and only to a terminal.
  const bar = new SingleBar(
    { format: '{bar} {value}/{total} calls ended, {duration_formatted}', stream: process.stderr },
    Presets.shades_classic,
  );
  bar.start(calls, 0);
  const run = await runManyCalls(calls, seed, (ended) => bar.update(ended)).finally(() => bar.stop());
  console.log(summaryTable(run));
  const { findings, ...figures } = run.verdict;
  for (const finding of findings) {
    console.log(finding);
  }
  if (options.json) {
    console.log(JSON.stringify({ seed, ...figures }));
  }
  return isRight(run.verdict);
}

function read() {
  try {
    return parseArgs({
      options: {
        calls: { type: 'string' },
        seed: { type: 'string' },
        json: { type: 'boolean' },
        serve: { type: 'boolean' },
        port: { type: 'string' },
        'twilio-api': { type: 'string' },
        'public-url': { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function wholeNumber(name: string, text: string, minimum: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < minimum) {
    throw new UsageError(`--${name} is '${text}'; it takes a whole number from ${minimum} up.`);
  }
  return value;
}

function url(name: string, text: string | undefined): string | undefined {
  if (text !== undefined && !/^https?:\/\/[^/]+$/.test(text)) {
    throw new UsageError(`--${name} is '${text}'; it takes scheme and host, such as https://api.twilio.com.`);
  }
  return text;
}
