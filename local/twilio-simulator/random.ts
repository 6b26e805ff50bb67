import { hash } from 'node:crypto';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

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
  readonly #prefix: string;
  readonly #drawn = new Map<string, number>();

  constructor(seed: number, subject: string) {
    this.#prefix = `${seed}/${subject}`;
  }

  /** A whole number of milliseconds. */
  draw(purpose: string, distribution: Distribution): number {
    const generator = xoroshiro128plus(this.#digest(purpose).readInt32LE());
    if (typeof distribution === 'number') return distribution;
    if ('median' in distribution) {
      const { median, p99 } = distribution;
      if (median === 0) return 0;
      const sigma = Math.log(p99 / median) / Z99;
      const radius = Math.sqrt(-2 * Math.log(1 - uniformFloat64(generator)));
      const normal = radius * Math.cos(2 * Math.PI * uniformFloat64(generator));
      return Math.round(median * Math.exp(sigma * normal));
    }
    const [min, max] = distribution;
    return Math.round(min + (max - min) * uniformFloat64(generator));
  }

  /** A number from 0 to below 1. */
  share(purpose: string): number {
    return uniformFloat64(xoroshiro128plus(this.#digest(purpose).readInt32LE()));
  }

  /** A SID as Twilio makes them: two letters and 32 hexadecimal digits. */
  sid(prefix: 'CA' | 'RE' | 'PN'): string {
    return prefix + this.#digest(prefix).toString('hex', 0, 16);
  }

  uuid(purpose: string): string {
    return this.#digest(purpose)
      .toString('hex', 0, 16)
      .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }

  #digest(purpose: string): Buffer {
    const nth = this.#drawn.get(purpose) ?? 0;
    this.#drawn.set(purpose, nth + 1);
    return hash('sha256', `${this.#prefix}/${purpose}/${nth}`, 'buffer');
  }
}
