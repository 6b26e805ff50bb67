import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { systemClock } from '../../../lambda/shared/clock.ts';
import type { TwilioAnswer } from '../../../lambda/twilio/api.ts';
import { hedge, insist } from '../../../lambda/twilio/insist.ts';
import { errorAnswer, noAnswer, ok, throttled } from '../support/answers.ts';

const PAUSE = 200;
const PATIENCE = 500;
/** Longer than any answer here takes. */
const LONG_MILLISECONDS = 60_000;

/** An answer, and after how long it comes. */
type Scripted = readonly [milliseconds: number, answer: TwilioAnswer<string>];

beforeEach(() => {
  jest.useFakeTimers({ now: 0 });
});

afterEach(() => {
  jest.useRealTimers();
});

/** What comes of it when Twilio answers one request after the other like this. */
async function run(how: 'insist' | 'hedge', script: readonly Scripted[]) {
  const askedAt: number[] = [];
  const signals: (AbortSignal | undefined)[] = [];
  const ask = async (signal?: AbortSignal): Promise<TwilioAnswer<string>> => {
    const [milliseconds, answer] = script[askedAt.length] ?? [0, noAnswer];
    askedAt.push(Date.now());
    signals.push(signal);
    await systemClock.sleep(milliseconds);
    return answer;
  };
  const isOne = ({ kind }: TwilioAnswer<string>): boolean => kind === 'ok';
  const asked =
    how === 'insist'
      ? insist(ask, isOne, systemClock, PAUSE)
      : hedge(ask, isOne, systemClock, PAUSE, PATIENCE);
  let answeredAt = -1;
  const answered = asked.finally(() => {
    answeredAt = Date.now();
  });
  await jest.advanceTimersByTimeAsync(LONG_MILLISECONDS);
  return { answer: await answered, answeredAt, askedAt, signals };
}

describe.each(['insist', 'hedge'] as const)('%s', (how) => {
  test('asks once when the answer will do', async () => {
    expect(await run(how, [[100, ok('first')]])).toMatchObject({
      answer: ok('first'),
      answeredAt: 100,
      askedAt: [0],
    });
  });

  test('asks again after pauses that grow', async () => {
    const script: Scripted[] = [
      [100, errorAnswer(500)],
      [100, throttled()],
      [100, errorAnswer(503)],
      [100, ok('fourth')],
    ];
    expect(await run(how, script)).toMatchObject({
      answer: ok('fourth'),
      answeredAt: 1_600,
      askedAt: [0, 300, 800, 1_500],
    });
  });

  test('hands on the last of four answers of which none will do', async () => {
    const script: Scripted[] = [
      [100, errorAnswer(500)],
      [100, errorAnswer(500)],
      [100, errorAnswer(500)],
      [100, throttled()],
      [100, ok('never asked for')],
    ];
    expect(await run(how, script)).toMatchObject({
      answer: throttled(),
      answeredAt: 1_600,
      askedAt: [0, 300, 800, 1_500],
    });
  });
});

test('insist waits for each answer alone', async () => {
  const script: Scripted[] = [
    [1_500, noAnswer],
    [900, ok('second')],
  ];
  expect(await run('insist', script)).toMatchObject({
    answer: ok('second'),
    answeredAt: 2_600,
    askedAt: [0, 1_700],
  });
});

describe('hedge', () => {
  test.each<[string, Scripted, Scripted, string, number]>([
    [
      'asks again beside a request that is not answered, and takes what comes first',
      [1_500, noAnswer],
      [100, ok('second')],
      'second',
      600,
    ],
    [
      'still takes the first answer while the second is awaited',
      [700, ok('first')],
      [300, ok('second')],
      'first',
      700,
    ],
    [
      'takes an answer that comes in the pause after another',
      [700, ok('first')],
      [100, errorAnswer(500)],
      'first',
      700,
    ],
  ])('%s', async (_, first, second, answer, answeredAt) => {
    expect(await run('hedge', [first, second])).toMatchObject({
      answer: ok(answer),
      answeredAt,
      askedAt: [0, 500],
    });
  });

  test('takes an early request’s answer although the last one’s will not do', async () => {
    const script: Scripted[] = [
      [2_000, ok('first')],
      [1_500, noAnswer],
      [1_500, noAnswer],
      [100, errorAnswer(500)],
    ];
    expect(await run('hedge', script)).toMatchObject({
      answer: ok('first'),
      answeredAt: 2_000,
      askedAt: [0, 500, 1_000, 1_500],
    });
  });

  test('waits for all before it hands on that none will do', async () => {
    const script: Scripted[] = [
      [1_900, noAnswer],
      [1_500, noAnswer],
      [1_500, noAnswer],
      [100, errorAnswer(500)],
    ];
    expect(await run('hedge', script)).toMatchObject({
      answer: errorAnswer(500),
      answeredAt: 2_500,
      askedAt: [0, 500, 1_000, 1_500],
    });
  });

  test('tells the other requests once one is answered, and not before', async () => {
    const aborted = async (script: readonly Scripted[]) =>
      (await run('hedge', script)).signals.map((signal) => signal?.aborted);
    expect(
      await aborted([
        [1_500, noAnswer],
        [100, ok('second')],
      ]),
    ).toEqual([true, true]);
    expect(
      await aborted([
        [100, noAnswer],
        [100, noAnswer],
        [100, noAnswer],
        [100, noAnswer],
      ]),
    ).toEqual([false, false, false, false]);
  });

  test('is never later than who waits for each answer alone, where answers are the same', async () => {
    const scripted = fc.tuple(
      fc.integer({ min: 0, max: 1_500 }),
      fc.constantFrom<TwilioAnswer<string>>(ok('one'), ok('other'), noAnswer, errorAnswer(500)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(scripted, { minLength: 4, maxLength: 4 }), async (script) => {
        jest.setSystemTime(0);
        const alone = await run('insist', script);
        jest.setSystemTime(0);
        const hedged = await run('hedge', script);
        expect(hedged.answer.kind === 'ok').toBe(alone.answer.kind === 'ok');
        expect(hedged.answeredAt).toBeLessThanOrEqual(alone.answeredAt);
        expect(hedged.askedAt.length).toBeLessThanOrEqual(4);
      }),
    );
  });
});
