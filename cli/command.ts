import type { Command } from 'commander';
import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { json, type Terminal } from './terminal.ts';

/** The options that each command has. */
export interface GlobalOptions {
  readonly url?: string;
  readonly stack: string;
  readonly profile?: string;
  readonly token?: string;
  readonly json?: true;
}

/** What turns out to be wrong later, such as a day that the API does not take, ends as what commander sees at once. */
export async function orMisused<T>(command: Command, terminal: Terminal, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw error instanceof Failure && error.exitCode === EXIT.usage
      ? misused(command, error, terminal)
      : error;
  }
}

function misused(command: Command, failure: Failure, terminal: Terminal): never {
  if (command.optsWithGlobals<GlobalOptions>().json) {
    terminal.print(json(failure.document));
  }
  return command.error(failure.message, { exitCode: EXIT.usage });
}

export const examples = (lines: readonly string[]): string => `Examples:\n${indented(lines)}`;

export const indented = (lines: readonly string[]): string => lines.map((line) => `  ${line}`).join('\n');
