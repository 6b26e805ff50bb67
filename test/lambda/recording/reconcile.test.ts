import { beforeEach, describe, expect, test } from '@jest/globals';
import { type CallState, merge, NOTHING_KNOWN, summarize } from '../../../lambda/recording/merge.ts';
import { GONE_AFTER_MILLISECONDS, type Reconciled, reconcile } from '../../../lambda/recording/reconcile.ts';
import { TwilioRefusedError, TwilioUnavailableError } from '../../../lambda/shared/errors.ts';
import type { TwilioAnswer, TwilioRecording } from '../../../lambda/twilio/api.ts';
import { errorAnswer, noAnswer, ok, recordingResource } from '../support/answers.ts';
import { manualClock } from '../support/manual-clock.ts';
import { ACCOUNT_SID, CALL_SID, OTHER_RECORDING_SID, RECORDING_SID } from '../support/sids.ts';

const call = { callSid: CALL_SID, accountSid: ACCOUNT_SID };
const clock = manualClock();
let state: CallState;
let told: number | undefined;

beforeEach(() => {
  state = NOTHING_KNOWN;
  told = undefined;
  know({ recordingSid: RECORDING_SID, status: 'in-progress' });
});

function know(recording: { recordingSid: string; status: string }): void {
  state = merge(state, { type: 'recording', source: 'callback', recording }).state;
}

interface TwilioSays {
  readonly status: string;
  readonly endedMillisecondsAgo?: number;
  readonly endTime?: null;
  readonly recordings?: readonly Partial<TwilioRecording>[];
  readonly call?: TwilioAnswer<never>;
  readonly list?: TwilioAnswer<never>;
}

const run = (says: TwilioSays): Promise<Reconciled> =>
  reconcile(
    {
      clock,
      likeness: {},
      recording: { channels: 'dual', track: 'both', trim: 'do-not-trim' },
      store: {
        known: async () => ({
          recordings: Object.values(state.recordings),
          final: summarize(state).final,
          consent: state.consent,
          endedEarly: told,
        }),
        apply: async (_, event) => {
          const merged = merge(state, event);
          state = merged.state;
          return { effect: merged.effect, summary: summarize(state), unknownCall: false };
        },
      },
      twilio: {
        fetchCall: async () =>
          says.call ??
          ok({
            sid: CALL_SID,
            status: says.status,
            end_time:
              says.endTime === null
                ? null
                : new Date(clock.now() - (says.endedMillisecondsAgo ?? 0)).toUTCString(),
          }),
        listRecordings: async () =>
          says.list ?? ok((says.recordings ?? []).map((one) => recordingResource(one))),
      },
    },
    call,
  );

const SETTLED = { outcome: 'final', unwanted: false, overdue: false };

const statusOf = (recordingSid: string): string | undefined => state.recordings[recordingSid]?.status;

describe('a call of which no callback came', () => {
  test('that goes on stays as it is, though Twilio shows its recording as processing', async () => {
    const reconciled = await run({ status: 'in-progress', recordings: [{ status: 'processing' }] });
    expect(reconciled.outcome).toBe('live');
    expect(statusOf(RECORDING_SID)).toBe('in-progress');
  });

  test('that goes on gets a recording of ours that no row knows, as one that runs', async () => {
    const recordings = [{ status: 'in-progress' }, { sid: OTHER_RECORDING_SID, status: 'processing' }];
    expect(await run({ status: 'in-progress', recordings })).toMatchObject({ outcome: 'live' });
    expect(state.recordings[OTHER_RECORDING_SID]).toMatchObject({ status: 'in-progress', channels: 2 });
  });

  test('gets the end that Twilio names when asked in the place of another', async () => {
    know({ recordingSid: RECORDING_SID, status: 'absent' });
    const recordings = [{ status: 'completed', duration: '42' }];
    expect(await run({ status: 'completed', recordings })).toEqual({
      ...SETTLED,
      changed: [RECORDING_SID],
    });
    expect(statusOf(RECORDING_SID)).toBe('completed');
  });

  test('that has ended gets what Twilio knows of its recording', async () => {
    const recordings = [{ status: 'completed', duration: '42', error_code: 0 }];
    expect(await run({ status: 'completed', recordings })).toEqual({
      ...SETTLED,
      changed: [RECORDING_SID],
    });
    expect(state.recordings[RECORDING_SID]).toMatchObject({
      status: 'completed',
      duration: 42,
      errorCode: 0,
    });
  });

  test('whose recording is still processed is not final', async () => {
    const { outcome } = await run({ status: 'completed', recordings: [{ status: 'processing' }] });
    expect(outcome).toBe('processing');
    expect(statusOf(RECORDING_SID)).toBe('processing');
  });

  test('gets recordings of ours that no row knows', async () => {
    const recordings = [
      { status: 'completed' },
      { sid: OTHER_RECORDING_SID, status: 'absent', error_code: 16101 },
    ];
    expect((await run({ status: 'completed', recordings })).outcome).toBe('final');
    expect(statusOf(OTHER_RECORDING_SID)).toBe('absent');
  });

  test('gets no recordings that somebody else made', async () => {
    const recordings = [
      { status: 'completed' },
      { sid: OTHER_RECORDING_SID, source: 'DialVerb', status: 'in-progress' },
    ];
    expect((await run({ status: 'completed', recordings })).outcome).toBe('final');
    expect(statusOf(OTHER_RECORDING_SID)).toBeUndefined();
  });

  test('changes nothing when the rows know all already', async () => {
    know({ recordingSid: RECORDING_SID, status: 'completed' });
    const same = {
      ...recordingResource({ status: 'completed' }),
      source: null,
      start_time: null,
      channels: null,
      track: null,
    };
    expect(await run({ status: 'completed', recordings: [same] })).toEqual({ ...SETTLED, changed: [] });
  });
});

describe('a recording that Twilio does not list', () => {
  test('is waited for while lists may lag behind', async () => {
    expect((await run({ status: 'completed' })).outcome).toBe('processing');
    expect(statusOf(RECORDING_SID)).toBe('in-progress');
  });

  test('is gone long after the call has ended', async () => {
    const endedMillisecondsAgo = GONE_AFTER_MILLISECONDS + 2_000;
    expect((await run({ status: 'completed', endedMillisecondsAgo })).outcome).toBe('final');
    expect(statusOf(RECORDING_SID)).toBe('deleted');
  });

  test('is gone, and none that is listed', async () => {
    know({ recordingSid: OTHER_RECORDING_SID, status: 'in-progress' });
    const endedMillisecondsAgo = GONE_AFTER_MILLISECONDS + 2_000;
    const recordings = [{ status: 'completed' }];
    expect(await run({ status: 'completed', endedMillisecondsAgo, recordings })).toEqual({
      ...SETTLED,
      changed: [RECORDING_SID, OTHER_RECORDING_SID],
    });
    expect(statusOf(RECORDING_SID)).toBe('completed');
    expect(statusOf(OTHER_RECORDING_SID)).toBe('deleted');
  });

  test.each<[string, Partial<TwilioSays>]>([
    ['it has not ended for ten minutes', { endedMillisecondsAgo: 10 * 60_000 }],
    ['Twilio does not say since when', { endTime: null }],
  ])('is not gone while of the call, %s', async (_, says) => {
    expect((await run({ status: 'completed', ...says })).outcome).toBe('processing');
    expect(statusOf(RECORDING_SID)).toBe('in-progress');
  });

  test('is not gone while the call goes on', async () => {
    const endedMillisecondsAgo = GONE_AFTER_MILLISECONDS + 2_000;
    expect((await run({ status: 'in-progress', endedMillisecondsAgo })).outcome).toBe('live');
  });
});

test.each<[string, Partial<TwilioSays>, string]>([
  ['the call', { call: noAnswer }, 'TimeoutError'],
  ['the call', { call: errorAnswer(503) }, '503'],
  ['its recordings', { list: noAnswer }, 'TimeoutError'],
])('that Twilio does not say how %s is changes nothing and is tried again', async (_, says, cause) => {
  const before = state;
  const error: unknown = await run({ status: 'completed', ...says }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TwilioUnavailableError);
  expect(error).toHaveProperty('message', expect.stringContaining(cause));
  expect(state).toBe(before);
});

test.each<[string, Partial<TwilioSays>]>([
  ['the call', { call: errorAnswer(403) }],
  ['its recordings', { list: errorAnswer(401, 20003) }],
])('that Twilio refuses to say how %s is changes nothing, and is not tried again', async (_, says) => {
  const before = state;
  await expect(run({ status: 'completed', ...says })).rejects.toThrow(TwilioRefusedError);
  expect(state).toBe(before);
});

test.each([
  ['processing', 'completed', 16, true],
  ['processing', 'completed', 15, false],
  ['completed', 'completed', 16, false],
  ['processing', 'in-progress', 16, false],
] as const)(
  'a row whose recording is %s, of a call that is %s and ended %d minutes ago, is overdue: %j',
  async (recordingStatus, status, minutes, overdue) => {
    const endedMillisecondsAgo = minutes * 60_000;
    const recordings = [{ status: recordingStatus }];
    expect(await run({ status, endedMillisecondsAgo, recordings })).toMatchObject({ overdue });
  },
);

test('whether the caller said no is told', async () => {
  const consent = { answer: 'withdrawn', textVersion: 'v1', at: '2026-11-24T12:00:00.000Z' } as const;
  state = merge(state, { type: 'consent', consent }).state;
  expect(await run({ status: 'in-progress', recordings: [{}] })).toMatchObject({ unwanted: true });
});

describe('a call whose recording ended before it', () => {
  const start_time = new Date(clock.now() - 100_000).toUTCString();
  const says = (duration: string): TwilioSays => ({
    status: 'completed',
    recordings: [{ status: 'completed', start_time, duration }],
  });

  test.each([
    ['82', 1],
    ['84', undefined],
  ])('by more than 15 s is to be told: %s of 100 s, %s', async (duration, endedEarly) => {
    expect(await run(says(duration))).toMatchObject({ outcome: 'final', endedEarly });
  });

  test('is told of once', async () => {
    told = 1;
    expect(await run(says('10'))).toMatchObject({ endedEarly: undefined });
  });

  test('by its caller’s or an operator’s will is as it should be', async () => {
    state = { ...state, order: { number: 1, action: 'stop' } };
    expect(await run(says('10'))).toMatchObject({ endedEarly: undefined });
    state = {
      ...state,
      order: undefined,
      consent: { answer: 'withdrawn', textVersion: '1', at: '2026-11-24T12:00:00.000Z' },
    };
    expect(await run(says('10'))).toMatchObject({ endedEarly: undefined });
  });

  test('and that is on is left to the sweep, since nobody has known it for a minute', async () => {
    expect(await run({ ...says('10'), status: 'in-progress' })).toMatchObject({ endedEarly: undefined });
  });
});
