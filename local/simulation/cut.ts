/**
 * What the first group of a pattern matches, as a string of its own: the one that the engine cuts out keeps all of the
 * text in memory, and a history keeps thousands of these for as long as the run lasts.
 */
export function cut(pattern: RegExp, text: string): string | undefined {
  const part = pattern.exec(text)?.[1];
  return part && Buffer.from(part).toString();
}
