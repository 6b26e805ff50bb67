import { describe, expect, test } from '@jest/globals';
import type { Execution } from '../../../local/host/execution.ts';
import type { Row } from '../../../local/recorder.ts';
import { checkExecutions, checkHistory } from '../../../local/simulation/check.ts';
import type { HistoryEntry } from '../../../local/simulation/history.ts';

const CALL_SID = 'CA1';

const entry = (changes: Partial<HistoryEntry>): HistoryEntry => ({
  at: 0,
  requestId: 'request-1',
  functionId: 'recording-status',
  target: 'table',
  operation: 'PutItem',
  phase: 'done',
  ...changes,
});
const written = (recordingStatus: string, changes: Partial<HistoryEntry> = {}): HistoryEntry =>
  entry({ detail: { item: 'RECORDING#RE1', recordingSid: 'RE1', recordingStatus }, ...changes });
const callback = (recordingStatus: string, changes: Partial<HistoryEntry> = {}): HistoryEntry =>
  entry({
    functionId: 'gateway',
    target: 'webhook',
    operation: '/recording-status',
    detail: { recordingSid: 'RE1', recordingStatus, httpStatus: 204 },
    ...changes,
  });
const row = (changes: Partial<Row> = {}): Row => ({
  CallSid: CALL_SID,
  Item: 'RECORDING#RE1',
  RecordingSid: 'RE1',
  RecordingStatus: 'completed',
  ...changes,
});
const SECOND = { Item: 'RECORDING#RE2', RecordingSid: 'RE2' };
/** Made by nobody else. */
const OURS = new Set(['RE1', 'RE2']);
const checked = (
  entries: readonly HistoryEntry[],
  rows: readonly Row[],
  ours = OURS,
  stoppedByOthers: ReadonlySet<unknown> = new Set(),
) => checkHistory(entries, rows, ours, stoppedByOthers);

describe('the history of a call', () => {
  test('is right when statuses rise and each callback is in the rows', () => {
    const entries = [
      callback('in-progress'),
      written('in-progress'),
      written('completed'),
      callback('completed'),
    ];
    expect(checked(entries, [row()])).toEqual([]);
  });

  test.each<[string, HistoryEntry]>([
    ['that everybody knows of', written('in-progress')],
    [
      'whose answer was lost',
      written('in-progress', {
        phase: 'unknown',
        detail: { item: 'RECORDING#RE1', recordingStatus: 'in-progress', carriedOut: true },
      }),
    ],
    [
      'after which the function died',
      written('in-progress', {
        detail: { item: 'RECORDING#RE1', recordingStatus: 'in-progress', crash: true },
      }),
    ],
  ])('is wrong when a status goes back in a write %s', (_, late) => {
    expect(checked([written('completed'), late], [row()])).toEqual([
      'RECORDING#RE1 went back from completed to in-progress',
    ]);
  });

  test('is right when a write that would have gone back was not carried out', () => {
    const refused = written('in-progress', { phase: 'failed' });
    const other = written('in-progress', {
      detail: { item: 'RECORDING#RE2', recordingStatus: 'in-progress' },
    });
    expect(checked([written('completed'), refused, other], [row()])).toEqual([]);
  });

  test.each<[string, Row[]]>([
    ['there is no row', []],
    ['the row says less', [row({ RecordingStatus: 'in-progress' })]],
  ])('is wrong when a callback was acknowledged and %s', (_, rows) => {
    expect(checked([callback('completed')], rows)).toEqual([
      expect.stringContaining('RE1: its callback completed was acknowledged'),
    ]);
  });

  test('is right when a callback was not acknowledged', () => {
    expect(checked([callback('completed', { phase: 'failed' })], [])).toEqual([]);
  });

  const refused = (operation: string, httpStatus: number) =>
    checked(
      [
        entry({ at: 5, target: 'lambda', operation: 'invoke', phase: 'failed' }),
        entry({ at: 10, target: 'webhook', phase: 'failed', operation, detail: { httpStatus } }),
      ],
      [],
    );

  test.each([
    ['/voice', 400],
    ['/voice', 500],
    ['/recording-status', 403],
    ['/gate/abc', 503],
  ])('is wrong when a request to %s was answered with %d', (operation, httpStatus) => {
    expect(refused(operation, httpStatus)).toEqual([
      `Twilio's request to ${operation} was answered with ${httpStatus}`,
    ]);
  });

  test('is right when a callback could not be stored, or a function died before it could answer', () => {
    expect(refused('/recording-status', 503)).toEqual([]);
    for (const phase of ['failed', 'unknown'] as const) {
      const died = [
        entry({ at: 10, target: 'lambda', operation: 'invoke', phase }),
        entry({
          at: 10,
          target: 'webhook',
          phase: 'failed',
          operation: '/voice',
          detail: { httpStatus: 500 },
        }),
      ];
      expect(checked(died, [])).toEqual([]);
    }
  });

  test('is right when a request never came', () => {
    const lost = entry({
      target: 'webhook',
      phase: 'failed',
      operation: '/voice',
      detail: { failure: 'ct' },
    });
    expect(checked([lost], [])).toEqual([]);
  });

  const create = (requestId: string, at: number, phase: HistoryEntry['phase']): HistoryEntry =>
    entry({ requestId, at, phase, target: 'twilio', operation: 'POST /Calls/{sid}/Recordings.json' });

  test.each([100, 2_499])('is wrong when two invocations create at the same time, after %d ms', (at) => {
    expect(checked([create('a', 0, 'invoked'), create('b', at, 'invoked')], [])).toEqual([
      'b sent a create while a waited for the answer to another',
    ]);
  });

  test('is right when an operator starts another one after a callback has told how the first ended', () => {
    const entries = [
      create('a', 0, 'invoked'),
      callback('absent', { at: 90 }),
      { ...create('b', 100, 'invoked'), functionId: 'recording-control' },
    ];
    expect(checked(entries, [row({ RecordingStatus: 'absent' })])).toEqual([]);
    expect(checked(entries.toSpliced(1, 1), [])).toHaveLength(1);
  });

  test.each<[string, HistoryEntry[]]>([
    [
      'after the other was answered',
      [create('a', 0, 'invoked'), create('a', 90, 'done'), create('b', 100, 'invoked')],
    ],
    ['again itself', [create('a', 0, 'invoked'), create('a', 100, 'invoked')]],
  ])('is right when one creates %s', (_, entries) => {
    expect(checked(entries, [])).toEqual([]);
  });

  const sent = (at: number, requestId = 'a') => create(requestId, at, 'invoked');
  const answered = (at: number, httpStatus: number, requestId = 'a') => ({
    ...create(requestId, at, 'done'),
    detail: { httpStatus },
  });
  const looked = (from: number, to: number, detail: HistoryEntry['detail'] = { httpStatus: 200 }) => {
    const look = { requestId: 'a', target: 'twilio', operation: 'GET /Calls/{sid}/Recordings.json' } as const;
    return [
      entry({ ...look, at: from, phase: 'invoked' }),
      entry({ ...look, at: to, phase: 'done', detail }),
    ];
  };
  const UNSEEN = 'a sent a create before anybody could have seen what became of the one before';

  test.each<[string, HistoryEntry[]]>([
    ['a 500', [sent(0), answered(100, 500), sent(1_700)]],
    ['a 408', [sent(0), answered(100, 408), sent(1_700)]],
    ['no answer', [sent(0), answered(9_000, 201, 'b'), sent(4_100)]],
    ['an answer that came too late', [sent(0), sent(4_100), answered(4_200, 201)]],
    ['a reset', [sent(0), { ...create('a', 100, 'failed'), detail: { error: 'Error' } }, sent(1_700)]],
    ['its own death', [sent(0), { ...answered(100, 201), detail: { crash: true } }, sent(1_700, 'a')]],
    ['a 500, and a look too early', [sent(0), answered(100, 500), ...looked(1_599, 1_650), sent(1_700)]],
    ['a 500, and a look too late', [sent(0), answered(100, 500), ...looked(1_600, 1_701), sent(1_700)]],
    [
      'a 500, and a list that was not had',
      [sent(0), answered(100, 500), ...looked(1_600, 1_650, { httpStatus: 503 }), sent(1_700)],
    ],
  ])('is wrong when a create is sent again after %s', (_, entries) => {
    expect(checked(entries, [])).toEqual([UNSEEN]);
  });

  test('is wrong only for want of a look when the other has given up', () => {
    expect(checked([sent(0), sent(2_500, 'b')], [])).toEqual([UNSEEN.replace('a', 'b')]);
  });

  test('is right when the gate has given up sooner, and somebody has looked since', () => {
    const atGate = { ...sent(0), functionId: 'gate' };
    expect(checked([atGate, ...looked(2_400, 2_450), sent(2_500, 'b')], [])).toEqual([]);
    expect(checked([atGate, ...looked(2_399, 2_450), sent(2_500, 'b')], [])).toEqual([
      UNSEEN.replace('a', 'b'),
    ]);
    expect(checked([sent(0), ...looked(2_400, 2_450), sent(2_500, 'b')], [])).toEqual([
      UNSEEN.replace('a', 'b'),
    ]);
    expect(checked([atGate, sent(899, 'b')], [])).toEqual([
      'b sent a create while a waited for the answer to another',
    ]);
  });

  test.each<[string, HistoryEntry[]]>([
    ['a 500 and a look', [sent(0), answered(100, 500), ...looked(1_600, 1_700), sent(1_700)]],
    ['no answer and a look', [sent(0), ...looked(4_000, 4_050), sent(4_100, 'b')]],
    ['a 400', [sent(0), answered(100, 400), sent(200)]],
    ['a 429', [sent(0), answered(100, 429), sent(200)]],
    ['no connection', [sent(0), { ...create('a', 100, 'failed'), detail: { refused: true } }, sent(200)]],
    ['a death before', [sent(0), { ...create('a', 0, 'failed'), detail: { crash: true } }, sent(200, 'b')]],
  ])('is right when a create is sent again after %s', (_, entries) => {
    expect(checked(entries, [])).toEqual([]);
  });

  test('is right when a create is sent again after callbacks have named all that may have been started', () => {
    const named = (recordingSid: string) => callback('in-progress', { at: 150, detail: { recordingSid } });
    const unclear = [sent(0), answered(100, 500), named('RE1')];
    expect(checked([...unclear, sent(200)], [row()])).toEqual([]);
    const two = [sent(0), answered(50, 201), sent(60), answered(100, 500), named('RE1')];
    expect(checked([...two, sent(200)], [row()])).toEqual([UNSEEN]);
    const both = [...two, named('RE2'), sent(200)];
    expect(checked(both, [row({ CommandedStatus: 'stopped' }), row(SECOND)])).toEqual([]);
  });

  const seen = (...recordings: string[]) =>
    looked(0, 50, { httpStatus: 200, recordings: recordings.join(', ') });

  test('is wrong when a create is sent again although the look showed somebody a recording of ours', () => {
    const look = seen('RE1 in-progress').map((one) => ({ ...one, requestId: 'b', at: one.at + 1_600 }));
    expect(checked([sent(0), answered(100, 500), ...look, sent(1_700)], [row()])).toEqual([UNSEEN]);
  });

  test('is wrong when a create is sent beside a recording of ours that was seen', () => {
    for (const shown of [['RE1 processing'], ['RE9 in-progress', 'RE1 in-progress', 'RE2 completed']]) {
      expect(checked([...seen(...shown), sent(100)], [row()])).toEqual([
        'a sent a create although it had seen RE1 run',
      ]);
    }
  });

  test.each<[string, HistoryEntry[]]>([
    ["is not the recorder's", [...seen('RE9 processing'), sent(100)]],
    ['has ended', [...seen('RE1 completed'), sent(100)]],
    ['was seen by somebody else', [...seen('RE1 processing'), sent(100, 'b')]],
    ['was seen afterwards', [sent(0), ...seen('RE1 processing')]],
    [
      'came in an answer that nobody waited for any more',
      [
        ...seen('RE1 processing').map(
          (one): HistoryEntry => (one.phase === 'done' ? { ...one, phase: 'unknown' } : one),
        ),
        sent(100),
      ],
    ],
  ])('is right when a create is sent and the recording %s', (_, entries) => {
    expect(checked(entries, [])).toEqual([]);
  });

  test('is right when a look was answered after a 500, and one before it even while it waited', () => {
    const look = (attempt: number, from: number, to: number, detail?: HistoryEntry['detail']) =>
      looked(from, to, detail).map((one) => ({ ...one, attempt }));
    const [asked, late] = look(1, 150, 1_650, { httpStatus: 503 });
    const [again, answer] = look(2, 1_600, 1_680);
    if (!asked || !late || !again || !answer) throw new Error('A look has a beginning and an end');
    expect(checked([sent(0), answered(100, 500), asked, again, late, answer, sent(1_700)], [])).toEqual([]);
  });

  test('is right when a create is sent beside a recording that an operator has stopped', () => {
    const entries = [...seen('RE1 processing'), sent(100)];
    expect(checked(entries, [row({ CommandedStatus: 'stopped' })])).toEqual([]);
  });

  test('is wrong when two recordings count', () => {
    const call = row({ Item: 'CALL' });
    expect(checked([], [call, row(), row(SECOND)])).toEqual([
      "2 recordings, of which 0 are surplus, count as the call's: RE1, RE2",
    ]);
  });

  test('is right when the second has no audio, or is somebody else’s', () => {
    const rows = (changes: Partial<Row>) => [row({ Item: 'CALL' }), row(), row({ ...SECOND, ...changes })];
    expect(checked([], rows({ RecordingStatus: 'absent' }))).toEqual([]);
    expect(checked([], rows({}), new Set(['RE1']))).toEqual([]);
    expect(checked([], rows({ CommandedStatus: 'stopped' }))).toEqual([]);
  });

  test('is right when the second began after somebody else had stopped the first', () => {
    const rows = [row({ Item: 'CALL' }), row(), row(SECOND)];
    expect(checked([], rows, OURS, new Set(['RE1']))).toEqual([]);
  });

  test('is right when the call says that the second was one too many', () => {
    const call = row({ Item: 'CALL', SurplusRecordings: 1 });
    expect(checked([], [call, row(), row(SECOND)])).toEqual([]);
  });
});

describe('the executions of a call', () => {
  const execution = (name: string, from: number, to: number | undefined): Execution => ({
    executionArn: name,
    stateMachineArn: 'arn',
    name,
    input: '{}',
    status: 'SUCCEEDED',
    startDate: new Date(from),
    ...(to !== undefined && { stopDate: new Date(to) }),
    closed: Promise.resolve(),
  });

  const named = (executions: readonly Execution[]) => checkExecutions(executions, [], [], OURS);

  test('may follow each other', () => {
    expect(named([execution('CA1', 0, 10), execution('CA1-2', 10, 20)])).toEqual([]);
  });

  test.each([9, 30])('may not run beside each other, the first until %s', (until) => {
    expect(named([execution('CA1', 0, until), execution('CA1-2', 8, 20)])).toEqual([
      'the execution CA1-2 ran beside another one',
    ]);
  });

  test('may not run beside one that does not end', () => {
    expect(named([execution('CA1', 0, undefined), execution('CA1-2', 8, 20)])).toContain(
      'the execution CA1-2 ran beside another one',
    );
  });

  test('may run beside each other where an operator started one', () => {
    const ofOperator = { ...execution('CA1-2', 8, 20), input: '{"origin":"control"}' };
    expect(named([execution('CA1', 0, 10), ofOperator])).toEqual([]);
  });

  const wrote = (at: number, item: string, recordingStatus: string, changes: Partial<HistoryEntry> = {}) =>
    entry({ at, detail: { item, recordingStatus }, ...changes });
  const RUNS = wrote(5, 'RECORDING#RE1', 'in-progress');
  const ENDED_AT = 10_000;
  const ended = (entries: readonly HistoryEntry[], changes: Partial<Execution> = {}) =>
    checkExecutions([{ ...execution('CA1', 0, ENDED_AT), ...changes }], entries, [row(), row(SECOND)], OURS);

  test.each<[string, HistoryEntry[]]>([
    ['all has ended', [RUNS, wrote(9, 'RECORDING#RE1', 'completed'), wrote(ENDED_AT, 'CALL', 'completed')]],
    ['there is no recording', [wrote(ENDED_AT, 'CALL', 'unrecorded', { operation: 'UpdateItem' })]],
    [
      'all had ended, and another has begun moments ago',
      [RUNS, wrote(9, 'RECORDING#RE1', 'completed'), wrote(5_000, 'RECORDING#RE2', 'in-progress')],
    ],
    ['what runs is somebody else’s', [wrote(5, 'RECORDING#RE3', 'in-progress')]],
    ['what was written did not come to pass', [{ ...RUNS, phase: 'failed' }]],
    ['what begins does so afterwards', [wrote(ENDED_AT + 1, 'RECORDING#RE2', 'in-progress')]],
  ])('may end when %s', (_, entries) => {
    expect(ended(entries)).toEqual([]);
  });

  test.each<[string, HistoryEntry[]]>([
    ['RECORDING#RE1 was in-progress', [RUNS]],
    ['RECORDING#RE1 was stopped', [RUNS, wrote(ENDED_AT, 'RECORDING#RE1', 'stopped')]],
    ['CALL was starting', [wrote(5, 'CALL', 'starting', { operation: 'UpdateItem' })]],
    [
      'RECORDING#RE2 was in-progress',
      [RUNS, wrote(9, 'RECORDING#RE1', 'completed'), wrote(4_999, 'RECORDING#RE2', 'in-progress')],
    ],
  ])('may not end while %s', (complaint, entries) => {
    const later = ['RECORDING#RE1', 'RECORDING#RE2', 'CALL'].map((item) =>
      wrote(ENDED_AT + 1, item, 'completed'),
    );
    expect(ended([...entries, ...later])).toEqual([`the execution CA1 ended while ${complaint}`]);
  });

  test('may fail for want of a recording, or be aborted, and fail of nothing else', () => {
    expect(ended([], { status: 'FAILED', error: 'Unrecorded' })).toEqual([]);
    expect(ended([], { status: 'FAILED', error: 'States.Runtime' })).toEqual([
      'the execution CA1 ended FAILED: States.Runtime',
    ]);
    expect(ended([RUNS], { status: 'ABORTED' })).toEqual([]);
    expect(ended([], { status: 'TIMED_OUT' })).toEqual(['the execution CA1 ended TIMED_OUT: undefined']);
  });

  describe('after the first', () => {
    const again = (at: number, entries: readonly HistoryEntry[], rows: readonly Row[] = []) =>
      checkExecutions([execution('CA1', 0, 10), execution('CA1-2', at, 50_000)], entries, rows, OURS);
    const CLOSED = [wrote(8, 'RECORDING#RE1', 'completed'), wrote(9, 'CALL', 'completed')];
    const NEEDLESS = ['the execution CA1-2 began though nothing was open'];

    test.each<[string, number, HistoryEntry[]]>([
      ['there was no row', 40_000, []],
      ['the row was open', 40_000, [wrote(11, 'CALL', 'starting'), wrote(40_001, 'CALL', 'unrecorded')]],
      ['it was so moments ago', 15_009, CLOSED],
      [
        'a callback has opened it again',
        40_000,
        [
          ...CLOSED,
          wrote(39_000, 'RECORDING#RE2', 'in-progress'),
          wrote(41_000, 'RECORDING#RE2', 'completed'),
        ],
      ],
    ])('may begin when %s', (_, at, entries) => {
      expect(again(at, entries)).toEqual([]);
    });

    test.each<[string, HistoryEntry[]]>([
      ['all has ended', CLOSED],
      ['the call was not recorded', [wrote(9, 'CALL', 'unrecorded')]],
      [
        'what would have opened it did not come to pass',
        [...CLOSED, { ...RUNS, at: 9_000, phase: 'failed' }],
      ],
    ])('may not begin when %s', (_, entries) => {
      expect(again(15_010, entries)).toEqual(NEEDLESS);
    });

    test('may begin when what the caller said no to is there still', () => {
      const said = (Consent: string) => [row({ Item: 'CALL', Final: true, Consent })];
      expect(again(40_000, CLOSED, said('withdrawn'))).toEqual([]);
      expect(again(40_000, CLOSED, said('declined'))).toEqual([]);
      expect(again(40_000, CLOSED, said('given'))).toEqual(NEEDLESS);
    });

    test('may begin when the recorder gave up for a reason that may be over', () => {
      const given = (Reason: string, at: number): Row => ({
        CallSid: CALL_SID,
        Item: `EVENT#${new Date(at).toISOString()}#1b6c36ba`,
        Type: 'unrecorded',
        Reason,
      });
      const entries = [wrote(9, 'CALL', 'unrecorded')];
      expect(again(40_000, entries, [given('recorder-failed', 9)])).toEqual([]);
      expect(again(40_000, entries, [given('recorder-failed', 40_001)])).toEqual(NEEDLESS);
      expect(again(40_000, entries, [given('trial-account', 9)])).toEqual(NEEDLESS);
    });
  });

  test('do not go round and round', () => {
    const rounds = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, index) =>
        entry({ at: from + index, target: 'lambda', operation: 'invoke', phase: 'invoked' }),
      );
    const done = (entries: readonly HistoryEntry[]) =>
      checkExecutions([execution('CA1', 1, 1_500)], entries, [], OURS);
    expect(done(rounds(1, 1_001))).toEqual([]);
    expect(done(rounds(1_400, 2_500))).toEqual([]);
    expect(done(rounds(1, 1_002))).toEqual(['the execution CA1 had done 1001 tasks when it ended']);
  });

  test('leave no row open', () => {
    const left = (Final: boolean | undefined) =>
      checkExecutions([], [], [row({ Item: 'CALL', Final }), row()], OURS);
    expect(left(true)).toEqual([]);
    expect(left(false)).toEqual(['its row is open after all']);
    expect(left(undefined)).toEqual(['its row is open after all']);
  });

  test('end all', () => {
    const { stopDate: _, ...running } = execution('CA1', 0, 10);
    expect(named([{ ...running, status: 'RUNNING' }])).toEqual(['the execution CA1 is RUNNING after all']);
  });
});
