import { Duration } from 'aws-cdk-lib';
import { type IMetric, MathExpression, Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Alias } from 'aws-cdk-lib/aws-lambda';
import { METRICS, SERVICE } from '../lambda/shared/contract.ts';

export const FIVE_MINUTES = Duration.minutes(5);

type Name = Exclude<(typeof METRICS)[keyof typeof METRICS], typeof METRICS.namespace>;

/** A metric that the functions emit: the sum of five minutes, unless the options say else. */
export const ownMetric = (
  metricName: Name,
  { statistic = Stats.SUM, period = FIVE_MINUTES, label = '' } = {},
): Metric =>
  new Metric({
    namespace: METRICS.namespace,
    metricName,
    dimensionsMap: { service: SERVICE },
    statistic,
    period,
    ...(label && { label }),
  });

/** Of the calls that were answered, or may have been, how many in a hundred have a recording. */
export const coverage = (period: Duration): IMetric =>
  new MathExpression({
    expression:
      '100 * (FILL(started, 0) + FILL(adopted, 0)) / (FILL(started, 0) + FILL(adopted, 0) + FILL(unrecorded, 0))',
    usingMetrics: {
      started: ownMetric(METRICS.recordingStarted, { period }),
      adopted: ownMetric(METRICS.recordingAdopted, { period }),
      unrecorded: ownMetric(METRICS.callUnrecorded, { period }),
    },
    period,
    label: 'recorded, %',
  });

/** How many in a hundred of Twilio's answers are 429. */
export const throttledShare = (): IMetric =>
  new MathExpression({
    expression:
      '100 * FILL(throttled, 0) / (FILL(throttled, 0) + FILL(ok, 0) + FILL(refused, 0) + FILL(failed, 0) + FILL(unauthorized, 0))',
    usingMetrics: {
      throttled: ownMetric(METRICS.twilioThrottled),
      ok: ownMetric(METRICS.twilioOk),
      refused: ownMetric(METRICS.twilioRefused),
      failed: ownMetric(METRICS.twilioFailed),
      unauthorized: ownMetric(METRICS.twilioUnauthorized),
    },
    period: FIVE_MINUTES,
    label: '429, %',
  });

/**
 * A metric of the version that an alias is led to, while requests are still shared with the one before.
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
 */
export const ofVersion = (alias: Alias, metricName: string, options: MetricOptions): IMetric =>
  alias.metric(metricName, {
    ...options,
    dimensionsMap: {
      FunctionName: alias.lambda.functionName,
      Resource: `${alias.lambda.functionName}:${alias.aliasName}`,
      ExecutedVersion: alias.version.version,
    },
  });
