import { setTimeout as sleep } from 'node:timers/promises';
import { ROUTES } from '../../lambda/shared/contract.ts';
import { credentialsFromSeed } from '../../local/credentials.ts';
import type { HostEvent } from '../../local/host/events.ts';
import { type LocalRecorder, startLocalRecorder } from '../../local/recorder.ts';
import { type SimulatedCall, TwilioSimulator } from '../../local/twilio-simulator/simulator.ts';
import { judge } from '../../local/verdict.ts';
import { isCarried, type Step, stepOf } from './figures.ts';

/** How long each call lasts from its answer. */
export const TALK_MS = 3_000;
const APPLICATION = '<Response><Say>Welcome.</Say><Pause length="60"/></Response>';
/** The first calls of an environment compile its code. */
const WARM_UP = { rate: 4, seconds: 8 };
/** Environments of each function that are there from the start; more are made as they are needed. */
const PROVISIONED_CONCURRENCY = 12;
/** Each environment is a thread: what Lambda would run beyond that is throttled, as with an account that has no more. */
const CONCURRENCY = 100;
/** Whatever has not ended so long after the last call of a rate counts as lost. */
const PATIENCE_MS = 20_000;

export interface ClimbOptions {
  /** Calls a second, each higher than the one before. */
  readonly rates: readonly number[];
  /** How long each rate lasts. */
  readonly seconds: number;
  readonly seed: number;
  /** Told of each call that is placed, those that warm up included. */
  readonly onPlaced: (rate: number) => void;
}

export const callsOf = ({ rates, seconds }: Pick<ClimbOptions, 'rates' | 'seconds'>): number =>
  rates.reduce((sum, rate) => sum + rate * seconds, WARM_UP.rate * WARM_UP.seconds);

/** One rate after the other through the hosted template, up to the first that is too much. */
export async function climb({ rates, seconds, seed, onPlaced }: ClimbOptions): Promise<readonly Step[]> {
  const credentials = credentialsFromSeed(seed);
  const heard = new Heard();
  await using simulator = await TwilioSimulator.start({ seed, credentials });
  await using recorder = await startLocalRecorder({
    twilioApiBaseUrl: simulator.url,
    credentials,
    notice: true,
    schedules: 'off',
    provisionedConcurrency: PROVISIONED_CONCURRENCY,
    concurrency: CONCURRENCY,
    onEvent: (event) => heard.add(event),
  });
  const voiceUrl = recorder.voiceUrl(simulator.hostApplication(APPLICATION));
  const place = async (rate: number, lasting: number) => {
    const cpu = process.cpuUsage();
    const begun = performance.now();
    const calls: SimulatedCall[] = [];
    for (let index = 0; index < rate * lasting; index += 1) {
      await sleep(Math.max(0, begun + (index * 1000) / rate - performance.now()));
      calls.push(
        simulator.placeCall({ from: '+15550200123', to: '+15550100100', voiceUrl, talkMs: TALK_MS }),
      );
      onPlaced(rate);
    }
    const { user, system } = process.cpuUsage(cpu);
    const placing = { wallMs: performance.now() - begun, processorMs: (user + system) / 1000 };
    await Promise.race([
      simulator.idle().then(() => recorder.host.idle()),
      sleep(TALK_MS + PATIENCE_MS, undefined, { ref: false }),
    ]);
    const unfinished = calls.filter(({ sid }) => recorder.host.executions.get(sid)?.status === 'RUNNING');
    return { calls, ...placing, unfinished: unfinished.length };
  };
  await place(WARM_UP.rate, WARM_UP.seconds);
  const steps: Step[] = [];
  for (const rate of rates) {
    heard.forget();
    const { calls, ...counted } = await place(rate, seconds);
    const step = stepOf(rate, {
      ...counted,
      verdict: judge(calls, await rowsOf(recorder, calls)),
      timesToRecording: calls.flatMap(({ createdAt, recordings: [first] }) =>
        first ? [first.startedAt - createdAt] : [],
      ),
      webhookTimes: heard.webhookTimes,
      throttled: heard.throttled,
    });
    steps.push(step);
    if (!isCarried(step)) break;
  }
  return steps;
}

async function rowsOf(recorder: LocalRecorder, calls: readonly SimulatedCall[]) {
  const sids = new Set(calls.map(({ sid }) => sid));
  return (await recorder.rows()).filter(({ CallSid }) => sids.has(CallSid));
}

/** What the host told since it was last forgotten. */
class Heard {
  webhookTimes: number[] = [];
  throttled = 0;

  add(event: HostEvent): void {
    if (event.type === 'httpResponse' && event.routeKey?.startsWith(`POST ${ROUTES.voice}`)) {
      this.webhookTimes.push(event.ms);
      this.throttled += event.status === 429 || event.status === 503 ? 1 : 0;
    }
    if (event.type === 'stateFailed' && event.error === 'Lambda.TooManyRequestsException') {
      this.throttled += 1;
    }
  }

  forget(): void {
    this.webhookTimes = [];
    this.throttled = 0;
  }
}
