/** 128 bits, as four 32-bit integers. */
export type Bits = readonly [number, number, number, number];

const INITIAL: Bits = [0x3c074a61, 0x1b873593, 0x4cf5ad43, 0x2745937f];

/**
 * Takes a text into 128 bits: one step per character, in which each quarter is multiplied and passed on to the next.
 * It serves for random numbers, of which a run draws millions, and for nothing that an adversary may choose.
 */
export function absorb(text: string, [a, b, c, d]: Bits = INITIAL): Bits {
  let [w, x, y, z] = [a, b, c, d];
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charCodeAt(index);
    w = x ^ Math.imul(w ^ character, 597_399_067);
    x = y ^ Math.imul(x ^ character, 2_869_860_233);
    y = z ^ Math.imul(y ^ character, 951_274_213);
    z = w ^ Math.imul(z ^ character, 2_716_044_179);
  }
  return [w, x, y, z];
}

/** Makes each bit of what was absorbed count for every bit of the result, as MurmurHash3 ends. */
export function finish([a, b, c, d]: Bits): Bits {
  const [w, x, y, z] = spread(a, b, c, d);
  return spread(avalanche(w), avalanche(x), avalanche(y), avalanche(z));
}

function spread(a: number, b: number, c: number, d: number): Bits {
  const sum = (a + b + c + d) | 0;
  return [sum, (b + sum) | 0, (c + sum) | 0, (d + sum) | 0];
}

function avalanche(bits: number): number {
  let mixed = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** From 0 to below 1, of 53 bits. */
export function fraction(high: number, low: number): number {
  return ((high >>> 5) * 0x4000000 + (low >>> 6)) / 0x20000000000000;
}

/** 32 hexadecimal digits. */
export function hexadecimal(bits: Bits): string {
  return bits.map((quarter) => (quarter >>> 0).toString(16).padStart(8, '0')).join('');
}
