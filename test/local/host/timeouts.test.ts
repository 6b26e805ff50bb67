import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, type HostOptions, startHost } from '../../../local/host/host.ts';
import type { CloudFormationTemplate } from '../../../local/host/template.ts';
import { type SampleApp, synthesizeSampleApp } from './sample-app.ts';

let app: SampleApp;
beforeAll(() => {
  app = synthesizeSampleApp();
});
afterAll(() => app.remove());

/** The sample application with other properties for all resources of a type. */
function variant(changes: Readonly<Record<string, object>>): CloudFormationTemplate {
  const Resources = Object.fromEntries(
    Object.entries(app.template.Resources).map(([logicalId, resource]) => [
      logicalId,
      { ...resource, Properties: { ...resource.Properties, ...changes[resource.Type] } },
    ]),
  );
  return { ...app.template, Resources };
}

async function hosted<T>(
  template: CloudFormationTemplate,
  options: Partial<HostOptions>,
  use: (host: Host) => Promise<T>,
): Promise<T> {
  const host = await startHost({ ...app, template, secretValue: '', ...options });
  try {
    return await use(host);
  } finally {
    await host.stop();
  }
}

/** Runs one execution of a machine with these states, the first of which is Step. */
function execute(states: object, machine: object = {}, options: Partial<HostOptions> = {}) {
  const template = variant({
    'AWS::StepFunctions::StateMachine': {
      DefinitionString: JSON.stringify({ StartAt: 'Step', States: states, ...machine }),
    },
    'AWS::Lambda::Function': { Timeout: 20 },
  });
  return hosted(template, options, async (host) => {
    const body = JSON.stringify({
      stateMachineArn: host.outputs.MachineArn,
      name: 'only',
      input: '{"hang":true,"items":[1,2]}',
    });
    const headers = { 'x-amz-target': 'AWSStepFunctions.StartExecution' };
    await fetch(host.awsEndpoint, { method: 'POST', headers, body });
    await host.executions.get('only')?.closed;
    return host.executions.get('only');
  });
}

const task = (fields: object) => ({
  Type: 'Task',
  Resource: `arn:aws:lambda:us-east-1:123456789012:function:local-${app.functions.work}`,
  TimeoutSeconds: 1,
  ...fields,
});

test('a Task ends at its TimeoutSeconds with States.Timeout', async () => {
  const [uncaught, caught] = await Promise.all([
    execute({ Step: task({ End: true }) }),
    execute({
      Step: task({ Catch: [{ ErrorEquals: ['States.Timeout'], Next: 'Late' }], End: true }),
      Late: { Type: 'Pass', End: true },
    }),
  ]);
  expect(uncaught).toMatchObject({ status: 'TIMED_OUT', error: 'States.Timeout' });
  expect(caught?.status).toBe('SUCCEEDED');
  expect(JSON.parse(caught?.output ?? '').Error).toBe('States.Timeout');
});

test('an execution ends at the TimeoutSeconds of the machine', async () => {
  const execution = await execute({ Step: { Type: 'Wait', Seconds: 60, End: true } }, { TimeoutSeconds: 1 });
  expect(execution?.status).toBe('TIMED_OUT');
});

test('Map and Parallel run the tasks inside them, and every transition asks for its latency', async () => {
  const asked: string[] = [];
  const inner = (name: string) => ({
    StartAt: name,
    States: { [name]: task({ InputPath: null, ResultSelector: { done: true }, End: true }) },
  });
  const execution = await execute(
    {
      Step: {
        Type: 'Map',
        ItemsPath: '$.items',
        ItemProcessor: inner('One'),
        ResultPath: '$.map',
        Next: 'Both',
      },
      Both: { Type: 'Parallel', Branches: [inner('Two'), inner('Three')], ResultPath: '$.both', End: true },
    },
    {},
    {
      latency: (kind, key) => {
        asked.push(`${kind} ${key}`);
        return 1;
      },
    },
  );
  const done = [{ done: true }, { done: true }];
  expect(JSON.parse(execution?.output ?? '')).toMatchObject({ map: done, both: done });
  expect(asked.filter((question) => !question.startsWith('invoke'))).toEqual([
    'startExecution only',
    'transition Step',
    'transition Both',
  ]);
  expect(asked.filter((question) => question === `invoke ${app.functions.work}`)).toHaveLength(4);
});

test('an integration which takes too long is a 503', async () => {
  const template = variant({ 'AWS::ApiGatewayV2::Integration': { TimeoutInMillis: 50 } });
  await hosted(template, {}, async (host) => {
    const response = await fetch(`${host.url}/work/hang`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ message: 'Service Unavailable' });
  });
});
