import type { CallView, PageModel } from './model.ts';

/** What has changed of a model. */
export interface PageUpdate extends Omit<PageModel, 'calls'> {
  readonly changedCalls: readonly CallView[];
  /** The CallSids of all calls, in their order. */
  readonly order: readonly string[];
}

/** What somebody has to be told who knows an earlier model. */
export function changesSince(earlier: PageModel, { calls, ...figures }: PageModel): PageUpdate {
  const known = new Set(earlier.calls);
  return {
    ...figures,
    changedCalls: calls.filter((call) => !known.has(call)),
    order: calls.map(({ callSid }) => callSid),
  };
}

export function updated(earlier: PageModel, { changedCalls, order, ...figures }: PageUpdate): PageModel {
  const calls = new Map([...earlier.calls, ...changedCalls].map((call) => [call.callSid, call]));
  return { ...figures, calls: order.flatMap((callSid) => calls.get(callSid) ?? []) };
}
