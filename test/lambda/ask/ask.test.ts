import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type AskDependencies, ask } from '../../../lambda/ask/ask.ts';
import { CONSENT_BUDGET_MILLISECONDS } from '../../../lambda/recording/keep-consent.ts';
import { summarize } from '../../../lambda/recording/merge.ts';
import { SECRET_BUDGET_MILLISECONDS } from '../../../lambda/twilio/call-webhook.ts';
import { encodeNext } from '../../../lambda/twilio/twiml.ts';
import { questionDocument, textVersion } from '../../../lib/voice-documents.ts';
import { inTheEnd, verbsOfAnswer } from '../support/callers.ts';
import { FAILURES } from '../support/failures.ts';
import { type FakeTelemetry, fakeTelemetry } from '../support/fake-telemetry.ts';
import { manualClock } from '../support/manual-clock.ts';
import { type MemoryStore, memoryStore } from '../support/memory-store.ts';
import { secretSource } from '../support/secrets.ts';
import { CALL_SID } from '../support/sids.ts';
import { PUBLIC_BASE_URL, type WebhookRequest, webhookEvent } from '../support/webhooks.ts';

const NEXT = encodeNext('https://app.example.com/voice?tenant=1');
const QUESTION = { say: 'Press 1 to agree.' };
const OVERRIDES = '#rc=2&rp=ct,rt,5xx&ct=1000&rt=4000';

/** The question, and where the answer goes. */
const asking = (next = '') => {
  const url = `${PUBLIC_BASE_URL}/consent${next}${OVERRIDES}`;
  return [
    [
      'Gather',
      {
        action: url,
        method: 'POST',
        numDigits: '1',
        finishOnKey: '',
        timeout: '5',
        actionOnEmptyResult: 'true',
      },
      [['Say', {}, 'Press 1 to agree.']],
    ],
    // If Twilio sends no empty answer, silence comes here.
    ['Redirect', { method: 'POST' }, url],
  ];
};

let telemetry: FakeTelemetry;
let store: MemoryStore;
beforeEach(() => {
  jest.useFakeTimers();
  telemetry = fakeTelemetry();
  store = memoryStore(manualClock());
});

const send = (request: WebhookRequest = {}, changes: Partial<AskDependencies> = {}) =>
  inTheEnd(
    ask({
      secrets: secretSource(),
      store,
      clock: manualClock(),
      telemetry,
      question: questionDocument(QUESTION),
      textVersion: textVersion(QUESTION),
      publicBaseUrl: PUBLIC_BASE_URL,
      ...changes,
    })(webhookEvent({ path: `/voice/${NEXT}`, ...request }), 'request-1'),
  );

test('a caller is asked, nothing is started, and the row says so', async () => {
  expect(verbsOfAnswer(await send())).toEqual(asking(`/${NEXT}`));
  expect(summarize(store.state())).toMatchObject({
    recordingStatus: 'asked',
    consent: { answer: 'asked', textVersion: textVersion(QUESTION) },
  });
  expect(telemetry.counted).toEqual(['CallReceived']);
});

test('a caller without an application is asked too, and so is one whose application is corrupt', async () => {
  expect(verbsOfAnswer(await send({ path: '/voice' }))).toEqual(asking());
  expect(verbsOfAnswer(await send({ path: '/voice/a*b' }))).toEqual(asking());
  expect(telemetry.counted).toEqual(['CallReceived', 'CallReceived', 'NextCorrupt']);
});

test('the version names the words', () => {
  expect(textVersion(QUESTION)).toMatch(/^[0-9a-f]{12}$/);
  expect(textVersion({ say: 'Press 1 to agree!' })).not.toBe(textVersion(QUESTION));
  expect(textVersion({ ...QUESTION, language: 'en-GB' })).not.toBe(textVersion(QUESTION));
});

describe('a caller is asked all the same', () => {
  test.each(FAILURES)('when the table %s', async (_, apply) => {
    expect(verbsOfAnswer(await send({}, { store: { apply } }))).toEqual(asking(`/${NEXT}`));
    expect(telemetry.counted).toEqual(['CallReceived', 'ConsentNotKept']);
    expect(telemetry.lines.at(-1)).toMatchObject({ level: 'error', details: { callSid: CALL_SID } });
    expect(SECRET_BUDGET_MILLISECONDS + CONSENT_BUDGET_MILLISECONDS).toBeLessThan(4_000);
  });

  test.each(FAILURES)('when the secret %s, and nothing is stored then', async (_, get) => {
    expect(verbsOfAnswer(await send({}, { secrets: { get, getFresh: get } }))).toEqual(asking(`/${NEXT}`));
    expect(summarize(store.state()).consent).toBeUndefined();
    expect(telemetry.counted).toEqual(['SignatureUnverifiable']);
  });

  test('when the event is broken', async () => {
    const broken: object = { requestContext: undefined };
    expect(verbsOfAnswer(await send({ event: broken }))).toEqual(asking(`/${NEXT}`));
    const without: object = { pathParameters: undefined, requestContext: undefined };
    expect(verbsOfAnswer(await send({ event: without }))).toEqual(asking());
  });
});

test.each<[string, number, WebhookRequest]>([
  ['that is forged', 403, { authToken: 'somebody-else' }],
  ['that is no form', 415, { headers: { 'content-type': 'application/json' } }],
  ['without parameters', 400, { parameters: {} }],
])('a request %s is answered with %d, and nothing is stored', async (_, statusCode, request) => {
  expect(await send(request)).toMatchObject({ statusCode });
  expect(summarize(store.state()).consent).toBeUndefined();
  expect(telemetry.counted).toEqual(['RequestRefused']);
});
