import { describe, expect, test } from '@jest/globals';
import { VirtualTime } from '../../../local/simulation/virtual-time.ts';

const START = Date.UTC(2026, 0, 1);
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

describe('virtual time', () => {
  test('passes in leaps, in the order of the timers', async () => {
    using time = VirtualTime.install({ startAt: START, seed: 1 });
    const begun = performance.now();
    const order: string[] = [];
    const visit = async (name: string, ...pauses: number[]) => {
      for (const pause of pauses) {
        await sleep(pause);
        order.push(`${name} ${Date.now() - START}`);
      }
    };
    const all = Promise.all([visit('a', 86_400_000, 5), visit('b', 10, 86_399_991), visit('c', 10)]);
    let over = false;
    void all.then(() => {
      over = true;
    });
    await time.run(() => over);
    expect(order).toEqual(['b 10', 'c 10', 'a 86400000', 'b 86400001', 'a 86400005']);
    expect(new Date().toISOString()).toBe('2026-01-02T00:00:00.005Z');
    expect(performance.now() - begun).toBe(86_400_005);
    expect(time.now).toBe(START + 86_400_005);
  });

  test('lets chains of promises end before the next timer', async () => {
    using time = VirtualTime.install({ startAt: START, seed: 1 });
    const order: string[] = [];
    setTimeout(async () => {
      for (let step = 0; step < 1_000; step += 1) await Promise.resolve();
      order.push('chain');
    }, 1);
    setTimeout(() => order.push('timer'), 1);
    await time.run(() => order.length === 2);
    expect(order).toEqual(['chain', 'timer']);
  });

  test('repeats intervals', async () => {
    using time = VirtualTime.install({ startAt: START, seed: 1 });
    let ticks = 0;
    const interval = setInterval(() => {
      ticks += 1;
      if (ticks === 3) clearInterval(interval);
    }, 1_000);
    await time.run(() => ticks === 3);
    expect(time.now).toBe(START + 3_000);
  });

  test('forgets timers that are cleared, wherever they stand', async () => {
    using time = VirtualTime.install({ startAt: START, seed: 1 });
    const fired: number[] = [];
    const delays = Array.from({ length: 500 }, (_, index) => (index * 7919) % 211);
    const timers = delays.map((delay, index) => setTimeout(() => fired.push(index), delay));
    for (const [index, timer] of timers.entries()) {
      if (index % 3 !== 0) clearTimeout(timer);
    }
    clearTimeout(timers[1]);
    clearTimeout(undefined);
    const left = delays.flatMap((delay, index) => (index % 3 === 0 ? [{ delay, index }] : []));
    await time.run(() => fired.length === left.length);
    expect(fired).toEqual(left.toSorted((a, b) => a.delay - b.delay).map(({ index }) => index));
    expect(time.fired).toBe(left.length);
  });

  test('lets a timer that another one starts wait for at least a millisecond', async () => {
    using time = VirtualTime.install({ startAt: START, seed: 1 });
    const at: number[] = [];
    setTimeout(() => {
      setTimeout(() => at.push(Date.now() - START), 0);
      setTimeout(() => at.push(Date.now() - START), 2 ** 31);
      setTimeout(() => at.push(Date.now() - START), 1.9);
    }, 5);
    await time.run(() => at.length === 3);
    expect(at).toEqual([6, 6, 6]);
  });

  test('dates only the present', () => {
    const before = new Date();
    using _time = VirtualTime.install({ startAt: START, seed: 1 });
    expect([new Date().toISOString(), Date.now()]).toEqual(['2026-01-01T00:00:00.000Z', START]);
    expect(new Date(7).toISOString()).toBe('1970-01-01T00:00:00.007Z');
    expect(new Date(2026, 0, 1, 12).getHours()).toBe(12);
    expect(before instanceof Date && new Date() instanceof Date).toBe(true);
    expect(Date.parse('2026-01-01T00:00:00Z')).toBe(START);
  });

  test('aborts when it is virtually time', async () => {
    using time = VirtualTime.install({ startAt: START, seed: 1 });
    const signal = AbortSignal.timeout(2_500);
    await time.run(() => signal.aborted);
    expect(time.now).toBe(START + 2_500);
    expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
  });

  test('draws the same random numbers from the same seed', () => {
    const draw = (seed: number) => {
      using _time = VirtualTime.install({ startAt: START, seed });
      return [Math.random(), Math.random(), Math.random()];
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  test('says who still waits when nothing is left to happen', async () => {
    using time = VirtualTime.install({ startAt: START, seed: 1 });
    setTimeout(() => undefined, 7);
    const forNothing = time.run(
      () => false,
      () => 'call CA1',
    );
    await expect(forNothing).rejects.toThrow(
      'Nothing is left to happen at 2026-01-01T00:00:00.007Z, but call CA1 still waits',
    );
  });

  test('gives up on what never ends', async () => {
    using time = VirtualTime.install({ startAt: START, seed: 1, limit: 10_000 });
    setInterval(() => undefined, 3_000);
    await expect(time.run(() => false)).rejects.toThrow(
      'It is 2026-01-01T00:00:12.000Z, and somebody still waits',
    );
  });

  test('passes until a promise settles', async () => {
    using time = VirtualTime.install({ startAt: START, seed: 1 });
    expect(await time.settle(sleep(5).then(() => 'slept'))).toBe('slept');
    await expect(time.settle(sleep(5).then(() => Promise.reject(new Error('woken'))))).rejects.toThrow(
      'woken',
    );
    expect(time.now).toBe(START + 10);
  });

  test('hands on what a timer throws', async () => {
    using time = VirtualTime.install({ startAt: START, seed: 1 });
    setTimeout(() => {
      throw new Error('broken');
    }, 1);
    await expect(time.run(() => false)).rejects.toThrow('broken');
  });

  test('gives real time back', () => {
    const before = { setTimeout, Date, random: Math.random, timeout: AbortSignal.timeout };
    VirtualTime.install({ startAt: START, seed: 1 })[Symbol.dispose]();
    expect({ setTimeout, Date, random: Math.random, timeout: AbortSignal.timeout }).toEqual(before);
    expect(Date.now()).not.toBe(START);
  });
});
