export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** Nearest-rank percentiles, rounded. */
export function percentiles(values: readonly number[]): Percentiles {
  const inOrder = values.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    Math.round(inOrder[Math.max(0, Math.ceil(share * inOrder.length) - 1)] ?? 0);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** The mean, to two decimals. */
export const mean = (values: readonly number[]): number =>
  values.length === 0
    ? 0
    : Math.round((values.reduce((sum, value) => sum + value, 0) / values.length) * 100) / 100;
