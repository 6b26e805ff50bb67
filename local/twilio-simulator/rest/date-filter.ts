import { badParameter } from './errors.ts';

const SECOND_MS = 1_000;
const DAY_MS = 24 * 60 * 60 * 1_000;

/**
 * The filter that `{name}`, `{name}<` and `{name}>` make together, on times in milliseconds. A value is a day or a
 * moment in UTC, of which `day` takes only the day; both bounds include it.
 * https://www.twilio.com/docs/voice/api/call-resource#read-multiple-call-resources
 */
export function dateFilter(
  query: URLSearchParams,
  name: string,
  granularity: 'day' | 'second',
): (time: number | undefined) => boolean {
  const on = interval(query, name, granularity);
  const until = interval(query, `${name}<`, granularity);
  const from = interval(query, `${name}>`, granularity);
  if (!on && !until && !from) return () => true;
  return (time) =>
    time !== undefined &&
    (on === undefined || (time >= on.start && time <= on.end)) &&
    (until === undefined || time <= until.end) &&
    (from === undefined || time >= from.start);
}

/** Before which the filter lets no time through; undefined where it has no such bound. */
export function earliest(
  query: URLSearchParams,
  name: string,
  granularity: 'day' | 'second',
): number | undefined {
  return interval(query, `${name}>`, granularity)?.start;
}

function interval(
  query: URLSearchParams,
  name: string,
  granularity: 'day' | 'second',
): { start: number; end: number } | undefined {
  const given = query.get(name);
  if (given === null) return undefined;
  const moment = Date.parse(given);
  if (Number.isNaN(moment)) throw badParameter(`Invalid ${name}: ${given}`);
  const width = granularity === 'day' || /^\d{4}-\d{2}-\d{2}$/.test(given) ? DAY_MS : SECOND_MS;
  const start = moment - (moment % width);
  return { start, end: start + width - 1 };
}
