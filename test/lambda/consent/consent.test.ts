import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type ConsentDependencies, consent } from '../../../lambda/consent/consent.ts';
import { summarize } from '../../../lambda/recording/merge.ts';
import type { CallFacts } from '../../../lambda/recording/store.ts';
import { encodeNext } from '../../../lambda/twilio/twiml.ts';
import { onwardsDocuments, voiceDocuments } from '../../../lib/voice-documents.ts';
import { inTheEnd, verbsOfAnswer } from '../support/callers.ts';
import { FAILURES } from '../support/failures.ts';
import { type FakeTelemetry, fakeTelemetry } from '../support/fake-telemetry.ts';
import { manualClock, NOON } from '../support/manual-clock.ts';
import { type MemoryStore, memoryStore } from '../support/memory-store.ts';
import { secretSource } from '../support/secrets.ts';
import { ACCOUNT_SID, CALL_SID } from '../support/sids.ts';
import {
  type Parameters,
  PUBLIC_BASE_URL,
  voiceParameters,
  type WebhookRequest,
  webhookEvent,
} from '../support/webhooks.ts';

const APPLICATION = 'https://app.example.com/voice?tenant=1';
const otherwise = { say: 'Goodbye.' };
const documents = voiceDocuments(
  { notice: { say: 'Thank you.' }, otherwise },
  { channels: 'dual', track: 'both', trim: 'do-not-trim' },
  PUBLIC_BASE_URL,
);
const NOTICE = ['Say', {}, 'Thank you.'];
const ONWARDS = ['Redirect', { method: 'POST' }, APPLICATION];
const GOODBYE = [
  ['Say', {}, 'Goodbye.'],
  ['Pause', { length: '5' }],
];
const AT = new Date(NOON).toISOString();

let telemetry: FakeTelemetry;
let store: MemoryStore;
let calls: CallFacts[];
beforeEach(() => {
  jest.useFakeTimers();
  telemetry = fakeTelemetry();
  store = memoryStore(manualClock());
  calls = [];
});

const executions: ConsentDependencies['executions'] = {
  start: async (call) => {
    calls.push(call);
    return 'started';
  },
};

/** What the caller pressed: `undefined` is sent without, as some silence may be. */
const press = (
  digits: string | undefined,
  changes: Partial<ConsentDependencies> = {},
  request: WebhookRequest = {},
) =>
  inTheEnd(
    consent({
      secrets: secretSource(),
      executions,
      store,
      clock: manualClock(),
      telemetry,
      documents,
      unrecorded: onwardsDocuments({ notice: false, otherwise }),
      textVersion: 'v1',
      startWith: 'api',
      publicBaseUrl: PUBLIC_BASE_URL,
      ...changes,
    })(
      webhookEvent({
        path: `/consent/${encodeNext(APPLICATION)}`,
        parameters: withDigits(digits),
        ...request,
      }),
      'request-1',
    ),
  );

const withDigits = (digits: string | undefined): Parameters => ({
  ...voiceParameters(),
  CallStatus: 'in-progress',
  ...(digits !== undefined && { Digits: digits }),
});

const evidence = (answer: string, digit?: string) => ({ answer, textVersion: 'v1', digit, at: AT });
const startsRecording = (verbs: readonly (readonly unknown[])[]): boolean => verbs[0]?.[0] === 'Start';

describe('a yes', () => {
  test('starts the execution, which brings the evidence along, and is stored', async () => {
    expect(verbsOfAnswer(await press('1'))).toEqual([NOTICE, ONWARDS]);
    expect(calls).toEqual([
      {
        callSid: CALL_SID,
        accountSid: ACCOUNT_SID,
        from: '+15550001111',
        to: '+15550002222',
        direction: 'inbound',
        consent: evidence('given', '1'),
      },
    ]);
    expect(summarize(store.state()).consent).toEqual(evidence('given', '1'));
    expect(telemetry.counted).toEqual(['ConsentGiven']);
  });

  test('leads a call without an application to the default, as any other', async () => {
    expect(verbsOfAnswer(await press('1', {}, { path: '/consent' }))).toEqual([NOTICE, ...GOODBYE]);
  });

  test('is answered with the recording where TwiML starts it', async () => {
    const [first, ...rest] = verbsOfAnswer(await press('1', { startWith: 'twiml' }));
    expect(first?.[0]).toBe('Start');
    expect(rest).toEqual([NOTICE, ONWARDS]);
    expect(calls).toHaveLength(1);
  });

  test.each(FAILURES)('starts the recording by TwiML when Step Functions %s', async (_, start) => {
    const verbs = verbsOfAnswer(await press('1', { executions: { start } }));
    expect(startsRecording(verbs)).toBe(true);
    expect(verbs.slice(1)).toEqual([NOTICE, ONWARDS]);
    expect(summarize(store.state()).consent).toEqual(evidence('given', '1'));
  });

  test.each(FAILURES)('counts when the table %s: the execution has the evidence', async (_, apply) => {
    expect(verbsOfAnswer(await press('1', { store: { apply } }))).toEqual([NOTICE, ONWARDS]);
    expect(calls).toMatchObject([{ consent: { answer: 'given' } }]);
    expect(telemetry.counted).toEqual(['ConsentGiven', 'ConsentNotKept']);
    // And so has the log.
    expect(telemetry.lines).toContainEqual(
      expect.objectContaining({
        level: 'error',
        details: { callSid: CALL_SID, answer: 'given', digit: '1', textVersion: 'v1' },
      }),
    );
  });

  test.each(FAILURES)('counts when the secret %s, but nothing else is done then', async (_, get) => {
    const verbs = verbsOfAnswer(await press('1', { secrets: { get, getFresh: get } }));
    expect(startsRecording(verbs)).toBe(true);
    expect(calls).toEqual([]);
    expect(summarize(store.state()).consent).toBeUndefined();
  });
});

describe.each([
  ['another key', '2', '2'],
  ['the star', '*', '*'],
  ['two keys', '11', '11'],
  ['nothing', undefined, undefined],
  ['an empty answer', '', undefined],
  ['what is no key', 'yes', undefined],
])('%s', (_name, digits, digit) => {
  test('is a no: the call goes on, nothing is started, and the row says so', async () => {
    expect(verbsOfAnswer(await press(digits))).toEqual([ONWARDS]);
    expect(calls).toEqual([]);
    expect(summarize(store.state())).toMatchObject({
      recordingStatus: 'unrecorded',
      final: true,
      unrecorded: { reason: 'declined', answered: true },
      consent: evidence('declined', digit),
    });
    expect(telemetry.counted).toEqual(['CallDeclined']);
  });

  test('starts no recording where TwiML starts them', async () => {
    expect(verbsOfAnswer(await press(digits, { startWith: 'twiml' }))).toEqual([ONWARDS]);
  });
});

describe('silence', () => {
  test.each(FAILURES)('is a no when the table %s: an execution keeps it', async (_, apply) => {
    expect(verbsOfAnswer(await press(undefined, { store: { apply } }))).toEqual([ONWARDS]);
    expect(calls).toMatchObject([{ consent: { answer: 'declined' } }]);
  });

  test.each(FAILURES)('records nothing when everything %s', async (_, fails) => {
    const broken = {
      secrets: { get: fails, getFresh: fails },
      executions: { start: fails },
      store: { apply: fails },
    };
    expect(startsRecording(verbsOfAnswer(await press(undefined, broken)))).toBe(false);
    const unkept = { executions: { start: fails }, store: { apply: fails } };
    expect(verbsOfAnswer(await press(undefined, unkept))).toEqual([ONWARDS]);
  });
});

test('an event that is broken starts nothing', async () => {
  const broken: object = { requestContext: undefined };
  expect(verbsOfAnswer(await press('1', {}, { event: broken }))).toEqual([ONWARDS]);
  expect(verbsOfAnswer(await press('1', {}, { event: broken, path: '/consent' }))).toEqual(GOODBYE);
  expect(calls).toEqual([]);
});

test.each<[string, number, WebhookRequest]>([
  ['that is forged', 403, { authToken: 'somebody-else' }],
  ['with two answers', 400, { parameters: { ...voiceParameters(), Digits: ['1', '2'] } }],
  ['without parameters', 400, { parameters: {} }],
])('a request %s is answered with %d, and does nothing', async (_, statusCode, request) => {
  expect(await press('1', {}, request)).toMatchObject({ statusCode });
  expect(calls).toEqual([]);
  expect(summarize(store.state()).consent).toBeUndefined();
  expect(telemetry.counted).toEqual(['RequestRefused']);
});
