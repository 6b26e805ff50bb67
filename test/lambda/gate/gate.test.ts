import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
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
import { secretSource, twilioSecret } from '../support/secrets.ts';
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

  test('ends also when nobody can verify who asks, and nothing is tried or stored for whoever that is', async () => {
    const before = structuredClone(store.state());
    expect(verbs(await send({}, { secrets: down }))).toEqual(TURNED_AWAY);
    expect(store.state()).toEqual(before);
    expect(telemetry.counted).toEqual(['SignatureUnverifiable', 'CallTurnedAway']);
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
  ])('ends when %s: nobody knows then that it is', async (_, changes) => {
    expect(verbs(await send({}, changes))).toEqual(TURNED_AWAY);
    expect(telemetry.counted).toEqual(['SignatureUnverifiable', 'CallTurnedAway']);
  });

  test('ends when the gate fails, which is counted', async () => {
    const withSecret = () => {
      throw new Error('a mistake');
    };
    expect(verbs(await send({}, { withSecret }))).toEqual(TURNED_AWAY);
    expect(telemetry.counted).toEqual(['WebhookFailed', 'CallTurnedAway']);
  });
});

describe('a caller is answered while Twilio waits for it', () => {
  /** Twilio waits for 4 s; a cold start and the network take some of them. */
  const LATEST_MILLISECONDS = 3_600;
  const hang = () => new Promise<never>(() => {});
  const later = async <T>(milliseconds: number, value: T): Promise<T> => {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    return value;
  };
  const slow: SecretSource = { get: () => later(899, twilioSecret()), getFresh: hang };
  const hanging: SecretSource = { get: hang, getFresh: hang };
  const slowly = (status: string) => () =>
    later(2_399, {
      recordings: [{ ...recordingState(recordingResource({ status })), confirmed: true as const }],
      final: false,
    });

  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  /** What was answered by then. */
  async function inTime(answer: ReturnType<typeof send>): Promise<Awaited<ReturnType<typeof send>>> {
    const late = later(LATEST_MILLISECONDS, { statusCode: 504 });
    await jest.advanceTimersByTimeAsync(LATEST_MILLISECONDS);
    return Promise.race([answer, late]);
  }

  test.each([
    ['hangs from the start', { known: hang, claim: hang, apply: hang }],
    ['hangs once it was read', { known: slowly('completed'), apply: hang }],
  ])('and turned away when the table %s', async (_, methods) => {
    store = { ...store, ...methods };
    expect(verbs(await inTime(send({}, { secrets: slow })))).toEqual(TURNED_AWAY);
    expect(telemetry.counted).toContain('CallTurnedAway');
    expect(telemetry.lines).toContainEqual({
      level: 'warn',
      message: 'That a call was turned away may not be stored',
      details: { callSid: CALL_SID, error: expect.objectContaining({ name: 'StoreUnavailableError' }) },
    });
  });

  test('and turned away when the table hangs while nobody can verify who asks', async () => {
    store = { ...store, known: hang, apply: hang };
    expect(verbs(await inTime(send({}, { secrets: hanging })))).toEqual(TURNED_AWAY);
    expect(telemetry.counted).toEqual(['SignatureUnverifiable', 'CallTurnedAway']);
  });

  test('and goes on when the table is slow to say that the call is recorded', async () => {
    store = { ...store, known: slowly('in-progress') };
    expect(verbs(await inTime(send({}, { secrets: slow })))).toEqual(ONWARDS);
    expect(verbs(await inTime(send({}, { secrets: hanging })))).toEqual(ONWARDS);
  });

  test('and it is stored what became of the call, if that is done meanwhile', async () => {
    const { apply } = store;
    script = { creates: [errorAnswer(401, 20003)], lists: [ok([])] };
    store = {
      ...store,
      apply: async (...event) => {
        await later(299, undefined);
        return apply(...event);
      },
    };
    expect(verbs(await inTime(send()))).toEqual(TURNED_AWAY);
    expect(store.state()).toMatchObject({ unrecorded: { reason: 'turned-away' } });
    expect(telemetry.lines.map(({ level }) => level)).toEqual(['error']);
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
