import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  Choice,
  Condition,
  DefinitionBody,
  Fail,
  type IChainable,
  IntegrationPattern,
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
import type { UnrecordedResult } from '../lambda/record-unrecorded/record-unrecorded.ts';
import {
  RECONCILE_OUTCOMES,
  START_OUTCOMES,
  STATES,
  TASK_ERRORS,
  VERIFY_OUTCOMES,
} from '../lambda/shared/contract.ts';
import {
  EnvironmentInvalidError,
  InputInvalidError,
  SecretInvalidError,
  SecretUnavailableError,
  StoreUnavailableError,
  TwilioRefusedError,
  TwilioUnavailableError,
} from '../lambda/shared/errors.ts';
import { acknowledge, arnIn, wildcard } from './acknowledgements.ts';

/** Step Functions reports an error of a function by its class's name. */
const names = (...classes: (new (message: string) => Error)[]): string[] =>
  classes.map((type) => new type('').name);

/**
 * What another try may mend: our own dependencies, and Lambda's.
 * https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html
 */
const TRANSIENT = [
  ...names(StoreUnavailableError, SecretUnavailableError, TwilioUnavailableError),
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
const PERMANENT = names(SecretInvalidError, TwilioRefusedError, EnvironmentInvalidError, InputInvalidError);

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
  /** Keeps the token of the task that waits for the call to be final. */
  readonly awaitOutcome: IFunction;
  /** Sees to it that one recording runs. */
  readonly verify: IFunction;
  /** Asks Twilio how the call and its recordings are. */
  readonly reconcile: IFunction;
  /** How long to wait for callbacks before Twilio is asked. */
  readonly reconcileAfter: Duration;
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
      // The longest call lasts a day. This ends what hangs.
      timeout: props.ringTimeout.plus(props.startDelay).plus(Duration.hours(26)),
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
    acknowledge(
      this,
      'AwsSolutions-SF1',
      'Step Functions keeps the history of every execution for 90 days; the log has what failed.',
    );
    acknowledge(this.role, wildcard('*'), 'Neither X-Ray nor the delivery of logs has resources to name.');
    const { startRecording, recordUnrecorded, awaitOutcome, verify, reconcile } = props;
    for (const invoked of [startRecording, recordUnrecorded, awaitOutcome, verify, reconcile]) {
      acknowledge(this.role, wildcard(`${arnIn(invoked)}:*`), 'The versions of a function that it invokes.');
    }
  }
}

function definition(scope: Construct, props: CallStateMachineProps): IChainable {
  const { awaitOutcome, awaitAgain, verify, waitForProcessing } = awaitFinalRows(scope, props);
  const { unrecorded, lookOnceMore } = giveUp(scope, props, awaitAgain);
  const start = task(scope, STATES.startRecording, {
    comment: 'Tries to start the recording for a few seconds',
    lambdaFunction: props.startRecording,
    payload: {
      call: JsonPath.entirePayload,
      executionStartTime: JsonPath.stringAt('$$.Execution.StartTime'),
      retryCount: JsonPath.numberAt('$$.State.RetryCount'),
    },
    resultPath: '$.start',
  });
  start.addCatch(lookOnceMore, { errors: ['States.ALL'], resultPath: '$.failure' });

  const waitForAnswer = new Wait(scope, STATES.waitForAnswer, {
    comment: 'The call is not in progress yet',
    time: WaitTime.secondsPath('$.start.waitSeconds'),
  });
  const outcome = (value: string): Condition => Condition.stringEquals('$.start.outcome', value);
  const isRecording = Condition.or(outcome(START_OUTCOMES.started), outcome(START_OUTCOMES.adopted));
  start.next(awaitOutcome);
  // Each state entered costs money: a call that is recorded enters no other than these two.
  awaitOutcome.addCatch(
    new Choice(scope, STATES.outcome)
      .when(
        Condition.and(
          isRecording,
          Condition.isPresent('$.start.doubtful'),
          Condition.booleanEquals('$.start.doubtful', true),
        ),
        verify,
      )
      // The token was not kept, and would not be the next moment either.
      .when(isRecording, waitForProcessing)
      .when(outcome(START_OUTCOMES.notYet), waitForAnswer.next(start))
      .otherwise(unrecorded),
    { errors: ['States.ALL'], resultPath: '$.notAwaited' },
  );
  return props.startDelay.toSeconds() > 0
    ? new Wait(scope, STATES.startDelay, { time: WaitTime.duration(props.startDelay) }).next(start)
    : start;
}

interface FinalRows {
  /** Where StartRecording leads. What it does with anything but a recording is not caught yet. */
  readonly awaitOutcome: LambdaInvoke;
  /** Where all others lead. */
  readonly awaitAgain: LambdaInvoke;
  readonly verify: LambdaInvoke;
  readonly waitForProcessing: Wait;
}

/**
 * Waits for the callback that makes the call final; when none comes for long, asks Twilio. Where a second recording may
 * run, or is known to, sees to it first that it does not.
 */
function awaitFinalRows(scope: Construct, props: CallStateMachineProps): FinalRows {
  const awaitOutcome = waitForToken(scope, STATES.awaitOutcome, props, {
    comment: 'Waits until a callback says how the recording ended, if StartRecording has one',
    payload: { start: JsonPath.objectAt('$.start') },
  });
  const awaitAgain = waitForToken(scope, STATES.awaitAgain, props, {
    comment: 'Waits until a callback says how the recording ended',
    payload: {},
  });
  const reconcile = task(scope, STATES.reconcile, {
    comment: 'Asks Twilio how the call and its recordings are',
    lambdaFunction: props.reconcile,
    payload: { call: JsonPath.entirePayload },
    resultPath: '$.reconciled',
  });
  const waitForProcessing = new Wait(scope, STATES.waitForProcessing, {
    time: WaitTime.duration(Duration.minutes(1)),
  });
  const outcome = (value: string): Condition => Condition.stringEquals('$.reconciled.outcome', value);
  const verify = verifyOne(scope, props.verify, awaitAgain, waitForProcessing);
  for (const waiting of [awaitOutcome, awaitAgain]) {
    waiting.addCatch(verify, { errors: [TASK_ERRORS.doubled], resultPath: '$.doubled' });
    waiting.addCatch(reconcile, { errors: ['States.Timeout'], resultPath: '$.overdue' });
    waiting.addCatch(reconcile, { errors: [TASK_ERRORS.unwanted], resultPath: '$.unwanted' });
  }
  // It would fail again at once.
  awaitAgain.addCatch(waitForProcessing, { errors: ['States.ALL'], resultPath: '$.overdue' });
  // Whatever Reconcile failed of, the row must not stay open: it comes round again until the execution's own time-out.
  // What is to be deleted leads back at once, and would use up the execution's events within the hour.
  reconcile.addCatch(
    new Choice(scope, STATES.isItUnwanted)
      .when(Condition.isPresent('$.unwanted'), waitForProcessing)
      .otherwise(awaitAgain),
    { errors: ['States.ALL'], resultPath: '$.reconcileFailure' },
  );
  reconcile.next(
    new Choice(scope, STATES.isItFinal)
      .when(
        outcome(RECONCILE_OUTCOMES.final),
        new Succeed(scope, STATES.recorded, { comment: 'Each recording has its last status' }),
      )
      .when(outcome(RECONCILE_OUTCOMES.live), awaitAgain)
      .otherwise(waitForProcessing),
  );
  waitForProcessing.next(reconcile);
  return { awaitOutcome, awaitAgain, verify, waitForProcessing };
}

/** A state that passes its token on and waits for whoever has it; it has no retries, since it fails for a reason. */
function waitForToken(
  scope: Construct,
  id: string,
  { awaitOutcome, reconcileAfter }: CallStateMachineProps,
  { comment, payload }: Pick<TaskProps, 'comment' | 'payload'>,
): LambdaInvoke {
  return new LambdaInvoke(scope, id, {
    comment,
    lambdaFunction: awaitOutcome,
    integrationPattern: IntegrationPattern.WAIT_FOR_TASK_TOKEN,
    payload: TaskInput.fromObject({
      call: JsonPath.entirePayload,
      taskToken: JsonPath.taskToken,
      ...payload,
    }),
    resultPath: JsonPath.DISCARD,
    retryOnServiceExceptions: false,
    taskTimeout: Timeout.duration(reconcileAfter),
  });
}

function verifyOne(
  scope: Construct,
  lambdaFunction: IFunction,
  awaitAgain: LambdaInvoke,
  waitForProcessing: Wait,
): LambdaInvoke {
  const verify = task(scope, STATES.verify, {
    comment: 'Stops what runs beside the recording that is kept',
    lambdaFunction,
    payload: { call: JsonPath.entirePayload },
    resultPath: '$.verified',
  });
  const waitToVerify = new Wait(scope, STATES.waitToVerify, {
    comment: 'Twilio may carry out late what it did not answer',
    time: WaitTime.secondsPath('$.verified.waitSeconds'),
  });
  // A call that cannot be verified is still followed to its end. Two that the rows know to run lead back from there, but
  // not at once.
  verify.addCatch(waitForProcessing, { errors: ['States.ALL'], resultPath: '$.verifyFailure' });
  verify.next(
    new Choice(scope, STATES.isThereOne)
      .when(Condition.stringEquals('$.verified.outcome', VERIFY_OUTCOMES.again), waitToVerify.next(verify))
      .otherwise(awaitAgain),
  );
  return verify;
}

/**
 * What a call without a recording comes to. Where StartRecording failed it may have started one that the table does not
 * know: Twilio is asked before that is called none, for as long as it takes until nothing fails that may pass.
 */
function giveUp(scope: Construct, props: CallStateMachineProps, awaitAgain: IChainable) {
  const lookOnceMore = task(scope, STATES.lookOnceMore, {
    comment: 'Asks Twilio for a recording that a failed StartRecording may have started',
    lambdaFunction: props.reconcile,
    payload: { call: JsonPath.entirePayload },
    resultPath: JsonPath.DISCARD,
  });
  const unrecorded = recordUnrecorded(scope, props.recordUnrecorded, awaitAgain);
  const waitToLook = new Wait(scope, STATES.waitToLook, { time: WaitTime.duration(Duration.minutes(1)) });
  for (const needing of [lookOnceMore, unrecorded]) {
    needing.addCatch(waitToLook, { errors: TRANSIENT, resultPath: '$.unavailable' });
  }
  lookOnceMore.addCatch(unrecorded, { errors: ['States.ALL'], resultPath: '$.notSeen' });
  lookOnceMore.next(unrecorded);
  waitToLook.next(lookOnceMore);
  return { unrecorded, lookOnceMore };
}

function recordUnrecorded(scope: Construct, lambdaFunction: IFunction, awaitAgain: IChainable): LambdaInvoke {
  const unrecorded = task(scope, STATES.recordUnrecorded, {
    comment: 'Keeps why the call has no recording, and counts it',
    lambdaFunction,
    payload: { call: JsonPath.entirePayload },
    resultPath: '$.unrecorded',
  });
  const outcome = (value: UnrecordedResult['outcome']): Condition =>
    Condition.stringEquals('$.unrecorded.outcome', value);
  unrecorded.next(
    new Choice(scope, STATES.wasItExpected)
      .when(
        outcome('unrecorded'),
        new Fail(scope, STATES.unrecorded, {
          error: 'Unrecorded',
          cause: 'The call was answered, or may have been, and was not recorded; its row says why',
        }),
      )
      .when(outcome('recorded'), awaitAgain)
      .when(
        outcome('declined'),
        new Succeed(scope, STATES.declined, { comment: 'The caller did not want to be recorded' }),
      )
      .otherwise(new Succeed(scope, STATES.neverAnswered, { comment: 'There was nothing to record' })),
  );
  return unrecorded;
}

interface TaskProps {
  readonly comment: string;
  readonly lambdaFunction: IFunction;
  readonly payload: Record<string, unknown>;
  readonly resultPath: string;
}

/** A state that runs a function, with the retries that all have. */
function task(scope: Construct, id: string, { payload, ...props }: TaskProps): LambdaInvoke {
  const invoke = new LambdaInvoke(scope, id, {
    ...props,
    payload: TaskInput.fromObject(payload),
    payloadResponseOnly: true,
    retryOnServiceExceptions: false,
    taskTimeout: Timeout.duration(Duration.seconds(40)),
  });
  invoke.addRetry({ errors: PERMANENT, maxAttempts: 0 });
  invoke.addRetry(TRANSIENT_RETRY);
  invoke.addRetry(UNFORESEEN_RETRY);
  return invoke;
}
