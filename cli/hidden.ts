import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

type Input = NodeJS.ReadableStream & { readonly isTTY?: boolean };
type Output = NodeJS.WritableStream & { readonly isTTY?: boolean };

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
  const lines = createInterface({ input, output: nowhere, terminal: true });
  const gone = once(lines, 'close').then(() => '');
  try {
    const answer = await Promise.race([lines.question('').catch(() => ''), gone]);
    return answer.trim() || undefined;
  } finally {
    lines.close();
    output.write('\n');
  }
}
