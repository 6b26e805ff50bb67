import { Duration, Stack } from 'aws-cdk-lib';
import {
  Alarm,
  AlarmRule,
  AlarmState,
  ComparisonOperator,
  CompositeAlarm,
  type IAlarm,
  type IMetric,
  MathExpression,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { EventField, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Alias, IFunction } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { METRICS, type MetricName } from '../lambda/shared/contract.ts';
import { acknowledge } from './acknowledgements.ts';
import { FIVE_MINUTES, type OwnMetrics, ofVersion } from './metrics.ts';

/** Alarms that page together. */
export const COMPOSITES = {
  CallSafety: 'Callers may hear nothing, or hear it late',
  RecordingHealth: 'Calls may go unrecorded, or recordings be lost',
} as const;
export type Composite = keyof typeof COMPOSITES;

export interface AlarmsProps {
  /** What the functions emit. */
  readonly own: OwnMetrics;
  /** Of which a caller waits for the answer. */
  readonly callersFunctions: readonly IFunction[];
  /** Those that a deployment moves to a new version bit by bit. */
  readonly aliases: readonly Alias[];
  /** The functions that must not be kept waiting, and that nobody has limited. */
  readonly throttleable: readonly IFunction[];
  /** Answers of the API that were errors of ours. */
  readonly serverErrors: IMetric;
  readonly stateMachine: IStateMachine;
  /** Requests to the table and to its index that were throttled. */
  readonly tableThrottles: readonly IMetric[];
  readonly deadLetters: IQueue;
  /** Of the account's own, for what is published. */
  readonly key?: IKey | undefined;
  /** Who is mailed. */
  readonly email?: string | undefined;
  /** Address of the runbook, to which the alarm's name is added as a fragment. */
  readonly runbookUrl: string;
}

/** Those that a bad version sets off, and little else: what goes wrong at Twilio or at AWS must not keep a mend out. */
const NEW_VERSION_SIGNS = [
  'NewVersionFails',
  'NewVersionSlow',
  'WebhookFailed',
  'SignatureUnverifiable',
] as const;

interface Definition {
  readonly what: string;
  /** The one that pages; left out, the alarm tells the topic by itself. */
  readonly part?: Composite;
  readonly metric: IMetric;
  readonly threshold: number;
  readonly comparison?: ComparisonOperator;
  /** So many periods of the last so many; default the last one. */
  readonly of?: readonly [number, number];
  readonly missing?: TreatMissingData;
}

/** What pages, and whom it tells. */
export class Alarms extends Construct {
  readonly topic: Topic;
  /** Which tell that a new version must not take more requests. */
  readonly ofNewVersions: readonly IAlarm[];
  /** By name, the composites first. */
  readonly all: Readonly<Record<string, IAlarm>>;

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    this.topic = topicFor(this, props);
    const action = new SnsAction(this.topic);
    const definitions = definitionsOf(props);
    const alarms = Object.fromEntries(
      Object.entries(definitions).map(([name, definition]) => [
        name,
        alarmOf(this, name, definition, props.runbookUrl),
      ]),
    );
    const composites = Object.fromEntries(
      (Object.keys(COMPOSITES) as Composite[]).map((name) => {
        const parts = Object.entries(alarms).filter(([part]) => definitions[part]?.part === name);
        const composite = new CompositeAlarm(this, name, {
          alarmDescription: `${COMPOSITES[name]}: ${props.runbookUrl}#${name.toLowerCase()}`,
          alarmRule: AlarmRule.anyOf(
            ...parts.map(([, alarm]) => AlarmRule.fromAlarm(alarm, AlarmState.ALARM)),
          ),
        });
        composite.addAlarmAction(action);
        composite.addOkAction(action);
        return [name, composite];
      }),
    );
    for (const [name, alarm] of Object.entries(alarms)) {
      if (definitions[name]?.part === undefined) {
        alarm.addAlarmAction(action);
      } else {
        acknowledge(
          alarm,
          'HIPAA.Security-CloudWatchAlarmAction',
          'The composite of which it is a part tells the topic.',
        );
      }
    }
    this.ofNewVersions = NEW_VERSION_SIGNS.flatMap((name) => alarms[name] ?? []);
    this.all = { ...composites, ...alarms };
    tellOfExecutions(this, props.stateMachine, this.topic);
  }
}

function alarmOf(scope: Construct, id: string, definition: Definition, runbookUrl: string): Alarm {
  const { what, metric, threshold, comparison, of: [datapoints, periods] = [1, 1], missing } = definition;
  return new Alarm(scope, id, {
    alarmDescription: `${what}: ${runbookUrl}#${id.toLowerCase()}`,
    metric,
    threshold,
    comparisonOperator: comparison ?? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    datapointsToAlarm: datapoints,
    evaluationPeriods: periods,
    treatMissingData: missing ?? TreatMissingData.NOT_BREACHING,
  });
}

/** One figure of several metrics. */
const across =
  (aggregate: 'SUM' | 'MAX') =>
  (metrics: readonly IMetric[], label: string, period = FIVE_MINUTES): IMetric =>
    new MathExpression({
      expression: `${aggregate}(METRICS())`,
      usingMetrics: Object.fromEntries(metrics.map((metric, index) => [`m${index}`, metric])),
      period,
      label,
    });
const sumOf = across('SUM');

/**
 * The same of metrics which are there only when there is something to count, with 0 in between. What is missing of
 * DynamoDB's, for one, would else leave an alarm as it is, whatever it says of missing data:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
 */
const filledSumOf = (metrics: readonly IMetric[], label: string, period = FIVE_MINUTES): IMetric =>
  new MathExpression({
    expression: metrics.map((_, index) => `FILL(m${index}, 0)`).join(' + '),
    usingMetrics: Object.fromEntries(metrics.map((metric, index) => [`m${index}`, metric])),
    period,
    label,
  });
const greatestOf = across('MAX');

function definitionsOf(props: AlarmsProps): Readonly<Record<string, Definition>> {
  const {
    own,
    callersFunctions,
    aliases,
    throttleable,
    serverErrors,
    stateMachine,
    tableThrottles,
    deadLetters,
  } = props;
  const period = FIVE_MINUTES;
  // A canary's time is short.
  const minute = Duration.minutes(1);
  const any = (metric: MetricName) => ({ metric: own.of(metric), threshold: 1 });
  return {
    // Of no composite: one that is in ALARM already, for an operator's 503 or a row that is overdue, would not tell of it.
    WebhookUnhealthy: {
      what: 'A function that a caller waits for failed',
      metric: sumOf(
        callersFunctions.map((one) => one.metricErrors({ period })),
        'failed invocations',
      ),
      threshold: 1,
    },
    WebhookFailed: {
      what: 'A function that a caller waits for failed, and answered all the same',
      part: 'CallSafety',
      // A sign of new versions too.
      metric: own.of(METRICS.webhookFailed, { period: minute }),
      threshold: 1,
    },
    ApiUnhealthy: {
      what: 'The API answered with an error of its own',
      part: 'CallSafety',
      metric: serverErrors,
      threshold: 1,
    },
    WebhookSlow: {
      what: 'A function that callers wait for takes more than two seconds, for one in a hundred',
      part: 'CallSafety',
      metric: greatestOf(
        callersFunctions.map((one) => one.metricDuration({ period, statistic: Stats.percentile(99) })),
        'p99, ms',
      ),
      threshold: 2_000,
      of: [2, 3],
    },
    Throttled: {
      what: 'Lambda refused to run a function that a call needs',
      part: 'CallSafety',
      metric: sumOf(
        throttleable.map((one) => one.metricThrottles({ period })),
        'throttled invocations',
      ),
      threshold: 1,
    },
    CallTurnedAway: {
      what: 'The gate ended a call that was not recorded',
      part: 'CallSafety',
      ...any(METRICS.callTurnedAway),
    },
    SignatureUnverifiable: {
      what: 'The secret cannot be read, so no webhook can be verified',
      part: 'CallSafety',
      ...any(METRICS.signatureUnverifiable),
    },
    ...(aliases.length > 0 && {
      NewVersionFails: {
        what: 'The version that callers are being led to fails',
        metric: sumOf(
          aliases.map((one) => ofVersion(one, 'Errors', { statistic: Stats.SUM, period: minute })),
          'failed invocations',
          minute,
        ),
        threshold: 1,
      },
      NewVersionSlow: {
        what: 'The version that callers are being led to takes more than two seconds',
        metric: greatestOf(
          aliases.map((one) =>
            ofVersion(one, 'Duration', { statistic: Stats.percentile(99), period: minute }),
          ),
          'p99, ms',
          minute,
        ),
        threshold: 2_000,
        // One request of few, the first in its environment, is no reason.
        of: [2, 3] as const,
      },
    }),
    CallUnrecorded: {
      what: 'An answered call was not recorded',
      part: 'RecordingHealth',
      ...any(METRICS.callUnrecorded),
    },
    RecordingFailed: {
      what: 'A recording was begun, and Twilio could not keep it',
      part: 'RecordingHealth',
      ...any(METRICS.recordingFailed),
    },
    RecordingEndedEarly: {
      what: 'A call went on after its recording had ended, and nobody here had ended it',
      part: 'RecordingHealth',
      ...any(METRICS.recordingEndedEarly),
    },
    CoverageLow: {
      what: 'Of the answered calls of an hour, more than one in a hundred was not recorded',
      part: 'RecordingHealth',
      metric: own.coverage(Duration.hours(1)),
      threshold: 99,
      comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
    },
    SweepMissing: {
      what: 'No sweep has succeeded for ten minutes: nobody looks for calls without a webhook',
      // Of a metric that stops, CloudWatch looks at some more periods than it is told to, and would be as much later.
      // https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
      metric: filledSumOf([own.of(METRICS.sweepCompleted)], 'sweeps'),
      threshold: 1,
      comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
      of: [2, 2],
      // What has no data at all may not be filled either.
      missing: TreatMissingData.BREACHING,
    },
    TwilioUnauthorized: {
      what: 'Twilio refused the API key',
      part: 'RecordingHealth',
      ...any(METRICS.twilioUnauthorized),
    },
    StartExecutionFailed: {
      what: 'An execution could not be started: the TwiML records, and the sweep follows',
      part: 'RecordingHealth',
      ...any(METRICS.startExecutionFailed),
    },
    ExecutionsFailed: {
      what: 'An execution failed, timed out or was aborted',
      part: 'RecordingHealth',
      metric: sumOf(
        [
          stateMachine.metricFailed({ period }),
          stateMachine.metricTimedOut({ period }),
          stateMachine.metricAborted({ period }),
        ],
        'executions',
      ),
      threshold: 1,
    },
    RowOverdue: {
      what: 'The row of a call is still open 15 minutes after its end',
      part: 'RecordingHealth',
      ...any(METRICS.rowOverdue),
    },
    TableThrottled: {
      what: 'The table refused requests',
      part: 'RecordingHealth',
      metric: filledSumOf(tableThrottles, 'throttled requests'),
      threshold: 1,
      of: [2, 3],
    },
    WebhookMissed: {
      what: 'The sweep found a call that no webhook had announced',
      ...any(METRICS.callDiscovered),
    },
    RequestsRefused: {
      what: 'Webhooks are refused and none is accepted: the auth token in the secret may be the wrong one',
      metric: new MathExpression({
        expression: 'IF(FILL(received, 0) == 0, FILL(refused, 0), 0)',
        usingMetrics: {
          received: own.of(METRICS.callReceived),
          refused: own.of(METRICS.requestRefused),
        },
        period: FIVE_MINUTES,
        label: 'refused, with none accepted',
      }),
      threshold: 3,
    },
    TwilioThrottled: {
      what: 'Twilio answers more than one request in twenty with 429',
      metric: own.throttledShare(),
      threshold: 5,
      comparison: ComparisonOperator.GREATER_THAN_THRESHOLD,
      of: [2, 3],
    },
    DeadLetters: {
      what: 'A sweep failed and left a message',
      metric: deadLetters.metricApproximateNumberOfMessagesVisible({ period, statistic: Stats.MAXIMUM }),
      threshold: 1,
    },
    PauseLeftOpen: {
      what: 'A recording may be paused for too long, or go on though it was told not to',
      ...any(METRICS.pauseLeftOpen),
    },
    CommandUnconfirmed: {
      what: 'Nobody knows whether an operator’s command was carried out',
      ...any(METRICS.commandUnconfirmed),
    },
    ConsentNotKept: {
      what: 'What a caller said may not be stored',
      ...any(METRICS.consentNotKept),
    },
    RecordingNotDeleted: {
      what: 'Twilio does not delete a recording whose caller said no',
      ...any(METRICS.recordingNotDeleted),
    },
    NextCorrupt: {
      what: 'A number’s voice URL names no application, so its callers get the default answer',
      ...any(METRICS.nextCorrupt),
    },
  };
}

function topicFor(scope: Construct, { email, key }: Pick<AlarmsProps, 'email' | 'key'>): Topic {
  const topic = new Topic(scope, 'Topic', {
    displayName: 'Call recorder',
    enforceSSL: true,
    ...(key && { masterKey: key }),
  });
  // A policy of its own takes the place of the one that lets the account's services publish.
  topic.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
    }),
  );
  if (email !== undefined) {
    acknowledge(
      topic.addSubscription(new EmailSubscription(email)),
      'Serverless-SNSRedrivePolicy',
      'A queue of e-mails that did not arrive would be read by nobody.',
    );
  }
  return topic;
}

/**
 * Names each call whose execution did not succeed: an execution that is aborted, or runs out of time, is caught by no
 * state. https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
 */
function tellOfExecutions(scope: Construct, stateMachine: IStateMachine, topic: Topic): void {
  const rule = new Rule(scope, 'ExecutionEnded', {
    description: 'Tells of executions that failed, timed out or were aborted',
    eventPattern: {
      source: ['aws.states'],
      detailType: ['Step Functions Execution Status Change'],
      detail: {
        status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
        stateMachineArn: [stateMachine.stateMachineArn],
      },
    },
    targets: [
      new SnsTopic(topic, {
        // Not the whole event: its input holds phone numbers.
        message: RuleTargetInput.fromText(
          `The execution of call ${EventField.fromPath('$.detail.name')} is ${EventField.fromPath('$.detail.status')}; its row and its history say why.`,
        ),
      }),
    ],
  });
  acknowledge(
    rule,
    'Serverless-EventBusDLQ',
    'A message that does not arrive is late news: the alarm ExecutionsFailed counts the same executions.',
  );
}
