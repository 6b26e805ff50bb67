export const KEYS = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#'] as const;

/** A key of a phone. */
export type Key = (typeof KEYS)[number];

export function isKey(text: string): text is Key {
  return KEYS.some((key) => key === text);
}
