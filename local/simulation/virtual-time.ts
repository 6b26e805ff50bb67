import { type Clock, withGlobal } from '@sinonjs/fake-timers';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

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
const { setImmediate: nextTurn, Math: math, AbortSignal: abortSignal } = globalThis;

/**
 * One virtual clock for everything in this process until it is disposed of: `setTimeout`, `setInterval`, `Date`,
 * `performance`, `AbortSignal.timeout`, and a seeded `Math.random`. Nothing that waits for the outside world, such as a
 * socket or a file, may be under way meanwhile.
 */
export class VirtualTime implements Disposable {
  readonly #clock: Clock;
  readonly #endsAt: number;
  readonly #restore = new DisposableStack();
  #fired = 0;

  private constructor({ startAt, seed, limit = WEEK_MS }: VirtualTimeOptions) {
    this.#endsAt = startAt + limit;
    this.#clock = withGlobal(globalThis).install({
      now: startAt,
      toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
    });
    this.#restore.defer(() => this.#clock.uninstall());
    const { random } = math;
    this.#restore.defer(() => {
      math.random = random;
    });
    const generator = xoroshiro128plus(seed);
    math.random = () => uniformFloat64(generator);
    const { timeout } = abortSignal;
    this.#restore.defer(() => {
      abortSignal.timeout = timeout;
    });
    abortSignal.timeout = abortAfter;
  }

  static install(options: VirtualTimeOptions): VirtualTime {
    return new VirtualTime(options);
  }

  /** In ms since the epoch. */
  get now(): number {
    return this.#clock.now;
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
    const turn = (): void => {
      try {
        if (until()) {
          resolve();
        } else if (this.#clock.countTimers() === 0) {
          reject(new Error(`Nothing is left to happen at ${this.#at()}, but ${waiting()} still waits`));
        } else if (this.#clock.now > this.#endsAt) {
          reject(new Error(`It is ${this.#at()}, and ${waiting()} still waits`));
        } else {
          this.#fired += 1;
          this.#clock.next();
          nextTurn(turn);
        }
      } catch (error) {
        reject(error);
      }
    };
    nextTurn(turn);
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
    this.#restore.dispose();
  }

  #at(): string {
    return new Date(this.#clock.now).toISOString();
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
