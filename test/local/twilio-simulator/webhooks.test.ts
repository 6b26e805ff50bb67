import { describe, expect, test } from '@jest/globals';
import twilio from 'twilio';
import { CREDENTIALS, NUMBERS, Rig, WebhookServer } from './rig.ts';

const HANG_UP = { body: '<Response><Hangup/></Response>' };

function isSigned(base: string, { url, headers, params }: WebhookServer['received'][number]): boolean {
  const signature = String(headers['x-twilio-signature']);
  return twilio.validateRequest(CREDENTIALS.authToken, signature, `${base}${url}`, params);
}

describe('the voice webhook', () => {
  test('is a signed form that says what is known of the call', async () => {
    await using server = await WebhookServer.start(() => HANG_UP);
    await using rig = await Rig.start();
    const call = rig.place({ voiceUrl: `${server.url}/voice/it's?q=a%20b#rc=2&rp=5xx` });
    await rig.finish();
    expect(server.received).toHaveLength(1);
    const [request] = server.received;
    expect(request).toMatchObject({
      method: 'POST',
      url: "/voice/it's?q=a%20b",
      params: {
        CallSid: call.sid,
        AccountSid: CREDENTIALS.accountSid,
        From: NUMBERS.from,
        To: NUMBERS.to,
        Caller: NUMBERS.from,
        Called: NUMBERS.to,
        CallStatus: 'ringing',
        Direction: 'inbound',
        ApiVersion: '2010-04-01',
        FromCountry: 'US',
      },
    });
    expect(request && isSigned(server.url, request)).toBe(true);
  });

  test('by GET has its parameters in the query, and the URL alone is signed', async () => {
    await using server = await WebhookServer.start(() => HANG_UP);
    await using rig = await Rig.start();
    rig.place({ voiceUrl: `${server.url}/voice?x=1`, voiceMethod: 'GET' });
    await rig.finish();
    const [request] = server.received;
    expect(request?.url).toMatch(/^\/voice\?x=1&CallSid=CA/);
    expect(request && isSigned(server.url, request)).toBe(true);
  });

  test('may come twice: the same request, and the first answer counts', async () => {
    const replies = [HANG_UP, { body: '<Response><Reject/></Response>' }];
    await using server = await WebhookServer.start(() => replies.shift() ?? {});
    await using rig = await Rig.start();
    const call = rig.place({ voiceUrl: server.url, duplicateWebhook: true });
    await rig.finish();
    const [first, second] = server.received;
    expect(second?.params).toEqual(first?.params);
    expect(call.webhooks.map(({ duplicate }) => duplicate)).toEqual([false, true]);
    expect(call.status).toBe('completed');
  });

  test.each([
    ['an HTTP error', { status: 500, body: '<Response/>' }, '11200'],
    ['TwiML under another name', { type: 'application/json', body: '<Response/>' }, '12300'],
    ['malformed TwiML', { body: '<Response>' }, '12100'],
    ['an unknown verb', { body: '<Response><Sing/></Response>' }, '12200'],
  ])('answered with %s goes to the fallback URL', async (_name, failure, code) => {
    await using server = await WebhookServer.start(({ url }) => (url === '/fallback' ? HANG_UP : failure));
    await using rig = await Rig.start();
    const voiceUrl = `${server.url}/voice`;
    const call = rig.place({ voiceUrl, voiceFallbackUrl: `${server.url}/fallback` });
    await rig.finish();
    expect(call.errorsHeard).toEqual([]);
    expect(call.webhooks.map(({ kind }) => kind)).toEqual(['voice', 'fallback']);
    expect(server.received.at(-1)?.params).toMatchObject({ ErrorCode: code, ErrorUrl: voiceUrl });
  });

  test('without a working fallback makes the caller hear an error, and the call ends', async () => {
    await using server = await WebhookServer.start(() => ({ status: 404 }));
    await using rig = await Rig.start();
    const call = rig.place({ voiceUrl: server.url, voiceFallbackUrl: server.url });
    await rig.finish();
    expect(call.errorsHeard).toEqual([expect.stringContaining('HTTP 404')]);
    expect(call.status).toBe('completed');
    expect(rig.types()).toContain('application-error-heard');
  });

  test('is given up after 15 seconds', async () => {
    await using server = await WebhookServer.start(() => 'no answer');
    await using rig = await Rig.start();
    const call = rig.place({ voiceUrl: server.url });
    while (server.received.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    // Timers: the connection's 5 s was cleared on connecting, the answer's 15 s is next.
    const before = rig.clock.now();
    expect(rig.clock.next()).toBe(true);
    expect(rig.clock.now()).toBe(before + 15_000);
    await rig.finish();
    expect(call.errorsHeard).toEqual([expect.stringContaining('no answer in time')]);
  });

  test('is tried again once, on a refused connection only, unless the URL says otherwise', async () => {
    await using server = await WebhookServer.start(() => ({ status: 503 }));
    await using rig = await Rig.start();
    const closed = rig.place({ voiceUrl: 'http://127.0.0.1:1/' });
    const failing = rig.place({ voiceUrl: `${server.url}/once` });
    const patient = rig.place({ voiceUrl: `${server.url}/often#rc=3&rp=ct,5xx` });
    await rig.finish();
    expect(closed.webhooks[0]?.attempts).toHaveLength(2);
    expect(failing.webhooks[0]?.attempts).toHaveLength(1);
    expect(patient.webhooks[0]?.attempts).toHaveLength(4);
    const tokens = server.received
      .filter(({ url }) => url === '/often')
      .map(({ headers }) => headers['i-twilio-idempotency-token']);
    expect(new Set(tokens).size).toBe(1);
  });

  test('follows a redirection with GET and without its parameters', async () => {
    await using server = await WebhookServer.start(({ url }) =>
      url === '/old' ? { status: 302, location: '/new' } : HANG_UP,
    );
    await using rig = await Rig.start();
    const call = rig.place({ voiceUrl: `${server.url}/old` });
    await rig.finish();
    expect(server.received.at(-1)).toMatchObject({ method: 'GET', url: '/new', params: {} });
    expect(call.errorsHeard).toEqual([]);
  });

  test('never leaves this machine', async () => {
    await using rig = await Rig.start();
    const call = rig.place({ voiceUrl: 'https://example.com/voice' });
    await rig.finish();
    expect(call.errorsHeard).toEqual([expect.stringContaining('not an http:// URL of this machine')]);
  });

  test('reaches a hosted application only as a signed POST', async () => {
    await using rig = await Rig.start();
    const url = rig.simulator.hostApplication('<Response/>');
    const unsigned = await fetch(url, { method: 'POST', body: new URLSearchParams({ CallSid: 'CA1' }) });
    expect(unsigned.status).toBe(403);
    const call = rig.place({ voiceUrl: url });
    await rig.finish();
    expect(
      rig.events.flatMap((event) => (event.type === 'application-requested' ? event.verified : [])),
    ).toEqual([false, true]);
    expect(call.status).toBe('completed');
  });
});
