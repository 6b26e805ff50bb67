/** What virtual time's `setTimeout` and `setInterval` return, in place of Node.js's. */
export class VirtualTimer {
  readonly callback: (...args: unknown[]) => void;
  readonly args: readonly unknown[];
  /** Whole milliseconds. */
  readonly delay: number;
  readonly repeats: boolean;
  /** When it is due, in ms since the epoch. */
  at = 0;
  /** Of timers that are due at the same moment, the one with the lower number comes first. */
  number = 0;
  /** In the queue; -1 outside. */
  position = -1;

  constructor(
    callback: (...args: unknown[]) => void,
    args: readonly unknown[],
    delay: number,
    repeats: boolean,
  ) {
    this.callback = callback;
    this.args = args;
    this.delay = delay;
    this.repeats = repeats;
  }

  /** Nothing here keeps a process alive. */
  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

/** Timers in the order in which they are due, and then in which they were added: a binary heap. */
export class TimerQueue {
  readonly #heap: VirtualTimer[] = [];
  #added = 0;

  get size(): number {
    return this.#heap.length;
  }

  add(timer: VirtualTimer, at: number): void {
    this.#added += 1;
    timer.at = at;
    timer.number = this.#added;
    this.#rise(timer, this.#heap.length);
  }

  /** The next one that is due, which leaves the queue. */
  take(): VirtualTimer | undefined {
    const first = this.#heap[0];
    if (first) this.remove(first);
    return first;
  }

  /** Does nothing if it is not there. */
  remove(timer: VirtualTimer): void {
    const { position } = timer;
    if (position < 0) return;
    timer.position = -1;
    const last = this.#heap.pop();
    if (!last || last === timer) return;
    if (isBefore(last, timer)) this.#rise(last, position);
    else this.#sink(last, position);
  }

  /** Puts it at the free place, or above. */
  #rise(timer: VirtualTimer, free: number): void {
    let place = free;
    while (place > 0) {
      const above = (place - 1) >>> 1;
      const other = this.#heap[above];
      if (!other || isBefore(other, timer)) break;
      this.#put(other, place);
      place = above;
    }
    this.#put(timer, place);
  }

  /** Puts it at the free place, or below. */
  #sink(timer: VirtualTimer, free: number): void {
    let place = free;
    for (;;) {
      const left = this.#heap[2 * place + 1];
      const right = this.#heap[2 * place + 2];
      const below = left && right && isBefore(right, left) ? right : left;
      if (!below || isBefore(timer, below)) break;
      const freed = below.position;
      this.#put(below, place);
      place = freed;
    }
    this.#put(timer, place);
  }

  #put(timer: VirtualTimer, place: number): void {
    this.#heap[place] = timer;
    timer.position = place;
  }
}

const isBefore = (one: VirtualTimer, other: VirtualTimer): boolean =>
  one.at < other.at || (one.at === other.at && one.number < other.number);
