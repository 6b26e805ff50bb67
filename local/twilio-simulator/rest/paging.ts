import type { Listed } from '../register.ts';
import { API_VERSION } from './api-version.ts';
import { badParameter } from './errors.ts';
import type { RestRequest } from './route.ts';

const MAX_PAGE_SIZE = 1_000;
const DEFAULT_PAGE_SIZE = 50;

interface List<T> {
  readonly key: 'calls' | 'recordings' | 'incoming_phone_numbers';
  /** In the order of their creation; the page has the newest first. */
  readonly items: readonly T[];
  readonly matches: (item: T) => boolean;
  readonly toJson: (item: T) => string;
}

/**
 * One page of a list, as JSON. The next page starts after the last item of this one (`PageToken`), so that items that appear
 * meanwhile, which come first, push nothing from one page onto the next.
 * https://www.twilio.com/docs/usage/twilios-response#pagination
 */
export function page<T extends Listed>(
  accountSid: string,
  { resource, query }: RestRequest,
  { key, items, matches, toJson }: List<T>,
): string {
  const pageSize = wholeNumber(query, 'PageSize', DEFAULT_PAGE_SIZE, 1, MAX_PAGE_SIZE);
  const number = wholeNumber(query, 'Page', 0, 0, Number.MAX_SAFE_INTEGER);
  const start = number * pageSize;
  const token = query.get('PageToken');
  const { shown, hasMore } =
    token === null
      ? newest(items, matches, items.length, start, pageSize)
      : newest(items, matches, positionAfter(token, items), 0, pageSize);
  const parameters = new URLSearchParams(query);
  parameters.set('PageSize', String(pageSize));
  const uri = (page: number, token?: string | null) => {
    parameters.set('Page', String(page));
    parameters.delete('PageToken');
    if (token) parameters.set('PageToken', token);
    return `/${API_VERSION}/Accounts/${accountSid}${resource}?${parameters}`;
  };
  const last = shown.at(-1);
  const list = JSON.stringify({
    first_page_uri: uri(0),
    end: start + Math.max(shown.length - 1, 0),
    previous_page_uri: number > 0 ? uri(number - 1) : null,
    [key]: [],
    uri: uri(number, token),
    page_size: pageSize,
    start,
    next_page_uri: last && hasMore ? uri(number + 1, `PA${last.ordinal}`) : null,
    page: number,
  });
  // Within a text the quotes would be escaped.
  return list.replace(`"${key}":[]`, () => `"${key}":[${shown.map(toJson).join()}]`);
}

/** Walks back from `end` (exclusive) over what matches, and no further than the page needs. */
function newest<T>(
  items: readonly T[],
  matches: (item: T) => boolean,
  end: number,
  skipped: number,
  pageSize: number,
): { shown: T[]; hasMore: boolean } {
  const shown: T[] = [];
  let toSkip = skipped;
  for (let index = end - 1; index >= 0; index -= 1) {
    const item = items[index];
    if (item === undefined || !matches(item)) continue;
    if (toSkip > 0) toSkip -= 1;
    else if (shown.length === pageSize) return { shown, hasMore: true };
    else shown.push(item);
  }
  return { shown, hasMore: false };
}

/** By its ordinal, since the item itself may no longer match. */
function positionAfter(token: string, items: readonly Listed[]): number {
  const last = Number(token.slice(2));
  if (!Number.isInteger(last)) throw badParameter(`Invalid PageToken: ${token}`);
  return items.findLastIndex(({ ordinal }) => ordinal < last) + 1;
}

function wholeNumber(
  query: URLSearchParams,
  name: string,
  otherwise: number,
  min: number,
  max: number,
): number {
  const given = query.get(name);
  if (given === null) return otherwise;
  const value = Number(given);
  if (!Number.isInteger(value) || value < min) throw badParameter(`Invalid ${name}: ${given}`);
  return Math.min(value, max);
}
