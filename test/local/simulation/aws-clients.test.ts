import {
  ConditionalCheckFailedException,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  InvalidToken,
  SendTaskSuccessCommand,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { describe, expect, test } from '@jest/globals';
import { type CloudFaults, NO_CLOUD_FAULTS } from '../../../local/faults/cloud-faults.ts';
import { Activity } from '../../../local/host/activity.ts';
import { Secret } from '../../../local/host/secret.ts';
import { StateMachine } from '../../../local/host/state-machine.ts';
import { awsClients } from '../../../local/simulation/aws-clients.ts';
import { CALL_SID, faultsInOrder, rig, START } from './support.ts';

const ARN = 'arn:aws:states:us-east-1:123456789012:stateMachine:calls';
const KEY = { CallSid: { S: CALL_SID }, Item: { S: 'CALL' } };
const put = new PutItemCommand({
  TableName: 'calls',
  Item: { ...KEY, RecordingStatus: { S: 'starting' } },
  ConditionExpression: 'attribute_not_exists(CallSid)',
});
const get = new GetItemCommand({ TableName: 'calls', Key: KEY, ConsistentRead: true });

/** Clients of three attempts, a second each. */
function setUp(faults?: CloudFaults) {
  const base = rig(faults);
  const { effects, table } = base;
  const stateMachine = new StateMachine({
    arn: ARN,
    name: 'calls',
    definition: JSON.stringify({
      StartAt: 'Wait',
      States: { Wait: { Type: 'Wait', Seconds: 60, Next: 'End' }, End: { Type: 'Succeed' } },
    }),
    lambda: { find: () => undefined, invoke: async () => ({ payload: '{}' }) },
    activity: new Activity(),
    latency: () => 0,
    pause: async () => undefined,
  });
  const clients = awsClients({
    effects,
    table,
    stateMachine: () => stateMachine,
    secret: new Secret('arn:secret-AbCdEf', 'secret', 'hush'),
  });
  const inside = <T>(work: () => T): T => effects.within(base.invocation, work);
  return {
    ...base,
    inside,
    settle: <T>(work: () => Promise<T>): Promise<T> => base.time.settle(inside(work)),
    dynamoDb: clients.dynamoDb(3, 1_000),
    stepFunctions: clients.stepFunctions(3, 1_000),
    secretsManager: clients.secretsManager(3, 1_000),
  };
}

describe('the clients of AWS', () => {
  test('take a moment, and tell the history', async () => {
    using bench = setUp();
    const { dynamoDb, settle, time, history, story } = bench;
    await settle(() => dynamoDb.send(put));
    expect(time.now).toBeGreaterThan(START);
    const { Item } = await settle(() => dynamoDb.send(get));
    expect(Item).toMatchObject(KEY);
    expect(story()).toEqual(['PutItem invoked', 'PutItem done', 'GetItem invoked', 'GetItem done']);
    expect(history.of(CALL_SID)[1]).toMatchObject({
      requestId: 'request-1',
      functionId: 'start-recording',
      target: 'table',
      detail: { item: 'CALL', recordingStatus: 'starting' },
    });
  });

  test('tell the history what a row says after an update, whatever the update returns', async () => {
    using bench = setUp();
    const { dynamoDb, settle, history } = bench;
    const update = (ReturnValues: 'ALL_NEW' | 'NONE') =>
      new UpdateItemCommand({
        TableName: 'calls',
        Key: KEY,
        UpdateExpression: 'SET RecordingStatus = :status',
        ExpressionAttributeValues: { ':status': { S: ReturnValues } },
        ReturnValues,
      });
    await settle(() => dynamoDb.send(update('ALL_NEW')));
    await settle(() => dynamoDb.send(update('NONE')));
    expect(history.of(CALL_SID).filter(({ phase }) => phase === 'done')).toMatchObject([
      { detail: { item: 'CALL', recordingStatus: 'ALL_NEW' } },
      { detail: { item: 'CALL', recordingStatus: 'NONE' } },
    ]);
  });

  test('try again what was refused', async () => {
    using bench = setUp(faultsInOrder('refused', 'refused'));
    const { dynamoDb, settle, time, story } = bench;
    await settle(() => dynamoDb.send(put));
    expect(story()).toEqual([
      'PutItem invoked',
      'PutItem failed',
      'PutItem invoked',
      'PutItem failed',
      'PutItem invoked',
      'PutItem done',
    ]);
    // Of at most half a second and a second.
    expect(time.now).toBeLessThan(START + 2_000);
  });

  test.each([
    ['dynamoDb', 'ProvisionedThroughputExceededException'],
    ['stepFunctions', 'ThrottlingException'],
    ['secretsManager', 'InternalServiceError'],
  ] as const)('%s gives up after the last attempt', async (name, error) => {
    using bench = setUp(faultsInOrder('refused', 'refused', 'refused'));
    const { settle, table, history, dynamoDb, stepFunctions, secretsManager } = bench;
    const requests = {
      dynamoDb: () => dynamoDb.send(put),
      stepFunctions: () =>
        stepFunctions.send(new StartExecutionCommand({ stateMachineArn: ARN, name: CALL_SID })),
      secretsManager: () => secretsManager.send(new GetSecretValueCommand({ SecretId: 'secret' })),
    };
    await expect(settle<unknown>(requests[name])).rejects.toMatchObject({
      name: error,
    });
    expect(table.items()).toEqual([]);
    expect(history.of(CALL_SID)).toHaveLength(6);
  });

  test('meet their own effect when an attempt of unknown end is repeated', async () => {
    using bench = setUp(faultsInOrder('unknown'));
    const { dynamoDb, settle, time, story, history } = bench;
    await expect(settle(() => dynamoDb.send(put))).rejects.toBeInstanceOf(ConditionalCheckFailedException);
    expect(time.now).toBeGreaterThan(START + 1_000);
    expect(story()).toEqual(['PutItem invoked', 'PutItem unknown', 'PutItem invoked', 'PutItem failed']);
    expect(history.of(CALL_SID)[1]?.detail).toMatchObject({ carriedOut: true });
  });

  test('time out when no attempt is answered', async () => {
    using bench = setUp(faultsInOrder('unknown', 'unknown', 'unknown'));
    const { dynamoDb, settle, time } = bench;
    await expect(settle(() => dynamoDb.send(get))).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(time.now).toBeGreaterThanOrEqual(START + 3_000);
  });

  test('stop when they are told to, and what they sent is carried out', async () => {
    using bench = setUp(faultsInOrder('unknown'));
    const { dynamoDb, settle, time, table, story } = bench;
    const sent = () => dynamoDb.send(put, { abortSignal: AbortSignal.timeout(400) });
    await expect(settle(sent)).rejects.toMatchObject({ name: 'AbortError' });
    expect(time.now).toBe(START + 400);
    await time.settle(new Promise((resolve) => setTimeout(resolve, 10_000)));
    expect(table.items()).toHaveLength(1);
    expect(story()).toEqual(['PutItem invoked', 'PutItem unknown']);
  });

  test.each([
    ['crash-before', 0],
    ['crash-after', 1],
  ] as const)('%s: nothing is heard of a dead process any more', async (fault, rows) => {
    using bench = setUp(faultsInOrder(fault));
    const { dynamoDb, secretsManager, inside, time, table, invocation, story } = bench;
    let heard = 0;
    const hear = () => {
      heard += 1;
    };
    inside(() => void dynamoDb.send(put).then(hear, hear));
    await time.run(() => invocation.dead);
    inside(
      () => void secretsManager.send(new GetSecretValueCommand({ SecretId: 'secret' })).then(hear, hear),
    );
    await time.settle(new Promise((resolve) => setTimeout(resolve, 10_000)));
    expect(heard).toBe(0);
    expect(table.items()).toHaveLength(rows);
    expect(story()).toEqual(['PutItem invoked', rows === 0 ? 'PutItem failed' : 'PutItem done']);
  });

  test('start executions, and fail as the SDK does', async () => {
    using bench = setUp();
    const { stepFunctions, settle, time } = bench;
    const start = (input: string) =>
      settle(() =>
        stepFunctions.send(new StartExecutionCommand({ stateMachineArn: ARN, name: CALL_SID, input })),
      );
    const describeCall = (name: string) =>
      settle(() =>
        stepFunctions.send(
          new DescribeExecutionCommand({
            executionArn: `${ARN.replace(':stateMachine:', ':execution:')}:${name}`,
          }),
        ),
      );
    const { executionArn } = await start('{}');
    expect(executionArn).toMatch(/:execution:calls:CA7+$/);
    await expect(start('{}')).resolves.toMatchObject({ executionArn });
    await expect(start('[]')).rejects.toBeInstanceOf(ExecutionAlreadyExists);
    await expect(describeCall(CALL_SID)).resolves.toMatchObject({ status: 'RUNNING' });
    await time.settle(new Promise((resolve) => setTimeout(resolve, 61_000)));
    await expect(describeCall(CALL_SID)).resolves.toMatchObject({ status: 'SUCCEEDED' });
    await expect(describeCall('nobody')).rejects.toBeInstanceOf(ExecutionDoesNotExist);
    const succeed = new SendTaskSuccessCommand({ taskToken: 'unheard of', output: '{}' });
    await expect(settle(() => stepFunctions.send(succeed))).rejects.toBeInstanceOf(InvalidToken);
  });

  test('read the secret', async () => {
    using bench = setUp();
    const { secretsManager, settle } = bench;
    const read = (SecretId: string) =>
      settle(() => secretsManager.send(new GetSecretValueCommand({ SecretId })));
    await expect(read('secret')).resolves.toMatchObject({ SecretString: 'hush' });
    await expect(read('another')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test('ask for the call’s faults, or for those of the one call that a request names', async () => {
    const asked: string[] = [];
    using bench = setUp({
      ...NO_CLOUD_FAULTS,
      effect: (target, subject) => {
        asked.push(`${target} ${subject}`);
        return 'none';
      },
    });
    const { effects, invocation, dynamoDb, secretsManager, time } = bench;
    const sweep = { ...invocation, functionId: 'sweep', callSid: undefined };
    await time.settle(effects.within(invocation, () => dynamoDb.send(get)));
    await time.settle(effects.within(sweep, () => dynamoDb.send(get)));
    await time.settle(
      effects.within(sweep, () => secretsManager.send(new GetSecretValueCommand({ SecretId: 'secret' }))),
    );
    expect(asked).toEqual([`table ${CALL_SID}`, `table ${CALL_SID}`, 'secret sweep']);
  });
});
