import { beforeEach, describe, expect, test } from '@jest/globals';
import type { CallEvent } from '../../../lambda/recording/merge.ts';
import type { Applied, CallFacts, CallStore } from '../../../lambda/recording/store.ts';
import {
  type RecordingStatusDependencies,
  recordingStatus,
} from '../../../lambda/recording-status/recording-status.ts';
import { SecretUnavailableError, StoreUnavailableError } from '../../../lambda/shared/errors.ts';
import { type FakeTelemetry, fakeTelemetry } from '../support/fake-telemetry.ts';
import { NEXT_AUTH_TOKEN, secretSource, twilioSecret } from '../support/secrets.ts';
import { ACCOUNT_SID, CALL_SID, OTHER_ACCOUNT_SID, RECORDING_SID } from '../support/sids.ts';
import {
  AUTH_TOKEN,
  type Parameters,
  PUBLIC_BASE_URL,
  statusParameters,
  type WebhookRequest,
  webhookEvent,
} from '../support/webhooks.ts';

let telemetry: FakeTelemetry;
let kept: [CallFacts, CallEvent][];
let released: string[];
let reported: string[];
let unwanted: string[];
let started: [CallFacts, string | undefined][];

beforeEach(() => {
  telemetry = fakeTelemetry();
  kept = [];
  released = [];
  reported = [];
  unwanted = [];
  started = [];
});

const summaryThat = (is: 'open' | 'doubled' | 'unwanted' | 'final'): Applied['summary'] => ({
  recordingStatus: is === 'final' ? 'completed' : 'in-progress',
  recordingCount: is === 'doubled' ? 2 : 1,
  surplusCount: 0,
  doubled: is === 'doubled',
  ended: is === 'final',
  unwanted: is === 'unwanted',
  final: is === 'final',
});

/** A store that keeps what it is given and answers what it is told to. */
const storeThat = (apply: () => Promise<Partial<Applied>>): Pick<CallStore, 'apply'> => ({
  apply: async (call, event) => {
    kept.push([call, event]);
    return {
      effect: 'news',
      unknownCall: false,
      summary: summaryThat('final'),
      ...(await apply()),
    };
  },
});

/** Executions of which the call's first is like this, and the only one. */
const executionsOf = (first: 'running' | 'ended'): RecordingStatusDependencies['executions'] => ({
  status: async (name) => (name === CALL_SID ? first : 'absent'),
  start: async (call, name) => {
    started.push([call, name]);
    return 'started';
  },
});

const send = (
  request: WebhookRequest = {},
  changes: Partial<RecordingStatusDependencies> = {},
  applied: Partial<Applied> = {},
) =>
  recordingStatus({
    secrets: secretSource(),
    store: storeThat(async () => applied),
    taskTokens: {
      release: async (taskToken) => released.push(taskToken) > 0,
      reportDouble: async (taskToken) => reported.push(taskToken) > 0,
      reportUnwanted: async (taskToken) => unwanted.push(taskToken) > 0,
    },
    executions: executionsOf('running'),
    telemetry,
    publicBaseUrl: PUBLIC_BASE_URL,
    ...changes,
  })(webhookEvent({ path: '/recording-status', parameters: statusParameters(), ...request }));

const changed = (changes: Parameters): Parameters => ({ ...statusParameters(), ...changes });

describe('a callback', () => {
  test('is kept with all that it says, and answered with 204', async () => {
    expect(await send()).toEqual({ statusCode: 204 });
    expect(kept).toEqual([
      [
        { callSid: CALL_SID, accountSid: ACCOUNT_SID, origin: 'callback' },
        {
          type: 'recording',
          source: 'callback',
          recording: {
            recordingSid: RECORDING_SID,
            status: 'completed',
            source: 'StartCallRecordingAPI',
            startTime: '2026-11-24T12:00:01.000Z',
            duration: 7,
            channels: 2,
            track: 'both',
            url: `https://api.twilio.com/2010-04-01/Accounts/${ACCOUNT_SID}/Recordings/${RECORDING_SID}`,
            errorCode: 0,
          },
        },
      ],
    ]);
    expect(telemetry.counted).toEqual(['CallbackReceived']);
    expect(telemetry.lines.map(({ level }) => level)).toEqual(['info']);
  });

  test.each(['in-progress', 'completed', 'absent', 'failed', 'something-new'])(
    'may say %s',
    async (status) => {
      expect(await send({ parameters: changed({ RecordingStatus: status }) })).toEqual({ statusCode: 204 });
      expect(kept).toMatchObject([[{}, { recording: { status } }]]);
    },
  );

  test.each<[string, Parameters]>([
    [
      'nothing more than it must',
      {
        AccountSid: ACCOUNT_SID,
        CallSid: CALL_SID,
        RecordingSid: RECORDING_SID,
        RecordingStatus: 'completed',
      },
    ],
    ['something new', changed({ SomethingNew: 'x' })],
    ['odd numbers', changed({ RecordingDuration: '-1', RecordingChannels: 'two', ErrorCode: '' })],
    [
      'odd text',
      changed({
        RecordingUrl: 'no url',
        RecordingTrack: '',
        RecordingSource: '<b>',
        RecordingStartTime: 'soon',
      }),
    ],
  ])('that says %s is kept all the same', async (_, parameters) => {
    expect(await send({ parameters })).toEqual({ statusCode: 204 });
    expect(kept).toMatchObject([[{}, { recording: { recordingSid: RECORDING_SID, status: 'completed' } }]]);
  });

  test.each<[string, Partial<Applied>, string[], string[]]>([
    ['comes again', { effect: 'nothing-new' }, ['CallbackReceived', 'CallbackDuplicate'], ['info']],
    [
      'contradicts what is stored',
      { effect: 'conflict' },
      ['CallbackReceived', 'CallbackConflict'],
      ['warn', 'info'],
    ],
    [
      'is of an unknown call',
      { unknownCall: true },
      ['CallbackReceived', 'CallbackUnknownCall'],
      ['warn', 'info'],
    ],
  ])('that %s is answered with 204 and reported', async (_, applied, counted, levels) => {
    expect(await send({}, {}, applied)).toEqual({ statusCode: 204 });
    expect(telemetry.counted).toEqual(counted);
    expect(telemetry.lines.map(({ level }) => level)).toEqual(levels);
    for (const { details } of telemetry.lines) {
      expect(details).toMatchObject({ callSid: CALL_SID, recordingSid: RECORDING_SID });
    }
  });

  test('signed with a token that was added a moment ago is accepted', async () => {
    const rotated = twilioSecret({ authTokens: [AUTH_TOKEN, NEXT_AUTH_TOKEN] });
    const secrets = secretSource(twilioSecret(), rotated);
    expect(await send({ authToken: NEXT_AUTH_TOKEN }, { secrets })).toEqual({ statusCode: 204 });
  });
});

describe('the execution that waits for a call', () => {
  test.each<[string, Partial<Applied>]>([
    ['makes the call final', { summary: summaryThat('final'), taskToken: 'token' }],
    // The one before it may have been kept while the release failed.
    ['comes again', { effect: 'nothing-new', summary: summaryThat('final'), taskToken: 'token' }],
  ])('is told when a callback %s', async (_, applied) => {
    expect(await send({}, {}, applied)).toEqual({ statusCode: 204 });
    expect(released).toEqual(['token']);
    expect(reported).toEqual([]);
  });

  test('is told when a second recording runs, and that this is not the end', async () => {
    expect(await send({}, {}, { summary: summaryThat('doubled'), taskToken: 'token' })).toEqual({
      statusCode: 204,
    });
    expect(released).toEqual([]);
    expect(reported).toEqual(['token']);
  });

  test('is told when a recording is not wanted any more, and that this is not the end', async () => {
    const applied = { summary: summaryThat('unwanted'), taskToken: 'token' };
    expect(await send({}, {}, applied)).toEqual({ statusCode: 204 });
    expect([released, reported, unwanted]).toEqual([[], [], ['token']]);
  });

  test.each<[string, Partial<Applied>]>([
    ['a recording goes on', { summary: summaryThat('open'), taskToken: 'token' }],
    ['none waits', { summary: summaryThat('final') }],
    ['neither', { summary: summaryThat('open') }],
  ])('is told nothing while %s', async (_, applied) => {
    expect(await send({}, {}, applied)).toEqual({ statusCode: 204 });
    expect([released, reported, unwanted]).toEqual([[], [], []]);
  });

  test.each([
    ['an error', 'final', new Error('down')],
    ['what is no error', 'final', 'down'],
  ] as const)(
    'may not be reached, for %s, of what is %s: the callback is kept all the same',
    async (_, is, failure) => {
      const taskTokens = {
        release: () => Promise.reject(failure),
        reportDouble: () => Promise.reject(failure),
        reportUnwanted: () => Promise.reject(failure),
      };
      const applied = { summary: summaryThat(is), taskToken: 'the-token' };
      expect(await send({}, { taskTokens }, applied)).toEqual({ statusCode: 204 });
      expect(kept).toHaveLength(1);
      expect(telemetry.lines.map(({ level }) => level)).toEqual(['info', 'warn']);
      expect(telemetry.lines.at(-1)?.details).toMatchObject({ callSid: CALL_SID });
      expect(telemetry.output()).not.toContain('the-token');
    },
  );

  test.each(['doubled', 'unwanted'] as const)(
    'is told again, should it not be reached, of what is %s: Twilio sends the callback again',
    async (is) => {
      const failure = () => Promise.reject(new Error('down'));
      const taskTokens = { release: failure, reportDouble: failure, reportUnwanted: failure };
      const applied = { summary: summaryThat(is), taskToken: 'the-token' };
      expect(await send({}, { taskTokens }, applied)).toEqual({ statusCode: 503 });
      expect(kept).toHaveLength(1);
      expect(telemetry.output()).not.toContain('the-token');
    },
  );

  describe.each(['doubled', 'unwanted'] as const)('of what is %s', (is) => {
    const nobodyWaits = {
      release: async () => false,
      reportDouble: async () => false,
      reportUnwanted: async () => false,
    };
    const ANOTHER = [[{ callSid: CALL_SID, accountSid: ACCOUNT_SID, origin: 'callback' }, `${CALL_SID}-2`]];

    test.each([
      ['its token is not waited for any more', 'the-token'],
      ['it never waited', undefined],
    ])('gets a successor if it has died and %s', async (_, taskToken) => {
      const applied = { summary: summaryThat(is), taskToken };
      const changes = { taskTokens: nobodyWaits, executions: executionsOf('ended') };
      expect(await send({}, changes, applied)).toEqual({ statusCode: 204 });
      expect(started).toEqual(ANOTHER);
      expect(telemetry.counted).toContain('ExecutionRevived');
      expect(telemetry.lines.at(-1)).toMatchObject({ level: 'error', details: { callSid: CALL_SID } });
    });

    test('gets none if its recordings have ended, which leaves nothing but the deletion', async () => {
      const summary = { ...summaryThat(is), ended: true };
      const changes = { taskTokens: nobodyWaits, executions: executionsOf('ended') };
      expect(await send({}, changes, { summary, taskToken: 'the-token' })).toEqual({ statusCode: 204 });
      expect(started).toEqual([]);
    });

    test('gets none while it runs and does not wait', async () => {
      const applied = { summary: summaryThat(is), taskToken: 'the-token' };
      expect(await send({}, { taskTokens: nobodyWaits }, applied)).toEqual({ statusCode: 204 });
      expect(started).toEqual([]);
    });

    test('gets none while it waits', async () => {
      const applied = { summary: summaryThat(is), taskToken: 'the-token' };
      expect(await send({}, { executions: executionsOf('ended') }, applied)).toEqual({ statusCode: 204 });
      expect(started).toEqual([]);
    });

    test('gets one when Twilio sends the callback again, where nobody knows whether it runs', async () => {
      const status = () => Promise.reject(new Error('down'));
      const changes = { executions: { ...executionsOf('ended'), status } };
      const applied = { summary: summaryThat(is), taskToken: undefined };
      expect(await send({}, changes, applied)).toEqual({ statusCode: 503 });
      expect([kept.length, started.length]).toEqual([1, 0]);
    });
  });

  test('gets no successor when all is over', async () => {
    const changes = { executions: executionsOf('ended') };
    expect(await send({}, changes, { summary: summaryThat('final') })).toEqual({ statusCode: 204 });
    expect(started).toEqual([]);
  });

  test('is told nothing when the callback could not be kept', async () => {
    await send({}, { store: storeThat(() => Promise.reject(new StoreUnavailableError('down'))) });
    expect(released).toEqual([]);
  });
});

describe('a failure that may pass makes Twilio send the callback again', () => {
  test.each([
    ['the table', { store: storeThat(() => Promise.reject(new StoreUnavailableError('down'))) }, []],
    ['the table, in an unforeseen way', { store: storeThat(() => Promise.reject('no error')) }, []],
    [
      'the secret',
      { secrets: { ...secretSource(), get: () => Promise.reject(new SecretUnavailableError('down')) } },
      ['SignatureUnverifiable'],
    ],
    [
      'the fresh secret',
      {
        secrets: {
          get: async () => twilioSecret({ authTokens: [NEXT_AUTH_TOKEN] }),
          getFresh: () => Promise.reject(new SecretUnavailableError('down')),
        },
      },
      ['SignatureUnverifiable'],
    ],
  ])('%s', async (_, changes, counted) => {
    expect(await send({}, changes)).toEqual({ statusCode: 503 });
    expect(telemetry.counted).toEqual(counted);
    expect(telemetry.lines).toMatchObject([{ level: 'error' }]);
  });

  test('and nothing is stored of what cannot be verified', async () => {
    await send({}, { secrets: { ...secretSource(), get: () => Promise.reject(new Error('down')) } });
    expect(kept).toEqual([]);
  });
});

describe('a request', () => {
  test.each<[string, number, WebhookRequest]>([
    ['that is no POST', 405, { method: 'GET' }],
    ['that is no form', 415, { headers: { 'content-type': 'application/json' } }],
    ['that is too large', 413, { event: { body: 'A'.repeat(200_000) } }],
    ['that is not base64', 400, { event: { body: '***' } }],
    ['without a signature', 403, { headers: { 'x-twilio-signature': undefined } }],
    ['signed by somebody else', 403, { authToken: 'somebody-else' }],
    ['signed with an empty token', 403, { authToken: '' }],
    [
      'that was signed as a voice webhook',
      403,
      { path: '/voice', event: { rawPath: '/recording-status', routeKey: 'POST /recording-status' } },
    ],
    [
      'without a RecordingSid',
      400,
      { parameters: { AccountSid: ACCOUNT_SID, CallSid: CALL_SID, RecordingStatus: 'completed' } },
    ],
    ['with an odd RecordingSid', 400, { parameters: changed({ RecordingSid: 'RE1' }) }],
    ['with an odd CallSid', 400, { parameters: changed({ CallSid: `${CALL_SID}\n` }) }],
    ['with an odd status', 400, { parameters: changed({ RecordingStatus: 'COMPLETED' }) }],
    ['with two statuses', 400, { parameters: changed({ RecordingStatus: ['completed', 'absent'] }) }],
    ['with two durations', 400, { parameters: changed({ RecordingDuration: ['1', '2'] }) }],
    ['of another account', 403, { parameters: changed({ AccountSid: OTHER_ACCOUNT_SID }) }],
  ])('%s is answered with %d, counted once, and nothing else', async (_, statusCode, request) => {
    expect(await send(request)).toEqual({
      statusCode,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: expect.stringMatching(/^the |^only /),
    });
    expect(telemetry.counted).toEqual(['RequestRefused']);
    expect(telemetry.lines).toEqual([]);
    expect(kept).toEqual([]);
  });
});

test('no token, signature or address of a recording is logged', async () => {
  await send();
  await send({}, {}, { effect: 'conflict', unknownCall: true });
  await send({}, { store: storeThat(() => Promise.reject(new Error('down'))) });
  await send({}, { secrets: { ...secretSource(), get: () => Promise.reject(new Error('down')) } });
  const output = telemetry.output();
  expect(output).toContain(RECORDING_SID);
  const event = webhookEvent({ path: '/recording-status', parameters: statusParameters() });
  const secret = twilioSecret();
  for (const forbidden of [
    AUTH_TOKEN,
    secret.apiKeySecret,
    event.headers['x-twilio-signature'] ?? 'no signature',
    'api.twilio.com',
    event.body ?? 'no body',
  ]) {
    expect(output).not.toContain(forbidden);
  }
});
