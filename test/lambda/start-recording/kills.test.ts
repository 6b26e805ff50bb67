import { describe, expect, test } from '@jest/globals';
import { dynamoDbStore } from '../../../lambda/recording/dynamodb-store.ts';
import { recordingState } from '../../../lambda/recording/ours.ts';
import { START_POLICY, type StartDependencies, type StartResult } from '../../../lambda/recording/start.ts';
import type { CallStore } from '../../../lambda/recording/store.ts';
import { startRecordingTask } from '../../../lambda/start-recording/start-recording.ts';
import type { TwilioRecording } from '../../../lambda/twilio/api.ts';
import { errorAnswer, notEligible, ok } from '../support/answers.ts';
import { fakeTelemetry } from '../support/fake-telemetry.ts';
import { TABLE_NAME } from '../support/local-table.ts';
import { type ManualClock, manualClock, NOON } from '../support/manual-clock.ts';
import { memoryTable, rowsOf } from '../support/memory-table.ts';
import { type Fate, modelTwilio } from '../support/model-twilio.ts';
import { KILLED, type Kill, Mortal } from '../support/mortal.ts';
import { secretSource, twilioSecret } from '../support/secrets.ts';
import { ACCOUNT_SID, CALL_SID } from '../support/sids.ts';

const call = { callSid: CALL_SID, accountSid: ACCOUNT_SID, from: '+15550001111', to: '+15550002222' };

interface Scenario {
  /** In ms since the execution's start. */
  readonly answeredAfter: number;
  readonly endsAfter?: number;
  readonly finalStatus?: 'completed' | 'no-answer';
  /** What befalls the requests to Twilio, in turn. */
  readonly fates?: readonly Fate[];
  /** How long after its start a recording shows in the list. */
  readonly listedAfter?: number;
  /** The callback of a recording is handled before the create that started it is answered. */
  readonly callsBackFirst?: boolean;
  /** Twilio refuses the API key of the secret that is cached. */
  readonly keyRotated?: boolean;
}

const ROTATED = twilioSecret({ apiKeySecret: 'the-next-secret-of-the-api-key' });

interface Phone {
  readonly recordings: readonly TwilioRecording[];
  readonly twilio: StartDependencies['twilio'];
}

/** Twilio with the scenario's call. */
function phoneOf(scenario: Scenario, clock: ManualClock, store: CallStore): Phone {
  const {
    answeredAfter,
    endsAfter = Infinity,
    finalStatus = 'completed',
    fates = [],
    listedAfter = 0,
  } = scenario;
  const model = modelTwilio(fates, answeredAfter, clock);
  const { recordings } = model;
  const startedAt = new Map<TwilioRecording, number>();
  const hasEnded = (): boolean => clock.now() - NOON >= endsAfter;
  return {
    recordings,
    twilio: {
      ...model,
      async createRecording(...args) {
        if (hasEnded()) {
          return notEligible;
        }
        const before = recordings.length;
        const answer = await model.createRecording(...args);
        for (const recording of recordings.slice(before)) {
          startedAt.set(recording, clock.now());
          if (scenario.callsBackFirst) {
            await store.apply(call, {
              type: 'recording',
              source: 'callback',
              recording: recordingState(recording),
            });
          }
        }
        return answer;
      },
      fetchCall: async (callSid) =>
        hasEnded()
          ? ok({ sid: callSid, status: finalStatus, end_time: new Date(NOON + endsAfter).toUTCString() })
          : model.fetchCall(callSid),
      async listRecordings(callSid) {
        const answer = await model.listRecordings(callSid);
        if (answer.kind !== 'ok') {
          return answer;
        }
        const shown = answer.body.filter(
          (recording) => clock.now() - (startedAt.get(recording) ?? 0) >= listedAfter,
        );
        return ok(
          hasEnded()
            ? shown.map((recording) => ({ ...recording, status: 'completed', duration: '7' }))
            : shown,
        );
      },
    },
  };
}

interface Executed {
  /** What the last invocation returned. */
  readonly result: StartResult | undefined;
  /** How many effects each invocation began. */
  readonly effects: readonly number[];
  readonly recordings: readonly TwilioRecording[];
  readonly rows: readonly Record<string, unknown>[];
}

/**
 * Runs a call's execution to its end, the way the state machine does.
 *
 * @param kills where the first invocation, the second, and so on, end
 * @param retryAfter how long after its end the next one begins, in milliseconds
 */
async function execute(
  scenario: Scenario,
  kills: readonly (Kill | undefined)[],
  retryAfter: number,
): Promise<Executed> {
  const clock = manualClock();
  const table = memoryTable();
  let ids = 0;
  const storeOn = (
    client: Pick<typeof table, 'send'>,
    storeClock = clock as Pick<ManualClock, 'now' | 'sleep'>,
  ) =>
    dynamoDbStore({
      client,
      tableName: TABLE_NAME,
      retentionDays: 30,
      clock: storeClock,
      newId: () => String(++ids).padStart(8, '0'),
    });
  const phone = phoneOf(scenario, clock, storeOn(table));
  const cached = twilioSecret();
  const secrets = scenario.keyRotated ? secretSource(cached, ROTATED) : secretSource(cached);
  const effects: number[] = [];
  let result: StartResult | undefined;
  let retryCount = 0;
  for (let invocation = 0; invocation < 60; invocation++) {
    const life = new Mortal(kills[invocation]);
    const mortalClock = life.effectsOf(clock, 'now');
    const task = startRecordingTask({
      secrets: life.effectsOf(secrets),
      withSecret: (secret) => {
        const refused = async () => errorAnswer(401, 20003);
        const isRefused = scenario.keyRotated && secret !== ROTATED;
        return {
          twilio: life.effectsOf(
            isRefused
              ? { ...phone.twilio, createRecording: refused, fetchCall: refused, listRecordings: refused }
              : phone.twilio,
          ),
          store: storeOn(life.effectsOf({ send: table.send }), mortalClock),
          clock: mortalClock,
          random: () => 0.5,
          createParameters: {},
          likeness: {},
          ringTimeoutSeconds: 3_600,
          asks: false,
        };
      },
      startDelaySeconds: 0,
      startWith: 'api',
      telemetry: fakeTelemetry(),
    });
    const event = {
      call: { ...call, start: result },
      executionStartTime: new Date(NOON).toISOString(),
      retryCount,
    };
    const came = await life.outlives(task(event, `request-${invocation}`));
    effects.push(life.effects);
    if (came === KILLED) {
      retryCount++;
      clock.advance(retryAfter);
      continue;
    }
    result = came;
    retryCount = 0;
    if (result.outcome !== 'not-yet') {
      break;
    }
    clock.advance(result.waitSeconds * 1000);
  }
  return { result, effects, recordings: phone.recordings, rows: rowsOf(table) };
}

/** Before and after each of so many effects. */
const killsIn = (effects = 0): Kill[] =>
  Array.from({ length: effects }, (_, index) => index + 1).flatMap((effect) => [
    { when: 'before' as const, effect },
    { when: 'after' as const, effect },
  ]);

/** One recording was started, and the result and the rows know it; or none, and they know of none. */
function expectRight({ result, recordings, rows }: Executed, mayBeNone: boolean): void {
  expect(recordings.length).toBeLessThanOrEqual(1);
  const [recording] = recordings;
  const row = rows.find(({ Item }) => Item === 'CALL');
  for (const left of ['LeaseOwner', 'LeaseExpiresAt', 'Reason']) {
    expect(row).not.toHaveProperty(left);
  }
  if (!recording) {
    expect(mayBeNone).toBe(true);
    expect(result).toMatchObject({ outcome: 'call-ended' });
    expect(rows).toMatchObject([{ Item: 'CALL', RecordingStatus: 'starting' }]);
    return;
  }
  expect(['started', 'adopted']).toContain(result?.outcome);
  expect(result).toHaveProperty('recordingSid', recording.sid);
  expect(row).not.toHaveProperty('CreateUncertain');
  const known = { RecordingSid: recording.sid, RecordingStatus: expect.any(String) };
  expect(rows).toMatchObject([
    { Item: 'CALL', RecordingCount: 1, ...known },
    { Item: `RECORDING#${recording.sid}`, ...known },
  ]);
  expect(mayBeNone || row?.RecordingStatus === 'in-progress').toBe(true);
}

/** By the state machine's first retry the lease goes on; by a late one it has run out. */
const RETRIES_AFTER = [1_000, 60_000];

describe.each<[string, Scenario]>([
  ['that is answered at once', { answeredAfter: 0 }],
  ['that is answered after some refusals', { answeredAfter: 900 }],
  ['that rings for long', { answeredAfter: 5_500 }],
  ['that is recorded by a create whose answer is lost', { answeredAfter: 0, fates: ['unanswered'] }],
  ['that is recorded by a create that fails', { answeredAfter: 0, fates: ['failed'] }],
  ['that is not recorded by a create that fails', { answeredAfter: 0, fates: ['broken', 'throttled'] }],
  [
    'whose recording is slow to show in the list',
    { answeredAfter: 0, fates: ['unanswered'], listedAfter: START_POLICY.settle },
  ],
  ['whose callback comes before the create’s answer', { answeredAfter: 0, callsBackFirst: true }],
  [
    'whose callback comes instead of the create’s answer',
    { answeredAfter: 0, callsBackFirst: true, fates: ['unanswered'] },
  ],
  ['whose API key was rotated', { answeredAfter: 0, keyRotated: true }],
  ['that is not answered', { answeredAfter: Infinity, endsAfter: 5_500, finalStatus: 'no-answer' }],
  ['that ends soon', { answeredAfter: 400, endsAfter: 4_000 }],
])('a call %s', (_, scenario) => {
  const mayBeNone = scenario.endsAfter !== undefined;

  test.each(RETRIES_AFTER)(
    'is recorded once, wherever one invocation or two end (%d ms before the next)',
    async (retryAfter) => {
      const undisturbed = await execute(scenario, [], retryAfter);
      expectRight(undisturbed, mayBeNone);
      for (const first of killsIn(undisturbed.effects[0])) {
        const once = await execute(scenario, [first], retryAfter);
        expectRight(once, mayBeNone);
        for (const second of killsIn(once.effects[1])) {
          expectRight(await execute(scenario, [first, second], retryAfter), mayBeNone);
        }
      }
    },
  );
});
