import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline/promises';

/** Whether somebody says yes; undefined where nobody can be asked. */
export type Confirm = (question: string) => Promise<boolean | undefined>;

export type Input = NodeJS.ReadableStream & { readonly isTTY?: boolean };
export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean };

/** Asks on the terminal, where standard output is for answers. Whatever is not a yes is a no, Ctrl-C and Ctrl-D too. */
export const confirmOnTerminal: Confirm = (question) => confirmOn(process.stdin, process.stderr, question);

export async function confirmOn(
  input: Input,
  output: Output,
  question: string,
): Promise<boolean | undefined> {
  if (!input.isTTY || !output.isTTY) {
    return undefined;
  }
  const answer = await answerTo(`${question} [y/N] `, createInterface({ input, output }));
  return /^\s*y(es)?\s*$/i.test(answer);
}

/** What is entered, nothing where that is aborted. Closes the interface. */
export async function answerTo(question: string, lines: Interface): Promise<string> {
  // A question that Ctrl-C or Ctrl-D aborts is rejected, one whose terminal is gone is never answered.
  const gone = once(lines, 'close').then(() => '');
  try {
    return await Promise.race([lines.question(question).catch(() => ''), gone]);
  } finally {
    lines.close();
  }
}
