import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type CloudFaults,
  type EffectFault,
  type EffectTarget,
  NO_CLOUD_FAULTS,
} from '../../../local/faults/cloud-faults.ts';
import { type Host, startHost } from '../../../local/host/host.ts';
import { type SampleApp, synthesizeSampleApp } from './sample-app.ts';

const CALL_SID = 'CA0123456789abcdef0123456789abcdef';

let app: SampleApp;
let host: Host;
let faults: CloudFaults;
beforeAll(async () => {
  app = synthesizeSampleApp();
  host = await startHost({
    ...app,
    secretValue: '',
    schedules: 'off',
    faults: {
      effect: (...event) => faults.effect(...event),
      isZombie: (...event) => faults.isZombie(...event),
      abortion: (...event) => faults.abortion(...event),
      isVoiceWebhookLost: (...event) => faults.isVoiceWebhookLost(...event),
    },
  });
});
afterAll(async () => {
  await host.stop();
  app.remove();
});
beforeEach(() => {
  faults = NO_CLOUD_FAULTS;
});

/** Lets this befall the n-th attempt at an effect on the target, and lists the subjects of all attempts. */
function befall(target: EffectTarget, fault: EffectFault, nth = 1): string[] {
  const subjects: string[] = [];
  faults = {
    ...NO_CLOUD_FAULTS,
    effect: (asked, subject) => {
      if (asked !== target) return 'none';
      subjects.push(subject);
      return subjects.length === nth ? fault : 'none';
    },
  };
  return subjects;
}

const ask = (...requests: readonly object[]) => host.invoke(app.functions.ask, { requests });

const put = (item: string) => ({
  service: '_DYNAMODB',
  target: 'DynamoDB_20120810.PutItem',
  body: { TableName: host.tableName, Item: { CallSid: { S: CALL_SID }, Item: { S: item } } },
});
const execute = (name: string) => ({
  service: '_SFN',
  target: 'AWSStepFunctions.StartExecution',
  body: { stateMachineArn: host.outputs.MachineArn, name, input: JSON.stringify({ CallSid: CALL_SID }) },
  timeout: 500,
});
const readSecret = () => ({
  service: '_SECRETS_MANAGER',
  target: 'secretsmanager.GetSecretValue',
  body: { SecretId: host.outputs.SecretArn },
});

async function isInTable(item: string): Promise<boolean> {
  const client = new DynamoDBClient({
    endpoint: host.dynamodbEndpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
  });
  const Key = { CallSid: { S: CALL_SID }, Item: { S: item } };
  const { Item } = await client.send(new GetItemCommand({ TableName: host.tableName, Key }));
  return Item !== undefined;
}

describe('a request to AWS', () => {
  test('is carried out and answered when nothing goes wrong', async () => {
    expect(await ask(put('fine'), execute('fine'), readSecret())).toEqual([
      [200, null],
      [200, null],
      [200, null],
    ]);
    expect([await isInTable('fine'), host.executions.has('fine')]).toEqual([true, true]);
  });

  test('is refused, which does nothing', async () => {
    const table = befall('table', 'refused');
    expect(await ask(put('refused'), put('next'))).toEqual([
      [400, 'com.amazonaws.dynamodb.v20120810#ThrottlingException'],
      [200, null],
    ]);
    expect([await isInTable('refused'), await isInTable('next')]).toEqual([false, true]);
    expect(table).toEqual([CALL_SID, CALL_SID]);
    const stepFunctions = befall('stepFunctions', 'refused');
    expect(await ask(execute('refused'))).toEqual([[400, 'ThrottlingException']]);
    expect(host.executions.has('refused')).toBe(false);
    expect(stepFunctions).toEqual([CALL_SID]);
    const secret = befall('secret', 'refused');
    expect(await ask(readSecret())).toEqual([[500, 'InternalServiceError']]);
    expect(secret).toEqual(['']);
  });

  test('is carried out although its sender hears an error, or nothing', async () => {
    befall('table', 'unknown');
    expect(await ask(put('unknown'))).toEqual([
      [500, 'com.amazonaws.dynamodb.v20120810#InternalServerError'],
    ]);
    expect(await isInTable('unknown')).toBe(true);
    befall('stepFunctions', 'unknown');
    expect(await ask(execute('unknown'))).toEqual(['timeout']);
    expect(host.executions.has('unknown')).toBe(true);
  });

  test.each([
    ['crash-before', false],
    ['crash-after', true],
  ] as const)('%s: its sender dies', async (fault, isCarriedOut) => {
    befall('table', fault, 2);
    await expect(ask(put(`first ${fault}`), put(fault), put(`last ${fault}`))).rejects.toMatchObject({
      name: 'Runtime.ExitError',
    });
    expect([
      await isInTable(`first ${fault}`),
      await isInTable(fault),
      await isInTable(`last ${fault}`),
    ]).toEqual([true, isCarriedOut, false]);
    expect(await ask(readSecret())).toEqual([[200, null]]);
  });
});

describe('a request to somebody else', () => {
  let twilio: Server;
  let received: number;
  beforeEach(async () => {
    received = 0;
    twilio = createServer((_request, response) => {
      received += 1;
      response.end('yes');
    }).listen(0, '127.0.0.1');
    await once(twilio, 'listening');
  });
  afterEach(() => {
    twilio.close();
  });

  test.each([
    ['crash-before', 1],
    ['crash-after', 2],
  ] as const)('%s: its sender dies', async (fault, expected) => {
    const url = `http://127.0.0.1:${(twilio.address() as AddressInfo).port}`;
    const subjects = befall('twilio', fault, 2);
    const [one, two, three] = [{ url }, { url, body: CALL_SID }, { url }];
    await expect(ask(readSecret(), one, two, three)).rejects.toMatchObject({ name: 'Runtime.ExitError' });
    expect(received).toBe(expected);
    expect(subjects).toEqual([CALL_SID, CALL_SID]);
    expect(await ask(one, two)).toEqual([
      [200, 'yes'],
      [200, 'yes'],
    ]);
  });
});

test('whoever invoked a function gives up on it while it goes on', async () => {
  faults = { ...NO_CLOUD_FAULTS, isZombie: (functionId) => functionId === app.functions.ask };
  await expect(ask(put('zombie'))).rejects.toMatchObject({ name: 'Sandbox.Timedout' });
  faults = NO_CLOUD_FAULTS;
  // Its environment answers the next one only when it is done with this.
  while (!(await isInTable('zombie'))) await ask();
});

test('an execution is aborted', async () => {
  const subjects: string[] = [];
  faults = {
    ...NO_CLOUD_FAULTS,
    abortion: (subject) => ({ afterMs: 0, onAborted: () => subjects.push(subject) }),
  };
  await ask(execute('aborted'));
  await host.executions.get('aborted')?.closed;
  expect(host.executions.get('aborted')?.status).toBe('ABORTED');
  expect(subjects).toEqual([CALL_SID]);
});

test('a voice webhook is lost, a recording status callback is not', async () => {
  const asked: string[] = [];
  faults = {
    ...NO_CLOUD_FAULTS,
    isVoiceWebhookLost: (subject) => asked.push(subject) === 1,
  };
  const send = (form: Record<string, string>) =>
    fetch(`${host.url}/echo`, { method: 'POST', body: new URLSearchParams(form) });
  const voice = { CallSid: CALL_SID, CallStatus: 'ringing' };
  await expect(send(voice)).rejects.toThrow('fetch failed');
  expect((await send({ CallSid: CALL_SID, RecordingSid: 'RE1' })).status).toBe(200);
  expect(await (await send(voice)).json()).toMatchObject({
    body: Buffer.from(new URLSearchParams(voice).toString()).toString('base64'),
  });
  expect(asked).toEqual([CALL_SID, CALL_SID]);
});
