import { styleText } from 'node:util';
import Table from 'cli-table3';
import { cut, printable, widthOf } from './text.ts';

type Style = Parameters<typeof styleText>[0];

export interface Column<R> {
  readonly head: string;
  /** The row's text; without one the cell stays empty. */
  readonly text: (row: R) => string | undefined;
  /** Where there is no room for all columns, the one with the lowest goes first. */
  readonly importance: number;
  /** To how many columns of the terminal a text may be cut; without it the column is shown whole or not at all. */
  readonly minimum?: number;
  readonly align?: 'right';
  readonly style?: (row: R) => Style | undefined;
}

/** Between two columns. */
const GAP = '  ';

const BORDERLESS = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '' },
  middle: GAP,
};

interface Laid<R> {
  readonly column: Column<R>;
  readonly texts: readonly string[];
  /** What its longest text takes. */
  readonly natural: number;
  /** The least that it can do with. */
  readonly least: number;
}

/**
 * Rows as a table of which no line is longer than `width`: the least important columns go first, then texts are cut.
 * A column in which nothing stands is left out.
 */
export function renderTable<R>(columns: readonly Column<R>[], rows: readonly R[], width: number): string {
  const laid = fitting(columns.map((column) => layOut(column, rows)).filter(isFilled), width);
  const widths = shrunk(laid, width);
  const table = new Table({
    chars: BORDERLESS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
    colWidths: widths,
    colAligns: laid.map(({ column }) => column.align ?? 'left'),
  });
  table.push(laid.map(({ column }, at) => styled('bold', cut(column.head, widths[at] ?? 0))));
  for (const [index, row] of rows.entries()) {
    table.push(
      laid.map(({ column, texts }, at) =>
        styled(column.style?.(row), cut(texts[index] ?? '', widths[at] ?? 0)),
      ),
    );
  }
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

function layOut<R>(column: Column<R>, rows: readonly R[]): Laid<R> {
  const texts = rows.map((row) => printable(column.text(row) ?? ''));
  const natural = Math.max(widthOf(column.head), ...texts.map(widthOf));
  return { column, texts, natural, least: Math.min(natural, column.minimum ?? natural) };
}

const isFilled = <R>({ texts }: Laid<R>): boolean => texts.some((text) => text !== '');

const total = (widths: readonly number[]): number =>
  widths.reduce((sum, width) => sum + width, GAP.length * Math.max(widths.length - 1, 0));

/** Without the least important ones for which there is no room. */
function fitting<R>(laid: readonly Laid<R>[], width: number): readonly Laid<R>[] {
  if (laid.length <= 1 || total(laid.map(({ least }) => least)) <= width) {
    return laid;
  }
  const lowest = Math.min(...laid.map(({ column }) => column.importance));
  const dropped = laid.findLastIndex(({ column }) => column.importance === lowest);
  return fitting(laid.toSpliced(dropped, 1), width);
}

/** Their widths: what exceeds is taken from the widest that can give. */
function shrunk<R>(laid: readonly Laid<R>[], width: number): number[] {
  const widths = laid.map(({ natural }) => natural);
  const only = laid.length === 1;
  for (let excess = total(widths) - width; excess > 0; excess--) {
    const spare = widths.map((wide, at) => (only || wide > (laid[at]?.least ?? 0) ? wide : 0));
    const widest = spare.indexOf(Math.max(...spare));
    widths[widest] = Math.max((widths[widest] ?? 0) - 1, 1);
  }
  return widths;
}

const styled = (style: Style | undefined, text: string): string => (style ? styleText(style, text) : text);

/** Names and their values, one pair a line; pairs without a value are left out. */
export function renderFields(
  fields: readonly (readonly [name: string, value: string | undefined])[],
  width: number,
): string {
  const known = fields.flatMap(([name, value]) => (value ? [[name, printable(value)] as const] : []));
  const names = Math.max(0, ...known.map(([name]) => name.length));
  return known.map(([name, value]) => cut(`${name.padEnd(names)}${GAP}${value}`, width)).join('\n');
}
