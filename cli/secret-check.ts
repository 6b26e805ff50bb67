import type { TwilioSecret } from '../lambda/shared/secret.ts';
import type { AuthTokens, ObservedTokens } from './auth-tokens.ts';
import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { type Finding, ok, problem, warning } from './findings.ts';
import type { HeldSecret, SecretStore } from './secret-store.ts';

const SECRET = 'secret';
const KEY = 'API key';
const TOKENS = 'auth tokens';
const PUT = 'Put it in again with the command in the output PutSecretCommand.';
const ROTATE = 'Run `npx recorder rotate`.';

const DAY = 24 * 60 * 60_000;
/** Twilio asks for regular rotation and names no time. https://www.twilio.com/docs/usage/secure-credentials */
const OLD_DAYS = 90;

export interface SecretChecks {
  readonly secrets: SecretStore;
  readonly authTokensOf: (accountSid: string) => AuthTokens;
  /** Whether Twilio takes an API key. Throws Failure where it cannot be told. */
  readonly keyWorks: (secret: TwilioSecret) => Promise<boolean>;
}

/** What is found of the secret, and the token that Twilio signs with, where both can be seen. */
export interface CheckedSecret {
  readonly findings: readonly Finding[];
  readonly primary?: string | undefined;
}

/** @param accountSid of the credentials in the environment */
export async function checkSecret(
  accountSid: string,
  { secrets, authTokensOf, keyWorks }: SecretChecks,
): Promise<CheckedSecret> {
  let held: HeldSecret;
  try {
    held = await secrets.read();
  } catch (error) {
    return { findings: [unread(error)] };
  }
  const { secret } = held;
  if (secret.accountSid !== accountSid) {
    const found = `it is of the account ${secret.accountSid}, and TWILIO_ACCOUNT_SID is ${accountSid}.`;
    return { findings: [problem(SECRET, found, 'Put that of the right account in, or set the right one.')] };
  }
  try {
    const observed = await authTokensOf(accountSid).observe(secret.authTokens);
    return {
      findings: [
        ok(SECRET, 'it is as it has to be, and of this account.'),
        keyFinding(secret.apiKeySid, await keyWorks(secret)),
        tokensFinding(secret.authTokens, observed),
        ageFinding(observed.now - held.createdAt),
      ],
      primary: secret.authTokens.find((token) => token === observed.primary),
    };
  } catch (error) {
    return { findings: [unread(error)] };
  }
}

const keyFinding = (sid: string, works: boolean): Finding =>
  works
    ? ok(KEY, `Twilio takes ${sid}, the one in the secret.`)
    : problem(KEY, `Twilio refuses ${sid}, the one in the secret: calls are not recorded.`, PUT);

export function tokensFinding(
  tokens: readonly string[],
  { primary }: Pick<ObservedTokens, 'primary'>,
): Finding {
  if (primary === undefined) {
    return problem(TOKENS, 'Twilio takes none of those in the secret: what it signs is refused.', PUT);
  }
  if (!tokens.includes(primary)) {
    return problem(TOKENS, 'Twilio signs with one that is not in the secret: that is refused.', ROTATE);
  }
  return tokens.length === 1
    ? ok(TOKENS, 'the secret holds the one that Twilio signs with.')
    : warning(TOKENS, `the secret holds ${tokens.length}: a rotation is under way.`, ROTATE);
}

/** @param ageMs of the secret's version */
export function ageFinding(ageMs: number): Finding {
  const days = Math.floor(ageMs / DAY);
  const found = `the secret was put in ${days} days ago.`;
  return days > OLD_DAYS
    ? warning('token age', found, `${ROTATE} Every ${OLD_DAYS} days is a good habit.`)
    : ok('token age', found);
}

/** Only what is known to be wrong is a problem. */
function unread(error: unknown): Finding {
  if (!(error instanceof Failure)) {
    throw error;
  }
  const [found = '', ...remedy] = error.message.split('\n');
  return error.exitCode === EXIT.conflict
    ? problem(SECRET, found, remedy.join(' '))
    : warning(SECRET, `could not be looked at. ${found}`, remedy.join(' ') || 'Try again.');
}
