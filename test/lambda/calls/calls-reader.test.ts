import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type CallsReader, callsReader, PAGE_SIZE } from '../../../lambda/calls/calls-reader.ts';
import { dynamoDbStore } from '../../../lambda/recording/dynamodb-store.ts';
import { systemClock } from '../../../lambda/shared/clock.ts';
import { StoreUnavailableError } from '../../../lambda/shared/errors.ts';
import { clientOf, type LocalTable, localTable, TABLE_NAME } from '../support/local-table.ts';
import { type ManualClock, manualClock } from '../support/manual-clock.ts';
import { ACCOUNT_SID, CALL_SID, RECORDING_SID } from '../support/sids.ts';

const DAY = '2026-11-24';
const call = {
  callSid: CALL_SID,
  accountSid: ACCOUNT_SID,
  from: '+15550001111',
  to: '+15550002222',
  direction: 'inbound',
};

let table: LocalTable;
let reader: CallsReader;
let clock: ManualClock;
let written: Set<string>;

beforeAll(async () => {
  table = await localTable();
  reader = callsReader(table.client, TABLE_NAME);
  clock = manualClock();
  written = new Set();
});
afterAll(() => table.close());
afterEach(clear);

async function clear(): Promise<void> {
  for (const callSid of written) {
    await Promise.all((await table.itemsOf(callSid)).map((item) => table.delete(item)));
  }
  written.clear();
  clock = manualClock();
}

const store = () =>
  dynamoDbStore({
    client: table.client,
    tableName: TABLE_NAME,
    retentionDays: 30,
    clock: { now: () => clock.now(), sleep: systemClock.sleep },
    newId: randomUUID,
  });

/** Calls so many milliseconds after each other; every third one is unrecorded. */
async function write(gaps: readonly number[]): Promise<string[]> {
  const sids: string[] = [];
  for (const [index, gap] of gaps.entries()) {
    clock.advance(gap);
    const callSid = `CA${((index * 2_654_435_761) % 2 ** 32).toString(16).padStart(32, '0')}`;
    written.add(callSid);
    sids.push(callSid);
    const facts = { ...call, callSid };
    await (index % 3 === 0
      ? store().apply(facts, { type: 'unrecorded', unrecorded: { reason: 'never-answered' } })
      : store().claim(facts, 'request-1', clock.now()));
  }
  return sids;
}

/** All pages of a list. */
async function all(
  status?: string,
): Promise<{ sids: string[]; created: (string | undefined)[]; largest: number }> {
  const sids: string[] = [];
  const created: (string | undefined)[] = [];
  let largest = 0;
  for (
    let page = await reader.list(DAY, status, undefined);
    ;
    page = await reader.list(DAY, status, page.next)
  ) {
    sids.push(...page.calls.map(({ callSid }) => callSid));
    created.push(...page.calls.map(({ createdAt }) => createdAt));
    largest = Math.max(largest, page.calls.length);
    if (page.next === undefined) {
      return { sids, created, largest };
    }
  }
}

describe('the list of a day', () => {
  test('has each call once, the newest first, however many there are and however close', async () => {
    await fc.assert(
      fc
        .asyncProperty(
          fc.array(fc.constantFrom(0, 0, 1, 1_000), { minLength: 0, maxLength: 130 }),
          async (gaps) => {
            const sids = await write(gaps);
            const listed = await all();
            expect(listed.sids.toSorted()).toEqual(sids.toSorted());
            expect(listed.created).toEqual(listed.created.toSorted().toReversed());
            expect(listed.largest).toBeLessThanOrEqual(PAGE_SIZE);
          },
        )
        .afterEach(clear),
      { numRuns: 8 },
    );
  }, 120_000);

  test('has those of a status only, and none that are hidden behind others', async () => {
    const sids = await write(Array.from({ length: 120 }, () => 7));
    expect((await all('unrecorded')).sids).toEqual(sids.filter((_, index) => index % 3 === 0).toReversed());
    expect((await all('starting')).sids).toHaveLength(80);
    expect((await all('completed')).sids).toEqual([]);
  }, 180_000);

  test('has none of other days', async () => {
    await write([0]);
    expect(await reader.list('2026-11-25', undefined, undefined)).toEqual({ calls: [], next: undefined });
  });
});

describe('the details of a call', () => {
  test('are all that is stored of it', async () => {
    written.add(CALL_SID);
    await store().claim(call, 'request-1', clock.now());
    const recording = {
      recordingSid: RECORDING_SID,
      status: 'in-progress',
      source: 'StartCallRecordingAPI',
      startTime: '2026-11-24T12:00:01.000Z',
      channels: 2,
      track: 'both',
    };
    clock.advance(1_000);
    await store().apply(call, { type: 'recording', source: 'create', recording });
    clock.advance(1_000);
    await store().apply(call, {
      type: 'command',
      command: {
        action: 'pause',
        by: 'somebody',
        reason: 'card number',
        before: 'in-progress',
        after: 'paused',
        httpStatus: 200,
      },
      recording: {
        ...recording,
        command: { number: 1, status: 'paused', confirmed: true, at: '2026-11-24T12:00:02.000Z' },
      },
    });
    expect(await reader.details(CALL_SID)).toEqual({
      call: {
        callSid: CALL_SID,
        from: '+15550001111',
        to: '+15550002222',
        direction: 'inbound',
        origin: 'webhook',
        createdAt: '2026-11-24T12:00:00.000Z',
        updatedAt: '2026-11-24T12:00:02.000Z',
        recordingStatus: 'paused',
        recordingSid: RECORDING_SID,
        recordingCount: 1,
        final: false,
      },
      recordings: [{ ...recording, status: 'paused' }],
      events: [
        {
          at: '2026-11-24T12:00:01.000Z',
          type: 'create',
          effect: 'news',
          recordingSid: RECORDING_SID,
          recordingStatus: 'in-progress',
        },
        {
          at: '2026-11-24T12:00:02.000Z',
          type: 'command',
          effect: 'news',
          recordingSid: RECORDING_SID,
          action: 'pause',
          by: 'somebody',
          reason: 'card number',
          before: 'in-progress',
          after: 'paused',
          httpStatus: 200,
        },
      ],
    });
  });

  test('say when its recordings ended before it', async () => {
    const recording = { recordingSid: RECORDING_SID, status: 'completed' };
    written.add(CALL_SID);
    await store().apply(call, { type: 'recording', source: 'callback', recording });
    expect((await reader.details(CALL_SID))?.call.endedEarly).toBeUndefined();
    await store().keepEndedEarly(CALL_SID, 1);
    expect((await reader.details(CALL_SID))?.call.endedEarly).toBe(true);
  });

  test('are none of a call that nobody knows', async () => {
    expect(await reader.details(CALL_SID)).toBeUndefined();
  });
});

test.each([
  ['list', (dead: CallsReader) => dead.list(DAY, undefined, undefined)],
  ['details', (dead: CallsReader) => dead.details(CALL_SID)],
])('%s of a table that cannot be read throws the one error', async (_, read) => {
  const error: unknown = await read(callsReader(clientOf(1), TABLE_NAME)).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(StoreUnavailableError);
  expect(error).not.toHaveProperty('cause');
});
