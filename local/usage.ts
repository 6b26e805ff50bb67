import { type ParseArgsConfig, parseArgs } from 'node:util';

/** What was asked for cannot be done; the message says what can. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The command's options. Throws UsageError for one that it does not have. */
export function readOptions<const O extends NonNullable<ParseArgsConfig['options']>>(options: O) {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** A whole number that an option was given. Throws UsageError. */
export function wholeNumber(
  option: string,
  text: string,
  minimum: number,
  maximum = Number.MAX_SAFE_INTEGER,
): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < minimum || value > maximum) {
    const range =
      maximum === Number.MAX_SAFE_INTEGER ? `from ${minimum} up` : `from ${minimum} to ${maximum}`;
    throw new UsageError(`--${option} is '${text}'; it takes a whole number ${range}.`);
  }
  return value;
}

/** Reads a command's options; ends the process with 2 when they are not its. */
export function orExit<T>(read: () => T, usage: string): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UsageError)) {
      throw error;
    }
    console.error(`${error.message}\n\n${usage}`);
    process.exit(2);
  }
}

/**
 * Runs a command and sets the process's exit code: 0 when all went as it should, 1 when not, 2 when it was asked for
 * something that it does not do. An error that has something to say to a person is printed without its stack.
 */
export async function runCommand(command: () => Promise<boolean>, usage: string): Promise<void> {
  // Folders are removed when the process exits, which a signal alone would not let it do.
  process.once('SIGINT', () => process.exit(130));
  try {
    process.exitCode = (await command()) ? 0 : 1;
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`${error.message}\n\n${usage}`);
      process.exitCode = 2;
    } else if (error instanceof Error && error.constructor === Error) {
      console.error(error.message);
      process.exitCode = 1;
    } else {
      throw error;
    }
  }
}
