import { describe, expect, test } from '@jest/globals';
import { type EndedRecordings, endedEarly } from '../../../lambda/recording/ended-early.ts';
import type { RecordingSettings } from '../../../lambda/shared/settings.ts';
import { NOON } from '../support/manual-clock.ts';

const SECOND = 1_000;

const UNTRIMMED = { channels: 'dual', track: 'both', trim: 'do-not-trim' } as const;
const TRIMMED = { ...UNTRIMMED, trim: 'trim-silence' } as const;

const onTheLine = { status: 'in-progress', end_time: null };
const over = { status: 'completed', end_time: new Date(NOON).toUTCString() };
/** Known for long, and a minute before the call's end. */
const recordings: EndedRecordings = {
  count: 1,
  knownSince: NOON - 3_600 * SECOND,
  until: NOON - 60 * SECOND,
};

const isEarly = (
  call: typeof onTheLine | typeof over,
  changes: Partial<EndedRecordings> = {},
  settings: RecordingSettings = UNTRIMMED,
) => endedEarly(call, { ...recordings, ...changes }, NOON, settings);

describe('a recording ended early', () => {
  test.each([
    ['a minute', 60 * SECOND, false],
    ['more than a minute', 60 * SECOND + 1, true],
  ])('when its call is on and its end has been known for %s: %s', (_, knownFor, early) => {
    expect(isEarly(onTheLine, { knownSince: NOON - knownFor })).toBe(early);
  });

  test.each([
    ['15 seconds', 15 * SECOND, false],
    ['more than 15 seconds', 15 * SECOND + 1, true],
  ])('when its call is over and went on after it for %s: %s', (_, wentOnFor, early) => {
    expect(isEarly(over, { until: NOON - wentOnFor })).toBe(early);
  });

  test('as far as its length can tell', () => {
    expect(isEarly(over, { until: Number.NaN })).toBe(false);
    expect(isEarly(over, {}, TRIMMED)).toBe(false);
    expect(isEarly(over, {}, { configurationId: 'some' })).toBe(false);
    expect(isEarly(onTheLine, { until: Number.NaN }, TRIMMED)).toBe(true);
  });

  test('not while nobody knows when its call ended', () => {
    expect(endedEarly({ status: 'completed', end_time: null }, recordings, NOON, UNTRIMMED)).toBe(false);
    expect(endedEarly({ status: 'ringing', end_time: null }, recordings, NOON, UNTRIMMED)).toBe(false);
  });

  test.each<[string, Partial<EndedRecordings>, boolean]>([
    ['an operator stopped it', { commanded: 'stopped', order: 'stop' }, false],
    ['an operator stopped it, of which only its row tells', { commanded: 'stopped' }, false],
    ['an operator ordered a stop', { order: 'stop' }, false],
    ['its caller said no', { consent: 'withdrawn' }, false],
    ['its caller said yes', { consent: 'given' }, true],
    ['an operator paused it', { commanded: 'paused' }, true],
    ['somebody was told of it', { toldOf: 1 }, false],
    ['somebody was told of the one before it', { count: 2, toldOf: 1 }, true],
    ['an operator stopped it, and ordered another', { commanded: 'stopped', order: 'start' }, true],
  ])('if nobody here wanted it to: %s', (_, changes, early) => {
    expect(isEarly(over, changes)).toBe(early);
    expect(isEarly(onTheLine, changes)).toBe(early);
  });
});
