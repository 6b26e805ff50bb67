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

  test('lists calls page by page, newest first, by status and time', async () => {
    await using rig = await Rig.start();
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
    expect(before.map(({ sid }) => sid)).toEqual(sids.slice(2));
    expect(after.map(({ sid }) => sid)).toEqual(sids.slice(0, 3));
  });

  test('lists the legs of a dial too, with their parent', async () => {
    await using rig = await Rig.start();
    const voiceUrl = rig.simulator.hostApplication('<Response><Dial>+15550001111</Dial></Response>');
    const call = rig.place({ voiceUrl });
    await rig.finish();
    const [leg] = await rig.client.calls.list({ parentCallSid: call.sid });
    expect(leg).toMatchObject({ direction: 'outbound-dial', status: 'completed', to: '+15550001111' });
    expect([...rig.simulator.calls.keys()]).toEqual([call.sid]);
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
