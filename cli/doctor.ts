import { styleText } from 'node:util';
import { checkAccount, checkApiHost, checkClock } from './account-checks.ts';
import { dryRun } from './dry-run.ts';
import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { type Finding, ok, problem } from './findings.ts';
import { checkMedia } from './media-check.ts';
import { checkNumber } from './number-checks.ts';
import { destinationOf, type Recorder } from './number-configuration.ts';
import type { CheckedSecret } from './secret-check.ts';
import { json, type Terminal } from './terminal.ts';
import { masked, printable } from './text.ts';
import type { TwilioAccount } from './twilio-account.ts';
import { checkWebhook } from './webhook-check.ts';

export interface DoctorOptions {
  /** The only number to look at; without it, those that lead to the recorder. */
  readonly phoneNumber?: string | undefined;
  /** Whether numbers that nobody typed are shown whole. */
  readonly numbers: boolean;
  readonly json: boolean;
}

export interface DoctorDependencies {
  readonly account: TwilioAccount;
  readonly recorder: Recorder;
  /** Only a stack is known to have alarms. */
  readonly checkAlarms?: (() => Promise<readonly Finding[]>) | undefined;
  /** Only a stack is known to have a secret. */
  readonly checkSecret?: ((accountSid: string) => Promise<CheckedSecret>) | undefined;
  /** What Twilio signs with, where somebody knows it. */
  readonly authToken?: string | undefined;
  readonly terminal: Terminal;
}

/** `recorder doctor`: looks, and changes nothing. Throws Failure when there is a problem. */
export async function examine(
  options: DoctorOptions,
  { account, recorder, checkAlarms, checkSecret, authToken, terminal }: DoctorDependencies,
): Promise<void> {
  const ofTwilio = await checkTwilio(options, account, recorder);
  const secret = await checkSecret?.(account.sid);
  const signer = secret?.primary ?? authToken;
  const findings = [
    checkApiHost(account.apiUrl),
    ...ofTwilio,
    await checkMedia(account),
    ...(secret?.findings ?? []),
    await checkWebhook(recorder.voiceUrl),
    ...(signer === undefined ? [] : [await dryRun('signature', recorder.voiceUrl, signer)]),
    ...((await checkAlarms?.()) ?? []),
  ];
  const count = (level: Finding['level']): number =>
    findings.filter((finding) => finding.level === level).length;
  const problems = count('problem');
  const report = { findings, problems, warnings: count('warning') };
  if (!options.json) {
    terminal.print(findings.map(lineOf).join('\n'));
  } else if (problems === 0) {
    terminal.print(json(report));
  }
  if (problems > 0) {
    throw new Failure({
      exitCode: EXIT.conflict,
      title: 'Not as it has to be',
      detail: `problems: ${problems}, warnings: ${report.warnings}.`,
      problem: report,
    });
  }
}

const STYLES = { ok: 'green', warning: 'yellow', problem: 'red' } as const;

function lineOf({ level, check, found, remedy }: Finding): string {
  const text = printable([`${check}:`, found, ...(remedy ? [remedy] : [])].join(' '));
  return `${styleText(STYLES[level], level.padEnd('problem'.length))}  ${text}`;
}

async function checkTwilio(
  { phoneNumber, numbers: whole }: DoctorOptions,
  account: TwilioAccount,
  recorder: Recorder,
): Promise<readonly Finding[]> {
  return orProblem('credentials', async () => {
    // Every key may see numbers, but for a restricted one; not every key may see its account.
    const numbers = await account.numbers();
    const looked = await orProblem('account', async () => [checkAccount(account.sid, await account.about())]);
    return [
      ok('credentials', 'Twilio takes them.'),
      ...looked,
      checkClock(account.clockAheadMs),
      ...(phoneNumber === undefined ? checkNumbers() : checkOne(phoneNumber)),
    ];

    function checkOne(phoneNumber: string): readonly Finding[] {
      const number = numbers.find(({ phone_number }) => phone_number === phoneNumber);
      return number
        ? checkNumber(number, recorder, phoneNumber)
        : [problem(phoneNumber, `is not a number of the account ${account.sid}.`, 'Check the credentials.')];
    }

    function checkNumbers(): readonly Finding[] {
      const ours = numbers.filter(
        ({ voice_url }) => destinationOf(voice_url, recorder.voiceUrl).kind === 'this-recorder',
      );
      const others = numbers.length - ours.length;
      return [
        ...ours.flatMap((number) =>
          checkNumber(number, recorder, whole ? number.phone_number : masked(number.phone_number)),
        ),
        ours.length === 0
          ? problem(
              'numbers',
              `none of the account leads to the recorder, of ${numbers.length}.`,
              'Run `npx recorder connect` for those that shall.',
            )
          : ok('numbers', `${ours.length} of the account lead to the recorder, ${others} do not.`),
      ];
    }
  });
}

/** What could not be looked at is a problem as well. */
async function orProblem(
  check: string,
  look: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof Failure)) {
      throw error;
    }
    const [found = '', ...remedy] = error.message.split('\n');
    return [problem(check, found, remedy.join(' '))];
  }
}
