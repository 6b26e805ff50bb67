import { Duration } from 'aws-cdk-lib';
import { type IMetric, MathExpression, Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Alias } from 'aws-cdk-lib/aws-lambda';
import { METRICS, type MetricName } from '../lambda/shared/contract.ts';
import { FUNNEL, type Stage } from './funnel.ts';

export const FIVE_MINUTES = Duration.minutes(5);

/** The metrics that the functions of one recorder emit, and what is computed of them. */
export class OwnMetrics {
  readonly #serviceName: string;

  /** @param serviceName as the functions have it in their environment */
  constructor(serviceName: string) {
    this.#serviceName = serviceName;
  }

  /** The sum of five minutes, unless the options say else. */
  of(metricName: MetricName, { statistic = Stats.SUM, period = FIVE_MINUTES, label = '' } = {}): Metric {
    return new Metric({
      namespace: METRICS.namespace,
      metricName,
      dimensionsMap: { service: this.#serviceName },
      statistic,
      period,
      ...(label && { label }),
    });
  }

  /** How many calls came to a stage of the funnel. */
  stage(stage: Stage, period = FIVE_MINUTES): IMetric {
    return new MathExpression({
      expression: sumOf(stage),
      usingMetrics: this.#allOf([stage], period),
      period,
      label: stage,
    });
  }

  /** Of the calls that were answered, or may have been, how many in a hundred have a recording. */
  coverage(period: Duration): IMetric {
    return new MathExpression({
      expression: `100 * (${sumOf('started')}) / (${sumOf('started')} + ${sumOf('unrecorded')})`,
      usingMetrics: this.#allOf(['started', 'unrecorded'], period),
      period,
      label: 'recorded, %',
    });
  }

  /** How many in a hundred of Twilio's answers are 429. */
  throttledShare(): IMetric {
    return new MathExpression({
      expression:
        '100 * FILL(throttled, 0) / (FILL(throttled, 0) + FILL(ok, 0) + FILL(refused, 0) + FILL(failed, 0) + FILL(unauthorized, 0))',
      usingMetrics: {
        throttled: this.of(METRICS.twilioThrottled),
        ok: this.of(METRICS.twilioOk),
        refused: this.of(METRICS.twilioRefused),
        failed: this.of(METRICS.twilioFailed),
        unauthorized: this.of(METRICS.twilioUnauthorized),
      },
      period: FIVE_MINUTES,
      label: '429, %',
    });
  }

  #allOf(stages: readonly Stage[], period: Duration): Record<string, IMetric> {
    return Object.fromEntries(
      stages.flatMap((stage) => FUNNEL[stage]).map((name) => [idOf(name), this.of(name, { period })]),
    );
  }
}

/** What a metric is called in an expression: it has to begin with a small letter. */
const idOf = (name: MetricName): string => name.charAt(0).toLowerCase() + name.slice(1);

const sumOf = (stage: Stage): string => FUNNEL[stage].map((name) => `FILL(${idOf(name)}, 0)`).join(' + ');

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
