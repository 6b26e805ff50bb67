import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { codeOf } from './recorder-api.ts';

const TIMEOUT_MS = 15_000;

export interface TwilioRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly form?: URLSearchParams | undefined;
  /** An API key's SID, or the account's. */
  readonly user: string;
  readonly password: string;
}

export interface TwilioReply {
  readonly status: number;
  /** The body, if it was JSON. */
  readonly document: unknown;
  /** How far this machine's clock is ahead of Twilio's, in milliseconds; undefined where Twilio did not tell the time. */
  readonly clockAheadMs: number | undefined;
}

/**
 * One request to one of Twilio's REST APIs, whatever it is answered with. Throws Failure when there is no answer.
 *
 * @param what what is asked for, without a secret
 */
export async function askTwilio(
  what: string,
  { method, url, form, user, password }: TwilioRequest,
): Promise<TwilioReply> {
  const sentAt = Date.now();
  try {
    const response = await fetch(url, {
      method,
      headers: {
        accept: 'application/json',
        authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
      },
      ...(form && { body: form }),
      // A redirect would take the credentials elsewhere.
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    const there = Date.parse(response.headers.get('date') ?? '');
    return {
      status: response.status,
      document: parsed(text),
      clockAheadMs: Number.isNaN(there) ? undefined : (sentAt + Date.now()) / 2 - there,
    };
  } catch (error) {
    const changes = method !== 'GET';
    throw new Failure({
      exitCode: changes ? EXIT.unconfirmed : EXIT.failed,
      title: 'No answer from Twilio',
      detail: `${what} got no answer (${codeOf(error)}).`,
      hint: changes
        ? 'It may have been carried out: look in the Twilio console, or run the command again.'
        : 'Try again; see --twilio-api.',
      cause: error,
    });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
