/** Waits that keep no process alive and end together: after that, none of them ever resolves. */
export class Timers implements Disposable {
  readonly #pending = new Set<NodeJS.Timeout>();
  #disposed = false;

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#disposed) return;
      const timer = setTimeout(() => {
        this.#pending.delete(timer);
        resolve();
      }, ms);
      timer.unref();
      this.#pending.add(timer);
    });
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    for (const timer of this.#pending) clearTimeout(timer);
    this.#pending.clear();
  }
}
