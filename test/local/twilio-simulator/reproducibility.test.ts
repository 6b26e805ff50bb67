import { describe, expect, test } from '@jest/globals';
import { Dice } from '../../../local/twilio-simulator/random.ts';
import type { SimulatorEvent } from '../../../local/twilio-simulator/simulator.ts';
import { DEFAULT_NETWORK } from '../../../local/twilio-simulator/simulator.ts';
import { Rig } from './rig.ts';

/** Places calls and tells the story of the first one, times from its beginning. */
async function storyOfFirst(seed: number, calls: number): Promise<string[]> {
  await using rig = await Rig.start({ seed, network: DEFAULT_NETWORK });
  const voiceUrl = rig.simulator.hostApplication(
    '<Response><Say>hello</Say><Start><Recording recordingStatusCallback="http://127.0.0.1:1/" recordingStatusCallbackEvent="in-progress completed"/></Start><Dial>+15550001111</Dial></Response>',
  );
  const placed = Array.from({ length: calls }, () => rig.place({ voiceUrl, duplicateWebhook: true }));
  await rig.finish();
  const [first] = placed;
  const tell = (event: SimulatorEvent) => {
    const recordingSid = 'recordingSid' in event ? event.recordingSid : '';
    return `${event.at - (first?.createdAt ?? 0)} ${event.type} ${event.callSid} ${recordingSid}`;
  };
  return rig.events.filter(({ callSid }) => callSid === first?.sid).map(tell);
}

describe('a run can be repeated', () => {
  test('the same seed gives the same SIDs at the same times, whatever other calls do', async () => {
    const alone = await storyOfFirst(7, 1);
    expect(alone.length).toBeGreaterThan(10);
    expect(await storyOfFirst(7, 1)).toEqual(alone);
    expect(await storyOfFirst(7, 4)).toEqual(alone);
    expect(await storyOfFirst(8, 1)).not.toEqual(alone);
  });

  test('what is drawn for one purpose does not depend on the others', () => {
    const one = new Dice(1, 'call/0');
    const other = new Dice(1, 'call/0');
    other.draw('callback', [0, 1_000]);
    const both = [one, other].map((dice) => [
      dice.draw('answer', [0, 1_000]),
      dice.draw('answer', [0, 1_000]),
    ]);
    expect(both[1]).toEqual(both[0]);
    expect(both[0]?.[0]).not.toBe(both[0]?.[1]);
  });

  test('draws for calls in a row have nothing to do with each other', () => {
    const dice = Array.from({ length: 20_000 }, (_, index) => new Dice(1, `call/${index}`));
    const shares = dice.flatMap((one) => [one.share('request'), one.share('request')]);
    const tenths = Array.from({ length: 10 }, (_, tenth) => tenth);
    for (const tenth of tenths) {
      const within = shares.filter((share) => Math.floor(share * 10) === tenth);
      expect(within.length / shares.length).toBeCloseTo(0.1, 2);
    }
    const bothSmall = dice.filter((_, index) => {
      const [first = 1, second = 1] = shares.slice(2 * index, 2 * index + 2);
      return first < 0.1 && second < 0.1;
    });
    expect(bothSmall.length / dice.length).toBeCloseTo(0.01, 2);
    const sids = dice.flatMap((one) => [one.sid('CA'), one.sid('RE'), one.sid('RE')]);
    expect(new Set(sids.map((sid) => sid.slice(2))).size).toBe(sids.length);
  });

  test('distributions keep what they promise', () => {
    const dice = new Dice(1, 'x');
    const draws = Array.from({ length: 4_000 }, () => dice.draw('x', { median: 250, p99: 900 })).sort(
      (a, b) => a - b,
    );
    const share = (limit: number) => draws.filter((ms) => ms <= limit).length / draws.length;
    expect(share(250)).toBeCloseTo(0.5, 1);
    expect(share(900)).toBeCloseTo(0.99, 2);
    expect(dice.draw('x', 42)).toBe(42);
    expect(dice.sid('CA')).toMatch(/^CA[0-9a-f]{32}$/);
  });
});
