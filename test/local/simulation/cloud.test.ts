import { beforeAll, describe, expect, test } from '@jest/globals';
import { credentialsFromSeed, secretValue } from '../../../local/credentials.ts';
import { type CloudFaults, cloudFaults, NO_CLOUD_FAULTS } from '../../../local/faults/cloud-faults.ts';
import { FAULT_PROFILES } from '../../../local/faults/profile.ts';
import type { CloudFormationTemplate } from '../../../local/host/template.ts';
import { type Cloud, type CloudOptions, createCloud } from '../../../local/simulation/cloud.ts';
import { createConnectedCloud } from '../../../local/simulation/connected-cloud.ts';
import { historyLines } from '../../../local/simulation/history.ts';
import { TWILIO_URL } from '../../../local/simulation/run.ts';
import { synthesizeTemplate } from '../../../local/simulation/template.ts';
import { VirtualTime } from '../../../local/simulation/virtual-time.ts';
import type { SimulatorEvent } from '../../../local/twilio-simulator/events.ts';
import type { CallScript, SimulatedCall } from '../../../local/twilio-simulator/simulator.ts';
import { CALL_SID, START } from './support.ts';

const APPLICATION = '<Response><Say>Welcome.</Say><Pause length="60"/></Response>';
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

let template: CloudFormationTemplate;

beforeAll(async () => {
  template = await synthesizeTemplate({ twilioApiBaseUrl: TWILIO_URL, notice: true });
}, 180_000);

interface Run {
  readonly cloud: Cloud;
  readonly calls: readonly SimulatedCall[];
  /** Everything that was done for each call, and what is left. */
  readonly text: string;
}

/** Places calls, one every 100 ms, and waits until everything about them is over. */
async function run(
  count: number,
  seed: number,
  options: Partial<CloudOptions> = {},
  script: Partial<CallScript> = {},
): Promise<Run> {
  using time = VirtualTime.install({ startAt: START, seed });
  const { simulator, cloud } = await createConnectedCloud({ template, seed, ...options });
  using _ = cloud;
  const events = new Map<string | undefined, SimulatorEvent[]>();
  simulator.onEvent((event) => events.set(event.callSid, [...(events.get(event.callSid) ?? []), event]));
  const voiceUrl = cloud.voiceUrl(simulator.hostApplication(APPLICATION));
  const calls: SimulatedCall[] = [];
  const story = async () => {
    for (let index = 0; index < count; index += 1) {
      const from = `+1555020${String(index).padStart(4, '0')}`;
      calls.push(simulator.placeCall({ from, to: '+15550100100', voiceUrl, talkMs: 3_000, ...script }));
      await sleep(100);
    }
    await simulator.idle();
    await cloud.idle();
  };
  await time.settle(story());
  const lines = calls.flatMap(({ sid }) => historyLines(cloud.history.of(sid), events.get(sid) ?? [], START));
  return { cloud, calls, text: [...lines, JSON.stringify(cloud.rows())].join('\n') };
}

const errorsOf = ({ calls }: Run) => calls.flatMap(({ errorsHeard }) => errorsHeard);

describe('the simulated cloud', () => {
  test('records hundreds of calls when nothing goes wrong', async () => {
    const { cloud, calls } = await run(300, 1);
    const rows = new Map(cloud.rows().flatMap((row) => (row.Item === 'CALL' ? [[row.CallSid, row]] : [])));
    for (const { sid, recordings } of calls) {
      const [recording] = recordings;
      expect(recordings).toHaveLength(1);
      expect(rows.get(sid)).toMatchObject({
        RecordingSid: recording?.sid,
        RecordingStatus: 'completed',
        RecordingDuration: recording?.durationSeconds,
      });
    }
    expect(new Set([...cloud.executions.values()].map(({ status }) => status))).toEqual(
      new Set(['SUCCEEDED']),
    );
    expect([...cloud.queues.values()].flatMap(({ messages }) => messages)).toEqual([]);
  });

  test('tells the same story to the byte for the same seed, faults included', async () => {
    const faulty = (seed: number) => run(60, seed, { faults: cloudFaults(FAULT_PROFILES.heavy, seed) });
    const [first, again, other] = [await faulty(1), await faulty(1), await faulty(2)];
    expect(again.text).toBe(first.text);
    expect(other.text).not.toBe(first.text);
    expect(first.text).toMatch(/crash=true/);
  });

  test('shows a call’s story', async () => {
    const { text } = await run(1, 1);
    expect(text).toMatch(/ ms {2}twilio {2}webhook-sent {2}callSid=CA/);
    expect(text).toMatch(/ ms {2}gateway webhook-0000001 {2}webhook {2}\/voice {2}done {2}httpStatus=200/);
    expect(text).toMatch(
      /start-recording request-\d+ {2}twilio {2}POST \/Calls\/\{sid\}\/Recordings\.json {2}done {2}httpStatus=201 {2}recordingSid=RE/,
    );
    expect(text).toMatch(/stepFunctions {2}StartExecution {2}done/);
    expect(text).toMatch(
      /webhook {2}\/recording-status {2}done {2}recordingSid=RE\w+ {2}recordingStatus=completed/,
    );
  });

  test('loses voice webhooks', async () => {
    const faults: CloudFaults = { ...NO_CLOUD_FAULTS, isVoiceWebhookLost: () => true };
    const lost = await run(1, 1, { faults });
    expect(errorsOf(lost)).toEqual([expect.stringContaining('no connection')]);
    expect(lost.cloud.executions.size).toBe(0);
  });

  test('runs what it is given in place of a function, and on another platform', async () => {
    const broken = await run(1, 1, {
      overrides: { 'voice-webhook': () => () => Promise.reject(new Error('broken')) },
    });
    expect(errorsOf(broken)).toEqual([expect.stringContaining('HTTP 500')]);
    expect(broken.text).toMatch(/gateway webhook-0000003 {2}webhook {2}\/voice {2}failed {2}httpStatus=500/);

    const wrapped = new Set<string>();
    const { calls } = await run(1, 1, {
      wrapPlatform: (platform, functionId) => {
        wrapped.add(functionId);
        return platform;
      },
    });
    expect(calls[0]?.recordings).toHaveLength(1);
    expect(wrapped).toContain('start-recording');
  });

  test('reads the secret that it is given later', async () => {
    using time = VirtualTime.install({ startAt: START, seed: 1 });
    using cloud = await createCloud({
      template,
      seed: 1,
      secretValue: 'no JSON',
      twilioUrl: TWILIO_URL,
      twilio: async () => undefined,
    });
    const body = `CallSid=${CALL_SID}&AccountSid=${credentialsFromSeed(1).accountSid}`;
    const forged = () =>
      time.settle(
        cloud.exchange({
          url: cloud.voiceUrl(),
          method: 'POST',
          headers: { 'Content-Type': 'application/x-www-form-urlencoded', 'X-Twilio-Signature': 'forged' },
          body,
          connectTimeoutMs: 5_000,
          readTimeoutMs: 15_000,
        }),
      );
    expect(await forged()).toMatchObject({ httpStatus: 200 });
    cloud.setSecretValue(secretValue(credentialsFromSeed(1)));
    expect(await forged()).toMatchObject({ httpStatus: 403 });
  });

  test('is nobody’s but its own and Twilio’s', async () => {
    using _time = VirtualTime.install({ startAt: START, seed: 1 });
    using cloud = await createCloud({
      template,
      seed: 1,
      secretValue: '{}',
      twilioUrl: TWILIO_URL,
      twilio: async () => undefined,
    });
    const request = {
      method: 'GET',
      headers: {},
      body: undefined,
      connectTimeoutMs: 1_000,
      readTimeoutMs: 1_000,
    } as const;
    expect(await cloud.exchange({ ...request, url: 'https://example.net/' })).toEqual({
      failure: 'nobody is at https://example.net/',
      reason: 'ct',
    });
    expect(await cloud.exchange({ ...request, url: `${TWILIO_URL}/application/0` })).toEqual({
      failure: 'the connection was reset',
      reason: 'broken',
    });
  });

  test('names a function that it does not find', async () => {
    using _time = VirtualTime.install({ startAt: START, seed: 1 });
    const [[logicalId, resource] = ['', undefined]] = Object.entries(template.Resources).filter(
      ([, { Type }]) => Type === 'AWS::Lambda::Function',
    );
    const Metadata = { 'aws:cdk:path': 'CallRecorder/Recorder/SomethingNew/Resource' };
    const changed = {
      ...template,
      Resources: { ...template.Resources, [logicalId]: { ...resource, Metadata } },
    } as CloudFormationTemplate;
    const options = { seed: 1, secretValue: '{}', twilioUrl: TWILIO_URL, twilio: async () => undefined };
    await expect(createCloud({ ...options, template: changed })).rejects.toThrow(
      `Function ${logicalId} cannot be simulated: nothing in lambda/ is named like ${Metadata['aws:cdk:path']}`,
    );
  });
});
