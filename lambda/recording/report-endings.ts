import { METRICS, type MetricName } from '../shared/contract.ts';
import type { Telemetry } from '../shared/telemetry.ts';
import type { CallStore } from './store.ts';

const COUNTED: ReadonlyMap<string | undefined, MetricName> = new Map([
  ['completed', METRICS.recordingCompleted],
  ['absent', METRICS.recordingAbsent],
  ['failed', METRICS.recordingFailed],
]);

/** Counts how recordings end, whoever is the first to learn it. */
export function reportingEndings<S extends Pick<CallStore, 'apply'>>(store: S, telemetry: Telemetry): S {
  return {
    ...store,
    apply: async (...change: Parameters<CallStore['apply']>) => {
      const applied = await store.apply(...change);
      const metric = COUNTED.get(applied.ended);
      if (metric) {
        telemetry.count(metric);
      }
      return applied;
    },
  };
}
