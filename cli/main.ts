import { CommanderError } from 'commander';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { recorderProgram } from './program.ts';
import { json, processTerminal } from './terminal.ts';

/** Runs a command of the operator and gives the process's exit code. Prints what was wrong; throws nothing. */
export async function main(args: readonly string[]): Promise<ExitCode> {
  // Whoever reads the output may have seen enough: `recorder calls | head`.
  process.stdout.on('error', ({ code }: NodeJS.ErrnoException) =>
    process.exit(code === 'EPIPE' ? EXIT.done : EXIT.failed),
  );
  const program = recorderProgram();
  try {
    await program.parseAsync(args, { from: 'user' });
    return EXIT.done;
  } catch (error) {
    if (error instanceof CommanderError) {
      // The help and the version end this way, too; all else was printed together with the usage.
      return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    }
    return report(asFailure(error), program.opts().json === true);
  }
}

function report(failure: Failure, asJson: boolean): ExitCode {
  const terminal = processTerminal();
  terminal.say(failure.message);
  if (asJson) {
    terminal.print(json(failure.document));
  }
  return failure.exitCode;
}

const asFailure = (error: unknown): Failure =>
  error instanceof Failure
    ? error
    : new Failure({
        exitCode: EXIT.failed,
        title: 'Something unforeseen',
        detail: (error instanceof Error && error.stack) || String(error),
        cause: error,
      });
