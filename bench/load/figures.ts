import { type Percentiles, percentiles } from '../../local/percentiles.ts';
import type { Verdict } from '../../local/verdict.ts';

/** What happened at one rate. */
export interface Step {
  /** Calls that were to begin each second, and that did. */
  readonly rate: number;
  readonly placed: number;
  readonly verdict: Verdict;
  /** From the first ring of each recorded call to the begin of its recording, in ms. */
  readonly timeToRecordingMs: Percentiles;
  /** Answers to voice webhooks, in ms. */
  readonly webhookMs: Percentiles;
  /** Executions that did not end in time. */
  readonly unfinished: number;
  /** Voice webhooks and tasks that Lambda refused to run. */
  readonly throttled: number;
  /** How many processors all of it used while calls were placed, the simulated Twilio included. */
  readonly processors: number;
}

/** What is counted while calls of one rate are made. */
export interface Counted {
  readonly verdict: Verdict;
  readonly timesToRecording: readonly number[];
  readonly webhookTimes: readonly number[];
  readonly unfinished: number;
  readonly throttled: number;
  /** While they were placed. */
  readonly processorMs: number;
  readonly wallMs: number;
}

/** A caller who waits for longer hears that something is wrong; the alarm WebhookSlow goes off there too. */
export const SLOW_MS = 2_000;

export const stepOf = (rate: number, counted: Counted): Step => ({
  rate,
  placed: tenths((counted.verdict.calls * 1000) / counted.wallMs),
  verdict: counted.verdict,
  timeToRecordingMs: percentiles(counted.timesToRecording),
  webhookMs: percentiles(counted.webhookTimes),
  unfinished: counted.unfinished,
  throttled: counted.throttled,
  processors: tenths(counted.processorMs / counted.wallMs),
});

/** Whether nothing was lost or wrong, and callers did not wait. */
export const isCarried = ({ verdict, unfinished, webhookMs }: Step): boolean =>
  verdict.findings.length === 0 && unfinished === 0 && webhookMs.p99 < SLOW_MS;

/** The highest rate up to which each was carried; undefined when the first was not. */
export function highestCarried(steps: readonly Step[]): number | undefined {
  const firstLost = steps.findIndex((step) => !isCarried(step));
  return steps[firstLost < 0 ? steps.length - 1 : firstLost - 1]?.rate;
}

const tenths = (value: number): number => Math.round(value * 10) / 10;
