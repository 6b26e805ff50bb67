import { describe, expect, test } from '@jest/globals';
import { Rig } from './rig.ts';

const UNKNOWN_RECORDING = `RE${'0'.repeat(32)}`;

describe('starting a recording', () => {
  test('is too early while the call rings, and too late once it has ended, with the same answer', async () => {
    await using rig = await Rig.start();
    const voiceUrl = rig.simulator.hostApplication('<Response><Pause length="2"/><Play>a</Play></Response>');
    const call = rig.place({ voiceUrl });
    const refusal = { status: 400, code: 21220, message: 'Requested resource is not eligible for recording' };
    await rig.pass(1_000);
    await expect(rig.client.calls(call.sid).recordings.create()).rejects.toMatchObject(refusal);
    await rig.until(() => call.status === 'in-progress');
    const created = await rig.client.calls(call.sid).recordings.create();
    expect(created).toMatchObject({
      callSid: call.sid,
      status: 'in-progress',
      source: 'StartCallRecordingAPI',
      channels: 1,
      track: 'both',
      duration: null,
      errorCode: null,
    });
    await rig.finish();
    await expect(rig.client.calls(call.sid).recordings.create()).rejects.toMatchObject(refusal);
    expect(call.creates.map(({ httpStatus, code }) => [httpStatus, code])).toEqual([
      [400, 21220],
      [201, undefined],
      [400, 21220],
    ]);
    expect(call.creates[1]?.recordingSid).toBe(created.sid);
    expect(call.recordings[0]).toMatchObject({
      status: 'completed',
      durationSeconds: 3,
      endedAt: call.endedAt,
    });
  });

  test('of a dialled leg makes a recording of the parent', async () => {
    await using rig = await Rig.start();
    const voiceUrl = rig.simulator.hostApplication('<Response><Dial>+15550001111</Dial></Response>');
    const call = rig.place({ voiceUrl });
    await rig.until(() => call.dialledLegs[0]?.status === 'in-progress');
    const created = await rig.client.calls(call.dialledLegs[0]?.sid ?? '').recordings.create();
    expect(created.callSid).toBe(call.sid);
  });

  test.each([
    ['new', 2],
    ['same', 1],
  ] as const)('a second time makes a %s one', async (secondCreate, count) => {
    await using rig = await Rig.start({ behaviour: { secondCreate } });
    const call = await rig.answeredCall();
    const first = await rig.client.calls(call.sid).recordings.create();
    const second = await rig.client.calls(call.sid).recordings.create();
    expect(new Set([first.sid, second.sid]).size).toBe(count);
    expect(call.recordings).toHaveLength(count);
  });

  test.each([
    ['an unknown event', { recordingStatusCallbackEvent: ['in-progress finished'] }, 21626],
    ['a relative callback', { recordingStatusCallback: '/status' }, 21609],
    ['unknown channels', { recordingChannels: 'three' }, 20001],
    ['an unknown track', { recordingTrack: 'all' }, 20001],
    ['a configuration beside parameters', { recordingConfigurationId: 'x', trim: 'do-not-trim' }, 20001],
  ])('is refused with %s', async (_name, parameters, code) => {
    await using rig = await Rig.start();
    const call = await rig.answeredCall();
    await expect(rig.client.calls(call.sid).recordings.create(parameters)).rejects.toMatchObject({
      status: 400,
      code,
    });
    expect(call.recordings).toEqual([]);
  });

  test('takes a configuration by itself', async () => {
    await using rig = await Rig.start();
    const call = await rig.answeredCall();
    await rig.client.calls(call.sid).recordings.create({ recordingConfigurationId: 'x' });
    expect(call.recordings).toHaveLength(1);
  });

  test('happens although a fault keeps the answer from the client', async () => {
    await using rig = await Rig.start({ faults: { requestProcessed: () => ({ reset: true }) } });
    const call = await rig.answeredCall();
    await expect(rig.client.calls(call.sid).recordings.create()).rejects.toThrow('socket hang up');
    expect(call.recordings.map(({ status }) => status)).toEqual(['in-progress']);
  });

  test('does not happen when a fault refuses the request', async () => {
    const replacement = { httpStatus: 429, code: 20429, message: 'Too Many Requests' };
    await using rig = await Rig.start({ faults: { requestReceived: () => ({ replacement }) } });
    const call = await rig.answeredCall();
    await expect(rig.client.calls(call.sid).recordings.create()).rejects.toMatchObject({
      status: 429,
      code: 20429,
    });
    expect(call.recordings).toEqual([]);
  });
});

describe('controlling a recording', () => {
  test('is carried out although a fault spoils the answer', async () => {
    const replacement = { httpStatus: 500, code: 20500, message: 'Internal Server Error' };
    await using rig = await Rig.start({
      faults: {
        requestProcessed: ({ operation }) => (operation === 'UpdateCallRecording' ? { replacement } : {}),
      },
    });
    const call = await rig.answeredCall();
    const { recordings } = rig.client.calls(call.sid);
    const { sid } = await recordings.create();
    await expect(recordings(sid).update({ status: 'stopped' })).rejects.toMatchObject({ code: 20500 });
    expect(call.recordings).toMatchObject([{ status: 'stopped', endedBy: 'api' }]);
  });

  test('pauses, resumes and stops it; silence stays in the file, what is skipped does not', async () => {
    await using rig = await Rig.start();
    const call = await rig.answeredCall();
    const { recordings } = rig.client.calls(call.sid);
    const { sid } = await recordings.create();
    await rig.pass(2_000);
    expect((await recordings(sid).update({ status: 'paused', pauseBehavior: 'skip' })).status).toBe('paused');
    await rig.pass(10_000);
    expect((await recordings('Twilio.CURRENT').update({ status: 'in-progress' })).status).toBe('in-progress');
    await rig.pass(1_000);
    expect((await recordings('Twilio.CURRENT').update({ status: 'paused' })).status).toBe('paused');
    await rig.pass(4_000);
    expect((await recordings(sid).update({ status: 'stopped' })).status).toBe('stopped');
    await rig.until(() => call.recordings[0]?.status === 'completed');
    expect((await recordings(sid).fetch()).duration).toBe('7');
    await expect(recordings(sid).update({ status: 'in-progress' })).rejects.toMatchObject({ code: 21220 });
    expect(rig.types().filter((type) => type.startsWith('recording-'))).toEqual([
      'recording-started',
      'recording-paused',
      'recording-resumed',
      'recording-paused',
      'recording-ended',
      'recording-finished',
    ]);
  });

  test('by Twilio.CURRENT needs exactly one that is active', async () => {
    await using rig = await Rig.start();
    const call = await rig.answeredCall();
    const { recordings } = rig.client.calls(call.sid);
    const pause = () => recordings('Twilio.CURRENT').update({ status: 'paused' });
    await expect(pause()).rejects.toMatchObject({ status: 400, code: 21220 });
    await recordings.create();
    await expect(pause()).resolves.toMatchObject({ status: 'paused' });
    await recordings.create();
    await expect(pause()).rejects.toMatchObject({ status: 400, code: 16108 });
  });

  test('of unknown SIDs is not found', async () => {
    await using rig = await Rig.start();
    const call = await rig.answeredCall();
    const unknown = rig.client.calls(call.sid).recordings(UNKNOWN_RECORDING);
    const refusal = { status: 404, code: 20404 };
    await expect(unknown.update({ status: 'paused' })).rejects.toMatchObject(refusal);
    await expect(unknown.fetch()).rejects.toMatchObject(refusal);
    await expect(rig.client.recordings(UNKNOWN_RECORDING).fetch()).rejects.toMatchObject(refusal);
    await expect(rig.client.calls(`CA${'0'.repeat(32)}`).recordings.create()).rejects.toMatchObject(refusal);
  });
});

describe('what somebody else records', () => {
  const foreign = { startsAfterMs: 1_000, source: 'DialVerb', channels: 2 } as const;

  test('begins and ends as scripted, is listed beside ours, and tells us nothing', async () => {
    await using rig = await Rig.start();
    const foreignRecordings = [
      foreign,
      { ...foreign, startsAfterMs: 2_000, stopsAfterMs: 3_000, source: 'StartCallRecordingAPI' as const },
    ];
    const call = await rig.answeredCall({ talkMs: 10_000, foreignRecordings });
    const ours = await rig.client.calls(call.sid).recordings.create();
    await rig.pass(2_000);
    const listed = await rig.client.calls(call.sid).recordings.list();
    expect(listed.map(({ source, channels }) => [source, channels])).toEqual([
      ['StartCallRecordingAPI', 2],
      ['DialVerb', 2],
      ['StartCallRecordingAPI', 1],
    ]);
    await rig.finish();
    const start = call.answeredAt ?? 0;
    expect(call.recordings).toMatchObject([
      { sid: ours.sid, foreign: false, endedBy: 'call' },
      { foreign: true, endedBy: 'call', startedAt: start + 1_000, endedAt: start + 10_000, pauses: 0 },
      { foreign: true, endedBy: 'script', startedAt: start + 2_000, endedAt: start + 5_000 },
    ]);
    expect(rig.types()).not.toContain('callback-sent');
  });

  test('shows that it was meddled with', async () => {
    await using rig = await Rig.start();
    const call = await rig.answeredCall({ foreignRecordings: [{ ...foreign, stopsAfterMs: 9_000 }] });
    await rig.pass(1_000);
    const { recordings } = rig.client.calls(call.sid);
    await recordings('Twilio.CURRENT').update({ status: 'paused' });
    await recordings('Twilio.CURRENT').update({ status: 'stopped' });
    await rig.pass(20_000);
    expect(call.recordings).toMatchObject([{ foreign: true, endedBy: 'api', pauses: 1 }]);
  });

  test('does not begin on the leg of a dial, nor after the call', async () => {
    await using rig = await Rig.start();
    const voiceUrl = rig.simulator.hostApplication('<Response><Dial>+15550001111</Dial></Response>');
    const foreignRecordings = [foreign, { ...foreign, startsAfterMs: 60_000 }];
    const call = rig.place({ voiceUrl, foreignRecordings });
    await rig.finish();
    expect(call.recordings).toHaveLength(1);
    expect(call.dialledLegs[0]?.recordings).toEqual([]);
  });
});

describe('reading recordings', () => {
  test.each([
    ['processing', 'processing'],
    ['actual', 'paused'],
  ] as const)('shows one under way as %s', async (activeRecordingShownAs, shown) => {
    await using rig = await Rig.start({ behaviour: { activeRecordingShownAs } });
    const call = await rig.answeredCall();
    const { recordings } = rig.client.calls(call.sid);
    const { sid } = await recordings.create();
    await recordings(sid).update({ status: 'paused' });
    expect((await recordings(sid).fetch()).status).toBe(shown);
    expect((await recordings.list()).map(({ status }) => status)).toEqual([shown]);
    expect((await rig.client.recordings(sid).fetch()).status).toBe(shown);
  });

  test('lists those of a call and those of the account, a new one only after a lag', async () => {
    await using rig = await Rig.start({ network: { listLagMs: 500 } });
    const [one, other] = [await rig.answeredCall(), await rig.answeredCall()];
    const first = await rig.client.calls(one.sid).recordings.create();
    expect(await rig.client.calls(one.sid).recordings.list()).toEqual([]);
    await rig.pass(500);
    const second = await rig.client.calls(other.sid).recordings.create();
    await rig.pass(500);
    const sids = (list: { sid: string }[]) => list.map(({ sid }) => sid);
    expect(sids(await rig.client.calls(one.sid).recordings.list())).toEqual([first.sid]);
    expect(sids(await rig.client.recordings.list({ pageSize: 1 }))).toEqual([second.sid, first.sid]);
    expect(sids(await rig.client.recordings.list({ callSid: one.sid }))).toEqual([first.sid]);
  });

  test('ends where somebody else stops it, if it still runs and is not somebody else’s', async () => {
    const faults = { stoppedAfterMs: () => 2_000 };
    await using rig = await Rig.start({ faults });
    const call = await rig.answeredCall({
      foreignRecordings: [{ startsAfterMs: 0, source: 'DialVerb', channels: 1 }],
    });
    const { recordings } = rig.client.calls(call.sid);
    const { sid } = await recordings.create();
    await rig.pass(1_000);
    const stopped = await recordings.create();
    await recordings(stopped.sid).update({ status: 'stopped' });
    await rig.pass(999);
    const ours = () => call.recordings.find((one) => one.sid === sid);
    expect(ours()).toMatchObject({ status: 'in-progress', endedBy: undefined });
    await rig.pass(1);
    expect(ours()).toMatchObject({ status: 'stopped', endedBy: 'others' });
    await rig.pass(5_000);
    expect(ours()).toMatchObject({ status: 'completed', durationSeconds: 2 });
    expect(call.recordings.map(({ foreign, endedBy }) => [foreign, endedBy])).toEqual([
      [true, undefined],
      [false, 'others'],
      [false, 'api'],
    ]);
  });

  test('lists a recording later where a fault has it, and fetches it at once', async () => {
    const faults = {
      listLagMs: ({ callSid }: { callSid: string }) => (callSid === lagging.sid ? 2_000 : 0),
    };
    await using rig = await Rig.start({ faults, network: { listLagMs: 500 } });
    const [lagging, other] = [await rig.answeredCall(), await rig.answeredCall()];
    const { recordings } = rig.client.calls(lagging.sid);
    const { sid } = await recordings.create();
    await rig.client.calls(other.sid).recordings.create();
    await rig.pass(2_499);
    expect((await recordings(sid).fetch()).sid).toBe(sid);
    expect(await recordings.list()).toEqual([]);
    expect(await rig.client.recordings.list()).toHaveLength(1);
    await rig.pass(1);
    expect(await recordings.list()).toHaveLength(1);
  });

  test.each([
    ['not-found', 404],
    ['conflict', 409],
  ] as const)(
    'deletes only what is completed, else %s, and keeps a trace',
    async (deleteTooEarly, status) => {
      await using rig = await Rig.start({ behaviour: { deleteTooEarly } });
      const call = await rig.answeredCall({ talkMs: 5_000 });
      const { recordings } = rig.client.calls(call.sid);
      const first = await recordings.create();
      const second = await recordings.create();
      await expect(recordings(first.sid).remove()).rejects.toMatchObject({ status });
      await rig.finish();
      expect(await recordings(first.sid).remove()).toBe(true);
      expect(await rig.client.recordings(second.sid).remove()).toBe(true);
      expect(await recordings.list()).toEqual([]);
      expect(await rig.client.recordings.list()).toEqual([]);
      const kept = await rig.client.recordings.list({ includeSoftDeleted: true });
      expect(kept.map((one) => one.status)).toEqual(['deleted', 'deleted']);
    },
  );
});
