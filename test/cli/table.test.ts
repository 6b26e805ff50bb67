import { stripVTControlCharacters } from 'node:util';
import { expect, test } from '@jest/globals';
import { type Column, renderFields, renderTable } from '../../cli/table.ts';

type Row = Readonly<Record<'sid' | 'note' | 'extra', string | undefined>>;

const COLUMNS: readonly Column<Row>[] = [
  { head: 'SID', text: ({ sid }) => sid, importance: 3 },
  { head: 'NOTE', text: ({ note }) => note, importance: 2, minimum: 6 },
  { head: 'EXTRA', text: ({ extra }) => extra, importance: 1, align: 'right' },
];
const ROWS: readonly Row[] = [
  { sid: 'CA12345678', note: 'a rather long note', extra: '7' },
  { sid: 'CA2', note: undefined, extra: '1234567' },
];
const render = (width: number, rows: readonly Row[] = ROWS): string[] =>
  stripVTControlCharacters(renderTable(COLUMNS, rows, width)).split('\n');

test('with room for all, a table is as wide as its texts', () => {
  expect(render(80)).toEqual([
    'SID         NOTE                  EXTRA',
    'CA12345678  a rather long note        7',
    'CA2                             1234567',
  ]);
});

test('texts are cut before columns go, and the least important one goes first', () => {
  expect(render(30)).toEqual([
    'SID         NOTE         EXTRA',
    'CA12345678  a rather…        7',
    'CA2                    1234567',
  ]);
  expect(render(20)).toEqual(['SID         NOTE', 'CA12345678  a rathe…', 'CA2']);
});

test('the last column is cut as far as it takes', () => {
  expect(render(10)).toEqual(['SID', 'CA12345678', 'CA2']);
  expect(render(4)).toEqual(['SID', 'CA1…', 'CA2']);
  expect(render(1)).toEqual(['…', '…', '…']);
});

test('a column in which nothing stands is left out', () => {
  expect(render(80, [{ sid: 'CA1', note: '', extra: undefined }])).toEqual(['SID', 'CA1']);
});

test('fields without a value are left out, and long ones cut', () => {
  expect(
    renderFields(
      [
        ['Call', 'CA1'],
        ['From', undefined],
        ['Reason', 'because of\nthat'],
      ],
      16,
    ),
  ).toBe('Call    CA1\nReason  because…');
});
