import { Argument, Command, Option } from 'commander';
import {
  type Action,
  PAUSE_BEHAVIORS,
  type PauseBehavior,
} from '../lambda/recording-control/representations.ts';
import packageJson from '../package.json' with { type: 'json' };
import { callSid, day, limit, reason, status } from './arguments.ts';
import { examples, type GlobalOptions, indented, orMisused } from './command.ts';
import { control, warningUnlessPaused } from './control.ts';
import { EXIT_MEANINGS } from './exit-codes.ts';
import type { RecorderApi } from './recorder-api.ts';
import { addRotate } from './rotate-program.ts';
import { addConnect, addDoctor } from './setup-program.ts';
import { processTerminal, type Terminal } from './terminal.ts';

interface ListingOptions extends GlobalOptions {
  readonly numbers?: true;
}

interface CallsCommandOptions extends ListingOptions {
  readonly day?: string;
  readonly status?: string;
  readonly limit: number;
  readonly all?: true;
}

interface ControlOptions extends GlobalOptions {
  readonly behavior?: PauseBehavior;
  readonly reason?: string;
}

const EXAMPLE_CALL = 'CA0123456789abcdef0123456789abcdef';

/**
 * The command line. What runs a command is loaded once it is known which: the help comes at once. Throws CommanderError
 * for what is not understood, and Failure.
 */
export function recorderProgram(): Command {
  const program = new Command('recorder')
    .description(
      'What became of calls and their recordings, control of those that run, and the numbers in front.',
    )
    .version(packageJson.version, '--version')
    .addOption(new Option('--url <url>', "base URL of the recorder's API").env('RECORDER_URL'))
    .addOption(
      new Option('--stack <name>', 'the stack whose outputs say what --url and --voice-url do not')
        .env('RECORDER_STACK')
        .default('CallRecorder'),
    )
    .option('--profile <name>', 'AWS profile to sign requests with')
    .addOption(
      new Option(
        '--token <token>',
        'JWT to send in place of a signature; the variable hides it from `ps`',
      ).env('RECORDER_TOKEN'),
    )
    .option('--json', 'print exactly one JSON document: what the API answered, or the problem')
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError()
    .exitOverride()
    .addHelpText('after', () => `\n${examples(PROGRAM_EXAMPLES)}\n\n${exitCodes()}`);
  addCalls(program);
  addTimeline(program);
  addControl(program, 'start', 'start a recording of a call that has none');
  addControl(program, 'pause', 'pause the recording of a call')
    .addOption(
      new Option('--behavior <behavior>', 'what the time of the pause becomes')
        .choices([...PAUSE_BEHAVIORS])
        .default(PAUSE_BEHAVIORS[0]),
    )
    .addHelpText(
      'after',
      '\nUntil it exits with 0 nobody may read out a card number: the pause is not confirmed before.',
    );
  addControl(program, 'resume', 'resume the recording of a call');
  addControl(program, 'stop', 'stop the recording of a call, for good');
  addConnect(program);
  addDoctor(program);
  addRotate(program);
  return program;
}

const PROGRAM_EXAMPLES = [
  'recorder calls --day 2026-03-01 --status unrecorded',
  `recorder timeline ${EXAMPLE_CALL}`,
  `recorder pause ${EXAMPLE_CALL} --reason "card payment"`,
  'recorder connect +15551234567',
  'recorder doctor',
  'recorder rotate',
  'recorder --url http://127.0.0.1:3000 calls',
];

function addCalls(program: Command): void {
  program
    .command('calls')
    .description('list the calls of a day, newest first')
    .option('--day <day>', 'the day, YYYY-MM-DD (default: today, UTC)', day)
    .option('--status <status>', 'only those whose recording has this status, such as in-progress', status)
    .option('--limit <n>', 'how many at most', limit, 50)
    .addOption(new Option('--all', 'all there are of the day').conflicts('limit'))
    .option('--numbers', 'show phone numbers whole')
    .addHelpText(
      'after',
      () =>
        `\n${examples([
          'recorder calls',
          'recorder calls --day 2026-03-01 --all --json',
          'recorder calls --status unrecorded --limit 10 --numbers',
        ])}`,
    )
    .action((_options, command: Command) => {
      const {
        day,
        status,
        limit,
        all,
        numbers = false,
        json = false,
      } = command.optsWithGlobals<CallsCommandOptions>();
      return run(command, async (api, terminal) => {
        const { showCalls } = await import('./calls.ts');
        await showCalls(api, { day, status, limit: all ? Infinity : limit, numbers, json }, terminal);
      });
    });
}

function addTimeline(program: Command): void {
  program
    .command('timeline')
    .description('show a call, its recordings, what happened when, and whether Twilio says the same')
    .addArgument(callArgument())
    .option('--numbers', 'show phone numbers whole')
    .addHelpText(
      'after',
      () =>
        `\n${examples([`recorder timeline ${EXAMPLE_CALL}`, `recorder timeline ${EXAMPLE_CALL} --json`])}`,
    )
    .action((sid: string, _options, command: Command) => {
      const { numbers = false, json = false } = command.optsWithGlobals<ListingOptions>();
      return run(command, async (api, terminal) => {
        const { showTimeline } = await import('./timeline.ts');
        await showTimeline(api, sid, { numbers, json }, terminal);
      });
    });
}

function addControl(program: Command, action: Action, description: string): Command {
  return program
    .command(action)
    .description(description)
    .addArgument(callArgument())
    .option('--reason <text>', 'why, for the audit trail', reason)
    .addHelpText(
      'after',
      () =>
        `\n${examples([
          `recorder ${action} ${EXAMPLE_CALL}`,
          `recorder ${action} ${EXAMPLE_CALL} --reason "asked by the caller" --json`,
        ])}`,
    )
    .action((sid: string, _options, command: Command) => {
      const { behavior, reason, json } = command.optsWithGlobals<ControlOptions>();
      return run(command, async (api, terminal) => {
        const body = { action, ...(behavior && { pauseBehavior: behavior }), ...(reason && { reason }) };
        await control(api, sid, body, { json: json === true }, terminal);
      });
    });
}

const callArgument = (): Argument =>
  new Argument('<call>', 'its CallSid: CA and 32 hexadecimal digits').argParser(callSid);

/** Connects, then does it. A pause that came to nothing on the way is one that failed, too. */
async function run(
  command: Command,
  act: (api: RecorderApi, terminal: Terminal) => Promise<void>,
): Promise<void> {
  const terminal = processTerminal();
  const { connect } = await import('./connection.ts');
  const connectAndAct = async () => act(await connect(connectionOptions(command)), terminal);
  await orMisused(command, terminal, () =>
    command.name() === ('pause' satisfies Action)
      ? warningUnlessPaused(connectAndAct, terminal)
      : connectAndAct(),
  );
}

/** An empty variable is one that is not set. */
function connectionOptions(command: Command) {
  const { url, stack, profile, token } = command.optsWithGlobals<GlobalOptions>();
  return {
    url: url || undefined,
    stack: stack || 'CallRecorder',
    profile: profile || undefined,
    token: token || undefined,
  };
}

const exitCodes = (): string =>
  `Exit codes:\n${indented(Object.entries(EXIT_MEANINGS).map(([code, meaning]) => `${code}  ${meaning}`))}`;
