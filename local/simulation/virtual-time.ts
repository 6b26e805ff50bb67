import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { TimerQueue, VirtualTimer } from './timer-queue.ts';

export interface VirtualTimeOptions {
  /** When the virtual clock starts, in ms since the epoch. */
  readonly startAt: number;
  /** Of `Math.random`. */
  readonly seed: number;
  /** How long a run may go on, in virtual ms; default a week. What never ends, such as a schedule, ends there. */
  readonly limit?: number;
}

const WEEK_MS = 7 * 24 * 60 * 60 * 1000;

/** What runs on real time within virtual time: the loop's own turns. */
const { setImmediate: nextTurn } = globalThis;

/** How many timers fire in one round of the event loop: it runs what each left to be done, and the round itself costs more. */
const TURNS_OF_THE_LOOP = 64;

/** What virtual time stands in for. */
const real = {
  setTimeout,
  clearTimeout,
  setInterval,
  clearInterval,
  Date,
  performanceNow: performance.now,
  random: Math.random,
  abortAfter: AbortSignal.timeout,
};
/** Of `setTimeout`; a longer delay counts as 1 ms, as in Node.js. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/**
 * One virtual clock for everything in this process until it is disposed of: `setTimeout`, `setInterval`, `Date`,
 * `performance.now`, `AbortSignal.timeout`, and a seeded `Math.random`. Nothing that waits for the outside world, such as
 * a socket or a file, may be under way meanwhile.
 */
export class VirtualTime implements Disposable {
  readonly #startedAt: number;
  readonly #endsAt: number;
  readonly #timers = new TimerQueue();
  #now: number;
  /** Whether a timer's own function runs, and not what it left to be done after it. */
  #firing = false;
  #fired = 0;

  private constructor({ startAt, seed, limit = WEEK_MS }: VirtualTimeOptions) {
    this.#startedAt = startAt;
    this.#now = startAt;
    this.#endsAt = startAt + limit;
    const generator = xoroshiro128plus(seed);
    Object.assign(globalThis, {
      setTimeout: this.#start.bind(this, false),
      setInterval: this.#start.bind(this, true),
      clearTimeout: this.#clear.bind(this),
      clearInterval: this.#clear.bind(this),
      Date: virtualDate(() => this.#now),
    });
    performance.now = () => this.#now - this.#startedAt;
    Math.random = () => uniformFloat64(generator);
    AbortSignal.timeout = abortAfter;
  }

  static install(options: VirtualTimeOptions): VirtualTime {
    return new VirtualTime(options);
  }

  /** In ms since the epoch. */
  get now(): number {
    return this.#now;
  }

  /** How many timers have fired so far. */
  get fired(): number {
    return this.#fired;
  }

  /**
   * Fires one timer after the other until `until` holds. After each, everything that does not wait for a timer runs to
   * its end, so that no order of events depends on the machine.
   *
   * @throws Error when no timer or no time is left although `until` does not hold; `waiting` says what still waits
   */
  run(until: () => boolean, waiting: () => string = () => 'somebody'): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let isOver = false;
    const turn = (): void => {
      if (isOver) return;
      try {
        if (until()) {
          isOver = true;
          resolve();
        } else if (this.#timers.size === 0) {
          throw new Error(`Nothing is left to happen at ${this.#at()}, but ${waiting()} still waits`);
        } else if (this.#now > this.#endsAt) {
          throw new Error(`It is ${this.#at()}, and ${waiting()} still waits`);
        } else {
          this.#fire();
        }
      } catch (error) {
        isOver = true;
        reject(error);
      }
    };
    const turns = (): void => {
      if (isOver) return;
      for (let count = 0; count < TURNS_OF_THE_LOOP; count += 1) nextTurn(turn);
      nextTurn(turns);
    };
    turns();
    return promise;
  }

  /** Lets time pass until the promise settles, and hands on what it settled to. Throws as `run` does. */
  async settle<T>(promise: Promise<T>, waiting?: () => string): Promise<T> {
    let isSettled = false;
    const note = (): void => {
      isSettled = true;
    };
    promise.then(note, note);
    await this.run(() => isSettled, waiting);
    return promise;
  }

  [Symbol.dispose](): void {
    const { performanceNow, random, abortAfter: timeout, ...globals } = real;
    Object.assign(globalThis, globals);
    performance.now = performanceNow;
    Math.random = random;
    AbortSignal.timeout = timeout;
  }

  #start(
    repeats: boolean,
    callback: (...args: unknown[]) => void,
    delay?: number,
    ...args: unknown[]
  ): VirtualTimer {
    const timer = new VirtualTimer(callback, args, Math.max(this.#delayOf(delay), repeats ? 1 : 0), repeats);
    this.#timers.add(timer, this.#now + timer.delay);
    return timer;
  }

  /** No two functions of timers run at the same moment because one started the other. */
  #delayOf(given = 0): number {
    const delay = given > LONGEST_DELAY_MS ? 1 : Math.trunc(given);
    return delay > 0 ? delay : this.#firing ? 1 : 0;
  }

  #clear(timer: unknown): void {
    if (timer instanceof VirtualTimer) this.#timers.remove(timer);
  }

  #fire(): void {
    const timer = this.#timers.take();
    if (!timer) return;
    this.#fired += 1;
    this.#now = timer.at;
    if (timer.repeats) this.#timers.add(timer, this.#now + timer.delay);
    this.#firing = true;
    try {
      timer.callback(...timer.args);
    } finally {
      this.#firing = false;
    }
  }

  #at(): string {
    return new Date(this.#now).toISOString();
  }
}

/** One for all: making one takes longer than firing the timer, and nobody looks at where it was made. */
const TIMED_OUT = new DOMException('The operation was aborted due to timeout', 'TimeoutError');

/** The platform's own runs on real time. */
function abortAfter(milliseconds: number): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort(TIMED_OUT), milliseconds);
  return controller.signal;
}

/** The platform's `Date`, but for what it takes for the present. */
function virtualDate(now: () => number): typeof Date {
  return class VirtualDate extends real.Date {
    constructor(...given: ConstructorParameters<typeof Date> | []) {
      if (given.length === 0) super(now());
      else super(...given);
    }

    static override now(): number {
      return now();
    }

    static override [Symbol.hasInstance](value: unknown): boolean {
      return value instanceof real.Date;
    }
  } as typeof Date;
}
