import { Presets, SingleBar } from 'cli-progress';
import { type FaultProfile, isFaultless, readFaultProfile } from './faults/profile.ts';
import { readOptions, runCommand, UsageError, wholeNumber } from './usage.ts';
import { isRight } from './verdict.ts';

const USAGE = `The call recorder on this machine, with a simulated Twilio. No account is needed.

  npm start                                    one incoming call, its timeline and its rows
  npm start -- --calls N [--seed S] [--json]   N calls of many kinds, held against the truth
  npm start -- --serve [--port P]              stays up until Ctrl-C, with a page that shows it

  --faults PROFILE   with --calls: how much goes wrong at AWS and at Twilio: none (the default), light or heavy;
                     with faults a run takes some minutes more, since callbacks may be two minutes late
  --fault NAME=SHARE with --calls: how often one thing does, 0 to 1, such as callbackLost=0.5 or tokenRotation=on;
                     may be given several times
  --seed S           repeats a run (default 1)
  --json             the last line of standard output is one JSON object
  --twilio-api URL   with --serve: a server that speaks Twilio's REST API, the real one included; credentials come
                     from TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_API_KEY and TWILIO_API_SECRET
  --public-url URL   with --serve: where Twilio reaches this machine, for example a tunnel
`;

await runCommand(main, USAGE);

/** Whether all went as it should. What takes seconds to load is loaded once it is known what to do. */
async function main(): Promise<boolean> {
  const options = readOptions({
    calls: { type: 'string' },
    seed: { type: 'string' },
    json: { type: 'boolean' },
    faults: { type: 'string' },
    fault: { type: 'string', multiple: true },
    serve: { type: 'boolean' },
    port: { type: 'string' },
    'twilio-api': { type: 'string' },
    'public-url': { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  });
  if (options.help) {
    console.log(USAGE);
    return true;
  }
  const only = (mode: 'serve' | 'calls', ...dependent: (keyof typeof options)[]): void => {
    const stray = dependent.find((name) => options[name] !== undefined);
    if (options[mode] === undefined && stray) {
      throw new UsageError(`--${stray} goes with --${mode}.`);
    }
  };
  only('serve', 'port', 'twilio-api', 'public-url');
  only('calls', 'json', 'faults', 'fault');
  if (options.serve && options.calls !== undefined) {
    throw new UsageError('--serve and --calls exclude each other.');
  }
  const seed = wholeNumber('seed', options.seed ?? '1', 0);
  if (options.serve) {
    const serving = {
      port: wholeNumber('port', options.port ?? '3000', 0, 65_535),
      seed,
      twilioApiUrl: origin('twilio-api', options['twilio-api']),
      publicUrl: origin('public-url', options['public-url']),
    };
    const { serveRecorder } = await import('./serve.ts');
    await serveRecorder(serving);
    return true;
  }
  if (options.calls === undefined) {
    const { runOneCall } = await import('./one-call.ts');
    return runOneCall(seed, console.log);
  }
  return judgeManyCalls(
    wholeNumber('calls', options.calls, 1),
    seed,
    readFaultProfile(options.faults ?? 'none', options.fault ?? []),
    options.json === true,
  );
}

async function judgeManyCalls(
  calls: number,
  seed: number,
  faults: FaultProfile,
  json: boolean,
): Promise<boolean> {
  // The bar is for people; it goes to standard error and only to a terminal.
  const bar = new SingleBar(
    { format: '{bar} {value}/{total} calls ended, {duration_formatted}', stream: process.stderr },
    Presets.shades_classic,
  );
  bar.start(calls, 0);
  const onProgress = (ended: number): void => bar.update(ended);
  const { runManyCalls, summaryTable } = await import('./many-calls.ts');
  const run = await runManyCalls({ calls, seed, faults, onProgress }).finally(() => bar.stop());
  console.log(summaryTable(run));
  const { findings, ...figures } = run.verdict;
  for (const finding of findings) {
    console.log(finding);
  }
  if (json) {
    console.log(JSON.stringify({ seed, ...(!isFaultless(faults) && { faults }), ...figures }));
  }
  return isRight(run.verdict);
}

function origin(option: string, text: string | undefined): string | undefined {
  if (text !== undefined && !/^https?:\/\/[^/]+$/.test(text)) {
    throw new UsageError(
      `--${option} is '${text}'; it takes scheme and host, such as https://api.twilio.com.`,
    );
  }
  return text;
}
