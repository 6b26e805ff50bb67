import { describe, expect, test } from '@jest/globals';
import type {
  Behaviour,
  CallScript,
  KeyPress,
  SimulatedCall,
} from '../../../local/twilio-simulator/simulator.ts';
import { Socketless } from './socketless.ts';

const VOICE = 'https://recorder.example/app/voice';
const HANG_UP = '<Hangup/>';

/** A number whose voice URL, and other URLs of the same server, are answered with these verbs. */
function serverOf(
  verbs: Record<string, string>,
  behaviour: Partial<Behaviour> = {},
): { twilioSide: Socketless; place: (script?: Partial<CallScript>) => SimulatedCall } {
  const twilioSide = new Socketless(({ url }) => `<Response>${verbs[url] ?? HANG_UP}</Response>`, {
    behaviour,
  });
  return { twilioSide, place: (script) => twilioSide.place({ voiceUrl: VOICE, ...script }) };
}

/** Presses keys at moments in milliseconds from the moment at which the first Gather began to listen. */
const pressing = (...keys: [KeyPress['key'], number][]) => ({
  keys: [keys.map(([key, afterMs]) => ({ key, afterMs }))],
});

/** The digits that were sent to an action, and how long the call had been answered when it ended. */
async function outcome(verbs: string, script: Partial<CallScript> = {}, behaviour?: Partial<Behaviour>) {
  const { twilioSide, place } = serverOf({ [VOICE]: verbs }, behaviour);
  const call = place(script);
  await twilioSide.finish();
  expect(call.errorsHeard).toEqual([]);
  const action = call.webhooks.find(({ kind }) => kind === 'action');
  return { action: action?.params, lasted: (call.endedAt ?? 0) - (call.answeredAt ?? 0) };
}

/** Its prompts take 4 s; what follows it, 3 s. */
const gather = (attributes: string) =>
  `<Gather action="/pressed" ${attributes}><Play>a</Play><Pause/></Gather><Play>b</Play>`;

describe('a <Gather> ends', () => {
  test.each([
    ['with the last of numDigits keys', 'numDigits="2"', pressing(['1', 1_000], ['2', 1_500]), '12', 1_500],
    ['after a timeout from the last key', '', pressing(['1', 4_500], ['2', 6_000]), '12', 11_000],
    ['after a timeout of its own', 'timeout="1.5"', pressing(['1', 4_500], ['2', 5_500]), '12', 7_000],
    ['earlier for a key that stops the prompts', 'timeout="1"', pressing(['1', 500]), '1', 1_500],
    ['with #, which is no digit', '', pressing(['1', 1_000], ['#', 1_200]), '1', 1_200],
    ['with another key', 'finishOnKey="*"', pressing(['#', 1_000], ['*', 1_200]), '#', 1_200],
    ['with no key', 'finishOnKey=""', pressing(['#', 1_000], ['*', 1_200]), '#*', 6_200],
  ])('%s', async (_name, attributes, script, digits, lasted) => {
    expect(await outcome(gather(attributes), script)).toMatchObject({ action: { Digits: digits }, lasted });
  });

  test('with a timeout from the end of the prompts, and the document goes on', async () => {
    expect(await outcome(gather(''))).toEqual({ action: undefined, lasted: 12_000 });
    expect(await outcome(gather('timeout="2"'))).toEqual({ action: undefined, lasted: 9_000 });
  });

  test('with an action although there is no digit, where that is asked for', async () => {
    const verbs = gather('actionOnEmptyResult="true"');
    const leftOut = await outcome(verbs);
    expect(leftOut).toMatchObject({ action: { CallStatus: 'in-progress' }, lasted: 9_000 });
    expect(leftOut.action).not.toHaveProperty('Digits');
    const empty = await outcome(verbs, {}, { emptyDigits: 'empty' });
    expect(empty).toMatchObject({ action: { Digits: '' }, lasted: 9_000 });
  });

  test('with a finishOnKey before any digit, or not', async () => {
    const script = pressing(['#', 1_000]);
    expect(await outcome(gather(''), script)).toEqual({ action: undefined, lasted: 4_000 });
    const ignored = await outcome(gather(''), script, { finishOnKeyFirst: 'ignored' });
    expect(ignored).toEqual({ action: undefined, lasted: 12_000 });
    const later = pressing(['#', 1_000], ['7', 1_100], ['#', 1_200]);
    expect(await outcome(gather(''), later, { finishOnKeyFirst: 'ignored' })).toMatchObject({
      action: { Digits: '7' },
      lasted: 1_200,
    });
  });

  test('with the call, and its action is not requested', async () => {
    const verbs = gather('actionOnEmptyResult="true"');
    expect(await outcome(verbs, { talkMs: 2_000 })).toEqual({ action: undefined, lasted: 2_000 });
    const pressed = { ...pressing(['1', 1_000], ['2', 3_000]), talkMs: 2_000 };
    expect(await outcome(verbs, pressed)).toEqual({ action: undefined, lasted: 2_000 });
  });
});

describe('the action of a <Gather>', () => {
  test.each([
    ['the URL of the document', '', `${VOICE}#rc=2`, 'POST'],
    ['relative to it', 'action="pressed?step=2"', 'https://recorder.example/app/pressed?step=2', 'POST'],
    ['absolute', 'action="https://other.example/" method="GET"', 'https://other.example/', 'GET'],
  ])('is %s', async (_name, attributes, url, method) => {
    const verbs = [`<Gather ${attributes} numDigits="1"/>`];
    const twilioSide = new Socketless(() => `<Response>${verbs.shift() ?? HANG_UP}</Response>`);
    const call = twilioSide.place({ voiceUrl: `${VOICE}#rc=2`, ...pressing(['5', 100]) });
    await twilioSide.finish();
    expect(call.webhooks.slice(1)).toMatchObject([{ kind: 'action', url, params: { Digits: '5' } }]);
    expect(twilioSide.received.at(1)?.request.method).toBe(method);
    expect(call.keysPressed.map(({ heardBy }) => heardBy)).toEqual([url]);
  });
});

describe('a key', () => {
  test('is meant for one of the Gathers of a call, and the truth says which heard it', async () => {
    const { twilioSide, place } = serverOf({
      [VOICE]: '<Gather action="second" numDigits="1"><Play>a</Play></Gather>',
      'https://recorder.example/app/second': '<Gather action="third" timeout="3"/><Gather action="fourth"/>',
    });
    const call = place({
      keys: [
        [{ key: '1', afterMs: 2_000 }],
        [],
        [
          { key: '9', afterMs: 500 },
          { key: '#', afterMs: 700 },
        ],
      ],
    });
    await twilioSide.finish();
    const answered = call.answeredAt ?? 0;
    const fourth = 'https://recorder.example/app/fourth';
    expect(call.keysPressed).toEqual([
      { at: answered + 2_000, key: '1', heardBy: 'https://recorder.example/app/second' },
      { at: answered + 5_500, key: '9', heardBy: fourth },
      { at: answered + 5_700, key: '#', heardBy: fourth },
    ]);
    expect(call.webhooks.map(({ url, params }) => [url, params.Digits])).toEqual([
      [VOICE, undefined],
      ['https://recorder.example/app/second', '1'],
      [fourth, '9'],
    ]);
  });

  test('is lost while no Gather listens, and not kept for the next', async () => {
    const { twilioSide, place } = serverOf({
      [VOICE]: '<Gather timeout="1"/><Play>a</Play><Gather action="never"/>',
    });
    const call = place(pressing(['1', 2_000]));
    await twilioSide.finish();
    expect(call.keysPressed).toEqual([{ at: (call.answeredAt ?? 0) + 2_000, key: '1', heardBy: undefined }]);
    expect(call.webhooks).toHaveLength(1);
    expect(call.endedAt).toBe((call.answeredAt ?? 0) + 9_000);
  });

  test('may be pressed at any time of a call', async () => {
    const { twilioSide, place } = serverOf({ [VOICE]: '<Pause/><Gather action="pressed" numDigits="2"/>' });
    const { simulator } = twilioSide;
    const call = place();
    await twilioSide.pass(1_000);
    expect(simulator.pressKey(call.sid, '1')).toBe(false);
    await twilioSide.pass(1_000);
    expect(simulator.pressKey(call.sid, '2')).toBe(true);
    expect(simulator.pressKey(call.sid, '3')).toBe(true);
    expect(simulator.pressKey(call.sid, '4')).toBe(false);
    await twilioSide.finish();
    expect(call.webhooks.at(-1)?.params.Digits).toBe('23');
    expect(call.keysPressed.map(({ key, heardBy }) => [key, heardBy !== undefined])).toEqual([
      ['1', false],
      ['2', true],
      ['3', true],
      ['4', false],
    ]);
  });

  test('cannot be pressed when the call is over, was never placed or the simulator is stopped', async () => {
    const { twilioSide, place } = serverOf({ [VOICE]: '<Gather/>' });
    const { simulator } = twilioSide;
    const [over, stopped] = [place({ talkMs: 1_000 }), place()];
    await twilioSide.pass(2_000);
    expect(simulator.pressKey(over.sid, '1')).toBe(false);
    expect(simulator.pressKey('CA0', '1')).toBe(false);
    await simulator.stop();
    expect(simulator.pressKey(stopped.sid, '1')).toBe(false);
    expect([over.keysPressed, stopped.keysPressed]).toEqual([[], []]);
    expect(twilioSide.clock.next()).toBe(false);
  });

  test('is told to listeners, as is that a Gather listens', async () => {
    const { twilioSide, place } = serverOf({ [VOICE]: '<Gather/><Pause length="9"/>' });
    const told: unknown[] = [];
    twilioSide.simulator.onEvent((event) => {
      if (event.type === 'gathering' || event.type === 'key-pressed') told.push(event);
    });
    const call = place(pressing(['#', 1_000], ['7', 2_000]));
    await twilioSide.finish();
    const at = call.answeredAt ?? 0;
    const { sid: callSid } = call;
    expect(told).toEqual([
      { type: 'gathering', at, callSid, url: VOICE },
      { type: 'key-pressed', at: at + 1_000, callSid, key: '#', heard: true },
      { type: 'key-pressed', at: at + 2_000, callSid, key: '7', heard: false },
    ]);
  });
});
