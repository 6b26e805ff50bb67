import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { dynamoDbStore } from '../../../lambda/recording/dynamodb-store.ts';
import type { CallEvent } from '../../../lambda/recording/merge.ts';
import type { CallFacts, CallStore } from '../../../lambda/recording/store.ts';
import { systemClock } from '../../../lambda/shared/clock.ts';
import { StoreUnavailableError } from '../../../lambda/shared/errors.ts';
import { clientOf, type LocalTable, localTable, TABLE_NAME } from '../support/local-table.ts';
import { type ManualClock, manualClock, NOON } from '../support/manual-clock.ts';
import { ACCOUNT_SID, CALL_SID, OTHER_RECORDING_SID, RECORDING_SID } from '../support/sids.ts';

const RETENTION_DAYS = 30;
const EXPIRES_AT = NOON / 1000 + RETENTION_DAYS * 86_400;
const LEASE = 10_000;

const call = {
  callSid: CALL_SID,
  accountSid: ACCOUNT_SID,
  from: '+15550001111',
  to: '+15550002222',
  direction: 'inbound',
};
/** All that a callback says of its call. */
const callOfCallback = { callSid: CALL_SID, accountSid: ACCOUNT_SID };

const callback = (recordingSid: string, status: string, fields: object = {}): CallEvent => ({
  type: 'recording',
  source: 'callback',
  recording: { recordingSid, status, ...fields },
});
const started = callback(RECORDING_SID, 'in-progress', {
  startTime: '2026-11-24T12:00:01.000Z',
  channels: 2,
});
const completed = callback(RECORDING_SID, 'completed', {
  duration: 7,
  url: 'https://api.twilio.com/recording',
  errorCode: 0,
});
const otherStarted = callback(OTHER_RECORDING_SID, 'in-progress', { startTime: '2026-11-24T12:00:02.000Z' });
const otherAbsent = callback(OTHER_RECORDING_SID, 'absent', { errorCode: 16101 });
const gaveUp: CallEvent = { type: 'unrecorded', unrecorded: { reason: 'never-answered', answered: false } };

let table: LocalTable;
let clock: ManualClock;
let store: CallStore;

const storeWith = (client: DynamoDBClient, tableName = TABLE_NAME): CallStore =>
  dynamoDbStore({
    client,
    tableName,
    retentionDays: RETENTION_DAYS,
    // Writers that race have to wait for each other, and their time still stands still.
    clock: { ...clock, sleep: systemClock.sleep },
  });
const items = () => table.itemsOf(CALL_SID);

async function emptyTable(): Promise<void> {
  await Promise.all((await items()).map((left) => table.delete(left)));
}

const item = async (key: string) => (await items()).find(({ Item }) => Item === key);
const callRow = () => item('CALL');
const eventItems = async () => (await items()).filter(({ Item }) => String(Item).startsWith('EVENT#'));

/** The rows without what depends on when, and how often, they were written. */
const rows = async () =>
  (await items())
    .filter(({ Item }) => !String(Item).startsWith('EVENT#'))
    .map(({ Version, UpdatedAt, CreatedAt, ...row }) => row);

beforeAll(async () => {
  table = await localTable();
});
afterAll(() => table.close());
beforeEach(async () => {
  await emptyTable();
  clock = manualClock();
  store = storeWith(table.client);
});

describe('a claim', () => {
  const claim = (owner: string, facts: CallFacts = call) => store.claim(facts, owner, clock.now() + LEASE);
  const FRESH = { kind: 'claimed', progress: { creates: 0, uncertain: false } };

  test('of a new call makes its row, with who called whom', async () => {
    expect(await claim('a')).toEqual(FRESH);
    expect(await callRow()).toEqual({
      CallSid: CALL_SID,
      Item: 'CALL',
      AccountSid: ACCOUNT_SID,
      From: '+15550001111',
      To: '+15550002222',
      Direction: 'inbound',
      Origin: 'webhook',
      CreatedAt: '2026-11-24T12:00:00.000Z',
      // 0xaa is 170, and there are eight shards.
      DayShard: '2026-11-24#2',
      ExpiresAt: EXPIRES_AT,
      RecordingStatus: 'starting',
      LeaseOwner: 'a',
      LeaseExpiresAt: NOON + LEASE,
    });
  });

  test('leaves out what is not known of the call', async () => {
    expect(await claim('a', callOfCallback)).toEqual(FRESH);
    expect(await callRow()).not.toHaveProperty('From');
  });

  test('is held against others until its lease has run out', async () => {
    await claim('a');
    const held = { kind: 'held', untilMilliseconds: NOON + LEASE };
    expect(await claim('b')).toEqual(held);
    clock.advance(LEASE);
    expect(await claim('b')).toEqual(held);
  });

  test('whose lease has run out is taken over, and what its holder did is uncertain', async () => {
    await claim('a');
    clock.advance(LEASE + 1);
    expect(await claim('b')).toEqual({ kind: 'claimed', progress: { creates: 0, uncertain: true } });
    expect(await callRow()).toMatchObject({ LeaseOwner: 'b', LeaseExpiresAt: NOON + 2 * LEASE + 1 });
  });

  test('may be repeated by its holder, and is not uncertain for that', async () => {
    await claim('a');
    clock.advance(1_000);
    expect(await claim('a')).toEqual(FRESH);
    expect(await callRow()).toMatchObject({ LeaseExpiresAt: NOON + LEASE + 1_000 });
  });

  test('is won by one of many', async () => {
    const claims = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((owner) => claim(owner)));
    expect(claims.filter(({ kind }) => kind === 'claimed')).toHaveLength(1);
    expect(claims.filter(({ kind }) => kind === 'held')).toHaveLength(4);
  });

  test('that is given back hands on what was done', async () => {
    await claim('a');
    const progress = { creates: 3, uncertain: true, inProgressSince: NOON + 500 };
    await store.release(CALL_SID, 'a', progress);
    expect(await claim('b')).toEqual({ kind: 'claimed', progress });
  });

  test('that is given back with nothing uncertain clears what was', async () => {
    await claim('a');
    await store.release(CALL_SID, 'a', { creates: 1, uncertain: true });
    await claim('b');
    await store.release(CALL_SID, 'b', { creates: 2, uncertain: false });
    expect(await claim('c')).toEqual({ kind: 'claimed', progress: { creates: 2, uncertain: false } });
  });

  test('can only be given back by its holder', async () => {
    await claim('a');
    await store.release(CALL_SID, 'b', { creates: 9, uncertain: true });
    expect(await claim('c')).toMatchObject({ kind: 'held' });
    await store.release(CALL_SID, 'a', { creates: 1, uncertain: false });
    expect(await claim('c')).toMatchObject({ progress: { creates: 1 } });
  });

  test('that was lost cannot be given back by who lost it', async () => {
    await claim('a');
    clock.advance(LEASE + 1);
    await claim('b');
    await store.release(CALL_SID, 'a', { creates: 9, uncertain: false });
    expect(await callRow()).toMatchObject({ LeaseOwner: 'b' });
  });

  test('of a recorded call is refused with its recording, even by the holder of the lease', async () => {
    await claim('a');
    await store.apply(call, started);
    const recorded = { kind: 'recorded', recordingSid: RECORDING_SID };
    expect(await claim('a')).toEqual(recorded);
    expect(await claim('b')).toEqual(recorded);
  });

  test('of a call that a callback made known keeps the row and adds who called whom', async () => {
    await store.apply(callOfCallback, gaveUp);
    expect(await claim('a')).toEqual(FRESH);
    expect(await callRow()).toMatchObject({ From: '+15550001111', RecordingStatus: 'unrecorded' });
  });
});

describe('a recording', () => {
  test('has a row, its call a summary without a lease, and the audit trail an event', async () => {
    await store.claim(call, 'a', clock.now() + LEASE);
    clock.advance(2_000);
    expect(await store.apply(call, started)).toMatchObject({ effect: 'news', unknownCall: false });

    const told = {
      RecordingSid: RECORDING_SID,
      RecordingStatus: 'in-progress',
      RecordingStartTime: '2026-11-24T12:00:01.000Z',
      RecordingChannels: 2,
    };
    const row = await callRow();
    expect(row).toMatchObject({
      ...told,
      RecordingCount: 1,
      From: '+15550001111',
      CreatedAt: '2026-11-24T12:00:00.000Z',
      ExpiresAt: EXPIRES_AT,
    });
    expect(row).not.toHaveProperty('LeaseOwner');
    expect(row).not.toHaveProperty('LeaseExpiresAt');
    expect(await item(`RECORDING#${RECORDING_SID}`)).toEqual({
      CallSid: CALL_SID,
      Item: `RECORDING#${RECORDING_SID}`,
      ...told,
      Version: 1,
      UpdatedAt: '2026-11-24T12:00:02.000Z',
      ExpiresAt: EXPIRES_AT + 2,
    });
    expect(await eventItems()).toEqual([
      {
        CallSid: CALL_SID,
        Item: expect.stringMatching(/^EVENT#2026-11-24T12:00:02\.000Z#[0-9a-f]{8}$/),
        Type: 'callback',
        Effect: 'news',
        ...told,
        ExpiresAt: EXPIRES_AT + 2,
      },
    ]);
  });

  test('only the summary has a day, so that an index by day holds nothing else', async () => {
    await store.apply(call, started);
    await store.apply(call, otherStarted);
    const withDay = (await items()).filter((row) => 'DayShard' in row);
    expect(withDay.map(({ Item }) => Item)).toEqual(['CALL']);
  });

  test('of an unknown call makes a row that says so', async () => {
    expect(await store.apply(callOfCallback, started)).toMatchObject({ effect: 'news', unknownCall: true });
    expect(await callRow()).toMatchObject({
      Origin: 'callback',
      DayShard: '2026-11-24#2',
      ExpiresAt: EXPIRES_AT,
    });
  });

  test.each(['create', 'adopt'] as const)(
    'that our own %s found does not count as a callback',
    async (source) => {
      await store.apply(call, {
        type: 'recording',
        source,
        recording: { recordingSid: RECORDING_SID, status: 'in-progress' },
      });
      expect(await callRow()).toMatchObject({ Origin: 'webhook' });
      expect(await eventItems()).toMatchObject([{ Type: source }]);
    },
  );

  test('with a second final status is a conflict: kept in the audit trail, and nowhere else', async () => {
    await store.apply(call, completed);
    const before = await rows();
    const absent = callback(RECORDING_SID, 'absent', { errorCode: 16102 });
    expect(await store.apply(call, absent)).toMatchObject({
      effect: 'conflict',
      summary: { recordingStatus: 'completed' },
    });
    expect(await rows()).toEqual(before);
    expect((await eventItems()).map(({ Effect }) => Effect).toSorted()).toEqual(['conflict', 'news']);
  });

  test('that ended cannot be dragged back', async () => {
    await store.apply(call, completed);
    await store.apply(call, callback(RECORDING_SID, 'in-progress'));
    expect(await callRow()).toMatchObject({ RecordingStatus: 'completed', RecordingDuration: 7 });
  });
});

describe('a call that somebody gave up on', () => {
  test('says why', async () => {
    await store.claim(call, 'a', clock.now() + LEASE);
    expect(await store.apply(call, gaveUp)).toMatchObject({
      effect: 'news',
      summary: { recordingStatus: 'unrecorded' },
    });
    expect(await callRow()).toMatchObject({
      RecordingStatus: 'unrecorded',
      Reason: 'never-answered',
      Answered: false,
      RecordingCount: 0,
    });
    expect(await eventItems()).toMatchObject([
      { Type: 'unrecorded', Reason: 'never-answered', Answered: false },
    ]);
  });

  test('has the recording that turns up later, and no reason any more', async () => {
    await store.apply(call, gaveUp);
    expect(await store.apply(callOfCallback, started)).toMatchObject({ effect: 'news', unknownCall: false });
    const row = await callRow();
    expect(row).toMatchObject({ RecordingStatus: 'in-progress', RecordingSid: RECORDING_SID });
    expect(row).not.toHaveProperty('Reason');
    expect(row).not.toHaveProperty('Answered');
  });

  test('keeps the recording that it has already', async () => {
    await store.apply(call, started);
    expect(await store.apply(call, gaveUp)).toMatchObject({ summary: { recordingStatus: 'in-progress' } });
    expect(await callRow()).not.toHaveProperty('Reason');
  });
});

describe('an event that comes again', () => {
  test.each([
    ['a recording', [started]],
    ['a recording that ended', [started, completed]],
    ['a call without a recording', [gaveUp]],
    ['two recordings', [started, otherAbsent, completed]],
    ['a recording after all', [gaveUp, started]],
    ['a reason for a recorded call', [started, gaveUp]],
  ])('changes nothing: %s', async (_, events) => {
    for (const event of events) {
      await store.apply(call, event);
    }
    const before = await items();
    clock.advance(60_000);
    for (const event of events) {
      expect(await store.apply(call, event)).toMatchObject({ effect: 'nothing-new' });
    }
    expect(await items()).toEqual(before);
  });

  test('mends what a writer left undone that died after writing the recording', async () => {
    await store.apply(call, started);
    await store.apply(call, completed);
    await table.delete({ CallSid: CALL_SID, Item: 'CALL' });
    expect(await store.apply(call, completed)).toMatchObject({ effect: 'nothing-new' });
    expect(await callRow()).toMatchObject({ RecordingStatus: 'completed', RecordingCount: 1 });
    expect(await eventItems()).toHaveLength(2);
  });
});

const permutations = <T>(list: readonly T[]): T[][] =>
  list.length === 0
    ? [[]]
    : list.flatMap((first, index) => permutations(list.toSpliced(index, 1)).map((rest) => [first, ...rest]));

describe('the rows of two recordings', () => {
  const events = [started, completed, otherStarted, otherAbsent];
  const expected = [
    expect.objectContaining({
      Item: 'CALL',
      RecordingSid: RECORDING_SID,
      RecordingStatus: 'completed',
      RecordingStartTime: '2026-11-24T12:00:01.000Z',
      RecordingDuration: 7,
      RecordingCount: 2,
    }),
    expect.objectContaining({
      RecordingSid: RECORDING_SID,
      RecordingStatus: 'completed',
      RecordingChannels: 2,
    }),
    expect.objectContaining({
      RecordingSid: OTHER_RECORDING_SID,
      RecordingStatus: 'absent',
      ErrorCode: 16101,
    }),
  ];

  test('are the same whatever the order of their callbacks', async () => {
    let first: Awaited<ReturnType<typeof rows>> | undefined;
    for (const order of permutations(events)) {
      await emptyTable();
      for (const event of order) {
        await store.apply(callOfCallback, event);
      }
      first ??= await rows();
      expect(first).toEqual(expected);
      expect(await rows()).toEqual(first);
    }
  });

  test('are the same when all callbacks come at once, some of them twice', async () => {
    for (const order of permutations(events)) {
      await emptyTable();
      await Promise.all([...order, started, otherAbsent].map((event) => store.apply(callOfCallback, event)));
      expect(await rows()).toEqual(expected);
    }
  });

  test.each<[string, CallEvent[]]>([
    ['that has no row', []],
    ['that was given up on', [gaveUp]],
    ['that has a recording already', [callback('RE-third', 'absent')]],
  ])('are both in the summary of a call %s, when their first callbacks come at once', async (_, before) => {
    for (let round = 0; round < 10; round++) {
      await emptyTable();
      for (const event of before) {
        await store.apply(call, event);
      }
      await Promise.all([started, otherStarted].map((event) => store.apply(callOfCallback, event)));
      const recordings = (await items()).filter(({ Item }) => String(Item).startsWith('RECORDING#'));
      expect(await callRow()).toMatchObject({
        RecordingSid: RECORDING_SID,
        RecordingCount: recordings.length,
      });
    }
  });

  test('are the same when a create and somebody who gives up race with them', async () => {
    for (let round = 0; round < 10; round++) {
      await emptyTable();
      await store.claim(call, 'a', clock.now() + LEASE);
      await Promise.all([gaveUp, ...events].map((event) => store.apply(call, event)));
      expect(await rows()).toEqual(expected);
      const row = await callRow();
      expect(row).not.toHaveProperty('Reason');
      expect(row).not.toHaveProperty('LeaseOwner');
    }
  });
});

describe('a table that cannot be used', () => {
  test.each<[string, (store: CallStore) => Promise<unknown>]>([
    ['claim', (dead) => dead.claim(call, 'a', NOON)],
    ['release', (dead) => dead.release(CALL_SID, 'a', { creates: 0, uncertain: false })],
    ['apply', (dead) => dead.apply(call, started)],
  ])('makes %s fail with the one error that Step Functions knows', async (_, use) => {
    for (const unusable of [storeWith(clientOf(1)), storeWith(table.client, 'missing')]) {
      const error: unknown = await use(unusable).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(StoreUnavailableError);
      expect(error).toHaveProperty(
        'message',
        expect.stringMatching(/^The table of calls could not be used: \w+: /),
      );
    }
  });
});
