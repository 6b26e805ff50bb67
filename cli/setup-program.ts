import { Argument, type Command, Option } from 'commander';
import { httpUrl, phoneNumber } from './arguments.ts';
import { examples, type GlobalOptions, orMisused } from './command.ts';
import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';
import type { Finding } from './findings.ts';
import type { Recorder } from './number-configuration.ts';
import type { CheckedSecret } from './secret-check.ts';
import { processTerminal, type Terminal } from './terminal.ts';
import type { TwilioAccount } from './twilio-account.ts';

interface SetupOptions extends GlobalOptions {
  readonly twilioApi: string;
  readonly voiceUrl?: string;
  readonly whenNotRecorded?: Recorder['whenNotRecorded'];
}

interface ConnectCommandOptions extends SetupOptions {
  readonly undo?: true;
  readonly yes?: true;
  readonly fallback?: string;
}

interface DoctorCommandOptions extends SetupOptions {
  readonly numbers?: true;
}

const CREDENTIALS =
  "Twilio's credentials come from TWILIO_ACCOUNT_SID, TWILIO_API_KEY and TWILIO_API_SECRET. Whether the account is a trial\none, which cannot record, only a main key can see, or TWILIO_AUTH_TOKEN; with it `doctor` also signs a dry run.";

const WHAT_IT_NEEDS = `It ends with 4 when there is a problem.

It finds the recorder by the stack's outputs, for which it needs cloudformation:DescribeStacks; with --voice-url it needs
no AWS credentials, and looks at neither the secret nor the alarms. What else the AWS credentials do not show it is a
warning.`;

const HOW_IT_CONNECTS = `The number's voice URL becomes the recorder's with the former one in it, and its fallback becomes the former voice URL,
so that callers get through when the recorder is down. Where calls must be recorded (whenNotRecorded: 'refuse') the
fallback never becomes the application.

--undo sets the voice URL to what it was, to the byte. Twilio has no place where the former fallback could be kept: if it
is the application now, --undo empties it and gives the voice URL its method; if not, it stays. A former method GET of
a number whose fallback was another is not known afterwards.`;

export function addConnect(program: Command): void {
  withSetupOptions(program.command('connect'))
    .description('put the recorder in front of a number of the Twilio account')
    .addArgument(new Argument('<number>', 'in E.164 form').argParser(phoneNumber))
    .option('--undo', 'take the recorder out again')
    .option('--yes', 'change it without asking')
    .addOption(
      new Option('--fallback <url>', 'what Twilio asks when the recorder does not answer (POST)')
        .argParser(httpUrl)
        .conflicts('undo'),
    )
    .addHelpText(
      'after',
      () =>
        `\n${examples([
          'recorder connect +15551234567',
          'recorder connect +15551234567 --fallback https://example.com/sorry.xml',
          'recorder connect +15551234567 --undo --yes --json',
        ])}\n\n${HOW_IT_CONNECTS}\n\n${CREDENTIALS}`,
    )
    .action((number: string, _options, command: Command) => {
      const { undo, yes, fallback, json } = command.optsWithGlobals<ConnectCommandOptions>();
      return runSetup(command, async (account, recorder, terminal) => {
        const [{ connectNumber }, { confirmOnTerminal }] = await Promise.all([
          import('./connect.ts'),
          import('./confirm.ts'),
        ]);
        await connectNumber(
          number,
          { undo: undo === true, yes: yes === true, json: json === true, fallback },
          { account, recorder, confirm: confirmOnTerminal, terminal },
        );
      });
    });
}

export function addDoctor(program: Command): void {
  withSetupOptions(program.command('doctor'))
    .description('look whether all is set up as it has to be; changes nothing')
    .addArgument(
      new Argument(
        '[number]',
        'the only one to look at, in E.164 form; without it, those that lead to the recorder',
      ).argParser(phoneNumber),
    )
    .option('--numbers', 'show phone numbers whole')
    .addHelpText(
      'after',
      () =>
        `\n${examples(['recorder doctor', 'recorder doctor +15551234567 --json'])}\n\n${WHAT_IT_NEEDS}\n\n${CREDENTIALS}`,
    )
    .action((number: string | undefined, _options, command: Command) => {
      const { numbers, json } = command.optsWithGlobals<DoctorCommandOptions>();
      return runSetup(command, async (account, recorder, terminal) => {
        const { examine } = await import('./doctor.ts');
        const options = {
          phoneNumber: number,
          numbers: numbers === true,
          json: json === true,
        };
        const { checkAlarms, checkSecret } = recorder;
        const authToken = process.env.TWILIO_AUTH_TOKEN || undefined;
        await examine(options, { account, recorder, checkAlarms, checkSecret, authToken, terminal });
      });
    });
}

export const twilioApiOption = (): Option =>
  new Option('--twilio-api <url>', "root of Twilio's REST API")
    .env('TWILIO_API_URL')
    .default('https://api.twilio.com');

const withSetupOptions = (command: Command): Command =>
  command
    .addOption(twilioApiOption())
    .option('--voice-url <url>', "the recorder's voice URL; without it, the stack's output VoiceUrl")
    .addOption(
      new Option(
        '--when-not-recorded <what>',
        'with --voice-url: what the recorder is configured with (default: "continue")',
      ).choices(['continue', 'refuse']),
    );

/** Finds the account and the recorder, then does it. */
function runSetup(
  command: Command,
  act: (account: TwilioAccount, recorder: RecorderInUse, terminal: Terminal) => Promise<void>,
): Promise<void> {
  const terminal = processTerminal();
  return orMisused(command, terminal, async () => {
    const options = command.optsWithGlobals<SetupOptions>();
    const [{ TwilioAccount }, { twilioEnvironment }] = await Promise.all([
      import('./twilio-account.ts'),
      import('./twilio-environment.ts'),
    ]);
    const account = new TwilioAccount(twilioEnvironment(process.env, options.twilioApi));
    await act(account, await theRecorder(options), terminal);
  });
}

/** With what looks at the alarms and the secret of a stack, if it is one. */
interface RecorderInUse extends Recorder {
  readonly checkAlarms?: () => Promise<readonly Finding[]>;
  readonly checkSecret?: (accountSid: string) => Promise<CheckedSecret>;
}

async function theRecorder({
  voiceUrl,
  whenNotRecorded,
  stack,
  profile,
  twilioApi,
}: SetupOptions): Promise<RecorderInUse> {
  if (voiceUrl) {
    const { givenVoiceUrl } = await import('./twilio-environment.ts');
    return { voiceUrl: givenVoiceUrl(voiceUrl), whenNotRecorded: whenNotRecorded ?? 'continue' };
  }
  if (whenNotRecorded) {
    throw new Failure({
      exitCode: EXIT.usage,
      title: 'The stack says whether calls must be recorded',
      detail: '--when-not-recorded goes with --voice-url.',
    });
  }
  const [{ awsAccess }, { recorderOfStack }] = await Promise.all([import('./aws.ts'), import('./stack.ts')]);
  const aws = awsAccess(profile || undefined);
  const { alarmTopicArn, secretArn, ...recorder } = await recorderOfStack(stack || 'CallRecorder', aws);
  return {
    ...recorder,
    ...(alarmTopicArn && {
      checkAlarms: async () => {
        const { checkAlarms } = await import('./alarm-check.ts');
        return checkAlarms(alarmTopicArn, aws);
      },
    }),
    ...(secretArn && {
      checkSecret: async (accountSid) => {
        const [{ checkSecret }, { secretChecks }] = await Promise.all([
          import('./secret-check.ts'),
          import('./secret-access.ts'),
        ]);
        return checkSecret(accountSid, secretChecks(secretArn, twilioApi, aws));
      },
    }),
  };
}
