import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { STATES } from '../../lambda/shared/contract.ts';
import { credentialsFromSeed } from '../../local/credentials.ts';
import { type LocalRecorder, startLocalRecorder } from '../../local/recorder.ts';
import {
  type CallScript,
  type SimulatedCall,
  TwilioSimulator,
} from '../../local/twilio-simulator/simulator.ts';
import { judge, UNDER_FAULTS } from '../../local/verdict.ts';

/*
 * Twilio carries a create out long after its client gave up and another recording runs; and a number's webhook never
 * comes, so that only Twilio's list tells of the call.
 */

const FROM = '+15550200123';
const credentials = credentialsFromSeed(11);
const states = new Map<string, string[]>();
/** How long the first create for a call lies about before Twilio carries it out, by who is called. */
const lateCreates = new Map<string, number>();
const delayed = new Set<string>();
const logLines: string[] = [];
let simulator: TwilioSimulator;
let recorder: LocalRecorder;
let application: string;

beforeAll(async () => {
  simulator = await TwilioSimulator.start({
    seed: 11,
    credentials,
    network: { answerMs: 200 },
    faults: {
      requestReceived: ({ operation, callSid = '' }) => {
        if (operation !== 'CreateCallRecording' || delayed.has(callSid)) {
          return {};
        }
        delayed.add(callSid);
        return { delayMs: lateCreates.get(simulator.calls.get(callSid)?.to ?? '') ?? 0 };
      },
    },
  });
  recorder = await startLocalRecorder({
    twilioApiBaseUrl: simulator.url,
    credentials,
    notice: true,
    provisionedConcurrency: 2,
    schedules: 'off',
    onEvent: (event) => {
      if (event.type === 'stateEntered') {
        states.set(event.execution, [...(states.get(event.execution) ?? []), event.state]);
      }
      if (event.type === 'log') {
        logLines.push(event.line);
      }
    },
  });
  application = simulator.hostApplication('<Response><Say>Welcome.</Say><Pause length="60"/></Response>');
}, 60_000);

afterAll(async () => {
  await recorder?.[Symbol.asyncDispose]();
  await simulator?.stop();
});

const place = (script: Partial<CallScript> & { to: string }): SimulatedCall =>
  simulator.placeCall({ from: FROM, voiceUrl: recorder.voiceUrl(application), ...script });

const rowOf = async (call: SimulatedCall | undefined, item = 'CALL') =>
  (await recorder.rows()).find(({ CallSid, Item }) => CallSid === call?.sid && Item === item);

async function overIsEverything(): Promise<void> {
  await simulator.idle();
  await recorder.host.idle();
}

const ours = ({ recordings }: SimulatedCall) => recordings.filter(({ foreign }) => !foreign);

describe('of two recordings of ours', () => {
  let soon: SimulatedCall;
  let late: SimulatedCall;

  beforeAll(async () => {
    // The second create is sent some seconds after the first. Verify looks for a while after that, so that the one finds
    // it at work, and the other waiting for the end of the call.
    lateCreates.set('+15550100101', 14_000).set('+15550100102', 26_000);
    soon = place({
      to: '+15550100101',
      talkMs: 30_000,
      foreignRecordings: [
        { startsAfterMs: 1_000, source: 'DialVerb', channels: 2 },
        { startsAfterMs: 1_500, source: 'StartCallRecordingAPI', channels: 1 },
      ],
    });
    late = place({ to: '+15550100102', talkMs: 36_000 });
    await overIsEverything();
  }, 120_000);

  test.each([
    ['while it is looked for', () => soon],
    ['while the end of the call is waited for', () => late],
  ])('that begins %s, the later one is stopped and the other runs to the end', async (_, callOf) => {
    const call = callOf();
    expect(call.creates.map(({ httpStatus }) => httpStatus)).toEqual([201, 201]);
    const inOrder = ours(call).toSorted((a, b) => a.startedAt - b.startedAt);
    expect(inOrder.map(({ endedBy }) => endedBy)).toEqual(['call', 'api']);
    const [kept, surplus] = inOrder;
    expect(await rowOf(call)).toMatchObject({
      RecordingSid: kept?.sid,
      RecordingStatus: 'completed',
      RecordingDuration: kept?.durationSeconds,
      RecordingCount: 2,
      SurplusRecordings: 1,
    });
    expect(await rowOf(call)).not.toHaveProperty('Doubled');
    // One that was stopped at once is too short to be kept.
    expect(await rowOf(call, `RECORDING#${surplus?.sid}`)).toMatchObject({
      RecordingStatus: surplus?.status,
      Surplus: true,
    });
    expect(await rowOf(call, `RECORDING#${kept?.sid}`)).not.toHaveProperty('Surplus');
    expect(recorder.host.executions.get(call.sid)?.status).toBe('SUCCEEDED');
  });

  test('one that is known to nobody is looked for before the end of the call is waited for', () => {
    const story = states.get(soon.sid) ?? [];
    expect(story).toContain(STATES.waitToVerify);
    expect(story.indexOf(STATES.verify)).toBeLessThan(story.indexOf(STATES.awaitAgain));
  });

  test('one that a callback names ends the wait', () => {
    const story = states.get(late.sid) ?? [];
    expect(story.lastIndexOf(STATES.verify)).toBeGreaterThan(story.indexOf(STATES.awaitOutcome));
    expect(story.at(-1)).toBe(STATES.awaitAgain);
  });

  test('neither is touched that somebody else made', () => {
    const foreign = soon.recordings.filter((recording) => recording.foreign);
    expect(foreign.map(({ endedBy, pauses }) => [endedBy, pauses])).toEqual([
      ['call', 0],
      ['call', 0],
    ]);
  });

  test('the rows know both, and nothing else is wrong', async () => {
    const tolerance = { ...UNDER_FAULTS, doubledShare: 1, unrecorded: false };
    expect(judge([soon, late], await recorder.rows(), tolerance)).toMatchObject({
      findings: [],
      recorded: 2,
      doubled: 2,
      foreignTouched: 0,
    });
  });

  test('each that was stopped is counted once', () => {
    const counted = logLines.flatMap((line) => /"RecordingSurplus":\s*(\d+)/.exec(line)?.[1] ?? []);
    expect(counted).toEqual(['1', '1']);
  });
});

describe('a call of which no webhook tells', () => {
  const NUMBER = '+15550100103';
  const NUMBER_OF_SOMEBODY_ELSE = '+15550100104';
  /** As when the recorder could not be reached: its number's application answers. */
  const placeUnannounced = (script: Partial<CallScript> & { to: string }) =>
    place({ voiceUrl: application, ...script });

  async function until(happened: () => boolean): Promise<void> {
    while (!happened()) {
      await sleep(50);
    }
  }

  beforeAll(() => {
    simulator.addNumber({ phoneNumber: NUMBER, voiceUrl: recorder.voiceUrl(application) });
    simulator.addNumber({ phoneNumber: NUMBER_OF_SOMEBODY_ELSE, voiceUrl: application });
  });

  test('is recorded once a sweep has found it, others’ calls are not, and no sweep begins it twice', async () => {
    const call = placeUnannounced({ to: NUMBER, talkMs: 12_000 });
    const over = placeUnannounced({ to: NUMBER, talkMs: 300 });
    const others = placeUnannounced({ to: NUMBER_OF_SOMEBODY_ELSE, talkMs: 8_000 });
    await until(() => over.endedAt !== undefined && call.eligibleAt !== undefined);
    // Twilio's list lags behind.
    await sleep(1_000);
    const sweeps = await Promise.all([recorder.host.runSchedule(), recorder.host.runSchedule()]);
    expect(sweeps.map((result) => 'payload' in result)).toEqual([true, true]);
    const again = await recorder.host.runSchedule();
    expect('payload' in again && JSON.parse(again.payload)).toEqual({ discovered: 0, revived: 0 });
    await overIsEverything();

    expect(call.recordings.map(({ source, endedBy }) => [source, endedBy])).toEqual([
      ['StartCallRecordingAPI', 'call'],
    ]);
    expect(await rowOf(call)).toMatchObject({
      Origin: 'sweep',
      From: FROM,
      To: NUMBER,
      Direction: 'inbound',
      RecordingStatus: 'completed',
      RecordingCount: 1,
    });
    expect(await rowOf(over)).toMatchObject({
      Origin: 'sweep',
      RecordingStatus: 'unrecorded',
      Reason: 'found-too-late',
    });
    const names = [...recorder.host.executions.keys()].filter((name) => !lateOnes().includes(name));
    expect(names.toSorted()).toEqual([call.sid, over.sid].toSorted());
    expect(others.recordings).toEqual([]);
    expect(await rowOf(others)).toBeUndefined();
    expect(judge([call], await recorder.rows()).findings).toEqual([]);
  }, 60_000);

  test('leaves no phone number in the logs', () => {
    const log = logLines.join('\n');
    expect(log).toContain('A call was found that no webhook had announced');
    for (const number of [FROM, NUMBER, NUMBER_OF_SOMEBODY_ELSE]) {
      expect(log).not.toContain(number.slice(1));
    }
  });

  /** The calls of the tests above. */
  const lateOnes = (): string[] =>
    [...simulator.calls.values()].filter(({ to }) => lateCreates.has(to)).map(({ sid }) => sid);
});
