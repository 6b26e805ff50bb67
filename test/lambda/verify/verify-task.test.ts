import { beforeEach, describe, expect, test } from '@jest/globals';
import type { KnownCall } from '../../../lambda/recording/store.ts';
import { LOOK_AGAIN_AFTER_SECONDS, type VerifyDependencies } from '../../../lambda/recording/verify.ts';
import { METRICS } from '../../../lambda/shared/contract.ts';
import {
  InputInvalidError,
  SecretUnavailableError,
  TwilioUnavailableError,
} from '../../../lambda/shared/errors.ts';
import { verifyTask } from '../../../lambda/verify/verify-task.ts';
import { noAnswer, ok, recordingResource } from '../support/answers.ts';
import { type FakeTelemetry, fakeTelemetry } from '../support/fake-telemetry.ts';
import { manualClock } from '../support/manual-clock.ts';
import { ACCOUNT_SID, CALL_SID, OTHER_RECORDING_SID, RECORDING_SID } from '../support/sids.ts';

const FROM = '+15550200123';
const call = { callSid: CALL_SID, accountSid: ACCOUNT_SID, from: FROM, to: '+15550100100' };

let telemetry: FakeTelemetry;
let stopped: string[];
let known: KnownCall;

beforeEach(() => {
  telemetry = fakeTelemetry();
  stopped = [];
  known = { recordings: [], final: false };
});

/** Two recordings that look like ours run. */
const dependencies = (): VerifyDependencies => ({
  likeness: { channels: 2, track: 'both' },
  clock: manualClock(),
  twilio: {
    listRecordings: async () => ok([recordingResource(), recordingResource({ sid: OTHER_RECORDING_SID })]),
    updateRecording: async (_, recordingSid) => {
      stopped.push(recordingSid);
      return ok(recordingResource({ sid: recordingSid, status: 'stopped' }));
    },
  },
  store: {
    known: async () => known,
    apply: async () => ({
      effect: 'news',
      unknownCall: false,
      summary: {
        recordingStatus: 'in-progress',
        recordingCount: 2,
        surplusCount: 1,
        doubled: false,
        ended: false,
        unwanted: false,
        final: false,
      },
    }),
  },
});

const run = (event: unknown, made = async () => dependencies()) => verifyTask(made, telemetry)(event);

describe('what the state machine passes', () => {
  test.each<[string, object, unknown, string[]]>([
    [
      'of a start in doubt is looked at, and again',
      { start: { outcome: 'started', recordingSid: RECORDING_SID, doubtful: true } },
      { outcome: 'again', looks: 1, doubled: false, waitSeconds: LOOK_AGAIN_AFTER_SECONDS[0] },
      [OTHER_RECORDING_SID],
    ],
    [
      'of an earlier look is counted',
      { start: { doubtful: true }, verified: { outcome: 'again', looks: 2, waitSeconds: 6 } },
      { outcome: 'again', looks: 3, doubled: false, waitSeconds: LOOK_AGAIN_AFTER_SECONDS[2] },
      [OTHER_RECORDING_SID],
    ],
    [
      'of the last look ends the looks',
      { start: { doubtful: true }, verified: { looks: LOOK_AGAIN_AFTER_SECONDS.length } },
      { outcome: 'verified', looks: LOOK_AGAIN_AFTER_SECONDS.length + 1, doubled: false },
      [OTHER_RECORDING_SID],
    ],
    [
      'of a start without doubt is no reason to stop what nobody knows to be ours',
      { start: { doubtful: false }, doubled: { Error: 'SecondRecording', Cause: '' } },
      { outcome: 'verified', looks: 1, doubled: false },
      [],
    ],
    [
      'of a start that says nothing of doubts has none',
      { start: {} },
      { outcome: 'verified', looks: 1, doubled: false },
      [],
    ],
    ['of no start, of a call revived, has none', {}, { outcome: 'verified', looks: 1, doubled: false }, []],
  ])('%s', async (_, states, result, surplus) => {
    expect(await run({ call: { ...call, ...states } })).toEqual(result);
    expect(stopped).toEqual(surplus);
  });

  test('of a call that the sweep found is taken too', async () => {
    expect(await run({ call: { ...call, origin: 'sweep', start: { doubtful: true } } })).toMatchObject({
      looks: 1,
    });
  });

  test.each([
    {},
    { call: {} },
    { call: { callSid: CALL_SID } },
    { call: { ...call, verified: {} } },
    { call: { ...call, start: { doubtful: 'yes' } } },
  ])('is refused when it is no call: %j', async (event) => {
    await expect(run(event)).rejects.toThrow(InputInvalidError);
    expect(stopped).toEqual([]);
  });
});

describe('a recording that was stopped', () => {
  const doubtful = { call: { ...call, start: { doubtful: true } } };

  test('is counted, and a line says which', async () => {
    await run(doubtful);
    expect(telemetry.counted).toEqual([METRICS.recordingSurplus]);
    expect(telemetry.lines).toMatchObject([
      { level: 'warn', details: { callSid: CALL_SID, recordingSid: OTHER_RECORDING_SID } },
      { level: 'info', details: { callSid: CALL_SID, outcome: 'again', looks: 1 } },
    ]);
  });

  test('is not counted when there was none', async () => {
    await run({ call });
    expect(telemetry.counted).toEqual([]);
    expect(telemetry.lines).toMatchObject([{ level: 'info', details: { outcome: 'verified' } }]);
  });

  test('is counted only when it was: an error leaves the function as it is', async () => {
    const unreachable = async (): Promise<VerifyDependencies> => {
      const { twilio, ...others } = dependencies();
      return { ...others, twilio: { ...twilio, updateRecording: async () => noAnswer } };
    };
    await expect(run(doubtful, unreachable)).rejects.toThrow(TwilioUnavailableError);
    expect(telemetry.counted).toEqual([]);
  });

  test('says no phone number to the logs', async () => {
    await run(doubtful);
    expect(telemetry.output()).not.toContain(FROM);
  });
});

test('without the secret there is an error that Step Functions tries again', async () => {
  const locked = () => Promise.reject(new SecretUnavailableError('not now'));
  await expect(run({ call }, locked)).rejects.toThrow(SecretUnavailableError);
});
