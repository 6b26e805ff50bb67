import type { Clock } from '../../../local/twilio-simulator/simulator.ts';

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/** Time that stands still until it is moved. */
export class ManualClock implements Clock {
  #now = Date.UTC(2026, 10, 24, 12);
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#now;
  }

  setTimeout(callback: () => void, ms: number): unknown {
    const timer = { due: this.#now + ms, callback };
    this.#timers.add(timer);
    return timer;
  }

  clearTimeout(handle: unknown): void {
    this.#timers.delete(handle as Timer);
  }

  /** Moves to the next timer, at most to `limit`, and runs it; false if there is none. */
  next(limit = Number.POSITIVE_INFINITY): boolean {
    const [first] = [...this.#timers].sort((a, b) => a.due - b.due);
    if (first === undefined || first.due > limit) return false;
    this.#timers.delete(first);
    this.#now = first.due;
    first.callback();
    return true;
  }

  moveTo(time: number): void {
    this.#now = time;
  }
}
