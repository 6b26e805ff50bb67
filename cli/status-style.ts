import type { styleText } from 'node:util';

const STYLES: ReadonlyMap<string, Parameters<typeof styleText>[0]> = new Map([
  ['in-progress', 'green'],
  ['paused', 'yellow'],
  ['asked', 'cyan'],
  ['starting', 'cyan'],
  ['unrecorded', 'red'],
  ['failed', 'red'],
  ['absent', 'red'],
  ['deleted', 'yellow'],
]);

/** How the status of a recording stands out. */
export const styleOfStatus = (status: string) => STYLES.get(status);
