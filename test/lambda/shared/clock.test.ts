import { describe, expect, test } from '@jest/globals';
import { within } from '../../../lambda/shared/clock.ts';

const never = new Promise<string>(() => {});

describe('within a time', () => {
  test('what a promise resolves to is the result', async () => {
    expect(await within(1_000, Promise.resolve('result'), 'too late')).toBe('result');
  });

  test('what a promise rejects with is thrown', async () => {
    await expect(within(1_000, Promise.reject(new Error('failed')), 'too late')).rejects.toThrow('failed');
  });

  test('what does not come in time is replaced', async () => {
    expect(await within(1, never, 'too late')).toBe('too late');
  });

  test('what fails after that time troubles nobody', async () => {
    let fail: (error: Error) => void = () => {};
    const late = new Promise<string>((_, reject) => {
      fail = reject;
    });
    expect(await within(1, late, 'too late')).toBe('too late');
    // An unhandled rejection would end this process, as it would Lambda's.
    fail(new Error('failed'));
    await new Promise((resolve) => setImmediate(resolve));
  });
});
