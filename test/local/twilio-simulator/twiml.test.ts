import { describe, expect, test } from '@jest/globals';
import type { DialledParty, SimulatedCall } from '../../../local/twilio-simulator/simulator.ts';
import { InvalidTwiml, parseTwiml } from '../../../local/twilio-simulator/twiml.ts';
import { Rig } from './rig.ts';

const FIFTEEN_CHARACTERS = 'x'.repeat(15);
const ANSWERS: DialledParty = { ringMs: 4_000, outcome: 'answers', talkMs: 10_000 };

/** Answering takes 250 ms; the times are from the call's first ring, in milliseconds. */
const documents: {
  document: string;
  dialled?: DialledParty;
  answered: number | undefined;
  ended: number;
  status?: string;
}[] = [
  { document: '', answered: 250, ended: 250 },
  { document: '<Hangup/>', answered: 250, ended: 250 },
  { document: `<Say>${FIFTEEN_CHARACTERS}</Say>`, answered: 250, ended: 1_250 },
  { document: `<Say>${FIFTEEN_CHARACTERS}</Say><Hangup/><Say>never</Say>`, answered: 250, ended: 1_250 },
  { document: '<Play>http://127.0.0.1/a.mp3</Play>', answered: 250, ended: 3_250 },
  { document: '<Pause length="5"/><Play>a</Play>', answered: 5_250, ended: 8_250 },
  { document: '<Pause/>', answered: 1_250, ended: 1_250 },
  { document: '<Play>a</Play><Pause length="5"/>', answered: 250, ended: 8_250 },
  { document: '<Gather timeout="2"><Play>a</Play><Pause/></Gather>', answered: 250, ended: 6_250 },
  { document: '<Start><Recording/></Start><Pause/><Play>a</Play>', answered: 1_250, ended: 4_250 },
  { document: '<Pause length="20000"/>', answered: undefined, ended: 4 * 3_600_000, status: 'no-answer' },
  { document: '<Record/><Play>a</Play>', answered: 250, ended: 3_250 },
  { document: '<Reject/>', answered: undefined, ended: 0, status: 'busy' },
  { document: '<Pause length="2"/><Reject/>', answered: undefined, ended: 2_000, status: 'busy' },
  { document: '<Dial>+15550001111</Dial>', dialled: ANSWERS, answered: 250, ended: 14_250 },
  {
    document: '<Dial>+15550001111</Dial>',
    dialled: { ...ANSWERS, talkMs: 'until-hung-up' },
    answered: 250,
    ended: 4 * 3_600_000,
  },
  {
    document: '<Dial answerOnBridge="true"><Number>+15550001111</Number></Dial>',
    dialled: ANSWERS,
    answered: 4_250,
    ended: 14_250,
  },
  {
    document: '<Dial answerOnBridge="true" timeout="3">+15550001111</Dial><Reject/>',
    dialled: ANSWERS,
    answered: undefined,
    ended: 3_000,
    status: 'busy',
  },
  {
    document: '<Dial answerOnBridge="true">+15550001111</Dial><Play>a</Play>',
    dialled: { ringMs: 1_000, outcome: 'busy' },
    answered: 1_250,
    ended: 4_250,
  },
];

describe('TwiML is carried out in order', () => {
  test.each(documents)('$document', async ({ document, dialled, answered, ended, status = 'completed' }) => {
    await using rig = await Rig.start();
    const voiceUrl = rig.simulator.hostApplication(`<Response>${document}</Response>`);
    const call = rig.place({ voiceUrl, ...(dialled && { dialled }) });
    await rig.finish();
    expect(call.errorsHeard).toEqual([]);
    expect(call.status).toBe(status);
    expect(call.answeredAt).toBe(answered === undefined ? undefined : call.createdAt + answered);
    expect(call.endedAt).toBe(call.createdAt + ended);
  });

  test('a redirect asks again, with the status that the call has by then', async () => {
    await using rig = await Rig.start();
    const second = rig.simulator.hostApplication('<Response><Play>a</Play></Response>');
    const first = rig.simulator.hostApplication(
      `<Response><Redirect>${second}</Redirect><Reject/></Response>`,
    );
    const spoken = rig.simulator.hostApplication(
      `<Response><Say>hello</Say><Redirect method="POST">${first}</Redirect></Response>`,
    );
    const call = rig.place({ voiceUrl: spoken });
    await rig.finish();
    expect(call.webhooks.map(({ kind, url, params }) => [kind, url, params.CallStatus])).toEqual([
      ['voice', spoken, 'ringing'],
      ['redirect', first, 'in-progress'],
      ['redirect', second, 'in-progress'],
    ]);
    expect(call.status).toBe('completed');
  });

  test('the action of a dial is told how it went', async () => {
    await using rig = await Rig.start();
    const action = rig.simulator.hostApplication('<Response><Hangup/></Response>');
    const voiceUrl = rig.simulator.hostApplication(
      `<Response><Dial action="${new URL(action).pathname}">+15550001111</Dial><Reject/></Response>`,
    );
    const call = rig.place({ voiceUrl, dialled: { ringMs: 500, outcome: 'busy' } });
    await rig.finish();
    expect(call.webhooks.at(-1)).toMatchObject({
      kind: 'action',
      url: action,
      params: { DialCallStatus: 'busy', DialCallSid: call.dialledLegs[0]?.sid, DialCallDuration: '0' },
    });
  });

  test.each([
    ['the caller', (rig: Rig) => rig.pass(60_000)],
    ['the API', (rig: Rig, { sid }: SimulatedCall) => rig.client.calls(sid).update({ status: 'completed' })],
  ])('a party that hangs on is there until %s ends the call', async (_who, end) => {
    await using rig = await Rig.start();
    const voiceUrl = rig.simulator.hostApplication('<Response><Dial>+15550001111</Dial></Response>');
    const dialled = { ringMs: 1_000, outcome: 'answers', talkMs: 'until-hung-up' } as const;
    const call = rig.place({ voiceUrl, hangUpAfterMs: 600_000, dialled });
    await rig.pass(570_000);
    const [leg] = call.dialledLegs;
    expect(leg?.status).toBe('in-progress');
    await end(rig, call);
    expect([call.status, leg?.status, leg?.endedAt]).toEqual(['completed', 'completed', call.endedAt]);
    await rig.finish();
  });

  test('the document goes on when the leg of a party that hangs on is ended', async () => {
    await using rig = await Rig.start();
    const voiceUrl = rig.simulator.hostApplication(
      '<Response><Dial>+15550001111</Dial><Play>a</Play></Response>',
    );
    const call = rig.place({ voiceUrl, dialled: { ...ANSWERS, talkMs: 'until-hung-up' } });
    await rig.pass(60_000);
    await rig.client.calls(call.dialledLegs[0]?.sid ?? '').update({ status: 'completed' });
    await rig.finish();
    expect(call.endedAt).toBe(call.createdAt + 63_000);
  });

  test('a recording that TwiML starts in a ringing call begins when it is answered', async () => {
    await using rig = await Rig.start();
    const voiceUrl = rig.simulator.hostApplication(
      '<Response><Start><Recording name="a"/></Start><Pause length="2"/><Play>x</Play><Stop><Recording name="a"/></Stop><Pause length="3"/></Response>',
    );
    const call = rig.place({ voiceUrl });
    await rig.finish();
    expect(call.recordings).toHaveLength(1);
    expect(call.recordings[0]).toMatchObject({
      source: 'StartCallRecordingTwiML',
      startedAt: call.answeredAt,
      durationSeconds: 3,
      channels: 2,
      trim: 'trim-silence',
      status: 'completed',
    });
  });

  test('a call ends when its caller hangs up, answered or not', async () => {
    await using rig = await Rig.start();
    const voiceUrl = rig.simulator.hostApplication('<Response><Pause length="5"/><Play>x</Play></Response>');
    const early = rig.place({ voiceUrl, hangUpAfterMs: 1_000 });
    const late = rig.place({ voiceUrl, talkMs: 1_000 });
    await rig.finish();
    expect([early.status, early.answeredAt]).toEqual(['no-answer', undefined]);
    expect(late.status).toBe('completed');
    expect(late.endedAt).toBe((late.answeredAt ?? 0) + 1_000);
  });

  test('an outgoing call asks for its TwiML once the callee has answered', async () => {
    await using rig = await Rig.start();
    const voiceUrl = rig.simulator.hostApplication('<Response><Play>a</Play></Response>');
    const answered = rig.place({ voiceUrl, direction: 'outbound-api' });
    const busy = rig.place({
      voiceUrl,
      direction: 'outbound-api',
      dialled: { ringMs: 100, outcome: 'busy' },
    });
    await rig.finish();
    expect(answered.webhooks.map(({ params }) => params.CallStatus)).toEqual(['in-progress']);
    expect(
      rig.events.flatMap((event) =>
        event.type === 'call-status' && event.callSid === answered.sid ? event.status : [],
      ),
    ).toEqual(['queued', 'ringing', 'in-progress', 'completed']);
    expect([busy.status, busy.webhooks]).toEqual(['busy', []]);
  });
});

describe('a document that Twilio could not carry out', () => {
  test.each([
    ['', 12100],
    ['hello', 12100],
    ['<Response><Say>x</Response>', 12100],
    ['<Responses/>', 12100],
    ['<Response/><Response/>', 12100],
    ['<Response><Sing/></Response>', 12200],
    ['<Response><Redirect/></Response>', 12200],
    ['<Response><Dial/></Response>', 12200],
    ['<Response><Dial><Conference>x</Conference></Dial></Response>', 12200],
    ['<Response><Pause length="long"/></Response>', 12200],
    ['<Response><Gather input="speech"/></Response>', 12200],
    ['<Response><Gather input="dtmf speech"/></Response>', 12200],
    ['<Response><Gather numDigits="0"/></Response>', 12200],
    ['<Response><Gather numDigits="1.5"/></Response>', 12200],
    ['<Response><Gather timeout="0"/></Response>', 12200],
    ['<Response><Gather finishOnKey="##"/></Response>', 12200],
    ['<Response><Gather finishOnKey="a"/></Response>', 12200],
    ['<Response><Gather method="PUT"/></Response>', 12200],
    ['<Response><Gather><Dial>+15550001111</Dial></Gather></Response>', 12200],
    [`<Response><Say>${'x'.repeat(65_536)}</Say></Response>`, 11750],
  ])('%.70s', (document, code) => {
    expect(() => parseTwiml(document)).toThrow(InvalidTwiml);
    expect(() => parseTwiml(document)).toThrow(expect.objectContaining({ code }));
  });
});
