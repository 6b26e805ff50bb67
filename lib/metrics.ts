import { Duration } from 'aws-cdk-lib';
import { type IMetric, MathExpression, Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Alias } from 'aws-cdk-lib/aws-lambda';
import { METRICS, type MetricName, SERVICE } from '../lambda/shared/contract.ts';
import { FUNNEL, type Stage } from './funnel.ts';

export const FIVE_MINUTES = Duration.minutes(5);

/** A metric that the functions emit: the sum of five minutes, unless the options say else. */
export const ownMetric = (
  metricName: MetricName,
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

/** How many calls came to a stage of the funnel. */
export const stageMetric = (stage: Stage, period = FIVE_MINUTES): IMetric =>
  new MathExpression({
    expression: sumOf(stage),
    usingMetrics: metricsOf([stage], period),
    period,
    label: stage,
  });

/** Of the calls that were answered, or may have been, how many in a hundred have a recording. */
export const coverage = (period: Duration): IMetric =>
  new MathExpression({
    expression: `100 * (${sumOf('started')}) / (${sumOf('started')} + ${sumOf('unrecorded')})`,
    usingMetrics: metricsOf(['started', 'unrecorded'], period),
    period,
    label: 'recorded, %',
  });

/** What a metric is called in an expression: it has to begin with a small letter. */
const idOf = (name: MetricName): string => name.charAt(0).toLowerCase() + name.slice(1);

const sumOf = (stage: Stage): string => FUNNEL[stage].map((name) => `FILL(${idOf(name)}, 0)`).join(' + ');

const metricsOf = (stages: readonly Stage[], period: Duration): Record<string, IMetric> =>
  Object.fromEntries(
    stages.flatMap((stage) => FUNNEL[stage]).map((name) => [idOf(name), ownMetric(name, { period })]),
  );

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
