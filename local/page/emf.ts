import * as v from 'valibot';
import { METRICS, type MetricName } from '../../lambda/shared/contract.ts';

/** A metric as CloudWatch would take it from a function's output. */
export interface Measured {
  readonly metric: MetricName;
  readonly values: readonly number[];
  /** Milliseconds since the epoch. */
  readonly at: number;
}

const NAMES: ReadonlySet<string> = new Set(
  Object.entries(METRICS).flatMap(([key, name]) => (key === 'namespace' ? [] : [name])),
);
const isMetricName = (name: string): name is MetricName => NAMES.has(name);

const Document = v.looseObject({
  _aws: v.object({
    Timestamp: v.number(),
    CloudWatchMetrics: v.array(
      v.object({
        Namespace: v.literal(METRICS.namespace),
        Dimensions: v.tuple([v.tuple([v.literal('service')])]),
        Metrics: v.array(v.object({ Name: v.string() })),
      }),
    ),
  }),
  service: v.string(),
});
const Values = v.union([
  v.pipe(
    v.number(),
    v.transform((one) => [one]),
  ),
  v.array(v.number()),
]);

/**
 * The recorder's metrics in a line that a function printed, with the one dimension that dashboard and alarms ask for.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function metricsIn(line: string): readonly Measured[] {
  const parsed = v.safeParse(Document, jsonOf(line));
  if (!parsed.success) {
    return [];
  }
  const { _aws, ...values } = parsed.output;
  return _aws.CloudWatchMetrics.flatMap(({ Metrics }) => Metrics).flatMap(({ Name }) => {
    const measured = v.safeParse(Values, values[Name]);
    return isMetricName(Name) && measured.success
      ? [{ metric: Name, values: measured.output, at: _aws.Timestamp }]
      : [];
  });
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
