import { describe, expect, test } from '@jest/globals';
import { Rig, WebhookServer } from './rig.ts';

describe('the simulator', () => {
  test('is idle only when the calls are over and their callbacks delivered', async () => {
    await using server = await WebhookServer.start(() => ({}));
    await using rig = await Rig.start();
    const call = await rig.answeredCall({ talkMs: 5_000 });
    await rig.client.calls(call.sid).recordings.create({ recordingStatusCallback: server.url });
    let idle = false;
    const waiting = rig.simulator.idle().then(() => {
      idle = true;
    });
    await rig.until(() => call.recordings[0]?.status === 'completed');
    expect(idle).toBe(false);
    await rig.until(() => idle);
    await waiting;
    expect(server.received).toHaveLength(1);
  });

  test('cuts everything short when stopped', async () => {
    await using server = await WebhookServer.start(() => 'no answer');
    const rig = await Rig.start();
    const call = rig.place({ voiceUrl: server.url });
    while (server.received.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await rig.simulator.stop();
    await rig.simulator.idle();
    expect(call.endedAt).toBeUndefined();
    expect(rig.clock.next()).toBe(false);
  });

  test('tells listeners of events until they are taken off', async () => {
    await using rig = await Rig.start();
    const seen: string[] = [];
    const off = rig.simulator.onEvent(({ type }) => seen.push(type));
    const voiceUrl = rig.simulator.hostApplication('<Response><Reject/></Response>');
    rig.place({ voiceUrl });
    off();
    await rig.finish();
    expect(seen).toEqual(['call-placed', 'call-status']);
    expect(rig.types()).toEqual([
      'call-placed',
      'call-status',
      'webhook-sent',
      'application-requested',
      'webhook-answered',
      'twiml-received',
      'hang-up',
      'call-status',
    ]);
  });

  test('spoils what is read only for the reader', async () => {
    const replacement = { httpStatus: 503, code: 20503, message: 'Service unavailable' };
    await using rig = await Rig.start({
      faults: { requestProcessed: ({ operation }) => (operation === 'FetchCall' ? { replacement } : {}) },
    });
    const call = await rig.answeredCall();
    await expect(rig.client.calls(call.sid).fetch()).rejects.toMatchObject({ status: 503, code: 20503 });
    await expect(rig.client.calls.list()).resolves.toHaveLength(1);
  });
});
