import type { Clock } from './clock.ts';

/** Why a wait did not run to its end: the call is over, or the simulator was stopped. */
export class WaitCancelled extends Error {
  override readonly name = 'WaitCancelled';
}

/** One for all: every call's end cancels waits, and no one asks where. */
const CANCELLED = new WaitCancelled();

/** Everything that one call (or the simulator) is waiting for, so that its end can cut all of it short. */
export class Waiting {
  readonly #clock: Clock;
  readonly #cancellers = new Set<() => void>();
  #cancelled = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves after `ms`; rejects with {@link WaitCancelled} if cancelled before. */
  for(ms: number): Promise<void> {
    // No timer for no time: a clock moved by hand need not be moved for it.
    if (ms <= 0) return this.race(Promise.resolve());
    if (this.#cancelled) return Promise.reject(CANCELLED);
    return new Promise((resolve, reject) => {
      const handle = this.#clock.setTimeout(() => {
        this.#cancellers.delete(cancel);
        resolve();
      }, ms);
      const cancel = () => {
        this.#clock.clearTimeout(handle);
        reject(CANCELLED);
      };
      this.#cancellers.add(cancel);
    });
  }

  /** Resolves with `promise`; rejects with {@link WaitCancelled} if cancelled before. */
  race<T>(promise: Promise<T>): Promise<T> {
    if (this.#cancelled) return Promise.reject(CANCELLED);
    const { promise: raced, resolve, reject } = Promise.withResolvers<T>();
    const cancel = () => reject(CANCELLED);
    this.#cancellers.add(cancel);
    promise.then(resolve, reject).finally(() => this.#cancellers.delete(cancel));
    return raced;
  }

  get cancelled(): boolean {
    return this.#cancelled;
  }

  cancel(): void {
    this.#cancelled = true;
    for (const cancel of this.#cancellers) cancel();
    this.#cancellers.clear();
  }
}
