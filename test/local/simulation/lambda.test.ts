import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from '@jest/globals';
import type { Platform } from '../../../lambda/shared/platform.ts';
import { type CloudFaults, NO_CLOUD_FAULTS } from '../../../local/faults/cloud-faults.ts';
import { Activity } from '../../../local/host/activity.ts';
import type { FunctionConfiguration } from '../../../local/host/functions.ts';
import { awsClients } from '../../../local/simulation/aws-clients.ts';
import { SimulatedLambda, type Wire } from '../../../local/simulation/lambda.ts';
import { CALL_SID, faultsInOrder, rig, START } from './support.ts';

const configuration: Partial<FunctionConfiguration> = {
  logicalId: 'F',
  arn: 'arn:f',
  arns: ['arn:f', 'arn:f:$LATEST', 'arn:f:live'],
  functionName: 'f',
  timeoutSeconds: 3,
};
const PAYLOAD = JSON.stringify({ call: { callSid: CALL_SID } });
const put = new PutItemCommand({
  TableName: 'calls',
  Item: { CallSid: { S: CALL_SID }, Item: { S: 'CALL' } },
});
const get = new GetItemCommand({
  TableName: 'calls',
  Key: { CallSid: { S: CALL_SID }, Item: { S: 'CALL' } },
  ConsistentRead: true,
});
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function setUp(wire: Wire, faults: CloudFaults = NO_CLOUD_FAULTS, concurrency = 1_000) {
  const base = rig(faults);
  const { effects, draws, history, table } = base;
  const activity = new Activity();
  const clients = awsClients({ effects, table, stateMachine: () => undefined, secret: undefined });
  const lambda = new SimulatedLambda({
    functions: [
      {
        configuration: {
          ...configuration,
          reservedConcurrency: Number.POSITIVE_INFINITY,
        } as FunctionConfiguration,
        functionId: 'start-recording',
        wire,
      },
    ],
    platformOf: () => ({ ...clients }) as Platform,
    effects,
    faults,
    draws,
    history,
    activity,
    concurrency,
  });
  return { ...base, activity, lambda, invoke: () => lambda.invoke('F', PAYLOAD) };
}

describe('Lambda', () => {
  test('is found by name, ARN and qualifier', () => {
    using bench = setUp(() => async () => undefined);
    const names = ['f', 'arn:f', 'arn:f:$LATEST', 'arn:f:live', 'g'];
    expect(names.map((name) => bench.lambda.find(name))).toEqual(['F', 'F', 'F', 'F', undefined]);
  });

  test('keeps environments, one invocation at a time in each', async () => {
    let environments = 0;
    using bench = setUp(() => {
      environments += 1;
      const mine = environments;
      return async (_event, requestId) => {
        await sleep(100);
        return `${requestId} in ${mine}`;
      };
    });
    const { time, invoke } = bench;
    const together = await time.settle(Promise.all([invoke(), invoke()]));
    const after = await time.settle(invoke());
    expect([...together, after]).toEqual([
      { payload: expect.stringMatching(/^"request-0000001 in [12]"$/) },
      { payload: expect.stringMatching(/^"request-0000002 in [12]"$/) },
      { payload: expect.stringMatching(/^"request-0000003 in [12]"$/) },
    ]);
    expect(environments).toBe(2);
  });

  test('names an error by its class, and keeps the environment', async () => {
    let environments = 0;
    using bench = setUp(() => {
      environments += 1;
      return () => Promise.reject(Object.assign(new Error('broken'), { name: 'BrokenError' }));
    });
    const { time, invoke } = bench;
    const error = { errorType: 'BrokenError', errorMessage: 'broken' };
    expect(await time.settle(invoke())).toEqual({ error, timedOut: false });
    await time.settle(invoke());
    expect(environments).toBe(1);
  });

  test('answers what a function that cannot be wired throws', async () => {
    using bench = setUp(() => {
      throw Object.assign(new Error('no settings'), { name: 'EnvironmentInvalidError' });
    });
    expect(await bench.time.settle(bench.invoke())).toMatchObject({
      error: { errorType: 'EnvironmentInvalidError' },
    });
  });

  test('ends what takes too long, with all its effects', async () => {
    let environments = 0;
    using bench = setUp(({ dynamoDb }) => {
      environments += 1;
      return async () => {
        await sleep(4_000);
        await dynamoDb(3, 1_000).send(put);
      };
    });
    const { time, invoke, table } = bench;
    const result = await time.settle(invoke());
    expect(result).toMatchObject({ error: { errorType: 'Sandbox.Timedout' }, timedOut: true });
    await time.settle(sleep(10_000));
    expect(table.items()).toEqual([]);
    await time.settle(invoke());
    expect(environments).toBe(2);
  });

  test('tells that a process died, and what it had asked for is not heard of again', async () => {
    let heard = false;
    using bench = setUp(
      ({ dynamoDb }) =>
        async () => {
          await dynamoDb(3, 1_000).send(get);
          await dynamoDb(3, 1_000).send(put);
          heard = true;
        },
      faultsInOrder('none', 'crash-after'),
    );
    const { time, invoke, table, history, activity } = bench;
    expect(await time.settle(invoke())).toMatchObject({ error: { errorType: 'Runtime.ExitError' } });
    await time.settle(activity.idle());
    await time.settle(sleep(10_000));
    expect(heard).toBe(false);
    expect(table.items()).toHaveLength(1);
    expect(history.of(CALL_SID).at(-1)).toMatchObject({
      target: 'lambda',
      phase: 'failed',
      detail: { error: 'Runtime.ExitError' },
    });
    // Whatever befalls the next one is its own affair.
    await time.settle(invoke());
    expect(heard).toBe(true);
  });

  test('gives up on a function that goes on', async () => {
    using bench = setUp(
      ({ dynamoDb }) =>
        async () => {
          await sleep(2_900);
          await dynamoDb(3, 1_000).send(put);
        },
      { ...NO_CLOUD_FAULTS, isZombie: () => true },
    );
    const { time, invoke, table, activity } = bench;
    const result = await time.settle(invoke());
    expect(result).toMatchObject({
      error: { errorType: expect.stringMatching(/^(Sandbox\.Timedout|Lambda\.Unknown)$/) },
    });
    expect(table.items()).toEqual([]);
    await time.settle(activity.idle());
    expect(table.items()).toHaveLength(1);
  });

  test('throttles beyond its concurrency', async () => {
    using bench = setUp(() => () => sleep(100), NO_CLOUD_FAULTS, 1);
    const { time, invoke } = bench;
    const [, second] = await time.settle(Promise.all([invoke(), invoke()]));
    expect(second).toMatchObject({ error: { errorType: 'Lambda.TooManyRequestsException' } });
    expect(await time.settle(invoke())).toEqual({ payload: 'null' });
  });

  test('knows the call from a webhook’s form', async () => {
    using bench = setUp(() => async () => undefined);
    const { time, lambda, history } = bench;
    const form = `ParentCallSid=CA${'1'.repeat(32)}&CallSid=${CALL_SID}&From=%2B1555`;
    const body = Buffer.from(form).toString('base64');
    await time.settle(lambda.invoke('F', JSON.stringify({ body, isBase64Encoded: true })));
    expect(history.subjects).toEqual([CALL_SID]);
    expect(time.now).toBeGreaterThan(START);
  });

  test('lets nothing begin once it is stopped, and knows no other functions', async () => {
    using bench = setUp(() => async () => undefined);
    const { lambda, invoke } = bench;
    await expect(lambda.invoke('G', '{}')).rejects.toThrow('The template has no function G');
    lambda.stop();
    expect(await invoke()).toMatchObject({ error: { errorType: 'Runtime.ExitError' } });
  });
});
