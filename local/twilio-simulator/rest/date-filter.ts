import { badParameter } from './errors.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

/**
 * The filter that `{name}`, `{name}<` and `{name}>` make together, on times in milliseconds. A value is a day or a
 * moment in UTC; both bounds include it. https://www.twilio.com/docs/voice/api/call-resource#read-multiple-call-resources
 */
export function dateFilter(query: URLSearchParams, name: string): (time: number | undefined) => boolean {
  const on = interval(query, name);
  const until = interval(query, `${name}<`);
  const from = interval(query, `${name}>`);
  if (!on && !until && !from) return () => true;
  return (time) =>
    time !== undefined &&
    (on === undefined || (time >= on.start && time <= on.end)) &&
    (until === undefined || time <= until.end) &&
    (from === undefined || time >= from.start);
}

function interval(query: URLSearchParams, name: string): { start: number; end: number } | undefined {
  const given = query.get(name);
  if (given === null) return undefined;
  const start = Date.parse(given);
  if (Number.isNaN(start)) throw badParameter(`Invalid ${name}: ${given}`);
  return { start, end: /^\d{4}-\d{2}-\d{2}$/.test(given) ? start + DAY_MS - 1 : start };
}
