import Table from 'cli-table3';
import type { Row } from './recorder.ts';

const NOT_SHOWN = [
  'CallSid',
  'Item',
  'AccountSid',
  'DayShard',
  'ExpiresAt',
  'Version',
  'RecordingUrl',
  'UpdatedAt',
  'TaskToken',
];

/** The rows with what is worth reading of each. */
export function tableOf(rows: readonly Row[]): string {
  const table = new Table({
    head: ['Item', 'Attributes'],
    style: { head: [], border: [] },
    wordWrap: true,
    colWidths: [46, 70],
  });
  for (const row of rows) {
    const shown = Object.entries(row).filter(([name]) => !NOT_SHOWN.includes(name));
    table.push([row.Item, shown.map(([name, value]) => `${name}: ${value}`).join('\n')]);
  }
  return table.toString();
}
