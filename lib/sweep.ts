import { Duration, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Schedule, ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { SweepSettings } from '../lambda/shared/settings.ts';
import { acknowledge, arnIn, wildcard } from './acknowledgements.ts';
import { RecorderFunction } from './recorder-function.ts';

const EVERY = Duration.minutes(1);

export interface SweepProps {
  readonly logRetention: RetentionDays;
  /** Of the account's own, for the messages of sweeps that failed. */
  readonly key?: IKey | undefined;
  readonly settings: SweepSettings;
  readonly environment: Record<string, string>;
}

/** Every minute, looks through Twilio's own list of calls for those that nobody follows. */
export class Sweep extends Construct {
  readonly sweep: RecorderFunction;
  /** Sweeps that failed. */
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { logRetention, key, settings, environment }: SweepProps) {
    super(scope, id);
    this.deadLetters = new Queue(this, 'DeadLetters', {
      ...(key
        ? { encryption: QueueEncryption.KMS, encryptionMasterKey: key }
        : { encryption: QueueEncryption.SQS_MANAGED }),
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    for (const rule of ['AwsSolutions-SQS3', 'Serverless-SQSRedrivePolicy']) {
      acknowledge(this.deadLetters, rule, 'It is the dead-letter queue itself.');
    }
    this.sweep = new RecorderFunction(this, 'Function', {
      handler: 'sweep',
      description: 'Looks for calls that nobody follows',
      // After a long outage there is much to catch up on.
      timeout: Duration.minutes(5),
      logRetention,
      settings,
      environment,
    });
    // The next sweep looks at all that this one did not get to, so it is not tried again.
    this.sweep.configureAsyncInvoke({
      retryAttempts: 0,
      maxEventAge: EVERY,
      onFailure: new SqsDestination(this.deadLetters),
    });
    for (const action of ['kms:ReEncrypt*', 'kms:GenerateDataKey*']) {
      acknowledge(
        this.sweep.ownRole,
        `AwsSolutions-IAM5[Action::${action}]`,
        'All forms of an action on the one key of the queue.',
      );
    }
    const role = new Role(this, 'ScheduleRole', {
      // Nobody else's schedule may make use of it.
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    });
    // The queue's key: Scheduler sends to the queue in the role's name.
    key?.grant(role, 'kms:GenerateDataKey', 'kms:Decrypt');
    acknowledge(
      role,
      wildcard(`${arnIn(this.sweep)}:*`),
      'The versions of the one function that it invokes.',
    );
    new Schedule(this, 'Schedule', {
      description: 'Starts the sweep',
      schedule: ScheduleExpression.rate(EVERY),
      target: new LambdaInvoke(this.sweep, {
        role,
        deadLetterQueue: this.deadLetters,
        maxEventAge: EVERY,
        retryAttempts: 0,
      }),
    });
  }
}
