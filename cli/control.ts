import type {
  CommandedRepresentation,
  CommandRepresentation,
} from '../lambda/recording-control/representations.ts';
import type { RecorderApi } from './recorder-api.ts';
import { json, type Terminal } from './terminal.ts';
import { printable } from './text.ts';

/** What is at stake when a pause failed: whoever hears of it must not go by the command having been given. */
export const NOT_PAUSED =
  '!!! THE PAUSE IS NOT CONFIRMED. NOBODY MAY READ OUT A CARD NUMBER NOW: it may be recorded. !!!';

/** `recorder start`, `pause`, `resume` and `stop`. Throws Failure. */
export async function control(
  api: RecorderApi,
  callSid: string,
  body: CommandRepresentation,
  options: { readonly json: boolean },
  terminal: Terminal,
): Promise<void> {
  const { value, document } = await api.command(callSid, body);
  terminal.print(options.json ? json(document) : sentence(value));
}

/** Says so when a pause came to nothing, for whatever reason. */
export async function warningUnlessPaused<T>(pause: () => Promise<T>, terminal: Terminal): Promise<T> {
  try {
    return await pause();
  } catch (error) {
    terminal.warn(NOT_PAUSED);
    throw error;
  }
}

const DONE: Readonly<Record<CommandedRepresentation['action'], string>> = {
  start: 'Started',
  pause: 'Paused',
  resume: 'Resumed',
  stop: 'Stopped',
};

/** What became of a command. */
export function sentence({ action, recordingSid, before, after }: CommandedRepresentation): string {
  return printable(
    before === after
      ? `${recordingSid} was ${after} already.`
      : `${DONE[action]} ${recordingSid}${before ? ` (was ${before})` : ''}.`,
  );
}
