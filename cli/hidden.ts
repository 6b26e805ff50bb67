import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { answerTo, type Input, type Output } from './confirm.ts';

/** Asks on the terminal for what nobody may see; undefined where nobody can be asked, or nothing was entered. */
export const askHiddenOnTerminal = (question: string): Promise<string | undefined> =>
  askHidden(process.stdin, process.stderr, question);

export async function askHidden(input: Input, output: Output, question: string): Promise<string | undefined> {
  if (!input.isTTY || !output.isTTY) {
    return undefined;
  }
  output.write(`${question} `);
  // With `terminal`, readline takes the echo from the terminal, and this swallows its own.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const answer = await answerTo('', createInterface({ input, output: nowhere, terminal: true }));
  output.write('\n');
  return answer.trim() || undefined;
}
