import type { CallRepresentation, CallsRepresentation } from '../lambda/recording-control/representations.ts';
import { renderCalls } from './calls-table.ts';
import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';
import type { Answer, CallsQuery, RecorderApi } from './recorder-api.ts';
import { json, type Terminal } from './terminal.ts';

export interface CallsOptions {
  /** `YYYY-MM-DD`; without it the API takes today, in UTC. */
  readonly day?: string | undefined;
  readonly status?: string | undefined;
  /** How many at most; Infinity for all of the day. */
  readonly limit: number;
  readonly numbers: boolean;
  readonly json: boolean;
}

/** `recorder calls`. Throws Failure. */
export async function showCalls(api: RecorderApi, options: CallsOptions, terminal: Terminal): Promise<void> {
  const { day, status, limit, numbers } = options;
  const listed = await list((cursor) => api.calls({ day, status, cursor }), limit);
  if (options.json) {
    terminal.print(json(listed.document));
    return;
  }
  if (listed.calls.length === 0) {
    terminal.say(`No such calls ${day === undefined ? 'today' : `on ${day}`} (UTC).`);
    return;
  }
  terminal.print(renderCalls(listed.calls, { width: terminal.width, numbers }));
  if (listed.more) {
    terminal.say(`These are ${listed.calls.length}; there may be more of the day: --limit N, or --all.`);
  }
}

interface Listed {
  readonly calls: readonly CallRepresentation[];
  /** One answer, as if all had been on one page. */
  readonly document: unknown;
  readonly more: boolean;
}

/** Follows the cursor until there are enough. A page may be empty and yet not be the last. */
export async function list(
  page: (cursor: CallsQuery['cursor']) => Promise<Answer<CallsRepresentation>>,
  limit: number,
): Promise<Listed> {
  const calls: CallRepresentation[] = [];
  const raw: unknown[] = [];
  const cursors = new Set<string>();
  let cursor: string | undefined;
  do {
    const { value, document } = await page(cursor);
    calls.push(...value.calls);
    raw.push(...(document as { readonly calls: readonly unknown[] }).calls);
    cursor = value.cursor;
    if (cursor !== undefined && cursors.has(cursor)) {
      throw new Failure({
        exitCode: EXIT.failed,
        title: 'The list of calls has no end',
        detail: 'the API gave the same cursor twice.',
      });
    }
    cursors.add(cursor ?? '');
  } while (cursor !== undefined && calls.length < limit);
  const isCut = calls.length > limit;
  return {
    calls: calls.slice(0, limit),
    // A cursor goes on after a whole page: behind a page that was cut, it would leave calls out.
    document: { calls: raw.slice(0, limit), ...(cursor !== undefined && !isCut && { cursor }) },
    more: isCut || cursor !== undefined,
  };
}
