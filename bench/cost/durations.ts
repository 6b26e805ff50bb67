import { setTimeout as sleep } from 'node:timers/promises';
import { credentialsFromSeed } from '../../local/credentials.ts';
import type { HostEvent } from '../../local/host/events.ts';
import { mean } from '../../local/percentiles.ts';
import { startLocalRecorder } from '../../local/recorder.ts';
import { TwilioSimulator } from '../../local/twilio-simulator/simulator.ts';
import { awsLatency } from '../aws-latency.ts';

const CALLS_PER_SECOND = 4;
/** The first calls of an environment compile its code. */
const WARM_UP_CALLS = 24;
const ENVIRONMENTS = 8;
const TALK_MS = 3_000;
const APPLICATION = '<Response><Say>Welcome.</Say><Pause length="60"/></Response>';

/**
 * Runs calls through the bundles on this machine, a few at a time and with AWS's and Twilio's latencies modelled, and
 * returns the mean duration of each function's warm invocations, in ms, by its logical id: the mean is what is billed.
 */
export async function measureDurations(
  calls: number,
  seed: number,
  onProgress: (placed: number) => void,
): Promise<ReadonlyMap<string, number>> {
  const durations = new Map<string, number[]>();
  let isWarm = false;
  const onEvent = (event: HostEvent): void => {
    if (!isWarm || event.type !== 'invocationEnded') return;
    durations.set(event.function, [...(durations.get(event.function) ?? []), event.ms]);
  };
  const credentials = credentialsFromSeed(seed);
  await using simulator = await TwilioSimulator.start({ seed, credentials });
  await using recorder = await startLocalRecorder({
    twilioApiBaseUrl: simulator.url,
    credentials,
    notice: true,
    schedules: 'off',
    latency: awsLatency(seed),
    provisionedConcurrency: ENVIRONMENTS,
    onEvent,
  });
  const voiceUrl = recorder.voiceUrl(simulator.hostApplication(APPLICATION));
  const place = async (count: number, progress: (placed: number) => void): Promise<void> => {
    for (let index = 0; index < count; index += 1) {
      simulator.placeCall({ from: '+15550200123', to: '+15550100100', voiceUrl, talkMs: TALK_MS });
      progress(index + 1);
      await sleep(1000 / CALLS_PER_SECOND);
    }
    await simulator.idle();
    await recorder.host.idle();
  };
  await place(WARM_UP_CALLS, () => undefined);
  isWarm = true;
  await place(calls, onProgress);
  return new Map([...durations].map(([name, each]) => [name, mean(each)]));
}
