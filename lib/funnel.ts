import { METRICS, type MetricName } from '../lambda/shared/contract.ts';

/**
 * What becomes of calls, as the dashboard and the page of a local run show it. A stage counts what its metrics count
 * together. Calls that still ring are received only; a recording that an operator starts anew ends once more.
 */
export const FUNNEL = {
  received: [METRICS.callReceived],
  answered: [
    METRICS.recordingStarted,
    METRICS.recordingAdopted,
    METRICS.callUnrecorded,
    METRICS.callDeclined,
  ],
  started: [METRICS.recordingStarted, METRICS.recordingAdopted],
  completed: [METRICS.recordingCompleted],
  absent: [METRICS.recordingAbsent],
  failed: [METRICS.recordingFailed],
  unrecorded: [METRICS.callUnrecorded],
  'never answered': [METRICS.callNeverAnswered],
  declined: [METRICS.callDeclined],
} as const satisfies Readonly<Record<string, readonly MetricName[]>>;

export type Stage = keyof typeof FUNNEL;

export const STAGES = Object.keys(FUNNEL) as readonly Stage[];
