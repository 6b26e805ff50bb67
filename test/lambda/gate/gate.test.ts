import { beforeEach, describe, expect, test } from '@jest/globals';
import { type GateDependencies, gate } from '../../../lambda/gate/gate.ts';
import { recordingState } from '../../../lambda/recording/ours.ts';
import { StoreUnavailableError } from '../../../lambda/shared/errors.ts';
import type { SecretSource } from '../../../lambda/shared/secret.ts';
import { encodeNext } from '../../../lambda/twilio/twiml.ts';
import { gateDocuments } from '../../../lib/voice-documents.ts';
import { errorAnswer, ok, recordingResource } from '../support/answers.ts';
import { type FakeTelemetry, fakeTelemetry } from '../support/fake-telemetry.ts';
import { type ManualClock, manualClock } from '../support/manual-clock.ts';
import { type MemoryStore, memoryStore } from '../support/memory-store.ts';
import { type Script, scriptedTwilio } from '../support/scripted-twilio.ts';
import { secretSource } from '../support/secrets.ts';
import { ACCOUNT_SID, CALL_SID } from '../support/sids.ts';
import { verbsOf } from '../support/twiml.ts';
import { voiceParameters, type WebhookRequest, webhookEvent } from '../support/webhooks.ts';

const APPLICATION = 'https://example.com/app/voice';
const PATH = `/gate/${encodeNext(APPLICATION)}`;
const ONWARDS = [['Redirect', { method: 'POST' }, APPLICATION]];
const TURNED_AWAY = [
  ['Say', {}, 'Call later.'],
  ['Hangup', {}],
];
const documents = gateDocuments({
  otherwise: { say: 'Goodbye.' },
  refusal: { say: 'Call later.' },
});

let clock: ManualClock;
let store: MemoryStore;
let telemetry: FakeTelemetry;
let script: Script;

beforeEach(() => {
  clock = manualClock();
  store = memoryStore(clock);
  telemetry = fakeTelemetry();
  script = { lists: [ok([])], creates: [ok(recordingResource())] };
});

async function send(request: WebhookRequest = {}, changes: Partial<GateDependencies> = {}) {
  const handler = gate({
    secrets: secretSource(),
    store,
    withSecret: () => ({
      twilio: scriptedTwilio(script, clock),
      store,
      clock,
      random: () => 0.5,
      createParameters: {},
      likeness: {},
      ringTimeoutSeconds: 600,
      asks: false,
    }),
    telemetry,
    documents,
    publicBaseUrl: 'https://recorder.example.com',
    ...changes,
  });
  return handler(webhookEvent({ path: PATH, ...request }), 'request-1');
}

const verbs = (answer: Awaited<ReturnType<typeof send>>) => {
  expect(answer).toMatchObject({ statusCode: 200, headers: { 'content-type': 'text/xml; charset=utf-8' } });
  return verbsOf(answer.body);
};

const down: SecretSource = {
  get: () => Promise.reject(new Error('down')),
  getFresh: () => Promise.reject(new Error('down')),
};
const isRecorded = () =>
  store.apply(
    { callSid: CALL_SID, accountSid: ACCOUNT_SID },
    { type: 'recording', source: 'callback', recording: recordingState(recordingResource()) },
  );

describe('a call that is recorded', () => {
  test('goes on to its application', async () => {
    await isRecorded();
    expect(verbs(await send())).toEqual(ONWARDS);
    expect(telemetry.counted).toEqual([]);
  });

  test('without an application, or with none that can be read, goes where the configuration says', async () => {
    await isRecorded();
    const otherwise = [
      ['Say', {}, 'Goodbye.'],
      ['Pause', { length: '5' }],
    ];
    expect(verbs(await send({ path: '/gate' }))).toEqual(otherwise);
    expect(verbs(await send({ path: '/gate/a*b' }))).toEqual(otherwise);
  });

  test('by the gate itself goes on', async () => {
    expect(verbs(await send())).toEqual(ONWARDS);
    expect(Object.keys(store.state().recordings)).toHaveLength(1);
  });

  test('goes on although nobody can verify who asks', async () => {
    await isRecorded();
    expect(verbs(await send({}, { secrets: down }))).toEqual(ONWARDS);
    expect(telemetry.counted).toEqual(['SignatureUnverifiable']);
  });
});

describe('a call that is over', () => {
  test.each(['completed', 'absent'])('and whose request comes again stays as it is: %s', async (status) => {
    await store.apply(
      { callSid: CALL_SID, accountSid: ACCOUNT_SID },
      {
        type: 'recording',
        source: 'callback',
        recording: recordingState(recordingResource({ status })),
      },
    );
    const before = structuredClone(store.state());
    script = { lists: [], creates: [] };
    await send();
    expect(store.state()).toEqual(before);
  });
});

describe('a call that is not recorded', () => {
  test('is told so and ends, and its row says that', async () => {
    script = { lists: [ok([])], creates: [errorAnswer(401, 20003)] };
    expect(verbs(await send())).toEqual(TURNED_AWAY);
    expect(store.state()).toMatchObject({ unrecorded: { reason: 'turned-away', answered: true } });
    expect(telemetry.counted).toEqual(['CallTurnedAway']);
    expect(telemetry.lines).toMatchObject([{ level: 'error', details: { callSid: CALL_SID } }]);
  });

  test('ends also when nobody can verify who asks, and nothing is tried for whoever that is', async () => {
    expect(verbs(await send({}, { secrets: down }))).toEqual(TURNED_AWAY);
    expect(store.state().recordings).toEqual({});
  });

  test('ends also when its row cannot be written', async () => {
    script = { lists: [ok([])], creates: [errorAnswer(401, 20003)] };
    store.down.add('apply');
    expect(verbs(await send())).toEqual(TURNED_AWAY);
    expect(telemetry.lines.map(({ level }) => level)).toEqual(['error', 'warn']);
  });

  test.each<[string, Partial<GateDependencies>]>([
    [
      'the table fails while nobody can verify who asks',
      {
        secrets: down,
        store: {
          known: () => Promise.reject(new StoreUnavailableError('down')),
          apply: () => Promise.reject(new StoreUnavailableError('down')),
        },
      },
    ],
    [
      'the gate fails',
      {
        withSecret: () => {
          throw new Error('a mistake');
        },
      },
    ],
  ])('ends when %s: nobody knows then that it is', async (_, changes) => {
    expect(verbs(await send({}, changes))).toEqual(TURNED_AWAY);
    expect(telemetry.counted).toContain('CallTurnedAway');
  });
});

test.each<[string, WebhookRequest, number]>([
  ['a forged signature', { authToken: 'another-token-of-somebody' }, 403],
  ['another account', { parameters: { ...voiceParameters(), AccountSid: `AC${'9'.repeat(32)}` } }, 403],
  ['what is no voice webhook', { parameters: { AccountSid: ACCOUNT_SID } }, 400],
  ['another method', { method: 'GET' }, 405],
])('%s gets no TwiML', async (_, request, status) => {
  expect(await send(request)).toMatchObject({ statusCode: status });
  expect(telemetry.counted).toEqual(['RequestRefused']);
  expect(store.state().recordings).toEqual({});
});
