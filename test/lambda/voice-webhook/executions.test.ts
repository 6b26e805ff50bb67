import {
  ExecutionAlreadyExists,
  ExecutionLimitExceeded,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { stepFunctionsExecutions } from '../../../lambda/voice-webhook/executions.ts';
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
const executions = stepFunctionsExecutions(client, STATE_MACHINE_ARN, 800);

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
    publicBaseUrl: PUBLIC_BASE_URL,
  })(webhookEvent({ parameters }));

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
