import { describe, expect, test } from '@jest/globals';
import { dynamoDbStore } from '../../../lambda/recording/dynamodb-store.ts';
import type { CallEvent } from '../../../lambda/recording/merge.ts';
import { verify } from '../../../lambda/recording/verify.ts';
import { TwilioUnavailableError } from '../../../lambda/shared/errors.ts';
import { noAnswer, ok, recordingResource } from '../support/answers.ts';
import { TABLE_NAME } from '../support/local-table.ts';
import { manualClock } from '../support/manual-clock.ts';
import { memoryTable } from '../support/memory-table.ts';
import { KILLED, type Kill, Mortal } from '../support/mortal.ts';
import { ACCOUNT_SID, CALL_SID, OTHER_RECORDING_SID, RECORDING_SID } from '../support/sids.ts';

const call = { callSid: CALL_SID, accountSid: ACCOUNT_SID };

const seen = (source: 'create' | 'adopt' | 'callback', recordingSid: string): CallEvent => ({
  type: 'recording',
  source,
  recording: { recordingSid, status: 'in-progress' },
});

/** Twilio with two recordings of ours that run. One that was stopped shows as processing. */
function twoRecordings(isFirstStopUnanswered: boolean) {
  const running = new Set([RECORDING_SID, OTHER_RECORDING_SID]);
  let unanswered = isFirstStopUnanswered;
  const shown = (sid: string, second: number) =>
    recordingResource({
      sid,
      status: running.has(sid) ? 'in-progress' : 'processing',
      start_time: `Tue, 24 Nov 2026 12:00:0${second} +0000`,
    });
  return {
    running,
    twilio: {
      listRecordings: async () => ok([shown(RECORDING_SID, 1), shown(OTHER_RECORDING_SID, 3)]),
      async updateRecording(_callSid: string, sid: string) {
        running.delete(sid);
        const answer = unanswered ? noAnswer : ok(recordingResource({ sid, status: 'stopped' }));
        unanswered = false;
        return answer;
      },
    },
  };
}

interface Scenario {
  readonly before: readonly CallEvent[];
  /** Callbacks that are handled before an effect. */
  readonly meanwhile: readonly CallEvent[];
  readonly isFirstStopUnanswered: boolean;
}

/** Looks until the state machine would be content. The first invocation ends at `kill`, `meanwhile` comes before an effect. */
async function lookUntilVerified(
  { before, meanwhile, isFirstStopUnanswered }: Scenario,
  comesBefore: number,
  kill?: Kill,
) {
  const table = memoryTable();
  const clock = manualClock();
  let ids = 0;
  const storeOn = (client: Pick<typeof table, 'send'>) =>
    dynamoDbStore({
      client,
      tableName: TABLE_NAME,
      retentionDays: 30,
      clock,
      newId: () => String(++ids).padStart(8, '0'),
    });
  const { running, twilio } = twoRecordings(isFirstStopUnanswered);
  for (const event of before) {
    await storeOn(table).apply(call, event);
  }
  let effects = 0;
  const interrupted =
    <A extends unknown[], R>(method: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (++effects === comesBefore) {
        for (const event of meanwhile) {
          await storeOn(table).apply(call, event);
        }
      }
      return method(...args);
    };
  let looks = 0;
  let effectsOfFirst = 0;
  for (let invocation = 0; invocation < 12; invocation++) {
    const life = new Mortal(invocation === 0 ? kill : undefined);
    const verified = verify(
      {
        twilio: life.effectsOf({
          listRecordings: interrupted(twilio.listRecordings),
          updateRecording: interrupted(twilio.updateRecording),
        }),
        store: storeOn(life.effectsOf({ send: interrupted(table.send) as typeof table.send })),
        clock: life.effectsOf(clock, 'now'),
        likeness: {},
      },
      { call, doubtful: true, looks },
    );
    const came = await life.outlives(verified).catch((error: unknown): typeof KILLED => {
      if (error instanceof TwilioUnavailableError) {
        return KILLED;
      }
      throw error;
    });
    if (invocation === 0) {
      effectsOfFirst = effects;
    }
    if (came !== KILLED) {
      ({ looks } = came.result);
      if (came.result.outcome === 'verified') {
        break;
      }
    }
  }
  return { running: running.size, effectsOfFirst };
}

const first = (source: Parameters<typeof seen>[0]): CallEvent => seen(source, RECORDING_SID);
const second = (source: Parameters<typeof seen>[0]): CallEvent => seen(source, OTHER_RECORDING_SID);

describe.each<[string, CallEvent[]]>([
  ['the first was adopted', [first('adopt')]],
  ['the second was created', [second('create')]],
  ['no row knows of', []],
])('of two recordings, of which %s, one goes on', (_, before) => {
  test.each<[string, CallEvent[], boolean]>([
    ['the first', [first('callback')], false],
    ['the second', [second('callback')], false],
    ['the second, and the answer to the first stop is lost', [second('callback')], true],
    ['both', [first('callback'), second('callback')], false],
  ])(
    'wherever an invocation ends, and whenever there comes a callback of %s',
    async (_of, meanwhile, lost) => {
      const scenario = { before, meanwhile, isFirstStopUnanswered: lost };
      const { effectsOfFirst } = await lookUntilVerified(scenario, 0);
      // The last of them comes as the second invocation begins.
      for (let comesBefore = 1; comesBefore <= effectsOfFirst + 1; comesBefore++) {
        expect((await lookUntilVerified(scenario, comesBefore)).running).toBe(1);
        for (let effect = 1; effect <= comesBefore; effect++) {
          for (const when of ['before', 'after'] as const) {
            const { running } = await lookUntilVerified(scenario, comesBefore, { when, effect });
            expect(running).toBe(1);
          }
        }
      }
    },
  );
});
