import * as v from 'valibot';
import { readAs } from './answers.ts';
import { isLoopback } from './authorization.ts';
import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { twilioRefusal } from './twilio-refusal.ts';
import { askTwilio, type TwilioReply } from './twilio-request.ts';

/** What Twilio says of an account's auth tokens. */
export interface ObservedTokens {
  /** Those of the asked ones that it takes. */
  readonly accepted: readonly string[];
  /** With which it signs; undefined where it takes none of those asked. */
  readonly primary: string | undefined;
  /** Twilio's time, in milliseconds since the epoch: a wrong clock here must not make a wait shorter. */
  readonly now: number;
}

/** The auth tokens of one account. Whatever is no success is thrown as a Failure, which carries no token. */
export interface AuthTokens {
  observe(tokens: readonly string[]): Promise<ObservedTokens>;
  /** The new secondary token, or what Twilio said where it makes none. */
  create(primary: string): Promise<string | Failure>;
  /** Promotes the secondary token and resolves to the new primary one; undefined where Twilio does not show it. */
  promote(primary: string): Promise<string | undefined>;
  /** Whether there was one. */
  remove(primary: string): Promise<boolean>;
}

const Token = v.pipe(v.string(), v.regex(/^\S{16,}$/));
const secondaryAnswer = v.object({ secondary_auth_token: Token });
const promotionAnswer = v.object({ auth_token: Token });

const SECONDARY = 'AuthTokens/Secondary';
const PROMOTE = 'AuthTokens/Promote';

/**
 * By Twilio's REST APIs. The tokens themselves are the credentials: API keys may not see them.
 *
 * @param apiUrl root of the main API, scheme and host
 * @see https://www.twilio.com/docs/iam/api/secondary_authtoken
 * @see https://www.twilio.com/docs/iam/api/authtoken
 */
export function authTokensOf(accountSid: string, apiUrl: string): AuthTokens {
  const accountsUrl = accountsApi(apiUrl);

  const change = (method: 'POST' | 'DELETE', path: string, password: string): Promise<TwilioReply> =>
    askTwilio(`${method} ${path}`, { method, url: `${accountsUrl}/v1/${path}`, user: accountSid, password });

  /** The account as Twilio shows it to a token; undefined where it does not take the token. */
  async function shownTo(token: string): Promise<TwilioReply | undefined> {
    const path = `/2010-04-01/Accounts/${accountSid}.json`;
    const what = `GET ${path}`;
    const reply = await askTwilio(what, {
      method: 'GET',
      url: `${apiUrl}${path}`,
      user: accountSid,
      password: token,
    });
    if (!isSuccess(reply) && reply.status !== 401) {
      throw twilioRefusal(what, reply.status, reply.document);
    }
    return isSuccess(reply) ? reply : undefined;
  }

  return {
    /**
     * Twilio shows an account's primary token with the account. Should it not, or should it show something else, the
     * first that it takes counts: after a promotion it takes the old one no more.
     */
    async observe(tokens) {
      const accepted: string[] = [];
      let primary: string | undefined;
      let now = Date.now();
      for (const token of tokens) {
        const account = await shownTo(token);
        if (account) {
          accepted.push(token);
          const shown = readAs(promotionAnswer, account.document)?.auth_token ?? token;
          primary ??= tokens.includes(shown) || (await shownTo(shown)) ? shown : token;
          now = Date.now() - (account.clockAheadMs ?? 0);
        }
      }
      return { accepted, primary, now };
    },

    async create(primary) {
      const reply = await change('POST', SECONDARY, primary);
      if (isSuccess(reply)) {
        return readAs(secondaryAnswer, reply.document)?.secondary_auth_token ?? Promise.reject(unreadable());
      }
      const refused = twilioRefusal(`POST ${SECONDARY}`, reply.status, reply.document);
      if (reply.status >= 500 || [401, 429].includes(reply.status)) {
        throw refused;
      }
      return refused;
    },

    async promote(primary) {
      const reply = await change('POST', PROMOTE, primary);
      if (!isSuccess(reply)) {
        throw twilioRefusal(`POST ${PROMOTE}`, reply.status, reply.document);
      }
      return readAs(promotionAnswer, reply.document)?.auth_token;
    },

    async remove(primary) {
      const reply = await change('DELETE', SECONDARY, primary);
      if (!isSuccess(reply) && reply.status !== 404) {
        throw twilioRefusal(`DELETE ${SECONDARY}`, reply.status, reply.document);
      }
      return isSuccess(reply);
    },
  };
}

const isSuccess = ({ status }: TwilioReply): boolean => status >= 200 && status <= 299;

/** `api.{edge}.{region}.twilio.com` has `accounts.{edge}.{region}.twilio.com` beside it, as Twilio's own library has it. */
function accountsApi(apiUrl: string): string {
  const { protocol, hostname, origin } = new URL(apiUrl);
  return isLoopback(hostname) ? origin : `${protocol}//${hostname.replace(/^api\./, 'accounts.')}`;
}

const unreadable = (): Failure =>
  new Failure({
    exitCode: EXIT.unconfirmed,
    title: 'Unreadable answer',
    detail: 'Twilio made a secondary token, and did not show it.',
    hint: 'Take it away with `npx recorder rotate --undo`, and begin again.',
  });
