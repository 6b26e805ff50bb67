import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  byWorth,
  type CallEvent,
  type CallState,
  type CommandedStatus,
  ending,
  hasEnded,
  isFinal,
  merge,
  NOTHING_KNOWN,
  type RecordingState,
  shownStatus,
  summarize,
} from '../../../lambda/recording/merge.ts';
import { OTHER_RECORDING_SID, RECORDING_SID } from '../support/sids.ts';

type Seen = Extract<CallEvent, { type: 'recording' }>;
type Source = Seen['source'];

const seen = (status: string, fields: Partial<RecordingState> = {}, recordingSid = RECORDING_SID): Seen => ({
  type: 'recording',
  source: 'callback',
  recording: { recordingSid, status, ...fields },
});

const gaveUp = (reason: string, answered: boolean | undefined = true): CallEvent => ({
  type: 'unrecorded',
  unrecorded: { reason, answered },
});

const commanded = (
  number: number,
  status: CommandedStatus,
  confirmed: boolean,
  recordingSid = RECORDING_SID,
): CallEvent => ({
  type: 'command',
  command: { action: 'pause', by: 'somebody' },
  recording: {
    recordingSid,
    status: 'in-progress',
    command: { number, status, confirmed, at: `2026-11-24T12:00:0${number}.000Z` },
  },
});

const stateAfter = (events: readonly CallEvent[]): CallState =>
  events.reduce((state, event) => merge(state, event).state, NOTHING_KNOWN);

const statusAfter = (...statuses: string[]): string | undefined =>
  stateAfter(statuses.map((status) => seen(status))).recordings[RECORDING_SID]?.status;

describe('a status', () => {
  const statuses = [
    ['in-progress', 'paused'],
    ['stopped', 'processing'],
    ['completed', 'absent', 'failed'],
  ];
  const higherAndLower = statuses.flatMap((higher, rank) =>
    higher.flatMap((above) =>
      statuses
        .slice(0, rank)
        .flat()
        .map((below): [string, string] => [above, below]),
    ),
  );

  test.each(higherAndLower)('%s outranks %s in either order', (above, below) => {
    expect(statusAfter(above, below)).toBe(above);
    expect(statusAfter(below, above)).toBe(above);
  });

  test.each(['archived', 'erased', 'constructor'])(
    '%s is unknown and outranked by every known one',
    (unknown) => {
      for (const known of statuses.flat()) {
        expect(statusAfter(unknown, known)).toBe(known);
        expect(statusAfter(known, unknown)).toBe(known);
      }
    },
  );

  test('that is unknown is kept while nothing else is known', () => {
    expect(statusAfter('archived')).toBe('archived');
  });

  test.each([
    ['completed', true],
    ['absent', true],
    ['failed', true],
    ['deleted', true],
    ['processing', false],
    ['stopped', false],
    ['in-progress', false],
    ['archived', false],
    ['constructor', false],
  ])('%s is final: %s', (status, final) => {
    expect(isFinal(status)).toBe(final);
  });
});

describe('an effect', () => {
  test('is news for what was not known', () => {
    expect(merge(NOTHING_KNOWN, seen('in-progress')).effect).toBe('news');
    expect(merge(stateAfter([seen('in-progress')]), seen('completed')).effect).toBe('news');
    expect(merge(stateAfter([seen('completed')]), seen('in-progress', { track: 'both' })).effect).toBe(
      'news',
    );
    expect(merge(NOTHING_KNOWN, gaveUp('never-answered')).effect).toBe('news');
  });

  test.each([
    ['a repetition', [seen('completed')], seen('completed')],
    ['a straggler', [seen('completed', { track: 'both' })], seen('in-progress', { track: 'both' })],
    ['a second reason', [gaveUp('never-answered')], gaveUp('recorder-failed')],
  ])('is nothing-new for %s, and the state stays the very same', (_, before, event) => {
    const state = stateAfter(before);
    expect(merge(state, event)).toEqual({ state, effect: 'nothing-new' });
    expect(merge(state, event).state).toBe(state);
  });

  const finals = ['completed', 'absent', 'failed'];
  const contradictions = finals.flatMap((first) =>
    finals.filter((second) => second !== first).map((second): [string, string] => [first, second]),
  );

  test.each(contradictions)('is a conflict when after %s comes %s, and the first stands', (first, second) => {
    const { state, effect } = merge(stateAfter([seen(first)]), seen(second));
    expect(effect).toBe('conflict');
    expect(state.recordings[RECORDING_SID]?.status).toBe(first);
  });

  test('is a conflict also when the contradiction knows more than what it contradicts', () => {
    const absent = stateAfter([seen('absent', { errorCode: 16102 })]);
    const { state, effect } = merge(absent, seen('completed', { errorCode: 0, duration: 7 }));
    expect(effect).toBe('conflict');
    expect(state.recordings[RECORDING_SID]?.status).toBe('absent');
  });
});

describe('an ending', () => {
  const told = (events: readonly CallEvent[]): CallState =>
    events.reduce((state, event) => merge(state, event).state, NOTHING_KNOWN);
  const steps = (...events: CallEvent[]) =>
    events.map((_, index) =>
      ending(RECORDING_SID, told(events.slice(0, index)), told(events.slice(0, index + 1))),
    );

  test.each(['completed', 'absent', 'failed', 'deleted'])('is %s once, whatever comes again', (status) => {
    const last = seen(status);
    expect(steps(seen('in-progress'), last, last, seen('in-progress'))).toEqual([
      undefined,
      status,
      undefined,
      undefined,
    ]);
    expect(steps(last)).toEqual([status]);
  });

  test('is not that of another recording, nor the answer that contradicts it later', () => {
    const asked = { ...seen('absent'), source: 'reconcile' } as const;
    expect(steps(seen('completed', {}, OTHER_RECORDING_SID), seen('completed'), asked)).toEqual([
      undefined,
      'completed',
      undefined,
    ]);
  });
});

describe('a field', () => {
  test('of a higher rank wins, and a lower rank fills the gaps', () => {
    const early = seen('in-progress', { track: 'both', errorCode: 0, channels: 2 });
    const late = seen('absent', { errorCode: 16101 });
    const expected = {
      recordingSid: RECORDING_SID,
      status: 'absent',
      track: 'both',
      errorCode: 16101,
      channels: 2,
      confirmed: true,
    };
    expect(stateAfter([early, late]).recordings[RECORDING_SID]).toEqual(expected);
    expect(stateAfter([late, early]).recordings[RECORDING_SID]).toEqual(expected);
  });
});

describe('facts that contradict each other', () => {
  test.each<[string, Partial<RecordingState>, Partial<RecordingState>]>([
    [
      'the earlier start',
      { startTime: '2026-11-24T12:00:01.000Z' },
      { startTime: '2026-11-24T12:00:02.000Z' },
    ],
    ['the fewer channels', { channels: 1 }, { channels: 2 }],
    ['the longer duration', { duration: 9 }, { duration: 7 }],
    ['the error', { errorCode: 16_101 }, { errorCode: 0 }],
  ])('leave %s', (_, counts, other) => {
    for (const events of [
      [seen('in-progress', counts), seen('in-progress', other)],
      [seen('in-progress', other), seen('in-progress', counts)],
    ]) {
      expect(stateAfter(events).recordings[RECORDING_SID]).toMatchObject(counts);
    }
  });

  const answered = seen('in-progress', { startTime: '2026-11-24T12:00:01.000Z' });
  const called = seen('in-progress', { startTime: '2026-11-24T12:00:02.000Z' });

  test.each([
    ['of one rank', [answered, called]],
    [
      'of two ranks, while a third says nothing',
      [answered, seen('completed'), seen('processing', { startTime: '2026-11-24T12:00:02.000Z' })],
    ],
  ])('%s come out the same in either order', (_, events) => {
    expect(stateAfter(events.toReversed())).toEqual(stateAfter(events));
  });
});

describe('what Twilio says when it is asked', () => {
  const asked = (status: string, facts: object = {}): CallEvent => ({
    type: 'recording',
    source: 'reconcile',
    recording: { recordingSid: RECORDING_SID, status, ...facts },
  });

  test('takes the place of a final status that it contradicts, with its figures', () => {
    const absent = stateAfter([seen('absent', { errorCode: 16102, track: 'both' })]);
    const { state, effect } = merge(absent, asked('completed', { duration: 7, errorCode: 0 }));
    expect(effect).toBe('override');
    expect(state.recordings[RECORDING_SID]).toMatchObject({
      status: 'completed',
      duration: 7,
      errorCode: 0,
      track: 'both',
    });
  });

  test('counts like a callback otherwise', () => {
    expect(merge(NOTHING_KNOWN, asked('in-progress')).effect).toBe('news');
    expect(merge(stateAfter([seen('completed')]), asked('in-progress')).effect).toBe('nothing-new');
    expect(merge(stateAfter([seen('completed')]), asked('completed')).effect).toBe('nothing-new');
  });
});

describe('whether a recording is ours', () => {
  const from = (source: Source, fields: Partial<RecordingState> = {}): CallEvent => ({
    ...seen('in-progress', fields),
    source,
  });
  const confirmed = (...events: CallEvent[]) => stateAfter(events).recordings[RECORDING_SID]?.confirmed;

  test.each<[Source, true | undefined]>([
    ['create', true],
    ['callback', true],
    ['adopt', undefined],
    ['verify', undefined],
    ['reconcile', undefined],
  ])('is, when a %s tells of it, known: %j', (source, known) => {
    expect(confirmed(from(source))).toBe(known);
  });

  test('stays known', () => {
    expect(confirmed(from('callback'), from('reconcile', { track: 'both' }))).toBe(true);
    expect(confirmed(from('adopt'), from('callback'))).toBe(true);
    expect(merge(stateAfter([from('adopt')]), from('callback')).effect).toBe('news');
  });

  test('and one too many stays so', () => {
    const surplus = from('verify', { surplus: true });
    for (const events of [
      [surplus, from('callback', { track: 'both' })],
      [from('callback', { track: 'both' }), surplus],
    ]) {
      expect(stateAfter(events).recordings[RECORDING_SID]).toMatchObject({ surplus: true, track: 'both' });
    }
  });
});

test.each([
  ['processing', 'stopped'],
  ['stopped', 'processing'],
])('one that was stopped has ended, whatever Twilio shows of it: %s, %s', (first, second) => {
  expect(summarize(stateAfter([seen(first), seen(second)])).recordingStatus).toBe('stopped');
});

describe('a call of two recordings', () => {
  const doubled = (first: CallEvent, second: CallEvent) => {
    const { doubled: is, surplusCount } = summarize(stateAfter([first, second]));
    return { is, surplusCount };
  };
  const other = (status: string, fields: Partial<RecordingState> = {}) =>
    seen(status, fields, OTHER_RECORDING_SID);

  test.each(['in-progress', 'paused', 'processing', 'something-new'])(
    'is doubled while both run, the second being %s',
    (status) => {
      expect(doubled(seen('in-progress'), other(status))).toEqual({ is: true, surplusCount: 0 });
    },
  );

  test('is doubled while one that was told to stop goes on', () => {
    const second = other('in-progress', { surplus: true });
    expect(doubled(seen('in-progress'), second)).toEqual({ is: true, surplusCount: 1 });
  });

  test.each<[string, CallEvent, number]>([
    ['was stopped', other('stopped'), 0],
    ['has ended', other('completed'), 0],
    ['was told to stop and did', other('stopped', { surplus: true }), 1],
    ['nobody knows to be ours', { ...other('in-progress'), source: 'adopt' }, 0],
  ])('is not when the second %s', (_, second, surplusCount) => {
    expect(doubled(seen('in-progress'), second)).toEqual({ is: false, surplusCount });
    expect(doubled(second, seen('in-progress'))).toEqual({ is: false, surplusCount });
  });
});

test.each([
  ['in-progress', false],
  ['paused', false],
  ['processing', false],
  ['something-new', false],
  ['stopped', true],
  ['completed', true],
  ['absent', true],
  ['failed', true],
  ['deleted', true],
])('a recording that is %s records nothing more: %s', (status, ended) => {
  expect(hasEnded(status)).toBe(ended);
});

describe('a summary', () => {
  const first = { startTime: '2026-11-24T12:00:01.000Z' };
  const second = { startTime: '2026-11-24T12:00:02.000Z' };

  test('of nothing says that the recording is about to start', () => {
    expect(summarize(NOTHING_KNOWN)).toEqual({
      recordingStatus: 'starting',
      recordingCount: 0,
      surplusCount: 0,
      doubled: false,
      ended: false,
      unwanted: false,
      final: false,
    });
  });

  test('without a recording says why there is none', () => {
    expect(summarize(stateAfter([gaveUp('never-answered', false)]))).toEqual({
      recordingStatus: 'unrecorded',
      recordingCount: 0,
      surplusCount: 0,
      doubled: false,
      ended: false,
      unwanted: false,
      unrecorded: { reason: 'never-answered', answered: false },
      final: true,
    });
  });

  test('without a recording says no more than is known: not whether the call was answered, but Twilio’s code', () => {
    const unrecorded = { reason: 'trial-account', errorCode: 10002 };
    const { effect, state } = merge(NOTHING_KNOWN, { type: 'unrecorded', unrecorded });
    expect(effect).toBe('news');
    expect(summarize(state).unrecorded).toStrictEqual(unrecorded);
    expect(merge(state, { type: 'unrecorded', unrecorded: { ...unrecorded, answered: true } })).toEqual({
      state,
      effect: 'nothing-new',
    });
  });

  test('names a recording rather than a reason for there being none, in either order', () => {
    const expected = {
      recordingStatus: 'in-progress',
      recordingCount: 1,
      surplusCount: 0,
      doubled: false,
      ended: false,
      unwanted: false,
      recording: { recordingSid: RECORDING_SID, status: 'in-progress', confirmed: true },
      final: false,
    };
    expect(summarize(stateAfter([seen('in-progress'), gaveUp('recorder-failed')]))).toEqual(expected);
    expect(summarize(stateAfter([gaveUp('recorder-failed'), seen('in-progress')]))).toEqual(expected);
  });

  test.each([
    [['completed'], true],
    [['absent'], true],
    [['completed', 'in-progress'], false],
    [['processing'], false],
    [['completed', 'deleted'], true],
  ])('of recordings that are %j is final: %s', (statuses, final) => {
    const events = statuses.map((status, index) => seen(status, {}, `RE${index}`));
    expect(summarize(stateAfter(events)).final).toBe(final);
  });

  const twoSeconds = { ...first, duration: 2 };
  test.each<[string, readonly CallEvent[], string | undefined]>([
    // Twilio tells whole seconds of both, which may be two too few.
    ['when its recording ended, or a little later', [seen('completed', twoSeconds)], '12:00:05'],
    [
      'when the last of them ended',
      [
        seen('completed', { ...first, duration: 10 }),
        seen('completed', { ...second, duration: 3 }, OTHER_RECORDING_SID),
      ],
      '12:00:13',
    ],
    [
      'when the one with audio ended',
      [seen('completed', twoSeconds), seen('absent', second, OTHER_RECORDING_SID)],
      '12:00:05',
    ],
    [
      'when it began, where it was too short to be kept',
      [seen('absent', { ...first, errorCode: 16101 })],
      '12:00:03',
    ],
    [
      'when the one ended that was begun after an operator’s stop',
      [
        seen('in-progress', first),
        commanded(1, 'stopped', true),
        seen('completed', { ...first, duration: 30 }),
        seen('completed', { ...second, duration: 2 }, OTHER_RECORDING_SID),
      ],
      '12:00:06',
    ],
    ['nobody knows while it is processed', [seen('processing', twoSeconds)], undefined],
    ['nobody knows after a stop alone', [seen('stopped', twoSeconds)], undefined],
    [
      'nobody knows while another runs',
      [seen('completed', twoSeconds), seen('in-progress', second, OTHER_RECORDING_SID)],
      undefined,
    ],
    ['nobody knows without its length', [seen('completed', first)], undefined],
    ['nobody knows without its start', [seen('completed', { duration: 2 })], undefined],
    ['nobody knows where it is silent', [seen('absent', { ...twoSeconds, errorCode: 16102 })], undefined],
    [
      'nobody knows once it had a command: a pause may be cut out',
      [seen('in-progress', first), commanded(1, 'in-progress', true), seen('completed', twoSeconds)],
      undefined,
    ],
  ])('says until when the call is recorded: %s', (_, events, until) => {
    expect(summarize(stateAfter(events)).recordedUntil).toBe(until && `2026-11-24T${until}.000Z`);
  });

  test.each<[string, CallEvent, CallEvent]>([
    [
      'with audio, though it started later',
      seen('absent', first),
      seen('completed', second, OTHER_RECORDING_SID),
    ],
    [
      'that was not deleted, though it started later',
      seen('deleted', first),
      seen('completed', second, OTHER_RECORDING_SID),
    ],
    [
      'that did not fail, though it started later',
      seen('failed', first),
      seen('paused', second, OTHER_RECORDING_SID),
    ],
    [
      'that was not one too many, though it started later',
      seen('completed', { ...first, surplus: true }),
      seen('completed', second, OTHER_RECORDING_SID),
    ],
    [
      'that is known to be ours, though it started later',
      { ...seen('completed', first), source: 'adopt' },
      seen('completed', second, OTHER_RECORDING_SID),
    ],
    [
      'with audio, though it was one too many',
      seen('absent', first),
      seen('completed', { ...second, surplus: true }, OTHER_RECORDING_SID),
    ],
    [
      'that was not one too many, though it is not known to be ours',
      seen('completed', { ...first, surplus: true }),
      { ...seen('completed', second, OTHER_RECORDING_SID), source: 'adopt' },
    ],
    ['that started first', seen('completed', second), seen('completed', first, OTHER_RECORDING_SID)],
    ['whose start is known', seen('in-progress'), seen('in-progress', first, OTHER_RECORDING_SID)],
    [
      'with the lower SID, when all else is equal',
      seen('completed', {}, 'RE9'),
      seen('completed', {}, OTHER_RECORDING_SID),
    ],
  ])('of two recordings names the one %s', (_, lesser, better) => {
    for (const events of [
      [lesser, better],
      [better, lesser],
    ]) {
      expect(summarize(stateAfter(events))).toMatchObject({
        recordingCount: 2,
        recording: { recordingSid: OTHER_RECORDING_SID },
      });
    }
  });
});

describe('a command', () => {
  const shownAfter = (...events: CallEvent[]): string => {
    const { recording } = summarize(stateAfter(events));
    return recording ? shownStatus(recording) : 'none';
  };

  test.each([
    ['that was sent', [commanded(1, 'paused', false)], 'unconfirmed'],
    ['that was confirmed', [commanded(1, 'paused', true)], 'paused'],
    ['that was sent and confirmed', [commanded(1, 'paused', false), commanded(1, 'paused', true)], 'paused'],
    ['before another', [commanded(1, 'paused', true), commanded(2, 'in-progress', true)], 'in-progress'],
    [
      'before another that was sent',
      [commanded(1, 'paused', true), commanded(2, 'paused', false)],
      'unconfirmed',
    ],
    ['before a callback that is late', [commanded(1, 'paused', true), seen('in-progress')], 'paused'],
    ['before the recording ended', [commanded(1, 'paused', true), seen('completed')], 'completed'],
    ['before the call ended', [commanded(1, 'paused', false), seen('processing')], 'processing'],
  ])('%s shows, in either order', (_, events, shown) => {
    const told = [seen('in-progress'), ...events];
    expect(shownAfter(...told)).toBe(shown);
    expect(shownAfter(...told.toReversed())).toBe(shown);
    expect(summarize(stateAfter(told)).recordingStatus).toBe(shown);
  });

  test('that changed nothing is nothing new', () => {
    const state = stateAfter([seen('in-progress')]);
    const event: CallEvent = { type: 'command', command: { action: 'pause', by: 'somebody' } };
    expect(merge(state, event)).toEqual({ state, effect: 'nothing-new' });
  });

  const ordering = (number: number, action: 'start' | 'stop'): CallEvent => ({
    type: 'command',
    command: { action, by: 'somebody' },
    order: { number, action },
  });

  test('that orders a stop or a start does so until a later one, whatever becomes of recordings', () => {
    const events = [ordering(1, 'start'), seen('in-progress'), ordering(3, 'stop'), ordering(2, 'start')];
    const state = stateAfter([...events, seen('completed')]);
    expect(summarize(state).order).toEqual({ number: 3, action: 'stop' });
    expect(merge(state, ordering(3, 'stop'))).toEqual({ state, effect: 'nothing-new' });
    expect(merge(state, ordering(2, 'start'))).toEqual({ state, effect: 'nothing-new' });
  });

  test('that ordered a stop which was not carried out says so under its own number', () => {
    const state = stateAfter([ordering(1, 'stop')]);
    const undone = merge(state, ordering(1, 'start'));
    expect(undone.effect).toBe('news');
    expect(summarize(undone.state).order).toEqual({ number: 1, action: 'start' });
  });

  test('is no evidence that a recording is ours, and contradicts no final status', () => {
    expect(stateAfter([commanded(1, 'paused', true)]).recordings[RECORDING_SID]?.confirmed).toBeUndefined();
    const state = stateAfter([seen('completed')]);
    const stopped: CallEvent = {
      type: 'command',
      command: { action: 'stop', by: 'somebody' },
      recording: { recordingSid: RECORDING_SID, status: 'deleted' },
    };
    expect(merge(state, stopped)).toEqual({ state, effect: 'conflict' });
  });
});

describe('a call of which one recording was stopped and another started', () => {
  const first = { startTime: '2026-11-24T12:00:01.000Z' };
  const second = { startTime: '2026-11-24T12:00:09.000Z' };
  const stopped: CallEvent = {
    type: 'command',
    command: { action: 'stop', by: 'somebody' },
    recording: {
      recordingSid: RECORDING_SID,
      status: 'stopped',
      command: { number: 1, status: 'stopped', confirmed: true, at: '2026-11-24T12:00:08.000Z' },
    },
  };
  const events: CallEvent[] = [
    seen('in-progress', first),
    stopped,
    seen('completed', { ...first, duration: 7 }),
    seen('in-progress', second, OTHER_RECORDING_SID),
  ];

  test.each([
    ['as told', events],
    ['backwards', events.toReversed()],
  ])('is that of the one which runs, and none was one too many (%s)', (_, told) => {
    expect(summarize(stateAfter(told))).toMatchObject({
      recordingStatus: 'in-progress',
      recording: { recordingSid: OTHER_RECORDING_SID },
      surplusCount: 0,
      ended: false,
      unwanted: false,
    });
  });

  test('is that of the first, when both have ended', () => {
    const ended = seen('completed', { ...second, duration: 20 }, OTHER_RECORDING_SID);
    expect(summarize(stateAfter([...events, ended]))).toMatchObject({
      recording: { recordingSid: RECORDING_SID },
      surplusCount: 0,
      final: true,
    });
  });

  test('is not that of one which runs on though it is one too many', () => {
    const surplus = seen('in-progress', { ...second, surplus: true }, OTHER_RECORDING_SID);
    expect(summarize(stateAfter([seen('completed', first), surplus]))).toMatchObject({
      recording: { recordingSid: RECORDING_SID },
    });
  });
});

test.each([
  [[], false],
  [[seen('in-progress')], false],
  [[seen('processing')], false],
  [[seen('completed')], true],
  [[seen('completed'), seen('in-progress', {}, OTHER_RECORDING_SID)], false],
  [[seen('completed'), { ...seen('stopped', {}, OTHER_RECORDING_SID), source: 'verify' as const }], true],
])('after %j it is %s that all recordings have ended', (events, ended) => {
  expect(summarize(stateAfter(events)).ended).toBe(ended);
});

describe('in every order and repetition of what is told of two recordings', () => {
  /** What is true of a recording. Each event tells some of it, the last one all that only it knows. */
  const facts = fc.record({
    source: fc.constant('StartCallRecordingAPI'),
    startTime: fc.constantFrom('2026-11-24T12:00:01.000Z', '2026-11-24T12:00:02.000Z'),
    channels: fc.constantFrom(1, 2),
    track: fc.constantFrom('inbound', 'both'),
    url: fc.constant('https://api.twilio.com/recording'),
  });
  const recordingEvents = (recordingSid: string) =>
    facts.chain((fields) => {
      const some = fc.record(
        Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, fc.constant(value)])),
        { requiredKeys: [] },
      );
      return fc
        .tuple(
          fc.tuple(some, fc.constantFrom<Source>('create', 'adopt', 'callback')).map(([told, source]) => ({
            ...seen('in-progress', { ...told, errorCode: 0 }, recordingSid),
            source,
          })),
          some.chain((told) =>
            fc.constantFrom<Seen>(
              { ...seen('processing', told, recordingSid), source: 'reconcile' },
              { ...seen('stopped', { ...told, surplus: true }, recordingSid), source: 'verify' },
            ),
          ),
          some.chain((told) =>
            fc.constantFrom(
              seen('completed', { ...told, duration: 7, errorCode: 0 }, recordingSid),
              seen('absent', { ...told, errorCode: 16101 }, recordingSid),
              seen('failed', { ...told, errorCode: 16105 }, recordingSid),
            ),
          ),
        )
        .chain((events) => fc.subarray([...events], { minLength: 1 }));
    });
  const commands = (recordingSid: string) =>
    fc.subarray([
      commanded(1, 'paused', false, recordingSid),
      commanded(1, 'paused', true, recordingSid),
      commanded(2, 'in-progress', false, recordingSid),
      commanded(2, 'in-progress', true, recordingSid),
      commanded(3, 'paused', false, recordingSid),
    ]);
  const withUnrecorded = fc.boolean().map((given) => (given ? [gaveUp('recorder-failed')] : []));
  /** Some events, and another order of them in which some come again. */
  const history = fc
    .tuple(
      recordingEvents(RECORDING_SID),
      recordingEvents(OTHER_RECORDING_SID),
      commands(RECORDING_SID),
      withUnrecorded,
    )
    .map((parts): CallEvent[] => parts.flat())
    .chain((events) =>
      fc.tuple(
        fc.constant(events),
        fc.array(fc.constantFrom(...events), { maxLength: 6 }).chain((repeated) =>
          fc.shuffledSubarray([...events, ...repeated], {
            minLength: events.length + repeated.length,
          }),
        ),
      ),
    );

  test('state and summary are the same', () => {
    fc.assert(
      fc.property(history, ([events, shuffled]) => {
        expect(stateAfter(shuffled)).toEqual(stateAfter(events));
        expect(summarize(stateAfter(shuffled))).toEqual(summarize(stateAfter(events)));
      }),
      { numRuns: 500 },
    );
  });

  test('what has been merged is nothing new', () => {
    fc.assert(
      fc.property(history, ([, shuffled]) => {
        const state = stateAfter(shuffled);
        for (const event of shuffled) {
          expect(merge(state, event)).toEqual({ state, effect: 'nothing-new' });
        }
      }),
    );
  });

  test('what is known to be ours, or to be one too many, stays so', () => {
    fc.assert(
      fc.property(history, ([, shuffled]) => {
        let state = NOTHING_KNOWN;
        for (const event of shuffled) {
          const before = state;
          ({ state } = merge(before, event));
          for (const [sid, { confirmed, surplus }] of Object.entries(before.recordings)) {
            expect(state.recordings[sid]).toMatchObject({
              ...(confirmed && { confirmed }),
              ...(surplus && { surplus }),
            });
          }
        }
        const told = shuffled.filter((event) => event.type === 'recording');
        for (const { recordingSid, confirmed, surplus } of Object.values(state.recordings)) {
          const ofIt = told.filter(({ recording }) => recording.recordingSid === recordingSid);
          expect(confirmed === true).toBe(
            ofIt.some(({ source }) => source === 'create' || source === 'callback'),
          );
          expect(surplus === true).toBe(ofIt.some(({ recording }) => recording.surplus));
        }
      }),
    );
  });

  test('no status ever goes back, and no final one changes', () => {
    const ranks = [['in-progress'], ['processing', 'stopped'], ['completed', 'absent', 'failed']];
    const rank = (status: string): number => ranks.findIndex((statuses) => statuses.includes(status));
    fc.assert(
      fc.property(history, ([, shuffled]) => {
        let state = NOTHING_KNOWN;
        for (const event of shuffled) {
          const before = state;
          ({ state } = merge(before, event));
          for (const [sid, { status }] of Object.entries(before.recordings)) {
            const now = state.recordings[sid]?.status ?? 'lost';
            expect(rank(now)).toBeGreaterThanOrEqual(rank(status));
            if (isFinal(status)) {
              expect(now).toBe(status);
            }
          }
        }
      }),
    );
  });
});

describe('of any recordings', () => {
  const recordings = fc.uniqueArray(
    fc.record<RecordingState>({
      recordingSid: fc.constantFrom(...Array.from({ length: 9 }, (_, index) => `RE${index}`)),
      status: fc.constantFrom('in-progress', 'stopped', 'processing', 'completed', 'absent', 'failed', 'new'),
      startTime: fc.constantFrom(undefined, '2026-11-24T12:00:01.000Z', '2026-11-24T12:00:02.000Z'),
      confirmed: fc.constantFrom<(true | undefined)[]>(true, undefined),
      surplus: fc.constantFrom<(true | undefined)[]>(true, undefined),
    }),
    { selector: ({ recordingSid }) => recordingSid, minLength: 1, maxLength: 6 },
  );
  const stateWith = (list: readonly RecordingState[]): CallState => ({
    recordings: Object.fromEntries(list.map((one) => [one.recordingSid, one])),
  });

  test('one is the call’s, in whatever order they are known, and its worth is no matter of taste', () => {
    fc.assert(
      fc.property(
        recordings.chain((list) =>
          fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
        ),
        ([list, shuffled]) => {
          expect(summarize(stateWith(shuffled))).toEqual(summarize(stateWith(list)));
          expect(shuffled.toSorted(byWorth)).toEqual(list.toSorted(byWorth));
          for (const a of list) {
            for (const b of list) {
              expect(Math.sign(byWorth(a, b)) + Math.sign(byWorth(b, a))).toBe(0);
              expect(byWorth(a, b) === 0).toBe(a === b);
            }
          }
        },
      ),
    );
  });

  test.each<[string, Partial<RecordingState>, number]>([
    ['ran beside it', {}, 1],
    ['began in the second in which it ended', { startTime: '2026-11-24T12:00:11.000Z' }, 1],
    ['began two seconds after its end', { startTime: '2026-11-24T12:00:13.000Z' }, 0],
    ['runs beside it', { status: 'in-progress', duration: undefined }, 1],
    ['ran beside it without audio', { status: 'absent' }, 0],
    ['ran beside it and is somebody else’s', { confirmed: undefined }, 0],
    ['was told to stop, whosever it is', { confirmed: undefined, surplus: true }, 1],
  ])('of one beside the call’s that %s, the call says so', (_, other, surplusCount) => {
    const recording: RecordingState = {
      recordingSid: 'RE1',
      status: 'completed',
      startTime: '2026-11-24T12:00:01.000Z',
      duration: 10,
      confirmed: true,
    };
    const second = { ...recording, recordingSid: 'RE2', startTime: '2026-11-24T12:00:02.000Z', ...other };
    expect(summarize(stateWith([recording, second]))).toMatchObject({ recordingCount: 2, surplusCount });
  });

  test('one is too many if it was told to stop or ran beside the call’s, and two that run and are ours are a double', () => {
    fc.assert(
      fc.property(recordings, (list) => {
        const { recording, surplusCount, doubled, recordingCount } = summarize(stateWith(list));
        expect(recordingCount).toBe(list.length);
        // All that have a start began within a second, so that all of these ran beside each other.
        const ranAndOurs = (one: RecordingState | undefined) =>
          one?.confirmed && one.startTime && !['absent', 'failed'].includes(one.status);
        expect(surplusCount).toBe(
          list.filter(
            (other) => other.surplus || (other !== recording && ranAndOurs(other) && ranAndOurs(recording)),
          ).length,
        );
        const running = list.filter(({ confirmed, status }) => confirmed && !hasEnded(status));
        expect(doubled).toBe(running.length >= 2);
      }),
    );
  });
});
