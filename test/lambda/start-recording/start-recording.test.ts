import { beforeEach, describe, expect, test } from '@jest/globals';
import { START_POLICY } from '../../../lambda/recording/start.ts';
import { InputInvalidError, SecretUnavailableError } from '../../../lambda/shared/errors.ts';
import type { SecretSource, TwilioSecret } from '../../../lambda/shared/secret.ts';
import type { StartWith } from '../../../lambda/shared/settings.ts';
import { startRecordingTask } from '../../../lambda/start-recording/start-recording.ts';
import { errorAnswer, noAnswer, notEligible, ok, recordingResource } from '../support/answers.ts';
import { type FakeTelemetry, fakeTelemetry } from '../support/fake-telemetry.ts';
import { manualClock, NOON } from '../support/manual-clock.ts';
import { memoryStore } from '../support/memory-store.ts';
import { type Script, type ScriptedTwilio, scriptedTwilio } from '../support/scripted-twilio.ts';
import { secretSource, twilioSecret } from '../support/secrets.ts';
import { ACCOUNT_SID, CALL_SID, RECORDING_SID } from '../support/sids.ts';

let telemetry: FakeTelemetry;
beforeEach(() => {
  telemetry = fakeTelemetry();
});

const event = (call: object = {}, executionStartTime = new Date(NOON).toISOString()) => ({
  call: { callSid: CALL_SID, accountSid: ACCOUNT_SID, from: '+15550001111', to: '+15550002222', ...call },
  executionStartTime,
  retryCount: 0,
});

const OLD = twilioSecret();
const NEW = twilioSecret({ apiKeySecret: 'the-next-secret-of-the-api-key' });

interface Options {
  readonly payload?: unknown;
  readonly secrets?: SecretSource;
  readonly startDelaySeconds?: number;
  readonly startWith?: StartWith;
  /** How long after the execution's start the function runs. */
  readonly after?: number;
  /** Answers to who has the new secret. */
  readonly rotated?: Script;
}

/** Runs the task; `twilios` are those that were asked, each with the secret that it was asked with. */
async function runWith(
  script: Script,
  {
    secrets = secretSource(OLD),
    startDelaySeconds = 0,
    startWith = 'api',
    after = 0,
    rotated,
    ...given
  }: Options,
) {
  const payload = 'payload' in given ? given.payload : event();
  const clock = manualClock(NOON + after);
  const store = memoryStore(clock);
  const twilios: { readonly secret: TwilioSecret; readonly twilio: ScriptedTwilio }[] = [];
  const task = startRecordingTask({
    secrets,
    withSecret: (secret) => {
      const answers = secret === NEW ? (rotated ?? script) : script;
      const twilio = scriptedTwilio({ lists: [ok([])], ...answers }, clock);
      twilios.push({ secret, twilio });
      return {
        twilio,
        store,
        clock,
        random: () => 0,
        createParameters: {},
        likeness: {},
        ringTimeoutSeconds: 600,
        asks: false,
      };
    },
    startDelaySeconds,
    startWith,
    telemetry,
  });
  return { result: await task(payload, 'request'), twilios, store };
}

const run = async (script: Script, payload: unknown = event()) => (await runWith(script, { payload })).result;

describe('an attempt', () => {
  test('that starts the recording reports how long and how many creates it took', async () => {
    const script: Script = { creates: [notEligible, ok(recordingResource())], calls: ['in-progress'] };
    expect(await run(script)).toEqual({ outcome: 'started', recordingSid: RECORDING_SID, doubtful: false });
    expect(telemetry.counted).toEqual(['RecordingStarted']);
    expect(telemetry.recorded).toEqual([
      { metric: 'CreatesPerRecording', value: 2 },
      // 300 ms until the first create, and four requests of 100 ms.
      { metric: 'TimeToRecordingMilliseconds', value: 700 },
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
      {
        level: 'error',
        details: {
          callSid: CALL_SID,
          reason: 'credentials-refused',
          remedy,
          httpStatus: 401,
          twilioErrorCode: 20003,
        },
      },
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
    const down = () => Promise.reject(new SecretUnavailableError('down'));
    await expect(runWith({}, { secrets: { get: down, getFresh: down } })).rejects.toThrow(
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
    await expect(runWith({}, { payload })).rejects.toThrow(InputInvalidError);
  });
});

describe('credentials that Twilio refuses', () => {
  const refused: Script = { creates: [errorAnswer(401, 20003)] };
  const accepted: Script = { creates: [ok(recordingResource())] };

  test('are read afresh, and the call is recorded when they have been rotated', async () => {
    const { result, twilios, store } = await runWith(refused, {
      secrets: secretSource(OLD, NEW),
      rotated: accepted,
    });
    expect(result).toEqual({ outcome: 'started', recordingSid: RECORDING_SID, doubtful: false });
    expect(twilios.map(({ secret }) => secret)).toEqual([OLD, NEW]);
    expect(twilios.map(({ twilio }) => twilio.requests)).toEqual([['create'], ['create']]);
    expect(Object.keys(store.state().recordings)).toEqual([RECORDING_SID]);
    expect(telemetry.counted).toEqual(['RecordingStarted']);
    expect(telemetry.recorded).toContainEqual({ metric: 'CreatesPerRecording', value: 2 });
    expect(telemetry.lines.map(({ level }) => level)).toEqual(['info']);
  });

  test.each<[string, Script]>([
    ['status', { creates: [notEligible], calls: [errorAnswer(401, 20003)] }],
    ['recordings', { creates: [noAnswer], lists: [errorAnswer(401, 20003)] }],
  ])('with the request for the %s are read afresh too', async (_, script) => {
    const { result, twilios } = await runWith(script, {
      secrets: secretSource(OLD, NEW),
      rotated: { ...accepted, calls: ['in-progress'] },
    });
    expect(result).toMatchObject({ outcome: 'started' });
    expect(twilios).toHaveLength(2);
  });

  test('are not tried again when they are still the same', async () => {
    const { result, twilios } = await runWith(refused, { secrets: secretSource(OLD, OLD) });
    expect(result).toMatchObject({ outcome: 'refused', reason: 'credentials-refused' });
    expect(twilios.map(({ twilio }) => twilio.requests)).toEqual([['create']]);
  });

  test('are tried once more and not again', async () => {
    const { result, twilios } = await runWith(refused, { secrets: secretSource(OLD, NEW) });
    expect(result).toMatchObject({ outcome: 'refused', reason: 'credentials-refused' });
    expect(twilios.map(({ twilio }) => twilio.requests)).toEqual([['create'], ['create']]);
    expect(telemetry.lines.map(({ level }) => level)).toEqual(['error']);
  });

  test('are what is read afresh, and no other refusal is', async () => {
    let reads = 0;
    const secrets: SecretSource = {
      ...secretSource(OLD),
      getFresh: async () => {
        reads++;
        return NEW;
      },
    };
    const { result } = await runWith({ creates: [errorAnswer(403, 10001)] }, { secrets });
    expect(result).toMatchObject({ reason: 'account-suspended' });
    expect(reads).toBe(0);
  });

  test('are never logged', async () => {
    await runWith(refused, { secrets: secretSource(OLD, NEW) });
    expect(telemetry.output()).not.toContain(OLD.apiKeySecret);
    expect(telemetry.output()).not.toContain(NEW.apiKeySecret);
  });
});

describe('a delay before the first attempt', () => {
  const script: Script = { creates: [ok(recordingResource())] };

  test('does not count as time that has passed', async () => {
    const { result, twilios } = await runWith(script, { startDelaySeconds: 5, after: 5_000 });
    expect(result).toMatchObject({ outcome: 'started' });
    expect(twilios[0]?.twilio.requests).toEqual(['create']);
    expect(twilios[0]?.twilio.times).toEqual([START_POLICY.firstCreateAfter]);
    // But somebody had to wait for it.
    expect(telemetry.recorded).toContainEqual({ metric: 'TimeToRecordingMilliseconds', value: 5_400 });
  });

  test('that is none makes an attempt after five seconds a late one', async () => {
    const { twilios } = await runWith(script, { after: 5_000 });
    expect(twilios[0]?.twilio.requests).toEqual(['list', 'create']);
  });

  test('is not taken from the time that a call may ring', async () => {
    const ringing: Script = { creates: [notEligible], calls: ['ringing'] };
    const late = { startDelaySeconds: 60, after: 600_000 };
    expect((await runWith(ringing, late)).result).toMatchObject({ outcome: 'not-yet' });
    expect((await runWith(ringing, { ...late, after: 660_000 })).result).toMatchObject({
      reason: 'not-answered-in-time',
    });
  });
});

describe('a recorder that starts with TwiML', () => {
  const lists = [ok([recordingResource({ source: 'StartCallRecordingTwiML' })])];

  test('adopts what the TwiML started, and creates nothing', async () => {
    const { result, twilios } = await runWith({ lists, calls: ['ringing'] }, { startWith: 'twiml' });
    expect(result).toEqual({ outcome: 'adopted', recordingSid: RECORDING_SID, doubtful: false });
    expect(twilios[0]?.twilio.requests).not.toContain('create');
  });

  test('creates at once on a call whose TwiML nobody saw', async () => {
    const payload = event({ origin: 'sweep' });
    const { twilios } = await runWith(
      { creates: [ok(recordingResource())] },
      { startWith: 'twiml', payload },
    );
    expect(twilios[0]?.twilio.requests).toContain('create');
  });
});
