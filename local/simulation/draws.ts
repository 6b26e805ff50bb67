import { hash } from 'node:crypto';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Milliseconds, log-normal. */
export interface Latency {
  readonly median: number;
  readonly p99: number;
}

/** The 99th percentile of the standard normal distribution. */
const Z99 = 2.326;

/** The random numbers of a run. Each subject, a call, has its own, whatever happens to others meanwhile. */
export class Draws {
  readonly #seed: number;
  readonly #generators = new Map<string, ReturnType<typeof xoroshiro128plus>>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** A number from 0 to below 1. */
  share(subject: string): number {
    let generator = this.#generators.get(subject);
    if (!generator) {
      const digest = hash('sha256', `${this.#seed}/cloud/${subject}`, 'buffer');
      generator = xoroshiro128plus(digest.readInt32LE());
      this.#generators.set(subject, generator);
    }
    return uniformFloat64(generator);
  }

  /** Whole milliseconds, at least one. */
  latency(subject: string, { median, p99 }: Latency): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.share(subject)));
    const normal = radius * Math.cos(2 * Math.PI * this.share(subject));
    return Math.max(1, Math.round(median * Math.exp((Math.log(p99 / median) / Z99) * normal)));
  }
}
