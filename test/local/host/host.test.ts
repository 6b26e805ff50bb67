import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DynamoDBClient, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  type ListExecutionsCommandInput,
  paginateListExecutions,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { HostEvent } from '../../../local/host/events.ts';
import { type Host, startHost } from '../../../local/host/host.ts';
import { type SampleApp, synthesizeSampleApp } from './sample-app.ts';

const events: HostEvent[] = [];
let app: SampleApp;
let host: Host;

beforeAll(async () => {
  app = synthesizeSampleApp();
  process.env.INHERITED = 'yes';
  host = await startHost({ ...app, secretValue: 'first', onEvent: (event) => events.push(event) });
});
afterAll(async () => {
  delete process.env.INHERITED;
  await host.stop();
  app.remove();
});

interface Answer {
  readonly environment: number;
  readonly invocations: number;
  readonly variables: Readonly<Record<string, string>>;
  readonly context: Readonly<Record<string, unknown>>;
  readonly remaining: number;
}

async function work(payload: unknown): Promise<Answer> {
  return (await host.invoke(app.functions.work, payload)) as Answer;
}

function clientConfiguration(endpoint: string) {
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };
  return { endpoint, region: 'us-east-1', credentials, maxAttempts: 1 };
}

describe('HTTP API', () => {
  /** `fetch` would change the headers and the path. */
  function send(path: string, method: string, headers: readonly string[], body = ''): Promise<string> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        host.url,
        { path, method, headers: ['Host', 'api.example.com', ...headers] },
        async (response) => {
          resolve((await response.toArray()).join(''));
        },
      );
      outgoing.on('error', reject).end(body);
    });
  }

  test('gives a form as payload format 2.0', async () => {
    const before = Date.now();
    const text = await send(
      '/echo/a%20b?one=1&two=a%2Bb&one=2',
      'POST',
      [
        ...['User-Agent', 'TwilioProxy/1.1', 'X-Twice', 'a', 'X-Twice', 'b'],
        ...['Content-Type', 'application/x-www-form-urlencoded', 'Cookie', 'c=1; d=2'],
      ],
      'From=%2B1&To=x',
    );
    const event = JSON.parse(text);
    expect(event).toEqual({
      version: '2.0',
      routeKey: 'ANY /echo/{name}',
      rawPath: '/echo/a b',
      rawQueryString: 'one=1&two=a%2Bb&one=2',
      cookies: ['c=1', 'd=2'],
      headers: {
        'content-length': '14',
        'content-type': 'application/x-www-form-urlencoded',
        host: 'api.example.com',
        'user-agent': 'TwilioProxy/1.1',
        'x-amzn-trace-id': expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/),
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-port': '443',
        'x-forwarded-proto': 'https',
        'x-twice': 'a,b',
      },
      queryStringParameters: { one: '1,2', two: 'a+b' },
      pathParameters: { name: 'a b' },
      requestContext: {
        accountId: '123456789012',
        apiId: expect.any(String),
        domainName: '127.0.0.1',
        domainPrefix: '127',
        http: {
          method: 'POST',
          path: '/echo/a b',
          protocol: 'HTTP/1.1',
          sourceIp: '127.0.0.1',
          userAgent: 'TwilioProxy/1.1',
        },
        requestId: expect.stringMatching(/^[\w+/]{15}=$/),
        routeKey: 'ANY /echo/{name}',
        stage: '$default',
        time: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
        timeEpoch: expect.any(Number),
      },
      body: Buffer.from('From=%2B1&To=x').toString('base64'),
      isBase64Encoded: true,
    });
    expect(event.requestContext.timeEpoch).toBeGreaterThanOrEqual(before);
  });

  test.each([
    ['application/json', '{}', '{}'],
    ['text/plain; charset=utf-8', 'é', 'é'],
    ['application/xml', '<a/>', '<a/>'],
    ['application/octet-stream', 'a', 'YQ=='],
  ])('gives a %s body', async (contentType, body, expected) => {
    const event = JSON.parse(await send('/echo', 'POST', ['Content-Type', contentType], body));
    expect([event.body, event.isBase64Encoded]).toEqual([expected, expected !== body]);
  });

  test('encodes a body without a content type, and leaves out what is not there', async () => {
    expect(JSON.parse(await send('/echo', 'POST', [], 'a')).body).toBe('YQ==');
    const event = JSON.parse(await send('/echo', 'POST', []));
    for (const key of ['body', 'cookies', 'pathParameters', 'queryStringParameters']) {
      expect(event).not.toHaveProperty(key);
    }
    expect(event.isBase64Encoded).toBe(false);
  });

  test.each([
    ['GET', '/echo/fixed', 'GET /echo/fixed'],
    ['PUT', '/echo/fixed', 'ANY /echo/{name}'],
    ['GET', '/files/a/b%2Fc', 'GET /files/{proxy+}'],
    // Through an alias of the function.
    ['POST', '/live', 'POST /live'],
  ])('routes %s %s to %s', async (method, path, routeKey) => {
    expect(JSON.parse(await send(path, method, [])).routeKey).toBe(routeKey);
  });

  test.each([
    ['GET', '/nowhere', 404, { message: 'Not Found' }],
    ['GET', '/echo', 404, { message: 'Not Found' }],
    ['GET', '/echo/%E0%A4%A', 400, { message: 'Bad Request' }],
    ['GET', '/work/fail', 500, { message: 'Internal Server Error' }],
    ['GET', '/work/block', 500, { message: 'Internal Server Error' }],
  ])('answers %s %s with %i', async (method, path, status, body) => {
    const response = await fetch(host.url + path, { method });
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual(body);
  });

  test('refuses a body over 10 MB', async () => {
    const response = await fetch(`${host.url}/echo`, {
      method: 'POST',
      body: Buffer.alloc(10 * 1024 ** 2 + 1),
    });
    expect(response.status).toBe(413);
  });

  test('maps an answer with a status code', async () => {
    const response = await fetch(`${host.url}/work/reply`);
    expect(response.status).toBe(201);
    expect(response.headers.get('x-one')).toBe('1');
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(await response.text()).toBe('ok');
  });
});

describe('Lambda', () => {
  test('gives the function its own variables and none of the host', async () => {
    const { variables, context, remaining } = await work({});
    expect(variables).toMatchObject({
      API_ENDPOINT: host.url,
      API_URL: `${host.url}/`,
      AWS_ENDPOINT_URL_DYNAMODB: host.dynamodbEndpoint,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: host.awsEndpoint,
      AWS_ENDPOINT_URL_SFN: host.awsEndpoint,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
      AWS_REGION: 'us-east-1',
      SECRET_ARN: host.outputs.SecretArn,
      TABLE_NAME: host.tableName,
    });
    expect(variables).not.toHaveProperty('INHERITED');
    expect(variables).not.toHaveProperty('HOME');
    expect(variables).not.toHaveProperty('NODE_COMPILE_CACHE');
    expect(context).toMatchObject({
      awsRequestId: expect.any(String),
      functionName: variables.AWS_LAMBDA_FUNCTION_NAME,
      invokedFunctionArn: expect.stringContaining(':function:'),
      memoryLimitInMB: '256',
    });
    expect(remaining).toBeLessThanOrEqual(1000);
  });

  test('re-uses a warm environment, and runs one invocation at a time in it', async () => {
    const first = await work({});
    const second = await work({});
    expect(second).toMatchObject({ environment: first.environment, invocations: first.invocations + 1 });
    const concurrent = await Promise.all([work({ sleep: 50 }), work({ sleep: 50 })]);
    expect(new Set(concurrent.map(({ environment }) => environment)).size).toBe(2);
  });

  test('hands on what is printed, also by a handler that never yields', async () => {
    await expect(work({ print: 'one\ntwo', block: true })).rejects.toMatchObject({
      name: 'Sandbox.Timedout',
      message: expect.stringContaining('Task timed out after 1.00 seconds'),
    });
    const lines = events.filter((event) => event.type === 'log').map(({ line }) => line);
    expect(lines).toEqual(expect.arrayContaining(['one', 'two']));
    expect(events.findLast((event) => event.type === 'invocationEnded')).toMatchObject({ timedOut: true });
  });

  test('answers errors as Lambda names them', async () => {
    await expect(work({ failTimes: 99, errorName: 'Named' })).rejects.toMatchObject({
      name: 'Named',
      message: 'try again',
    });
    await expect(work({ exit: true })).rejects.toMatchObject({ name: 'Runtime.ExitError' });
    await expect(host.invoke(app.functions.broken, {})).rejects.toMatchObject({ name: 'RangeError' });
    await expect(work({})).resolves.toMatchObject({ invocations: expect.any(Number) });
  });

  test('loads CommonJS below a package of ES modules', async () => {
    await expect(host.invoke(app.functions.commonJs, {})).resolves.toBe(42);
  });

  test('throttles beyond the concurrency', async () => {
    const small = await startHost({ ...app, secretValue: '', concurrency: 1 });
    const results = await Promise.allSettled(
      [1, 2].map(() => small.invoke(app.functions.work, { sleep: 50 })),
    );
    await small.stop();
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(results[1]).toMatchObject({ reason: { name: 'Lambda.TooManyRequestsException' } });
  });
});

describe('Step Functions', () => {
  async function start(name: string, input: unknown) {
    const client = new SFNClient(clientConfiguration(host.awsEndpoint));
    const stateMachineArn = host.outputs.MachineArn;
    return client.send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }));
  }

  async function finish(name: string, input: unknown) {
    const { executionArn } = await start(name, input);
    await host.executions.get(name)?.closed;
    const client = new SFNClient(clientConfiguration(host.awsEndpoint));
    return client.send(new DescribeExecutionCommand({ executionArn }));
  }

  const input = { failTimes: 0, errorName: '', hang: false };

  test('starts one execution for a name while it runs, and none after it', async () => {
    const first = await start('waits', { a: 1 });
    const second = await start('waits', { a: 1 });
    expect([second.executionArn, second.startDate]).toEqual([first.executionArn, first.startDate]);
    expect(first.startDate).toBeInstanceOf(Date);
    const exists = { name: 'ExecutionAlreadyExists' };
    await expect(start('waits', { a: 2 })).rejects.toMatchObject(exists);
    await finish('ends', input);
    await expect(start('ends', input)).rejects.toMatchObject(exists);
    await expect(start('bad name', {})).rejects.toMatchObject({ name: 'InvalidName' });
  });

  test('lists executions, the newest first', async () => {
    const client = new SFNClient(clientConfiguration(host.awsEndpoint));
    const stateMachineArn = host.outputs.MachineArn;
    const list = (input: Partial<ListExecutionsCommandInput> = {}) =>
      client.send(new ListExecutionsCommand({ stateMachineArn, ...input }));
    await start('listed-running', {});
    const { executionArn } = await finish('listed-ended', input);
    const { executions = [], nextToken } = await list();
    expect(nextToken).toBeUndefined();
    expect(executions.map(({ name }) => name)).toEqual([...host.executions.keys()].toReversed());
    expect(executions[0]).toEqual({
      executionArn,
      stateMachineArn,
      name: 'listed-ended',
      status: 'SUCCEEDED',
      startDate: expect.any(Date),
      stopDate: expect.any(Date),
    });
    expect(executionArn).toBe(`${stateMachineArn?.replace(':stateMachine:', ':execution:')}:listed-ended`);
    const running = await list({ statusFilter: 'RUNNING', maxResults: 1 });
    expect(running.executions?.map(({ name }) => name)).toEqual(['listed-running']);
    const pages: (typeof executions)[] = [];
    for await (const page of paginateListExecutions({ client, pageSize: 2 }, { stateMachineArn })) {
      pages.push(page.executions ?? []);
    }
    expect(pages.length).toBeGreaterThan(1);
    expect(pages.flat()).toEqual(executions);
    await expect(list({ nextToken: 'other' })).rejects.toMatchObject({ name: 'InvalidToken' });
    await expect(list({ stateMachineArn: `${stateMachineArn}2` })).rejects.toMatchObject({
      name: 'StateMachineDoesNotExist',
    });
  });

  test('tells the history of an execution, without what it was about', async () => {
    const { executionArn } = await finish('told', { ...input, failTimes: 9, errorName: 'Unforeseen' });
    const client = new SFNClient(clientConfiguration(host.awsEndpoint));
    const history = (more: object = {}) =>
      client.send(new GetExecutionHistoryCommand({ executionArn, includeExecutionData: false, ...more }));
    const { events = [], nextToken } = await history();
    expect(nextToken).toBeUndefined();
    expect(events[0]).toEqual({
      id: 1,
      previousEventId: 0,
      timestamp: expect.any(Date),
      type: 'ExecutionStarted',
    });
    expect(
      events.map(({ type, stateEnteredEventDetails }) => stateEnteredEventDetails?.name ?? type),
    ).toEqual(expect.arrayContaining(['TaskFailed', 'ExecutionFailed']));
    expect(events.find(({ type }) => type === 'TaskFailed')?.taskFailedEventDetails).toEqual({
      error: 'Unforeseen',
    });
    expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => index + 1));
    const first = await history({ maxResults: 2 });
    const rest = await history({ nextToken: first.nextToken });
    expect([...(first.events ?? []), ...(rest.events ?? [])]).toEqual(events);
    await expect(history({ executionArn: `${executionArn}2` })).rejects.toMatchObject({
      name: 'ExecutionDoesNotExist',
    });
  });

  test('gives the context object', async () => {
    const execution = await finish('context', input);
    expect(execution.status).toBe('SUCCEEDED');
    expect(JSON.parse(execution.output ?? '')).toEqual({
      result: { attempts: 1, retryCount: 0 },
      name: 'context',
      state: 'Context',
      input,
      machine: expect.stringContaining('Machine'),
    });
  });

  test('retries by the name of the error', async () => {
    const execution = await finish('retry', { ...input, failTimes: 1, errorName: 'TryAgain' });
    expect(JSON.parse(execution.output ?? '').result).toEqual({ attempts: 2, retryCount: 1 });
    const states = events.flatMap((event) =>
      'state' in event && event.execution === 'retry' ? [`${event.type} ${event.state}`] : [],
    );
    expect(states).toEqual([
      'stateEntered HasName',
      'stateExited HasName',
      'stateEntered Invoke',
      'stateFailed Invoke',
      'stateRetried Invoke',
      'stateExited Invoke',
      'stateEntered Context',
      'stateExited Context',
    ]);
  });

  test('catches by the name of the error, with the answer of Lambda as its cause', async () => {
    const refused = await finish('refused', { ...input, failTimes: 9, errorName: 'Refusal' });
    expect(refused).toMatchObject({ status: 'FAILED', error: 'Refused', cause: 'by name' });
    const uncaught = await finish('uncaught', { ...input, failTimes: 9, errorName: 'Other' });
    expect(uncaught).toMatchObject({ status: 'FAILED', error: 'Other' });
    expect(JSON.parse(uncaught.cause ?? '')).toMatchObject({ errorType: 'Other', errorMessage: 'try again' });
    const timedOut = await finish('timedOut', { ...input, hang: true });
    expect(JSON.parse(timedOut.output ?? '').caught.Error).toBe('Sandbox.Timedout');
  });
});

describe('Scheduler', () => {
  test('invokes asynchronously, and the queue has what failed', async () => {
    const result = await host.runSchedule();
    expect(result).toMatchObject({ error: { errorMessage: 'try again' } });
    const [queue] = host.queues.values();
    expect(queue?.name).toBe('failures');
    expect(JSON.parse(queue?.messages[0]?.body ?? '')).toMatchObject({
      requestContext: { condition: 'RetriesExhausted' },
      requestPayload: { pathParameters: { what: 'fail' } },
    });
  });
});

describe('Secrets Manager', () => {
  test('answers the secret by ARN, as it was set last', async () => {
    const client = new SecretsManagerClient(clientConfiguration(host.awsEndpoint));
    const read = (SecretId = '') => client.send(new GetSecretValueCommand({ SecretId }));
    const first = await read(host.outputs.SecretArn);
    expect(first).toMatchObject({ SecretString: 'first', VersionStages: ['AWSCURRENT'] });
    host.setSecretValue('second');
    const second = await read(host.outputs.SecretArn);
    expect(second.SecretString).toBe('second');
    expect(second.VersionId).not.toBe(first.VersionId);
    await expect(read('other')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

describe('DynamoDB', () => {
  test('has the table with its index', async () => {
    const client = new DynamoDBClient(clientConfiguration(host.dynamodbEndpoint));
    const TableName = host.tableName;
    const item = { CallSid: { S: 'CA1' }, Item: { S: 'CALL' }, Day: { S: '2026-11-24' } };
    await client.send(new PutItemCommand({ TableName, Item: item }));
    const { Items } = await client.send(
      new QueryCommand({
        TableName,
        IndexName: 'Day',
        KeyConditionExpression: '#day = :day',
        ExpressionAttributeNames: { '#day': 'Day' },
        ExpressionAttributeValues: { ':day': item.Day },
      }),
    );
    expect(Items).toEqual([item]);
  });
});

test('a process ends after stop, whatever ran', async () => {
  const templateFile = join(app.assemblyDirectory, 'test-template.json');
  writeFileSync(templateFile, JSON.stringify(app.template));
  const program = `
    import { readFileSync } from 'node:fs';
    import { startHost } from ${JSON.stringify(new URL('../../../local/host/host.ts', import.meta.url).href)};
    const host = await startHost({
      template: JSON.parse(readFileSync(${JSON.stringify(templateFile)}, 'utf8')),
      assemblyDirectory: ${JSON.stringify(app.assemblyDirectory)},
      secretValue: '',
    });
    await host.invoke(${JSON.stringify(app.functions.work)}, {});
    const running = host.invoke(${JSON.stringify(app.functions.work)}, { hang: true }).catch(({ name }) => name);
    await fetch(host.awsEndpoint, {
      method: 'POST',
      headers: { 'x-amz-target': 'AWSStepFunctions.StartExecution' },
      body: JSON.stringify({ stateMachineArn: host.outputs.MachineArn, name: 'waits' }),
    });
    // One run waits for its next try, another one has just begun.
    await host.runSchedule();
    void host.runSchedule();
    await host.stop();
    await host.idle();
    console.log(await running, host.executions.get('waits').status);
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);
  expect(stdout.trim()).toBe('Runtime.ExitError ABORTED');
});
