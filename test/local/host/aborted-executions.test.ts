import { expect, test } from '@jest/globals';
import type { Abortion } from '../../../local/faults/cloud-faults.ts';
import { Activity } from '../../../local/host/activity.ts';
import type { InvocationResult } from '../../../local/host/execution-environment.ts';
import { StateMachine } from '../../../local/host/state-machine.ts';

const ABORTION: Abortion = { afterMs: 20, onAborted: () => undefined };
const RESOURCE = 'arn:aws:states:::lambda:invoke.waitForTaskToken';

/** Runs a machine whose first state waits for a token, and tells the tokens that its function was given. */
async function execute(
  abortion: (name: string) => Abortion | undefined,
  work: () => InvocationResult = () => ({ payload: '{}' }),
) {
  const tokens: string[] = [];
  const answered = Promise.withResolvers<void>();
  const machine: StateMachine = new StateMachine({
    arn: 'arn:aws:states:us-east-1:111122223333:stateMachine:sample',
    name: 'sample',
    definition: JSON.stringify({
      StartAt: 'Wait',
      States: {
        Wait: {
          Type: 'Task',
          Resource: RESOURCE,
          Parameters: { FunctionName: 'work', Payload: { 'token.$': '$$.Task.Token' } },
          Retry: [{ ErrorEquals: ['States.ALL'], MaxAttempts: 3, IntervalSeconds: 1 }],
          Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }],
          End: true,
        },
        Caught: { Type: 'Succeed' },
      },
    }),
    lambda: {
      find: (reference) => reference,
      invoke: async (_, payload) => {
        tokens.push(JSON.parse(payload).token);
        answered.resolve();
        return work();
      },
    },
    activity: new Activity(),
    latency: () => 0,
    pause: async () => undefined,
    abortion: ({ name }) => abortion(name),
  });
  const { closed } = await machine.startExecution('{}', 'only');
  await answered.promise;
  return { machine, closed, tokens };
}

test('an execution is aborted whatever it waits for, and nothing catches it or tries it again', async () => {
  const told: string[] = [];
  const { machine, closed, tokens } = await execute((name) => ({
    afterMs: 20,
    onAborted: () => told.push(name),
  }));
  await closed;
  expect(machine.executions.get('only')).toMatchObject({ status: 'ABORTED', stopDate: expect.any(Date) });
  expect(told).toEqual(['only']);
  expect(tokens).toHaveLength(1);
});

test('an execution that waits for its next try is aborted without it', async () => {
  const failure = { error: { errorType: 'Failed', errorMessage: 'no' }, timedOut: false };
  const { machine, closed, tokens } = await execute(
    () => ABORTION,
    () => failure,
  );
  await closed;
  expect(machine.executions.get('only')?.status).toBe('ABORTED');
  expect(tokens).toHaveLength(1);
});

test('the token of an aborted execution takes no answer any more', async () => {
  const { machine, closed, tokens } = await execute(() => ABORTION);
  await closed;
  expect(() => machine.tokens.succeed(tokens[0] ?? '', '{}')).toThrow(
    expect.objectContaining({ name: 'TaskTimedOut' }),
  );
});

test('an execution that nobody aborts goes on', async () => {
  const { machine, closed, tokens } = await execute(() => undefined);
  machine.tokens.succeed(tokens[0] ?? '', '{}');
  await closed;
  expect(machine.executions.get('only')?.status).toBe('SUCCEEDED');
});
