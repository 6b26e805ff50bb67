import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { InvocationResult } from '../../../local/host/execution-environment.ts';
import { Queues } from '../../../local/host/queues.ts';
import { type Schedules, startSchedules } from '../../../local/host/schedules.ts';
import { readStack } from '../../../local/host/stack.ts';
import type { CloudFormationResource } from '../../../local/host/template.ts';

const MINUTE_MS = 60_000;
const FUNCTION_ARN = 'arn:aws:lambda:us-east-1:123456789012:function:local-Sweep';
const SCHEDULE_ARN = 'arn:aws:scheduler:us-east-1:123456789012:schedule/default/local-Minutely';
const OK: InvocationResult = { payload: 'null' };
const FAILED: InvocationResult = { error: { errorType: 'Error', errorMessage: 'no' }, timedOut: false };
const THROTTLED: InvocationResult = {
  error: { errorType: 'Lambda.TooManyRequestsException', errorMessage: 'Rate Exceeded.' },
  timedOut: false,
};

const deadLetterArn = { 'Fn::GetAtt': ['DeadLetters', 'Arn'] };

interface Changes {
  readonly schedule?: object;
  readonly target?: object;
  readonly asynchronous?: object;
  readonly ticking?: boolean;
}

beforeEach(() => {
  jest.useFakeTimers({ now: Date.parse('2026-11-24T12:00:00Z') });
});
afterEach(() => {
  jest.useRealTimers();
});

/** Starts a schedule for the function Sweep, whose answers are given in turn. */
function start(answers: readonly (InvocationResult | Error)[], changes: Changes = {}) {
  const invoked: { readonly at: string; readonly payload: string }[] = [];
  const Resources: Record<string, CloudFormationResource> = {
    Sweep: { Type: 'AWS::Lambda::Function' },
    DeadLetters: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'dead' } },
    Minutely: {
      Type: 'AWS::Scheduler::Schedule',
      Properties: {
        ScheduleExpression: 'rate(1 minute)',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: {
          Arn: { 'Fn::GetAtt': ['Sweep', 'Arn'] },
          RoleArn: 'role',
          DeadLetterConfig: { Arn: deadLetterArn },
          Input: '{}',
          ...changes.target,
        },
        ...changes.schedule,
      },
    },
  };
  if (changes.asynchronous) {
    Resources.Asynchronous = {
      Type: 'AWS::Lambda::EventInvokeConfig',
      Properties: { FunctionName: { Ref: 'Sweep' }, Qualifier: '$LATEST', ...changes.asynchronous },
    };
  }
  const stack = readStack({ Resources }, 'https://recorder.example.com');
  const queues = new Queues(stack);
  const schedules: Schedules = startSchedules({
    stack,
    queues,
    ticking: changes.ticking ?? true,
    lambda: {
      invoke: async (logicalId, payload) => {
        const answer = answers[invoked.length] ?? OK;
        expect(logicalId).toBe('Sweep');
        invoked.push({ at: new Date().toISOString().slice(11, 19), payload });
        if (answer instanceof Error) throw answer;
        return answer;
      },
    },
  });
  return {
    schedules,
    invoked,
    times: () => invoked.map(({ at }) => at),
    letters: () => queues.all.get('DeadLetters')?.messages ?? [],
  };
}

describe('when', () => {
  test('at its rate, the first time one period after the start, until it is disposed of', async () => {
    const { schedules, times } = start([], { schedule: { ScheduleExpression: 'rate(2 minutes)' } });
    await jest.advanceTimersByTimeAsync(5 * MINUTE_MS);
    schedules[Symbol.dispose]();
    expect(jest.getTimerCount()).toBe(0);
    await jest.advanceTimersByTimeAsync(5 * MINUTE_MS);
    expect(times()).toEqual(['12:02:00', '12:04:00']);
  });

  test.each([
    ['disabled', { schedule: { State: 'DISABLED' } }],
    ['not ticking', { ticking: false }],
  ])('never by itself while %s, but when it is run', async (_, changes) => {
    const { schedules, times } = start([], changes);
    await jest.advanceTimersByTimeAsync(5 * MINUTE_MS);
    expect(await schedules.run('Minutely')).toEqual(OK);
    expect(await schedules.run(0)).toEqual(OK);
    await expect(schedules.run('Other')).rejects.toThrow('The template has no schedule Other');
    expect(times()).toEqual(['12:05:00', '12:05:00']);
  });

  test('although its function failed and is tried again', async () => {
    const { times } = start([FAILED]);
    await jest.advanceTimersByTimeAsync(2 * MINUTE_MS);
    expect(times()).toEqual(['12:01:00', '12:02:00', '12:02:00']);
  });
});

describe('what the function is given', () => {
  test('the input with its context attributes', async () => {
    const attributes = ['schedule-arn', 'scheduled-time', 'execution-id', 'attempt-number'];
    const Input = JSON.stringify(attributes.map((name) => `<aws.scheduler.${name}>`));
    const { invoked } = start([], { target: { Input } });
    await jest.advanceTimersByTimeAsync(MINUTE_MS);
    expect(JSON.parse(invoked[0]?.payload ?? '')).toEqual([
      SCHEDULE_ARN,
      '2026-11-24T12:01:00Z',
      expect.stringMatching(/^[0-9a-f-]{36}$/),
      '1',
    ]);
  });

  test('an event that names the schedule when it has no input', async () => {
    const { invoked } = start([], { target: { Input: undefined } });
    await jest.advanceTimersByTimeAsync(MINUTE_MS);
    expect(JSON.parse(invoked[0]?.payload ?? '')).toMatchObject({
      source: 'aws.scheduler',
      time: '2026-11-24T12:01:00Z',
      resources: [SCHEDULE_ARN],
    });
  });
});

describe('a function that fails', () => {
  const onFailure = { DestinationConfig: { OnFailure: { Destination: deadLetterArn } } };

  test('runs twice more, after one and two minutes, and no dead letter says so', async () => {
    const { schedules, times, letters } = start([FAILED, FAILED, FAILED], { ticking: false });
    expect(await schedules.run(0)).toEqual(FAILED);
    await jest.advanceTimersByTimeAsync(60 * MINUTE_MS);
    expect(times()).toEqual(['12:00:00', '12:01:00', '12:03:00']);
    expect(letters()).toEqual([]);
  });

  test('leaves a record at its destination when that was all', async () => {
    const { schedules, letters } = start([FAILED, FAILED], {
      asynchronous: { MaximumRetryAttempts: 1, ...onFailure },
      ticking: false,
    });
    await schedules.run(0);
    await jest.advanceTimersByTimeAsync(MINUTE_MS);
    expect(letters().map(({ body }) => JSON.parse(body))).toEqual([
      {
        version: '1.0',
        timestamp: '2026-11-24T12:01:00.000Z',
        requestContext: {
          requestId: expect.any(String),
          functionArn: `${FUNCTION_ARN}:$LATEST`,
          condition: 'RetriesExhausted',
          approximateInvokeCount: 2,
        },
        requestPayload: {},
        responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
        responsePayload: { errorType: 'Error', errorMessage: 'no' },
      },
    ]);
  });

  test('is not run again when the event has become too old', async () => {
    const { schedules, times, letters } = start([FAILED], {
      asynchronous: { MaximumEventAgeInSeconds: 60, ...onFailure },
      ticking: false,
    });
    await schedules.run(0);
    await jest.advanceTimersByTimeAsync(MINUTE_MS);
    expect(times()).toHaveLength(1);
    expect(JSON.parse(letters()[0]?.body ?? '').requestContext.condition).toBe('EventAgeExceeded');
  });

  test('is tried ever later while it is throttled, which costs no attempt', async () => {
    const { schedules, times } = start([THROTTLED, THROTTLED, THROTTLED, FAILED], {
      asynchronous: { MaximumRetryAttempts: 0 },
      ticking: false,
    });
    await schedules.run(0);
    await jest.advanceTimersByTimeAsync(60 * MINUTE_MS);
    expect(times()).toEqual(['12:00:00', '12:00:01', '12:00:03', '12:00:07']);
  });
});

describe('a function that cannot be invoked', () => {
  const refusal = Object.assign(new Error('not now'), { name: 'ServiceException' });

  test('is a dead letter after the retries of the schedule', async () => {
    const { times, letters } = start([refusal, refusal], {
      target: { RetryPolicy: { MaximumRetryAttempts: 1 }, Input: '["<aws.scheduler.attempt-number>"]' },
      schedule: {},
    });
    await jest.advanceTimersByTimeAsync(MINUTE_MS + 2000);
    expect(times()).toEqual(['12:01:00', '12:01:01']);
    expect(letters()).toEqual([
      {
        body: '["2"]',
        attributes: {
          ERROR_CODE: 'ServiceException',
          ERROR_MESSAGE: 'not now',
          EXECUTION_ID: expect.any(String),
          EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts',
          IS_PAYLOAD_TRUNCATED: 'false',
          RETRY_ATTEMPTS: '1',
          SCHEDULED_TIME: '2026-11-24T12:01:00Z',
          SCHEDULE_ARN,
          TARGET_ARN: FUNCTION_ARN,
        },
      },
    ]);
  });

  test('is a dead letter when the event has become too old', async () => {
    const { schedules, letters } = start(Array(9).fill(refusal), {
      target: { RetryPolicy: { MaximumEventAgeInSeconds: 60 } },
      ticking: false,
    });
    const run = expect(schedules.run(0)).rejects.toBe(refusal);
    await jest.advanceTimersByTimeAsync(MINUTE_MS);
    await run;
    expect(letters()[0]?.attributes.EXHAUSTED_RETRY_CONDITION).toBe('MaximumEventAgeInSeconds');
  });
});

describe('what cannot be hosted is named', () => {
  const other = 'arn:aws:sqs:us-east-1:123456789012:other';

  test.each([
    [{ schedule: { ScheduleExpression: 'cron(0 8 * * ? *)' } }, /Minutely .*ScheduleExpression cron/],
    [{ schedule: { ScheduleExpression: 'rate(0 minutes)' } }, /Minutely .*ScheduleExpression rate/],
    [{ schedule: { ScheduleExpression: 'rate(9999 hours)' } }, /Minutely .*ScheduleExpression rate/],
    [{ schedule: { FlexibleTimeWindow: { Mode: 'FLEXIBLE' } } }, /Minutely .*FlexibleTimeWindow.Mode/],
    [{ schedule: { StartDate: '2027-01-01T00:00:00Z' } }, /Minutely .*StartDate/],
    [{ target: { Arn: 'arn:aws:scheduler:::aws-sdk:sqs:sendMessage' } }, /Minutely .*no function arn/],
    [{ target: { SqsParameters: {} } }, /Minutely .*SqsParameters/],
    [{ target: { DeadLetterConfig: { Arn: other } } }, /Minutely .*no queue arn/],
    [{ target: { Input: 'text' } }, /Minutely .*Lambda takes JSON/],
    [{ asynchronous: { Qualifier: 'live' } }, /Asynchronous .*Qualifier/],
    [
      { asynchronous: { DestinationConfig: { OnSuccess: { Destination: deadLetterArn } } } },
      /only OnFailure is hosted/,
    ],
    [
      { asynchronous: { DestinationConfig: { OnFailure: { Destination: other } } } },
      /Asynchronous .*no queue arn/,
    ],
  ])('%j', (changes, message) => {
    expect(() => start([], changes)).toThrow(message);
  });

  test('a FIFO queue', () => {
    const Fifo = { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true } };
    expect(() => new Queues(readStack({ Resources: { Fifo } }, ''))).toThrow(
      /Fifo .*only a standard queue is hosted/,
    );
  });
});
