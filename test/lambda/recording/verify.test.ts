import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type CallState,
  hasEnded,
  merge,
  NOTHING_KNOWN,
  type RecordingState,
  summarize,
} from '../../../lambda/recording/merge.ts';
import type { Likeness } from '../../../lambda/recording/ours.ts';
import { LOOK_AGAIN_AFTER_SECONDS, sortOut, verify } from '../../../lambda/recording/verify.ts';
import { StoreUnavailableError, TwilioUnavailableError } from '../../../lambda/shared/errors.ts';
import type { TwilioAnswer, TwilioRecording } from '../../../lambda/twilio/api.ts';
import { errorAnswer, noAnswer, notSent, ok, recordingResource, throttled } from '../support/answers.ts';
import { manualClock } from '../support/manual-clock.ts';
import { ACCOUNT_SID, CALL_SID, OTHER_RECORDING_SID, RECORDING_SID } from '../support/sids.ts';

const call = { callSid: CALL_SID, accountSid: ACCOUNT_SID };
const LIKENESS: Likeness = { channels: 2, track: 'both' };
const THIRD_RECORDING_SID = `RE${'6'.repeat(32)}`;
const secondsLater = (seconds: number) => new Date(Date.UTC(2026, 10, 24, 12, 0, 1 + seconds)).toUTCString();
const FIRST = recordingResource();
const SECOND = recordingResource({ sid: OTHER_RECORDING_SID, start_time: secondsLater(3) });
const THIRD = recordingResource({ sid: THIRD_RECORDING_SID, start_time: secondsLater(6) });

const confirmed = (recordingSid: string, fields: Partial<RecordingState> = {}): RecordingState => ({
  recordingSid,
  status: 'in-progress',
  confirmed: true,
  ...fields,
});
const adopted = (recordingSid: string): RecordingState => ({ recordingSid, status: 'in-progress' });
const rowsOf = (...recordings: RecordingState[]) => ({ recordings, final: false });

/** The Sids to keep and to stop. */
function sids(listed: TwilioRecording[], rows: RecordingState[], likeness?: Likeness) {
  const { keep, toStop } = sortOut(listed, rowsOf(...rows), likeness);
  return { keep: keep?.recordingSid, surplus: toStop.map(({ recordingSid }) => recordingSid) };
}

describe('of the recordings that run', () => {
  test('nothing is to be done about none', () => {
    expect(sids([], [], LIKENESS)).toEqual({ keep: undefined, surplus: [] });
    expect(sids([], [adopted(RECORDING_SID)], LIKENESS)).toEqual({ keep: undefined, surplus: [] });
  });

  test('one that a callback or our create told of counts before the list shows it', () => {
    const rows = [
      confirmed(RECORDING_SID),
      confirmed(OTHER_RECORDING_SID, { startTime: '2026-11-24T12:00:04.000Z' }),
    ];
    expect(sids([FIRST], rows)).toEqual({ keep: RECORDING_SID, surplus: [OTHER_RECORDING_SID] });
    expect(sids([], [confirmed(RECORDING_SID)])).toEqual({ keep: RECORDING_SID, surplus: [] });
  });

  test('the only one is kept', () => {
    expect(sids([FIRST], [confirmed(RECORDING_SID)])).toEqual({ keep: RECORDING_SID, surplus: [] });
  });

  test.each<[string, TwilioRecording[]]>([
    ['in the order of their beginnings', [FIRST, SECOND, THIRD]],
    ['in another order', [THIRD, FIRST, SECOND]],
  ])('the earliest of those that are ours is kept, listed %s', (_, listed) => {
    const rows = [THIRD_RECORDING_SID, OTHER_RECORDING_SID, RECORDING_SID].map((sid) => confirmed(sid));
    expect(sids(listed, rows)).toEqual({
      keep: RECORDING_SID,
      surplus: [OTHER_RECORDING_SID, THIRD_RECORDING_SID],
    });
  });

  test('one that is known to be ours is kept rather than an earlier one that only looks like ours', () => {
    expect(sids([FIRST, SECOND], [confirmed(OTHER_RECORDING_SID)], LIKENESS)).toEqual({
      keep: OTHER_RECORDING_SID,
      surplus: [RECORDING_SID],
    });
    expect(sids([FIRST, SECOND], [adopted(RECORDING_SID), confirmed(OTHER_RECORDING_SID)], LIKENESS)).toEqual(
      { keep: OTHER_RECORDING_SID, surplus: [RECORDING_SID] },
    );
  });

  test('of those that only look like ours the earliest is kept, whether a row knows it or not', () => {
    expect(sids([SECOND, FIRST], [adopted(OTHER_RECORDING_SID)], LIKENESS)).toEqual({
      keep: RECORDING_SID,
      surplus: [OTHER_RECORDING_SID],
    });
  });

  test.each([true, false])(
    'one that an operator has paused is kept, be that confirmed: %s',
    (isConfirmed) => {
      const command = { number: 1, status: 'paused', confirmed: isConfirmed, at: secondsLater(5) } as const;
      const rows = [confirmed(RECORDING_SID), confirmed(OTHER_RECORDING_SID, { command })];
      expect(sids([FIRST, SECOND], rows)).toEqual({ keep: OTHER_RECORDING_SID, surplus: [RECORDING_SID] });
      const resumed = { ...command, status: 'in-progress' } as const;
      expect(
        sids(
          [FIRST, SECOND],
          [confirmed(RECORDING_SID), confirmed(OTHER_RECORDING_SID, { command: resumed })],
        ),
      ).toEqual({
        keep: RECORDING_SID,
        surplus: [OTHER_RECORDING_SID],
      });
    },
  );

  test('one that an operator has paused is not kept when it was one too many', () => {
    const command = { number: 1, status: 'paused', confirmed: true, at: secondsLater(5) } as const;
    const rows = [confirmed(RECORDING_SID), confirmed(OTHER_RECORDING_SID, { command, surplus: true })];
    expect(sids([FIRST, SECOND], rows)).toEqual({ keep: RECORDING_SID, surplus: [OTHER_RECORDING_SID] });
  });

  test('one that was found to be one too many stays so, though it is the earliest', () => {
    const rows = [confirmed(RECORDING_SID, { surplus: true }), confirmed(OTHER_RECORDING_SID)];
    expect(sids([FIRST, SECOND], rows)).toEqual({ keep: OTHER_RECORDING_SID, surplus: [RECORDING_SID] });
  });

  test('one that was found to be one too many is kept when no other is left', () => {
    const ended = confirmed(OTHER_RECORDING_SID, { status: 'completed' });
    expect(sids([FIRST], [confirmed(RECORDING_SID, { surplus: true }), ended])).toEqual({
      keep: RECORDING_SID,
      surplus: [],
    });
  });

  test('one that began nobody knows when comes after one that has a beginning', () => {
    const timeless = recordingResource({ start_time: null });
    const rows = [confirmed(RECORDING_SID), confirmed(OTHER_RECORDING_SID)];
    expect(sids([timeless, SECOND], rows)).toEqual({ keep: OTHER_RECORDING_SID, surplus: [RECORDING_SID] });
  });

  test.each(['in-progress', 'paused', 'processing', 'something-new'])(
    'one that Twilio shows as %s is one that runs: its list does not say',
    (status) => {
      const rows = [confirmed(RECORDING_SID), confirmed(OTHER_RECORDING_SID)];
      expect(sids([FIRST, { ...SECOND, status }], rows).surplus).toEqual([OTHER_RECORDING_SID]);
    },
  );
});

describe('of the recordings of a call nobody touches', () => {
  const ours = confirmed(RECORDING_SID);

  test.each<[string, Partial<TwilioRecording>]>([
    ['of another way of recording', { source: 'DialVerb' }],
    ['of a conference', { source: 'StartConferenceRecordingAPI' }],
    ['of unknown source', { source: null }],
    ['with other channels', { channels: 1 }],
    ['of another track', { track: 'inbound' }],
  ])('one %s, whatever is in doubt', (_, shown) => {
    expect(sids([FIRST, { ...SECOND, ...shown }], [ours], LIKENESS)).toEqual({
      keep: RECORDING_SID,
      surplus: [],
    });
    // Nor is it kept in the place of ours.
    expect(sids([{ ...SECOND, ...shown }], [], LIKENESS)).toEqual({ keep: undefined, surplus: [] });
  });

  test.each<[string, RecordingState[]]>([
    ['that no row knows', [ours]],
    ['that was adopted', [ours, adopted(OTHER_RECORDING_SID)]],
  ])('one that looks like ours %s, while nothing is in doubt', (_, rows) => {
    expect(sids([FIRST, SECOND], rows)).toEqual({ keep: RECORDING_SID, surplus: [] });
  });

  test.each(['stopped', 'completed', 'absent', 'failed', 'deleted'])(
    'one that is %s, as Twilio or a row says',
    (status) => {
      const rows = [ours, confirmed(OTHER_RECORDING_SID)];
      expect(sids([FIRST, { ...SECOND, status }], rows, LIKENESS).surplus).toEqual([]);
      const ended = [ours, confirmed(OTHER_RECORDING_SID, { status })];
      expect(sids([FIRST, SECOND], ended, LIKENESS).surplus).toEqual([]);
      // Nor does it make ours one too many.
      const late = confirmed(OTHER_RECORDING_SID);
      expect(sids([{ ...FIRST, status }, SECOND], [ours, late], LIKENESS)).toEqual({
        keep: OTHER_RECORDING_SID,
        surplus: [],
      });
    },
  );
});

describe('a recording of ours that has ended', () => {
  const rows = [confirmed(RECORDING_SID), confirmed(OTHER_RECORDING_SID)];
  const ended = (seconds: number, of = FIRST) => ({ ...of, status: 'completed', duration: String(seconds) });
  const toMark = (shown: TwilioRecording[], known = rows, likeness?: Likeness) =>
    sortOut(shown, rowsOf(...known), likeness).toMark.map(({ recordingSid }) => recordingSid);

  test.each<[string, TwilioRecording[], string[]]>([
    ['beside the one that runs', [ended(10), SECOND], [RECORDING_SID]],
    ['before the other began', [ended(0), SECOND], []],
    ['just before the other began', [ended(1), SECOND], []],
    ['to the second in which the other began', [ended(2), SECOND], [RECORDING_SID]],
    ['beside another that has ended', [ended(10), ended(1, SECOND)], [OTHER_RECORDING_SID]],
    ['before another that has ended', [ended(1), ended(10, SECOND)], []],
    ['beside the one that runs, without audio', [{ ...FIRST, status: 'absent' }, SECOND], []],
  ])('%s is one too many, if it ran beside it', (_, shown, marked) => {
    expect(toMark(shown)).toEqual(marked);
  });

  test('is not marked again', () => {
    const marked = [confirmed(RECORDING_SID, { surplus: true }), confirmed(OTHER_RECORDING_SID)];
    expect(toMark([ended(10), SECOND], marked)).toEqual([]);
  });

  test('is nobody’s business when it only looks like ours and nothing is in doubt', () => {
    const second = [confirmed(OTHER_RECORDING_SID)];
    expect(toMark([ended(10), SECOND], second)).toEqual([]);
    expect(toMark([ended(10), SECOND], second, LIKENESS)).toEqual([RECORDING_SID]);
  });

  test('is none too many when an operator stopped it, or the other, since one may follow at once', () => {
    const command = { number: 1, status: 'stopped', confirmed: true, at: secondsLater(2) } as const;
    const stopped = confirmed(RECORDING_SID, { command });
    expect(toMark([ended(2), SECOND], [stopped, confirmed(OTHER_RECORDING_SID)])).toEqual([]);
    expect(toMark([ended(2), ended(1, SECOND)], [stopped, confirmed(OTHER_RECORDING_SID)])).toEqual([]);
    const paused = confirmed(RECORDING_SID, { command: { ...command, status: 'paused' } });
    expect(toMark([ended(2), SECOND], [paused, confirmed(OTHER_RECORDING_SID)])).toEqual([RECORDING_SID]);
  });

  test('is never told to stop', () => {
    expect(sids([ended(10), SECOND], rows)).toEqual({ keep: OTHER_RECORDING_SID, surplus: [] });
  });
});

describe('a recording that is ours by its row', () => {
  test('is so, whatever Twilio shows of its options', () => {
    const odd = { source: null, channels: 1, track: 'inbound' };
    const rows = [confirmed(RECORDING_SID), confirmed(OTHER_RECORDING_SID)];
    expect(sids([FIRST, { ...SECOND, ...odd }], rows).surplus).toEqual([OTHER_RECORDING_SID]);
  });
});

/** A Twilio and rows that do what they are told; what was done is in `done`. */
let state: CallState;
let listed: TwilioRecording[];
let done: string[];
/** How often Twilio was asked for the list. */
let lists: number;
let stops: Map<string, TwilioAnswer<never>>;
let list: TwilioAnswer<never> | undefined;
/** Answers to the first requests to stop one. */
let failures: TwilioAnswer<never>[];
let listFailures: TwilioAnswer<never>[];
let storeIsDown: boolean;
/** What happens after the rows were read for the first time. */
let meanwhile: () => void;

beforeEach(() => {
  state = NOTHING_KNOWN;
  listed = [];
  done = [];
  lists = 0;
  stops = new Map();
  list = undefined;
  failures = [];
  listFailures = [];
  storeIsDown = false;
  meanwhile = () => undefined;
});

function know(source: 'create' | 'callback' | 'adopt', ...sids: string[]): void {
  for (const recordingSid of sids) {
    const recording = { recordingSid, status: 'in-progress' };
    state = merge(state, { type: 'recording', source, recording }).state;
  }
}

const run = ({ doubtful = false, looks = 0, likeness = LIKENESS } = {}) =>
  verify(
    {
      likeness,
      clock: manualClock(),
      twilio: {
        listRecordings: async (callSid) => {
          expect(callSid).toBe(CALL_SID);
          lists++;
          const unlisted = listFailures.shift();
          if (unlisted) {
            return unlisted;
          }
          return list ?? ok(listed.map((recording) => ({ ...recording })));
        },
        updateRecording: async (callSid, recordingSid, update) => {
          expect([callSid, update]).toEqual([CALL_SID, { Status: 'stopped' }]);
          done.push(`stop ${recordingSid}`);
          const failure = failures.shift();
          if (failure) {
            return failure;
          }
          const refusal = stops.get(recordingSid);
          if (refusal) {
            return refusal;
          }
          listed = listed.map((one) => (one.sid === recordingSid ? { ...one, status: 'processing' } : one));
          return ok(recordingResource({ sid: recordingSid, status: 'stopped' }));
        },
      },
      store: {
        known: async () => {
          const { recordings, consent, order } = state;
          meanwhile();
          meanwhile = () => undefined;
          return { recordings: Object.values(recordings), final: false, consent, order };
        },
        apply: async (facts, event) => {
          expect(facts).toEqual(call);
          if (storeIsDown) {
            throw new StoreUnavailableError('the table is down');
          }
          done.push(
            event.type === 'recording' ? `${event.source} ${event.recording.recordingSid}` : event.type,
          );
          const merged = merge(state, event);
          state = merged.state;
          return { effect: merged.effect, summary: summarize(state), unknownCall: false };
        },
      },
    },
    { call, doubtful, looks },
  );

/** Said first: once it has ended, nobody could tell any more that it had to. */
const STOPPED = [
  `verify ${OTHER_RECORDING_SID}`,
  `stop ${OTHER_RECORDING_SID}`,
  `verify ${OTHER_RECORDING_SID}`,
];

describe('a call of which a second recording of ours runs', () => {
  beforeEach(() => {
    listed = [FIRST, SECOND];
    know('create', RECORDING_SID);
    know('callback', OTHER_RECORDING_SID);
  });

  test('has the later one stopped, and its rows say so', async () => {
    const { stopped } = await run();
    expect(stopped).toEqual([OTHER_RECORDING_SID]);
    expect(lists).toBe(1);
    expect(done).toEqual(STOPPED);
    expect(state.recordings[OTHER_RECORDING_SID]).toMatchObject({
      status: 'stopped',
      surplus: true,
      confirmed: true,
      source: 'StartCallRecordingAPI',
      channels: 2,
    });
    expect(state.recordings[RECORDING_SID]).toMatchObject({ status: 'in-progress' });
    expect(summarize(state)).toMatchObject({
      recordingCount: 2,
      surplusCount: 1,
      doubled: false,
      recording: { recordingSid: RECORDING_SID },
    });
  });

  test.each([
    ['does not answer', noAnswer],
    ['fails', errorAnswer(500)],
  ])('is looked at again when Twilio %s, and then right', async (_, failure) => {
    listFailures = [failure, failure, failure];
    expect((await run()).stopped).toEqual([OTHER_RECORDING_SID]);
    expect(listFailures).toEqual([]);
  });

  test('keeps the first one running in the rows, though the list shows that the second has ended', async () => {
    listed = [FIRST, { ...SECOND, status: 'completed' }];
    await run();
    expect(state.recordings[RECORDING_SID]).toMatchObject({ status: 'in-progress' });
    expect(done).not.toContain(`reconcile ${RECORDING_SID}`);
    done = [];
    await run();
    expect(done).toEqual([]);
  });

  test('is right after that, though the list shows the second as processing', async () => {
    await run();
    done = [];
    expect((await run({ doubtful: true })).stopped).toEqual([]);
    expect(done).toEqual([]);
  });

  test.each([400, 404, 409, 410, 422])(
    'is right when Twilio says %d: there was nothing to stop any more',
    async (status) => {
      stops.set(OTHER_RECORDING_SID, errorAnswer(status, 21220));
      expect((await run()).stopped).toEqual([OTHER_RECORDING_SID]);
      expect(state.recordings[OTHER_RECORDING_SID]).toMatchObject({ status: 'stopped', surplus: true });
    },
  );

  test.each<[string, TwilioAnswer<never>]>([
    ['does not answer', noAnswer],
    ['cannot be reached', notSent],
    ['throttles', throttled()],
    ['is busy with the recording', errorAnswer(408, 16114)],
    ['refuses the key', errorAnswer(401, 20003)],
    ['denies the key the right', errorAnswer(403, 20003)],
    ['fails', errorAnswer(500)],
    ['is out of order', errorAnswer(503)],
  ])('is tried again when Twilio %s, and no row says that it was stopped', async (_, answer) => {
    stops.set(OTHER_RECORDING_SID, answer);
    await expect(run()).rejects.toThrow(TwilioUnavailableError);
    expect(state.recordings[OTHER_RECORDING_SID]).toMatchObject({ status: 'in-progress', surplus: true });
    stops.clear();
    expect((await run()).stopped).toEqual([OTHER_RECORDING_SID]);
  });

  test('is still doubled while Twilio does not stop it, so that waiting for its end leads back here', async () => {
    stops.set(OTHER_RECORDING_SID, errorAnswer(503));
    await expect(run()).rejects.toThrow(TwilioUnavailableError);
    expect(summarize(state).doubled).toBe(true);
  });

  test('says which was one too many though its end came before the rows could say that it was stopped', async () => {
    stops.set(OTHER_RECORDING_SID, noAnswer);
    await expect(run()).rejects.toThrow(TwilioUnavailableError);
    const recording = { recordingSid: OTHER_RECORDING_SID, status: 'completed' };
    state = merge(state, { type: 'recording', source: 'callback', recording }).state;
    expect((await run()).stopped).toEqual([]);
    expect(summarize(state)).toMatchObject({ surplusCount: 1, recording: { recordingSid: RECORDING_SID } });
  });

  test.each([1, 3])(
    'is right in one look when Twilio does not answer %d times before it does',
    async (times) => {
      failures = Array(times).fill(noAnswer);
      expect((await run()).stopped).toEqual([OTHER_RECORDING_SID]);
      expect(done.filter((one) => one.startsWith('stop'))).toHaveLength(times + 1);
    },
  );

  test('has its rows put right when one ended and no callback said so', async () => {
    listed = [FIRST, { ...SECOND, status: 'completed', duration: '3' }];
    expect((await run()).result).toEqual({ outcome: 'verified', looks: 1, doubled: false });
    expect(state.recordings[OTHER_RECORDING_SID]).toMatchObject({
      status: 'completed',
      surplus: true,
      duration: 3,
    });
    expect(done).toEqual([`reconcile ${OTHER_RECORDING_SID}`, `verify ${OTHER_RECORDING_SID}`]);
  });

  test('has all others stopped, as far as Twilio does so', async () => {
    listed.push(THIRD);
    know('callback', THIRD_RECORDING_SID);
    stops.set(THIRD_RECORDING_SID, errorAnswer(503));
    await expect(run()).rejects.toThrow(TwilioUnavailableError);
    stops.clear();
    expect((await run()).stopped).toEqual([THIRD_RECORDING_SID]);
    expect(summarize(state)).toMatchObject({ recordingCount: 3, surplusCount: 2, doubled: false });
  });

  test('is tried again when the rows cannot be written, and nothing is stopped before they are', async () => {
    storeIsDown = true;
    await expect(run()).rejects.toThrow(StoreUnavailableError);
    expect(done).toEqual([]);
  });
});

describe('a call whose recording an operator has stopped', () => {
  const stop = (number = 1) => {
    const command = { number, status: 'stopped', confirmed: true, at: secondsLater(2) } as const;
    state = merge(state, {
      type: 'command',
      command: { action: 'stop', by: 'somebody' },
      recording: { recordingSid: RECORDING_SID, status: 'stopped', command },
      order: { number, action: 'stop' },
    }).state;
  };

  beforeEach(() => {
    listed = [{ ...FIRST, status: 'processing' }];
    know('create', RECORDING_SID);
    stop();
  });

  test('is left as it is while none of ours runs', async () => {
    expect(await run({ doubtful: true })).toMatchObject({ stopped: [], result: { doubled: false } });
    expect(done).toEqual([]);
  });

  test.each([
    ['that a callback told of', true, false],
    ['that only the list shows, where a create’s end is not known', false, true],
  ])('has one stopped that begins later, %s', async (_, isTold, doubtful) => {
    listed.push(SECOND);
    if (isTold) know('callback', OTHER_RECORDING_SID);
    expect(summarize(state).doubled).toBe(isTold);
    expect(await run({ doubtful })).toMatchObject({
      stopped: [OTHER_RECORDING_SID],
      result: { doubled: false },
    });
    expect(done).toEqual(STOPPED);
    expect(summarize(state)).toMatchObject({
      recordingStatus: 'stopped',
      recording: { recordingSid: RECORDING_SID },
      surplusCount: 1,
    });
  });

  test('has nobody else’s stopped', async () => {
    listed.push({ ...SECOND, source: 'DialVerb' });
    expect(await run({ doubtful: true })).toMatchObject({ stopped: [] });
  });

  test('is recorded on after an operator’s start', async () => {
    listed.push(SECOND);
    know('create', OTHER_RECORDING_SID);
    state = merge(state, {
      type: 'command',
      command: { action: 'start', by: 'somebody' },
      order: { number: 2, action: 'start' },
    }).state;
    expect(summarize(state).doubled).toBe(false);
    expect(await run()).toMatchObject({ stopped: [], result: { doubled: false } });
  });

  test.each([
    ['a start', { number: 2, action: 'start' } as const, undefined],
    [
      'the stop of it',
      { number: 2, action: 'stop' } as const,
      { number: 2, status: 'stopped', confirmed: false, at: secondsLater(9) } as const,
    ],
  ])('has nothing stopped when %s came between the reading of its rows', async (_, order, command) => {
    listed.push(SECOND);
    know('callback', OTHER_RECORDING_SID);
    meanwhile = () => {
      state = merge(state, {
        type: 'command',
        command: { action: order.action, by: 'somebody' },
        recording: command && { recordingSid: OTHER_RECORDING_SID, status: 'in-progress', command },
        order,
      }).state;
    };
    expect(await run()).toMatchObject({ stopped: [] });
    expect(done).toEqual([]);
  });

  test('is the operator’s business as long as the stop is not confirmed', async () => {
    state = merge(NOTHING_KNOWN, {
      type: 'command',
      command: { action: 'stop', by: 'somebody' },
      recording: {
        recordingSid: RECORDING_SID,
        status: 'in-progress',
        confirmed: true,
        command: { number: 1, status: 'stopped', confirmed: false, at: secondsLater(2) },
      },
      order: { number: 1, action: 'stop' },
    }).state;
    expect(summarize(state).doubled).toBe(false);
    expect(await run()).toMatchObject({ stopped: [] });
  });
});

describe('a call of which a create’s end is not known', () => {
  test('has one that only looks like ours stopped beside the one that is', async () => {
    know('create', RECORDING_SID);
    listed = [FIRST, SECOND];
    expect((await run({ doubtful: true })).stopped).toEqual([OTHER_RECORDING_SID]);
    expect(done).toEqual(STOPPED);
    expect(summarize(state)).toMatchObject({ recordingCount: 2, surplusCount: 1 });
    expect(state.recordings[OTHER_RECORDING_SID]).not.toHaveProperty('confirmed', true);
  });

  test('has its rows know the one that is kept before another is stopped', async () => {
    know('adopt', OTHER_RECORDING_SID);
    listed = [FIRST, SECOND];
    expect((await run({ doubtful: true })).stopped).toEqual([OTHER_RECORDING_SID]);
    expect(done).toEqual([`adopt ${RECORDING_SID}`, ...STOPPED]);
    expect(summarize(state)).toMatchObject({
      recording: { recordingSid: RECORDING_SID, status: 'in-progress', source: 'StartCallRecordingAPI' },
      recordingCount: 2,
      surplusCount: 1,
    });
  });

  test('stops nothing when the rows cannot be told what is kept', async () => {
    know('adopt', OTHER_RECORDING_SID);
    listed = [FIRST, SECOND];
    storeIsDown = true;
    await expect(run({ doubtful: true })).rejects.toThrow(StoreUnavailableError);
    expect(done).toEqual([]);
  });

  test('is left as it is when one runs, without a word to the rows', async () => {
    listed = [FIRST];
    expect((await run({ doubtful: true })).stopped).toEqual([]);
    expect(done).toEqual([]);
  });

  test('has nobody else’s stopped', async () => {
    know('create', RECORDING_SID);
    listed = [FIRST, { ...SECOND, source: 'DialVerb' }, { ...THIRD, channels: 1 }];
    expect((await run({ doubtful: true })).stopped).toEqual([]);
  });

  test('has only what the API or TwiML started stopped where a configuration hides our options', async () => {
    know('create', RECORDING_SID);
    listed = [FIRST, { ...SECOND, channels: 1, track: 'inbound' }, { ...THIRD, source: 'Conference' }];
    expect((await run({ doubtful: true, likeness: {} })).stopped).toEqual([OTHER_RECORDING_SID]);
  });

  test('is looked at again and again, and then no more', async () => {
    const results: Awaited<ReturnType<typeof run>>['result'][] = [];
    let looks = 0;
    do {
      const { result } = await run({ doubtful: true, looks });
      results.push(result);
      ({ looks } = result);
    } while (results.at(-1)?.outcome === 'again' && looks < 10);
    expect(results).toEqual([
      ...LOOK_AGAIN_AFTER_SECONDS.map((waitSeconds, index) => ({
        outcome: 'again',
        looks: index + 1,
        doubled: false,
        waitSeconds,
      })),
      { outcome: 'verified', looks: LOOK_AGAIN_AFTER_SECONDS.length + 1, doubled: false },
    ]);
  });

  test('is looked at as often when something had to be stopped', async () => {
    know('create', RECORDING_SID);
    listed = [FIRST, SECOND];
    expect((await run({ doubtful: true })).result).toEqual({
      outcome: 'again',
      looks: 1,
      doubled: false,
      waitSeconds: LOOK_AGAIN_AFTER_SECONDS[0],
    });
  });

  test('has two of ours beside each other for less than ten seconds, a look’s time not counted', () => {
    expect(Math.max(...LOOK_AGAIN_AFTER_SECONDS)).toBeLessThan(10);
  });
});

test.each([0, 1, 7])('a call without doubt is looked at once, after %d looks before', async (looks) => {
  know('create', RECORDING_SID);
  listed = [FIRST];
  expect(await run({ looks })).toEqual({
    result: { outcome: 'verified', looks: looks + 1, doubled: false },
    stopped: [],
  });
});

test.each(['declined', 'withdrawn'] as const)(
  'a call whose caller has %s is left to whoever deletes its recordings: none is one too many',
  async (answer) => {
    listed = [FIRST, SECOND];
    know('callback', RECORDING_SID, OTHER_RECORDING_SID);
    const consent = { answer, textVersion: '1', at: '2026-11-24T12:00:00.000Z' };
    state = merge(state, { type: 'consent', consent }).state;
    expect(await run({ doubtful: true })).toEqual({
      result: { outcome: 'verified', looks: 1, doubled: false },
      stopped: [],
    });
    expect(done).toEqual([]);
  },
);

test.each<[string, TwilioAnswer<never>]>([
  ['does not answer', noAnswer],
  ['throttles', throttled()],
  ['fails', errorAnswer(500)],
  ['does not know the call', errorAnswer(404, 20404)],
])('when Twilio %s instead of listing, nothing is done and it is tried again', async (_, answer) => {
  list = answer;
  await expect(run({ doubtful: true })).rejects.toThrow(TwilioUnavailableError);
  expect(done).toEqual([]);
});

describe('whatever runs, whatever the rows know', () => {
  const recordingSids = Array.from({ length: 5 }, (_, index) => `RE${String(index).repeat(32)}`);
  const status = fc.constantFrom(
    'in-progress',
    'paused',
    'processing',
    'stopped',
    'completed',
    'absent',
    'new',
  );
  const shown = fc.record({
    status,
    source: fc.constantFrom('StartCallRecordingAPI', 'StartCallRecordingTwiML', 'DialVerb', null),
    channels: fc.constantFrom(1, 2, null),
    track: fc.constantFrom('both', 'inbound', null),
    start_time: fc.constantFrom(null, ...[0, 1, 2].map(secondsLater)),
  });
  const row = fc.record({
    // A row has what callbacks and creates say: it is never processing while the call goes on.
    status: fc.constantFrom('in-progress', 'stopped', 'completed', 'absent', 'new'),
    confirmed: fc.constantFrom<[true, undefined]>(true, undefined),
    surplus: fc.oneof(
      { weight: 4, arbitrary: fc.constant(undefined) },
      { arbitrary: fc.constant<true>(true), weight: 1 },
    ),
  });
  const calls = fc.record({
    doubtful: fc.boolean(),
    likeness: fc.constantFrom<Likeness[]>(LIKENESS, {}),
    recordings: fc.tuple(
      ...recordingSids.map((sid) =>
        fc.record({ sid: fc.constant(sid), shown: fc.option(shown), row: fc.option(row) }),
      ),
    ),
  });

  test('one of ours is left to run if any did, one at most, and nobody else’s is touched', async () => {
    await fc.assert(
      fc.asyncProperty(calls, async ({ doubtful, likeness, recordings }) => {
        const rows = recordings.flatMap(({ sid, row }) => (row ? [{ recordingSid: sid, ...row }] : []));
        state = { recordings: Object.fromEntries(rows.map((one) => [one.recordingSid, one])) };
        listed = recordings.flatMap(({ sid, shown }) =>
          shown ? [recordingResource({ sid, ...shown })] : [],
        );
        const looksLikeOurs = ({ source, channels, track }: TwilioRecording): boolean =>
          (source?.startsWith('StartCallRecording') ?? false) &&
          (likeness.channels === undefined || [null, likeness.channels].includes(channels)) &&
          (likeness.track === undefined || [null, likeness.track].includes(track));
        const rowOf = (sid: string) => rows.find(({ recordingSid }) => recordingSid === sid);
        const unlisted = rows.filter(
          ({ recordingSid, status, confirmed }) =>
            confirmed && !hasEnded(status) && !listed.some(({ sid }) => sid === recordingSid),
        );
        const before = listed
          .filter(({ sid, status }) => !(hasEnded(status) || hasEnded(rowOf(sid)?.status ?? status)))
          .filter((one) => rowOf(one.sid)?.confirmed || (doubtful && looksLikeOurs(one)))
          .map(({ sid }) => sid)
          .concat(unlisted.map(({ recordingSid }) => recordingSid));

        const { stopped } = await run({ doubtful, likeness });
        expect(before).toEqual(expect.arrayContaining([...stopped]));
        expect(before.length - stopped.length).toBe(Math.min(before.length, 1));
        expect(new Set(stopped).size).toBe(stopped.length);
        for (const recordingSid of stopped) {
          expect(state.recordings[recordingSid]).toMatchObject({ status: 'stopped', surplus: true });
        }
        // Nothing is left to do, and doing it twice is harmless.
        expect((await run({ doubtful, likeness })).stopped).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });
});
