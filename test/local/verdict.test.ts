import { describe, expect, test } from '@jest/globals';
import { FAULT_PROFILES, readFaultProfile } from '../../local/faults/profile.ts';
import { mean, percentiles } from '../../local/percentiles.ts';
import type { Row } from '../../local/recorder.ts';
import type { SimulatedCall, SimulatedRecording } from '../../local/twilio-simulator/simulator.ts';
import { canBeFollowed, isRight, judge, toleranceOf, UNDER_FAULTS } from '../../local/verdict.ts';

const CALL_SID = 'CA1';

const recording = (changes: Partial<SimulatedRecording> = {}): SimulatedRecording => ({
  sid: 'RE1',
  callSid: CALL_SID,
  source: 'StartCallRecordingAPI',
  foreign: false,
  status: 'completed',
  startedAt: 1_200,
  endedAt: 9_000,
  endedBy: 'call',
  pauses: 0,
  durationSeconds: 7,
  channels: 2,
  track: 'both',
  trim: 'do-not-trim',
  errorCode: undefined,
  statusCallback: undefined,
  callbacks: [],
  ...changes,
});

const call = (changes: Partial<SimulatedCall> = {}): SimulatedCall => ({
  sid: CALL_SID,
  accountSid: 'AC1',
  from: '+1',
  to: '+2',
  direction: 'inbound',
  parentCallSid: undefined,
  script: { from: '+1', to: '+2', voiceUrl: 'http://127.0.0.1/voice' },
  status: 'completed',
  createdAt: 0,
  answeredAt: 1_000,
  eligibleAt: 1_000,
  endedAt: 9_000,
  creates: [{ at: 1_200, httpStatus: 201, code: undefined, recordingSid: 'RE1' }],
  recordings: [recording()],
  webhooks: [],
  dialledLegs: [],
  errorsHeard: [],
  keysPressed: [],
  ...changes,
});

/** An event of the call's audit trail. */
const event = (at: number, changes: Partial<Row>): Row => ({
  CallSid: CALL_SID,
  Item: `EVENT#${new Date(at).toISOString()}#1b6c36ba`,
  ...changes,
});

const row = (changes: Partial<Row> = {}): Row => ({
  CallSid: CALL_SID,
  Item: 'CALL',
  RecordingSid: 'RE1',
  RecordingStatus: 'completed',
  RecordingDuration: 7,
  ...changes,
});

/** Ends so late, and its recording with it. */
const lasting = (endedAt: number) => ({ endedAt, recordings: [recording({ endedAt })] });

const unrecorded = { recordings: [], creates: [] };
const unrecordedRow = row({
  RecordingSid: undefined,
  RecordingStatus: 'unrecorded',
  Answered: true,
  Reason: 'some',
});

describe('a run is right', () => {
  test('when each row says what happened', () => {
    const verdict = judge([call()], [row()]);
    expect(verdict).toMatchObject({
      calls: 1,
      answered: 1,
      recorded: 1,
      createsPerRecording: 1,
      lostAudioMs: { p50: 200 },
    });
    expect(isRight(verdict)).toBe(true);
  });

  test.each<[string, Partial<SimulatedCall>, Row]>([
    [
      'the call was never answered',
      { ...unrecorded, answeredAt: undefined },
      { ...unrecordedRow, Answered: false },
    ],
    [
      'Twilio refused to record it',
      { ...unrecorded, script: { ...call().script, restRefusal: 'trial' } },
      unrecordedRow,
    ],
    ['it was too short', { ...unrecorded, endedAt: 1_900 }, unrecordedRow],
    [
      'two recordings followed each other',
      { recordings: [recording({ endedAt: 2_000 }), recording({ sid: 'RE2', startedAt: 3_000 })] },
      row(),
    ],
  ])('when a call has no recording or several, and %s', (_, changes, stored) => {
    expect(judge([call(changes)], [stored]).findings).toEqual([]);
  });
});

describe('a run is wrong', () => {
  test.each<[string, Partial<SimulatedCall>, Row[], object]>([
    ['a call has no row', {}, [], { rowsLost: 1 }],
    [
      'a call was recorded twice at once',
      { recordings: [recording(), recording({ sid: 'RE2', startedAt: 2_000 })] },
      [row()],
      { doubled: 1 },
    ],
    ['a caller heard an error', { errorsHeard: ['502'] }, [row()], { callerFailures: 1 }],
    ['a row has another status', {}, [row({ RecordingStatus: 'in-progress' })], { rowsWrong: 1 }],
    ['a row has another duration', {}, [row({ RecordingDuration: 8 })], { rowsWrong: 1 }],
    ['a row names another recording', {}, [row({ RecordingSid: 'RE2' })], { rowsWrong: 1 }],
    ['a recorded call counts as unrecorded', {}, [unrecordedRow], { rowsWrong: 1 }],
    ['an unrecorded call counts as recorded', { ...unrecorded, endedAt: 1_900 }, [row()], { rowsWrong: 1 }],
    [
      'an answered call counts as unanswered',
      { ...unrecorded, endedAt: 1_900 },
      [{ ...unrecordedRow, Answered: false }],
      { rowsWrong: 1 },
    ],
    ['a long call was not recorded', unrecorded, [unrecordedRow], { unrecorded: 1, unexplained: 1 }],
  ])('when %s', (_, changes, rows, expected) => {
    const verdict = judge([call(changes)], rows);
    expect(verdict).toMatchObject(expected);
    expect(verdict.findings).toHaveLength(1);
    expect(isRight(verdict)).toBe(false);
  });
});

const MINUTE = 60_000;

describe('two recordings at the same time', () => {
  const doubledFor = (seconds: number, sid = CALL_SID): SimulatedCall =>
    call({
      sid,
      endedAt: 60_000,
      recordings: [
        recording({ callSid: sid, endedAt: 30_000 }),
        recording({ callSid: sid, sid: 'RE2', startedAt: 30_000 - seconds * 1_000, endedAt: 60_000 }),
      ],
    });

  test('are measured from the start of the second to the end of the first', () => {
    const short = doubledFor(0.44, 'CA2');
    const verdict = judge([doubledFor(3.25), short], [row(), row({ CallSid: 'CA2' })]);
    expect(verdict).toMatchObject({ doubled: 2, overlapMaxSeconds: 3.3 });
    expect(verdict.findings).toEqual([
      'CA1: recorded twice at the same time, for 3.3 s',
      'CA2: recorded twice at the same time, for 0.4 s',
    ]);
  });

  test('of which one contains the other run together for as long as that one', () => {
    const inside = recording({ sid: 'RE2', startedAt: 2_000, endedAt: 4_000 });
    const after = recording({ sid: 'RE3', startedAt: 8_000, endedAt: 9_000 });
    const verdict = judge([call({ recordings: [after, recording(), inside] })], [row()]);
    expect(verdict.overlapMaxSeconds).toBe(2);
  });

  test('still run at the end of their call', () => {
    const endless = { endedAt: undefined, status: 'in-progress' } as const;
    const recordings = [recording(endless), recording({ ...endless, sid: 'RE2', startedAt: 5_000 })];
    expect(judge([call({ recordings })], []).overlapMaxSeconds).toBe(4);
  });

  test('may do so under faults, but not for more than 10 s', () => {
    const others = Array.from({ length: 99 }, (_, index) => call({ sid: `CB${index}` }));
    const rows = [row(), ...others.map(({ sid }) => row({ CallSid: sid }))];
    const findings = (seconds: number) =>
      judge([doubledFor(seconds), ...others], rows, UNDER_FAULTS).findings;
    expect(findings(10)).toEqual([]);
    expect(findings(10.1)).toEqual(['CA1: recorded twice at the same time, for 10.1 s']);
  });

  test('may do so under heavy faults, but not in more calls than 1.2 % and chance explain', () => {
    const sids = Array.from({ length: 200 }, (_, index) => `CA${index}`);
    const rows = sids.map((CallSid) => row({ CallSid }));
    const judged = (doubled: number) =>
      judge(
        sids.map((sid, index) => (index < doubled ? doubledFor(1, sid) : call({ sid }))),
        rows,
        toleranceOf(FAULT_PROFILES.heavy),
      );
    expect(judged(7)).toMatchObject({ doubled: 7, findings: [] });
    expect(judged(8).findings).toEqual(['8 of 200 answered calls were recorded twice, if only for a while']);
  });
});

describe('a call under faults that was not recorded', () => {
  const long = { ...unrecorded, endedAt: 20_000 };
  const report = (at: number): Row => event(at, { Type: 'unrecorded' });

  test('is right when its row says so within 10 minutes of its end', () => {
    const verdict = judge([call(long)], [unrecordedRow, report(20_000 + 10 * MINUTE)], UNDER_FAULTS);
    expect(verdict).toMatchObject({
      unrecorded: 1,
      unexplained: 1,
      unrecordedUnflagged: 0,
      recordedShare: 0,
      findings: [],
    });
  });

  test.each<[string, Row[]]>([
    ['later', [unrecordedRow, report(20_001 + 10 * MINUTE)]],
    ['not in an event', [unrecordedRow]],
  ])('is wrong when its row says so %s', (_, rows) => {
    const verdict = judge([call(long)], rows, UNDER_FAULTS);
    expect(verdict.unrecordedUnflagged).toBe(1);
    expect(verdict.findings).toEqual(['CA1: was not recorded, and nobody said so within 10 minutes']);
  });

  test('is wrong when its row does not say so, an event notwithstanding', () => {
    const rows = [row({ RecordingSid: undefined, RecordingStatus: undefined }), report(21_000)];
    expect(judge([call(long)], rows, UNDER_FAULTS).unrecordedUnflagged).toBe(1);
  });

  test('is no failure of ours when it was shorter than 10 s, or Twilio refused', () => {
    const short = call({ ...long, endedAt: 10_999 });
    const refused = call({ ...long, script: { ...call().script, restRefusal: 'trial' } });
    expect(judge([short], [unrecordedRow], UNDER_FAULTS)).toMatchObject({
      unrecordedUnflagged: 0,
      recordedShare: 1,
      findings: [],
    });
    // That Twilio refused has to be said all the same.
    expect(judge([refused], [unrecordedRow], UNDER_FAULTS)).toMatchObject({
      unrecordedUnflagged: 1,
      recordedShare: 1,
    });
  });

  test('lowers the share of those that were, which is never rounded up to all', () => {
    const sids = Array.from({ length: 30_000 }, (_, index) => `CA${index}`);
    const calls = sids.map((sid, index) =>
      call({ sid, endedAt: 11_000, ...(index === 1 && { ...unrecorded }) }),
    );
    expect(judge(calls, [], UNDER_FAULTS).recordedShare).toBe(0.9999);
  });
});

describe('the row of a call that was not recorded', () => {
  const judged = (changes: Partial<Row>, made: Partial<SimulatedCall> = {}) =>
    judge([call({ ...unrecorded, endedAt: 2_000, ...made })], [{ ...unrecordedRow, ...changes }]).findings;
  const withdrew = [{ at: 1_500, key: '9', heardBy: 'https://example.com/opt-out/abc' }] as const;

  test('has to say why', () => {
    expect(judged({})).toEqual([]);
    expect(judged({ Reason: undefined })).toEqual(['CA1: was not recorded, and its row does not say why']);
  });

  test.each<[string, Partial<SimulatedCall>]>([
    ['trial-account', { script: { ...call().script, restRefusal: 'trial' } }],
    ['credentials-refused', { script: { ...call().script, restRefusal: 'credentials' } }],
    ['withdrawn', { keysPressed: withdrew }],
  ])('may not say %s of a call to which that did not happen', (Reason, made) => {
    expect(judged({ Reason }, made)).toEqual([]);
    expect(judged({ Reason })).toEqual([`CA1: was not recorded, but not for ${Reason}`]);
  });

  test.each([
    'permission-denied',
    'account-suspended',
    'request-invalid',
    'call-not-found',
    'never-answered',
    'turned-away',
    'declined',
    'no-consent',
    'not-asked',
  ])('may not say %s of any call that was answered, with no gate and no question', (Reason) => {
    expect(judged({ Reason })).toEqual([`CA1: was not recorded, but not for ${Reason}`]);
  });

  test('may say that nobody answered, or that the gate ended the call, where that is so', () => {
    const gated = () => ({ gated: true });
    const of = (Reason: string, made: Partial<SimulatedCall>, Answered = true) =>
      judge(
        [call({ ...unrecorded, ...made })],
        [{ ...unrecordedRow, Answered, Reason }],
        UNDER_FAULTS,
        gated,
      );
    expect(of('turned-away', {}).findings).toEqual([]);
    expect(of('never-answered', { answeredAt: undefined }, false).findings).toEqual([]);
  });

  test.each([
    [undefined, ['not-asked', 'no-consent']],
    ['', ['declined', 'not-asked', 'no-consent']],
    ['5', ['declined', 'not-asked', 'no-consent']],
    ['1', []],
  ] as const)(
    'may say of a call by a number that asks, where %j came as an answer, %j',
    (digits, reasons) => {
      const consent = (Digits: string): SimulatedCall['webhooks'][number] => ({
        kind: 'action',
        url: 'https://example.com/consent/abc',
        duplicate: false,
        params: Digits ? { Digits } : {},
        attempts: [],
        body: '<Response/>',
      });
      const made = { ...unrecorded, endedAt: 2_000, webhooks: digits === undefined ? [] : [consent(digits)] };
      const isRightOf = (Reason: string) =>
        judge([call(made)], [{ ...unrecordedRow, Reason }], undefined, () => ({ asks: true })).findings
          .length === 0;
      expect(['declined', 'not-asked', 'no-consent'].filter(isRightOf)).toEqual(reasons);
    },
  );

  test.each([
    ['trial', 10002, 'trial-account'],
    ['credentials', 20003, 'credentials-refused'],
  ] as const)('has to say that Twilio refused for %s, once it did', (restRefusal, code, reason) => {
    const refused = (Reason: string, at = 4_000) =>
      judged(
        { Reason },
        {
          endedAt: 9_000,
          script: { ...call().script, restRefusal },
          creates: [{ at, httpStatus: 403, code, recordingSid: undefined }],
        },
      );
    expect(refused(reason)).toEqual([]);
    expect(refused('ended-before-recording')).toEqual([
      `CA1: Twilio refused to record it (${reason}), and its row says ended-before-recording`,
    ]);
    expect(refused('ended-before-recording', 4_001)).toEqual([]);
  });
});

describe('what the row of a call counts', () => {
  const second = (startedAt: number) => recording({ sid: 'RE2', startedAt, endedAt: startedAt + 1_000 });
  const judgedWith = (events: readonly Row[], changes: Partial<Row>, ...recordings: SimulatedRecording[]) => {
    const rows = recordings.map(({ sid }) => row({ Item: `RECORDING#${sid}`, RecordingSid: sid }));
    const tolerance = { ...UNDER_FAULTS, doubledShare: 1 };
    return judge([call({ recordings })], [row(changes), ...events, ...rows], tolerance).findings;
  };
  const judged = (changes: Partial<Row>, ...recordings: SimulatedRecording[]) =>
    judgedWith([], changes, ...recordings);

  test('has to be the recordings that have rows', () => {
    expect(judged({ RecordingCount: 1 }, recording())).toEqual([]);
    expect(judged({ RecordingCount: 2 }, recording())).toEqual([
      'CA1: its row counts 2 recordings, of which 1 have rows',
    ]);
  });

  test.each([
    ['ran beside it', 5_000, 1, []],
    ['ended as it began, as far as Twilio tells', 11_000, 1, []],
    [
      'ended before',
      12_000,
      1,
      ['CA1: its row says that 1 recordings were one too many, and 0 ran beside another or after a stop'],
    ],
    [
      'ran beside it',
      5_000,
      2,
      ['CA1: its row says that 2 recordings were one too many, and 1 ran beside another or after a stop'],
    ],
  ])(
    'as one too many has to have run beside another: the other %s (%d), %d',
    (_, startedAt, surplus, findings) => {
      const counts = { RecordingCount: 2, SurplusRecordings: surplus };
      expect(judged(counts, recording(), second(startedAt))).toEqual(findings);
    },
  );

  test.each([
    ['stop', 12_000, []],
    [
      'stop',
      12_001,
      ['CA1: its row says that 1 recordings were one too many, and 0 ran beside another or after a stop'],
    ],
    [
      'pause',
      12_000,
      ['CA1: its row says that 1 recordings were one too many, and 0 ran beside another or after a stop'],
    ],
  ])('as one too many may have begun after an operator’s stop: %s at %d', (Action, at, findings) => {
    const command = event(at, { Type: 'command', Action });
    const counts = { RecordingCount: 2, SurplusRecordings: 1 };
    expect(judgedWith([command], counts, recording(), second(12_000))).toEqual(findings);
  });
});

describe('of thousands of calls of 10 s or more', () => {
  const sids = Array.from({ length: 2_000 }, (_, index) => `CA${index}`);
  const report = event(21_000, { Type: 'unrecorded' });
  const findings = (missed: number, ...profile: Parameters<typeof readFaultProfile>) =>
    judge(
      sids.map((sid, index) => call({ ...lasting(20_000), sid, ...(index < missed && unrecorded) })),
      sids.flatMap((CallSid, index) =>
        index < missed
          ? [
              { ...unrecordedRow, CallSid },
              { ...report, CallSid },
            ]
          : [row({ CallSid })],
      ),
      toleranceOf(readFaultProfile(...profile)),
    ).findings;

  test.each([
    ['light', 4, 5],
    ['heavy', 19, 20],
  ] as const)(
    'some may be missed under %s faults, though every one is reported: %d, but not %d',
    (profile, most, more) => {
      expect(findings(most, profile, [])).toEqual([]);
      expect(findings(more, profile, [])).toEqual([
        `${more} of 2000 answered calls of 10 s or more were not recorded`,
      ]);
    },
  );

  test('as many may be missed as there are under faults that somebody chose', () => {
    expect(findings(2_000, 'light', ['crash=1'])).toEqual([]);
  });

  test('none may be missed when nothing fails', () => {
    expect(findings(1, 'none', [])).toEqual(['CA0: lasted 19000 ms and was not recorded']);
  });
});

describe('a recording of somebody else', () => {
  const foreign = (changes: Partial<SimulatedRecording> = {}) =>
    recording({ sid: 'RE9', foreign: true, source: 'DialVerb', ...changes });

  test('makes no call recorded', () => {
    const verdict = judge([call({ ...unrecorded, recordings: [foreign()] })], [unrecordedRow]);
    expect(verdict).toMatchObject({ recorded: 0, unrecorded: 1, unexplained: 1 });
  });

  test('beside ours makes no call doubled', () => {
    const verdict = judge([call({ recordings: [foreign(), recording()] })], [row()]);
    expect(verdict).toMatchObject({ doubled: 0, overlapMaxSeconds: 0, lostAudioMs: { p50: 200 } });
    expect(verdict.findings).toEqual([]);
  });

  test('is not what a row may name', () => {
    const verdict = judge([call({ recordings: [foreign(), recording()] })], [row({ RecordingSid: 'RE9' })]);
    expect(verdict.findings).toEqual(['CA1: its row names RE9']);
  });

  test.each<[string, Partial<SimulatedRecording>]>([
    ['stopped', { endedBy: 'api' }],
    ['paused', { pauses: 1 }],
    ['deleted', { status: 'deleted' }],
  ])('may not be %s', (_, changes) => {
    const verdict = judge([call({ recordings: [foreign(changes), recording()] })], [row()], UNDER_FAULTS);
    expect(verdict.foreignTouched).toBe(1);
    expect(verdict.findings).toEqual(["CA1: somebody else's recording was touched"]);
  });

  test('may end by itself, and one of ours be stopped that is one too many', () => {
    const surplus = recording({ sid: 'RE2', endedAt: 3_000, endedBy: 'api' });
    const recordings = [foreign({ endedBy: 'script' }), recording(), surplus];
    expect(judge([call({ recordings })], [row()], UNDER_FAULTS)).toMatchObject({
      foreignTouched: 0,
      findings: [],
    });
  });
});

describe('a recording of ours', () => {
  const OPT_OUT = 'https://example.com/opt-out/abc#rc=2';
  const stopped = recording({ endedAt: 5_000, endedBy: 'api' });
  const judged = (made: Partial<SimulatedCall>, events: Row[] = []) =>
    judge([call(made)], [row({ RecordingStatus: made.recordings?.[0]?.status }), ...events], {
      ...UNDER_FAULTS,
      doubledShare: 1,
    });
  const pressed = (key: '5' | '9', heardBy: string | undefined = OPT_OUT) => ({
    keysPressed: [{ at: 4_000, key, heardBy }],
  });

  test.each<[string, SimulatedRecording[], string]>([
    ['stopped', [stopped], 'RE1 was stopped, and no other ran'],
    [
      'stopped just after the other ended',
      [stopped, recording({ sid: 'RE2', endedAt: 5_000, endedBy: 'twiml' })],
      'RE1 was stopped, and no other ran',
    ],
    [
      'stopped before the other began',
      [stopped, recording({ sid: 'RE2', startedAt: 5_001 })],
      'RE1 was stopped, and no other ran',
    ],
    ['deleted', [recording({ status: 'deleted' })], 'RE1 was deleted, and nobody had said so'],
    ['paused', [recording({ pauses: 1 })], 'RE1 was paused, and nobody had said so'],
  ])('may not be %s', (_, recordings, complaint) => {
    expect(judged({ recordings })).toMatchObject({ spoiled: 1, findings: [`CA1: ${complaint}`] });
  });

  test('may be stopped beside another, which goes on', () => {
    for (const endedAt of [5_001, undefined]) {
      expect(judged({ recordings: [stopped, recording({ sid: 'RE2', endedAt })] }).spoiled).toBe(0);
    }
  });

  test('may be stopped and deleted when its caller said no, and was heard', () => {
    const deleted = { recordings: [recording({ ...stopped, status: 'deleted' })] };
    expect(judged({ ...deleted, ...pressed('9') }).spoiled).toBe(0);
    expect(judged({ ...deleted, ...pressed('9', 'https://example.com/consent/abc') }).spoiled).toBe(1);
    const optOut = (made: Partial<SimulatedCall>) =>
      judge([call(made)], [row({ RecordingStatus: 'deleted' })], UNDER_FAULTS, () => ({ optOutKey: '9' }));
    expect(optOut({ ...deleted, ...pressed('9') }).spoiled).toBe(0);
    expect(optOut({ ...deleted, ...pressed('5') }).spoiled).toBe(1);
  });

  test('may be whatever an operator said', () => {
    const commanded = event(4_000, { Type: 'command' });
    expect(judged({ recordings: [stopped] }, [commanded])).toMatchObject({ spoiled: 0, findings: [] });
  });
});

describe('of the first minutes of calls of 10 s or more', () => {
  const sids = Array.from({ length: 1_000 }, (_, index) => `CA${index}`);
  /** Each lasts for 100 s, and is recorded like this. */
  const judged = (recordings: SimulatedRecording[], ...profile: Parameters<typeof readFaultProfile>) =>
    judge(
      sids.map((sid) => call({ sid, endedAt: 101_000, recordings })),
      sids.map((CallSid) => row({ CallSid, RecordingStatus: recordings[0]?.status })),
      toleranceOf(readFaultProfile(...profile)),
    );
  const from = (startedAt: number, endedAt = 101_000) => recording({ startedAt, endedAt });
  const LOST = (share: string) => [
    `of the first minutes of answered calls of 10 s or more ${share} % were not recorded`,
  ];

  test.each([
    ['none', 2_500, 3_000, '3.33'],
    ['light', 2_500, 3_000, '3.33'],
    ['heavy', 3_500, 4_000, '5.00'],
  ] as const)(
    'some of each may be lost under %s faults, if recordings begin at %d, but not at %d ms',
    (profile, early, late, lost) => {
      expect(judged([from(early)], profile, []).findings).toEqual([]);
      expect(judged([from(late)], profile, []).findings).toEqual(LOST(lost));
    },
  );

  test('any may be lost under faults that somebody chose', () => {
    expect(judged([from(60_000)], 'light', ['crash=1']).findings).toEqual([]);
  });

  test('all that any recording has counts, once, and nothing after the minute', () => {
    const parts = [from(31_000, 46_000), from(1_000, 16_000), from(2_000, 31_000), from(90_000)];
    expect(judged(parts, 'light', ['crash=1']).recordedTimeShare).toBe(0.75);
  });

  test('what is absent in the end counts for nothing', () => {
    const verdict = judged([{ ...from(1_000), status: 'absent' }], 'heavy', []);
    expect(verdict).toMatchObject({ recorded: 1_000, recordedShare: 0, recordedTimeShare: 0 });
    expect(verdict.findings).toEqual([
      '1000 of 1000 answered calls of 10 s or more were not recorded',
      ...LOST('100.00'),
    ]);
  });
});

const acknowledged = (delivered: boolean): SimulatedRecording['callbacks'] => [
  { recordingStatus: 'completed', url: 'http://127.0.0.1/recording-status', attempts: [], delivered },
];

describe('an outgoing call', () => {
  const voiceWebhook = (httpStatus: number | undefined): SimulatedCall['webhooks'][number] => ({
    kind: 'voice',
    url: 'http://127.0.0.1/voice',
    duplicate: false,
    params: {},
    attempts: [{ at: 900, ms: 10, httpStatus, failure: httpStatus ? undefined : 'reset' }],
    body: undefined,
  });
  const outgoing = (changes: Partial<SimulatedCall>): SimulatedCall =>
    call({ ...unrecorded, direction: 'outbound-api', endedAt: 20_000, ...changes });

  test.each<[string, SimulatedCall['webhooks']]>([
    ['was lost', [voiceWebhook(undefined)]],
    ['failed', [voiceWebhook(502)]],
    [
      'was lost, and whose fallback was not',
      [voiceWebhook(undefined), { ...voiceWebhook(200), kind: 'fallback' }],
    ],
  ])('is out of reach when its webhook %s', (_, webhooks) => {
    expect(judge([outgoing({ webhooks })], [], UNDER_FAULTS)).toMatchObject({
      unrecorded: 1,
      rowsLost: 0,
      unrecordedUnflagged: 0,
      recordedShare: 1,
      findings: [],
    });
  });

  test('is out of reach when nobody could tell that its webhook was Twilio’s, nor a callback', () => {
    const byTwiml = (delivered: boolean): SimulatedCall =>
      outgoing({
        webhooks: [voiceWebhook(200)],
        creates: [],
        recordings: [recording({ source: 'StartCallRecordingTwiML', callbacks: acknowledged(delivered) })],
      });
    expect(judge([byTwiml(false)], [], UNDER_FAULTS).rowsLost).toBe(0);
    expect(judge([byTwiml(true)], [], UNDER_FAULTS).rowsLost).toBe(1);
  });

  test.each([200, 400, 403])(
    'is within reach when one of its webhooks was answered with %d',
    (httpStatus) => {
      const webhooks = [voiceWebhook(undefined), voiceWebhook(httpStatus)];
      expect(judge([outgoing({ webhooks })], [], UNDER_FAULTS)).toMatchObject({
        rowsLost: 1,
        unrecordedUnflagged: 1,
        recordedShare: 0,
      });
    },
  );

  test('is out of reach only if it is an outgoing one', () => {
    const incoming = outgoing({ direction: 'inbound', webhooks: [voiceWebhook(undefined)] });
    expect(judge([incoming], [], UNDER_FAULTS).rowsLost).toBe(1);
  });
});

describe('the row of a recording', () => {
  const recordingRow = (changes: Partial<Row> = {}): Row => row({ Item: 'RECORDING#RE1', ...changes });

  test('has to be there when a callback of it was acknowledged', () => {
    const judged = (delivered: boolean, rows: Row[]) =>
      judge([call({ recordings: [recording({ callbacks: acknowledged(delivered) })] })], rows).findings;
    expect(judged(true, [row(), recordingRow()])).toEqual([]);
    expect(judged(false, [row()])).toEqual([]);
    expect(judged(true, [row()])).toEqual([
      'CA1: nothing is known of RE1, though a callback of it was acknowledged',
    ]);
  });

  test('has to be right also of a recording that is not the one of the call', () => {
    const second = recording({ sid: 'RE2', startedAt: 9_000, durationSeconds: 1 });
    const findings = (changes: Partial<Row>) =>
      judge(
        [call({ recordings: [recording(), second] })],
        [row(), recordingRow({ Item: 'RECORDING#RE2', RecordingSid: 'RE2', ...changes })],
      ).findings;
    expect(findings({ RecordingDuration: 1 })).toEqual([]);
    expect(findings({ RecordingStatus: 'processing' })).toEqual([
      'CA1: its recording is completed, its row says processing',
    ]);
    expect(findings({ RecordingDuration: 2 })).toEqual(['CA1: its recording has 1 s, its row says 2']);
  });
});

describe('a recording by TwiML of a call that Twilio answers no question about', () => {
  const refused = (
    callbacks: SimulatedRecording['callbacks'],
    restRefusal: 'credentials' | 'trial' = 'credentials',
  ) =>
    call({
      script: { ...call().script, restRefusal },
      recordings: [recording({ source: 'StartCallRecordingTwiML', callbacks })],
    });
  const told = (recordingStatus: 'in-progress' | 'completed', delivered: boolean) => ({
    recordingStatus,
    delivered,
    url: 'http://127.0.0.1/recording-status',
    attempts: [],
  });
  const running = row({ RecordingStatus: 'in-progress', RecordingDuration: undefined });

  test.each([
    ['no callback told so', [told('in-progress', true), told('completed', false)]],
    ['there was no callback at all', []],
  ])('may have a row that does not know how it ended when %s', (_, callbacks) => {
    expect(judge([refused(callbacks)], [running]).findings).toEqual([]);
  });

  test('may have one that knows nothing of it when no callback told of it', () => {
    const unknown = (callbacks: SimulatedRecording['callbacks']) =>
      judge([refused(callbacks)], [unrecordedRow]).findings;
    expect(unknown([told('in-progress', false)])).toEqual([]);
    expect(unknown([told('in-progress', true)])).toEqual(['CA1: its row names no recording']);
  });

  test('has to have the right one otherwise', () => {
    const ended = [told('completed', true)];
    expect(judge([refused(ended)], [running])).toMatchObject({ rowsWrong: 1 });
    expect(judge([refused([], 'trial')], [running])).toMatchObject({ rowsWrong: 1 });
  });
});

describe('the gate', () => {
  const gate = (at: number, verb: string): SimulatedCall['webhooks'][number] => ({
    kind: 'redirect',
    url: 'https://example.com/gate/abc#rc=2',
    duplicate: false,
    params: {},
    attempts: [{ at, ms: 100, httpStatus: 200, failure: undefined }],
    body: `<Response>${verb}</Response>`,
  });
  const at = (when: number, verb = '<Redirect>https://app</Redirect>') =>
    judge([call({ webhooks: [gate(when, verb)] })], [row()]);

  test.each([
    [1_100, 0],
    [8_900, 0],
    [1_099, 1],
    // The caller had hung up.
    [8_901, 0],
  ])(
    'that answers 100 ms after %d lets a call on that is recorded from 1,200 to 9,000 ms: %d wrong',
    (when, wrong) => {
      expect(at(when)).toMatchObject({ passedUnrecorded: wrong, turnedAway: 0 });
      expect(at(when).findings).toHaveLength(wrong);
    },
  );

  test.each([
    ['a callback has told of it for 3 s', [{ at: 1_500 }], 4_500, 0],
    ['a callback has told of it for more', [{ at: 1_500 }], 4_501, 1],
    ['no callback has told of it', [], 8_000, 0],
  ])('need not know that somebody else has stopped the recording until %s', (_, attempts, when, wrong) => {
    const stopped = recording({
      endedAt: 1_300,
      endedBy: 'others',
      callbacks: attempts.map((attempt) => ({
        recordingStatus: 'completed',
        url: 'https://example.com/recording-status',
        attempts: [{ ...attempt, ms: 10, httpStatus: 204, failure: undefined }],
        delivered: true,
      })),
    });
    const one = call({ webhooks: [gate(when - 100, '<Say/>')], recordings: [stopped] });
    expect(judge([one], [row()])).toMatchObject({ passedUnrecorded: wrong });
  });

  test.each([
    ['stop', 1_099, 0],
    ['stop', 1_100, 1],
    ['pause', 1_000, 1],
  ])('may let a call on whose recording an operator has told to %s (%d): %d wrong', (Action, when, wrong) => {
    const command = event(when, { Type: 'command', Action });
    const one = call({ webhooks: [gate(1_000, '<Say/>')] });
    expect(judge([one], [row(), command])).toMatchObject({ passedUnrecorded: wrong });
  });

  test('may end a call', () => {
    expect(at(0, '<Say>No.</Say><Hangup/>')).toMatchObject({
      turnedAway: 1,
      passedUnrecorded: 0,
      findings: [],
    });
  });

  describe('before an application', () => {
    const application = 'https://app.example.com/voice';
    const asked = (when: number, kind: 'redirect' | 'fallback', gated = true) =>
      judge(
        [call({ webhooks: [{ ...gate(when, '<Say>Welcome.</Say>'), kind, url: application }] })],
        [row()],
        undefined,
        () => ({ gated, application }),
      );

    test.each(['redirect', 'fallback'] as const)('is not passed by, with no recording: by a %s', (kind) => {
      expect(asked(1_200, kind)).toMatchObject({ passedUnrecorded: 0, findings: [] });
      expect(asked(1_199, kind)).toMatchObject({
        passedUnrecorded: 1,
        findings: ['CA1: went on and was not recorded then'],
      });
    });

    test('stands only where calls have to be recorded', () => {
      expect(asked(1_000, 'redirect', false).findings).toEqual([]);
    });
  });

  test('that failed let nobody on', () => {
    const failed = { ...gate(0, ''), body: undefined };
    expect(judge([call({ webhooks: [failed] })], [row()])).toMatchObject({
      turnedAway: 0,
      passedUnrecorded: 0,
    });
  });
});

describe('a caller of a number with an application', () => {
  const application = 'https://app.example.com/voice';
  const webhook = (
    kind: SimulatedCall['webhooks'][number]['kind'],
    url: string,
    { ms = 100, body = '<Response/>' }: { ms?: number; body?: string } = {},
  ): SimulatedCall['webhooks'][number] => ({
    kind,
    url,
    duplicate: false,
    params: {},
    attempts: [{ at: 900, ms, httpStatus: 200, failure: undefined }],
    body,
  });
  const VOICE = webhook('voice', 'https://example.com/voice/abc');
  const ONWARDS = webhook('redirect', application);
  const FALLBACK = webhook('fallback', application);
  const TURNED_AWAY = webhook('redirect', 'https://example.com/gate/abc', {
    body: '<Response><Hangup/></Response>',
  });
  const found = (made: Partial<SimulatedCall>) =>
    judge([call(made)], [row()], undefined, () => ({ application })).findings;
  const talking = (talkMs: number) => ({ script: { ...call().script, talkMs } });

  test('has to be let talk', () => {
    const webhooks = [VOICE, ONWARDS];
    expect(found({ webhooks, ...talking(8_000) })).toEqual([]);
    expect(found({ webhooks, ...talking(8_001) })).toEqual([
      'CA1: ended after 8000 ms, and its caller would have talked for 8001 ms',
    ]);
    const hour = { endedAt: 3_601_000, recordings: [recording({ endedAt: 3_601_000 })] };
    expect(found({ webhooks, ...hour, ...talking(4_000_000) })).toEqual([]);
  });

  test('has to come there within a minute', () => {
    const lasted = (ms: number) => ({ ...lasting(1_000 + ms), webhooks: [VOICE] });
    expect(found(lasted(59_999))).toEqual([]);
    expect(found(lasted(60_000))).toEqual(['CA1: never came to its application']);
    expect(found({ ...lasted(60_000), webhooks: [VOICE, ONWARDS] })).toEqual([]);
  });

  test('has to be answered soon', () => {
    const slow = (ms: number) => [webhook('voice', VOICE.url, { ms }), ONWARDS];
    expect(found({ webhooks: slow(3_000) })).toEqual([]);
    expect(found({ webhooks: slow(3_001) })).toEqual(['CA1: its voice webhook took 3001 ms']);
  });

  test.each<[string, SimulatedCall['webhooks']]>([
    ['the gate, which ended the call', [VOICE, TURNED_AWAY]],
    ['Twilio’s fallback', [VOICE, FALLBACK]],
    ['nothing of ours', [webhook('voice', VOICE.url, { body: 'no' }), FALLBACK]],
  ])('was led by %s', (_, webhooks) => {
    expect(found({ webhooks, ...talking(9_000) })).toEqual([]);
  });
});

describe('a caller who is asked', () => {
  const CONSENT = 'https://example.com/consent/abc#rc=2';
  const OPT_OUT = 'https://example.com/opt-out/abc#rc=2';
  const answered = (path: string, twiml: string): SimulatedCall['webhooks'][number] => ({
    kind: 'voice',
    url: `https://example.com${path}`,
    duplicate: false,
    params: {},
    attempts: [{ at: 900, ms: 100, httpStatus: 200, failure: undefined }],
    body: `<Response>${twiml}</Response>`,
  });
  const question = answered('/voice/abc', `<Gather action="${CONSENT}"/>`);
  const asked = (changes: Partial<SimulatedCall> = {}) => call({ webhooks: [question], ...changes });
  const pressed = (key: '1' | '2' | '9', heardBy: string | undefined, at = 1_200) => ({ at, key, heardBy });

  test('and says yes is recorded from then on', () => {
    const verdict = judge([asked({ keysPressed: [pressed('1', CONSENT)] })], [row()]);
    expect(verdict).toMatchObject({ recordedBeforeYesSeconds: 0, lostAudioMs: { p50: 0 }, findings: [] });
  });

  test.each([
    ['before the yes', [pressed('1', CONSENT, 2_200)], 1],
    ['though the answer was no', [pressed('2', CONSENT)], 7.8],
    ['though the yes came after a no', [pressed('2', CONSENT), pressed('1', CONSENT, 1_300)], 7.8],
    ['though nobody heard the yes', [pressed('1', undefined)], 7.8],
    ['without an answer', [], 7.8],
  ] as const)('and is recorded %s is a finding', (_, keysPressed, recordedBeforeYesSeconds) => {
    expect(judge([asked({ keysPressed })], [row()])).toMatchObject({
      recordedBeforeYesSeconds,
      findings: ['CA1: was recorded before its caller said yes'],
    });
  });

  test('may be recorded before the yes if an operator began it while no row said that they were asked', () => {
    const start = event(600, { Type: 'command', Action: 'start' });
    const judged = (...events: readonly Row[]) => judge([asked()], [row(), ...events]).findings;
    expect(judged(start, event(700, { Type: 'consent' }))).toEqual([]);
    const EARLY = ['CA1: was recorded before its caller said yes'];
    expect(judged(event(500, { Type: 'consent' }), start)).toEqual(EARLY);
    expect(judged(event(600, { Type: 'command', Action: 'pause' }))).toEqual(EARLY);
  });

  test('and declined need not be recorded, nor reported', () => {
    const long = { ...unrecorded, endedAt: 100_000 };
    expect(judge([asked(long)], [unrecordedRow])).toMatchObject({
      unrecorded: 1,
      unexplained: 0,
      unrecordedUnflagged: 0,
      findings: [],
    });
    const yes = asked({ ...long, keysPressed: [pressed('1', CONSENT)] });
    expect(judge([yes], [unrecordedRow])).toMatchObject({ unexplained: 1, unrecordedUnflagged: 1 });
  });

  describe('by a number that asks', () => {
    const ASKS = () => ({ asks: true });
    const long = { endedAt: 100_000 };

    test('and is recorded without having been asked is a finding', () => {
      expect(judge([call()], [row()], UNDER_FAULTS, ASKS)).toMatchObject({
        recordedBeforeYesSeconds: 7.8,
        findings: ['CA1: was recorded before its caller said yes'],
      });
      expect(judge([asked()], [row()], UNDER_FAULTS, () => ({ asks: false })).findings).toEqual([]);
    });

    test('and was not asked need not be recorded, but reported', () => {
      const judged = (...reports: Row[]) =>
        judge([call({ ...unrecorded, ...long })], [unrecordedRow, ...reports], undefined, ASKS);
      const report = event(101_000, { Type: 'unrecorded' });
      expect(judged(report)).toMatchObject({ unexplained: 0, recordedShare: 1, findings: [] });
      expect(judged().findings).toEqual(['CA1: was not recorded, and nobody said so within 10 minutes']);
    });

    test('and gave no answer need be neither', () => {
      expect(judge([asked({ ...unrecorded, ...long })], [unrecordedRow], undefined, ASKS).findings).toEqual(
        [],
      );
    });
  });

  describe('and presses the key that says no', () => {
    const ACCEPTED = answered('/opt-out/abc', '<Say>Not recorded.</Say>');
    const AGAIN = answered('/opt-out/abc', `<Gather action="${OPT_OUT}"/>`);
    const FAILED = { ...ACCEPTED, body: undefined };
    const said = (
      status: SimulatedRecording['status'],
      webhooks: SimulatedCall['webhooks'],
      keysPressed: SimulatedCall['keysPressed'] = [pressed('9', OPT_OUT)],
    ) =>
      judge(
        [call({ webhooks, keysPressed, recordings: [recording({ status })] })],
        [row({ RecordingStatus: status })],
        undefined,
        () => ({ optOutKey: '9' }),
      );
    const KEPT = ['CA1: its caller said no, and its recording was kept'];
    const UNHEEDED = ['1 of 1 callers said no, were not told that it helped, and it did not'];

    test.each([
      ['deleted', [ACCEPTED], 0, 0, []],
      ['absent', [ACCEPTED], 0, 0, []],
      ['deleted', [AGAIN], 0, 0, []],
      ['completed', [ACCEPTED], 1, 0, KEPT],
      ['completed', [AGAIN, ACCEPTED], 1, 0, KEPT],
      ['completed', [AGAIN], 0, 1, UNHEEDED],
      ['completed', [FAILED], 0, 1, UNHEEDED],
      ['completed', [], 0, 1, UNHEEDED],
    ] as const)('has a recording that is %s', (status, webhooks, keptAfterNo, unheeded, findings) => {
      expect(said(status, webhooks)).toMatchObject({ saidNo: 1, keptAfterNo, unheeded, findings });
    });

    test('is not the recorder’s to heed when Twilio refuses its key, and the TwiML has recorded', () => {
      const script = {
        from: '+1',
        to: '+2',
        voiceUrl: 'http://127.0.0.1/voice',
        restRefusal: 'credentials',
      } as const;
      const refused = call({ script, webhooks: [ACCEPTED], keysPressed: [pressed('9', OPT_OUT)] });
      expect(canBeFollowed(refused)).toBe(false);
      expect(canBeFollowed({ ...refused, recordings: [] })).toBe(true);
      expect(judge([refused], [row()], undefined, () => ({ optOutKey: '9' })).keptAfterNo).toBe(0);
    });

    test('has said no only if it was that key, and somebody listened', () => {
      for (const keys of [[], [pressed('2', OPT_OUT)], [pressed('9', undefined)], [pressed('9', CONSENT)]]) {
        expect(said('completed', [AGAIN], keys)).toMatchObject({ saidNo: 0, unheeded: 0, findings: [] });
      }
    });

    test.each([
      ['light', 4, 5],
      ['heavy', 11, 12],
    ] as const)(
      'and is not heeded may be so under %s faults, of 100: %d, but not %d',
      (profile, most, more) => {
        const sids = Array.from({ length: 100 }, (_, index) => `CA${index}`);
        const findings = (unheeded: number) =>
          judge(
            sids.map((sid, index) =>
              call({
                sid,
                keysPressed: [pressed('9', OPT_OUT)],
                webhooks: [AGAIN],
                recordings: [recording({ status: index < unheeded ? 'completed' : 'deleted' })],
              }),
            ),
            [],
            toleranceOf(readFaultProfile(profile, [])),
          ).findings.filter((finding) => !finding.endsWith('has no row'));
        expect(findings(most)).toEqual([]);
        expect(findings(more)).toEqual([expect.stringContaining(`${more} of 100 callers said no`)]);
      },
    );
  });
});

test('percentiles are nearest ranks', () => {
  const values = Array.from({ length: 100 }, (_, index) => index + 1);
  expect(percentiles(values)).toEqual({ p50: 50, p95: 95, p99: 99 });
  expect(percentiles([])).toEqual({ p50: 0, p95: 0, p99: 0 });
});

test('a mean has two decimals', () => {
  expect(mean([1, 1, 2])).toBe(1.33);
  expect(mean([])).toBe(0);
});
