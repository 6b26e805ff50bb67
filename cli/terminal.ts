import { styleText } from 'node:util';

/** Columns of what is no terminal: a file, a pipe. */
const DEFAULT_WIDTH = 100;

/** What a command writes to. */
export interface Terminal {
  /** How long a line may be. */
  readonly width: number;
  /** Answers: standard output. */
  print(text: string): void;
  /** What is said beside them: standard error. */
  say(text: string): void;
  /** What nobody may overlook. */
  warn(text: string): void;
}

export const processTerminal = (): Terminal => ({
  width: process.stdout.columns || DEFAULT_WIDTH,
  print: (text) => console.log(text),
  say: (text) => console.error(text),
  warn: (text) => console.error(styleText(['bold', 'red'], text, { stream: process.stderr })),
});

export const json = (document: unknown): string => JSON.stringify(document, undefined, 2);
