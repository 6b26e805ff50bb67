import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type OptOutDependencies, optOut } from '../../../lambda/opt-out/opt-out.ts';
import { summarize } from '../../../lambda/recording/merge.ts';
import { StoreUnavailableError } from '../../../lambda/shared/errors.ts';
import { encodeNext } from '../../../lambda/twilio/twiml.ts';
import { noticeElements, onwardsDocuments } from '../../../lib/voice-documents.ts';
import { errorAnswer, ok, recordingResource } from '../support/answers.ts';
import { inTheEnd, verbsOfAnswer } from '../support/callers.ts';
import { FAILURES } from '../support/failures.ts';
import { type FakeTelemetry, fakeTelemetry } from '../support/fake-telemetry.ts';
import { manualClock, NOON } from '../support/manual-clock.ts';
import { type MemoryStore, memoryStore } from '../support/memory-store.ts';
import { secretSource } from '../support/secrets.ts';
import { ACCOUNT_SID, CALL_SID, RECORDING_SID } from '../support/sids.ts';
import { PUBLIC_BASE_URL, voiceParameters, type WebhookRequest, webhookEvent } from '../support/webhooks.ts';

const APPLICATION = 'https://app.example.com/voice';
const NEXT = encodeNext(APPLICATION);
const otherwise = { say: 'Goodbye.' };
const ONWARDS = ['Redirect', { method: 'POST' }, APPLICATION];
const GONE_WELL = [['Say', {}, 'Not recorded.'], ONWARDS];
const NOTICE_AGAIN = [
  [
    'Gather',
    {
      action: `${PUBLIC_BASE_URL}/opt-out/${NEXT}#rc=2&rp=ct,rt,5xx&ct=1000&rt=4000`,
      method: 'POST',
      numDigits: '1',
      finishOnKey: '',
      timeout: '1',
    },
    [['Say', {}, 'Recorded; 9 is no.']],
  ],
  ONWARDS,
];

let telemetry: FakeTelemetry;
let store: MemoryStore;
let requests: string[];
let told: string[];
beforeEach(() => {
  jest.useFakeTimers();
  telemetry = fakeTelemetry();
  store = memoryStore(manualClock());
  requests = [];
  told = [];
});

const twilio = {
  updateRecording: async (_callSid: string, sid: string) => {
    requests.push(`stop ${sid}`);
    return ok(recordingResource({ sid, status: 'stopped' }));
  },
  deleteRecording: async (sid: string) => {
    requests.push(`delete ${sid}`);
    return errorAnswer(409, 20409);
  },
};

/** The store, of which an execution waits. */
const waitedFor = () => ({
  ...store,
  apply: async (...given: Parameters<MemoryStore['apply']>) => ({
    ...(await store.apply(...given)),
    taskToken: 'token',
  }),
});

const press = (digits: string, changes: Partial<OptOutDependencies> = {}, request: WebhookRequest = {}) =>
  inTheEnd(
    optOut({
      secrets: secretSource(),
      store: waitedFor(),
      taskTokens: {
        reportUnwanted: async (taskToken) => told.push(taskToken) > 0,
      },
      withSecret: () => ({ twilio, store, clock: manualClock() }),
      clock: manualClock(),
      telemetry,
      key: '9',
      documents: onwardsDocuments({ notice: false, otherwise }),
      optedOut: noticeElements({ notice: { say: 'Not recorded.' } }),
      notice: noticeElements({ notice: { say: 'Recorded; 9 is no.' }, optOutKey: '9' }),
      textVersion: 'v1',
      publicBaseUrl: PUBLIC_BASE_URL,
      ...changes,
    })(
      webhookEvent({
        path: `/opt-out/${NEXT}`,
        parameters: { ...voiceParameters(), Digits: digits },
        ...request,
      }),
      'request-1',
    ),
  );

const record = (status: string) =>
  store.apply(
    { callSid: CALL_SID, accountSid: ACCOUNT_SID },
    { type: 'recording', source: 'callback', recording: { recordingSid: RECORDING_SID, status } },
  );

describe('the key', () => {
  test('stops what runs, tells the execution to delete it, and keeps the evidence', async () => {
    await record('in-progress');
    expect(verbsOfAnswer(await press('9'))).toEqual(GONE_WELL);
    expect(requests).toEqual([`stop ${RECORDING_SID}`]);
    expect(told).toEqual(['token']);
    expect(summarize(store.state())).toMatchObject({
      recordingStatus: 'stopped',
      unwanted: true,
      final: false,
      consent: { answer: 'withdrawn', digit: '9', textVersion: 'v1', at: new Date(NOON).toISOString() },
    });
    expect(telemetry.counted).toEqual(['ConsentWithdrawn']);
  });

  test('before a recording has begun keeps it from beginning', async () => {
    expect(verbsOfAnswer(await press('9'))).toEqual(GONE_WELL);
    expect([requests, told]).toEqual([[], []]);
    expect(summarize(store.state())).toMatchObject({
      recordingStatus: 'unrecorded',
      unrecorded: { reason: 'withdrawn', answered: true },
    });
  });

  test('pressed twice does no harm', async () => {
    await record('in-progress');
    await press('9');
    expect(verbsOfAnswer(await press('9'))).toEqual(GONE_WELL);
    expect(new Set(requests)).toEqual(new Set([`stop ${RECORDING_SID}`, `delete ${RECORDING_SID}`]));
  });

  test.each(FAILURES)('is heard when Twilio %s: the execution goes on with it', async (_, fails) => {
    await record('in-progress');
    const broken = {
      twilio: { updateRecording: fails, deleteRecording: fails },
      store,
      clock: manualClock(),
    };
    expect(verbsOfAnswer(await press('9', { withSecret: () => broken }))).toEqual(GONE_WELL);
    expect(summarize(store.state())).toMatchObject({ unwanted: true, final: false });
    expect(told).toEqual(['token']);
  });

  test('is heard when the rows cannot be read: the execution goes on with it', async () => {
    await record('in-progress');
    const known = () => Promise.reject(new StoreUnavailableError('the table is down'));
    const broken = { twilio, store: { ...store, known }, clock: manualClock() };
    expect(verbsOfAnswer(await press('9', { withSecret: () => broken }))).toEqual(GONE_WELL);
    expect([requests, told]).toEqual([[], ['token']]);
    expect(telemetry.lines.at(-1)).toMatchObject({ level: 'warn', details: { callSid: CALL_SID } });
  });

  test.each(FAILURES)('is heard when the execution %s', async (_, reportUnwanted) => {
    await record('in-progress');
    expect(verbsOfAnswer(await press('9', { taskTokens: { reportUnwanted } }))).toEqual(GONE_WELL);
    expect(requests).toEqual([`stop ${RECORDING_SID}`]);
  });
});

describe('nobody is told that it helped', () => {
  test.each(FAILURES)('when the table %s: the notice comes again', async (_, apply) => {
    expect(verbsOfAnswer(await press('9', { store: { apply } }))).toEqual(NOTICE_AGAIN);
    expect(telemetry.counted).toEqual(['ConsentNotKept']);
    expect(telemetry.lines.at(-1)).toMatchObject({
      level: 'error',
      details: { callSid: CALL_SID, answer: 'withdrawn' },
    });
  });

  test.each(FAILURES)('when the secret %s', async (_, get) => {
    expect(verbsOfAnswer(await press('9', { secrets: { get, getFresh: get } }))).toEqual(NOTICE_AGAIN);
    expect(summarize(store.state()).consent).toBeUndefined();
  });

  test.each(['1', '#', '99', ''])('who pressed something else: %j', async (digits) => {
    await record('in-progress');
    expect(verbsOfAnswer(await press(digits))).toEqual(NOTICE_AGAIN);
    expect([requests, told]).toEqual([[], []]);
    expect(summarize(store.state()).consent).toBeUndefined();
  });

  test('when the event is broken', async () => {
    const broken: object = { requestContext: undefined };
    expect(verbsOfAnswer(await press('9', {}, { event: broken }))).toEqual([ONWARDS]);
  });
});

test.each<[string, number, WebhookRequest]>([
  ['that is forged', 403, { authToken: 'somebody-else' }],
  ['without parameters', 400, { parameters: {} }],
])('a request %s is answered with %d, and does nothing', async (_, statusCode, request) => {
  await record('in-progress');
  expect(await press('9', {}, request)).toMatchObject({ statusCode });
  expect(requests).toEqual([]);
  expect(telemetry.counted).toEqual(['RequestRefused']);
});
