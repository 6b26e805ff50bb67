import { WaitCancelled } from './waiting.ts';

/** Counts what is under way, so that one can wait until nothing is. */
export class Activities {
  #running = 0;
  #idle = Promise.withResolvers<void>();

  /** Counts `activity` until it settles. Being cut short is a normal end for it; any other rejection is not. */
  track(activity: Promise<unknown>): void {
    this.#running += 1;
    activity
      .catch((error: unknown) => {
        if (!(error instanceof WaitCancelled)) throw error;
      })
      .finally(() => {
        this.#running -= 1;
        if (this.#running > 0) return;
        this.#idle.resolve();
        this.#idle = Promise.withResolvers<void>();
      });
  }

  idle(): Promise<void> {
    return this.#running === 0 ? Promise.resolve() : this.#idle.promise;
  }
}
