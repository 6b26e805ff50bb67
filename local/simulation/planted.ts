import type { Telemetry } from '../../lambda/shared/telemetry.ts';
import type { Execution } from '../host/execution.ts';
import type { Row } from '../recorder.ts';
import type { Credentials } from '../twilio-simulator/simulator.ts';
import type { HttpRequest } from '../twilio-simulator/transport.ts';

/** What is looked for: whole phone numbers have their place in rows, and in what an execution is given, but nowhere else. */
type Sought = 'credentials' | 'credentials and numbers';

/** Of a SHA-1 in base64, whose last character is the only `=`. */
const SIGNATURE_LENGTH = 28;

/**
 * Credentials, signatures and phone numbers that a run is full of, and where they have come out: in log lines, metrics,
 * errors and causes none of them may be, in rows and in what executions pass on no credentials and no signatures.
 */
export class Planted {
  readonly #secrets = new Map<string, string>();
  readonly #signatures = new Set<string>();
  /** Without the plus sign. */
  readonly #numbers = new Set<string>();
  readonly #findings = new Set<string>();

  /** @param nextAuthToken the one that the current one is rotated to */
  constructor({ accountSid, authToken, apiKeySid, apiKeySecret }: Credentials, nextAuthToken: string) {
    const basic = (user: string, password: string): string =>
      Buffer.from(`${user}:${password}`).toString('base64');
    for (const token of [authToken, nextAuthToken]) {
      this.#secrets.set(token, 'an auth token').set(basic(accountSid, token), 'an Authorization header');
    }
    this.#secrets
      .set(apiKeySecret, 'the API key’s secret')
      .set(basic(apiKeySid, apiKeySecret), 'an Authorization header');
  }

  /** Where something came out, each place once. */
  get findings(): readonly string[] {
    return [...this.#findings];
  }

  /** A request with which Twilio comes to the recorder. */
  sent({ headers }: Pick<HttpRequest, 'headers'>): void {
    const { 'X-Twilio-Signature': signature } = headers;
    if (signature !== undefined) {
      this.#signatures.add(signature);
    }
  }

  called(...numbers: readonly string[]): void {
    for (const number of numbers) {
      this.#numbers.add(number.replace('+', ''));
    }
  }

  /** Looks at log lines and metrics before they go on to whoever writes them down. */
  lookedAt({ count, record, info, warn, error }: Telemetry): Telemetry {
    const first =
      <A extends readonly unknown[]>(where: string, report: (...what: A) => void) =>
      (...what: A): void => {
        this.#look(where, JSON.stringify(what), 'credentials and numbers');
        report(...what);
      };
    return {
      count: first('a metric', count),
      record: first('a metric', record),
      info: first('a log line', info),
      warn: first('a log line', warn),
      error: first('a log line', error),
    };
  }

  lookAtRows(rows: readonly Row[]): void {
    for (const row of rows) {
      this.#look('a row', JSON.stringify(row), 'credentials');
    }
  }

  lookAtExecutions(executions: Iterable<Pick<Execution, 'input' | 'output' | 'error' | 'cause'>>): void {
    for (const { input, output = '', error = '', cause = '' } of executions) {
      this.#look('an execution’s data', `${input} ${output}`, 'credentials');
      this.#look('an execution’s failure', `${error} ${cause}`, 'credentials and numbers');
    }
  }

  #look(where: string, text: string, sought: Sought): void {
    for (const [secret, what] of this.#secrets) {
      if (text.includes(secret)) this.#found(what, where);
    }
    // Hardly any text has what a signature ends with, and a pattern would be tried at each of its characters.
    for (let end = text.indexOf('='); end >= 0; end = text.indexOf('=', end + 1)) {
      const candidate = text.slice(Math.max(0, end + 1 - SIGNATURE_LENGTH), end + 1);
      if (this.#signatures.has(candidate)) this.#found('a signature', where);
    }
    if (sought === 'credentials') return;
    for (const digits of text.match(/\d{10,}/g) ?? []) {
      if (this.#numbers.has(digits)) this.#found('a whole phone number', where);
    }
  }

  #found(what: string, where: string): void {
    this.#findings.add(`${what} came out: in ${where}`);
  }
}
