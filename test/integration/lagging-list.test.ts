import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { STATES } from '../../lambda/shared/contract.ts';
import { credentialsFromSeed } from '../../local/credentials.ts';
import { type LocalRecorder, startLocalRecorder } from '../../local/recorder.ts';
import { type SimulatedCall, TwilioSimulator } from '../../local/twilio-simulator/simulator.ts';
import { judge } from '../../local/verdict.ts';

/*
 * Twilio carries a create out and the answer is lost; the list of recordings lags, so that a look for what the create
 * did finds nothing: a second recording is started, and one of the two has to be stopped.
 */

/** Longer than a create of unknown end is given to show in the list. */
const LIST_LAG_MS = 4_000;
const credentials = credentialsFromSeed(12);
const states = new Map<string, string[]>();
/** Calls of which a create was carried out. */
const begun = new Set<string>();
let losesBeginnings: boolean;
let simulator: TwilioSimulator;
let recorder: LocalRecorder;

beforeAll(async () => {
  simulator = await TwilioSimulator.start({
    seed: 12,
    credentials,
    network: { answerMs: 200 },
    faults: {
      requestProcessed: ({ operation, callSid, recordingSid }) => {
        if (operation !== 'CreateCallRecording' || !callSid || !recordingSid || begun.has(callSid)) {
          return {};
        }
        begun.add(callSid);
        return { reset: true };
      },
      listLagMs: () => LIST_LAG_MS,
      callbackDue: ({ recordingStatus }) => (losesBeginnings && recordingStatus === 'in-progress' ? [] : [0]),
    },
  });
  recorder = await startLocalRecorder({
    twilioApiBaseUrl: simulator.url,
    credentials,
    notice: true,
    provisionedConcurrency: 1,
    schedules: 'off',
    onEvent: (event) => {
      if (event.type === 'stateEntered') {
        states.set(event.execution, [...(states.get(event.execution) ?? []), event.state]);
      }
    },
  });
}, 60_000);

beforeEach(() => {
  losesBeginnings = false;
});

afterAll(async () => {
  await recorder?.[Symbol.asyncDispose]();
  await simulator?.stop();
});

async function run(): Promise<SimulatedCall> {
  const application = simulator.hostApplication(
    '<Response><Say>Welcome.</Say><Pause length="60"/></Response>',
  );
  const call = simulator.placeCall({
    from: '+15550200123',
    to: '+15550100100',
    voiceUrl: recorder.voiceUrl(application),
    talkMs: 15_000,
  });
  await simulator.idle();
  await recorder.host.idle();
  return call;
}

test.each([
  ['of which callbacks tell', false],
  ['of which nothing tells but the list, once it does', true],
])(
  'of two recordings %s one goes on to the end of the call',
  async (_, lost) => {
    losesBeginnings = lost;
    const call = await run();

    expect(call.recordings.map(({ source }) => source)).toEqual(Array(2).fill('StartCallRecordingAPI'));
    expect(call.recordings.map(({ endedBy }) => endedBy).toSorted()).toEqual(['api', 'call']);
    const kept = call.recordings.find(({ endedBy }) => endedBy === 'call');
    const stopped = call.recordings.find(({ endedBy }) => endedBy === 'api');
    const rows = await recorder.rows();
    const rowOf = (item: string) => rows.find(({ CallSid, Item }) => CallSid === call.sid && Item === item);
    expect(rowOf('CALL')).toMatchObject({
      RecordingSid: kept?.sid,
      RecordingStatus: 'completed',
      RecordingCount: 2,
      SurplusRecordings: 1,
      Final: true,
    });
    expect(rowOf('CALL')).not.toHaveProperty('Doubled');
    expect(rowOf(`RECORDING#${stopped?.sid}`)).toMatchObject({ Surplus: true });
    expect(rowOf(`RECORDING#${kept?.sid}`)).not.toHaveProperty('Surplus');

    const verdict = judge([call], rows, { overlapSeconds: 10, doubledShare: 1, unrecorded: false });
    expect(verdict.findings).toEqual([]);
    expect(verdict).toMatchObject({ recorded: 1, doubled: 1 });
    const { startRecording, outcome, verify, isThereOne, waitToVerify, awaitOutcome, recorded } = STATES;
    const story = states.get(call.sid) ?? [];
    expect(story.slice(0, 5)).toEqual([startRecording, outcome, verify, isThereOne, waitToVerify]);
    expect(story.slice(-2)).toEqual([awaitOutcome, recorded]);
    expect(recorder.host.executions.get(call.sid)?.status).toBe('SUCCEEDED');
  },
  90_000,
);
