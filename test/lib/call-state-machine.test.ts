import { describe, expect, test } from '@jest/globals';
import {
  RECONCILE_OUTCOMES,
  START_OUTCOMES,
  STATES,
  TASK_ERRORS,
  VERIFY_OUTCOMES,
} from '../../lambda/shared/contract.ts';
import * as errors from '../../lambda/shared/errors.ts';
import type { RecorderConfigurationInput } from '../../lib/configuration.ts';
import { only, synthesize } from './support/synthesize.ts';

interface Rule {
  readonly ErrorEquals: string[];
  readonly MaxAttempts?: number;
}

interface State {
  readonly Type: string;
  readonly Next?: string;
  readonly Default?: string;
  readonly Retry?: Rule[];
  readonly Catch?: { readonly ErrorEquals: string[]; readonly Next: string; readonly ResultPath: string }[];
  readonly Choices?: object[];
  readonly [field: string]: unknown;
}

interface Definition {
  readonly StartAt: string;
  readonly TimeoutSeconds: number;
  readonly States: Record<string, State>;
}

function definitionOf(configuration: RecorderConfigurationInput = {}): Definition {
  const { Properties } = only(synthesize(configuration), 'AWS::StepFunctions::StateMachine');
  return JSON.parse(String(Properties.DefinitionString));
}

const definition = definitionOf();
const stateOf = (name: string): State => definition.States[name] ?? { Type: 'missing' };

/** Each error class's name as Step Functions sees it: that of an instance. */
const OUR_ERRORS = Object.values(errors)
  .filter((value) => typeof value === 'function' && value.prototype instanceof Error)
  .map((type) => new (type as typeof errors.StoreUnavailableError)('').name);

describe('the story of a call', () => {
  test('begins with the attempt to record it, which knows the call and when it began', () => {
    expect(definition.StartAt).toBe(STATES.startRecording);
    expect(stateOf(STATES.startRecording)).toMatchObject({
      Type: 'Task',
      Resource: '<StartRecording.Arn>',
      Parameters: {
        'call.$': '$',
        'executionStartTime.$': '$$.Execution.StartTime',
        'retryCount.$': '$$.State.RetryCount',
      },
      ResultPath: '$.start',
      Next: STATES.awaitOutcome,
    });
  });

  test('that is recorded enters two states', () => {
    expect(stateOf(STATES.startRecording).Next).toBe(STATES.awaitOutcome);
    expect(stateOf(STATES.awaitOutcome)).toMatchObject({ End: true });
    expect(stateOf(STATES.awaitAgain)).toMatchObject({ End: true });
  });

  test('goes on with what Twilio said, where there is nothing to wait for', () => {
    const equals = (StringEquals: string) => ({ Variable: '$.start.outcome', StringEquals });
    const isRecording = { Or: [equals(START_OUTCOMES.started), equals(START_OUTCOMES.adopted)] };
    expect(stateOf(STATES.outcome)).toMatchObject({
      Type: 'Choice',
      Choices: [
        {
          And: [
            isRecording,
            { Variable: '$.start.doubtful', IsPresent: true },
            { Variable: '$.start.doubtful', BooleanEquals: true },
          ],
          Next: STATES.verify,
        },
        { ...isRecording, Next: STATES.waitForProcessing },
        { ...equals(START_OUTCOMES.notYet), Next: STATES.waitForAnswer },
      ],
      Default: STATES.recordUnrecorded,
    });
  });

  test('waits for the answer as long as the attempt says, and tries again', () => {
    expect(stateOf(STATES.waitForAnswer)).toMatchObject({
      Type: 'Wait',
      SecondsPath: '$.start.waitSeconds',
      Next: STATES.startRecording,
    });
  });

  test.each([
    [STATES.awaitOutcome, { 'start.$': '$.start' }, '$.notAwaited', STATES.outcome],
    [STATES.awaitAgain, {}, '$.overdue', STATES.waitForProcessing],
  ])(
    'waits with a token for the callback that makes the call final: %s',
    (name, payload, ResultPath, Next) => {
      expect(stateOf(name)).toMatchObject({
        Type: 'Task',
        Resource: expect.stringMatching(/:states:::lambda:invoke\.waitForTaskToken$/),
        Parameters: {
          FunctionName: '<AwaitOutcome.Arn>',
          Payload: { 'call.$': '$', 'taskToken.$': '$$.Task.Token', ...payload },
        },
        TimeoutSeconds: 900,
        ResultPath: null,
        // The first rule that matches counts.
        Catch: [
          { ErrorEquals: [TASK_ERRORS.doubled], ResultPath: '$.doubled', Next: STATES.verify },
          { ErrorEquals: ['States.Timeout'], ResultPath: '$.overdue', Next: STATES.reconcile },
          { ErrorEquals: [TASK_ERRORS.unwanted], ResultPath: '$.unwanted', Next: STATES.reconcile },
          { ErrorEquals: ['States.ALL'], ResultPath, Next },
        ],
      });
      expect(definitionOf({ reconcileAfterSeconds: 60 }).States[name]?.TimeoutSeconds).toBe(60);
      // It hears of a second recording at once: no retry stands before the rule for it.
      expect(stateOf(name)).not.toHaveProperty('Retry');
    },
  );

  test('sees to it that one recording runs, as often as there is reason to look, then waits for the end', () => {
    expect(stateOf(STATES.verify)).toMatchObject({
      Type: 'Task',
      Resource: '<Verify.Arn>',
      Parameters: { 'call.$': '$' },
      ResultPath: '$.verified',
      Next: STATES.isThereOne,
    });
    expect(stateOf(STATES.isThereOne)).toEqual({
      Type: 'Choice',
      Choices: [
        {
          Variable: '$.verified.outcome',
          StringEquals: VERIFY_OUTCOMES.again,
          Next: STATES.waitToVerify,
        },
      ],
      Default: STATES.awaitAgain,
    });
    expect(stateOf(STATES.waitToVerify)).toMatchObject({
      Type: 'Wait',
      SecondsPath: '$.verified.waitSeconds',
      Next: STATES.verify,
    });
  });

  test('goes on when it cannot be verified, and comes back to that no sooner than after a minute', () => {
    expect(stateOf(STATES.verify).Catch).toEqual([
      { ErrorEquals: ['States.ALL'], ResultPath: '$.verifyFailure', Next: STATES.waitForProcessing },
    ]);
  });

  test('does not ask again at once what to delete when Twilio cannot be asked', () => {
    expect(stateOf(STATES.isItUnwanted)).toEqual({
      Type: 'Choice',
      Choices: [{ Variable: '$.unwanted', IsPresent: true, Next: STATES.waitForProcessing }],
      Default: STATES.awaitAgain,
    });
  });

  test('asks Twilio when no callback comes, until the call is final', () => {
    expect(stateOf(STATES.reconcile)).toMatchObject({
      Type: 'Task',
      Resource: '<Reconcile.Arn>',
      Parameters: { 'call.$': '$' },
      ResultPath: '$.reconciled',
      Next: STATES.isItFinal,
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.reconcileFailure', Next: STATES.isItUnwanted }],
    });
    const equals = (StringEquals: string) => ({ Variable: '$.reconciled.outcome', StringEquals });
    expect(stateOf(STATES.isItFinal)).toMatchObject({
      Choices: [
        { ...equals(RECONCILE_OUTCOMES.final), Next: STATES.recorded },
        { ...equals(RECONCILE_OUTCOMES.live), Next: STATES.awaitAgain },
      ],
      Default: STATES.waitForProcessing,
    });
    expect(stateOf(STATES.waitForProcessing)).toMatchObject({ Seconds: 60, Next: STATES.reconcile });
  });

  test('keeps why there is no recording', () => {
    expect(stateOf(STATES.recordUnrecorded)).toMatchObject({
      Type: 'Task',
      Resource: '<RecordUnrecorded.Arn>',
      Parameters: { 'call.$': '$' },
      ResultPath: '$.unrecorded',
      Next: STATES.wasItExpected,
    });
  });

  test('fails only when a call was answered, or may have been, and not recorded', () => {
    expect(stateOf(STATES.wasItExpected)).toMatchObject({
      Choices: [
        { Variable: '$.unrecorded.outcome', StringEquals: 'unrecorded', Next: STATES.unrecorded },
        { Variable: '$.unrecorded.outcome', StringEquals: 'recorded', Next: STATES.awaitAgain },
        { Variable: '$.unrecorded.outcome', StringEquals: 'declined', Next: STATES.declined },
      ],
      Default: STATES.neverAnswered,
    });
    const types = Object.fromEntries(
      Object.entries(definition.States).map(([name, { Type }]) => [name, Type]),
    );
    expect(types).toMatchObject({
      [STATES.recorded]: 'Succeed',
      [STATES.neverAnswered]: 'Succeed',
      [STATES.declined]: 'Succeed',
      [STATES.unrecorded]: 'Fail',
    });
  });

  test('has no other states than the contract names', () => {
    const { startDelay, ...always } = STATES;
    expect(Object.keys(definition.States).toSorted()).toEqual(Object.values(always).toSorted());
    expect(Object.keys(definitionOf({ startDelaySeconds: 2 }).States)).toContain(startDelay);
  });
});

describe('an error', () => {
  const named = (state: State) => (state.Retry ?? []).flatMap(({ ErrorEquals }) => ErrorEquals);
  const ours = (names: readonly string[]) => names.filter((name) => /^[A-Z]\w+Error$/.test(name)).toSorted();

  test('of ours has a name of its own, which is its class’s', () => {
    expect(OUR_ERRORS.toSorted()).toEqual([
      'EnvironmentInvalidError',
      'InputInvalidError',
      'SecretInvalidError',
      'SecretUnavailableError',
      'StoreUnavailableError',
      'TwilioRefusedError',
      'TwilioUnavailableError',
    ]);
  });

  test.each([STATES.startRecording, STATES.verify, STATES.reconcile, STATES.lookOnceMore])(
    'of ours is treated by name wherever Twilio is asked: %s',
    (name) => {
      expect(ours(named(stateOf(name)))).toEqual(OUR_ERRORS.toSorted());
    },
  );

  test('that a name matches is one that exists', () => {
    for (const name of ours(named(stateOf(STATES.recordUnrecorded)))) {
      expect(OUR_ERRORS).toContain(name);
    }
  });

  const ruleOf = (name: string): Rule | undefined =>
    stateOf(STATES.startRecording).Retry?.find(({ ErrorEquals }) => ErrorEquals.includes(name));

  test.each(['SecretInvalidError', 'TwilioRefusedError', 'EnvironmentInvalidError', 'InputInvalidError'])(
    '%s is not tried again',
    (name) => {
      expect(ruleOf(name)?.MaxAttempts).toBe(0);
    },
  );

  test.each([
    'StoreUnavailableError',
    'SecretUnavailableError',
    'TwilioUnavailableError',
    'Lambda.TooManyRequestsException',
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
    'Lambda.Unknown',
    'States.Timeout',
  ])('%s is tried again for minutes, not all calls at once', (name) => {
    expect(ruleOf(name)).toMatchObject({
      MaxAttempts: 12,
      IntervalSeconds: 1,
      BackoffRate: 2,
      MaxDelaySeconds: 30,
      JitterStrategy: 'FULL',
    });
  });

  test('that nobody foresaw is tried again twice, after the rules for those that somebody did', () => {
    const { Retry = [] } = stateOf(STATES.startRecording);
    expect(Retry.at(-1)).toMatchObject({ ErrorEquals: ['States.TaskFailed'], MaxAttempts: 2 });
  });

  test('that lasts is kept as the reason why there is no recording, after another look for one', () => {
    expect(stateOf(STATES.startRecording).Catch).toEqual([
      { ErrorEquals: ['States.ALL'], ResultPath: '$.failure', Next: STATES.lookOnceMore },
    ]);
    expect(stateOf(STATES.lookOnceMore)).toMatchObject({
      Type: 'Task',
      Resource: '<Reconcile.Arn>',
      Parameters: { 'call.$': '$' },
      ResultPath: null,
      Next: STATES.recordUnrecorded,
    });
  });

  test('that may pass keeps a call from being called unrecorded for as long as it lasts', () => {
    const waits = {
      ErrorEquals: ruleOf('StoreUnavailableError')?.ErrorEquals,
      ResultPath: '$.unavailable',
      Next: STATES.waitToLook,
    };
    expect(stateOf(STATES.lookOnceMore).Catch).toEqual([
      waits,
      { ErrorEquals: ['States.ALL'], ResultPath: '$.notSeen', Next: STATES.recordUnrecorded },
    ]);
    expect(stateOf(STATES.recordUnrecorded).Catch).toEqual([waits]);
    expect(stateOf(STATES.waitToLook)).toMatchObject({
      Type: 'Wait',
      Seconds: 60,
      Next: STATES.lookOnceMore,
    });
  });
});

describe('a delay', () => {
  test('before the first attempt is a state of its own', () => {
    const delayed = definitionOf({ startDelaySeconds: 2 });
    expect(delayed.StartAt).toBe(STATES.startDelay);
    expect(delayed.States[STATES.startDelay]).toMatchObject({
      Type: 'Wait',
      Seconds: 2,
      Next: STATES.startRecording,
    });
    expect(delayed.States[STATES.waitForAnswer]?.Next).toBe(STATES.startRecording);
  });

  test.each([
    [{}, 600],
    [{ ringTimeoutSeconds: 3_600, startDelaySeconds: 60 }, 3_660],
  ])('of %j and the longest call, a day, end before the execution does', (configuration, seconds) => {
    expect(definitionOf(configuration).TimeoutSeconds).toBeGreaterThan(seconds + 86_400);
  });
});

test('the state machine runs each name once, is traced, and logs no phone numbers', () => {
  const { Properties } = only(synthesize(), 'AWS::StepFunctions::StateMachine');
  expect(Properties).toMatchObject({
    StateMachineType: 'STANDARD',
    TracingConfiguration: { Enabled: true },
    LoggingConfiguration: {
      Level: 'ERROR',
      IncludeExecutionData: false,
      Destinations: [{ CloudWatchLogsLogGroup: { LogGroupArn: '<StateMachineLogs.Arn>' } }],
    },
  });
});
