import { CALLERS_REASONS } from '../../lambda/recording/consent.ts';
import { METRICS } from '../../lambda/shared/contract.ts';
import type { Telemetry } from '../../lambda/shared/telemetry.ts';
import type { Row } from '../recorder.ts';
import type { SimulatedCall } from '../twilio-simulator/simulator.ts';
import { REPORTED_WITHIN_MS } from '../verdict.ts';

/** Which calls somebody was told of that were not recorded: by the metric that the alarm looks at, and a line of the log. */
export class Reports {
  #counted = 0;
  /** When, in ms since the epoch, by the CallSid. */
  readonly #toldAt = new Map<string, number>();

  /** Listens to what goes on to whoever writes it down. */
  heard(telemetry: Telemetry): Telemetry {
    return {
      ...telemetry,
      count: (metric) => {
        if (metric === METRICS.callUnrecorded) this.#counted += 1;
        telemetry.count(metric);
      },
      error: (message, details) => {
        const { callSid, reason } = details;
        if (callSid !== undefined && reason !== undefined && this.#counted > 0) {
          // A line that nothing was counted before tells nobody.
          this.#counted -= 1;
          if (!this.#toldAt.has(callSid)) this.#toldAt.set(callSid, Date.now());
        }
        telemetry.error(message, details);
      },
    };
  }

  /**
   * What is wrong with the report on a call.
   *
   * @param rows of the call, as they are in the end
   */
  findings({ sid, endedAt = 0 }: Pick<SimulatedCall, 'sid' | 'endedAt'>, rows: readonly Row[]): string[] {
    const row = rows.find(({ Item }) => Item === 'CALL');
    const isFault =
      row?.RecordingStatus === 'unrecorded' &&
      row.Reason !== 'never-answered' &&
      !CALLERS_REASONS.includes(String(row.Reason));
    const toldAt = this.#toldAt.get(sid) ?? Number.POSITIVE_INFINITY;
    return isFault && toldAt > endedAt + REPORTED_WITHIN_MS
      ? [`its row says ${row.Reason}, and nobody was told within 10 minutes`]
      : [];
  }
}
