import { setTimeout as sleep } from 'node:timers/promises';
import Table from 'cli-table3';
import { httpHandler } from '../lambda/shared/clients/http.ts';
import { twilioApi } from '../lambda/twilio/api.ts';
import { credentialsFromSeed } from '../local/credentials.ts';
import { NO_TELEMETRY } from '../local/no-telemetry.ts';
import { mean, type Percentiles, percentiles } from '../local/percentiles.ts';
import { startLocalRecorder } from '../local/recorder.ts';
import { Dice, type Distribution } from '../local/twilio-simulator/random.ts';
import {
  type CallScript,
  DEFAULT_NETWORK,
  type SimulatedCall,
  TwilioSimulator,
} from '../local/twilio-simulator/simulator.ts';
import { orExit, readOptions, wholeNumber } from '../local/usage.ts';
import { lostAudioMs } from '../local/verdict.ts';
import { AWS_LATENCY, awsLatency } from './aws-latency.ts';
import { POLICIES } from './start/policies.ts';
import { startPolicyWebhook } from './start/policy-webhook.ts';

/*
 * Audio lost at the start of calls: from the first moment at which Twilio would accept a create to the accepted one. The
 * recorder is the synthesized app with its real handlers; each other policy answers the same calls over the same seeded
 * network with the same TwiML. The network is a model, printed below; nobody has measured Twilio's.
 */

const {
  calls,
  longRingCalls,
  seed: SEED,
  json,
} = orExit(() => {
  const options = readOptions({
    calls: { type: 'string', default: '200' },
    'long-ring-calls': { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  });
  return {
    calls: wholeNumber('calls', options.calls, 1),
    longRingCalls: wholeNumber('long-ring-calls', options['long-ring-calls'], 1),
    seed: wholeNumber('seed', options.seed, 0),
    json: options.json,
  };
}, 'npm run bench:start -- [--calls N] [--long-ring-calls N] [--seed S] [--json]');

const credentials = credentialsFromSeed(SEED);
const CALLS_PER_SECOND = 8;
const TALK_MS = 8_000;
const APPLICATION = '<Response><Say>Welcome. How can we help you today?</Say><Pause length="60"/></Response>';
const DESK = '<Response><Dial answerOnBridge="true" timeout="60">+15550100200</Dial></Response>';
const NOTICE_AND_APPLICATION = '<Response><Say>This call is recorded.</Say><Pause length="60"/></Response>';

interface Figures extends Percentiles {
  readonly creates: number;
  readonly recorded: number;
  readonly calls: number;
}

function figuresOf(calls: readonly SimulatedCall[]): Figures {
  const recorded = calls.filter(({ recordings }) => recordings.length > 0);
  return {
    ...percentiles(recorded.flatMap((call) => lostAudioMs(call) ?? [])),
    creates: mean(recorded.map(({ creates }) => creates.length)),
    recorded: recorded.length,
    calls: calls.length,
  };
}

async function place(
  simulator: TwilioSimulator,
  calls: number,
  script: (index: number) => Omit<CallScript, 'from' | 'to'>,
) {
  const begun = performance.now();
  const placed: SimulatedCall[] = [];
  for (let index = 0; index < calls; index++) {
    await sleep(Math.max(0, begun + (index * 1000) / CALLS_PER_SECOND - performance.now()));
    placed.push(simulator.placeCall({ from: '+15550200123', to: '+15550100100', ...script(index) }));
  }
  await simulator.idle();
  return placed;
}

async function measureOurs(
  notice: boolean,
  startWith: 'api' | 'twiml',
  calls: number,
  script: (index: number) => Omit<CallScript, 'from' | 'to' | 'voiceUrl'>,
): Promise<Figures> {
  await using simulator = await TwilioSimulator.start({ seed: SEED, credentials });
  await using recorder = await startLocalRecorder({
    twilioApiBaseUrl: simulator.url,
    credentials,
    notice,
    startWith,
    // A policy other than ours is spared all of it.
    latency: awsLatency(SEED),
    provisionedConcurrency: 32,
  });
  const voiceUrl = recorder.voiceUrl(simulator.hostApplication(notice ? APPLICATION : DESK));
  // The first calls of an environment compile its code; what a cold start costs is another benchmark.
  await place(simulator, 40, () => ({
    voiceUrl,
    talkMs: 1_500,
    dialled: { ringMs: 100, outcome: 'answers', talkMs: 1_500 },
  }));
  const placed = await place(simulator, calls, (index) => ({ ...script(index), voiceUrl }));
  await recorder.host.idle();
  return figuresOf(placed);
}

async function measurePolicy(name: string, calls: number): Promise<Figures> {
  await using simulator = await TwilioSimulator.start({ seed: SEED, credentials });
  const twilio = twilioApi(
    { http: httpHandler(), telemetry: NO_TELEMETRY },
    credentials,
    simulator.url,
    30_000,
  );
  const policy = POLICIES[name];
  if (!policy) {
    throw new Error(`There is no policy ${name}`);
  }
  await using webhook = await startPolicyWebhook(policy, twilio, NOTICE_AND_APPLICATION);
  return figuresOf(await place(simulator, calls, () => ({ voiceUrl: webhook.url, talkMs: TALK_MS })));
}

console.error(
  `${calls} answered calls with the recorder, as many with startWith 'twiml', ${longRingCalls} that ring for about 30 s, then the other policies...`,
);
const ours = await measureOurs(true, 'api', calls, () => ({ talkMs: TALK_MS }));
const twiml = await measureOurs(true, 'twiml', calls, () => ({ talkMs: TALK_MS }));
const longRing = await measureOurs(false, 'api', longRingCalls, (index) => ({
  dialled: {
    ringMs: new Dice(SEED, `ring ${index}`).draw('ring', [28_000, 32_000]),
    outcome: 'answers',
    talkMs: 4_000,
  },
}));
const policies = Object.fromEntries(
  await Promise.all(
    Object.keys(POLICIES).map(async (name) => [name, await measurePolicy(name, calls)] as const),
  ),
);

const shown = (distribution: Distribution): string => JSON.stringify(distribution).replaceAll('"', '');
console.log('The modelled network, in ms:');
console.log(
  `  Twilio  ${Object.entries(DEFAULT_NETWORK)
    .map(([name, value]) => `${name} ${shown(value)}`)
    .join(', ')}`,
);
console.log(
  `  AWS     ${Object.entries(AWS_LATENCY)
    .map(([name, value]) => `${name} ${shown(value)}`)
    .join(', ')}`,
);
const table = new Table({
  head: ['policy', 'recorded', 'lost audio p50', 'p95', 'p99', 'creates', 'p50 / ours'],
  style: { head: [], border: [] },
});
const row = (name: string, figures: Figures): void => {
  const { recorded, p50, p95, p99, creates } = figures;
  table.push([
    name,
    `${recorded} of ${figures.calls}`,
    `${p50} ms`,
    `${p95} ms`,
    `${p99} ms`,
    creates,
    (p50 / ours.p50).toFixed(1),
  ]);
};
row('ours', ours);
row('ours, startWith twiml', twiml);
for (const [name, figures] of Object.entries(policies)) {
  row(name, figures);
}
row('ours, ringing 30 s', longRing);
console.log(table.toString());
if (json) {
  console.log(JSON.stringify({ ours, twiml, longRing, policies }));
}
