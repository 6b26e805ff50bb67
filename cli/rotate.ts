import type { AuthTokens } from './auth-tokens.ts';
import type { Confirm } from './confirm.ts';
import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';
import type { Finding } from './findings.ts';
import { ENDED, lost, noTerminal, STORED, tooLate, WAITING } from './rotate-words.ts';
import {
  added,
  nextStep,
  promoted,
  type RotationState,
  type Step,
  type Storing,
  undoing,
  undone,
  type WAITS,
} from './rotation.ts';
import type { HeldSecret, SecretStore } from './secret-store.ts';
import { json, type Terminal } from './terminal.ts';

export interface RotateOptions {
  /** Give the next token up, before it is promoted. */
  readonly undo: boolean;
  /** Begin although a rotation has just ended. */
  readonly again: boolean;
  /** Whether nobody is asked. */
  readonly yes: boolean;
  readonly json: boolean;
}

export interface RotateDependencies {
  readonly secrets: SecretStore;
  /** Those of the account that the secret names. */
  readonly authTokensOf: (accountSid: string) => AuthTokens;
  /** Whether the deployed webhooks take what a token signs. */
  readonly dryRun: (authToken: string) => Promise<readonly Finding[]>;
  /** The secondary token, where a person has it from the console; undefined where nobody can be asked. */
  readonly askToken: () => Promise<string | undefined>;
  /** The same, where it was given beforehand. */
  readonly givenToken?: string | undefined;
  readonly confirm: Confirm;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly terminal: Terminal;
}

/** What is there now: the secret, and what Twilio says of its tokens. */
interface Now extends RotationState {
  readonly held: HeldSecret;
  readonly twilio: AuthTokens;
}

const MINUTE = 60_000;

/**
 * `recorder rotate`: looks where the rotation is, does the next step, and looks again, until the secret holds the new
 * token alone. Throws Failure; whoever runs it again goes on from there.
 */
export async function rotate(options: RotateOptions, dependencies: RotateDependencies): Promise<void> {
  const walk = new Walk(options, dependencies);
  await (options.undo ? walk.undo() : walk.run());
}

class Walk {
  readonly #options: RotateOptions;
  readonly #by: RotateDependencies;
  readonly #agreed = new Set<string>();

  constructor(options: RotateOptions, dependencies: RotateDependencies) {
    this.#options = options;
    this.#by = dependencies;
  }

  async run(): Promise<void> {
    let changed = false;
    for (let isFirst = true; ; isFirst = false) {
      const now = await this.#look();
      const step = nextStep(now, isFirst && this.#options.again);
      if (step.kind === 'finished') {
        this.#end(changed, ENDED[changed ? 'rotated' : 'nothing']);
        return;
      }
      if (!(await this.#do(step, now))) {
        this.#end(changed, 'Stopped here, and nothing is lost: run the command again to go on.');
        return;
      }
      changed ||= step.kind !== 'wait';
    }
  }

  async undo(): Promise<void> {
    const now = await this.#look();
    const wanted = undoing(now);
    if (wanted.kind === 'lost') {
      throw lost();
    }
    if (wanted.kind === 'too-late') {
      throw tooLate();
    }
    if (!(await this.#agrees('undo', 'Remove the account’s secondary token, whoever may use it?'))) {
      this.#end(false, 'Nothing was changed.');
      return;
    }
    const wasThere = await now.twilio.remove(wanted.primary);
    const after = await this.#look();
    const storing = undone(after, wasThere);
    if (storing === 'wait') {
      throw new Failure({
        exitCode: EXIT.unconfirmed,
        title: 'Not confirmed',
        detail: 'Twilio had no secondary token to remove, but still takes the one in the secret.',
        hint: 'Run the command again in a minute.',
      });
    }
    if (storing) {
      await this.#store(after, storing);
    }
    this.#end(
      wasThere || storing !== undefined,
      'The secondary token is gone; the secret holds the primary one.',
    );
  }

  async #look(): Promise<Now> {
    const held = await this.#by.secrets.read();
    const { accountSid, authTokens: tokens } = held.secret;
    const twilio = this.#by.authTokensOf(accountSid);
    const { accepted, primary, now } = await twilio.observe(tokens);
    const secondary = accepted.find((token) => token !== primary);
    return { held, twilio, tokens, mark: held.mark, ageMs: now - held.changedAt, primary, secondary };
  }

  /** Resolves to false where somebody said no. */
  async #do(step: Exclude<Step, { kind: 'finished' }>, now: Now): Promise<boolean> {
    switch (step.kind) {
      case 'lost':
        throw lost();
      case 'wait':
        await this.#wait(step.why, step.ms);
        return true;
      case 'store':
        await this.#store(now, step);
        return true;
      case 'create':
        return this.#create(step.primary, now);
      case 'promote':
        return this.#promote(step.secondary, now);
    }
  }

  async #create(primary: string, now: Now): Promise<boolean> {
    const days = Math.floor(now.ageMs / (24 * 60 * MINUTE));
    this.#say(`The secret holds one token, which Twilio signs with. It was changed ${days} days ago.`);
    if (!(await this.#agrees('begin', 'Begin a rotation?'))) {
      return false;
    }
    const { givenToken } = this.#by;
    const next = givenToken
      ? await this.#checked(givenToken, primary, now.twilio)
      : await this.#madeOrAsked(primary, now.twilio);
    await this.#store(now, added(primary, next));
    return true;
  }

  /** What a person gave. */
  async #checked(token: string, primary: string, twilio: AuthTokens): Promise<string> {
    const { accepted } = await twilio.observe([token]);
    if (token === primary || accepted.length === 0) {
      throw new Failure({
        exitCode: EXIT.usage,
        title: 'Not the secondary token',
        detail: `what was given ${token === primary ? 'is the primary token' : 'is no token that Twilio takes'}.`,
      });
    }
    return token;
  }

  /** Twilio shows a secondary token once: one that somebody made before, only a person can give. */
  async #madeOrAsked(primary: string, twilio: AuthTokens): Promise<string> {
    const made = await twilio.create(primary);
    if (typeof made === 'string') {
      this.#say('Twilio made a secondary token. It signs nothing until it is promoted.');
      return made;
    }
    this.#say(made.message);
    const asked = await this.#by.askToken();
    if (asked) {
      return this.#checked(asked, primary, twilio);
    }
    throw new Failure({
      exitCode: EXIT.conflict,
      title: 'Twilio makes no secondary token',
      detail: made.message,
      hint: 'If there is one, give it in TWILIO_SECONDARY_AUTH_TOKEN, or remove it with --undo if nobody uses it.',
      cause: made,
    });
  }

  async #promote(secondary: string, now: Now): Promise<boolean> {
    if (!this.#agreed.has('promote')) {
      await this.#insistTaken(secondary);
      // Whoever is asked may think it over for long, so all is looked at once more.
      return this.#agrees(
        'promote',
        'Promote it? Twilio then refuses the old token for good, whoever uses it.',
      );
    }
    const { primary = '' } = now;
    const shown = await now.twilio.promote(primary);
    this.#say('Twilio promoted it.');
    if (shown !== undefined) {
      await this.#store(now, promoted(now.tokens, shown));
    }
    return true;
  }

  /** Once: an alarm counts what webhooks refuse, and dry runs are refused for their parameters. */
  async #insistTaken(secondary: string): Promise<void> {
    const findings = await this.#by.dryRun(secondary);
    const wrong = findings.find(({ level }) => level !== 'ok');
    if (wrong) {
      throw new Failure({
        exitCode: EXIT.conflict,
        title: 'The recorder does not take the next token',
        detail: `${wrong.found} Nothing was promoted.`,
        hint: wrong.remedy,
      });
    }
    this.#say('A dry run that was signed with the next token was accepted.');
  }

  async #store({ held }: Now, storing: Storing): Promise<void> {
    await this.#by.secrets.replace(held, storing);
    this.#say(STORED[storing.mark]);
  }

  async #wait(why: keyof typeof WAITS, milliseconds: number): Promise<void> {
    this.#say(WAITING[why]);
    for (let left = milliseconds; left > 0; left -= MINUTE) {
      this.#say(`  ${Math.ceil(left / MINUTE)} min left`);
      await this.#by.sleep(Math.min(left, MINUTE));
    }
  }

  async #agrees(what: string, question: string): Promise<boolean> {
    const answer = this.#options.yes || (await this.#by.confirm(question));
    if (answer === undefined) {
      throw noTerminal();
    }
    if (answer) {
      this.#agreed.add(what);
    }
    return answer;
  }

  /** With --json, standard output is one document. */
  #say(text: string): void {
    const { terminal } = this.#by;
    (this.#options.json ? terminal.say : terminal.print)(text);
  }

  #end(changed: boolean, sentence: string): void {
    this.#by.terminal.print(this.#options.json ? json({ changed, state: sentence }) : sentence);
  }
}
