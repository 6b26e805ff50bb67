import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { credentialsFromSeed } from '../../local/credentials.ts';
import { type LocalRecorder, startLocalRecorder } from '../../local/recorder.ts';
import { TwilioSimulator } from '../../local/twilio-simulator/simulator.ts';
import { judge } from '../../local/verdict.ts';

/* Step Functions accepts an execution but answers later than a caller can wait: the TwiML starts the recording. */

const LONGER_THAN_A_CALLER_WAITS_MS = 2_500;
const credentials = credentialsFromSeed(10);
let simulator: TwilioSimulator;
let recorder: LocalRecorder;

beforeAll(async () => {
  simulator = await TwilioSimulator.start({ seed: 10, credentials, network: { answerMs: 200 } });
  recorder = await startLocalRecorder({
    twilioApiBaseUrl: simulator.url,
    credentials,
    notice: true,
    provisionedConcurrency: 1,
    latency: (kind) => (kind === 'startExecution' ? LONGER_THAN_A_CALLER_WAITS_MS : 0),
  });
}, 60_000);

afterAll(async () => {
  await recorder?.[Symbol.asyncDispose]();
  await simulator?.stop();
});

test('the execution that begins late adopts the recording of the TwiML', async () => {
  const application = simulator.hostApplication(
    '<Response><Say>Welcome.</Say><Pause length="60"/></Response>',
  );
  const call = simulator.placeCall({
    from: '+15550200123',
    to: '+15550100100',
    voiceUrl: recorder.voiceUrl(application),
    talkMs: 8_000,
  });
  await simulator.idle();
  await recorder.host.idle();

  expect(judge([call], await recorder.rows()).findings).toEqual([]);
  expect(call.recordings.map(({ source }) => source)).toEqual(['StartCallRecordingTwiML']);
  expect(call.creates.filter(({ httpStatus }) => httpStatus === 201)).toEqual([]);
  expect(recorder.host.executions.get(call.sid)?.status).toBe('SUCCEEDED');
}, 60_000);
