import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import twilio from 'twilio';
import type RequestClient from 'twilio/lib/base/RequestClient.js';
import { httpHandler } from '../../../lambda/shared/clients/http.ts';
import { type TwilioApi, twilioApi } from '../../../lambda/twilio/api.ts';
import { createRecordingParameters } from '../../../lambda/twilio/recording-parameters.ts';
import { recordingResource } from '../support/answers.ts';
import { type FakeTelemetry, fakeTelemetry } from '../support/fake-telemetry.ts';
import { twilioSecret } from '../support/secrets.ts';
import { ACCOUNT_SID, CALL_SID, OTHER_RECORDING_SID, RECORDING_SID } from '../support/sids.ts';
import { reply, type TwilioServer, twilioServer } from '../support/twilio-server.ts';
import { PUBLIC_BASE_URL } from '../support/webhooks.ts';

const credentials = twilioSecret();
const ACCOUNT = `/2010-04-01/Accounts/${ACCOUNT_SID}`;
const CALLS = `${ACCOUNT}/Calls/${CALL_SID}`;
/** As Twilio writes it: what was asked for, and where to go on. */
const NEXT_PAGE = `${ACCOUNT}/Calls.json?EndTime%3E=2026-11-24T11%3A50%3A00Z&PageSize=1000&Page=1&PageToken=PACA${'a'.repeat(32)}`;

let telemetry: FakeTelemetry;
/** One for all, as in a function. */
const platform = {
  http: httpHandler(),
  telemetry: {
    ...fakeTelemetry(),
    count: (metric: Parameters<FakeTelemetry['count']>[0]) => telemetry.count(metric),
    record: (...given: Parameters<FakeTelemetry['record']>) => telemetry.record(...given),
  },
};

let server: TwilioServer;
let api: TwilioApi;

beforeAll(async () => {
  server = await twilioServer();
  api = twilioApi(platform, credentials, server.baseUrl, 5_000);
});
afterAll(() => server.close());
beforeEach(() => {
  server.received.length = 0;
  telemetry = fakeTelemetry();
});

const recording = recordingResource();
const call = { sid: CALL_SID, status: 'completed', end_time: 'Tue, 24 Nov 2026 12:00:09 +0000' };

/** The order of parameters means nothing; how each is written does. */
function sortedQuery(path = ''): string {
  const [before, query = ''] = path.split('?');
  return `${before}?${query.split('&').toSorted().join('&')}`;
}

describe('a request', () => {
  test.each<[string, (api: TwilioApi) => Promise<unknown>, unknown, string, string, string]>([
    [
      'to create a recording',
      ({ createRecording }) => createRecording(CALL_SID, { RecordingChannels: 'dual', Trim: 'do-not-trim' }),
      recording,
      'POST',
      `${CALLS}/Recordings.json`,
      'RecordingChannels=dual&Trim=do-not-trim',
    ],
    ['for a call', ({ fetchCall }) => fetchCall(CALL_SID), call, 'GET', `${CALLS}.json`, ''],
    [
      'for recordings',
      ({ listRecordings }) => listRecordings(CALL_SID),
      { recordings: [] },
      'GET',
      `${CALLS}/Recordings.json`,
      '',
    ],
    [
      'to stop a recording',
      ({ updateRecording }) => updateRecording(CALL_SID, RECORDING_SID, { Status: 'stopped' }),
      { ...recording, status: 'stopped' },
      'POST',
      `${CALLS}/Recordings/${RECORDING_SID}.json`,
      'Status=stopped',
    ],
    [
      'for the calls that go on',
      ({ listCalls }) => listCalls({ status: 'in-progress' }),
      { calls: [] },
      'GET',
      `${ACCOUNT}/Calls.json?PageSize=1000&Status=in-progress`,
      '',
    ],
    [
      'for the calls that ended since',
      ({ listCalls }) => listCalls({ endedSince: Date.parse('2026-11-24T11:50:00.999Z') }),
      { calls: [] },
      'GET',
      // The filter's name ends with the sign that makes it one for times after: a bare `EndTime=` is that time only.
      `${ACCOUNT}/Calls.json?PageSize=1000&EndTime%3E=2026-11-24T11%3A50%3A00Z`,
      '',
    ],
    [
      'for another page of calls',
      ({ listCalls }) => listCalls({ next: NEXT_PAGE }),
      { calls: [] },
      'GET',
      NEXT_PAGE,
      '',
    ],
    [
      'for numbers',
      ({ listNumbers }) => listNumbers(),
      { incoming_phone_numbers: [] },
      'GET',
      `${ACCOUNT}/IncomingPhoneNumbers.json?PageSize=1000`,
      '',
    ],
    [
      'for another page of numbers',
      ({ listNumbers }) => listNumbers(`${ACCOUNT}/IncomingPhoneNumbers.json?PageSize=1000&Page=2`),
      { incoming_phone_numbers: [] },
      'GET',
      `${ACCOUNT}/IncomingPhoneNumbers.json?PageSize=1000&Page=2`,
      '',
    ],
  ])('%s has its method, path, credentials and body', async (_, send, answer, method, path, body) => {
    server.answerWith(reply(200, answer));
    expect(await send(api)).toMatchObject({ kind: 'ok' });
    expect(sortedQuery(server.received[0]?.path)).toBe(sortedQuery(path));
    expect(server.received).toMatchObject([
      {
        method,
        body,
        headers: {
          accept: 'application/json',
          host: new URL(server.baseUrl).host,
          authorization: `Basic ${Buffer.from(`${credentials.apiKeySid}:${credentials.apiKeySecret}`).toString('base64')}`,
        },
      },
    ]);
    expect(server.received[0]?.headers['content-type']).toBe(
      method === 'POST' ? 'application/x-www-form-urlencoded' : undefined,
    );
  });

  test.each([
    ['options', { channels: 'dual', track: 'both', trim: 'do-not-trim' } as const],
    ['other options', { channels: 'mono', track: 'inbound', trim: 'trim-silence' } as const],
    ['a recording configuration', { configurationId: 'CR1' }],
  ])('to create a recording with %s says what Twilio’s own client says', async (_, settings) => {
    server.answerWith(reply(201, recording));
    const parameters = createRecordingParameters(settings, PUBLIC_BASE_URL);
    await api.createRecording(CALL_SID, parameters);
    // The client takes the same parameters, but for the first letter.
    const options = Object.fromEntries(
      Object.entries(parameters).map(([name, value]) => [
        name.charAt(0).toLowerCase() + name.slice(1),
        name === 'RecordingStatusCallbackEvent' ? [value] : value,
      ]),
    );
    await twilio(credentials.apiKeySid, credentials.apiKeySecret, {
      accountSid: ACCOUNT_SID,
      httpClient: new RedirectedClient(),
    })
      .calls(CALL_SID)
      .recordings.create(options);

    const [ours, theirs] = server.received.map(({ method, path, headers, body }) => ({
      method,
      path,
      // In a form a blank may be either, and the order of parameters means nothing.
      form: body.replaceAll('+', '%20').split('&').toSorted(),
      authorization: headers.authorization,
      contentType: headers['content-type'],
    }));
    expect(ours).toEqual(theirs);
  });
});

test.each<
  [string, (api: TwilioApi) => Promise<unknown>, (client: ReturnType<typeof twilio>) => Promise<unknown>]
>([
  [
    'to stop a recording',
    ({ updateRecording }) => updateRecording(CALL_SID, RECORDING_SID, { Status: 'stopped' }),
    (client) => client.calls(CALL_SID).recordings(RECORDING_SID).update({ status: 'stopped' }),
  ],
  [
    'to delete a recording',
    ({ deleteRecording }) => deleteRecording(RECORDING_SID),
    (client) => client.recordings(RECORDING_SID).remove(),
  ],
  [
    'for the calls that go on',
    ({ listCalls }) => listCalls({ status: 'in-progress' }),
    (client) => client.calls.page({ status: 'in-progress', pageSize: 1000 }),
  ],
  [
    'for the calls that ended since',
    ({ listCalls }) => listCalls({ endedSince: Date.parse('2026-11-24T11:50:00Z') }),
    (client) => client.calls.page({ endTimeAfter: new Date('2026-11-24T11:50:00Z'), pageSize: 1000 }),
  ],
  [
    'for numbers',
    ({ listNumbers }) => listNumbers(),
    (client) => client.incomingPhoneNumbers.page({ pageSize: 1000 }),
  ],
])('a request %s says what Twilio’s own client says', async (_, send, sendTheirs) => {
  server.answerWith(reply(200, { ...recording, calls: [], incoming_phone_numbers: [], next_page_uri: null }));
  await send(api);
  await sendTheirs(
    twilio(credentials.apiKeySid, credentials.apiKeySecret, {
      accountSid: ACCOUNT_SID,
      httpClient: new RedirectedClient(),
    }),
  );
  const [ours, theirs] = server.received.map(({ method, path, body, headers }) => {
    const { pathname, searchParams } = new URL(path ?? '', server.baseUrl);
    return {
      method,
      pathname,
      query: [...searchParams].toSorted(),
      body,
      authorization: headers.authorization,
    };
  });
  expect(ours).toEqual(theirs);
});

type RequestOptions<T> = RequestClient.RequestOptions<T>;

/** A client of Twilio's own that sends to this machine. */
class RedirectedClient extends twilio.RequestClient {
  override request<T>(options: RequestOptions<T>) {
    return super.request<T>({
      ...options,
      uri: options.uri.replace('https://api.twilio.com', server.baseUrl),
    });
  }
}

describe('an answer', () => {
  test.each([200, 201, 202])('%d is the recording', async (status) => {
    server.answerWith(reply(status, recording));
    expect(await api.createRecording(CALL_SID, {})).toEqual({ kind: 'ok', body: recording });
  });

  test('is the call', async () => {
    server.answerWith(reply(200, call));
    expect(await api.fetchCall(CALL_SID)).toEqual({ kind: 'ok', body: call });
  });

  test('is the list of recordings, without what is none', async () => {
    const second = recordingResource({ sid: OTHER_RECORDING_SID });
    server.answerWith(reply(200, { recordings: [recording, null, { sid: 1 }, 'x', second] }));
    expect(await api.listRecordings(CALL_SID)).toEqual({ kind: 'ok', body: [recording, second] });
  });

  describe('is a page', () => {
    const listed = { ...call, account_sid: ACCOUNT_SID, parent_call_sid: null, from: '+15550001111' };
    const number = { phone_number: '+15550002222', voice_url: 'https://example.com/voice' };

    test('of calls, with where the next one is, and without what is none', async () => {
      server.answerWith(reply(200, { calls: [listed, null, 'x', { sid: 1 }], next_page_uri: NEXT_PAGE }));
      expect(await api.listCalls({ status: 'in-progress' })).toEqual({
        kind: 'ok',
        body: { items: [listed], next: NEXT_PAGE },
      });
    });

    test.each([null, undefined, 7])('the last one when the next is %j', async (next_page_uri) => {
      server.answerWith(reply(200, { calls: [], incoming_phone_numbers: [], next_page_uri }));
      const last = { kind: 'ok', body: { items: [], next: undefined } };
      expect(await api.listCalls({ endedSince: 0 })).toEqual(last);
      expect(await api.listNumbers()).toEqual(last);
    });

    test('of numbers, with their voice URLs, if they have one', async () => {
      const bare = { phone_number: '+15550003333' };
      const odd = { phone_number: '+15550004444', voice_url: 1 };
      const incoming_phone_numbers = [number, bare, odd, { voice_url: 'https://example.com' }, null];
      server.answerWith(reply(200, { incoming_phone_numbers, next_page_uri: '/next' }));
      expect(await api.listNumbers()).toEqual({
        kind: 'ok',
        body: {
          items: [number, { ...bare, voice_url: null }, { ...odd, voice_url: null }],
          next: '/next',
        },
      });
    });

    test('that leads to the next one, until there is none', async () => {
      server.answerWith((response) => {
        const isFirst = server.received.length === 1;
        reply(200, { calls: [listed], next_page_uri: isFirst ? NEXT_PAGE : null })(response);
      });
      const first = await api.listCalls({ endedSince: Date.parse('2026-11-24T11:50:00Z') });
      const next = first.kind === 'ok' ? first.body.next : undefined;
      expect(await api.listCalls({ next: next ?? '' })).toMatchObject({ body: { next: undefined } });
      expect(sortedQuery(server.received.at(-1)?.path)).toBe(sortedQuery(NEXT_PAGE));
    });
  });

  test('in several pieces is put together, between the bytes of a character', async () => {
    const bytes = Buffer.from(JSON.stringify({ ...call, note: 'ä😀' }));
    server.answerWith((response) => {
      response.writeHead(200);
      for (const byte of bytes) {
        response.write(Buffer.from([byte]));
      }
      response.end();
    });
    expect(await api.fetchCall(CALL_SID)).toMatchObject({ body: { note: 'ä😀' } });
  });

  test.each([
    [400, 21220, 'Requested resource is not eligible for recording'],
    [401, 20003, 'Authenticate'],
    [404, 20404, 'The requested resource was not found'],
    [500, 20500, 'Internal server error'],
  ])('%d is an error with Twilio’s code %d', async (status, code, message) => {
    server.answerWith(reply(status, { code, message, more_info: 'https://www.twilio.com', status }));
    expect(await api.createRecording(CALL_SID, {})).toEqual({
      kind: 'error',
      httpStatus: status,
      code,
      retryAfterMilliseconds: undefined,
    });
  });

  test.each([
    ['no JSON', '<html>Bad Gateway</html>'],
    ['nothing', ''],
    ['JSON that is no object', '"text"'],
    ['null', 'null'],
    ['an odd code', '{"code":"21220","message":1}'],
  ])('that is an error and holds %s has a status and no code', async (_, body) => {
    server.answerWith(reply(502, body));
    expect(await api.createRecording(CALL_SID, {})).toEqual({
      kind: 'error',
      httpStatus: 502,
      code: undefined,
      retryAfterMilliseconds: undefined,
    });
  });

  test('that is a redirect is not followed with our credentials', async () => {
    server.answerWith(reply(307, '', { location: `${server.baseUrl}/elsewhere` }));
    expect(await api.createRecording(CALL_SID, {})).toMatchObject({ kind: 'error', httpStatus: 307 });
    expect(server.received).toHaveLength(1);
  });

  test.each([400, 404, 500])(
    '%d says nothing of Twilio’s message, which may quote a phone number',
    async (status) => {
      const message = 'The number +15550001111 cannot be recorded';
      server.answerWith(reply(status, { code: 21220, message, more_info: message, detail: { message } }));
      const answers = [
        await api.createRecording(CALL_SID, {}),
        await api.fetchCall(CALL_SID),
        await api.listRecordings(CALL_SID),
        await api.updateRecording(CALL_SID, RECORDING_SID, { Status: 'stopped' }),
        await api.listCalls({ status: 'in-progress' }),
        await api.listNumbers(),
      ];
      for (const answer of answers) {
        expect(answer).toMatchObject({ kind: 'error', httpStatus: status, code: 21220 });
        expect(JSON.stringify(answer)).not.toContain('1555000');
        expect(answer).not.toHaveProperty('message');
      }
    },
  );

  test.each([
    ['2', 2_000],
    ['0.5', 500],
    ['0', undefined],
    ['-1', undefined],
    ['soon', undefined],
    ['', undefined],
    ['Wed, 25 Nov 2026 12:00:00 GMT', undefined],
  ])('with Retry-After %j may be asked again after %s ms', async (retryAfter, milliseconds) => {
    server.answerWith(reply(429, { code: 20429 }, { 'retry-after': retryAfter }));
    expect(await api.createRecording(CALL_SID, {})).toMatchObject({
      code: 20429,
      retryAfterMilliseconds: milliseconds,
    });
  });
});

const UNREADABLE: [string, unknown][] = [
  ['no JSON', 'OK'],
  ['nothing', ''],
  ['half of a document', '{"sid":"RE'],
  ['null', 'null'],
  ['another document', { message: 'hello' }],
  [
    'a Sid that is none',
    { sid: 1, status: 'in-progress', recordings: {}, calls: {}, incoming_phone_numbers: {} },
  ],
  ['no status', { sid: 'RE1', recordings: null, calls: null, incoming_phone_numbers: null }],
];

describe.each<[string, () => Promise<unknown>]>([
  ['createRecording', () => api.createRecording(CALL_SID, {})],
  ['fetchCall', () => api.fetchCall(CALL_SID)],
  ['listRecordings', () => api.listRecordings(CALL_SID)],
  ['updateRecording', () => api.updateRecording(CALL_SID, RECORDING_SID, { Status: 'stopped' })],
  ['listCalls', () => api.listCalls({ status: 'in-progress' })],
  ['listNumbers', () => api.listNumbers()],
])('%s does not throw and has no answer', (name, send) => {
  test.each(UNREADABLE)('when a success holds %s', async (_, body) => {
    server.answerWith(reply(200, body));
    expect(await send()).toEqual({ kind: 'no-answer', cause: 'an answer that cannot be read' });
  });

  test('when the connection breaks', async () => {
    server.answerWith((response) => response.destroy());
    expect(await send()).toEqual({ kind: 'no-answer', cause: 'ECONNRESET' });
  });

  test('when the connection breaks within the answer', async () => {
    server.answerWith((response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"sid":');
      setImmediate(() => response.destroy());
    });
    expect(await send()).toMatchObject({ kind: 'no-answer' });
  });

  const ask = (baseUrl: string, timeoutMilliseconds: number) => {
    const client = twilioApi(platform, credentials, baseUrl, timeoutMilliseconds);
    const requests: Record<string, () => Promise<unknown>> = {
      createRecording: () => client.createRecording(CALL_SID, {}),
      fetchCall: () => client.fetchCall(CALL_SID),
      listRecordings: () => client.listRecordings(CALL_SID),
      updateRecording: () => client.updateRecording(CALL_SID, RECORDING_SID, { Status: 'stopped' }),
      listCalls: () => client.listCalls({ status: 'in-progress' }),
      listNumbers: () => client.listNumbers(),
    };
    return requests[name]?.();
  };

  test('when Twilio takes too long', async () => {
    server.answerWith(() => {});
    expect(await ask(server.baseUrl, 50)).toEqual({
      kind: 'no-answer',
      cause: expect.stringMatching(/^(Abort|Timeout)Error$/),
    });
  });

  test('when a question takes longer than a question may', async () => {
    server.answerWith(() => {});
    const client = twilioApi(platform, credentials, server.baseUrl, 60_000, 50);
    expect(await client.listRecordings(CALL_SID)).toMatchObject({ kind: 'no-answer' });
    expect(await client.fetchCall(CALL_SID)).toMatchObject({ kind: 'no-answer' });
  });

  test('when Twilio takes too long to end its answer', async () => {
    server.answerWith((response) => {
      response.writeHead(200);
      response.write('{"sid":');
    });
    expect(await ask(server.baseUrl, 50)).toEqual({
      kind: 'no-answer',
      cause: expect.stringMatching(/^(AbortError|TimeoutError|ECONNRESET)$/),
    });
  });

  test.each([
    ['nobody listens', 'http://127.0.0.1:1', ['ECONNREFUSED']],
    // No resolver is asked for a name that long.
    ['there is no such host', `http://${'x'.repeat(64)}.invalid`, ['ENOTFOUND', 'EAI_AGAIN']],
  ])('nor sent anything when %s', async (_, baseUrl, causes) => {
    const answer = await ask(baseUrl, 10_000);
    expect(answer).toEqual({ kind: 'not-sent', cause: expect.any(String) });
    expect(causes).toContain((answer as { cause: string }).cause);
  });
});

test('no answer says anything of the credentials', async () => {
  const secret = Buffer.from(`${credentials.apiKeySid}:${credentials.apiKeySecret}`).toString('base64');
  for (const answer of [
    reply(401, {}),
    reply(200, 'x'),
    (response: { destroy(): void }) => response.destroy(),
  ]) {
    server.answerWith(answer);
    const text = JSON.stringify(await api.createRecording(CALL_SID, {}));
    expect(text).not.toContain(secret);
    expect(text).not.toContain(credentials.apiKeySecret);
  }
});

test('a deletion is answered without a body', async () => {
  server.answerWith((response) => response.writeHead(204).end());
  expect(await api.deleteRecording(RECORDING_SID)).toEqual({ kind: 'ok', body: null });
});

test.each([
  [200, 'TwilioOk'],
  [401, 'TwilioUnauthorized'],
  [403, 'TwilioUnauthorized'],
  [429, 'TwilioThrottled'],
  [400, 'TwilioRefused'],
  [404, 'TwilioRefused'],
  [302, 'TwilioFailed'],
  [500, 'TwilioFailed'],
  [503, 'TwilioFailed'],
])('an answer %i counts as %s, and how long it took is recorded', async (status, metric) => {
  server.answerWith(reply(status, call));
  await api.fetchCall(CALL_SID);
  expect(telemetry.counted).toEqual([metric]);
  expect(telemetry.recorded).toEqual([{ metric: 'TwilioLatencyMilliseconds', value: expect.any(Number) }]);
});

test('no answer counts as a failure', async () => {
  server.answerWith((response) => response.destroy());
  await api.fetchCall(CALL_SID);
  expect(telemetry.counted).toEqual(['TwilioFailed']);
});

test.each<[string, (signal: AbortSignal) => Promise<unknown>]>([
  ['list', (signal) => api.listRecordings(CALL_SID, signal)],
  ['update', (signal) => api.updateRecording(CALL_SID, RECORDING_SID, { Status: 'stopped' }, signal)],
])(
  'a %s that nobody wants to know the answer of any more ends at once, and counts for nothing',
  async (_, ask) => {
    const asker = new AbortController();
    server.answerWith(() => asker.abort());
    expect(await ask(asker.signal)).toMatchObject({ kind: 'no-answer' });
    expect([telemetry.counted, telemetry.recorded]).toEqual([[], []]);
  },
);
