import { beforeEach, describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { type CallsDependencies, calls } from '../../../lambda/calls/calls.ts';
import type { CallItems, PageOfCalls, Position } from '../../../lambda/calls/calls-reader.ts';
import { SecretUnavailableError, StoreUnavailableError } from '../../../lambda/shared/errors.ts';
import { errorAnswer, noAnswer, ok, recordingResource } from '../support/answers.ts';
import { type FakeTelemetry, fakeTelemetry } from '../support/fake-telemetry.ts';
import { manualClock } from '../support/manual-clock.ts';
import { CALL_SID, RECORDING_SID } from '../support/sids.ts';

const CALL = { callSid: CALL_SID, recordingStatus: 'in-progress', recordingCount: 1, final: false };
const ITEMS: CallItems = {
  call: CALL,
  recordings: [{ recordingSid: RECORDING_SID, status: 'paused' }],
  events: [],
};
const POSITION: Position = { createdAt: '2026-11-24T11:00:00.000Z', callSid: CALL_SID };

let telemetry: FakeTelemetry;
let asked: unknown[];
let page: PageOfCalls;
let items: CallItems | undefined;
let overrides: Partial<CallsDependencies>;

beforeEach(() => {
  telemetry = fakeTelemetry();
  asked = [];
  page = { calls: [CALL] };
  items = ITEMS;
  overrides = {};
});

async function send(routeKey: string, query?: Record<string, string>, callSid?: string) {
  const handler = calls({
    reader: {
      list: async (...list) => {
        asked.push(list);
        return page;
      },
      details: async () => items,
    },
    executions: async (sid) => [{ name: sid, status: 'RUNNING', history: [] }],
    twilio: async () => ({
      fetchCall: async (sid) => ok({ sid, status: 'in-progress', end_time: null }),
      listRecordings: async () => ok([recordingResource({ status: 'processing' })]),
    }),
    clock: manualClock(),
    telemetry,
    ...overrides,
  });
  // What the handler reads of an event.
  const event = { routeKey, queryStringParameters: query, pathParameters: { callSid } };
  const { statusCode, headers, body } = await handler(event as unknown as APIGatewayProxyEventV2);
  return { status: statusCode, type: headers?.['content-type'], body: JSON.parse(body ?? 'null') };
}

const list = (query?: Record<string, string>) => send('GET /calls', query);
const show = (query?: Record<string, string>, callSid = CALL_SID) =>
  send('GET /calls/{callSid}', query, callSid);

describe('the list of calls', () => {
  test('is that of today, when no day is asked for', async () => {
    expect(await list()).toEqual({ status: 200, type: 'application/json', body: { calls: [CALL] } });
    expect(asked).toEqual([['2026-11-24', undefined, undefined]]);
  });

  test('is that of a day, with a status', async () => {
    await list({ day: '2024-02-29', status: 'unrecorded' });
    expect(asked).toEqual([['2024-02-29', 'unrecorded', undefined]]);
  });

  test('goes on where its cursor says', async () => {
    page = { calls: [], next: POSITION };
    const { body } = await list();
    expect(body).toEqual({ calls: [], cursor: expect.stringMatching(/^[\w-]+$/) });
    await list({ cursor: body.cursor });
    expect(asked.at(-1)).toEqual(['2026-11-24', undefined, POSITION]);
  });

  test('goes on in the day that it began in, when that is over', async () => {
    const clock = manualClock(Date.parse('2026-11-24T23:59:59Z'));
    overrides = { clock };
    page = { calls: [CALL], next: POSITION };
    const { cursor } = (await list()).body;
    clock.advance(2_000);
    await list({ cursor });
    await list();
    expect(asked).toEqual([
      ['2026-11-24', undefined, undefined],
      ['2026-11-24', undefined, POSITION],
      ['2026-11-25', undefined, undefined],
    ]);
  });

  test('is that of the day that is asked for, wherever its cursor is', async () => {
    page = { calls: [], next: POSITION };
    const { cursor } = (await list({ day: '2026-11-24' })).body;
    await list({ cursor, day: '2026-11-23' });
    expect(asked.at(-1)).toEqual(['2026-11-23', undefined, POSITION]);
  });

  test.each([
    [{ day: '2026-02-30' }, 'day', 'a day as YYYY-MM-DD'],
    [{ day: 'today' }, 'day', 'a day as YYYY-MM-DD'],
    [{ day: '' }, 'day', 'a day as YYYY-MM-DD'],
    [{ status: 'In Progress' }, 'status', 'a status, such as in-progress'],
    [{ cursor: 'x' }, 'cursor', 'the cursor of an answer'],
    [
      { cursor: Buffer.from('["yesterday","CA1"]').toString('base64url') },
      'cursor',
      'the cursor of an answer',
    ],
    [{ cursor: Buffer.from('{}').toString('base64url') }, 'cursor', 'the cursor of an answer'],
  ])('is not given for %j', async (query, field, detail) => {
    expect(await list(query)).toMatchObject({
      status: 400,
      type: 'application/problem+json',
      body: { type: 'urn:call-recorder:problem:invalid-request', errors: [{ field, detail }] },
    });
    expect(asked).toEqual([]);
  });
});

describe('a call', () => {
  test('is its rows', async () => {
    expect(await show()).toEqual({ status: 200, type: 'application/json', body: ITEMS });
  });

  test('comes with its executions and what Twilio says now, on demand', async () => {
    expect((await show({ include: 'executions,twilio' })).body).toEqual({
      ...ITEMS,
      executions: [{ name: CALL_SID, status: 'RUNNING', history: [] }],
      twilio: {
        callStatus: 'in-progress',
        recordings: [
          {
            recordingSid: RECORDING_SID,
            status: 'processing',
            source: 'StartCallRecordingAPI',
            startTime: '2026-11-24T12:00:01.000Z',
            channels: 2,
            track: 'both',
          },
        ],
      },
    });
    expect((await show({ include: 'twilio' })).body).not.toHaveProperty('executions');
    expect((await show({ include: 'executions' })).body).not.toHaveProperty('twilio');
  });

  test.each([
    ['Twilio answered HTTP 404, code 20404', errorAnswer(404, 20404)],
    ['Twilio answered HTTP 503', errorAnswer(503)],
    ['Twilio did not answer', noAnswer],
  ])('is shown although %s', async (unavailable, answer) => {
    overrides = {
      twilio: async () => ({ fetchCall: async () => answer, listRecordings: async () => ok([]) }),
    };
    expect((await show({ include: 'twilio' })).body).toEqual({ ...ITEMS, twilio: { unavailable } });
  });

  test('is shown although the list of recordings, the secret or the executions cannot be read', async () => {
    const fetchCall = async () => ok({ sid: CALL_SID, status: 'in-progress', end_time: null });
    overrides = { twilio: async () => ({ fetchCall, listRecordings: async () => noAnswer }) };
    expect((await show({ include: 'twilio' })).body.twilio).toEqual({ unavailable: 'Twilio did not answer' });
    overrides = {
      twilio: () => Promise.reject(new SecretUnavailableError('down')),
      executions: () => Promise.reject(new Error('down')),
    };
    expect(await show({ include: 'twilio,executions' })).toMatchObject({
      status: 200,
      body: { ...ITEMS, twilio: { unavailable: expect.stringContaining('secret') } },
    });
  });

  test('that has no row is a 404', async () => {
    items = undefined;
    expect(await show()).toMatchObject({
      status: 404,
      body: { type: 'urn:call-recorder:problem:unknown-call', callSid: CALL_SID },
    });
  });

  test('is not found under what is no CallSid, nor with an include that there is not', async () => {
    expect(await show({}, 'CA1')).toMatchObject({ status: 404 });
    expect(await show({ include: 'everything' })).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'include' }] },
    });
  });
});

test.each(['GET /calls', 'GET /calls/{callSid}'])(
  '%s is a 503 when the table cannot be read',
  async (route) => {
    const down = () => Promise.reject(new StoreUnavailableError('down'));
    overrides = { reader: { list: down, details: down } };
    expect(await send(route, {}, CALL_SID)).toMatchObject({
      status: 503,
      type: 'application/problem+json',
      body: { type: 'urn:call-recorder:problem:unavailable' },
    });
    expect(telemetry.lines).toMatchObject([
      { level: 'error', details: { error: { name: 'StoreUnavailableError' } } },
    ]);
  },
);
