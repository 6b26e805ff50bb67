import type { ServerResponse } from 'node:http';
import { EMPTY, type PageEvent, type PageModel, reduce } from './model.ts';
import { changesSince } from './updates.ts';

/** How often a page is told at most: several times a second looks like at once. */
const PAUSE_MS = 200;

export type Reader = Pick<ServerResponse, 'write' | 'writableNeedDrain'>;

/** Keeps the page's model, and tells whoever reads it what has changed. */
export class Feed {
  #model: PageModel = EMPTY;
  /** What each of them knows. */
  readonly #readers = new Map<Reader, PageModel>();
  #timer: NodeJS.Timeout | undefined;

  add(events: readonly PageEvent[]): void {
    this.#model = events.reduce(reduce, this.#model);
    this.#tellSoon();
  }

  /** Tells everything at once, and from then on what changes. */
  join(reader: Reader): void {
    this.#tell(reader, EMPTY);
  }

  leave(reader: Reader): void {
    this.#readers.delete(reader);
  }

  #tellSoon(): void {
    // Nobody waits for it at the end of the process.
    this.#timer ??= setTimeout(() => this.#tellAll(), PAUSE_MS).unref();
  }

  #tellAll(): void {
    this.#timer = undefined;
    for (const [reader, known] of this.#readers) {
      if (reader.writableNeedDrain) {
        this.#tellSoon();
      } else if (known !== this.#model) {
        this.#tell(reader, known);
      }
    }
  }

  /** https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation */
  #tell(reader: Reader, known: PageModel): void {
    reader.write(`data: ${JSON.stringify(changesSince(known, this.#model))}\n\n`);
    this.#readers.set(reader, this.#model);
  }
}
