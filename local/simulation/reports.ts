import { CALLERS_REASONS, type ConsentAnswer, isRefused } from '../../lambda/recording/consent.ts';
import { METRICS, type MetricName } from '../../lambda/shared/contract.ts';
import type { Telemetry } from '../../lambda/shared/telemetry.ts';
import type { Row } from '../recorder.ts';
import type { SimulatedCall } from '../twilio-simulator/simulator.ts';
import { canBeFollowed, endToldAt, isCommand, ours, REPORTED_WITHIN_MS } from '../verdict.ts';

/** How much of a call's end may be missing from its recording before somebody has to be told, and before anybody may; in ms. */
const TO_BE_TOLD_MS = 18_000;
const TO_BE_KEPT_QUIET_MS = 12_000;

/** Which calls a metric that an alarm looks at has told of, together with a line of the log. */
class Told {
  readonly #metric: MetricName;
  #counted = 0;
  /** When, in ms since the epoch, by the CallSid. */
  readonly #at = new Map<string, number>();

  constructor(metric: MetricName) {
    this.#metric = metric;
  }

  count(metric: MetricName): void {
    if (metric === this.#metric) this.#counted += 1;
  }

  /** A line that nothing was counted before tells nobody. */
  line(callSid: string): void {
    if (this.#counted === 0) return;
    this.#counted -= 1;
    if (!this.#at.has(callSid)) this.#at.set(callSid, Date.now());
  }

  /** Infinity for never. */
  at(callSid: string): number {
    return this.#at.get(callSid) ?? Number.POSITIVE_INFINITY;
  }
}

/** Which calls somebody was told of that were not recorded, or not to their end. */
export class Reports {
  readonly #unrecorded = new Told(METRICS.callUnrecorded);
  readonly #turnedAway = new Told(METRICS.callTurnedAway);
  readonly #endedEarly = new Told(METRICS.recordingEndedEarly);

  /** Listens to what goes on to whoever writes it down. */
  heard(telemetry: Telemetry): Telemetry {
    return {
      ...telemetry,
      count: (metric) => {
        this.#unrecorded.count(metric);
        this.#turnedAway.count(metric);
        this.#endedEarly.count(metric);
        telemetry.count(metric);
      },
      error: (message, details) => {
        const { callSid, reason } = details;
        if (callSid !== undefined) {
          const told = reason === undefined ? [this.#turnedAway, this.#endedEarly] : [this.#unrecorded];
          for (const one of told) one.line(callSid);
        }
        telemetry.error(message, details);
      },
    };
  }

  /**
   * What is wrong with the report that a call was not recorded.
   *
   * @param rows of the call, as they are in the end
   */
  findings({ sid, endedAt = 0 }: Pick<SimulatedCall, 'sid' | 'endedAt'>, rows: readonly Row[]): string[] {
    const row = rows.find(({ Item }) => Item === 'CALL');
    const isFault =
      row?.RecordingStatus === 'unrecorded' &&
      row.Reason !== 'never-answered' &&
      !CALLERS_REASONS.includes(String(row.Reason));
    const toldAt = Math.min(
      this.#unrecorded.at(sid),
      // The execution that would say so again may have died, and needs no other one.
      row?.Reason === 'turned-away' ? this.#turnedAway.at(sid) : Number.POSITIVE_INFINITY,
    );
    return isFault && toldAt > endedAt + REPORTED_WITHIN_MS
      ? [`its row says ${row.Reason}, and nobody was told within 10 minutes`]
      : [];
  }

  /**
   * What is wrong with the report that a call was not recorded to its end. Of calls that operators had in hands, or whose
   * caller said no, nobody needs one.
   *
   * @param rows of the call, as they are in the end
   * @param inTime whether it has to come within 10 minutes of the call's end, or of the callbacks that said how its recordings ended
   */
  findingsOfEnd(call: SimulatedCall, rows: readonly Row[], inTime: boolean): string[] {
    const { sid, endedAt = 0 } = call;
    const isMeant = rows.some((row) => isCommand(row) || isRefused(row.Consent as ConsentAnswer | undefined));
    if (isMeant || !canBeFollowed(call)) {
      return [];
    }
    const real = ours(call);
    const missingMs = real.some(({ endedBy }) => endedBy === 'others')
      ? endedAt - Math.max(...real.map((recording) => recording.endedAt ?? endedAt))
      : 0;
    const toldAt = this.#endedEarly.at(sid);
    if (missingMs < TO_BE_KEPT_QUIET_MS) {
      return Number.isFinite(toldAt) ? ['its recording was said to have ended early, and had not'] : [];
    }
    if (missingMs <= TO_BE_TOLD_MS) {
      return [];
    }
    const dueAt = inTime
      ? Math.max(endedAt, ...real.map(endToldAt)) + REPORTED_WITHIN_MS
      : Number.POSITIVE_INFINITY;
    return toldAt > dueAt || !Number.isFinite(toldAt)
      ? [`somebody else ended its recording ${missingMs} ms before it, and nobody was told in time`]
      : [];
  }
}
