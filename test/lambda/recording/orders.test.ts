import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { dynamoDbStore } from '../../../lambda/recording/dynamodb-store.ts';
import {
  type CallEvent,
  type CallState,
  isFinal,
  merge,
  NOTHING_KNOWN,
  type RecordingState,
  summarize,
} from '../../../lambda/recording/merge.ts';
import type { Applied, CallStore } from '../../../lambda/recording/store.ts';
import { TABLE_NAME } from '../support/local-table.ts';
import { manualClock, NOON } from '../support/manual-clock.ts';
import { memoryTable, rowsOf } from '../support/memory-table.ts';
import { ACCOUNT_SID, CALL_SID, OTHER_RECORDING_SID, RECORDING_SID } from '../support/sids.ts';

/** What may be seen of one recording. Of two final statuses only one is true. */
const seenOf = (recordingSid: string, second: number) => {
  const seen = (
    source: Extract<CallEvent, { type: 'recording' }>['source'],
    status: string,
    fields: Partial<RecordingState> = {},
  ): CallEvent => ({ type: 'recording', source, recording: { recordingSid, status, ...fields } });
  // The create's answer and the callbacks may differ by a second on when a recording began.
  const startTime = (later: number): string => `2026-11-24T12:00:0${second + later}.000Z`;
  return {
    created: seen('create', 'in-progress', { startTime: startTime(0), channels: 2, track: 'both' }),
    started: seen('callback', 'in-progress', { startTime: startTime(1), channels: 2, errorCode: 0 }),
    completed: seen('callback', 'completed', { startTime: startTime(1), duration: 7, url: 'https://7' }),
    absent: seen('callback', 'absent', { errorCode: 16_101 }),
    surplus: seen('verify', 'stopped', { surplus: true }),
  };
};
const one = seenOf(RECORDING_SID, 1);
const other = seenOf(OTHER_RECORDING_SID, 2);
const gaveUp: CallEvent = { type: 'unrecorded', unrecorded: { reason: 'recorder-failed', answered: true } };

const byKey = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1);

/** The same for states that are equal, whatever the order of their keys. */
const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, part) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(byKey))
      : part,
  );

/**
 * Merges all sequences of up to `length` events. Whether two hold the same events is told by how often each occurs, and,
 * since the first of two final statuses stands, by which that is.
 *
 * @returns how many sequences, how many different sets of events, and those of them that had more than one result
 */
function mergeAll(events: readonly CallEvent[], length: number) {
  const results = new Map<string, string>();
  const ambiguous = new Set<string>();
  let sequences = 0;

  function add(state: CallState, counts: readonly number[], finals: Readonly<Record<string, string>>): void {
    sequences++;
    const set = `${counts} ${finals[RECORDING_SID]} ${finals[OTHER_RECORDING_SID]}`;
    const result = textOf([state, summarize(state)]);
    const before = results.get(set);
    if (before === undefined) {
      results.set(set, result);
    } else if (before !== result) {
      ambiguous.add(set);
    }
    if (counts.reduce((sum, count) => sum + count, 0) < length) {
      for (const [index, event] of events.entries()) {
        add(
          merge(state, event).state,
          counts.with(index, (counts[index] ?? 0) + 1),
          event.type === 'recording' && isFinal(event.recording.status)
            ? { [event.recording.recordingSid]: event.recording.status, ...finals }
            : finals,
        );
      }
    }
  }

  add(
    NOTHING_KNOWN,
    events.map(() => 0),
    {},
  );
  return { sequences, sets: results.size, ambiguous: [...ambiguous] };
}

describe('every order of up to six events', () => {
  test('of the callbacks of two recordings has one result', () => {
    const events = [one, other].flatMap(({ started, completed, absent }) => [started, completed, absent]);
    const { sequences, ambiguous } = mergeAll(events, 6);
    expect(sequences).toBe((6 ** 7 - 1) / 5);
    expect(ambiguous).toEqual([]);
  });

  test('of creates, callbacks, a check for doubles and somebody who gives up has one result', () => {
    const events = [one.created, one.completed, other.started, other.surplus, other.completed, gaveUp];
    expect(mergeAll(events, 6).ambiguous).toEqual([]);
  });
});

/** A request that waits until it is let through to the table. */
type Waiting = () => Promise<void>;

/** Stores that share a table, each request of which waits for its turn. */
function turns() {
  const table = memoryTable();
  const waiting = new Map<number, Waiting>();
  let ids = 0;
  const clock = manualClock();
  const storeOf = (writer: number): CallStore => {
    const inTurn = <T>(work: () => Promise<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        waiting.set(writer, () => work().then(resolve, reject));
      });
    return dynamoDbStore({
      client: { send: ((command: never) => inTurn(() => table.send(command))) as typeof table.send },
      tableName: TABLE_NAME,
      retentionDays: 30,
      clock: { now: clock.now, sleep: () => inTurn(async () => {}) },
      newId: () => String(++ids).padStart(8, '0'),
    });
  };
  return { table, waiting, storeOf };
}

const call = { callSid: CALL_SID, accountSid: ACCOUNT_SID };
const TOKEN = 'the-token-of-the-task';

/** What a writer does. */
type Write<T = unknown> = (store: CallStore) => Promise<T>;

const applied =
  (event: CallEvent): Write<Applied> =>
  (store) =>
    store.apply(call, event);
const keepToken: Write<string> = (store) => store.keepToken(CALL_SID, TOKEN);
const claim: Write = (store) => store.claim(call, 'request', NOON + 10_000);

interface Turn {
  readonly writer: number;
  /** Those whose request waited. */
  readonly of: readonly number[];
}

/** Says whose request is next. */
type Choose = (writers: readonly number[], turn: number) => number;

const inOrder: Choose = ([writer = 0]) => writer;

interface Raced<T> {
  readonly taken: readonly Turn[];
  readonly answers: readonly T[];
  readonly rows: Record<string, unknown>[];
}

/** Does what is to be done before, one after the other, then lets writers race. */
async function race<T>(
  before: readonly Write[],
  writes: readonly Write<T>[],
  choose: Choose,
): Promise<Raced<T>> {
  const { table, waiting, storeOf } = turns();
  async function finish<R>(writers: readonly Promise<R>[], next: Choose) {
    const taken: Turn[] = [];
    let done = false;
    const all = Promise.all(writers).finally(() => {
      done = true;
    });
    for (;;) {
      await settled();
      if (done) {
        return { taken, answers: await all };
      }
      const of = [...waiting.keys()].sort();
      const writer = next(of, taken.length);
      taken.push({ writer, of });
      const request = waiting.get(writer);
      waiting.delete(writer);
      await request?.();
    }
  }
  for (const write of before) {
    await finish([write(storeOf(0))], inOrder);
  }
  const finished = await finish(
    writes.map((write, writer) => write(storeOf(writer))),
    choose,
  );
  return { ...finished, rows: rowsOf(table) };
}

/** All that does not wait for a turn has run to its end. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Every way in which the requests of writers can take turns. */
async function everyRace<T>(before: readonly Write[], writes: readonly Write<T>[]): Promise<Raced<T>[]> {
  const races: Raced<T>[] = [];
  let script: number[] | undefined = [];
  while (script) {
    const planned: readonly number[] = script;
    const raced = await race(before, writes, (of, turn) => planned[turn] ?? of[0] ?? 0);
    races.push(raced);
    script = afterIn(raced.taken);
  }
  return races;
}

/** The turns up to the last at which somebody later in line could have been next, and that one. */
function afterIn(taken: readonly Turn[]): number[] | undefined {
  const last = taken.findLastIndex(({ writer, of }) => writer !== of.at(-1));
  const turn = taken[last];
  const next = turn?.of[turn.of.indexOf(turn.writer) + 1];
  return next === undefined ? undefined : [...taken.slice(0, last).map(({ writer }) => writer), next];
}

describe('every way in which the requests of two writers can take turns', () => {
  test.each<[string, Write[], Write[]]>([
    ['two beginnings', [], [one.started, other.started].map(applied)],
    ['a create’s answer and its callback', [claim], [one.created, one.started].map(applied)],
    ['a beginning and its end', [], [one.started, one.completed].map(applied)],
    ['the same end twice', [applied(one.started)], [one.completed, one.completed].map(applied)],
    ['two ends', [one.created, other.created].map(applied), [one.completed, other.absent].map(applied)],
    ['an end, and somebody who gives up', [claim], [one.completed, gaveUp].map(applied)],
    ['a claim, and a callback', [], [claim, applied(one.started)]],
    [
      'a double’s end, and the check that stopped it',
      [one.created, other.created].map(applied),
      [other.completed, other.surplus].map(applied),
    ],
  ])('leaves the same rows: %s', async (_, before, writes) => {
    const { rows: expected } = await race(before, writes, inOrder);
    for (const { rows } of await everyRace(before, writes)) {
      expect(rows).toEqual(expected);
    }
  });

  test.each<[string, CallEvent, string]>([
    ['final', one.completed, 'final'],
    ['doubled', other.started, 'doubled'],
  ])('lets the task or the event know that the call is %s', async (_, event, answer) => {
    const before = [claim, applied(one.created)];
    const races = await everyRace<Applied | string>(before, [applied(event), keepToken]);
    expect(races.length).toBeGreaterThan(4);
    for (const { answers } of races) {
      const [ofEvent, ofTask] = answers;
      expect([Object(ofEvent).taskToken === TOKEN, ofTask === answer]).toContain(true);
    }
  });
});

test('a recording that changes without the summary is in the summary that another writer makes meanwhile', async () => {
  const before = [claim, applied(one.started), applied(other.started)];
  const consent = { answer: 'given', textVersion: 'v1', digit: '1', at: '2026-11-24T12:00:00.000Z' } as const;
  const writes = [applied(other.created), applied(one.absent), applied({ type: 'consent', consent })];
  // The first reads, the third raises the row's version, the second reads; then the first goes on to its end.
  const turns = [0, 0, 2, 2, 2, 2, 1, 1];
  const { rows } = await race(before, writes, (of, turn) => turns[turn] ?? of[0] ?? 0);
  expect(rows).toEqual((await race(before, writes, inOrder)).rows);
});

test('the callbacks of two recordings, all at once, leave the same rows in whatever order their requests come', async () => {
  const events = [one.created, one.started, one.completed, other.started, other.absent, gaveUp];
  const writes = events.map(applied);
  const { rows: expected } = await race([claim], writes, inOrder);
  await fc.assert(
    fc.asyncProperty(fc.infiniteStream(fc.nat()), async (choices) => {
      const { rows } = await race([claim], writes, (of) => {
        const { value } = choices.next();
        return of[value % of.length] ?? 0;
      });
      expect(rows).toEqual(expected);
    }),
    { numRuns: 200 },
  );
});
