import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { METRICS, type MetricName } from '../../../lambda/shared/contract.ts';
import {
  coverage,
  EMPTY,
  funnel,
  isLive,
  KEPT,
  type PageEvent,
  type PageModel,
  reduce,
} from '../../../local/page/model.ts';
import { changesSince, updated } from '../../../local/page/updates.ts';
import { sidOf } from './support.ts';

const modelOf = (events: readonly PageEvent[]): PageModel => events.reduce(reduce, EMPTY);
const measured = (metric: MetricName, values: readonly number[] = [1], at = 0): PageEvent => ({
  type: 'measured',
  metric,
  values,
  at,
});
const began = (number: number): PageEvent => ({
  type: 'call',
  callSid: sidOf(number),
  at: number,
  announces: true,
  facts: { status: 'in-progress' },
});
const ended = (number: number): PageEvent => ({
  type: 'call',
  callSid: sidOf(number),
  at: number,
  facts: { status: 'completed' },
  line: { at: number, who: 'twilio', what: 'the call is completed' },
});
const sidsOf = ({ calls }: PageModel): string[] => calls.map(({ callSid }) => callSid);

describe('the funnel', () => {
  test('leads from the calls received to what became of them', () => {
    const model = modelOf([
      measured(METRICS.callReceived, [1, 1, 1, 1]),
      measured(METRICS.recordingStarted, [1, 1]),
      measured(METRICS.recordingAdopted),
      measured(METRICS.recordingCompleted),
      measured(METRICS.recordingAbsent),
      measured(METRICS.callUnrecorded),
      measured(METRICS.callDeclined),
    ]);
    expect(Object.fromEntries(funnel(model))).toEqual({
      received: 4,
      answered: 5,
      started: 3,
      completed: 1,
      absent: 1,
      failed: 0,
      unrecorded: 1,
      'never answered': 0,
      declined: 1,
    });
    expect(coverage(model)).toBe(75);
  });

  test('has no coverage before a call was answered', () => {
    expect(
      coverage(modelOf([measured(METRICS.callReceived), measured(METRICS.callDeclined)])),
    ).toBeUndefined();
  });
});

describe('a call', () => {
  test('begins once, and what is told of it adds up', () => {
    const execution: PageEvent = {
      ...began(1),
      facts: { execution: 'RUNNING', from: '+*0123' },
    } as PageEvent;
    const { calls } = modelOf([began(1), execution, ended(1)]);
    expect(calls).toEqual([
      {
        callSid: sidOf(1),
        at: 1,
        status: 'completed',
        execution: 'RUNNING',
        from: '+*0123',
        lines: [{ at: 1, who: 'twilio', what: 'the call is completed' }],
      },
    ]);
    expect(calls.map(isLive)).toEqual([true]);
  });

  test.each([
    [{ status: 'ringing' }, true],
    [{ status: 'completed' }, false],
    [{ status: 'completed', execution: 'RUNNING' }, true],
    [{ status: 'no-answer', execution: 'SUCCEEDED' }, false],
    [{ execution: 'FAILED' }, false],
    [{}, false],
  ])('of which is known %j is live: %j', (facts, live) => {
    expect(isLive({ callSid: sidOf(1), at: 0, lines: [], ...facts })).toBe(live);
  });

  test('that nothing announced is not shown', () => {
    expect(modelOf([ended(1)])).toEqual(EMPTY);
  });

  test('is forgotten when there are too many, first one that is over', () => {
    const many = Array.from({ length: KEPT.calls }, (_, index) => began(index));
    expect(sidsOf(modelOf([...many, ended(3), began(900)]))).not.toContain(sidOf(3));
    expect(sidsOf(modelOf([...many, began(900)]))).not.toContain(sidOf(0));
  });
});

const metricEvent = fc
  .tuple(
    fc.constantFrom(METRICS.callReceived, METRICS.recordingStarted, METRICS.timeToRecordingMilliseconds),
    fc.array(fc.nat(5_000), { minLength: 1, maxLength: 3 }),
    fc.nat(1_000),
  )
  .map(([metric, values, at]) => measured(metric, values, at));
const callEvent = fc
  .tuple(fc.nat(2 * KEPT.calls), fc.boolean())
  .map(([number, isEnd]) => (isEnd ? ended : began)(number));
const events = fc.array(fc.oneof(metricEvent, callEvent), { size: '+1' });

describe('whatever is told', () => {
  test('figures are the same in every order', () => {
    const scenario = fc
      .array(metricEvent)
      .chain((told) => fc.tuple(fc.constant(told), fc.shuffledSubarray(told, { minLength: told.length })));
    fc.assert(
      fc.property(scenario, ([told, shuffled]) => {
        const [one, other] = [modelOf(told), modelOf(shuffled)];
        expect(other.counts).toEqual(one.counts);
        const inOrder = ({ timesToRecording }: PageModel) =>
          timesToRecording
            .map(({ at, milliseconds }) => [at, milliseconds])
            .toSorted(([a = 0, x = 0], [b = 0, y = 0]) => a - b || x - y);
        expect(inOrder(other)).toEqual(inOrder(one));
        const times = other.timesToRecording.map(({ at }) => at);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
      }),
    );
  });

  test('no more is kept than should be, and no call is shown twice', () => {
    fc.assert(
      fc.property(events, (told) => {
        const model = modelOf(told);
        expect(model.calls.length).toBeLessThanOrEqual(KEPT.calls);
        expect(new Set(sidsOf(model)).size).toBe(model.calls.length);
      }),
    );
    const lines = modelOf([began(1), ...Array.from({ length: KEPT.lines + 5 }, () => ended(1))]).calls[0]
      ?.lines;
    expect(lines).toHaveLength(KEPT.lines);
    const times = modelOf([
      measured(METRICS.timeToRecordingMilliseconds, new Array(KEPT.timesToRecording + 5).fill(1)),
    ]);
    expect(times.timesToRecording).toHaveLength(KEPT.timesToRecording);
  });

  test('who is told the changes knows the same, wherever they are cut', () => {
    fc.assert(
      fc.property(fc.array(events, { maxLength: 5 }), (parts) => {
        let [server, client] = [EMPTY, EMPTY];
        for (const part of parts) {
          const before = server;
          server = part.reduce(reduce, server);
          client = updated(client, JSON.parse(JSON.stringify(changesSince(before, server))));
          expect(client).toEqual(server);
        }
      }),
    );
  });
});
