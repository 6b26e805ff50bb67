import * as v from 'valibot';
import * as types from '../../local/host/resource-types.ts';
import type { Stack } from '../../local/host/stack.ts';
import { computeOf } from './bill.ts';
import { cost } from './prices.ts';
import type { Design, SweepUsage } from './usage.ts';

/** What the template keeps up, whether calls come or not. */
export interface Standing {
  /** Of all alarms together: each is paid for. */
  readonly alarmMetrics: number;
  readonly compositeAlarms: number;
  readonly dashboards: number;
  readonly secrets: number;
  /** Invocations by schedules. */
  readonly sweepsAMonth: number;
}

/** What is paid for by the month. */
export interface MonthlyLine {
  readonly what: string;
  readonly count: string;
  readonly dollars: number;
}

const MINUTES_A_MONTH = (365 / 12) * 24 * 60;
const GIGABYTE = 1024 ** 3;

const Alarm = v.object({ Metrics: v.optional(v.array(v.object({ MetricStat: v.optional(v.unknown()) }))) });
const Schedule = v.object({
  ScheduleExpression: v.pipe(v.string(), v.regex(/^rate\(1 minute\)$/, 'only a schedule of each minute')),
});

export function standingOf(stack: Stack): Standing {
  const alarms = stack
    .resources('AWS::CloudWatch::Alarm')
    .map((alarm) => stack.properties(alarm, Alarm).Metrics?.filter(({ MetricStat }) => MetricStat).length);
  for (const schedule of stack.resources(types.SCHEDULE)) stack.properties(schedule, Schedule);
  return {
    alarmMetrics: alarms.reduce<number>((sum, metrics) => sum + (metrics ?? 1), 0),
    compositeAlarms: stack.resources('AWS::CloudWatch::CompositeAlarm').length,
    dashboards: stack.resources('AWS::CloudWatch::Dashboard').length,
    secrets: stack.resources(types.SECRET).length,
    sweepsAMonth: stack.resources(types.SCHEDULE).length * MINUTES_A_MONTH,
  };
}

/**
 * What a month costs besides the calls.
 *
 * @param metrics custom metrics that are emitted
 */
export function monthlyBill(
  standing: Standing,
  metrics: number,
  sweep: SweepUsage,
  design: Design['functions'][string],
): readonly MonthlyLine[] {
  const { alarmMetrics, compositeAlarms, dashboards, secrets, sweepsAMonth } = standing;
  const ofOneSweep =
    cost('schedule', 1) +
    cost('lambdaRequest', 1) +
    computeOf(design, sweep.milliseconds) +
    cost('writeUnit', sweep.writeUnits) +
    cost('readUnit', sweep.readUnits) +
    cost('secretRead', sweep.secretReads) +
    cost('logGigabyte', sweep.logBytes / GIGABYTE) +
    cost('trace', design.tracing ? 1 : 0);
  return [
    { what: 'Custom metrics', count: `${metrics}`, dollars: cost('metricMonth', metrics) },
    {
      what: 'Alarms',
      count: `${alarmMetrics} metrics, ${compositeAlarms} composites`,
      dollars: cost('alarmMetricMonth', alarmMetrics) + cost('compositeAlarmMonth', compositeAlarms),
    },
    { what: 'Dashboard', count: `${dashboards}`, dollars: cost('dashboardMonth', dashboards) },
    { what: 'Secret', count: `${secrets}`, dollars: cost('secretMonth', secrets) },
    {
      what: 'Sweep, all that it uses',
      count: `${Math.round(sweepsAMonth)} times`,
      dollars: ofOneSweep * sweepsAMonth,
    },
  ];
}
