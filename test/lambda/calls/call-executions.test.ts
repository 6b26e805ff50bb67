import {
  DescribeExecutionCommand,
  ExecutionDoesNotExist,
  GetExecutionHistoryCommand,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { beforeEach, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { callExecutions } from '../../../lambda/calls/call-executions.ts';
import { CALL_SID } from '../support/sids.ts';

const STATE_MACHINE_ARN = 'arn:aws:states:eu-central-1:123456789012:stateMachine:calls';
const EXECUTION_ARN = 'arn:aws:states:eu-central-1:123456789012:execution:calls';
const client = new SFNClient({ region: 'eu-central-1' });
const stepFunctions = mockClient(client);
const executions = callExecutions({ stepFunctions: () => client }, STATE_MACHINE_ARN, 1_000);
const at = new Date('2026-11-24T12:00:00.000Z');
const AT = at.toISOString();

beforeEach(() => {
  stepFunctions.reset();
  const absent = new ExecutionDoesNotExist({ message: 'absent', $metadata: {} });
  stepFunctions.on(DescribeExecutionCommand).rejects(absent);
  stepFunctions.on(GetExecutionHistoryCommand).rejects(absent);
});

function existing(name: string, events: object[], stopDate?: Date): void {
  const executionArn = `${EXECUTION_ARN}:${name}`;
  stepFunctions
    .on(DescribeExecutionCommand, { executionArn })
    .resolves({ status: stopDate ? 'FAILED' : 'RUNNING', startDate: at, ...(stopDate && { stopDate }) });
  stepFunctions.on(GetExecutionHistoryCommand, { executionArn }).resolves({ events: events as never });
}

test('a call that has none has none', async () => {
  expect(await executions(CALL_SID)).toEqual([]);
});

test('those of a call are in their order, with states and errors but no data', async () => {
  existing(
    CALL_SID,
    [
      {
        timestamp: at,
        type: 'ExecutionStarted',
        id: 1,
        executionStartedEventDetails: { input: '+15550001111' },
      },
      {
        timestamp: at,
        type: 'TaskStateEntered',
        id: 2,
        stateEnteredEventDetails: { name: 'StartRecording', input: '+1555' },
      },
      {
        timestamp: at,
        type: 'TaskFailed',
        id: 3,
        taskFailedEventDetails: { error: 'StoreUnavailableError', cause: 'secret' },
      },
      { timestamp: at, type: 'TaskTimedOut', id: 4, taskTimedOutEventDetails: { error: 'States.Timeout' } },
      {
        timestamp: at,
        type: 'LambdaFunctionFailed',
        id: 5,
        lambdaFunctionFailedEventDetails: { error: 'Lambda.Unknown' },
      },
      { timestamp: at, type: 'TaskStateExited', id: 6, stateExitedEventDetails: { name: 'StartRecording' } },
      { timestamp: at, type: 'ExecutionFailed', id: 7, executionFailedEventDetails: { error: 'Unrecorded' } },
      {
        timestamp: at,
        type: 'ExecutionTimedOut',
        id: 8,
        executionTimedOutEventDetails: { error: 'States.Timeout' },
      },
    ],
    at,
  );
  existing(`${CALL_SID}-2`, []);
  const told = await executions(CALL_SID);
  expect(told).toEqual([
    {
      name: CALL_SID,
      status: 'FAILED',
      startedAt: AT,
      endedAt: AT,
      history: [
        { at: AT, type: 'ExecutionStarted' },
        { at: AT, type: 'TaskStateEntered', state: 'StartRecording' },
        { at: AT, type: 'TaskFailed', error: 'StoreUnavailableError' },
        { at: AT, type: 'TaskTimedOut', error: 'States.Timeout' },
        { at: AT, type: 'LambdaFunctionFailed', error: 'Lambda.Unknown' },
        { at: AT, type: 'TaskStateExited', state: 'StartRecording' },
        { at: AT, type: 'ExecutionFailed', error: 'Unrecorded' },
        { at: AT, type: 'ExecutionTimedOut', error: 'States.Timeout' },
      ],
    },
    { name: `${CALL_SID}-2`, status: 'RUNNING', startedAt: AT, history: [] },
  ]);
  expect(JSON.stringify(told)).not.toMatch(/555|secret/);
  for (const { args } of stepFunctions.commandCalls(GetExecutionHistoryCommand)) {
    expect(args[0].input.includeExecutionData).toBe(false);
  }
});

test('an error of Step Functions is one', async () => {
  stepFunctions.on(DescribeExecutionCommand).rejects(new Error('throttled'));
  await expect(executions(CALL_SID)).rejects.toThrow('throttled');
});
