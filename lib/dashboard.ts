import { Duration } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IAlarm,
  type IMetric,
  LogQueryWidget,
  SingleValueWidget,
  Stats,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { METRICS, type MetricName } from '../lambda/shared/contract.ts';
import { STAGES } from './funnel.ts';
import { FIVE_MINUTES, type OwnMetrics } from './metrics.ts';

export interface RecorderDashboardProps {
  /** What the functions emit. */
  readonly own: OwnMetrics;
  readonly alarms: readonly IAlarm[];
  readonly functions: Readonly<Record<string, IFunction>>;
  readonly stateMachine: IStateMachine;
  readonly tableThrottles: readonly IMetric[];
  /** Of RecordUnrecorded: it says why calls have no recording. */
  readonly unrecordedLog: ILogGroup;
  readonly runbookUrl: string;
}

const FULL = 24;
const HALF = 12;
const THIRD = 8;
const HEIGHT = 6;

/** One page that tells how the recorder does: whether callers are served, calls recorded, and Twilio and AWS do their part. */
export class RecorderDashboard extends Dashboard {
  constructor(scope: Construct, id: string, props: RecorderDashboardProps) {
    super(scope, id, { defaultInterval: Duration.hours(12) });
    const { own, runbookUrl } = props;
    const percentiles = (name: MetricName): readonly IMetric[] =>
      [50, 95, 99].map((share) => own.of(name, { statistic: Stats.percentile(share), label: `p${share}` }));
    this.addWidgets(
      new TextWidget({
        width: FULL,
        height: 2,
        markdown: `# Call recorder\nAn alarm's name is its section in the [runbook](${runbookUrl}).`,
      }),
    );
    this.addWidgets(
      new AlarmStatusWidget({ title: 'Alarms', width: FULL, height: 4, alarms: [...props.alarms] }),
    );
    const [calls, ...graphs] = funnel(own);
    this.addWidgets(calls);
    this.addWidgets(...graphs);
    this.addWidgets(
      graph('Time to recording, ms', THIRD, percentiles(METRICS.timeToRecordingMilliseconds)),
      graph('Creates for a recording', THIRD, [
        own.of(METRICS.createsPerRecording, { statistic: Stats.AVERAGE, label: 'mean' }),
        own.of(METRICS.createsPerRecording, { statistic: Stats.MAXIMUM, label: 'most' }),
        own.of(METRICS.recordingAdopted, { label: 'found instead' }),
      ]),
      graph('Callbacks', THIRD, [
        own.of(METRICS.callbackReceived, { label: 'received' }),
        own.of(METRICS.callbackDuplicate, { label: 'known already' }),
        own.of(METRICS.callbackUnknownCall, { label: 'of unknown calls' }),
        own.of(METRICS.callbackConflict, { label: 'in conflict' }),
        own.of(METRICS.recordingReconciled, { label: 'never came' }),
      ]),
    );
    this.addWidgets(
      graph('Twilio’s answers', THIRD, [
        own.of(METRICS.twilioOk, { label: '2xx' }),
        own.of(METRICS.twilioRefused, { label: '4xx' }),
        own.of(METRICS.twilioUnauthorized, { label: '401, 403' }),
        own.of(METRICS.twilioThrottled, { label: '429' }),
        own.of(METRICS.twilioFailed, { label: '5xx, none' }),
      ]),
      graph('Twilio, 429 in a hundred', THIRD, [own.throttledShare()]),
      graph('Twilio’s latency, ms', THIRD, percentiles(METRICS.twilioLatencyMilliseconds)),
    );
    this.addWidgets(
      graph('Sweeps', THIRD, [
        own.of(METRICS.sweepCompleted, { label: 'succeeded' }),
        own.of(METRICS.callDiscovered, { label: 'calls discovered' }),
        own.of(METRICS.executionRevived, { label: 'executions revived' }),
        own.of(METRICS.recordingSurplus, { label: 'second recordings stopped' }),
        own.of(METRICS.rowOverdue, { label: 'rows overdue' }),
        own.of(METRICS.recordingEndedEarly, { label: 'recordings ended early' }),
      ]),
      graph('Operators', THIRD, [
        own.of(METRICS.commandDone, { label: 'done' }),
        own.of(METRICS.commandFailed, { label: 'not done' }),
        own.of(METRICS.commandUnconfirmed, { label: 'unconfirmed' }),
        own.of(METRICS.pauseEnded, { label: 'pauses ended' }),
        own.of(METRICS.pauseLeftOpen, { label: 'pauses left open' }),
      ]),
      graph('Requests refused', THIRD, [
        own.of(METRICS.requestRefused, { label: 'not Twilio’s' }),
        own.of(METRICS.signatureUnverifiable, { label: 'unverifiable' }),
        own.of(METRICS.nextCorrupt, { label: 'without an application' }),
      ]),
    );
    const { functions, stateMachine, tableThrottles } = props;
    const period = FIVE_MINUTES;
    const each = (metricOf: (one: IFunction) => IMetric): readonly IMetric[] =>
      Object.values(functions).map(metricOf);
    const label = (one: IFunction): string =>
      Object.entries(functions).find(([, other]) => other === one)?.[0] ?? '';
    this.addWidgets(
      graph(
        'Functions, p99 ms',
        THIRD,
        each((one) => one.metricDuration({ period, statistic: Stats.percentile(99), label: label(one) })),
      ),
      graph('Functions, errors', THIRD, [
        ...each((one) => one.metricErrors({ period, label: label(one) })),
        own.of(METRICS.webhookFailed, { label: 'answered all the same' }),
      ]),
      graph(
        'Functions, at once',
        THIRD,
        each((one) =>
          one.metric('ConcurrentExecutions', { period, statistic: Stats.MAXIMUM, label: label(one) }),
        ),
      ),
    );
    this.addWidgets(
      graph('Executions', HALF, [
        stateMachine.metricStarted({ period, label: 'started' }),
        stateMachine.metricSucceeded({ period, label: 'succeeded' }),
        stateMachine.metricFailed({ period, label: 'failed' }),
        stateMachine.metricTimedOut({ period, label: 'timed out' }),
        stateMachine.metricAborted({ period, label: 'aborted' }),
        stateMachine.metricThrottled({ period, label: 'throttled' }),
      ]),
      graph('The table, throttled', HALF, tableThrottles),
    );
    this.addWidgets(
      new LogQueryWidget({
        title: 'Calls without a recording',
        width: FULL,
        height: HEIGHT,
        logGroupNames: [props.unrecordedLog.logGroupName],
        queryLines: [
          'fields @timestamp, callSid, reason, failure',
          "filter level = 'ERROR'",
          'sort @timestamp desc',
          'limit 50',
        ],
      }),
    );
  }
}

function funnel(own: OwnMetrics): [SingleValueWidget, GraphWidget, GraphWidget] {
  const total = Duration.hours(12);
  return [
    new SingleValueWidget({
      title: 'Calls',
      width: FULL,
      height: 4,
      setPeriodToTimeRange: true,
      metrics: [...STAGES.map((stage) => own.stage(stage, total)), own.coverage(total)],
    }),
    graph('What became of calls', HALF, [
      ...STAGES.map((stage) => own.stage(stage)),
      own.of(METRICS.callTurnedAway, { label: 'turned away' }),
    ]),
    graph('Recorded, %', HALF, [own.coverage(Duration.hours(1))]),
  ];
}

const graph = (title: string, width: number, left: readonly IMetric[]): GraphWidget =>
  new GraphWidget({ title, width, height: HEIGHT, left: [...left] });
