import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { ENVIRONMENT, METRICS, type MetricName } from './contract.ts';
import { type Environment, environmentVariable } from './environment.ts';

/** What a log line is about. Never a token, a signature, a body or a whole phone number. */
export interface LogDetails {
  readonly callSid?: string;
  readonly [detail: string]:
    | string
    | number
    | boolean
    | undefined
    | { readonly name: string; readonly message: string };
}

/** Logs and metrics of one function. */
export interface Telemetry {
  /** @param atOnce not only when the invocation is done, which it may not live to see */
  count(metric: MetricName, atOnce?: boolean): void;
  record(metric: MetricName, value: number): void;
  info(message: string, details: LogDetails): void;
  warn(message: string, details: LogDetails): void;
  error(message: string, details: LogDetails): void;
}

/** What cannot be reported is no reason for a call to fail, and there is nowhere to say so. */
const quietly =
  <A extends unknown[]>(report: (...args: A) => void) =>
  (...args: A): void => {
    try {
      report(...args);
    } catch {
      // See above.
    }
  };

/** Telemetry that never throws. */
export const unfailing = (telemetry: Telemetry): Telemetry => ({
  count: quietly(telemetry.count),
  record: quietly(telemetry.record),
  info: quietly(telemetry.info),
  warn: quietly(telemetry.warn),
  error: quietly(telemetry.error),
});

/**
 * Structured logs and CloudWatch's embedded metrics on standard output. `perInvocation` wraps a handler: it puts the
 * request's id on each line and prints the metrics when the handler is done, whatever came of it. Throws
 * EnvironmentInvalidError.
 */
export function powertools(environment?: Environment) {
  // Without a name Powertools would take one of its own, under which no alarm looks.
  const serviceName = environmentVariable(ENVIRONMENT.serviceName, environment);
  const logger = new Logger({ serviceName });
  const metrics = new Metrics({ namespace: METRICS.namespace, serviceName });
  const telemetry: Telemetry = {
    count: (metric, atOnce = false) => {
      (atOnce ? metrics.singleMetric() : metrics).addMetric(metric, MetricUnit.Count, 1);
    },
    record: (metric, value) => {
      metrics.addMetric(
        metric,
        metric.endsWith('Milliseconds') ? MetricUnit.Milliseconds : MetricUnit.Count,
        value,
      );
    },
    info: (message, details) => logger.info(message, details),
    warn: (message, details) => logger.warn(message, details),
    error: (message, details) => logger.error(message, details),
  };
  const publish = quietly(() => {
    if (metrics.hasStoredMetrics()) {
      metrics.publishStoredMetrics();
    }
  });
  const perInvocation =
    <E, R>(handler: (event: E, requestId: string) => Promise<R>) =>
    async (event: E, context: { readonly awsRequestId: string }): Promise<R> => {
      logger.resetKeys();
      logger.appendKeys({ requestId: context.awsRequestId });
      try {
        return await handler(event, context.awsRequestId);
      } finally {
        publish();
      }
    };
  return { telemetry, perInvocation };
}
