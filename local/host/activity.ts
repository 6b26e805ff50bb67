/** Counts what runs, so that somebody can wait until nothing does. */
export class Activity {
  #running = 0;
  #idle = Promise.withResolvers<void>();

  async track<T>(work: () => Promise<T>): Promise<T> {
    this.#running += 1;
    try {
      return await work();
    } finally {
      this.#running -= 1;
      if (this.#running === 0) {
        this.#idle.resolve();
        this.#idle = Promise.withResolvers();
      }
    }
  }

  async idle(): Promise<void> {
    while (this.#running > 0) await this.#idle.promise;
  }
}
