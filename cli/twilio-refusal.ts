import * as v from 'valibot';
import { readAs } from './answers.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { Failure } from './failure.ts';

/** https://www.twilio.com/docs/usage/twilios-response#response-formats-exceptions */
const exception = v.object({ code: v.optional(v.number()), message: v.optional(v.string()) });

interface Explained {
  readonly exitCode: ExitCode;
  readonly title: string;
  readonly hint?: string;
}

const BY_STATUS: ReadonlyMap<number, Explained> = new Map([
  [
    401,
    {
      exitCode: EXIT.notAllowed,
      title: 'Twilio refused the credentials',
      hint: 'Check TWILIO_ACCOUNT_SID, TWILIO_API_KEY and TWILIO_API_SECRET, that the account is active, and that the key is one of the region of --twilio-api.',
    },
  ],
  [
    403,
    {
      exitCode: EXIT.notAllowed,
      title: 'Twilio does not allow it',
      hint: 'A restricted key needs the right to read and to update phone numbers; a standard key has it.',
    },
  ],
  [
    404,
    {
      exitCode: EXIT.notFound,
      title: 'Twilio does not find it',
      hint: 'Check TWILIO_ACCOUNT_SID, and that --twilio-api names the region of the account.',
    },
  ],
  [429, { exitCode: EXIT.failed, title: 'Too many requests', hint: 'Try again in a moment.' }],
]);

/** What is to be said of an answer of Twilio's that is no success. */
export function twilioRefusal(what: string, status: number, document: unknown): Failure {
  const { code, message } = readAs(exception, document) ?? {};
  const unforeseen: Explained =
    status >= 500 && what.startsWith('POST')
      ? {
          exitCode: EXIT.unconfirmed,
          title: 'Twilio failed',
          hint: 'It may have been carried out: look at the number, or run the command again.',
        }
      : { exitCode: EXIT.failed, title: status >= 500 ? 'Twilio failed' : 'Twilio refused it' };
  const codeInWords = code === undefined ? '' : `, code ${code}`;
  return new Failure({
    ...(BY_STATUS.get(status) ?? unforeseen),
    detail: `${what} was answered with ${status}${codeInWords}${message === undefined ? '' : `: ${message}`}.`,
    status,
  });
}
