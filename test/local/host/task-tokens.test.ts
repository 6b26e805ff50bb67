import {
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Execution } from '../../../local/host/execution.ts';
import { type Host, startHost } from '../../../local/host/host.ts';
import { type SampleApp, synthesizeSampleApp } from './sample-app.ts';

let app: SampleApp;
beforeAll(() => {
  app = synthesizeSampleApp();
});
afterAll(() => app.remove());

interface Waiting {
  readonly host: Host;
  readonly client: SFNClient;
  /** The token that the function was given. */
  readonly token: string;
  ended(): Promise<Execution | undefined>;
}

/** Runs one execution whose only task waits for a token. */
async function waiting<T>(
  fields: { readonly Catch?: object[]; readonly TimeoutSeconds?: number },
  use: (waiting: Waiting) => Promise<T>,
): Promise<T> {
  const token = Promise.withResolvers<string>();
  const step = {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
    Parameters: {
      FunctionName: `arn:aws:lambda:us-east-1:123456789012:function:local-${app.functions.work}`,
      Payload: {
        'print.$': '$$.Task.Token',
        'failTimes.$': '$.failTimes',
        errorName: 'Failed',
        'key.$': '$$.Execution.Name',
      },
    },
    ResultPath: '$.answer',
    End: true,
    ...fields,
  };
  const Resources = Object.fromEntries(
    Object.entries(app.template.Resources).map(([logicalId, resource]) => [
      logicalId,
      resource.Type === 'AWS::StepFunctions::StateMachine'
        ? {
            ...resource,
            Properties: {
              ...resource.Properties,
              DefinitionString: JSON.stringify({
                StartAt: 'Step',
                States: {
                  Step: step,
                  ...(fields.Catch && { Late: { Type: 'Pass', Result: { late: true }, End: true } }),
                },
              }),
            },
          }
        : resource,
    ]),
  );
  const host = await startHost({
    ...app,
    template: { ...app.template, Resources },
    secretValue: '',
    onEvent: (event) => {
      if (event.type === 'log') token.resolve(event.line);
    },
  });
  const client = new SFNClient({
    endpoint: host.awsEndpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  try {
    await client.send(
      new StartExecutionCommand({
        stateMachineArn: host.outputs.MachineArn,
        name: 'only',
        input: '{"failTimes":0}',
      }),
    );
    const ended = async () => {
      await host.executions.get('only')?.closed;
      return host.executions.get('only');
    };
    return await use({ host, client, token: await token.promise, ended });
  } finally {
    client.destroy();
    await host.stop();
  }
}

describe('a task that waits for its token', () => {
  test('goes on with what SendTaskSuccess brings', async () => {
    await waiting({}, async ({ client, token, ended }) => {
      await client.send(new SendTaskSuccessCommand({ taskToken: token, output: '{"done":1}' }));
      const execution = await ended();
      expect(execution?.status).toBe('SUCCEEDED');
      expect(JSON.parse(execution?.output ?? '')).toEqual({ failTimes: 0, answer: { done: 1 } });
      const again = client.send(new SendTaskSuccessCommand({ taskToken: token, output: '{}' }));
      await expect(again).rejects.toMatchObject({ name: 'TaskTimedOut' });
    });
  });

  test('fails as SendTaskFailure says', async () => {
    await waiting({}, async ({ client, token, ended }) => {
      await client.send(new SendTaskFailureCommand({ taskToken: token, error: 'Named', cause: 'why' }));
      expect(await ended()).toMatchObject({ status: 'FAILED', error: 'Named', cause: 'why' });
    });
  });

  test('times out, is caught by name, and takes no answer any more', async () => {
    const fields = { TimeoutSeconds: 1, Catch: [{ ErrorEquals: ['States.Timeout'], Next: 'Late' }] };
    await waiting(fields, async ({ client, token, ended }) => {
      const execution = await ended();
      expect(JSON.parse(execution?.output ?? '')).toEqual({ late: true });
      const late = client.send(new SendTaskSuccessCommand({ taskToken: token, output: '{}' }));
      await expect(late).rejects.toMatchObject({ name: 'TaskTimedOut' });
    });
  });

  test('is aborted when the host stops', async () => {
    const execution = await waiting({}, async ({ host }) => {
      const running = host.executions.get('only');
      await host.stop();
      await running?.closed;
      return host.executions.get('only');
    });
    expect(execution?.status).toBe('ABORTED');
  });

  test('refuses tokens that it never gave, and output that is no JSON', async () => {
    await waiting({}, async ({ client, token }) => {
      const unknown = client.send(new SendTaskSuccessCommand({ taskToken: 'unknown', output: '{}' }));
      await expect(unknown).rejects.toMatchObject({ name: 'InvalidToken' });
      const broken = client.send(new SendTaskSuccessCommand({ taskToken: token, output: 'no JSON' }));
      await expect(broken).rejects.toMatchObject({ name: 'InvalidOutput' });
    });
  });
});
