import type { Clock } from '../../../lambda/shared/clock.ts';

export const NOON = Date.parse('2026-11-24T12:00:00.000Z');

export interface ManualClock extends Clock {
  advance(milliseconds: number): void;
}

/** Time that moves only when somebody sleeps or says so; a sleep is over at once. */
export function manualClock(start = NOON): ManualClock {
  let now = start;
  const advance = (milliseconds: number): void => {
    now += milliseconds;
  };
  return { now: () => now, sleep: async (milliseconds) => advance(milliseconds), advance };
}
