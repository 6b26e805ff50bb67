import { absorb, type Bits, finish, fraction, hexadecimal } from './mix.ts';

/**
 * What a random duration is drawn from, in milliseconds: a constant, uniform between two bounds, or log-normal
 * (what network latencies look like) given by its median and its 99th percentile.
 */
export type Distribution =
  | number
  | readonly [min: number, max: number]
  | { readonly median: number; readonly p99: number };

/** The 99th percentile of the standard normal distribution. */
const Z99 = 2.326;

/**
 * The random numbers of one subject (a call). Each depends on the seed, the subject, what it is drawn for and how
 * many were drawn for that before: never on what happens to other calls meanwhile, so a run can be repeated.
 */
export class Dice {
  readonly #subject: Bits;
  readonly #drawn = new Map<string, number>();

  constructor(seed: number, subject: string) {
    this.#subject = absorb(`${seed}/${subject}/`);
  }

  /** A whole number of milliseconds. */
  draw(purpose: string, distribution: Distribution): number {
    if (typeof distribution === 'number') return distribution;
    const [a, b, c, d] = this.#next(purpose);
    if ('median' in distribution) {
      const { median, p99 } = distribution;
      if (median === 0) return 0;
      const sigma = Math.log(p99 / median) / Z99;
      const radius = Math.sqrt(-2 * Math.log(1 - fraction(a, b)));
      const normal = radius * Math.cos(2 * Math.PI * fraction(c, d));
      return Math.round(median * Math.exp(sigma * normal));
    }
    const [min, max] = distribution;
    return Math.round(min + (max - min) * fraction(a, b));
  }

  /** A number from 0 to below 1. */
  share(purpose: string): number {
    const [a, b] = this.#next(purpose);
    return fraction(a, b);
  }

  /** A SID as Twilio makes them: two letters and 32 hexadecimal digits. */
  sid(prefix: 'CA' | 'RE' | 'PN'): string {
    return prefix + hexadecimal(this.#next(prefix));
  }

  uuid(purpose: string): string {
    return hexadecimal(this.#next(purpose)).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }

  #next(purpose: string): Bits {
    const nth = this.#drawn.get(purpose) ?? 0;
    this.#drawn.set(purpose, nth + 1);
    return finish(absorb(`${purpose}/${nth}`, this.#subject));
  }
}
