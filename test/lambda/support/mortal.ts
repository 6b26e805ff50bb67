/** Where an invocation ends: before or after one of its effects, which count from one. */
export interface Kill {
  readonly when: 'before' | 'after';
  readonly effect: number;
}

export const KILLED = Symbol('killed');

/** Lives as long as one invocation of a function, and ends with it where `kill` says. */
export class Mortal {
  readonly #kill: Kill | undefined;
  readonly #death = Promise.withResolvers<typeof KILLED>();
  #effects = 0;
  #dead = false;

  constructor(kill: Kill | undefined) {
    this.#kill = kill;
  }

  /** How many effects the invocation began. */
  get effects(): number {
    return this.#effects;
  }

  /** What the work resolves to, unless the invocation ends before. */
  outlives<T>(work: Promise<T>): Promise<T | typeof KILLED> {
    return Promise.race([work, this.#death.promise]);
  }

  /** The same methods, each an effect, except those named. */
  effectsOf<T extends object>(target: T, ...except: (keyof T)[]): T {
    return new Proxy(target, {
      get: (_, name) => {
        const method: unknown = Reflect.get(target, name);
        return typeof method !== 'function' || except.includes(name as keyof T)
          ? method
          : (...args: unknown[]) => this.#effect(() => method.apply(target, args));
      },
    });
  }

  async #effect(carryOut: () => Promise<unknown>): Promise<unknown> {
    const number = ++this.#effects;
    const ends = (when: Kill['when']): boolean => this.#kill?.effect === number && this.#kill.when === when;
    if (ends('before')) {
      this.#die();
    }
    if (this.#dead) {
      return never();
    }
    const [outcome] = await Promise.allSettled([carryOut()]);
    if (ends('after')) {
      this.#die();
    }
    if (this.#dead) {
      return never();
    }
    if (outcome.status === 'rejected') {
      throw outcome.reason;
    }
    return outcome.value;
  }

  #die(): void {
    this.#dead = true;
    this.#death.resolve(KILLED);
  }
}

/** What nobody will ever hear of. */
const never = (): Promise<never> => new Promise(() => {});
