import { ROUTES } from '../lambda/shared/contract.ts';
import { isLoopback } from './authorization.ts';
import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';

/** Whose account it is, and where Twilio's REST API is. */
export interface TwilioEnvironment {
  readonly accountSid: string;
  readonly apiKeySid: string;
  readonly apiKeySecret: string;
  /** Only it, or a main key, may see the account itself. */
  readonly authToken?: string | undefined;
  /** Scheme and host. */
  readonly apiUrl: string;
}

const VARIABLES = {
  accountSid: { name: 'TWILIO_ACCOUNT_SID', form: /^AC[0-9a-f]{32}$/, what: 'AC and 32 hexadecimal digits' },
  apiKeySid: { name: 'TWILIO_API_KEY', form: /^SK[0-9a-f]{32}$/, what: 'SK and 32 hexadecimal digits' },
  apiKeySecret: { name: 'TWILIO_API_SECRET', form: /^\S+$/, what: 'the secret of the API key' },
} as const;

/** The credentials that the environment has. Throws Failure, which names what is missing and no value. */
export function twilioEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  apiUrl: string,
): TwilioEnvironment {
  const wrong = Object.values(VARIABLES).filter(({ name, form }) => !form.test(environment[name] ?? ''));
  if (wrong.length > 0) {
    throw new Failure({
      exitCode: EXIT.usage,
      title: 'No credentials for Twilio',
      detail: wrong
        .map(({ name, what }) => `${name} ${environment[name] ? `is not ${what}` : 'is not set'}`)
        .join(', '),
      hint: 'Set TWILIO_ACCOUNT_SID, TWILIO_API_KEY and TWILIO_API_SECRET to those of a standard API key of the account.',
    });
  }
  const read = (field: keyof typeof VARIABLES): string => environment[VARIABLES[field].name] ?? '';
  return {
    accountSid: read('accountSid'),
    apiKeySid: read('apiKeySid'),
    apiKeySecret: read('apiKeySecret'),
    authToken: environment.TWILIO_AUTH_TOKEN || undefined,
    apiUrl: twilioApiRoot(apiUrl),
  };
}

/** Scheme and host of Twilio's API, as somebody gave it. Throws Failure. */
export const twilioApiRoot = (text: string): string =>
  safeUrl(text, ({ pathname }) => pathname === '/', {
    title: "Not the root of Twilio's API",
    detail:
      'it takes an https URL without a path (http only for this machine), such as https://api.twilio.com.',
    hint: 'See --twilio-api and TWILIO_API_URL.',
  });

/** The voice URL that somebody gave. Throws Failure. */
export const givenVoiceUrl = (text: string): string =>
  safeUrl(text, ({ pathname }) => pathname === ROUTES.voice, {
    title: 'Not the voice URL of a recorder',
    detail:
      'it takes an https URL with the path /voice (http only for this machine), as the output VoiceUrl has it.',
    hint: 'See --voice-url.',
  });

/** What is sent there is signed or carries credentials, so HTTP is for this machine. Without a slash at its end. */
function safeUrl(
  text: string,
  isRight: (url: URL) => boolean,
  otherwise: { readonly title: string; readonly detail: string; readonly hint: string },
): string {
  const url = URL.parse(text);
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
  if (!url || !isSafe || url.search || url.hash || url.username || !isRight(url)) {
    throw new Failure({ exitCode: EXIT.usage, ...otherwise });
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}
