import { describe, expect, test } from '@jest/globals';
import twilio from 'twilio';
import { CREDENTIALS } from './rig.ts';
import { Socketless } from './socketless.ts';

const TALK = '<Response><Say/><Pause length="60"/></Response>';

describe('a simulator without a server', () => {
  test('sends signed webhooks to any host by its transport', async () => {
    const twilioSide = new Socketless(() => TALK);
    const call = twilioSide.place({ voiceUrl: 'https://recorder.example/voice?a=b#rt=3000' });
    await twilioSide.finish();
    expect(call.status).toBe('completed');
    const [{ request, params } = { request: undefined, params: {} }] = twilioSide.received;
    expect(request).toMatchObject({ method: 'POST', readTimeoutMs: 3_000, connectTimeoutMs: 5_000 });
    const { url = '', headers = {} } = request ?? {};
    expect(url).toBe('https://recorder.example/voice?a=b');
    const signature = headers['X-Twilio-Signature'] ?? '';
    expect(twilio.validateRequest(CREDENTIALS.authToken, signature, url, params)).toBe(true);
  });

  test('answers REST requests and sends callbacks', async () => {
    const twilioSide = new Socketless(() => TALK);
    const call = twilioSide.place({ talkMs: 5_000 });
    await twilioSide.pass(1_000);
    const created = await twilioSide.rest('POST', `/Calls/${call.sid}/Recordings.json`, {
      RecordingStatusCallback: 'https://recorder.example/status',
    });
    expect(created).toMatchObject({ httpStatus: 201, body: { call_sid: call.sid, status: 'in-progress' } });
    await twilioSide.finish();
    expect(twilioSide.received.at(-1)?.params).toMatchObject({
      RecordingSid: created.body.sid,
      RecordingStatus: 'completed',
    });
    expect(await twilioSide.rest('GET', '/Nothing.json')).toMatchObject({ httpStatus: 404 });
  });

  test('serves hosted applications to itself, signed', async () => {
    const twilioSide = new Socketless(() => TALK);
    const voiceUrl = twilioSide.simulator.hostApplication('<Response><Hangup/></Response>');
    const call = twilioSide.place({ voiceUrl });
    const path = new URL(voiceUrl).pathname;
    const unsigned = { method: 'POST', url: path, authorization: undefined, signature: undefined, body: '' };
    expect(await twilioSide.simulator.request(unsigned)).toMatchObject({ httpStatus: 403 });
    await twilioSide.finish();
    expect(call.errorsHeard).toEqual([]);
    expect(twilioSide.received).toEqual([]);
  });

  test('carries out late what its client has given up', async () => {
    const twilioSide = new Socketless(() => TALK, {
      faults: { requestReceived: () => ({ delayMs: 6_000 }) },
    });
    const call = twilioSide.place({ talkMs: 20_000 });
    await twilioSide.pass(1_000);
    const asked = twilioSide.rest('POST', `/Calls/${call.sid}/Recordings.json`);
    const patience = twilioSide.pass(3_000).then(() => 'given up');
    expect(await Promise.race([asked, patience])).toBe('given up');
    expect(call.recordings).toEqual([]);
    await twilioSide.finish();
    expect(call.recordings).toMatchObject([{ startedAt: call.createdAt + 7_000, status: 'completed' }]);
    expect(call.creates).toMatchObject([{ httpStatus: 201 }]);
  });

  test('signs with another token from a rotation on, and takes the API key as before', async () => {
    const twilioSide = new Socketless(() => TALK);
    const voiceUrl = twilioSide.simulator.hostApplication(TALK);
    const before = twilioSide.place({ voiceUrl, talkMs: 1_000 });
    twilioSide.place();
    await twilioSide.pass(500);
    twilioSide.simulator.rotateAuthToken('another-token');
    const after = [twilioSide.place({ voiceUrl, talkMs: 1_000 }), twilioSide.place()];
    await twilioSide.finish();
    const signers = twilioSide.received.map(({ request: { url, headers }, params }) =>
      [CREDENTIALS.authToken, 'another-token'].filter((token) =>
        twilio.validateRequest(token, headers['X-Twilio-Signature'] ?? '', url, params),
      ),
    );
    expect(signers).toEqual([[CREDENTIALS.authToken], ['another-token']]);
    expect([before, ...after].flatMap(({ errorsHeard }) => errorsHeard)).toEqual([]);
    expect(await twilioSide.rest('GET', '/Calls.json')).toMatchObject({ httpStatus: 200 });
    const asAccount = { ...CREDENTIALS, apiKeySid: CREDENTIALS.accountSid };
    const withToken = (apiKeySecret: string) =>
      twilioSide.rest('GET', '/Calls.json', {}, { ...asAccount, apiKeySecret });
    expect(await withToken(CREDENTIALS.authToken)).toMatchObject({ httpStatus: 401 });
    expect(await withToken('another-token')).toMatchObject({ httpStatus: 200 });
  });

  test('resets connections, and breaks off what it is asked when it is stopped', async () => {
    const twilioSide = new Socketless(() => TALK, {
      faults: {
        requestReceived: ({ operation }) =>
          operation === 'ListRecording' ? { reset: true } : { delayMs: 1_000 },
      },
    });
    expect(await twilioSide.rest('GET', '/Recordings.json')).toEqual({
      httpStatus: undefined,
      body: undefined,
    });
    const asked = twilioSide.rest('GET', '/Calls.json');
    await twilioSide.simulator.stop();
    expect(await asked).toEqual({ httpStatus: undefined, body: undefined });
    await twilioSide.simulator.idle();
  });
});
