import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type ControlDependencies, type Controlled, control } from '../../../lambda/recording/control.ts';
import { hasEnded, shownStatus } from '../../../lambda/recording/merge.ts';
import { recordingState } from '../../../lambda/recording/ours.ts';
import type { Action } from '../../../lambda/recording-control/representations.ts';
import { ControlledCall, DueClock, FATES, type UpdateFate } from '../support/controlled-call.ts';
import { type MemoryStore, memoryStore } from '../support/memory-store.ts';
import { ACCOUNT_SID, CALL_SID } from '../support/sids.ts';

const call = { callSid: CALL_SID, accountSid: ACCOUNT_SID };
/** The full measure is 5,000; fewer here, in other places each time. */
const RUNS = Number(process.env.CONTROL_RUNS ?? 500);
const STEPS = 60;

/** Everything that takes part. Each step that waits for something is taken when the scheduler says so. */
class Race {
  readonly clock = new DueClock();
  readonly twilio: ControlledCall;
  readonly store: MemoryStore;
  readonly results: Controlled[] = [];
  /** What was begun. */
  readonly under: Promise<unknown>[] = [];
  readonly #scheduler: fc.Scheduler;
  #isOver = false;
  #owners = 0;

  constructor(scheduler: fc.Scheduler, befalling: readonly UpdateFate[]) {
    this.#scheduler = scheduler;
    this.twilio = new ControlledCall(this.clock, befalling);
    this.store = memoryStore({ now: this.clock.now, sleep: async () => undefined });
  }

  /** The recording that the call has when operators come. */
  begin(): Promise<unknown> {
    const recording = recordingState(this.twilio.begin());
    return this.store.apply(call, { type: 'recording', source: 'create', recording });
  }

  async command(action: Action): Promise<Controlled> {
    const owner = `request-${++this.#owners}`;
    const result = await control(this.#dependencies(), { callSid: CALL_SID, action, by: 'somebody', owner });
    this.results.push(result);
    return result;
  }

  /** What Twilio would tell about a recording now, or told before. */
  async callback(index: number, status: string | undefined): Promise<void> {
    const { recordings } = this.twilio;
    const recording = recordings[index % Math.max(recordings.length, 1)];
    if (recording) {
      const told = status ?? (hasEnded(recording.status) ? 'completed' : 'in-progress');
      await this.store.apply(call, {
        type: 'recording',
        source: 'callback',
        recording: { ...recordingState(recording), status: told },
      });
    }
  }

  /** What the sweep does about commands of unknown end, when nothing goes wrong any more. */
  async settle(): Promise<void> {
    this.#isOver = true;
    this.twilio.befallNothing();
    this.clock.advance(60_000);
    for (const recording of Object.values(this.store.state().recordings)) {
      const { command, status } = recording;
      if (command && !command.confirmed && !hasEnded(status)) {
        await this.command(
          ({ paused: 'pause', 'in-progress': 'resume', stopped: 'stop' } as const)[command.status],
        );
      }
    }
    for (const index of this.twilio.recordings.keys()) {
      await this.callback(index, undefined);
    }
  }

  #dependencies(): ControlDependencies {
    const schedule = <A extends unknown[], R>(name: string, act: (...args: A) => Promise<R>) =>
      this.#isOver
        ? act
        : this.#scheduler.scheduleFunction(Object.defineProperty(act, 'name', { value: name }));
    const each = <T extends object>(target: T): T =>
      Object.fromEntries(
        Object.entries(target).map(([name, value]) => [
          name,
          typeof value === 'function' ? schedule(name, value.bind(target)) : value,
        ]),
      ) as T;
    const { clock } = this;
    return {
      accountSid: ACCOUNT_SID,
      twilio: each(this.twilio.api),
      store: each(this.store),
      clock: {
        now: clock.now,
        // Time is everybody's, so that it must not pass for each who waits.
        sleep: schedule('sleep', async () => clock.advance(50)),
      },
      random: () => 0.5,
      createParameters: {},
      likeness: {},
      ringTimeoutSeconds: 600,
      asks: false,
      follow: async () => undefined,
    };
  }
}

type Step = fc.AsyncCommand<object, Race>;

/** Begins something, and does not wait for its end: the next step may come in between. */
const step = (name: string, begin: (race: Race) => Promise<unknown>): Step => ({
  check: () => true,
  run: async (_model, race) => {
    race.under.push(begin(race));
  },
  toString: () => name,
});

const steps: fc.Arbitrary<Iterable<Step>> = fc.commands(
  [
    ...(['start', 'pause', 'pause', 'resume', 'resume', 'stop'] as const).map((action) =>
      fc.constant(step(action, (race) => race.command(action))),
    ),
    fc.constant(step('hang up', async ({ twilio }) => twilio.hangUp())),
    fc
      .tuple(fc.nat({ max: 3 }), fc.constantFrom('in-progress', undefined))
      .map(([index, status]) =>
        step(`callback of ${index}: ${status}`, (race) => race.callback(index, status)),
      ),
  ],
  { maxCommands: STEPS, size: 'max' },
);

const fates = fc.array(
  fc.oneof({ weight: 3, arbitrary: fc.constant<UpdateFate>('answered') }, fc.constantFrom(...FATES)),
  { maxLength: 20 },
);

describe('commands that race with each other, with callbacks and with a hang-up', () => {
  test('leave the rows saying what Twilio has', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), steps, fates, async (scheduler, taken, befalling) => {
        const race = new Race(scheduler, befalling);
        await race.begin();
        await fc.scheduledModelRun(scheduler, () => ({ model: {}, real: race }), taken);
        await scheduler.waitFor(Promise.all(race.under));
        await race.settle();
        const rows = race.store.state().recordings;
        const shown = Object.fromEntries(
          Object.values(rows).map((row) => [row.recordingSid, shownStatus(row)]),
        );
        const real = Object.fromEntries(race.twilio.recordings.map(({ sid, status }) => [sid, status]));
        // Of one that was stopped, the callback says that it is complete.
        for (const [sid, status] of Object.entries(real)) {
          expect([sid, shown[sid]]).toEqual([sid, status === 'stopped' ? 'completed' : status]);
        }
        expect(race.twilio.atOnce).toBe(1);
      }),
      { numRuns: RUNS },
    );
  }, 600_000);
});
