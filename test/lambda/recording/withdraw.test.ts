import { beforeEach, describe, expect, test } from '@jest/globals';
import { summarize } from '../../../lambda/recording/merge.ts';
import { withdraw } from '../../../lambda/recording/withdraw.ts';
import { StoreUnavailableError } from '../../../lambda/shared/errors.ts';
import type { TwilioAnswer } from '../../../lambda/twilio/api.ts';
import { errorAnswer, noAnswer, notEligible, ok, recordingResource, throttled } from '../support/answers.ts';
import { type ManualClock, manualClock } from '../support/manual-clock.ts';
import { type MemoryStore, memoryStore } from '../support/memory-store.ts';
import { ACCOUNT_SID, CALL_SID, OTHER_RECORDING_SID, RECORDING_SID } from '../support/sids.ts';

const call = { callSid: CALL_SID, accountSid: ACCOUNT_SID };

let clock: ManualClock;
let store: MemoryStore;
let requests: string[];
beforeEach(async () => {
  clock = manualClock();
  store = memoryStore(clock);
  requests = [];
  await store.apply(call, {
    type: 'consent',
    consent: { answer: 'withdrawn', textVersion: 'v1', digit: '9', at: '2026-11-26T12:00:00.000Z' },
  });
});

const know = (status: string, recordingSid = RECORDING_SID, source: 'callback' | 'adopt' = 'callback') =>
  store.apply(call, { type: 'recording', source, recording: { recordingSid, status, duration: 7 } });

/** Twilio gives each answer in turn, and the last one for ever after. */
function run({
  updates,
  deletes,
}: {
  updates?: TwilioAnswer<never>[];
  deletes?: TwilioAnswer<never>[];
} = {}) {
  const next = <T>(answers: readonly T[] | undefined, otherwise: T, given: number): T =>
    answers?.[Math.min(given, answers.length - 1)] ?? otherwise;
  let updated = 0;
  let deleted = 0;
  return withdraw(
    {
      store,
      clock,
      twilio: {
        async updateRecording(_callSid, sid, { Status }) {
          requests.push(`${Status} ${sid}`);
          return next(updates, ok(recordingResource({ sid, status: 'stopped' })), updated++);
        },
        async deleteRecording(sid) {
          requests.push(`delete ${sid}`);
          return next(deletes, ok(null), deleted++);
        },
      },
    },
    call,
  );
}

const status = () => summarize(store.state()).recordingStatus;

describe('a recording that runs', () => {
  test('is stopped, and deleted the next time, since Twilio needs a while for its file', async () => {
    await know('in-progress');
    expect(await run()).toEqual({ final: false, deleted: [], refused: [] });
    expect(requests).toEqual([`stopped ${RECORDING_SID}`]);
    expect(status()).toBe('stopped');
    expect(await run()).toEqual({ final: true, deleted: [RECORDING_SID], refused: [] });
    expect(requests).toEqual([`stopped ${RECORDING_SID}`, `delete ${RECORDING_SID}`]);
    expect(status()).toBe('deleted');
  });

  test('is told again when Twilio does not answer or is busy', async () => {
    await know('in-progress');
    const stopped = ok(recordingResource({ status: 'stopped' })) as TwilioAnswer<never>;
    await run({ updates: [noAnswer, throttled(), errorAnswer(400, 16114), stopped] });
    expect(requests).toHaveLength(4);
    expect(status()).toBe('stopped');
  });

  test.each([
    ['has ended', notEligible],
    ['is unknown', errorAnswer(404, 20404)],
    ['is not answered for', noAnswer],
  ])('that Twilio says %s stays as it is known', async (_, answer) => {
    await know('in-progress');
    expect(await run({ updates: [answer] })).toEqual({ final: false, deleted: [], refused: [] });
    expect(status()).toBe('in-progress');
  });
});

describe('a recording that has ended', () => {
  test('is deleted, and its row keeps what is known of it', async () => {
    await know('completed');
    expect(await run()).toEqual({ final: true, deleted: [RECORDING_SID], refused: [] });
    expect(summarize(store.state()).recording).toMatchObject({ status: 'deleted', duration: 7 });
  });

  test('is deleted within seconds, when its file takes so long', async () => {
    await know('stopped');
    const begun = clock.now();
    const notYet = errorAnswer(409, 20409);
    const deletes = [notYet, notYet, notYet, ok(null) as TwilioAnswer<never>];
    expect(await run({ deletes })).toMatchObject({ final: true });
    expect(clock.now() - begun).toBe(6_000);
  });

  test('counts as deleted when Twilio does not know it', async () => {
    await know('completed');
    expect(await run({ deletes: [errorAnswer(404, 20404)] })).toMatchObject({ final: true });
    expect(status()).toBe('deleted');
  });

  test.each([
    ['not completed yet', errorAnswer(409, 20409), 4],
    ['not answered for', noAnswer, 4],
    ['too many requests', throttled(), 4],
    ['in trouble', errorAnswer(503), 4],
  ])('that is %s is left for the next time', async (_, answer, times) => {
    await know('completed');
    expect(await run({ deletes: [answer] })).toEqual({ final: false, deleted: [], refused: [] });
    expect(requests).toHaveLength(times);
    expect(status()).toBe('completed');
  });

  test('may be unknown to Twilio because its file is not there yet: it is left for the next time', async () => {
    await know('stopped');
    expect(await run({ deletes: [errorAnswer(404, 20404)] })).toEqual({
      final: false,
      deleted: [],
      refused: [],
    });
    expect(status()).toBe('stopped');
  });

  test.each([401, 403])('that Twilio answers with %i is reported', async (httpStatus) => {
    await know('completed');
    expect(await run({ deletes: [errorAnswer(httpStatus)] })).toEqual({
      final: false,
      deleted: [],
      refused: [RECORDING_SID],
    });
  });
});

test('all recordings of ours go, and no other', async () => {
  await know('completed');
  await know('in-progress', OTHER_RECORDING_SID);
  await know('completed', 'RE-foreign', 'adopt');
  expect(await run()).toMatchObject({ final: false, deleted: [RECORDING_SID] });
  expect(await run()).toMatchObject({ final: true, deleted: [OTHER_RECORDING_SID] });
  expect(requests.filter((request) => request.includes('RE-foreign'))).toEqual([]);
});

test('what is absent or gone is let be', async () => {
  await know('absent');
  await know('deleted', OTHER_RECORDING_SID);
  expect(await run()).toEqual({ final: true, deleted: [], refused: [] });
  expect(requests).toEqual([]);
});

test('what could not be stored is an error, so that it is done again', async () => {
  await know('completed');
  store.down.add('apply');
  await expect(run()).rejects.toThrow(StoreUnavailableError);
});
