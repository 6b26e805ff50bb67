import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LEASE_MILLISECONDS, type StartResult, startRecording } from '../../../lambda/recording/start.ts';
import { StoreUnavailableError } from '../../../lambda/shared/errors.ts';
import { manualClock } from '../support/manual-clock.ts';
import { memoryStore } from '../support/memory-store.ts';
import { type Fate, Killed, modelTwilio } from '../support/model-twilio.ts';
import { ACCOUNT_SID, CALL_SID } from '../support/sids.ts';

/** How the table does during one invocation. */
type Table = 'up' | 'refuses-claims' | 'refuses-results' | 'down';

interface History {
  readonly fates: readonly Fate[];
  readonly tables: readonly Table[];
  readonly answeredAfter: number;
  readonly random: number;
}

/** Runs a call's execution to its end, the way the state machine does, and says what came of it. */
async function execute({ fates, tables, answeredAfter, random }: History) {
  const clock = manualClock();
  const store = memoryStore(clock);
  const twilio = modelTwilio(fates, answeredAfter, clock);
  const firstAttemptAt = clock.now();
  const results: StartResult[] = [];
  let doubtful = false;
  for (let invocation = 0; invocation < 100; invocation++) {
    store.down.clear();
    const table = tables[invocation] ?? 'up';
    if (table === 'refuses-claims' || table === 'down') {
      store.down.add('claim');
    }
    if (table === 'refuses-results' || table === 'down') {
      store.down.add('apply').add('release');
    }
    try {
      const { result } = await startRecording(
        {
          twilio,
          store,
          clock,
          random: () => random,
          createParameters: {},
          likeness: {},
          ringTimeoutSeconds: 3_600,
          asks: false,
        },
        {
          call: { callSid: CALL_SID, accountSid: ACCOUNT_SID },
          firstAttemptAt,
          owner: `request-${invocation}`,
          doubtful,
        },
      );
      results.push(result);
      if (result.outcome !== 'not-yet') {
        break;
      }
      doubtful = result.doubtful;
      clock.advance(result.waitSeconds * 1000);
    } catch (error) {
      if (!(error instanceof Killed || error instanceof StoreUnavailableError)) {
        throw error;
      }
      // The state machine counts that it tries again.
      doubtful = true;
      clock.advance(1_000);
    }
  }
  return { recordings: twilio.recordings, result: results.at(-1), elapsed: clock.now() - firstAttemptAt };
}

const fate = (...fates: Fate[]) =>
  fc.array(fc.oneof({ weight: 2, arbitrary: fc.constant<Fate>('answered') }, fc.constantFrom(...fates)), {
    maxLength: 15,
  });
const requestFaults: Fate[] = ['lost', 'unanswered', 'failed', 'broken', 'throttled', 'throttled-for-long'];
const common = {
  answeredAfter: fc.constantFrom(0, 300, 500, 2_000, 12_000, 70_000),
  random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
};

/** An invocation that holds no claim must end for this property: what it did is nowhere to be found but at Twilio. */
const withoutDeaths = fc.record({
  ...common,
  fates: fate(...requestFaults),
  tables: fc.array(fc.constantFrom<Table>('up', 'refuses-claims', 'refuses-results', 'down'), {
    maxLength: 6,
  }),
});
const withDeaths = fc.record({
  ...common,
  fates: fate(...requestFaults, 'killed-before', 'killed-after'),
  tables: fc.array(fc.constantFrom<Table>('up', 'refuses-results'), { maxLength: 6 }),
});

test.each([
  ['and however the table does', withoutDeaths],
  ['and whenever the function dies', withDeaths],
])('a call that goes on is recorded once, whatever befalls the requests, %s', async (_, histories) => {
  await fc.assert(
    fc.asyncProperty(histories, async (history) => {
      const { recordings, result } = await execute(history);
      expect(recordings).toHaveLength(1);
      expect(['started', 'adopted']).toContain(result?.outcome);
      expect(result).toMatchObject({ recordingSid: recordings[0]?.sid });
    }),
    { numRuns: 1_500 },
  );
});

test('a call is recorded within a lease of its answer when one function dies', async () => {
  const { recordings, elapsed } = await execute({
    fates: ['killed-after'],
    tables: [],
    answeredAfter: 0,
    random: 0,
  });
  expect(recordings).toHaveLength(1);
  expect(elapsed).toBeLessThan(LEASE_MILLISECONDS + 5_000);
});
