import * as v from 'valibot';
import { readAs, type Schema } from './answers.ts';
import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';
import type { AccountNumber, VoiceConfiguration } from './number-configuration.ts';
import type { TwilioEnvironment } from './twilio-environment.ts';
import { twilioRefusal } from './twilio-refusal.ts';
import { askTwilio, type TwilioReply } from './twilio-request.ts';

const VERSION = '/2010-04-01';
/** The most that Twilio puts on a page. */
const PAGE_SIZE = 1000;
/** Among so many recordings one should be whose file is there. */
const LATEST = 20;

/** An account, as far as we read it: Twilio's answer has the auth token, too. https://www.twilio.com/docs/iam/api/account */
export interface AboutAccount {
  /** `Full` or `Trial`. */
  readonly type: string;
  /** `active`, `suspended` or `closed`. */
  readonly status: string;
}

const aboutAccount: Schema<AboutAccount> = v.object({ type: v.string(), status: v.string() });

const orEmpty = v.nullish(v.string(), '');
const accountNumber: Schema<AccountNumber> = v.object({
  sid: v.string(),
  phone_number: v.string(),
  voice_url: orEmpty,
  voice_method: orEmpty,
  voice_fallback_url: orEmpty,
  voice_fallback_method: orEmpty,
  voice_application_sid: orEmpty,
  trunk_sid: orEmpty,
});
const numbersPage = v.object({
  incoming_phone_numbers: v.array(accountNumber),
  // Put behind the host: what does not begin a path could name another one, which would get the credentials.
  next_page_uri: v.nullish(v.pipe(v.string(), v.startsWith('/'))),
});

const recordingsPage = v.object({
  recordings: v.array(v.object({ sid: v.pipe(v.string(), v.regex(/^RE[0-9a-f]{32}$/)), status: v.string() })),
});

interface Request {
  readonly method: 'GET' | 'POST';
  /** From the root of the API. */
  readonly path: string;
  readonly form?: URLSearchParams;
  /** Whether it is for the account itself, which most keys may not see. */
  readonly byAuthToken?: boolean;
}

/** A Twilio account, by its REST API. Whatever is no success is thrown as a Failure. */
export class TwilioAccount {
  readonly #environment: TwilioEnvironment;
  readonly #root: string;
  #clockAheadMs: number | undefined;

  constructor(environment: TwilioEnvironment) {
    this.#environment = environment;
    this.#root = `${VERSION}/Accounts/${environment.accountSid}`;
  }

  get sid(): string {
    return this.#environment.accountSid;
  }

  /** Scheme and host of the API. */
  get apiUrl(): string {
    return this.#environment.apiUrl;
  }

  /** How far this machine's clock is ahead of Twilio's, in milliseconds, as of the last answer. */
  get clockAheadMs(): number | undefined {
    return this.#clockAheadMs;
  }

  /** Undefined where the API key may not see it. */
  async about(): Promise<AboutAccount | undefined> {
    try {
      return await this.#ask(aboutAccount, { method: 'GET', path: `${this.#root}.json`, byAuthToken: true });
    } catch (error) {
      if (error instanceof Failure && error.exitCode === EXIT.notAllowed) {
        return undefined;
      }
      throw error;
    }
  }

  /** All numbers of the account, or those with a part in common with one. */
  async numbers(phoneNumber?: string): Promise<readonly AccountNumber[]> {
    const query = new URLSearchParams({
      PageSize: String(PAGE_SIZE),
      ...(phoneNumber !== undefined && { PhoneNumber: phoneNumber }),
    });
    const numbers: AccountNumber[] = [];
    let path: string | null | undefined = `${this.#root}/IncomingPhoneNumbers.json?${query}`;
    while (path) {
      const page: v.InferOutput<typeof numbersPage> = await this.#ask(numbersPage, { method: 'GET', path });
      numbers.push(...page.incoming_phone_numbers);
      path = page.next_page_uri;
    }
    return numbers;
  }

  number(sid: string): Promise<AccountNumber> {
    return this.#ask(accountNumber, { method: 'GET', path: this.#pathOf(sid) });
  }

  /** https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource#update-an-incomingphonenumber-resource */
  update(sid: string, configuration: VoiceConfiguration): Promise<AccountNumber> {
    const form = new URLSearchParams({
      VoiceUrl: configuration.voice_url,
      VoiceMethod: configuration.voice_method,
      VoiceFallbackUrl: configuration.voice_fallback_url,
      VoiceFallbackMethod: configuration.voice_fallback_method,
    });
    return this.#ask(accountNumber, { method: 'POST', path: this.#pathOf(sid), form });
  }

  /** Where the file of the newest recording is that has one; undefined where there is none among the latest. */
  async newestMedia(): Promise<string | undefined> {
    const path = `${this.#root}/Recordings.json?PageSize=${LATEST}`;
    const { recordings } = await this.#ask(recordingsPage, { method: 'GET', path });
    const newest = recordings.find(({ status }) => status === 'completed');
    return newest && `${this.apiUrl}${this.#root}/Recordings/${newest.sid}.wav`;
  }

  #pathOf(sid: string): string {
    return `${this.#root}/IncomingPhoneNumbers/${sid}.json`;
  }

  async #ask<T>(schema: Schema<T>, request: Request): Promise<T> {
    const what = `${request.method} ${request.path.replace(/\?.*/s, '')}`;
    const { status, document } = await this.#send(what, request);
    if (status < 200 || status > 299) {
      throw twilioRefusal(what, status, document);
    }
    const read = readAs(schema, document);
    if (read === undefined) {
      throw new Failure({
        exitCode: request.method === 'POST' ? EXIT.unconfirmed : EXIT.failed,
        title: 'Unreadable answer',
        detail: `${what} was answered with ${status}, but not with what Twilio answers.`,
        hint: "Is this Twilio's API? See --twilio-api.",
        status,
      });
    }
    return read;
  }

  async #send(what: string, { method, path, form, byAuthToken }: Request): Promise<TwilioReply> {
    const { apiUrl, accountSid, apiKeySid, apiKeySecret, authToken } = this.#environment;
    const [user, password] =
      byAuthToken && authToken !== undefined ? [accountSid, authToken] : [apiKeySid, apiKeySecret];
    const reply = await askTwilio(what, { method, url: `${apiUrl}${path}`, form, user, password });
    this.#clockAheadMs = reply.clockAheadMs ?? this.#clockAheadMs;
    return reply;
  }
}
