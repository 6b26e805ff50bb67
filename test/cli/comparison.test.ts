import { describe, expect, test } from '@jest/globals';
import { compare } from '../../cli/comparison.ts';
import type { RecordingRepresentation } from '../../lambda/recording-control/representations.ts';
import { DETAILS, PAUSED_CALL, RECORDING, SURPLUS } from './samples.ts';

type Recording = Pick<RecordingRepresentation, 'status' | 'duration'>;

const ofRecording = (row: Recording | undefined, twilio: Recording | undefined) => {
  const list = (one: Recording | undefined) => (one ? [{ recordingSid: RECORDING, ...one }] : []);
  return compare(
    { ...DETAILS, recordings: list(row) },
    { callStatus: 'in-progress', recordings: list(twilio) },
  )[1];
};

describe('a recording', () => {
  test.each([
    // Twilio's API shows what runs or is paused as one of the two.
    ['in-progress', 'in-progress', false],
    ['in-progress', 'processing', false],
    ['paused', 'processing', false],
    ['paused', 'in-progress', false],
    ['paused', 'paused', false],
    ['processing', 'in-progress', false],
    ['stopped', 'processing', false],
    ['completed', 'completed', false],
    ['in-progress', 'paused', true],
    ['in-progress', 'completed', true],
    ['stopped', 'in-progress', true],
    ['stopped', 'completed', true],
    ['completed', 'processing', true],
    ['absent', 'completed', true],
  ])('%s in the row and %s at Twilio: differs is %s', (row, twilio, differs) => {
    expect(ofRecording({ status: row }, { status: twilio })?.differs).toBe(differs);
  });

  test('differs when only one of the two knows it, unless it was deleted', () => {
    expect(ofRecording({ status: 'completed' }, undefined)).toMatchObject({
      differs: true,
      twilio: undefined,
    });
    expect(ofRecording(undefined, { status: 'completed' })).toMatchObject({ differs: true, row: undefined });
    expect(ofRecording({ status: 'deleted' }, undefined)?.differs).toBe(false);
  });

  test('differs in its duration where both know it', () => {
    const completed = (duration?: number) => ({ status: 'completed', duration });
    expect(ofRecording(completed(3), completed(4))).toEqual({
      what: RECORDING,
      row: 'completed, 3 s',
      twilio: 'completed, 4 s',
      differs: true,
    });
    expect(ofRecording(completed(3), completed())?.differs).toBe(false);
  });
});

test.each([
  ['paused', 'in-progress', false],
  ['starting', 'completed', true],
  ['in-progress', 'no-answer', true],
  ['unrecorded', 'in-progress', false],
  ['completed', 'completed', false],
])('a call that is %s in the row and %s at Twilio: differs is %s', (recordingStatus, callStatus, differs) => {
  const details = { call: { ...PAUSED_CALL, recordingStatus }, recordings: [], events: [] };
  expect(compare(details, { callStatus, recordings: [] })).toEqual([
    { what: 'call', row: recordingStatus, twilio: callStatus, differs },
  ]);
});

test('the row’s recordings come first, then those that only Twilio knows', () => {
  const completed = (recordingSid: string) => ({ recordingSid, status: 'completed' });
  expect(
    compare(
      { ...DETAILS, recordings: [completed(RECORDING)] },
      { callStatus: 'completed', recordings: [completed(SURPLUS), completed(RECORDING)] },
    ).map(({ what }) => what),
  ).toEqual(['call', RECORDING, SURPLUS]);
});
