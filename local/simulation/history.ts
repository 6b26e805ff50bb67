import type { EffectTarget } from '../faults/cloud-faults.ts';
import type { SimulatorEvent } from '../twilio-simulator/events.ts';

export type Detail = Readonly<Record<string, string | number | boolean | undefined>>;

/** One step of an operation, as the cloud saw it. */
export interface HistoryEntry {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Of the invocation; of a webhook, its own. */
  readonly requestId: string;
  /** `start-recording`; of a webhook `gateway`. */
  readonly functionId: string;
  readonly target: EffectTarget | 'lambda' | 'webhook';
  readonly operation: string;
  /**
   * `done`: carried out. `failed`: not carried out, or carried out with an error for an answer. `unknown`: whoever asked
   * does not know; whether it was carried out is in the detail.
   */
  readonly phase: 'invoked' | 'done' | 'failed' | 'unknown';
  /** Ties the end of an effect to its beginning; others have none. */
  readonly attempt?: number | undefined;
  readonly detail?: Detail | undefined;
}

/** What was done for each call, in the order of time. */
export class History {
  readonly #entries = new Map<string, HistoryEntry[]>();

  /** @param subject the CallSid, or the function for what is about no single call */
  record(subject: string, entry: HistoryEntry): void {
    const entries = this.#entries.get(subject);
    if (entries) entries.push(entry);
    else this.#entries.set(subject, [entry]);
  }

  of(subject: string): readonly HistoryEntry[] {
    return this.#entries.get(subject) ?? [];
  }

  get subjects(): readonly string[] {
    return [...this.#entries.keys()];
  }
}

/**
 * One call's history together with what the simulated Twilio saw, a line each, in the order of time.
 *
 * @param startedAt where the lines' milliseconds count from
 */
export function historyLines(
  entries: readonly HistoryEntry[],
  events: readonly SimulatorEvent[],
  startedAt: number,
): string[] {
  return [
    ...events.map((event) => ({ at: event.at, text: ofTwilio(event) })),
    ...entries.map((entry) => ({ at: entry.at, text: ofCloud(entry) })),
  ]
    .toSorted((left, right) => left.at - right.at)
    .map(({ at, text }) => `${String(at - startedAt).padStart(9)} ms  ${text}`);
}

function ofCloud({ requestId, functionId, target, operation, phase, detail }: HistoryEntry): string {
  return `${functionId} ${requestId}  ${target}  ${operation}  ${phase}${details(detail)}`;
}

function ofTwilio({ type, at: _at, ...detail }: SimulatorEvent): string {
  return `twilio  ${type}${details(detail)}`;
}

/** Put together without lists: a run has millions of these, and its digest takes in each. */
function details(detail: Readonly<Record<string, unknown>> = {}): string {
  let text = '';
  for (const name in detail) {
    if (detail[name] !== undefined) text += `  ${name}=${detail[name]}`;
  }
  return text;
}
