import { METRICS, type MetricName } from '../../lambda/shared/contract.ts';
import { FUNNEL, STAGES, type Stage } from '../../lib/funnel.ts';
import type { Measured } from './emf.ts';

/*
 * What the page shows, computed from what the functions emit and from what is told of calls. Pure, and run on both sides:
 * the server computes the model, the browser keeps a copy of it.
 */

export interface PageModel {
  readonly counts: Readonly<Partial<Record<MetricName, number>>>;
  /** The newest, in the order of their times. */
  readonly timesToRecording: readonly TimeToRecording[];
  /** The newest, in the order in which they began. */
  readonly calls: readonly CallView[];
}

export interface TimeToRecording {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly milliseconds: number;
}

/** What is known of a call. Numbers are masked. */
export interface CallFacts {
  readonly from?: string;
  readonly to?: string;
  /** Twilio's of the call. */
  readonly status?: string;
  /** Where its execution is, and whether it goes on. */
  readonly state?: string;
  readonly execution?: string;
  /** How its recording is. */
  readonly recording?: string;
}

export interface CallView extends CallFacts {
  readonly callSid: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly lines: readonly StoryLine[];
}

export interface StoryLine {
  readonly at: number;
  readonly who: string;
  readonly what: string;
  readonly tone?: Tone;
}

export type Tone = 'good' | 'odd' | 'bad' | 'strong';

export type PageEvent =
  | ({ readonly type: 'measured' } & Measured)
  | {
      readonly type: 'call';
      readonly callSid: string;
      readonly at: number;
      /** Whether a call begins with it. */
      readonly announces?: boolean;
      readonly facts?: CallFacts;
      readonly line?: StoryLine;
    };

export const EMPTY: PageModel = { counts: {}, timesToRecording: [], calls: [] };

/** What is kept, so that a run of days needs no more memory than one of minutes. */
export const KEPT = { timesToRecording: 500, calls: 50, lines: 200 } as const;

export function reduce(model: PageModel, event: PageEvent): PageModel {
  return event.type === 'measured' ? withMetric(model, event) : withCall(model, event);
}

function withMetric(model: PageModel, { metric, values, at }: Measured): PageModel {
  const sum = values.reduce((total, value) => total + value, 0);
  const counts = { ...model.counts, [metric]: (model.counts[metric] ?? 0) + sum };
  if (metric !== METRICS.timeToRecordingMilliseconds) {
    return { ...model, counts };
  }
  const times = [...model.timesToRecording, ...values.map((milliseconds) => ({ at, milliseconds }))];
  return {
    ...model,
    counts,
    timesToRecording: times.toSorted((a, b) => a.at - b.at).slice(-KEPT.timesToRecording),
  };
}

function withCall(model: PageModel, event: Extract<PageEvent, { type: 'call' }>): PageModel {
  const { callSid, at, facts, line } = event;
  const known = model.calls.find((call) => call.callSid === callSid);
  if (!known && !event.announces) {
    return model;
  }
  const before = known ?? { callSid, at, lines: [] };
  const after: CallView = {
    ...before,
    ...facts,
    lines: line ? [...before.lines, line].slice(-KEPT.lines) : before.lines,
  };
  const calls = known ? model.calls.map((call) => (call === known ? after : call)) : [...model.calls, after];
  return { ...model, calls: kept(calls) };
}

/** Forgets calls that are over before those that go on. */
function kept(calls: readonly CallView[]): readonly CallView[] {
  if (calls.length <= KEPT.calls) {
    return calls;
  }
  const oldest = calls.find((call) => !isLive(call)) ?? calls[0];
  return calls.filter((call) => call !== oldest);
}

const OVER: readonly (string | undefined)[] = ['completed', 'busy', 'failed', 'no-answer', 'canceled'];

/** Whether a call goes on, or the recorder still has to do with it. */
export const isLive = ({ status, execution }: CallView): boolean =>
  execution === 'RUNNING' || (status !== undefined && !OVER.includes(status));

/** How many calls came to a stage. */
export const reached = ({ counts }: PageModel, stage: Stage): number =>
  FUNNEL[stage].reduce((sum, metric) => sum + (counts[metric] ?? 0), 0);

/** Of a hundred calls that were answered, or may have been, how many are recorded; undefined when there was none. */
export function coverage(model: PageModel): number | undefined {
  const [started, unrecorded] = [reached(model, 'started'), reached(model, 'unrecorded')];
  return started + unrecorded === 0 ? undefined : (100 * started) / (started + unrecorded);
}

export const funnel = (model: PageModel): readonly (readonly [Stage, number])[] =>
  STAGES.map((stage) => [stage, reached(model, stage)]);
