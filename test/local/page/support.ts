import { METRICS } from '../../../lambda/shared/contract.ts';

/** A line of metrics as the functions print it. */
export function emfLine(
  metrics: Readonly<Record<string, unknown>>,
  {
    at = 0,
    namespace = METRICS.namespace as string,
    dimension = 'service',
    service = 'CallRecorder/Recorder' as unknown,
  } = {},
): string {
  return JSON.stringify({
    _aws: {
      Timestamp: at,
      CloudWatchMetrics: [
        {
          Namespace: namespace,
          Dimensions: [[dimension]],
          Metrics: Object.keys(metrics).map((Name) => ({ Name, Unit: 'Count' })),
        },
      ],
    },
    service,
    ...metrics,
  });
}

export const sidOf = (number: number): string => `CA${String(number).padStart(32, '0')}`;
