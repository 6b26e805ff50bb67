import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { cut, dateAndTime, harmless, masked, printable, timeOfDay, widthOf } from '../../cli/text.ts';

const anyText = fc.string({ unit: 'binary' });

describe('printable', () => {
  test.each([
    ['  two\n\tlines ', 'two lines'],
    ['\u{1b}[31mred', '\u{FFFD}[31mred'],
    ['\u{202e}turned', '\u{FFFD}turned'],
    ['\u{d800}', '\u{FFFD}'],
  ])('%j is %j', (text, expected) => {
    expect(printable(text)).toBe(expected);
  });
});

test('what is harmless keeps its lines', () => {
  expect(harmless('one\n  two\r\u{9b}31m\u{2028}')).toBe('one\n  two\u{FFFD}\u{FFFD}31m\u{FFFD}');
});

describe('cut', () => {
  test.each([
    ['short', 5, 'short'],
    ['longer', 5, 'long…'],
    ['日本語', 5, '日本…'],
    ['日本語', 4, '日…'],
    ['long', 1, '…'],
    ['long', 0, ''],
  ])('%j to %i is %j', (text, width, expected) => {
    expect(cut(text, width)).toBe(expected);
  });

  test('is never wider than asked for', () => {
    fc.assert(
      fc.property(anyText, fc.nat(30), (text, width) => widthOf(cut(printable(text), width)) <= width),
    );
  });
});

describe('masked', () => {
  test.each([
    ['+15550200123', '+*******0123'],
    ['+49 (30) 555 0123', '+** (**) *** 0123'],
    ['911', '911'],
    ['anonymous', '*********'],
    ['client:alice', 'client:*****'],
    ['sip:alice@example.com', 'sip:*****@example.com'],
    ['sip:+15550200123@pstn.example.com:5060', 'sip:+*******0123@pstn.example.com:5060'],
    ['', ''],
  ])('%j is %j', (address, expected) => {
    expect(masked(address)).toBe(expected);
  });

  test('never shows more than four digits of a number', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\+?[0-9 ()-]{0,20}$/), (number) => {
        expect((masked(number).match(/\d/g) ?? []).length).toBeLessThanOrEqual(4);
      }),
    );
  });
});

test('times are in UTC, and what is none stays', () => {
  expect(dateAndTime('2026-03-01T13:00:05.678+01:00')).toBe('2026-03-01 12:00:05');
  expect(timeOfDay('2026-03-01T13:00:05.678+01:00')).toBe('12:00:05.678');
  expect([dateAndTime('soon'), timeOfDay('soon')]).toEqual(['soon', 'soon']);
});
