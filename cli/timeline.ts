import { renderReport } from './call-report.ts';
import type { RecorderApi } from './recorder-api.ts';
import { json, type Terminal } from './terminal.ts';

/** `recorder timeline`. Throws Failure. */
export async function showTimeline(
  api: RecorderApi,
  callSid: string,
  options: { readonly json: boolean; readonly numbers: boolean },
  terminal: Terminal,
): Promise<void> {
  const { value, document } = await api.call(callSid);
  const { width } = terminal;
  terminal.print(options.json ? json(document) : renderReport(value, { width, numbers: options.numbers }));
}
