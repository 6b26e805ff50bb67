import { describe, expect, test } from '@jest/globals';
import { indexWriteUnits, readUnits, writeUnits } from '../../../bench/cost/request-units.ts';

const KB = 1024;

describe('units of a write', () => {
  test.each([
    [undefined, 1, 1],
    [undefined, KB, 1],
    [undefined, KB + 1, 2],
    [3 * KB, KB, 3],
    [KB, 3 * KB, 3],
    // A condition did not hold where there was nothing.
    [undefined, undefined, 1],
  ])('from %p bytes to %p are %p', (before, after, units) => {
    expect(writeUnits(before, after)).toBe(units);
  });
});

describe('units of a write to an index', () => {
  const entry = (key: string, bytes: number, content: string) => ({ key, bytes, content });
  const small = entry('day 1', 500, 'starting');
  const large = entry('day 1', 1_500, 'in-progress');
  const moved = entry('day 2', 1_500, 'in-progress');

  test.each([
    ['no entry', undefined, undefined, 0],
    ['the same entry', small, { ...small }, 0],
    ['a new entry', undefined, large, 2],
    ['an entry that goes', large, undefined, 2],
    ['a changed entry', small, large, 2],
    ['an entry under another key', small, moved, 1 + 2],
  ])('%s', (_what, before, after, units) => {
    expect(indexWriteUnits(before, after)).toBe(units);
  });
});

describe('units of a read', () => {
  test.each([
    [0, true, 1],
    [0, false, 0.5],
    [4 * KB, true, 1],
    [4 * KB + 1, true, 2],
    [4 * KB + 1, false, 1],
  ])('of %p bytes, consistent %p, are %p', (bytes, isConsistent, units) => {
    expect(readUnits(bytes, isConsistent)).toBe(units);
  });
});
