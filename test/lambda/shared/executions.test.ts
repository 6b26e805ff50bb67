import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  ExecutionLimitExceeded,
  type ExecutionStatus,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { stepFunctions as realStepFunctions } from '../../../lambda/shared/clients/step-functions.ts';
import { stepFunctionsExecutions } from '../../../lambda/shared/executions.ts';
import { voiceWebhook } from '../../../lambda/voice-webhook/voice-webhook.ts';
import { voiceDocuments } from '../../../lib/voice-documents.ts';
import { fakeTelemetry } from '../support/fake-telemetry.ts';
import { secretSource } from '../support/secrets.ts';
import { ACCOUNT_SID, CALL_SID } from '../support/sids.ts';
import { namesOf } from '../support/twiml.ts';
import { type Parameters, PUBLIC_BASE_URL, voiceParameters, webhookEvent } from '../support/webhooks.ts';

const STATE_MACHINE_ARN = 'arn:aws:states:eu-central-1:123456789012:stateMachine:calls';
const client = new SFNClient({ region: 'eu-central-1' });
const stepFunctions = mockClient(client);
const executions = stepFunctionsExecutions({ stepFunctions: () => client }, STATE_MACHINE_ARN, 800);

beforeEach(() => {
  stepFunctions.reset();
});

const answer = (parameters: Parameters) =>
  voiceWebhook({
    secrets: secretSource(),
    executions,
    telemetry: fakeTelemetry(),
    documents: voiceDocuments(
      { notice: false, otherwise: { say: 'Goodbye.' } },
      { configurationId: 'CR1' },
      PUBLIC_BASE_URL,
    ),
    startWith: 'api',
    gated: false,
    publicBaseUrl: PUBLIC_BASE_URL,
  })(webhookEvent({ parameters }), 'request-1');

const started = () => stepFunctions.commandCalls(StartExecutionCommand).map(({ args }) => args[0].input);

describe('the execution of a call', () => {
  test('is named by the CallSid and knows who called whom', async () => {
    stepFunctions.on(StartExecutionCommand).resolves({});
    await answer(voiceParameters());
    expect(started()).toEqual([
      {
        stateMachineArn: STATE_MACHINE_ARN,
        name: CALL_SID,
        input: JSON.stringify({
          callSid: CALL_SID,
          accountSid: ACCOUNT_SID,
          from: '+15550001111',
          to: '+15550002222',
          direction: 'inbound',
        }),
      },
    ]);
  });

  test.each<[string, Parameters]>([
    ['the same again', {}],
    ['the call having gone on', { CallStatus: 'in-progress' }],
    ['the parameters in another order', Object.fromEntries(Object.entries(voiceParameters()).toReversed())],
    ['another name of the caller', { CallerName: 'ADA L' }],
    ['one more verification', { StirVerstat: 'TN-Validation-Passed-A', CallToken: 'x' }],
  ])('has the same input to the byte with %s', async (_, changes) => {
    stepFunctions.on(StartExecutionCommand).resolves({});
    await answer(voiceParameters());
    await answer({ ...voiceParameters(), ...changes });
    const [first, second] = started();
    expect(second).toEqual(first);
  });

  test('that exists already is as good as started', async () => {
    stepFunctions
      .on(StartExecutionCommand)
      .rejects(new ExecutionAlreadyExists({ message: 'exists', $metadata: {} }));
    expect(namesOf((await answer(voiceParameters())).body)).toEqual(['Say', 'Pause']);
  });

  test('that is not known to exist lets the TwiML start the recording', async () => {
    stepFunctions
      .on(StartExecutionCommand)
      .rejects(new ExecutionLimitExceeded({ message: 'too many', $metadata: {} }));
    expect(namesOf((await answer(voiceParameters())).body)).toEqual(['Start', 'Say', 'Pause']);
  });

  test('leaves out what is not known of the call', async () => {
    stepFunctions.on(StartExecutionCommand).resolves({});
    await executions.start({ callSid: CALL_SID, accountSid: ACCOUNT_SID });
    expect(started()).toMatchObject([
      { input: JSON.stringify({ callSid: CALL_SID, accountSid: ACCOUNT_SID }) },
    ]);
  });
});

describe('an execution of a call', () => {
  const call = { callSid: CALL_SID, accountSid: ACCOUNT_SID };

  test('that a sweep starts says so in its input, and may have another name', async () => {
    stepFunctions.on(StartExecutionCommand).resolves({});
    expect(await executions.start({ ...call, origin: 'sweep' }, `${CALL_SID}-2`)).toBe('started');
    expect(started()).toEqual([
      {
        stateMachineArn: STATE_MACHINE_ARN,
        name: `${CALL_SID}-2`,
        input: JSON.stringify({ ...call, origin: 'sweep' }),
      },
    ]);
  });

  test('is told from one that exists', async () => {
    stepFunctions
      .on(StartExecutionCommand)
      .rejects(new ExecutionAlreadyExists({ message: 'exists', $metadata: {} }));
    expect(await executions.start(call)).toBe('exists');
  });

  test.each<[ExecutionStatus, string]>([
    ['RUNNING', 'running'],
    ['PENDING_REDRIVE', 'running'],
    ['SUCCEEDED', 'ended'],
    ['FAILED', 'ended'],
    ['TIMED_OUT', 'ended'],
    ['ABORTED', 'ended'],
  ])('that is %s is %s', async (status, is) => {
    stepFunctions.on(DescribeExecutionCommand).resolves({ status });
    expect(await executions.status(`${CALL_SID}-2`)).toBe(is);
    expect(stepFunctions.commandCalls(DescribeExecutionCommand).map(({ args }) => args[0].input)).toEqual([
      { executionArn: `arn:aws:states:eu-central-1:123456789012:execution:calls:${CALL_SID}-2` },
    ]);
  });

  test('that nobody started is absent', async () => {
    stepFunctions
      .on(DescribeExecutionCommand)
      .rejects(new ExecutionDoesNotExist({ message: 'does not exist', $metadata: {} }));
    expect(await executions.status(CALL_SID)).toBe('absent');
  });

  test('is not known while Step Functions does not say', async () => {
    stepFunctions.on(DescribeExecutionCommand).rejects(new Error('throttled'));
    await expect(executions.status(CALL_SID)).rejects.toThrow('throttled');
  });
});

describe('the executions that run', () => {
  const running = (...names: string[]) => ({
    executions: names.map((name) => ({
      name,
      executionArn: '',
      stateMachineArn: '',
      status: 'RUNNING' as const,
      startDate: new Date(0),
    })),
  });

  test('are listed, page after page', async () => {
    stepFunctions
      .on(ListExecutionsCommand)
      .resolvesOnce({ ...running('CA1', 'CA2'), nextToken: 'more' })
      .resolvesOnce(running('CA3-2'));
    expect(await executions.running()).toEqual(new Set(['CA1', 'CA2', 'CA3-2']));
    const asked = stepFunctions.commandCalls(ListExecutionsCommand).map(({ args }) => args[0].input);
    expect(asked).toEqual(
      [undefined, 'more'].map((nextToken) => ({
        stateMachineArn: STATE_MACHINE_ARN,
        statusFilter: 'RUNNING',
        maxResults: 1000,
        nextToken,
      })),
    );
  });

  test('are not known while Step Functions does not say', async () => {
    stepFunctions.on(ListExecutionsCommand).rejects(new Error('throttled'));
    await expect(executions.running()).rejects.toThrow('throttled');
  });
});

describe('Step Functions', () => {
  /** Longer than the handler's, in the same shares: a busy machine must not decide. */
  const BUDGET = 3_000;
  const hang = (): void => {};
  const succeed = (response: ServerResponse): void => {
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(
      JSON.stringify({ executionArn: `${STATE_MACHINE_ARN}:${CALL_SID}`, startDate: 1_795_521_600 }),
    );
  };
  const refuse = (response: ServerResponse): void => {
    response.writeHead(500, { 'content-type': 'application/x-amz-json-1.0' });
    response.end('{}');
  };
  const throttle = (response: ServerResponse): void => {
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
    response.end('{"__type":"ThrottlingException","message":"Rate exceeded"}');
  };
  const close: (() => void)[] = [];
  let former: NodeJS.ProcessEnv;

  beforeEach(() => {
    former = { ...process.env };
    Object.assign(process.env, {
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'fake',
      AWS_SECRET_ACCESS_KEY: 'fake',
    });
  });
  afterEach(() => {
    for (const end of close.splice(0)) {
      end();
    }
    process.env = former;
  });

  /** Starts an execution with the options of the handler, at a server that does these things in turn. */
  async function start(...answers: ((response: ServerResponse) => void)[]) {
    const bodies: string[] = [];
    const server = createServer(async (request, response) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of request) {
        chunks.push(chunk);
      }
      const answer = answers[Math.min(bodies.length, answers.length - 1)];
      bodies.push(Buffer.concat(chunks).toString());
      answer?.(response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') {
      throw new Error('the server has no port');
    }
    process.env.AWS_ENDPOINT_URL_SFN = `http://127.0.0.1:${address.port}`;
    close.push(() => {
      server.close();
      server.closeAllConnections();
    });
    const outcome = await stepFunctionsExecutions(
      { stepFunctions: realStepFunctions },
      STATE_MACHINE_ARN,
      BUDGET,
    )
      .start({ callSid: CALL_SID, accountSid: ACCOUNT_SID })
      .then(
        () => 'started',
        () => 'failed',
      );
    return { outcome, bodies };
  }

  test.each([
    ['hangs', hang],
    ['fails', refuse],
  ])('that %s twice is asked again within the time that a call has for it', async (_, first) => {
    const { outcome, bodies } = await start(first, first, succeed);
    expect(outcome).toBe('started');
    expect(bodies).toHaveLength(3);
    expect(bodies[2]).toBe(bodies[0]);
    expect(bodies[1]).toBe(bodies[0]);
  });

  test('that throttles is asked again at once, for as long as a call has time', async () => {
    const { outcome, bodies } = await start(throttle, throttle, throttle, succeed);
    expect(outcome).toBe('started');
    expect(bodies).toHaveLength(4);
  });

  test('that hangs for good is given up on in that time', async () => {
    const { outcome, bodies } = await start(hang);
    expect(outcome).toBe('failed');
    expect(bodies).toHaveLength(4);
  });
});
