import { beforeEach, describe, expect, test } from '@jest/globals';
import type { CallFacts } from '../../../lambda/recording/store.ts';
import { EXECUTION_BUDGET_MILLISECONDS } from '../../../lambda/shared/start-in-time.ts';
import { SECRET_BUDGET_MILLISECONDS } from '../../../lambda/twilio/call-webhook.ts';
import { recordingAttributes } from '../../../lambda/twilio/recording-parameters.ts';
import { encodeNext } from '../../../lambda/twilio/twiml.ts';
import { type VoiceWebhookDependencies, voiceWebhook } from '../../../lambda/voice-webhook/voice-webhook.ts';
import { voiceDocuments } from '../../../lib/voice-documents.ts';
import { FAILURES } from '../support/failures.ts';
import { type FakeTelemetry, fakeTelemetry } from '../support/fake-telemetry.ts';
import { NEXT_AUTH_TOKEN, secretSource, twilioSecret, unreadable } from '../support/secrets.ts';
import { ACCOUNT_SID, CALL_SID, OTHER_ACCOUNT_SID } from '../support/sids.ts';
import { verbsOf } from '../support/twiml.ts';
import {
  AUTH_TOKEN,
  type Parameters,
  PUBLIC_BASE_URL,
  voiceParameters,
  type WebhookRequest,
  webhookEvent,
} from '../support/webhooks.ts';

const APPLICATION = 'https://app.example.com/voice?tenant=1&lang=en';
const NEXT_PATH = `/voice/${encodeNext(APPLICATION)}`;
const recording = { channels: 'dual', track: 'both', trim: 'do-not-trim' } as const;
const documents = voiceDocuments(
  { notice: { say: 'This call is recorded.' }, otherwise: { say: 'Goodbye.' } },
  recording,
  PUBLIC_BASE_URL,
);

const START_RECORDING = ['Start', {}, [['Recording', recordingAttributes(recording, PUBLIC_BASE_URL)]]];
const NOTICE = ['Say', {}, 'This call is recorded.'];
const TO_THE_APPLICATION = ['Redirect', { method: 'POST' }, APPLICATION];
const OTHERWISE = [
  ['Say', {}, 'Goodbye.'],
  ['Pause', { length: '5' }],
];

let telemetry: FakeTelemetry;
let calls: CallFacts[];
let dependencies: VoiceWebhookDependencies;

beforeEach(() => {
  telemetry = fakeTelemetry();
  calls = [];
  dependencies = {
    secrets: secretSource(),
    executions: {
      start: async (call) => {
        calls.push(call);
        return 'started';
      },
    },
    telemetry,
    documents,
    startWith: 'api',
    gated: false,
    publicBaseUrl: PUBLIC_BASE_URL,
  };
});

const send = (request: WebhookRequest = {}, changes: Partial<typeof dependencies> = {}) =>
  voiceWebhook({ ...dependencies, ...changes })(webhookEvent(request), 'request-1');

/** The verbs of an answer, which must be TwiML. */
function verbs(answer: Awaited<ReturnType<typeof send>>) {
  expect(answer).toMatchObject({ statusCode: 200, headers: { 'content-type': 'text/xml; charset=utf-8' } });
  return verbsOf(answer.body);
}

const changed = (changes: Parameters): Parameters => ({ ...voiceParameters(), ...changes });

describe('a call', () => {
  test('hears the notice and goes on to its application, and its execution starts', async () => {
    expect(verbs(await send({ path: NEXT_PATH }))).toEqual([NOTICE, TO_THE_APPLICATION]);
    expect(calls).toEqual([
      {
        callSid: CALL_SID,
        accountSid: ACCOUNT_SID,
        from: '+15550001111',
        to: '+15550002222',
        direction: 'inbound',
      },
    ]);
    expect(telemetry.counted).toEqual(['CallReceived']);
  });

  test('without an application goes where the configuration says', async () => {
    expect(verbs(await send({ path: '/voice' }))).toEqual([NOTICE, ...OTHERWISE]);
    expect(calls).toHaveLength(1);
  });

  test('signed with the next token is accepted, also when the secret has just changed', async () => {
    const rotated = twilioSecret({ authTokens: [AUTH_TOKEN, NEXT_AUTH_TOKEN] });
    for (const secrets of [secretSource(rotated), secretSource(twilioSecret(), rotated)]) {
      expect((await send({ authToken: NEXT_AUTH_TOKEN }, { secrets })).statusCode).toBe(200);
    }
    expect(calls).toHaveLength(2);
  });

  test.each<[string, Parameters]>([
    ['an anonymous caller', { From: 'anonymous' }],
    ['an empty caller', { From: '' }],
    ['a SIP caller of odd length', { From: `sip:${'a'.repeat(5_000)}@example.com` }],
    ['markup for a caller', { From: '</Say><Hangup/>' }],
    ['parameters that nobody knows yet', { SomethingNew: 'x', StirVerstat: 'TN-Validation-Passed-A' }],
    ['an odd direction', { Direction: 'SIDEWAYS!' }],
  ])('with %s goes on and is recorded like any other', async (_, parameters) => {
    expect(verbs(await send({ path: NEXT_PATH, parameters: changed(parameters) }))).toEqual([
      NOTICE,
      TO_THE_APPLICATION,
    ]);
    expect(calls).toMatchObject([{ callSid: CALL_SID }]);
  });

  test.each([
    ['no base64url', 'a*b'],
    ['cut off', NEXT_PATH.slice('/voice/'.length, -3)],
    ['no URL', encodeNext('not a url')],
    ['a script', encodeNext('javascript:alert(1)')],
    ['one of our own', encodeNext(`${PUBLIC_BASE_URL}/voice`)],
  ])('whose application is %s gets the default, is recorded, and is reported', async (_, next) => {
    expect(verbs(await send({ path: `/voice/${next}` }))).toEqual([NOTICE, ...OTHERWISE]);
    expect(calls).toHaveLength(1);
    expect(telemetry.counted).toEqual(['CallReceived', 'NextCorrupt']);
    expect(telemetry.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  });
});

describe('a failure', () => {
  const recorded = [START_RECORDING, NOTICE, TO_THE_APPLICATION];

  test.each(FAILURES)('of Step Functions, which %s, lets the TwiML start the recording', async (_, start) => {
    expect(verbs(await send({ path: NEXT_PATH }, { executions: { start } }))).toEqual(recorded);
  });

  test.each(FAILURES.slice(1))('of Step Functions, which %s, is counted', async (_, start) => {
    await send({ path: NEXT_PATH }, { executions: { start } });
    expect(telemetry.counted).toEqual(['CallReceived', 'StartExecutionFailed']);
    expect(telemetry.lines).toMatchObject([{ level: 'error', details: { callSid: CALL_SID } }]);
  });

  test.each(FAILURES)(
    'of the secret, which %s, lets the TwiML start the recording and does nothing else',
    async (_, get) => {
      const answer = await send({ path: NEXT_PATH }, { secrets: { get, getFresh: get } });
      expect(verbs(answer)).toEqual(recorded);
      expect(calls).toEqual([]);
      expect(telemetry.counted).toEqual(['SignatureUnverifiable']);
      expect(telemetry.lines).toMatchObject([{ level: 'error', details: { callSid: CALL_SID } }]);
    },
  );

  test.each(FAILURES)('of the fresh secret, which %s, does the same', async (_, getFresh) => {
    const secrets = { ...secretSource(), getFresh };
    expect(verbs(await send({ path: NEXT_PATH, authToken: NEXT_AUTH_TOKEN }, { secrets }))).toEqual(recorded);
    expect(calls).toEqual([]);
  });

  test('of the secret answers an odd request too, without a CallSid to report', async () => {
    const get = () => Promise.reject(new Error('a dependency failed'));
    const parameters = changed({ CallSid: 'odd' });
    expect(verbs(await send({ path: NEXT_PATH, parameters }, { secrets: { get, getFresh: get } }))).toEqual(
      recorded,
    );
    expect(telemetry.lines[0]?.details).not.toHaveProperty('callSid');
  });

  test('of everything at once is answered within the budget', async () => {
    const hangs = () => new Promise<never>(() => {});
    const answer = await send(
      { path: NEXT_PATH },
      { secrets: { get: hangs, getFresh: hangs }, executions: { start: hangs } },
    );
    expect(verbs(answer)).toEqual(recorded);
    expect(SECRET_BUDGET_MILLISECONDS + EXECUTION_BUDGET_MILLISECONDS).toBeLessThanOrEqual(2_000);
  });

  test('that nobody foresaw leads the caller on to the application, records by TwiML, and is counted', async () => {
    const answer = await send({ path: NEXT_PATH }, { secrets: secretSource(unreadable) });
    expect(verbs(answer)).toEqual(recorded);
    expect(telemetry.counted).toEqual(['WebhookFailed']);
    expect(telemetry.lines).toMatchObject([{ level: 'error', details: { error: { message: 'a mistake' } } }]);
  });

  test('of the TwiML itself is answered with what was written before', async () => {
    const next: object = { next: undefined };
    const answer = await send({ path: NEXT_PATH }, { documents: { ...documents, ...next } });
    expect(verbs(answer)).toEqual([START_RECORDING, NOTICE, ...OTHERWISE]);
    expect(telemetry.counted).toEqual(['WebhookFailed']);
  });

  test.each<[string, object]>([
    ['no headers', { headers: undefined }],
    ['no request context', { requestContext: undefined }],
    ['no route', { routeKey: undefined }],
  ])('of the event, which has %s, is answered as if it had no application', async (_, broken) => {
    const answer = await send({ event: broken });
    expect(verbs(answer)).toEqual([START_RECORDING, NOTICE, ...OTHERWISE]);
    expect(telemetry.counted).toEqual(['WebhookFailed']);
    expect(calls).toEqual([]);
  });

  const broken = () => {
    throw new Error('no telemetry');
  };
  test.each<[string, object]>([
    ['metrics', { count: broken, record: broken }],
    ['logs', { info: broken, warn: broken, error: broken }],
    ['whole telemetry', { count: broken, record: broken, info: broken, warn: broken, error: broken }],
  ])('of the %s leaves the call where it was going', async (_, failing) => {
    const answer = await send({ path: NEXT_PATH }, { telemetry: { ...telemetry, ...failing } });
    expect(verbs(answer)).toContainEqual(TO_THE_APPLICATION);
  });
});

describe('a request', () => {
  const json = { 'content-type': 'application/json' };
  test.each<[string, number, WebhookRequest]>([
    ['that is no POST', 405, { method: 'GET' }],
    ['that is no form', 415, { headers: json }],
    ['without a content type', 415, { headers: { 'content-type': undefined } }],
    ['that is too large', 413, { event: { body: 'A'.repeat(200_000) } }],
    ['that is not base64', 400, { event: { body: '***' } }],
    ['without a signature', 403, { headers: { 'x-twilio-signature': undefined } }],
    ['with two signatures', 403, { headers: { 'x-twilio-signature': 'a,b' } }],
    ['signed by somebody else', 403, { authToken: 'somebody-else' }],
    ['signed with an empty token', 403, { authToken: '' }],
    [
      'signed for another path',
      403,
      { event: { rawPath: '/recording-status', routeKey: 'POST /recording-status' } },
    ],
    ['whose parameters were changed', 403, { event: { body: Buffer.from('CallSid=1').toString('base64') } }],
    ['without a CallSid', 400, { parameters: { AccountSid: ACCOUNT_SID } }],
    ['with an odd CallSid', 400, { parameters: changed({ CallSid: `${CALL_SID}0` }) }],
    ['with two CallSids', 400, { parameters: changed({ CallSid: [CALL_SID, CALL_SID.replace('a', 'b')] }) }],
    ['without parameters', 400, { parameters: {} }],
    ['of another account', 403, { parameters: changed({ AccountSid: OTHER_ACCOUNT_SID }) }],
  ])('%s is answered with %d, counted once, and nothing else', async (_, statusCode, request) => {
    const answer = await send({ path: NEXT_PATH, ...request });
    expect(answer).toEqual({
      statusCode,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: expect.stringMatching(/^\w.*\n$/),
    });
    expect(telemetry.counted).toEqual(['RequestRefused']);
    expect(telemetry.lines).toEqual([]);
    expect(calls).toEqual([]);
  });
});

test('no token, signature or phone number leaves the function but in the call’s facts', async () => {
  const broken: object = { routeKey: undefined };
  const hostile = changed({ From: '+15550001111', CallerName: 'Ada' });
  const event = webhookEvent({ path: NEXT_PATH, parameters: hostile });
  const failing = () => Promise.reject(new Error('a dependency failed'));
  for (const changes of [
    {},
    { executions: { start: failing } },
    { secrets: { get: failing, getFresh: failing } },
  ]) {
    await send({ path: NEXT_PATH, parameters: hostile }, changes);
    await send({ path: '/voice/corrupt', parameters: hostile }, changes);
    await send({ path: NEXT_PATH, parameters: hostile, event: { headers: {} } }, changes);
  }
  await send({ event: broken, parameters: hostile });
  const output = telemetry.output();
  expect(output).toContain(CALL_SID);
  const secret = twilioSecret();
  for (const forbidden of [
    AUTH_TOKEN,
    secret.apiKeySecret,
    event.headers['x-twilio-signature'] ?? 'no signature',
    '15550001111',
    '15550002222',
    'Ada',
    event.body ?? 'no body',
  ]) {
    expect(output).not.toContain(forbidden);
  }
});

test('a recorder that starts with TwiML starts each recording with it, and an execution all the same', async () => {
  const answer = await send({}, { startWith: 'twiml' });
  expect(verbs(answer)[0]?.[0]).toBe('Start');
  expect(calls).toHaveLength(1);
});

describe('a gated recorder', () => {
  const gated = { gated: true };
  const OVERRIDES = '#rc=2&rp=ct,rt,5xx&ct=1000&rt=4000';
  const toTheGate = (next = '') => [
    NOTICE,
    ['Redirect', { method: 'POST' }, `${PUBLIC_BASE_URL}/gate${next}${OVERRIDES}`],
  ];

  test('leads a call to the gate, which knows its application', async () => {
    const next = NEXT_PATH.slice('/voice'.length);
    expect(verbs(await send({ path: NEXT_PATH }, gated))).toEqual(toTheGate(next));
    expect(verbs(await send({ path: '/voice' }, gated))).toEqual(toTheGate());
    expect(verbs(await send({ path: '/voice/a*b' }, gated))).toEqual(toTheGate());
  });

  test('leads there too when the request cannot be verified, or all fails', async () => {
    const secrets = {
      get: () => Promise.reject(new Error('down')),
      getFresh: () => Promise.reject(new Error('down')),
    };
    const unverified = verbs(await send({ path: NEXT_PATH }, { ...gated, secrets }));
    expect(unverified.at(-1)?.[2]).toBe(
      `${PUBLIC_BASE_URL}/gate${NEXT_PATH.slice('/voice'.length)}${OVERRIDES}`,
    );
    const failed = verbs(await send({ path: NEXT_PATH }, { ...gated, secrets: secretSource(unreadable) }));
    expect(failed).toEqual(unverified);
    const broken = verbs(
      await send({ event: { requestContext: undefined as never, headers: null as never } }, gated),
    );
    expect(broken.at(-1)?.[2]).toBe(`${PUBLIC_BASE_URL}/gate${OVERRIDES}`);
  });
});
