import Table from 'cli-table3';
import type { Line } from './bill.ts';
import { MILLION, totalOf } from './bill.ts';
import { PRICES, PRICES_AS_OF, REGION } from './prices.ts';
import type { MonthlyLine } from './standing.ts';
import type { Design, Usage } from './usage.ts';

export const dollars = (value: number): string => `$${value.toFixed(2)}`;

/** Two bills side by side. */
export function comparison(ours: readonly Line[], naive: readonly Line[]): string {
  const table = tableOf(['service', 'this recorder, one call', 'a million', 'naive, one call', 'a million']);
  for (const line of ours) {
    const other = naive.find(({ service }) => service === line.service);
    table.push([
      line.service,
      line.perCall,
      dollars(line.dollars),
      other?.perCall ?? '',
      other ? dollars(other.dollars) : '',
    ]);
  }
  table.push(['together', '', dollars(totalOf(ours)), '', dollars(totalOf(naive))]);
  return table.toString();
}

export function onTop(lines: readonly Line[]): string {
  const table = tableOf(['on top', 'one call', 'a million']);
  table.push(...lines.map(({ service, perCall, dollars: each }) => [service, perCall, dollars(each)]));
  return table.toString();
}

export function monthly(lines: readonly MonthlyLine[]): string {
  const table = tableOf(['each month', '', '']);
  table.push(...lines.map(({ what, count, dollars: each }) => [what, count, dollars(each)]));
  table.push(['together', '', dollars(totalOf(lines))]);
  return table.toString();
}

/** Durations as they were billed, beside what functions waited for in virtual time. */
export function durations(billed: Usage, waited: Usage, design: Design): string {
  const table = tableOf([
    'function',
    'MB',
    'invocations of a call',
    'billed, ms',
    'waiting in virtual time, ms',
  ]);
  for (const [name, { invocations, milliseconds }] of Object.entries(billed.functions)) {
    table.push([
      name,
      design.functions[name]?.memoryMegabytes ?? '',
      invocations,
      Math.round(milliseconds),
      Math.round(waited.functions[name]?.milliseconds ?? 0),
    ]);
  }
  return table.toString();
}

export function priceList(): string {
  const lines = Object.values(PRICES).map(
    ({ dollars: each, per, what, source }) => `  $${each} for ${count(per)} ${what}: ${source}`,
  );
  return [`List prices of ${REGION} as of ${PRICES_AS_OF}, no free tier taken off:`, ...lines].join('\n');
}

const count = (per: number): string => (per === MILLION ? 'a million' : per === 1 ? 'a' : `${per}`);

const tableOf = (head: string[]) => new Table({ head, style: { head: [], border: [], compact: true } });
