import { API_VERSION } from './api-version.ts';
import { badParameter } from './errors.ts';
import type { RestRequest } from './route.ts';

const MAX_PAGE_SIZE = 1_000;
const DEFAULT_PAGE_SIZE = 50;

/**
 * One page of a list. The next page starts after the last item of this one (`PageToken`), so that items that appear
 * meanwhile, which come first, push nothing from one page onto the next.
 * https://www.twilio.com/docs/usage/twilios-response#pagination
 */
export function page<T extends { readonly sid: string }>(
  accountSid: string,
  { resource, query }: RestRequest,
  key: 'calls' | 'recordings',
  items: readonly T[],
  toBody: (item: T) => object,
): object {
  const pageSize = wholeNumber(query, 'PageSize', DEFAULT_PAGE_SIZE, 1, MAX_PAGE_SIZE);
  const number = wholeNumber(query, 'Page', 0, 0, Number.MAX_SAFE_INTEGER);
  const lastSeen = query.get('PageToken')?.slice(2);
  const start =
    lastSeen === undefined ? number * pageSize : items.findIndex(({ sid }) => sid === lastSeen) + 1;
  const shown = items.slice(start, start + pageSize);
  const uri = (page: number, token?: string) => {
    const parameters = new URLSearchParams(query);
    parameters.set('PageSize', String(pageSize));
    parameters.set('Page', String(page));
    parameters.delete('PageToken');
    if (token !== undefined) parameters.set('PageToken', token);
    return `/${API_VERSION}/Accounts/${accountSid}${resource}?${parameters}`;
  };
  const last = shown.at(-1);
  const hasMore = last !== undefined && start + shown.length < items.length;
  return {
    first_page_uri: uri(0),
    end: start + Math.max(shown.length - 1, 0),
    previous_page_uri: number > 0 ? uri(number - 1) : null,
    [key]: shown.map(toBody),
    uri: uri(number, query.get('PageToken') ?? undefined),
    page_size: pageSize,
    start,
    next_page_uri: hasMore ? uri(number + 1, `PA${last.sid}`) : null,
    page: number,
  };
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
