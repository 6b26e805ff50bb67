import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  Choice,
  Condition,
  DefinitionBody,
  Fail,
  type IChainable,
  JitterType,
  JsonPath,
  LogLevel,
  StateMachine,
  StateMachineType,
  Succeed,
  TaskInput,
  Timeout,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import { START_OUTCOMES, STATES } from '../lambda/shared/contract.ts';
import {
  EnvironmentInvalidError,
  SecretInvalidError,
  SecretUnavailableError,
  StoreUnavailableError,
} from '../lambda/shared/errors.ts';

/** Step Functions reports an error of a function by its class's name. */
const names = (...classes: (new (message: string) => Error)[]): string[] =>
  classes.map((type) => new type('').name);

/**
 * What another try may mend: our own dependencies, and Lambda's.
 * https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html
 */
const TRANSIENT = [
  ...names(StoreUnavailableError, SecretUnavailableError),
  'Lambda.ClientExecutionTimeoutException',
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.TooManyRequestsException',
  'Lambda.Unknown',
  'Runtime.ExitError',
  'Sandbox.Timedout',
  'States.Timeout',
];

/** What only a person can mend. */
const PERMANENT = names(SecretInvalidError, EnvironmentInvalidError);

/** Waits of at most 1, 2, 4, 8, 16, then 30 seconds seven times: four minutes in all, half of that on average. */
const TRANSIENT_RETRY = {
  errors: TRANSIENT,
  interval: Duration.seconds(1),
  backoffRate: 2,
  maxDelay: Duration.seconds(30),
  maxAttempts: 12,
  jitterStrategy: JitterType.FULL,
};

/** An error that nobody foresaw: one second, then two. */
const UNFORESEEN_RETRY = {
  errors: ['States.TaskFailed'],
  interval: Duration.seconds(1),
  backoffRate: 2,
  maxAttempts: 2,
};

export interface CallStateMachineProps {
  /** Tries to start the recording for a few seconds. */
  readonly startRecording: IFunction;
  /** Keeps why there is no recording. */
  readonly recordUnrecorded: IFunction;
  /** Wait before the first try. */
  readonly startDelay: Duration;
  /** How long a call may ring. */
  readonly ringTimeout: Duration;
  readonly logRetention: RetentionDays;
}

/**
 * The state machine: one execution is one call. Standard, since it never runs two executions of one name and waits for
 * free; an execution's graph in the console is the story of its call.
 */
export class CallStateMachine extends StateMachine {
  constructor(scope: Construct, id: string, props: CallStateMachineProps) {
    super(scope, id, {
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromChainable(definition(new Construct(scope, `${id}States`), props)),
      // The functions give up by themselves at the ring timeout; this ends what hangs.
      timeout: props.ringTimeout.plus(props.startDelay).plus(Duration.minutes(15)),
      tracingEnabled: true,
      logs: {
        destination: new LogGroup(scope, `${id}Logs`, {
          retention: props.logRetention,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
        level: LogLevel.ERROR,
        // Inputs hold phone numbers.
        includeExecutionData: false,
      },
    });
  }
}

function definition(scope: Construct, props: CallStateMachineProps): IChainable {
  const unrecorded = recordUnrecorded(scope, props.recordUnrecorded);
  const start = new LambdaInvoke(scope, STATES.startRecording, {
    comment: 'Tries to start the recording for a few seconds',
    lambdaFunction: props.startRecording,
    payload: TaskInput.fromObject({
      call: JsonPath.entirePayload,
      executionStartTime: JsonPath.stringAt('$$.Execution.StartTime'),
    }),
    payloadResponseOnly: true,
    resultPath: '$.start',
    retryOnServiceExceptions: false,
    taskTimeout: Timeout.duration(Duration.seconds(40)),
  });
  start.addRetry({ errors: PERMANENT, maxAttempts: 0 });
  start.addRetry(TRANSIENT_RETRY);
  start.addRetry(UNFORESEEN_RETRY);
  start.addCatch(unrecorded, { errors: ['States.ALL'], resultPath: '$.failure' });

  const waitForAnswer = new Wait(scope, STATES.waitForAnswer, {
    comment: 'The call is not in progress yet',
    time: WaitTime.secondsPath('$.start.waitSeconds'),
  });
  const outcome = (...values: string[]): Condition =>
    values.length === 1
      ? Condition.stringEquals('$.start.outcome', values[0] ?? '')
      : Condition.or(...values.map((value) => Condition.stringEquals('$.start.outcome', value)));

  start.next(
    new Choice(scope, STATES.outcome)
      .when(
        outcome(START_OUTCOMES.started, START_OUTCOMES.adopted),
        new Succeed(scope, STATES.recording, {
          comment: 'The recording runs; callbacks tell how it goes on',
        }),
      )
      .when(outcome(START_OUTCOMES.notYet), waitForAnswer.next(start))
      .otherwise(unrecorded),
  );
  return props.startDelay.toSeconds() > 0
    ? new Wait(scope, STATES.startDelay, { time: WaitTime.duration(props.startDelay) }).next(start)
    : start;
}

function recordUnrecorded(scope: Construct, lambdaFunction: IFunction): LambdaInvoke {
  const task = new LambdaInvoke(scope, STATES.recordUnrecorded, {
    comment: 'Keeps why the call has no recording, and counts it',
    lambdaFunction,
    payload: TaskInput.fromObject({ call: JsonPath.entirePayload }),
    payloadResponseOnly: true,
    resultPath: '$.unrecorded',
    retryOnServiceExceptions: false,
    taskTimeout: Timeout.duration(Duration.seconds(40)),
  });
  task.addRetry(TRANSIENT_RETRY);
  task.addRetry(UNFORESEEN_RETRY);
  task.next(
    new Choice(scope, STATES.wasItExpected)
      .when(
        Condition.stringEquals('$.unrecorded.outcome', 'unrecorded'),
        new Fail(scope, STATES.unrecorded, {
          error: 'Unrecorded',
          cause: 'The call was answered and not recorded; its row says why',
        }),
      )
      .otherwise(new Succeed(scope, STATES.neverAnswered, { comment: 'Nothing was left unrecorded' })),
  );
  return task;
}
