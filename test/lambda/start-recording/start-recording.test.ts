import { beforeEach, describe, expect, test } from '@jest/globals';
import { SecretUnavailableError } from '../../../lambda/shared/errors.ts';
import { startRecordingTask } from '../../../lambda/start-recording/start-recording.ts';
import { errorAnswer, noAnswer, notEligible, ok, recordingResource } from '../support/answers.ts';
import { type FakeTelemetry, fakeTelemetry } from '../support/fake-telemetry.ts';
import { manualClock, NOON } from '../support/manual-clock.ts';
import { memoryStore } from '../support/memory-store.ts';
import { type Script, scriptedTwilio } from '../support/scripted-twilio.ts';
import { ACCOUNT_SID, CALL_SID, RECORDING_SID } from '../support/sids.ts';

let telemetry: FakeTelemetry;
beforeEach(() => {
  telemetry = fakeTelemetry();
});

const event = (call: object = {}, executionStartTime = new Date(NOON).toISOString()) => ({
  call: { callSid: CALL_SID, accountSid: ACCOUNT_SID, from: '+15550001111', to: '+15550002222', ...call },
  executionStartTime,
});

function run(script: Script, payload: unknown = event()) {
  const clock = manualClock();
  const dependencies = async () => ({
    twilio: scriptedTwilio(script, clock),
    store: memoryStore(clock),
    clock,
    random: () => 0,
    createParameters: {},
    ringTimeoutSeconds: 600,
  });
  return startRecordingTask(dependencies, telemetry)(payload, 'request');
}

describe('an attempt', () => {
  test('that starts the recording reports how long and how many creates it took', async () => {
    const script: Script = { creates: [notEligible, ok(recordingResource())], calls: ['in-progress'] };
    expect(await run(script)).toEqual({ outcome: 'started', recordingSid: RECORDING_SID });
    expect(telemetry.counted).toEqual(['RecordingStarted']);
    expect(telemetry.recorded).toEqual([
      { metric: 'CreatesPerRecording', value: 2 },
      // 300 ms until the first create, and three requests of 100 ms.
      { metric: 'TimeToRecordingMilliseconds', value: 600 },
    ]);
    expect(telemetry.lines).toMatchObject([{ level: 'info', details: { callSid: CALL_SID, creates: 2 } }]);
  });

  test('that adopts one is counted apart', async () => {
    expect(await run({ creates: [noAnswer], lists: [ok([recordingResource()])] })).toMatchObject({
      outcome: 'adopted',
    });
    expect(telemetry.counted).toEqual(['RecordingAdopted']);
    expect(telemetry.recorded).toEqual([]);
  });

  test('that is refused says to a person what to do', async () => {
    expect(await run({ creates: [errorAnswer(401, 20003)] })).toMatchObject({ outcome: 'refused' });
    const remedy = expect.stringContaining('apiKeySid');
    expect(telemetry.lines).toMatchObject([
      { level: 'error', details: { callSid: CALL_SID, reason: 'credentials-refused', remedy } },
    ]);
  });

  test.each<[string, Script]>([
    ['not-yet', { creates: [notEligible], calls: ['ringing'] }],
    ['call-ended', { creates: [notEligible], calls: ['no-answer'] }],
  ])('that ends with %s is no error', async (outcome, script) => {
    expect(await run(script)).toMatchObject({ outcome });
    expect(telemetry.counted).toEqual([]);
    expect(telemetry.lines).toMatchObject([{ level: 'info', details: { outcome } }]);
  });

  test('knows the call also when the state machine has added to it', async () => {
    const before = { start: { outcome: 'not-yet', waitSeconds: 1 } };
    expect(await run({ creates: [ok(recordingResource())] }, event(before))).toMatchObject({
      outcome: 'started',
    });
  });

  test('logs no phone number', async () => {
    await run({ creates: [ok(recordingResource())] });
    await run({ creates: [errorAnswer(400)] });
    expect(telemetry.output()).toContain(CALL_SID);
    expect(telemetry.output()).not.toContain('1555000');
  });

  test('without a secret is an error for Step Functions to try again', async () => {
    const noSecret = () => Promise.reject(new SecretUnavailableError('down'));
    await expect(startRecordingTask(noSecret, telemetry)(event(), 'request')).rejects.toThrow(
      SecretUnavailableError,
    );
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['no call', { executionStartTime: new Date(NOON).toISOString() }],
    ['an odd CallSid', event({ callSid: 'CA1' })],
    ['no account', event({ accountSid: undefined })],
    ['an odd time', event({}, 'yesterday')],
  ])('that is started by hand with %s is an error', async (_, payload) => {
    await expect(run({}, payload)).rejects.toThrow();
  });
});
