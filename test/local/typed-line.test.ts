import { expect, test } from '@jest/globals';
import { obey, TYPING } from '../../local/typed-line.ts';
import { NUMBERS } from './twilio-simulator/rig.ts';
import { Socketless } from './twilio-simulator/socketless.ts';

const script = { ...NUMBERS, voiceUrl: 'https://recorder.example/voice', talkMs: 20_000 };

test('an empty line places a call', () => {
  const { simulator } = new Socketless(() => '<Response/>');
  expect(obey('', simulator, script)).toBeUndefined();
  expect([...simulator.calls.values()].map((call) => call.script)).toEqual([script]);
});

test('a key is pressed in the newest call that is on', async () => {
  const twilioSide = new Socketless(() => '<Response><Gather timeout="60"/></Response>');
  const { simulator } = twilioSide;
  const older = twilioSide.place(script);
  const newer = twilioSide.place(script);
  const over = twilioSide.place({ ...script, talkMs: 1_000 });
  await twilioSide.pass(2_000);
  expect(over.status).toBe('completed');
  expect(obey('#', simulator, script)).toBeUndefined();
  expect([older, newer, over].map((call) => call.keysPressed.map(({ key }) => key))).toEqual([[], ['#'], []]);
  await twilioSide.finish();
  expect(obey('#', simulator, script)).toBe('No call is on.');
  expect(simulator.calls.size).toBe(3);
});

test.each(['12', 'a', 'hello'])('%s is nothing that can be done', (line) => {
  const { simulator } = new Socketless(() => '<Response/>');
  expect(obey(line, simulator, script)).toBe(TYPING);
  expect(simulator.calls.size).toBe(0);
});
