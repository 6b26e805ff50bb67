import { describe, expect, test } from '@jest/globals';
import type { Row } from '../../local/recorder.ts';
import type { SimulatedCall, SimulatedRecording } from '../../local/twilio-simulator/simulator.ts';
import { isRight, judge, mean, percentiles } from '../../local/verdict.ts';

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

test('percentiles are nearest ranks', () => {
  const values = Array.from({ length: 100 }, (_, index) => index + 1);
  expect(percentiles(values)).toEqual({ p50: 50, p95: 95, p99: 99 });
  expect(percentiles([])).toEqual({ p50: 0, p95: 0, p99: 0 });
});

test('a mean has two decimals', () => {
  expect(mean([1, 1, 2])).toBe(1.33);
  expect(mean([])).toBe(0);
});
