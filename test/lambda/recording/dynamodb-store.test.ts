import { randomUUID } from 'node:crypto';
import {
  type BatchGetItemCommand,
  type DynamoDBClient,
  type GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { ConsentAnswer } from '../../../lambda/recording/consent.ts';
import { dynamoDbStore } from '../../../lambda/recording/dynamodb-store.ts';
import type { CallEvent } from '../../../lambda/recording/merge.ts';
import type { CallFacts, CallRowState, CallStore } from '../../../lambda/recording/store.ts';
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
const callOfCallback = { callSid: CALL_SID, accountSid: ACCOUNT_SID, origin: 'callback' } as const;

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
const otherStopped: CallEvent = {
  type: 'recording',
  source: 'verify',
  recording: { recordingSid: OTHER_RECORDING_SID, status: 'stopped', surplus: true },
};
const refused: CallEvent = {
  type: 'unrecorded',
  unrecorded: { reason: 'trial-account', errorCode: 10002 },
};
const gaveUp: CallEvent = { type: 'unrecorded', unrecorded: { reason: 'never-answered', answered: false } };

type Store = ReturnType<typeof dynamoDbStore>;

let table: LocalTable;
let clock: ManualClock;
let store: Store;

const storeWith = (client: DynamoDBClient, tableName = TABLE_NAME): Store =>
  dynamoDbStore({
    client,
    tableName,
    retentionDays: RETENTION_DAYS,
    // Writers that race have to wait for each other, and their time still stands still.
    clock: { ...clock, sleep: systemClock.sleep },
    newId: randomUUID,
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
  const ABANDONED = {
    kind: 'claimed',
    progress: { creates: 0, uncertain: true, doubtful: true },
  };
  /** A client that does not get the first answer, and asks again. */
  const TWICE = () =>
    clientThat(async (_, send) => {
      await send();
      return send();
    });
  const FRESH = {
    kind: 'claimed',
    progress: { creates: 0, uncertain: false, doubtful: false },
  };

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
      Claims: 1,
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

  describe('of which nothing can be read', () => {
    const unreadable = () =>
      storeWith(
        clientThat(async (name, send) => {
          if (name === 'GetItemCommand') throw new Error('the table is throttled');
          return send();
        }),
      );

    test('stays refused when it was', async () => {
      await claim('a');
      expect(await unreadable().claim(call, 'b', NOON + LEASE)).toEqual({
        kind: 'held',
        untilMilliseconds: NOON + LEASE,
      });
    });

    test('is given back with nothing said when a recording ended it', async () => {
      await claim('a');
      await store.apply(call, started);
      const progress = { creates: 1, uncertain: true, doubtful: true };
      expect(await unreadable().release(CALL_SID, 'a', progress)).toBeUndefined();
    });
  });

  test('whose lease has run out is taken over, and what its holder did is uncertain', async () => {
    await claim('a');
    clock.advance(LEASE + 1);
    expect(await claim('b')).toEqual(ABANDONED);
    expect(await callRow()).toMatchObject({ LeaseOwner: 'b', LeaseExpiresAt: NOON + 2 * LEASE + 1 });
  });

  test('may be repeated by its holder, and is not uncertain for that', async () => {
    await claim('a');
    clock.advance(1_000);
    expect(await claim('a')).toEqual(FRESH);
    expect(await callRow()).toMatchObject({ LeaseExpiresAt: NOON + LEASE + 1_000 });
  });

  test('whose answer was lost, and which is sent again, has nothing uncertain of its own', async () => {
    expect(await storeWith(TWICE()).claim(call, 'a', clock.now() + LEASE)).toEqual(FRESH);
  });

  test('whose answer was lost, and which is sent again, does not hide that the holder before died', async () => {
    await claim('a');
    clock.advance(LEASE + 1);
    expect(await storeWith(TWICE()).claim(call, 'b', clock.now() + LEASE)).toEqual(ABANDONED);
    await store.release(CALL_SID, 'b', { creates: 0, uncertain: false, doubtful: true });
    expect(await callRow()).not.toHaveProperty('Claims');
    expect(await claim('c')).toMatchObject({ progress: { uncertain: false, doubtful: true } });
  });

  test('of which one holder after another died is uncertain', async () => {
    for (const owner of ['a', 'b', 'c']) {
      await claim(owner);
      clock.advance(LEASE + 1);
    }
    expect(await claim('d')).toEqual(ABANDONED);
    expect(await callRow()).toMatchObject({ Claims: 4 });
  });

  test('of a call that a holder died with, and that somebody gave up on, is uncertain', async () => {
    await claim('a');
    await store.apply(call, gaveUp);
    clock.advance(LEASE + 1);
    expect(await claim('b')).toEqual(ABANDONED);
  });

  test('of a call that the sweep found says so in its row', async () => {
    await claim('a', { ...call, origin: 'sweep' });
    expect(await callRow()).toMatchObject({ Origin: 'sweep', From: '+15550001111' });
  });

  test('of a call that a webhook announced is not the sweep’s, though a sweep revived it', async () => {
    await claim('a');
    await store.release(CALL_SID, 'a', { creates: 0, uncertain: false, doubtful: false });
    await claim('b', { ...call, origin: 'sweep' });
    expect(await callRow()).toMatchObject({ Origin: 'webhook' });
  });

  test('is won by one of many', async () => {
    const claims = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((owner) => claim(owner)));
    expect(claims.filter(({ kind }) => kind === 'claimed')).toHaveLength(1);
    expect(claims.filter(({ kind }) => kind === 'held')).toHaveLength(4);
  });

  test('that is given back hands on what was done', async () => {
    await claim('a');
    const progress = {
      creates: 3,
      uncertain: true,
      givenUpAt: NOON + 400,
      doubtful: true,
      inProgressSince: NOON + 500,
    };
    await store.release(CALL_SID, 'a', progress);
    expect(await claim('b')).toEqual({ kind: 'claimed', progress });
  });

  test('that is given back and then abandoned does not say any more when a create was given up', async () => {
    await claim('a');
    await store.release(CALL_SID, 'a', {
      creates: 1,
      uncertain: true,
      givenUpAt: NOON + 400,
      doubtful: true,
    });
    await claim('b');
    clock.advance(LEASE + 1);
    expect(await claim('c')).toEqual({
      kind: 'claimed',
      progress: { creates: 1, uncertain: true, doubtful: true },
    });
  });

  test('that is given back with nothing uncertain clears what was', async () => {
    await claim('a');
    await store.release(CALL_SID, 'a', {
      creates: 1,
      uncertain: true,
      givenUpAt: NOON + 400,
      doubtful: true,
    });
    await claim('b');
    await store.release(CALL_SID, 'b', { creates: 2, uncertain: false, doubtful: false });
    expect(await claim('c')).toEqual({
      kind: 'claimed',
      progress: { creates: 2, uncertain: false, doubtful: false },
    });
  });

  test('can only be given back by its holder', async () => {
    await claim('a');
    await store.release(CALL_SID, 'b', { creates: 9, uncertain: true, doubtful: true });
    expect(await claim('c')).toMatchObject({ kind: 'held' });
    await store.release(CALL_SID, 'a', { creates: 1, uncertain: false, doubtful: false });
    expect(await claim('c')).toMatchObject({ progress: { creates: 1 } });
  });

  test('that was lost cannot be given back by who lost it', async () => {
    await claim('a');
    clock.advance(LEASE + 1);
    await claim('b');
    await store.release(CALL_SID, 'a', { creates: 9, uncertain: false, doubtful: false });
    expect(await callRow()).toMatchObject({ LeaseOwner: 'b' });
  });

  test('that a recording ended is given back with the recording that did', async () => {
    await claim('a');
    expect(
      await store.release(CALL_SID, 'b', { creates: 9, uncertain: true, doubtful: true }),
    ).toBeUndefined();
    await store.apply(call, started);
    expect(await store.release(CALL_SID, 'a', { creates: 1, uncertain: true, doubtful: true })).toBe(
      RECORDING_SID,
    );
    expect(await callRow()).not.toHaveProperty('Creates');
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
      Final: false,
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
      Confirmed: true,
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

  test('says once that it has ended', async () => {
    const applied = [];
    for (const event of [started, completed, completed, started]) {
      applied.push(await store.apply(call, event));
    }
    expect(applied.map(({ ended }) => ended)).toEqual([undefined, 'completed', undefined, undefined]);
  });

  test('says that it has ended also when the call’s own row has to be written again', async () => {
    await store.apply(call, started);
    let races = 0;
    const raced = storeWith(
      clientThat(async (name, send) => {
        // Another writer comes in between.
        if (name === 'UpdateItemCommand' && races++ === 0) await store.apply(call, otherStarted);
        return send();
      }),
    );
    expect(await raced.apply(call, completed)).toMatchObject({ effect: 'nothing-new', ended: 'completed' });
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

describe('whether a recording is ours', () => {
  const from = (source: 'create' | 'adopt' | 'reconcile'): CallEvent => ({
    type: 'recording',
    source,
    recording: { recordingSid: RECORDING_SID, status: 'in-progress' },
  });
  const recordingRow = () => item(`RECORDING#${RECORDING_SID}`);

  test.each<[string, CallEvent, boolean]>([
    ['the answer to our create', from('create'), true],
    ['a callback', started, true],
    ['what was looked for and found', from('adopt'), false],
    ['Twilio when it is asked', from('reconcile'), false],
  ])('is kept when %s says so', async (_, event, ours) => {
    await store.apply(call, event);
    expect(await recordingRow()).toEqual(
      ours ? expect.objectContaining({ Confirmed: true }) : expect.not.objectContaining({ Confirmed: true }),
    );
    const [known] = (await store.known(CALL_SID)).recordings;
    expect(known?.confirmed).toBe(ours ? true : undefined);
  });

  test('is no matter of the call’s row: it has no attributes of the recordings’ own', async () => {
    await store.apply(call, started);
    await store.apply(call, otherStarted);
    await store.apply(call, otherStopped);
    const row = await callRow();
    expect(row).not.toHaveProperty('Confirmed');
    expect(row).not.toHaveProperty('Surplus');
  });
});

describe('a call of which two recordings run', () => {
  test('is doubled, until one has stopped: then it has one too many', async () => {
    await store.apply(call, started);
    expect(await callRow()).not.toHaveProperty('Doubled');
    expect(await callRow()).not.toHaveProperty('SurplusRecordings');
    await store.apply(call, otherStarted);
    expect(await callRow()).toMatchObject({ Doubled: true, RecordingCount: 2 });
    await store.apply(call, otherStopped);
    const row = await callRow();
    expect(row).toMatchObject({ RecordingSid: RECORDING_SID, RecordingCount: 2, SurplusRecordings: 1 });
    expect(row).not.toHaveProperty('Doubled');
    expect(await item(`RECORDING#${OTHER_RECORDING_SID}`)).toMatchObject({
      RecordingStatus: 'stopped',
      Confirmed: true,
      Surplus: true,
    });
    expect(await eventItems()).toContainEqual(
      expect.objectContaining({ Type: 'verify', RecordingSid: OTHER_RECORDING_SID, Surplus: true }),
    );
  });

  test('says which was one too many to who asks for its recordings', async () => {
    for (const event of [started, otherStarted, otherStopped]) {
      await store.apply(call, event);
    }
    expect((await store.known(CALL_SID)).recordings).toMatchObject([
      { recordingSid: RECORDING_SID, status: 'in-progress', confirmed: true, channels: 2 },
      { recordingSid: OTHER_RECORDING_SID, status: 'stopped', confirmed: true, surplus: true },
    ]);
  });

  test('keeps who is one too many, whatever a callback says later', async () => {
    for (const event of [started, otherStarted, otherStopped, callback(OTHER_RECORDING_SID, 'completed')]) {
      await store.apply(call, event);
    }
    expect(await item(`RECORDING#${OTHER_RECORDING_SID}`)).toMatchObject({
      RecordingStatus: 'completed',
      Surplus: true,
    });
    expect(await callRow()).toMatchObject({ SurplusRecordings: 1, RecordingSid: RECORDING_SID });
  });

  test('has the same rows whatever the order in which all this comes', async () => {
    const events = [started, otherStarted, otherStopped, callback(OTHER_RECORDING_SID, 'completed')];
    let first: Awaited<ReturnType<typeof rows>> | undefined;
    for (const order of permutations(events)) {
      await emptyTable();
      await store.claim(call, 'a', clock.now() + LEASE);
      for (const event of order) {
        await store.apply(callOfCallback, event);
      }
      first ??= await rows();
      expect(await rows()).toEqual(first);
    }
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
      Final: true,
    });
    expect(await eventItems()).toMatchObject([
      { Type: 'unrecorded', Reason: 'never-answered', Answered: false },
    ]);
  });

  test('says what code Twilio gave, and not whether it was answered when nobody knows', async () => {
    const { summary } = await store.apply(call, refused);
    expect(summary.unrecorded).toEqual({ reason: 'trial-account', errorCode: 10002 });
    const row = await callRow();
    expect(row).toMatchObject({ RecordingStatus: 'unrecorded', Reason: 'trial-account', ErrorCode: 10002 });
    expect(row).not.toHaveProperty('Answered');
    expect(await eventItems()).toMatchObject([
      { Type: 'unrecorded', Reason: 'trial-account', ErrorCode: 10002 },
    ]);
    expect((await eventItems())[0]).not.toHaveProperty('Answered');
    // What was stored is read back as it was.
    expect((await store.apply(call, gaveUp)).summary.unrecorded).toEqual({
      reason: 'trial-account',
      errorCode: 10002,
    });
  });

  test('and whose recording turns up later has no code of that refusal any more', async () => {
    await store.apply(call, refused);
    await store.apply(callOfCallback, started);
    const row = await callRow();
    expect(row).toMatchObject({ RecordingStatus: 'in-progress' });
    expect(row).not.toHaveProperty('ErrorCode');
    expect(row).not.toHaveProperty('Reason');
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
    ['a call that Twilio refused', [refused]],
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
      Final: true,
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

/** A client whose requests are done by `intervene`, which may do something before and after. */
function clientThat(
  intervene: (name: string, send: () => Promise<unknown>) => Promise<unknown>,
): DynamoDBClient {
  const client: DynamoDBClient = Object.create(table.client);
  return Object.assign(client, {
    send: (command: object) =>
      intervene(command.constructor.name, () => table.client.send(command as GetItemCommand)),
  });
}

type Moment = `${'before' | 'after'} ${'GetItemCommand' | 'QueryCommand'}`;
const MOMENTS: Moment[] = [
  'before GetItemCommand',
  'after GetItemCommand',
  'before QueryCommand',
  'after QueryCommand',
];

/** A client during whose first read of that kind something happens, while all else that was sent meanwhile is served. */
function interruptedClient(moment: Moment, happen: () => Promise<unknown>): DynamoDBClient {
  let happened = false;
  const happenOnce = async (now: string): Promise<void> => {
    if (now === moment && !happened) {
      happened = true;
      await systemClock.sleep(30);
      await happen();
    }
  };
  return clientThat(async (name, send) => {
    await happenOnce(`before ${name}`);
    const answer = await send();
    await happenOnce(`after ${name}`);
    return answer;
  });
}

describe.each(MOMENTS)('what another writer stores %s', (moment) => {
  test.each<[string, CallEvent[], CallEvent, CallEvent]>([
    ['an end, while a second recording begins', [started], otherStarted, completed],
    ['a second recording, while the first ends', [started], completed, otherStarted],
    ['an end, while its beginning comes again', [started], started, completed],
    ['a recording, while somebody gives up', [], gaveUp, completed],
    ['that somebody gave up, while a recording begins', [], started, gaveUp],
  ])('is never undone: %s', async (_, before, ours, theirs) => {
    for (const event of [...before, theirs, ours]) {
      await store.apply(callOfCallback, event);
    }
    const inTurn = await rows();
    await emptyTable();
    for (const event of before) {
      await store.apply(callOfCallback, event);
    }
    let interrupted = 0;
    const other = storeWith(table.client);
    const slow = storeWith(
      interruptedClient(moment, () => {
        interrupted++;
        return other.apply(callOfCallback, theirs);
      }),
    );
    await slow.apply(callOfCallback, ours);
    expect(interrupted).toBe(1);
    expect(await rows()).toEqual(inTurn);
  });
});

describe('the turn to command a call', () => {
  const begin = (owner: string, facts: CallFacts = call) =>
    store.beginCommand(facts, owner, clock.now() + LEASE);
  const BEGUN = { kind: 'begun', number: 1 };

  beforeEach(async () => {
    await store.apply(call, started);
  });

  test('is one at a time, and numbered', async () => {
    expect(await begin('a')).toEqual(BEGUN);
    expect(await begin('b')).toEqual({ kind: 'held' });
    await store.endCommand(CALL_SID, 'a');
    expect(await begin('b')).toEqual({ ...BEGUN, number: 2 });
    expect(await callRow()).toMatchObject({
      CommandOwner: 'b',
      CommandLeaseExpiresAt: NOON + LEASE,
      Commands: 2,
    });
  });

  test('is won by one of many', async () => {
    const turns = await Promise.all(Array.from({ length: 8 }, (_, index) => begin(`request-${index}`)));
    expect(turns.filter(({ kind }) => kind === 'begun')).toEqual([BEGUN]);
    expect(turns.filter(({ kind }) => kind === 'held')).toHaveLength(7);
  });

  test('of one that died is free when its lease has run out', async () => {
    await begin('a');
    clock.advance(LEASE);
    expect(await begin('b')).toEqual({ kind: 'held' });
    clock.advance(1);
    expect(await begin('b')).toEqual({ ...BEGUN, number: 2 });
  });

  test('can be given back for later', async () => {
    await begin('a');
    await store.endCommand(CALL_SID, 'a', NOON + 3_000);
    clock.advance(3_000);
    expect(await begin('b')).toEqual({ kind: 'held' });
    clock.advance(1);
    expect(await begin('b')).toEqual({ ...BEGUN, number: 2 });
  });

  test('can only be given back by its holder', async () => {
    await begin('a');
    await store.endCommand(CALL_SID, 'b');
    expect(await begin('b')).toEqual({ kind: 'held' });
  });

  test('does not end with what is told of the recording, nor does it end a claim', async () => {
    await begin('a');
    await store.apply(call, completed);
    expect(await begin('b')).toEqual({ kind: 'held' });
    await store.endCommand(CALL_SID, 'a');
    expect(await callRow()).not.toHaveProperty('CommandOwner');
    expect(await callRow()).not.toHaveProperty('CommandLeaseExpiresAt');
  });

  test('needs a row, unless an operator begins something', async () => {
    await emptyTable();
    expect(await begin('a')).toEqual({ kind: 'unknown' });
    expect(await items()).toEqual([]);
    expect(await begin('a', { ...call, origin: 'control' })).toEqual(BEGUN);
    expect(await callRow()).toMatchObject({
      From: '+15550001111',
      Origin: 'control',
      RecordingStatus: 'starting',
      CreatedAt: '2026-11-24T12:00:00.000Z',
    });
  });
});

describe('a command', () => {
  const commanded = (confirmed: boolean, after?: string): CallEvent => ({
    type: 'command',
    command: {
      action: 'pause',
      by: 'arn:aws:iam::111122223333:user/agent',
      reason: 'card number',
      pauseBehavior: 'skip',
      before: 'in-progress',
      after,
      httpStatus: after === undefined ? undefined : 200,
    },
    recording: {
      recordingSid: RECORDING_SID,
      status: 'in-progress',
      command: {
        number: 1,
        status: 'paused',
        pauseBehavior: 'skip',
        confirmed,
        at: '2026-11-24T12:00:05.000Z',
      },
    },
  });

  test('changes what the rows show, and is in the audit trail before and after', async () => {
    await store.apply(call, started);
    clock.advance(1);
    const { summary } = await store.apply(callOfCallback, commanded(false));
    expect(summary).toMatchObject({ recordingStatus: 'unconfirmed' });
    expect(await callRow()).toMatchObject({ RecordingStatus: 'unconfirmed', CommandConfirmed: false });
    clock.advance(1);
    await store.apply(callOfCallback, commanded(true, 'paused'));
    const state = {
      RecordingSid: RECORDING_SID,
      CommandNumber: 1,
      CommandedStatus: 'paused',
      CommandedPauseBehavior: 'skip',
      CommandConfirmed: true,
      CommandedAt: '2026-11-24T12:00:05.000Z',
    };
    expect(await callRow()).toMatchObject({ ...state, RecordingStatus: 'paused' });
    expect(await item(`RECORDING#${RECORDING_SID}`)).toMatchObject({
      ...state,
      RecordingStatus: 'in-progress',
    });
    expect((await store.known(CALL_SID)).recordings).toMatchObject([
      {
        command: {
          number: 1,
          status: 'paused',
          pauseBehavior: 'skip',
          confirmed: true,
          at: '2026-11-24T12:00:05.000Z',
        },
      },
    ]);
    const common = {
      Type: 'command',
      Effect: 'news',
      RecordingSid: RECORDING_SID,
      Action: 'pause',
      By: 'arn:aws:iam::111122223333:user/agent',
      Reason: 'card number',
      PauseBehavior: 'skip',
      Before: 'in-progress',
    };
    expect((await eventItems()).slice(1)).toEqual([
      expect.objectContaining(common),
      expect.objectContaining({ ...common, After: 'paused', HttpStatus: 200 }),
    ]);
  });

  test('that orders a stop keeps the order in the call’s row, whatever comes after', async () => {
    const order = { number: 1, action: 'stop' } as const;
    await store.apply(call, started);
    await store.apply(callOfCallback, { ...commanded(true), order } as CallEvent);
    await store.apply(call, completed);
    expect(await callRow()).toMatchObject({ OrderNumber: 1, Ordered: 'stop' });
    expect((await store.known(CALL_SID)).order).toEqual(order);
    const { summary } = await store.apply(call, otherStarted);
    expect(summary).toMatchObject({ doubled: true, order });
    expect(await callRow()).toMatchObject({ Doubled: true });
  });

  test('that changed nothing is in the audit trail all the same, each time', async () => {
    await store.apply(call, started);
    const before = await rows();
    const event: CallEvent = {
      type: 'command',
      command: { action: 'start', by: 'somebody', after: 'in-progress' },
    };
    clock.advance(1);
    await store.apply(callOfCallback, event);
    await store.apply(callOfCallback, event);
    expect(await rows()).toEqual(before);
    expect((await eventItems()).map(({ Type }) => Type)).toEqual(['callback', 'command', 'command']);
  });

  test('tells the sweep how it left the recording', async () => {
    await store.apply(call, started);
    await store.apply(callOfCallback, commanded(false));
    expect((await store.rowsOf([CALL_SID])).get(CALL_SID)).toEqual({
      final: false,
      recorded: true,
      command: {
        number: 1,
        status: 'paused',
        pauseBehavior: 'skip',
        confirmed: false,
        at: '2026-11-24T12:00:05.000Z',
      },
    });
  });

  test('is no business of the sweep once the recording has ended', async () => {
    await store.apply(call, started);
    await store.apply(callOfCallback, commanded(false));
    await store.apply(callOfCallback, completed);
    expect((await store.rowsOf([CALL_SID])).get(CALL_SID)).toEqual({
      final: true,
      recorded: true,
      ended: { count: 1, knownSince: clock.now(), until: Number.NaN, commanded: 'paused' },
    });
  });
});

describe('a claim to record a call again', () => {
  const claim = (again: boolean) => store.claim(call, 'a', clock.now() + LEASE, { again });

  test('is granted when none of its recordings runs', async () => {
    await store.apply(call, completed);
    expect(await claim(false)).toEqual({ kind: 'recorded', recordingSid: RECORDING_SID });
    expect(await claim(true)).toMatchObject({ kind: 'claimed' });
    expect(await store.claim(call, 'b', clock.now() + LEASE, { again: true })).toMatchObject({
      kind: 'held',
    });
  });

  test('is refused while one runs', async () => {
    await store.apply(call, completed);
    await store.apply(call, otherStarted);
    expect(await claim(true)).toEqual({ kind: 'recorded', recordingSid: OTHER_RECORDING_SID });
  });

  test('is granted for a call that has had none', async () => {
    expect(await claim(true)).toMatchObject({ kind: 'claimed' });
  });

  test('is held while others tell of a recording that was known before', async () => {
    await store.apply(call, completed);
    await claim(true);
    await store.apply(call, callback(RECORDING_SID, 'completed', { channels: 2 }));
    await store.apply(call, gaveUp);
    const another = () => store.claim(call, 'b', clock.now() + LEASE, { again: true });
    expect(await another()).toMatchObject({ kind: 'held' });
    clock.advance(LEASE + 1);
    expect(await another()).toMatchObject({
      kind: 'claimed',
      progress: { uncertain: true, doubtful: true },
    });
  });

  test('has ended when a recording has begun that nobody knew of', async () => {
    await store.apply(call, completed);
    await claim(true);
    await store.apply(call, otherStarted);
    expect(await callRow()).not.toHaveProperty('LeaseOwner');
    expect(await callRow()).not.toHaveProperty('Claims');
  });

  test.each([true, false])('knows that a create before it was never answered: %s', async (doubtful) => {
    await claim(false);
    await store.release(CALL_SID, 'a', { creates: 1, uncertain: true, givenUpAt: NOON, doubtful });
    await store.apply(call, completed);
    expect(await claim(true)).toMatchObject({
      kind: 'claimed',
      progress: { uncertain: false, givenUpAt: undefined, doubtful },
    });
    await store.release(CALL_SID, 'a', { creates: 2, uncertain: true, givenUpAt: NOON, doubtful: true });
    await store.apply(call, gaveUp);
    expect(await claim(true)).toMatchObject({
      kind: 'claimed',
      progress: { uncertain: true, givenUpAt: NOON, doubtful: true },
    });
  });
});

const said = (answer: ConsentAnswer, digit?: string): CallEvent => ({
  type: 'consent',
  consent: { answer, textVersion: 'v1', digit, at: '2026-11-24T12:00:05.000Z' },
});

describe('what the caller said', () => {
  test('is evidence in the row and in the audit trail', async () => {
    await store.apply(call, said('asked'));
    expect(await callRow()).toMatchObject({
      RecordingStatus: 'asked',
      Final: false,
      Consent: 'asked',
      ConsentTextVersion: 'v1',
      ConsentAt: '2026-11-24T12:00:05.000Z',
    });
    expect(await callRow()).not.toHaveProperty('ConsentDigit');
    await store.apply(call, said('given', '1'));
    expect(await callRow()).toMatchObject({
      RecordingStatus: 'starting',
      Consent: 'given',
      ConsentDigit: '1',
    });
    await store.apply(call, said('withdrawn', '9'));
    expect(await callRow()).toMatchObject({
      RecordingStatus: 'unrecorded',
      Reason: 'withdrawn',
      Answered: true,
      Final: true,
      Consent: 'withdrawn',
      ConsentDigit: '9',
    });
    const told = (await eventItems()).map(({ Type, Consent, ConsentDigit }) => [Type, Consent, ConsentDigit]);
    expect(told.toSorted()).toEqual([
      ['consent', 'asked', undefined],
      ['consent', 'given', '1'],
      ['consent', 'withdrawn', '9'],
    ]);
  });

  test('is told once, however often it is said', async () => {
    await store.apply(call, said('given', '1'));
    expect(await store.apply(call, said('given', '1'))).toMatchObject({ effect: 'nothing-new' });
    expect(await store.apply(call, said('asked'))).toMatchObject({ effect: 'nothing-new' });
    expect(await eventItems()).toHaveLength(1);
  });

  test('stays when a recording begins and ends, and is known to whoever asks', async () => {
    await store.apply(call, said('given', '1'));
    await store.apply(call, started);
    await store.apply(callOfCallback, completed);
    expect(await callRow()).toMatchObject({ RecordingStatus: 'completed', Consent: 'given' });
    expect((await store.known(CALL_SID)).consent).toEqual({
      answer: 'given',
      textVersion: 'v1',
      digit: '1',
      at: '2026-11-24T12:00:05.000Z',
    });
    expect((await store.rowsOf([CALL_SID])).get(CALL_SID)).toMatchObject({ consent: 'given' });
  });

  test('keeps the row open for as long as there is something to delete', async () => {
    await store.apply(call, started);
    await store.apply(call, said('withdrawn', '9'));
    expect(await callRow()).toMatchObject({ Final: false, Unwanted: true });
    await store.apply(callOfCallback, completed);
    expect(await callRow()).toMatchObject({ Final: false, Unwanted: true, RecordingStatus: 'completed' });
    await store.apply(call, {
      type: 'recording',
      source: 'withdraw',
      recording: { recordingSid: RECORDING_SID, status: 'deleted' },
    });
    const row = await callRow();
    expect(row).toMatchObject({ Final: true, RecordingStatus: 'deleted' });
    expect(row).not.toHaveProperty('Unwanted');
  });
});

describe('a claim where the caller is asked', () => {
  const claim = (consentNeeded: boolean) => store.claim(call, 'a', clock.now() + LEASE, { consentNeeded });

  test.each<[string, CallEvent[], boolean, object]>([
    ['nobody was asked', [], true, { kind: 'not-allowed', answer: undefined }],
    ['nobody has answered', [said('asked')], true, { kind: 'not-allowed', answer: 'asked' }],
    ['the answer was yes', [said('asked'), said('given', '1')], true, { kind: 'claimed' }],
    [
      'the answer was no',
      [said('asked'), said('declined')],
      true,
      { kind: 'not-allowed', answer: 'declined' },
    ],
    [
      'the answer was taken back',
      [said('given', '1'), said('withdrawn')],
      true,
      { kind: 'not-allowed', answer: 'withdrawn' },
    ],
    ['nobody had to be asked', [], false, { kind: 'claimed' }],
    [
      'nobody had to be asked and nobody answered',
      [said('asked')],
      false,
      { kind: 'not-allowed', answer: 'asked' },
    ],
    [
      'nobody had to be asked and it was a no',
      [said('declined')],
      false,
      { kind: 'not-allowed', answer: 'declined' },
    ],
    ['it was taken back', [said('withdrawn')], false, { kind: 'not-allowed', answer: 'withdrawn' }],
    [
      'there is a recording already',
      [started, said('withdrawn')],
      true,
      { kind: 'recorded', recordingSid: RECORDING_SID },
    ],
  ])('when %s', async (_, events, consentNeeded, expected) => {
    for (const event of events) {
      await store.apply(call, event);
    }
    expect(await claim(consentNeeded)).toMatchObject(expected);
  });

  test('of a call that nobody asked leaves no row', async () => {
    await claim(true);
    expect(await callRow()).toBeUndefined();
  });

  test('is held while another invocation has it', async () => {
    await store.apply(call, said('given', '1'));
    await store.claim(call, 'b', clock.now() + LEASE, { consentNeeded: true });
    expect(await claim(true)).toMatchObject({ kind: 'held' });
  });
});

describe('a task token', () => {
  const TOKEN = 'the-token-of-the-task';

  test.each<[string, CallEvent[], Awaited<ReturnType<CallStore['keepToken']>>]>([
    ['of a call whose recording goes on', [started], 'open'],
    ['of a call whose recording has ended', [started, completed], 'final'],
    ['of a call of whose recordings one goes on', [completed, otherStarted], 'open'],
    ['of a call of whose recordings both go on', [started, otherStarted], 'doubled'],
    ['of a call of whose recordings one was stopped', [started, otherStarted, otherStopped], 'open'],
    ['of a call whose recordings have all ended', [completed, otherAbsent], 'final'],
    ['of a call that somebody gave up on', [gaveUp], 'final'],
    ['of a call whose caller said yes', [said('given'), started], 'open'],
    ['of a call whose caller took it back', [started, said('withdrawn')], 'unwanted'],
    ['of a call of which two are to be deleted', [started, otherStarted, said('withdrawn')], 'unwanted'],
    ['of a call whose caller took it back in time', [said('withdrawn')], 'final'],
  ])('%s is kept, and it is told how the call is', async (_, events, state) => {
    for (const event of events) {
      await store.apply(call, event);
    }
    expect(await store.keepToken(CALL_SID, TOKEN)).toBe(state);
    expect(await callRow()).toMatchObject({ TaskToken: TOKEN, Final: state === 'final' });
  });

  test('of a call that was only claimed is kept', async () => {
    await store.claim(call, 'a', clock.now() + LEASE);
    expect(await store.keepToken(CALL_SID, TOKEN)).toBe('open');
    expect(await callRow()).toMatchObject({ TaskToken: TOKEN, LeaseOwner: 'a' });
  });

  test('of a call that nobody knows is an error, and makes no row', async () => {
    await expect(store.keepToken(CALL_SID, TOKEN)).rejects.toThrow(StoreUnavailableError);
    expect(await items()).toEqual([]);
  });

  test('takes the place of the one before', async () => {
    await store.apply(call, started);
    await store.keepToken(CALL_SID, 'an-older-token');
    await store.keepToken(CALL_SID, TOKEN);
    expect(await store.apply(call, completed)).toMatchObject({ taskToken: TOKEN });
  });

  test('comes back from the event that makes the call final, and from its repetition', async () => {
    await store.apply(call, started);
    await store.keepToken(CALL_SID, TOKEN);
    const final = { taskToken: TOKEN, summary: { final: true } };
    expect(await store.apply(callOfCallback, completed)).toMatchObject({ effect: 'news', ...final });
    expect(await store.apply(callOfCallback, completed)).toMatchObject({ effect: 'nothing-new', ...final });
  });

  test('that nobody kept does not come back', async () => {
    await store.apply(call, started);
    expect((await store.apply(call, completed)).taskToken).toBeUndefined();
  });

  test.each(MOMENTS)('that is kept %s is seen by the event or sees it', async (moment) => {
    await store.apply(call, started);
    const answers: string[] = [];
    const slow = storeWith(
      interruptedClient(moment, async () => {
        answers.push(await store.keepToken(CALL_SID, TOKEN));
      }),
    );
    const { taskToken, summary } = await slow.apply(callOfCallback, completed);
    expect(answers).toEqual(['open']);
    expect(summary.final).toBe(true);
    expect(taskToken).toBe(TOKEN);
  });

  test('that is kept while the call becomes final is released by one of the two at least', async () => {
    for (let round = 0; round < 30; round++) {
      await emptyTable();
      await store.apply(call, started);
      const [{ taskToken }, state] = await Promise.all([
        store.apply(callOfCallback, completed),
        systemClock.sleep(round % 10).then(() => store.keepToken(CALL_SID, TOKEN)),
      ]);
      expect(state === 'final' || taskToken === TOKEN).toBe(true);
    }
  });
});

describe('what is known of a call', () => {
  test.each<[string, CallEvent[], string[], boolean]>([
    ['nothing', [], [], false],
    ['a recording that goes on', [started], [RECORDING_SID], false],
    ['one that ended', [started, completed], [RECORDING_SID], true],
    ['two of which one goes on', [completed, otherStarted], [RECORDING_SID, OTHER_RECORDING_SID], false],
    ['two that ended', [completed, otherAbsent], [RECORDING_SID, OTHER_RECORDING_SID], true],
    ['why there is none', [gaveUp], [], true],
  ])(
    'are its RecordingSids, whether it is final, and why it has none: %s',
    async (_, events, recordingSids, final) => {
      for (const event of events) {
        await store.apply(call, event);
      }
      const known = await store.known(CALL_SID);
      expect(known.recordings.map(({ recordingSid }) => recordingSid)).toEqual(recordingSids);
      expect(known.final).toBe(final);
      expect(known.reason).toBe(events.includes(gaveUp) ? 'never-answered' : undefined);
    },
  );
});

describe('what the sweep needs to know of calls', () => {
  test.each<[string, CallEvent[], CallRowState]>([
    ['a call that was only claimed', [], { final: false, recorded: false }],
    ['a recording that goes on', [started], { final: false, recorded: true }],
    [
      'one that ended',
      [started, completed],
      { final: true, recorded: true, ended: { count: 1, knownSince: NOON, until: NOON + 10_000 } },
    ],
    ['why there is none', [gaveUp], { final: true, recorded: false, reason: 'never-answered' }],
  ])('is how its row is: %s', async (_, events, state) => {
    await store.claim(call, 'a', clock.now() + LEASE);
    for (const event of events) {
      await store.apply(call, event);
    }
    expect(await store.rowsOf([CALL_SID])).toEqual(new Map([[CALL_SID, state]]));
  });

  test('is whether somebody was told that its recording ended early, which makes no row', async () => {
    await store.keepEndedEarly(CALL_SID, 1);
    expect(await rows()).toEqual([]);
    await store.apply(call, started);
    await store.keepEndedEarly(CALL_SID, 1);
    await store.apply(callOfCallback, completed);
    expect(await store.known(CALL_SID)).toMatchObject({ endedEarly: undefined });
    await store.keepEndedEarly(CALL_SID, 1);
    expect(await store.known(CALL_SID)).toMatchObject({ endedEarly: 1 });
    expect((await store.rowsOf([CALL_SID])).get(CALL_SID)).toMatchObject({ ended: { count: 1, toldOf: 1 } });
    await store.apply(callOfCallback, otherStarted);
    await store.apply(callOfCallback, otherAbsent);
    expect((await store.rowsOf([CALL_SID])).get(CALL_SID)).toMatchObject({ ended: { count: 2, toldOf: 1 } });
  });

  test('is nothing that was written before rows said until when a call is recorded', async () => {
    await store.apply(call, started);
    await store.apply(callOfCallback, completed);
    await table.client.send(
      new UpdateItemCommand({
        TableName: TABLE_NAME,
        Key: marshall({ CallSid: CALL_SID, Item: 'CALL' }),
        UpdateExpression: 'REMOVE RecordedUntil',
      }),
    );
    expect((await store.rowsOf([CALL_SID])).get(CALL_SID)).toMatchObject({ ended: { until: Number.NaN } });
    await store.apply(callOfCallback, completed);
    const row = await callRow();
    expect(row).toMatchObject({ RecordedUntil: new Date(NOON + 10_000).toISOString() });
    await store.apply(callOfCallback, completed);
    expect(await callRow()).toEqual(row);
  });

  test('leaves out calls without a row, of however many it is asked', async () => {
    await store.apply(call, started);
    const unknown = Array.from({ length: 250 }, (_, index) => `CA${String(index).padStart(32, '0')}`);
    expect(await store.rowsOf([])).toEqual(new Map());
    expect([...(await store.rowsOf([...unknown, CALL_SID])).keys()]).toEqual([CALL_SID]);
  });

  test('is asked for a hundred calls at once at most, which is what DynamoDB takes', async () => {
    const callSids = Array.from({ length: 205 }, (_, index) => `CA${String(index).padStart(32, '0')}`);
    const asked: number[] = [];
    // What DynamoDB has for each key that it is asked for.
    const client: DynamoDBClient = Object.assign(Object.create(table.client), {
      send: async ({ input }: BatchGetItemCommand) => {
        const keys = input.RequestItems?.[TABLE_NAME]?.Keys ?? [];
        expect(input.RequestItems?.[TABLE_NAME]?.ConsistentRead).toBe(true);
        asked.push(keys.length);
        return { Responses: { [TABLE_NAME]: keys.map((one) => ({ ...one, Final: { BOOL: true } })) } };
      },
    });
    const known = await storeWith(client).rowsOf(callSids);
    expect([...known.keys()]).toEqual(callSids);
    expect(asked).toEqual([100, 100, 5]);
  });

  test('is asked for again as long as DynamoDB leaves it out', async () => {
    await store.apply(call, started);
    let left = 2;
    const throttled = storeWith(
      clientThat(async (_, send) =>
        left-- > 0
          ? {
              Responses: {},
              UnprocessedKeys: { [TABLE_NAME]: { Keys: [marshall({ CallSid: CALL_SID, Item: 'CALL' })] } },
            }
          : send(),
      ),
    );
    expect([...(await throttled.rowsOf([CALL_SID])).keys()]).toEqual([CALL_SID]);
    expect(left).toBe(-1);
  });

  test('is up to when it has swept, once it has', async () => {
    await table.delete({ CallSid: 'SWEEP', Item: 'SWEEP' });
    expect(await store.sweptUntil()).toBeUndefined();
    await store.keepSweptUntil(NOON);
    await store.keepSweptUntil(NOON + 1);
    expect(await store.sweptUntil()).toBe(NOON + 1);
  });
});

describe('a table that cannot be used', () => {
  test.each<[string, (store: Store) => Promise<unknown>]>([
    ['claim', (dead) => dead.claim(call, 'a', NOON)],
    ['release', (dead) => dead.release(CALL_SID, 'a', { creates: 0, uncertain: false, doubtful: false })],
    ['apply', (dead) => dead.apply(call, started)],
    ['beginCommand', (dead) => dead.beginCommand(call, 'a', NOON)],
    ['endCommand', (dead) => dead.endCommand(CALL_SID, 'a')],
    ['keepToken', (dead) => dead.keepToken(CALL_SID, 'token')],
    ['known', (dead) => dead.known(CALL_SID)],
    ['rowsOf', (dead) => dead.rowsOf([CALL_SID])],
    ['sweptUntil', (dead) => dead.sweptUntil()],
    ['keepSweptUntil', (dead) => dead.keepSweptUntil(NOON)],
  ])('makes %s fail with the one error that Step Functions knows', async (_, use) => {
    for (const unusable of [storeWith(clientOf(1)), storeWith(table.client, 'missing')]) {
      const error: unknown = await use(unusable).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(StoreUnavailableError);
      expect(error).toHaveProperty(
        'message',
        expect.stringMatching(/^The table of calls could not be used: \w+: /),
      );
      // The SDK's errors carry the request, and its signature with it.
      expect(error).not.toHaveProperty('cause');
    }
  });
});
