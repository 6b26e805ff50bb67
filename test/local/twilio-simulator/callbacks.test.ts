import { describe, expect, test } from '@jest/globals';
import twilio from 'twilio';
import { CREDENTIALS, Rig, WebhookServer } from './rig.ts';

describe('recording status callbacks', () => {
  test('tell of the events that were subscribed to, signed', async () => {
    await using server = await WebhookServer.start(() => ({ status: 204 }));
    await using rig = await Rig.start();
    const call = await rig.answeredCall({ talkMs: 5_000 });
    await rig.client.calls(call.sid).recordings.create({
      recordingStatusCallback: `${server.url}/status#rc=5&rp=ct,rt,5xx`,
      recordingStatusCallbackEvent: ['in-progress completed absent'],
      recordingChannels: 'dual',
    });
    await rig.finish();
    const [recording] = call.recordings;
    const common = {
      AccountSid: CREDENTIALS.accountSid,
      CallSid: call.sid,
      RecordingSid: recording?.sid,
      RecordingChannels: '2',
      RecordingTrack: 'both',
      RecordingSource: 'StartCallRecordingAPI',
      RecordingStartTime: expect.stringMatching(/^\w{3}, \d{2} \w{3} \d{4} .* \+0000$/),
      ErrorCode: '0',
    };
    expect(server.received.map(({ params }) => params)).toMatchObject([
      { ...common, RecordingStatus: 'in-progress' },
      { ...common, RecordingStatus: 'completed', RecordingDuration: '5' },
    ]);
    for (const { headers, params } of server.received) {
      const signature = String(headers['x-twilio-signature']);
      expect(twilio.validateRequest(CREDENTIALS.authToken, signature, `${server.url}/status`, params)).toBe(
        true,
      );
    }
    expect(
      recording?.callbacks.map(({ recordingStatus, delivered }) => [recordingStatus, delivered]),
    ).toEqual([
      ['in-progress', true],
      ['completed', true],
    ]);
  });

  test('are for completed only by default, by GET if asked', async () => {
    await using server = await WebhookServer.start(() => ({}));
    await using rig = await Rig.start();
    const call = await rig.answeredCall({ talkMs: 5_000 });
    await rig.client.calls(call.sid).recordings.create({
      recordingStatusCallback: server.url,
      recordingStatusCallbackMethod: 'GET',
    });
    await rig.finish();
    expect(server.received.map(({ method }) => method)).toEqual(['GET']);
    expect(server.received[0]?.url).toContain('RecordingStatus=completed');
  });

  test.each([
    ['too short', { talkMs: 500 }, 'do-not-trim', 16101],
    ['silent and trimmed', { talkMs: 5_000, silent: true }, 'trim-silence', 16102],
  ])('tell of a recording that is %s as absent', async (_name, script, trim, errorCode) => {
    await using server = await WebhookServer.start(() => ({}));
    await using rig = await Rig.start();
    const call = await rig.answeredCall(script);
    await rig.client.calls(call.sid).recordings.create({
      recordingStatusCallback: server.url,
      recordingStatusCallbackEvent: ['completed', 'absent'],
      trim,
    });
    await rig.finish();
    expect(call.recordings[0]).toMatchObject({ status: 'absent', errorCode });
    expect(server.received.map(({ params }) => params)).toMatchObject([
      { RecordingStatus: 'absent', ErrorCode: String(errorCode) },
    ]);
  });

  test('that fail are not repeated by default, and are as the fragment asks', async () => {
    await using server = await WebhookServer.start(() => ({ status: 500 }));
    await using rig = await Rig.start();
    const call = await rig.answeredCall({ talkMs: 5_000 });
    const { recordings } = rig.client.calls(call.sid);
    await recordings.create({ recordingStatusCallback: `${server.url}/once` });
    await recordings.create({ recordingStatusCallback: `${server.url}/often#rc=5&rp=ct,rt,5xx` });
    await rig.finish();
    expect(call.recordings.map(({ callbacks }) => callbacks[0]?.attempts.length)).toEqual([1, 6]);
    expect(call.recordings.map(({ callbacks }) => callbacks[0]?.delivered)).toEqual([false, false]);
  });

  test('can be lost and doubled through the faults', async () => {
    await using server = await WebhookServer.start(() => ({}));
    const faults = {
      callbackDue: ({ recordingStatus }: { recordingStatus: string }) =>
        recordingStatus === 'in-progress' ? [] : [0, 2_000],
    };
    await using rig = await Rig.start({ faults });
    const call = await rig.answeredCall({ talkMs: 5_000 });
    await rig.client.calls(call.sid).recordings.create({
      recordingStatusCallback: server.url,
      recordingStatusCallbackEvent: ['in-progress completed'],
    });
    await rig.finish();
    expect(server.received.map(({ params }) => params.RecordingStatus)).toEqual(['completed', 'completed']);
  });
});
