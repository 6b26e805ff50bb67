import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { STATES } from '../../lambda/shared/contract.ts';
import { credentialsFromSeed } from '../../local/credentials.ts';
import { type LocalRecorder, startLocalRecorder } from '../../local/recorder.ts';
import { TwilioSimulator } from '../../local/twilio-simulator/simulator.ts';
import { judge } from '../../local/verdict.ts';

/* Twilio loses every callback: the executions ask it, and the rows are right all the same. */

const RECONCILE_AFTER_SECONDS = 5;
const credentials = credentialsFromSeed(8);
const states = new Map<string, string[]>();
let simulator: TwilioSimulator;
let recorder: LocalRecorder;

beforeAll(async () => {
  simulator = await TwilioSimulator.start({
    seed: 8,
    credentials,
    network: { answerMs: 300 },
    faults: { callbackDue: () => [] },
  });
  recorder = await startLocalRecorder({
    twilioApiBaseUrl: simulator.url,
    credentials,
    notice: true,
    provisionedConcurrency: 2,
    reconcileAfterSeconds: RECONCILE_AFTER_SECONDS,
    onEvent: (event) => {
      if (event.type === 'stateEntered') {
        states.set(event.execution, [...(states.get(event.execution) ?? []), event.state]);
      }
    },
  });
}, 60_000);

afterAll(async () => {
  await recorder?.[Symbol.asyncDispose]();
  await simulator?.stop();
});

test('rows are right though no callback ever came', async () => {
  const application = simulator.hostApplication(
    '<Response><Say>Welcome.</Say><Pause length="60"/></Response>',
  );
  const place = (script: object) =>
    simulator.placeCall({
      from: '+15550200123',
      to: '+15550100100',
      voiceUrl: recorder.voiceUrl(application),
      ...script,
    });
  const short = place({ talkMs: 2_500 });
  const long = place({ talkMs: 7_500 });
  await simulator.idle();
  await recorder.host.idle();

  const verdict = judge([short, long], await recorder.rows());
  expect(verdict.findings).toEqual([]);
  expect(verdict.recorded).toBe(2);
  const { startRecording, awaitOutcome, awaitAgain, reconcile, isItFinal, recorded } = STATES;
  expect(states.get(short.sid)).toEqual([startRecording, awaitOutcome, reconcile, isItFinal, recorded]);
  expect(states.get(long.sid)).toEqual([
    startRecording,
    awaitOutcome,
    reconcile,
    isItFinal,
    awaitAgain,
    reconcile,
    isItFinal,
    recorded,
  ]);
  expect([...recorder.host.executions.values()].map(({ status }) => status)).toEqual(
    Array(2).fill('SUCCEEDED'),
  );
}, 60_000);
