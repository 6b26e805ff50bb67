import type { Confirm } from './confirm.ts';
import { changedFields, configurationOf, connected, disconnected, type Plan } from './connect-plan.ts';
import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';
import type { AccountNumber, Recorder, VoiceConfiguration } from './number-configuration.ts';
import { shownUrl } from './shown-url.ts';
import { type Column, renderTable } from './table.ts';
import { json, type Terminal } from './terminal.ts';
import type { TwilioAccount } from './twilio-account.ts';

export interface ConnectOptions {
  readonly undo: boolean;
  /** Whether nobody is asked. */
  readonly yes: boolean;
  readonly json: boolean;
  readonly fallback?: string | undefined;
}

export interface ConnectDependencies {
  readonly account: TwilioAccount;
  readonly recorder: Recorder;
  readonly confirm: Confirm;
  readonly terminal: Terminal;
}

/** What `--json` prints; URLs whole, with the passwords that they may carry. */
interface Connected {
  readonly number: string;
  readonly sid: string;
  readonly before: VoiceConfiguration;
  readonly after: VoiceConfiguration;
  readonly changed: boolean;
}

/** `recorder connect`: shows what changes, asks, changes it, and looks whether it is changed. Throws Failure. */
export async function connectNumber(
  phoneNumber: string,
  options: ConnectOptions,
  { account, recorder, confirm, terminal }: ConnectDependencies,
): Promise<void> {
  const number = await theNumber(account, phoneNumber);
  if (!options.undo) {
    await refuseTrial(account);
  }
  const before = configurationOf(number);
  const { after, notes } = insisted(
    options.undo ? disconnected(number, recorder) : connected(number, recorder, options.fallback),
  );
  // With --json, standard output is one document.
  const tell = options.json ? terminal.say : terminal.print;
  const done = (changed: boolean, sentence: string): void => {
    const { sid, phone_number } = number;
    const result: Connected = { number: phone_number, sid, before, after: changed ? after : before, changed };
    terminal.print(options.json ? json(result) : sentence);
  };
  const changes = changedFields(before, after);
  if (changes.length === 0) {
    done(
      false,
      options.undo
        ? `${phoneNumber} does not lead to this recorder: there is nothing to undo.`
        : `${phoneNumber} leads to this recorder already: there is nothing to do.`,
    );
    return;
  }
  tell(
    renderTable(
      COLUMNS,
      changes.map((field) => ({ field, now: before[field], wanted: after[field] })),
      terminal.width,
    ),
  );
  for (const note of notes) {
    terminal.say(note);
  }
  if (!options.yes) {
    if (!(await agreed(confirm))) {
      done(false, 'Nothing was changed.');
      return;
    }
    insistUnchanged(before, await account.number(number.sid));
  }
  await account.update(number.sid, after);
  insistOn(after, await account.number(number.sid));
  done(
    true,
    options.undo
      ? `${phoneNumber} no longer leads to the recorder.`
      : `${phoneNumber} leads to the recorder now.`,
  );
}

interface Change {
  readonly field: string;
  readonly now: string;
  readonly wanted: string;
}

const orNone = (value: string): string => (value === '' ? '(none)' : shownUrl(value));

const COLUMNS: readonly Column<Change>[] = [
  { head: 'FIELD', text: ({ field }) => field, importance: 3 },
  { head: 'NOW', text: ({ now }) => orNone(now), importance: 1, minimum: 20 },
  { head: 'THEN', text: ({ wanted }) => orNone(wanted), importance: 2, minimum: 20 },
];

/** The number of the account. Throws Failure. */
async function theNumber(account: TwilioAccount, phoneNumber: string): Promise<AccountNumber> {
  // Twilio finds those with a part in common, too.
  const number = (await account.numbers(phoneNumber)).find(
    ({ phone_number }) => phone_number === phoneNumber,
  );
  if (!number) {
    throw new Failure({
      exitCode: EXIT.notFound,
      title: 'No such number',
      detail: `${phoneNumber} is not a number of the account ${account.sid}.`,
      hint: 'A number of a subaccount needs the credentials of that, and a recorder of its own.',
    });
  }
  return number;
}

async function refuseTrial(account: TwilioAccount): Promise<void> {
  if ((await account.about())?.type === 'Trial') {
    throw new Failure({
      exitCode: EXIT.conflict,
      title: 'A trial account',
      detail: `trial accounts cannot record, and ${account.sid} is one.`,
      hint: 'Upgrade the account, then connect its numbers.',
    });
  }
}

function insisted(plan: Plan) {
  if (plan.kind === 'refused') {
    const { title, detail, hint } = plan;
    throw new Failure({ exitCode: EXIT.conflict, title, detail, hint });
  }
  return plan;
}

async function agreed(confirm: Confirm): Promise<boolean> {
  const answer = await confirm('Change it?');
  if (answer === undefined) {
    throw new Failure({
      exitCode: EXIT.usage,
      title: 'Not confirmed',
      detail: 'nobody can be asked without a terminal, so nothing was changed.',
      hint: 'With --yes nobody is asked.',
    });
  }
  return answer;
}

/** Whoever was asked may have thought it over for long. */
function insistUnchanged(shown: VoiceConfiguration, found: VoiceConfiguration): void {
  if (changedFields(shown, found).length > 0) {
    throw new Failure({
      exitCode: EXIT.conflict,
      title: 'Changed meanwhile',
      detail: 'the number is no longer configured as was shown, so nothing was changed.',
      hint: 'Run the command again.',
    });
  }
}

function insistOn(wanted: VoiceConfiguration, found: VoiceConfiguration): void {
  const odd = changedFields(wanted, found);
  if (odd.length > 0) {
    throw new Failure({
      exitCode: EXIT.unconfirmed,
      title: 'Not confirmed',
      detail: `Twilio took the change, and does not show it in ${odd.join(', ')}.`,
      hint: 'Look at the number in the Twilio console: somebody else may have changed it in the same moment.',
    });
  }
}
