import type { AuthTokens } from '../../cli/auth-tokens.ts';
import { EXIT } from '../../cli/exit-codes.ts';
import { Failure } from '../../cli/failure.ts';
import { ok } from '../../cli/findings.ts';
import { type RotateDependencies, type RotateOptions, rotate } from '../../cli/rotate.ts';
import type { HeldSecret, SecretStore } from '../../cli/secret-store.ts';
import { twilioSecret } from '../lambda/support/secrets.ts';

/** What is left open about Twilio and the functions, in milliseconds. */
export interface WorldOptions {
  /** How old a function's copy of the secret may be. */
  readonly cacheMs: number;
  /** How long Twilio goes on to sign with the old token after a promotion. */
  readonly signsLateMs: number;
  /** How long its API shows what was before a promotion, and takes the old token. */
  readonly showsLateMs: number;
  /** Whether it shows the primary token at all. */
  readonly showsPrimary: boolean;
  /** What it does when it is asked for a secondary token and has one. */
  readonly second: 'refused' | 'replaced';
  /** One after the other, again and again: what comes to which function, and how long it was on its way. */
  readonly requests: readonly { readonly afterMs: number; readonly delayMs: number; readonly to: number }[];
}

/** The process that is killed before or after its nth effect. */
export interface Killed {
  readonly atEffect: number;
  readonly after: boolean;
}

class KilledError extends Error {}

const FUNCTIONS = 3;
const EFFECT_MS = 1_000;

/** Twilio, the secret and functions that keep it, on a clock of its own. */
export class RotationWorld {
  /** Requests that were Twilio's and would have been refused. */
  readonly refused: string[] = [];
  readonly said: string[] = [];
  tokens: readonly string[];
  now = 1_000_000_000_000;
  readonly #options: WorldOptions;
  readonly #signed: { readonly from: number; readonly token: string }[];
  #primary = token(0);
  #secondary: string | undefined;
  #promotedAt = 0;
  #old: string | undefined;
  #made = 0;
  #version = 'put-in-by-hand';
  #changedAt = 0;
  readonly #caches: { tokens: readonly string[]; readAt: number }[];
  #requests = 0;
  #nextSignedAt: number;
  #killed: Killed | undefined;
  #effects = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.tokens = [this.#primary];
    this.#signed = [{ from: 0, token: this.#primary }];
    this.#caches = Array.from({ length: FUNCTIONS }, () => ({ tokens: this.tokens, readAt: 0 }));
    this.#nextSignedAt = this.now;
  }

  get primary(): string {
    return this.#primary;
  }

  /** Resolves to how the command ended. */
  async run(options: Partial<RotateOptions>, killed?: Killed): Promise<'done' | 'killed' | Failure> {
    this.#killed = killed;
    this.#effects = 0;
    try {
      await rotate({ undo: false, again: false, yes: true, json: false, ...options }, this.#dependencies());
      return 'done';
    } catch (error) {
      if (error instanceof KilledError) return 'killed';
      if (error instanceof Failure) return error;
      throw error;
    }
  }

  /** Lets time go by, and Twilio's requests come. */
  advance(milliseconds: number): void {
    const until = this.now + milliseconds;
    const { requests } = this.#options;
    for (;;) {
      const request = requests[this.#requests % requests.length];
      if (!request || this.#nextSignedAt + request.delayMs > until) break;
      this.now = Math.max(this.now, this.#nextSignedAt + request.delayMs);
      this.#deliver(request.to % FUNCTIONS, this.#nextSignedAt);
      this.#requests += 1;
      this.#nextSignedAt += request.afterMs + 1;
    }
    this.now = until;
  }

  #deliver(to: number, signedAt: number): void {
    const cache = this.#caches[to];
    if (!cache) return;
    if (this.now - cache.readAt >= this.#options.cacheMs) {
      cache.tokens = this.tokens;
      cache.readAt = this.now;
    }
    const signer = this.#signed.findLast(({ from }) => from <= signedAt)?.token ?? '';
    if (!cache.tokens.includes(signer)) this.refused.push(`${signer} at ${this.now}`);
  }

  async #effect<T>(act: () => T): Promise<T> {
    this.advance(EFFECT_MS);
    this.#effects += 1;
    const dies = this.#effects === this.#killed?.atEffect;
    if (dies && !this.#killed?.after) throw new KilledError();
    const result = act();
    if (dies) throw new KilledError();
    return result;
  }

  #takes(asked: string): boolean {
    const isLate = this.now < this.#promotedAt + this.#options.showsLateMs;
    return asked === this.#primary || asked === this.#secondary || (isLate && asked === this.#old);
  }

  #shownPrimary(): string {
    const isLate = this.now < this.#promotedAt + this.#options.showsLateMs;
    return isLate && this.#old !== undefined ? this.#old : this.#primary;
  }

  #insistPrimary(by: string): void {
    if (by !== this.#primary) throw failure(401);
  }

  readonly #twilio: AuthTokens = {
    observe: (tokens) =>
      this.#effect(() => {
        const accepted = tokens.filter((one) => this.#takes(one));
        const shown = this.#options.showsPrimary ? this.#shownPrimary() : accepted[0];
        return { accepted, primary: accepted.length > 0 ? shown : undefined, now: this.now };
      }),
    create: (primary) =>
      this.#effect(() => {
        this.#insistPrimary(primary);
        if (this.#secondary !== undefined && this.#options.second === 'refused') return failure(409);
        this.#made += 1;
        this.#secondary = token(this.#made);
        return this.#secondary;
      }),
    promote: (primary) =>
      this.#effect(() => {
        this.#insistPrimary(primary);
        if (this.#secondary === undefined) throw failure(404);
        this.#old = this.#primary;
        this.#primary = this.#secondary;
        this.#secondary = undefined;
        this.#promotedAt = this.now;
        this.#signed.push({ from: this.now + this.#options.signsLateMs, token: this.#primary });
        return this.#options.showsPrimary ? this.#primary : undefined;
      }),
    remove: (primary) =>
      this.#effect(() => {
        this.#insistPrimary(primary);
        const wasThere = this.#secondary !== undefined;
        this.#secondary = undefined;
        return wasThere;
      }),
  };

  readonly #secrets: SecretStore = {
    read: () =>
      this.#effect(() => {
        const [, mark] = /^(added|promoted|finished)-/.exec(this.#version) ?? [];
        return {
          secret: twilioSecret({ authTokens: [...this.tokens] }),
          versionId: this.#version,
          mark: mark as HeldSecret['mark'],
          createdAt: this.#changedAt,
          changedAt: this.#changedAt,
        };
      }),
    replace: (held, { tokens, mark }) =>
      this.#effect(() => {
        if (held.versionId !== this.#version) throw failure(409);
        this.tokens = tokens;
        this.#version = `${mark}-${this.now}`;
        this.#changedAt = this.now;
      }),
  };

  #dependencies(): RotateDependencies {
    return {
      secrets: this.#secrets,
      authTokensOf: () => this.#twilio,
      dryRun: async () => [ok('dry run', '')],
      askToken: async () => undefined,
      confirm: async () => true,
      sleep: async (milliseconds) => this.advance(milliseconds),
      terminal: {
        width: 100,
        print: (text) => this.said.push(text),
        say: (text) => this.said.push(text),
        warn: (text) => this.said.push(text),
      },
    };
  }
}

const token = (number: number): string => `auth-token-number-${number}`;

const failure = (status: number): Failure =>
  new Failure({ exitCode: EXIT.failed, title: 'Refused', detail: `Twilio answered ${status}.`, status });
