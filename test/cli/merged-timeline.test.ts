import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { mergedTimeline } from '../../cli/merged-timeline.ts';
import { DETAILS, RECORDING } from './samples.ts';

const NOTHING = { call: DETAILS.call, recordings: [], events: [] };

describe('the merged timeline', () => {
  test('has everything in the order of time, with its offset from the first', () => {
    expect(mergedTimeline(DETAILS).map(({ offset, who, what }) => [offset, who, what])).toEqual([
      [0, 'execution', 'ExecutionStarted'],
      [0.03, 'execution', 'TaskStateEntered StartRecording'],
      [2.9, 'twilio', 'recording REfedcba98… begins'],
      [3.11, 'table', 'create (news): REfedcba98… in-progress'],
      [3.2, 'execution', 'TaskStateEntered AwaitOutcome'],
      [3.9, 'twilio', 'recording RE00000000… begins'],
      [59.9, 'table', 'command pause: REfedcba98… in-progress -> paused, card payment, by Operator/alice'],
    ]);
  });

  test('names the executions where there are several, and what failed in them', () => {
    const history = [{ at: '2026-03-01T12:00:00Z', type: 'TaskFailed', state: 'Verify', error: 'Lost' }];
    const one = { name: 'CA1', status: 'FAILED', history };
    const whats = (executions: typeof DETAILS.executions) =>
      mergedTimeline({ ...NOTHING, executions }).map(({ what }) => what);
    expect(whats([one])).toEqual(['TaskFailed Verify (Lost)']);
    expect(whats([one, { ...one, name: 'CA1-2' }])).toEqual([
      'CA1: TaskFailed Verify (Lost)',
      'CA1-2: TaskFailed Verify (Lost)',
    ]);
  });

  test('an event of which little is known, and one without a time', () => {
    const events = [
      { at: 'some time', type: 'verify' },
      { at: '2026-03-01T12:00:00Z', type: 'command', action: 'stop', httpStatus: 404, errorCode: 20_404 },
    ];
    expect(mergedTimeline({ ...NOTHING, events })).toEqual([
      { at: '2026-03-01T12:00:00Z', offset: 0, who: 'table', what: 'command stop: HTTP 404, error 20404' },
      { at: 'some time', offset: undefined, who: 'table', what: 'verify' },
    ]);
  });

  test('nothing gets lost, and no offset is before the one above it', () => {
    const at = fc.oneof(
      fc
        .date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) })
        .map((date) => date.toISOString()),
      fc.constant('unknown'),
    );
    const events = fc.array(fc.record({ at, type: fc.constant('callback') }));
    const history = fc.array(fc.record({ at, type: fc.constant('TaskStateEntered') }));
    fc.assert(
      fc.property(events, history, (told, steps) => {
        const timeline = mergedTimeline({
          ...NOTHING,
          recordings: [{ recordingSid: RECORDING, status: 'completed' }],
          events: told,
          executions: [{ name: 'CA1', status: 'RUNNING', history: steps }],
        });
        expect(timeline).toHaveLength(told.length + steps.length);
        const offsets = timeline.map(({ offset }) => offset ?? Infinity);
        expect(offsets).toEqual(offsets.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
        expect(offsets.filter((offset) => offset < 0)).toEqual([]);
      }),
    );
  });
});
