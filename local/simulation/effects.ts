import { AsyncLocalStorage } from 'node:async_hooks';
import type { CloudFaults, EffectTarget } from '../faults/cloud-faults.ts';
import type { Draws, Latency } from './draws.ts';
import type { Detail, History, HistoryEntry } from './history.ts';

/** One invocation of a function, while it runs and for as long as anything of it goes on. */
export interface Invocation {
  readonly requestId: string;
  /** `start-recording` */
  readonly functionId: string;
  /** The CallSid, where it is about one call. */
  readonly callSid: string | undefined;
  /** Its process is gone: whatever its code still does has no effect. */
  dead: boolean;
  /** Its process dies. */
  readonly crash: () => void;
}

/** Something that a function asks of the world. */
export interface Effect<T> {
  readonly target: EffectTarget;
  readonly operation: string;
  /** The CallSid that it is about, asked for where the invocation has none. */
  readonly subject: () => string | undefined;
  readonly latency: Latency | undefined;
  readonly act: () => Promise<T>;
  /** How long one attempt may take, in ms. */
  readonly attemptMilliseconds: number;
  /** What it fails with when it is refused, and when it is not answered. */
  readonly refusal: () => Error;
  readonly timeout: () => Error;
  readonly signal?: AbortSignal | undefined;
  /** For the history. */
  readonly detail: (value: T) => Detail | undefined;
}

/** What functions do to the world, with all that can go wrong on the way there and back. */
export class Effects {
  readonly #faults: CloudFaults;
  readonly #draws: Draws;
  readonly #history: History;
  readonly #invocation = new AsyncLocalStorage<Invocation | undefined>();
  #attempts = 0;

  constructor(faults: CloudFaults, draws: Draws, history: History) {
    this.#faults = faults;
    this.#draws = draws;
    this.#history = history;
  }

  /** Whatever `work` does, and whatever comes of that, is done by this invocation. */
  within<T>(invocation: Invocation, work: () => T): T {
    return this.#invocation.run(invocation, work);
  }

  /** What `work` begins is not part of the invocation that asked for it. */
  outside<T>(work: () => T): T {
    return this.#invocation.run(undefined, work);
  }

  /** @throws Error outside any invocation */
  get invocation(): Invocation {
    const invocation = this.#invocation.getStore();
    if (!invocation) throw new Error('No function runs here');
    return invocation;
  }

  /** A number from 0 to below 1, of the invocation's own. */
  random(): number {
    const { callSid, functionId } = this.invocation;
    return this.#draws.share(callSid ?? functionId);
  }

  /** Tries it once. Of an invocation that died, nothing is heard again. */
  async attempt<T>(effect: Effect<T>): Promise<T> {
    const { invocation } = this;
    if (invocation.dead) return never();
    const { target } = effect;
    const subject = invocation.callSid ?? effect.subject() ?? invocation.functionId;
    this.#attempts += 1;
    const attempt = this.#attempts;
    const record = (phase: HistoryEntry['phase'], detail?: Detail) =>
      this.#record(subject, invocation, effect, attempt, phase, detail);
    const fault = this.#faults.effect(target, subject);
    record('invoked');
    switch (fault) {
      case 'refused':
        record('failed', { refused: true });
        throw effect.refusal();
      case 'crash-before':
        record('failed', { crash: true });
        invocation.crash();
        return never();
      case 'crash-after': {
        const outcome = await this.#carryOut(effect, subject);
        record(outcome.ok ? 'done' : 'failed', { ...detailOf(effect, outcome), crash: true });
        invocation.crash();
        return never();
      }
      case 'unknown': {
        const begun = Date.now();
        const outcome = await this.#carryOut(effect, subject);
        record('unknown', { ...detailOf(effect, outcome), carriedOut: outcome.ok });
        await sleep(effect.attemptMilliseconds - (Date.now() - begun));
        throw effect.timeout();
      }
      case 'none': {
        const outcome = await this.#carryOut(effect, subject);
        const isAwaited = !effect.signal?.aborted && !invocation.dead;
        const detail = detailOf(effect, outcome);
        if (isAwaited) record(outcome.ok ? 'done' : 'failed', detail);
        else record('unknown', { ...detail, carriedOut: outcome.ok });
        if (invocation.dead) return never();
        if (outcome.ok) return outcome.value;
        throw outcome.error;
      }
    }
  }

  async #carryOut<T>({ latency, act }: Effect<T>, subject: string): Promise<Outcome<T>> {
    if (latency) await sleep(this.#draws.latency(subject, latency));
    try {
      return { ok: true, value: await act() };
    } catch (error) {
      return { ok: false, error };
    }
  }

  #record(
    subject: string,
    { requestId, functionId }: Invocation,
    { target, operation }: Pick<Effect<never>, 'target' | 'operation'>,
    attempt: number,
    phase: HistoryEntry['phase'],
    detail: Detail | undefined,
  ): void {
    this.#history.record(subject, {
      at: Date.now(),
      requestId,
      functionId,
      target,
      operation,
      phase,
      attempt,
      detail,
    });
  }
}

/** The CallSid in a text that names no other. */
export function onlyCallSid(text: string): string | undefined {
  const callSids = new Set(text.match(/CA[0-9a-f]{32}/g));
  return callSids.size === 1 ? [...callSids][0] : undefined;
}

type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

const detailOf = <T>(effect: Effect<T>, outcome: Outcome<T>): Detail | undefined =>
  outcome.ok
    ? effect.detail(outcome.value)
    : { error: outcome.error instanceof Error ? outcome.error.name : String(outcome.error) };

/** Of a process that is gone. */
const never = <T>(): Promise<T> => new Promise(() => undefined);

export const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The outcome, or an AbortError as soon as whoever asked gives up. What was asked for goes on. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(aborted());
    if (signal.aborted) {
      onAbort();
      promise.catch(() => undefined);
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    const end = () => signal.removeEventListener('abort', onAbort);
    promise.then(
      (value) => {
        end();
        resolve(value);
      },
      (error: unknown) => {
        end();
        reject(error);
      },
    );
  });
}

/** As the SDK's HTTP handler says it. */
export const aborted = (): Error => named('AbortError', 'Request aborted');

export const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });
