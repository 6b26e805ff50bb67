import {
  InvalidToken,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  SFNClient,
  TaskDoesNotExist,
  TaskTimedOut,
} from '@aws-sdk/client-sfn';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { STATES, TASK_ERRORS } from '../../../lambda/shared/contract.ts';
import { stepFunctionsTaskTokens, type TaskTokens } from '../../../lambda/shared/task-tokens.ts';

const TOKEN = 'the-token';
const client = new SFNClient({ region: 'eu-central-1' });
const stepFunctions = mockClient(client);
const taskTokens = stepFunctionsTaskTokens({ stepFunctions: () => client });

beforeEach(() => {
  stepFunctions.reset();
});

const sent = () => stepFunctions.calls().map(({ args }) => [args[0].constructor.name, args[0].input]);

test('a call that is final lets its task succeed', async () => {
  stepFunctions.on(SendTaskSuccessCommand).resolves({});
  await taskTokens.release(TOKEN);
  expect(sent()).toEqual([['SendTaskSuccessCommand', { taskToken: TOKEN, output: '{}' }]]);
});

test.each([
  ['a second recording', 'Verify', 'reportDouble', TASK_ERRORS.doubled],
  ['that the caller said no', 'Reconcile', 'reportUnwanted', TASK_ERRORS.unwanted],
  ['that nothing is recorded', 'WhatDidTwilioSay', 'reportNotRecording', TASK_ERRORS.notRecording],
] as const)('%s ends the task with the error that leads to %s', async (_what, _state, report, error) => {
  stepFunctions.on(SendTaskFailureCommand).resolves({});
  await taskTokens[report](TOKEN);
  expect(sent()).toEqual([['SendTaskFailureCommand', { taskToken: TOKEN, error }]]);
  // Not one of Step Functions’ own, which begin so, nor a state’s name.
  expect(error).not.toMatch(/^States\./);
  expect(Object.values<string>(STATES)).not.toContain(error);
});

describe.each<[string, (tokens: TaskTokens) => Promise<boolean>]>([
  ['release', ({ release }) => release(TOKEN)],
  ['reportDouble', ({ reportDouble }) => reportDouble(TOKEN)],
  ['reportUnwanted', ({ reportUnwanted }) => reportUnwanted(TOKEN)],
  ['reportNotRecording', ({ reportNotRecording }) => reportNotRecording(TOKEN)],
])('%s', (_, use) => {
  test.each([
    new TaskTimedOut({ message: 'timed out', $metadata: {} }),
    new TaskDoesNotExist({ message: 'does not exist', $metadata: {} }),
    new InvalidToken({ message: 'invalid', $metadata: {} }),
  ])('says so when nobody waits any more: $name', async (error) => {
    stepFunctions.onAnyCommand().rejects(error);
    expect(await use(taskTokens)).toBe(false);
    expect(sent()).toHaveLength(1);
  });

  test('says so when somebody waited', async () => {
    stepFunctions.onAnyCommand().resolves({});
    expect(await use(taskTokens)).toBe(true);
  });

  test('fails when Step Functions does', async () => {
    stepFunctions.onAnyCommand().rejects(new Error('no answer'));
    await expect(use(taskTokens)).rejects.toThrow('no answer');
  });
});
