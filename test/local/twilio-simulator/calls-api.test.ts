import { describe, expect, test } from '@jest/globals';
import twilio from 'twilio';
import { CREDENTIALS, NUMBERS, Rig } from './rig.ts';
import { twilioClient } from './validating-client.ts';

describe('the Calls API', () => {
  test('creates an outgoing call', async () => {
    await using rig = await Rig.start();
    const url = rig.simulator.hostApplication('<Response><Play>a</Play></Response>');
    const created = await rig.client.calls.create({ ...NUMBERS, url });
    expect(created).toMatchObject({ status: 'queued', direction: 'outbound-api', ...NUMBERS });
    await rig.finish();
    expect(rig.simulator.calls.get(created.sid)?.status).toBe('completed');
    const fetched = await rig.client.calls(created.sid).fetch();
    expect(fetched).toMatchObject({ status: 'completed', duration: '3' });
  });

  test('refuses an outgoing call without an URL', async () => {
    await using rig = await Rig.start();
    await expect(rig.client.calls.create({ ...NUMBERS, url: 'nowhere' })).rejects.toMatchObject({
      status: 400,
      code: 21205,
    });
  });

  test.each([
    ['second', { before: [2, 5], after: [0, 3] }],
    ['day', { before: [0, 5], after: [0, 5] }],
  ] as const)('lists calls page by page, newest first, by status and %s', async (granularity, expected) => {
    await using rig = await Rig.start({ behaviour: { callFilterGranularity: granularity } });
    const voiceUrl = rig.simulator.hostApplication('<Response><Say/><Pause length="60"/></Response>');
    const placed = [];
    for (let index = 0; index < 5; index += 1) {
      placed.push(rig.place({ voiceUrl }));
      await rig.pass(1_000);
    }
    const sids = placed.map(({ sid }) => sid).reverse();
    const all = await rig.client.calls.list({ pageSize: 2 });
    expect(all.map(({ sid }) => sid)).toEqual(sids);

    await rig.client.calls(sids[0] ?? '').update({ status: 'completed' });
    const active = await rig.client.calls.list({ status: 'in-progress' });
    expect(active.map(({ sid }) => sid)).toEqual(sids.slice(1));

    const middle = new Date(placed[2]?.createdAt ?? 0);
    const before = await rig.client.calls.list({ startTimeBefore: middle });
    const after = await rig.client.calls.list({ startTimeAfter: middle });
    expect(before.map(({ sid }) => sid)).toEqual(sids.slice(...expected.before));
    expect(after.map(({ sid }) => sid)).toEqual(sids.slice(...expected.after));
  });

  test('combines the filters of the list, on days and statuses as shown', async () => {
    await using rig = await Rig.start({ network: { statusLagMs: 400 } });
    const voiceUrl = rig.simulator.hostApplication('<Response><Say/><Pause length="60"/></Response>');
    const yesterday = rig.place({ voiceUrl });
    await rig.pass(24 * 60 * 60 * 1_000);
    const today = new Date(rig.clock.now());
    const [over, on] = [rig.place({ voiceUrl, talkMs: 1_000 }), rig.place({ voiceUrl })];
    await rig.until(() => over.endedAt !== undefined);
    const sids = async (filter: Parameters<typeof rig.client.calls.list>[0]) =>
      (await rig.client.calls.list(filter)).map(({ sid }) => sid);
    // REST does not know yet that it is over.
    expect(await sids({ status: 'in-progress', endTimeAfter: today })).toEqual([]);
    expect(await sids({ status: 'in-progress' })).toEqual([on.sid, over.sid]);
    await rig.pass(400);
    expect(await sids({ status: 'in-progress', startTimeAfter: today })).toEqual([on.sid]);
    expect(await sids({ status: 'completed', startTimeAfter: today })).toEqual([over.sid]);
    expect(await sids({ status: 'completed', endTimeAfter: today })).toEqual([over.sid]);
    expect(await sids({ status: 'completed' })).toEqual([over.sid, yesterday.sid]);
    const dayAgo = new Date(yesterday.createdAt);
    expect(await sids({ startTimeAfter: dayAgo, startTimeBefore: dayAgo })).toEqual([yesterday.sid]);
    expect(await sids({ startTime: today, status: 'in-progress' })).toEqual([on.sid]);
  });

  test('goes on after the last call of a page, even if that is no longer what was asked for', async () => {
    await using rig = await Rig.start();
    const calls = [await rig.answeredCall(), await rig.answeredCall(), await rig.answeredCall()];
    const first = await rig.client.calls.page({ status: 'in-progress', pageSize: 1 });
    expect(first.instances.map(({ sid }) => sid)).toEqual([calls[2]?.sid]);
    await rig.client.calls(calls[2]?.sid ?? '').update({ status: 'completed' });
    await rig.answeredCall();
    const second = await first.nextPage();
    expect(second?.instances.map(({ sid }) => sid)).toEqual([calls[1]?.sid]);
    expect((await second?.nextPage())?.instances.map(({ sid }) => sid)).toEqual([calls[0]?.sid]);
  });

  test('hangs up, once', async () => {
    await using rig = await Rig.start();
    const call = await rig.answeredCall();
    await expect(rig.client.calls(call.sid).update({ status: 'canceled' })).rejects.toMatchObject({
      code: 21220,
    });
    const updated = await rig.client.calls(call.sid).update({ status: 'completed' });
    expect(updated.status).toBe('completed');
    expect(call.status).toBe('completed');
    await expect(rig.client.calls(call.sid).update({ status: 'completed' })).rejects.toMatchObject({
      status: 400,
      code: 21220,
    });
  });

  test('deletes a call that is over', async () => {
    await using rig = await Rig.start();
    const call = await rig.answeredCall({ talkMs: 1_000 });
    await expect(rig.client.calls(call.sid).remove()).rejects.toMatchObject({ status: 409 });
    await rig.finish();
    expect(await rig.client.calls(call.sid).remove()).toBe(true);
    await expect(rig.client.calls(call.sid).fetch()).rejects.toMatchObject({ status: 404, code: 20404 });
  });

  test('shows a status that lags behind', async () => {
    await using rig = await Rig.start({ network: { statusLagMs: 400 } });
    const call = await rig.answeredCall();
    expect((await rig.client.calls(call.sid).fetch()).status).toBe('ringing');
    await rig.pass(400);
    expect((await rig.client.calls(call.sid).fetch()).status).toBe('in-progress');
  });

  test.each([
    ['a wrong secret', { apiKeySecret: 'wrong' }, 401, 20003],
    ['another account', { accountSid: `AC${'c'.repeat(32)}` }, 404, 20404],
  ])('refuses %s', async (_name, wrong, status, code) => {
    await using rig = await Rig.start();
    const client = twilioClient(rig.simulator.url, { ...CREDENTIALS, ...wrong });
    const refusal = client.calls.list();
    await expect(refusal).rejects.toThrow(twilio.RestException);
    await expect(refusal).rejects.toMatchObject({
      status,
      code,
      moreInfo: `https://www.twilio.com/docs/errors/${code}`,
    });
  });

  test('accepts the auth token as well as the API key', async () => {
    await using rig = await Rig.start();
    const { accountSid, authToken } = CREDENTIALS;
    const asAccount = { ...CREDENTIALS, apiKeySid: accountSid, apiKeySecret: authToken };
    await expect(twilioClient(rig.simulator.url, asAccount).calls.list()).resolves.toEqual([]);
  });

  test.each([
    ['credentials', 401, 20003],
    ['trial', 403, 10002],
  ] as const)('refuses to record a call scripted so: %s', async (restRefusal, status, code) => {
    await using rig = await Rig.start();
    const call = await rig.answeredCall({ restRefusal });
    await expect(rig.client.calls(call.sid).recordings.create()).rejects.toMatchObject({ status, code });
    expect(call.creates).toMatchObject([{ httpStatus: status, code, recordingSid: undefined }]);
  });
});
