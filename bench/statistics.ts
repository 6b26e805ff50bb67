/** The middle value; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const inOrder = values.toSorted((a, b) => a - b);
  const upper = inOrder[Math.floor(inOrder.length / 2)] ?? 0;
  const lower = inOrder[Math.ceil(inOrder.length / 2) - 1] ?? upper;
  return (lower + upper) / 2;
}

export const rounded = (value: number, decimals: number): number => Number(value.toFixed(decimals));
