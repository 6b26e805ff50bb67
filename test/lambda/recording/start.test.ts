import { beforeEach, describe, expect, test } from '@jest/globals';
import { REMEDIES } from '../../../lambda/recording/classify.ts';
import type { Consent, ConsentAnswer } from '../../../lambda/recording/consent.ts';
import {
  LEASE_MILLISECONDS,
  START_POLICY,
  type StartDependencies,
  type Started,
  type StartRequest,
  startRecording,
} from '../../../lambda/recording/start.ts';
import type { CallFacts } from '../../../lambda/recording/store.ts';
import { StoreUnavailableError, TwilioUnavailableError } from '../../../lambda/shared/errors.ts';
import type { TwilioRecording } from '../../../lambda/twilio/api.ts';
import {
  errorAnswer,
  noAnswer,
  notEligible,
  notSent,
  ok,
  recordingResource,
  throttled,
} from '../support/answers.ts';
import { type ManualClock, manualClock } from '../support/manual-clock.ts';
import { type MemoryStore, memoryStore } from '../support/memory-store.ts';
import { type Script, type ScriptedTwilio, scriptedTwilio } from '../support/scripted-twilio.ts';
import { ACCOUNT_SID, CALL_SID, OTHER_RECORDING_SID, RECORDING_SID } from '../support/sids.ts';

const call = { callSid: CALL_SID, accountSid: ACCOUNT_SID };
const createParameters = { RecordingChannels: 'dual' };
const likeness = { channels: 2, track: 'both' };
const RING_TIMEOUT_SECONDS = 600;

let clock: ManualClock;
let store: MemoryStore;
let firstAttemptAt: number;

beforeEach(() => {
  clock = manualClock();
  store = memoryStore(clock);
  firstAttemptAt = clock.now();
});

/** The first attempt was due that long ago, and an earlier invocation has sent a create and given the row back. */
async function begunBefore(milliseconds: number): Promise<void> {
  firstAttemptAt = clock.now() - milliseconds;
  await store.claim(call, 'request-0', clock.now());
  await store.release(CALL_SID, 'request-0', { creates: 1, uncertain: false, doubtful: false });
}

const dependenciesOf = (twilio: ScriptedTwilio): StartDependencies => ({
  twilio,
  store,
  clock,
  random: () => 0.5,
  createParameters,
  likeness,
  ringTimeoutSeconds: RING_TIMEOUT_SECONDS,
  asks: false,
});

/** One invocation; what was asked of Twilio is in `twilio`, whose lists show no recordings unless the script says so. */
async function invoke(
  script: Script,
  owner = 'request-1',
  facts: CallFacts = call,
  doubtful = false,
  byTwiml = false,
): Promise<Started & { twilio: ScriptedTwilio }> {
  const twilio = scriptedTwilio({ lists: [listed()], ...script }, clock);
  const started = await startRecording(dependenciesOf(twilio), {
    call: facts,
    firstAttemptAt,
    owner,
    doubtful,
    byTwiml,
  });
  return { ...started, twilio };
}

/** The same, while a callback tells of a recording that runs just before a create, or a question about the call, ends. */
async function invokeAndBeTold(
  script: Script,
  request: Pick<StartRequest, 'tryFor' | 'ended' | 'byTwiml'> = {},
): Promise<Started & { twilio: ScriptedTwilio }> {
  const twilio = scriptedTwilio({ lists: [listed()], ...script }, clock);
  const told = async <T>(answer: Promise<T>): Promise<T> => {
    await answer;
    await store.apply(call, TOLD);
    return answer;
  };
  const dependencies = {
    ...dependenciesOf(twilio),
    twilio: {
      ...twilio,
      createRecording: (...asked: Parameters<ScriptedTwilio['createRecording']>) =>
        told(twilio.createRecording(...asked)),
      fetchCall: (...asked: Parameters<ScriptedTwilio['fetchCall']>) => told(twilio.fetchCall(...asked)),
    },
  };
  const started = await startRecording(dependencies, {
    call,
    firstAttemptAt,
    owner: 'request-1',
    doubtful: false,
    ...request,
  });
  return { ...started, twilio };
}

const created = ok(recordingResource());
const listed = (...recordings: Parameters<typeof recordingResource>[0][]) =>
  ok(recordings.map((overrides) => recordingResource(overrides)));
const STARTED = { outcome: 'started', recordingSid: RECORDING_SID, doubtful: false };
/** After a create of unknown end. */
const STARTED_AGAIN = { ...STARTED, doubtful: true };
/** What a callback tells of a recording that runs. */
const TOLD = {
  type: 'recording',
  source: 'callback',
  recording: { recordingSid: RECORDING_SID, status: 'in-progress' },
} as const;
const ADOPTED = { outcome: 'adopted', recordingSid: RECORDING_SID, doubtful: true };
/** What a list shows of a recording that the TwiML started. */
const OF_OUR_TWIML = { source: 'StartCallRecordingTwiML' };
const NOT_YET = { outcome: 'not-yet', waitSeconds: 1, doubtful: false };
const NOT_YET_IN_DOUBT = { ...NOT_YET, doubtful: true };

describe('a call that Twilio records at once', () => {
  test('is started with one create of the given parameters, and stored', async () => {
    const { result, creates, twilio } = await invoke({ creates: [created] });
    expect(result).toEqual(STARTED);
    expect(creates).toBe(1);
    expect(twilio.requests).toEqual(['create']);
    expect(twilio.parameters).toEqual([createParameters]);
    expect(store.state().recordings[RECORDING_SID]).toEqual({
      recordingSid: RECORDING_SID,
      status: 'in-progress',
      source: 'StartCallRecordingAPI',
      startTime: '2026-11-24T12:00:01.000Z',
      channels: 2,
      track: 'both',
      confirmed: true,
    });
  });

  test.each([
    [0, START_POLICY.firstCreateAfter],
    [100, START_POLICY.firstCreateAfter - 100],
    [START_POLICY.firstCreateAfter, 0],
    [START_POLICY.firstCreateAfter + 100, 0],
    // Step Functions’ clock may be ahead of ours.
    [-60_000, START_POLICY.firstCreateAfter],
  ])('%d ms after it was due waits for %d ms more', async (elapsed, wait) => {
    firstAttemptAt = clock.now() - elapsed;
    expect((await invoke({ creates: [created] })).twilio.times).toEqual([wait]);
  });

  test.each([
    ['outbound-api', 0],
    ['inbound', START_POLICY.firstCreateAfter],
    [undefined, START_POLICY.firstCreateAfter],
  ])('is, being %s, tried first after %d ms: an outgoing one has been answered', async (direction, wait) => {
    const { twilio } = await invoke({ creates: [created] }, 'request-1', { ...call, direction });
    expect(twilio.times).toEqual([wait]);
  });

  test('is stored though Twilio left out what it may leave out', async () => {
    const bare = recordingResource({ source: null, start_time: null, channels: null, track: null });
    await invoke({ creates: [ok(bare)] });
    expect(store.state().recordings[RECORDING_SID]).toEqual({
      recordingSid: RECORDING_SID,
      status: 'in-progress',
      confirmed: true,
    });
  });
});

describe('a call that is not in progress yet', () => {
  test('is tried at once when an invocation before has sent a create', async () => {
    await begunBefore(0);
    expect((await invoke({ creates: [created] })).twilio.times).toEqual([0]);
  });

  test('is tried again when Twilio said that its status may be asked for', async () => {
    const { twilio } = await invoke({ creates: [notEligible, created], calls: [throttled(1_700)] });
    // A status and a list are asked for together.
    expect(twilio.times).toEqual([300, 400, 500, 600 + 1_700]);
  });

  test.each(['queued', 'initiated', 'ringing', 'in-progress'])('but %s is tried again', async (status) => {
    const { result, creates, twilio } = await invoke({ creates: [notEligible, created], calls: [status] });
    expect(result).toEqual(STARTED);
    expect(creates).toBe(2);
    expect(twilio.requests).toEqual(['create', 'call', 'list', 'create']);
  });

  test('is asked about and looked at together while it may be answered at any moment', async () => {
    const { twilio } = await invoke({ creates: [notEligible], calls: ['ringing'] });
    expect(twilio.requests.join(' ')).toMatch(/^(create call list ){2,}create (call ){2,}create$/);
  });

  test('is looked at before the next create when it is answered after ringing for long', async () => {
    await begunBefore(10_000);
    const { result, twilio } = await invoke({
      creates: [notEligible, created],
      calls: ['ringing', 'ringing', 'in-progress'],
    });
    expect(result).toEqual(STARTED);
    expect(twilio.requests).toEqual(['list', 'create', 'call', 'call', 'call', 'list', 'create']);
  });

  test('is not recorded twice when that look shows a recording that runs', async () => {
    await begunBefore(10_000);
    const { result, twilio } = await invoke({
      creates: [notEligible],
      calls: ['in-progress'],
      lists: [listed(), listed(OF_OUR_TWIML)],
    });
    expect(result).toEqual(ADOPTED);
    expect(twilio.requests).toEqual(['list', 'create', 'call', 'list']);
  });

  test('is handed back after a while, with its creates counted and nothing uncertain', async () => {
    const { result, creates } = await invoke({ creates: [notEligible], calls: ['ringing'] });
    expect(result).toEqual(NOT_YET);
    expect(creates).toBeGreaterThan(2);
    expect(store.progress()).toEqual({ creates, uncertain: false, doubtful: false });
    expect(clock.now() - firstAttemptAt).toBeLessThan(LEASE_MILLISECONDS);
  });

  test('costs few creates once it has been ringing for long', async () => {
    await begunBefore(10_000);
    const { result, twilio } = await invoke({ creates: [notEligible], calls: ['ringing'] });
    expect(result).toEqual(NOT_YET);
    const creates = twilio.requests.filter((request) => request === 'create').length;
    const looks = twilio.requests.filter((request) => request === 'call').length;
    expect(creates).toBeLessThanOrEqual(2);
    expect(looks).toBeGreaterThan(creates);
  });

  test('is recorded by the next invocation when it is answered in between', async () => {
    const first = await invoke({ creates: [notEligible], calls: ['ringing'] });
    const second = await invoke({ creates: [created] }, 'request-2');
    expect(second.result).toEqual(STARTED);
    expect(second.creates).toBe(first.creates + 1);
  });

  test.each([
    [59_000, 1],
    [61_000, 3],
    [181_000, 5],
  ])('%d ms after the start is looked at again in %d s', async (elapsed, waitSeconds) => {
    await begunBefore(elapsed - START_POLICY.tryFor);
    expect((await invoke({ creates: [notEligible], calls: ['ringing'] })).result).toMatchObject({
      waitSeconds,
    });
  });

  test('is given up on at the ring timeout', async () => {
    await begunBefore(RING_TIMEOUT_SECONDS * 1000);
    expect((await invoke({ creates: [notEligible], calls: ['ringing'] })).result).toEqual({
      outcome: 'refused',
      reason: 'not-answered-in-time',
    });
  });

  test('is not given up on before the ring timeout', async () => {
    await begunBefore((RING_TIMEOUT_SECONDS - 10) * 1000);
    expect((await invoke({ creates: [notEligible], calls: ['ringing'] })).result).toMatchObject({
      outcome: 'not-yet',
    });
  });

  test('is recorded even after the ring timeout, when Twilio takes the create', async () => {
    await begunBefore(2 * RING_TIMEOUT_SECONDS * 1000);
    expect((await invoke({ creates: [created] })).result).toEqual(STARTED);
  });
});

describe('a call that the sweep found', () => {
  const found: CallFacts = { ...call, origin: 'sweep' };

  test('is looked at before it is recorded: the TwiML may have started the recording', async () => {
    const { result, twilio } = await invoke({ creates: [created] }, 'request-1', found);
    expect(result).toEqual(STARTED);
    expect(twilio.requests).toEqual(['list', 'create']);
  });

  test.each(['in-progress', 'completed'])('has the recording that is listed, being %s', async (status) => {
    const { result, twilio } = await invoke({ lists: [listed({ status })] }, 'request-1', found);
    expect(result).toEqual(ADOPTED);
    expect(twilio.requests).toEqual(['list']);
  });

  test('has none for one without audio', async () => {
    const script = { creates: [created], lists: [listed({ sid: OTHER_RECORDING_SID, status: 'absent' })] };
    expect((await invoke(script, 'request-1', found)).result).toEqual(STARTED);
  });

  test.each([
    ['completed', 'found-too-late', true],
    ['busy', 'never-answered', false],
  ])('and that has ended as %s: %s', async (status, reason, answered) => {
    const { result } = await invoke({ creates: [notEligible], calls: [status] }, 'request-1', found);
    expect(result).toEqual({ outcome: 'call-ended', reason, answered });
  });
});

describe('a call that ended', () => {
  test('after the ring timeout ended, and was not given up on', async () => {
    await begunBefore(2 * RING_TIMEOUT_SECONDS * 1000);
    const { result } = await invoke({ creates: [notEligible], calls: ['no-answer'] });
    expect(result).toMatchObject({ outcome: 'call-ended', reason: 'never-answered' });
  });

  test.each([
    ['completed', 'ended-before-recording', true],
    ['busy', 'never-answered', false],
    ['failed', 'never-answered', false],
    ['no-answer', 'never-answered', false],
    ['canceled', 'never-answered', false],
  ])('as %s: %s', async (status, reason, answered) => {
    const { result, twilio } = await invoke({ creates: [notEligible], calls: [status] });
    expect(result).toEqual({ outcome: 'call-ended', reason, answered });
    const looksAgain = answered ? ['list'] : [];
    expect(twilio.requests).toEqual(['create', 'call', 'list', ...looksAgain]);
  });

  const tooLate: Script = { creates: [notEligible], calls: ['completed'] };

  test.each(['completed', 'processing', 'absent'])(
    'and was recorded by our TwiML, as a last look shows, is adopted: %s',
    async (status) => {
      const lists = [listed(), listed({ ...OF_OUR_TWIML, status })];
      const { result } = await invoke({ ...tooLate, lists });
      expect(result).toEqual(ADOPTED);
      expect(store.state().recordings[RECORDING_SID]).toBeDefined();
    },
  );

  test('has the one with audio adopted', async () => {
    const absent = { ...OF_OUR_TWIML, sid: OTHER_RECORDING_SID, status: 'absent' };
    const lists = [listed(), listed(absent, { ...OF_OUR_TWIML, status: 'completed' })];
    expect((await invoke({ ...tooLate, lists })).result).toEqual(ADOPTED);
  });

  test('and was recorded by somebody else is unrecorded', async () => {
    const lists = [listed(), listed({ status: 'completed' })];
    const { result } = await invoke({ ...tooLate, lists });
    expect(result).toMatchObject({ outcome: 'call-ended', reason: 'ended-before-recording' });
  });

  test('is unrecorded when Twilio does not know it any more', async () => {
    const { result } = await invoke({ ...tooLate, lists: [listed(), errorAnswer(404, 20404)] });
    expect(result).toMatchObject({ outcome: 'call-ended', reason: 'ended-before-recording' });
  });

  test('is asked for again while Twilio does not say which recordings there are', async () => {
    const lists = [listed(), noAnswer, listed({ ...OF_OUR_TWIML, status: 'completed' })];
    expect((await invoke({ ...tooLate, lists })).result).toEqual(ADOPTED);
  });
});

describe('a call that is in progress and that Twilio does not let be recorded', () => {
  const script: Script = { creates: [notEligible], calls: ['in-progress'], lists: [listed()] };

  test('is tried until a minute has passed, over several invocations, and then refused', async () => {
    let { result } = await invoke(script);
    expect(result).toEqual(NOT_YET);
    while (result.outcome === 'not-yet') {
      clock.advance(result.waitSeconds * 1000);
      ({ result } = await invoke(script));
    }
    expect(result).toEqual({
      outcome: 'refused',
      reason: 'not-recordable',
      answered: true,
      remedy: REMEDIES['not-recordable'],
    });
    expect(clock.now() - firstAttemptAt).toBeGreaterThan(START_POLICY.notRecordableAfter);
    // The last pause is a quarter of the time before it.
    expect(clock.now() - firstAttemptAt).toBeLessThan(
      1.25 * START_POLICY.notRecordableAfter + START_POLICY.tryFor,
    );
  });

  test('is asked ever less, with a look before each create', async () => {
    const requests: string[] = [];
    const creates: number[] = [];
    const begin = clock.now();
    let outcome = 'not-yet';
    while (outcome === 'not-yet') {
      const offset = clock.now() - begin;
      const { result, twilio } = await invoke(script);
      requests.push(...twilio.requests);
      creates.push(
        ...twilio.times
          .map((time) => time + offset)
          .filter((_, index) => twilio.requests[index] === 'create'),
      );
      ({ outcome } = result);
      clock.advance(result.outcome === 'not-yet' ? result.waitSeconds * 1000 : 0);
    }
    const pauses = creates.slice(1).map((time, index) => time - (creates[index] ?? 0));
    const thirds = [0, 1, 2].map(
      (third) => creates.filter((time) => Math.min(Math.floor(time / 20_000), 2) === third).length,
    );
    expect(thirds[0]).toBeGreaterThan(thirds[1] ?? 0);
    expect(thirds[1]).toBeGreaterThanOrEqual(thirds[2] ?? 0);
    expect(creates.length).toBeLessThan(30);
    expect(pauses.at(-1)).toBeGreaterThan(5_000);
    // After the first, each create comes straight after a look.
    const before = requests.flatMap((request, index) => (request === 'create' ? [requests[index - 1]] : []));
    expect(new Set(before.slice(1))).toEqual(new Set(['list']));
  });

  test('is looked at for a recording that nobody knows of', async () => {
    const { result } = await invoke({ ...script, lists: [listed(OF_OUR_TWIML)] });
    expect(result).toEqual(ADOPTED);
  });
});

describe('a recording that a callback told before the claim was given back', () => {
  test('is adopted, and may run beside another', async () => {
    const { result } = await invokeAndBeTold({ creates: [notEligible], calls: ['ringing'] }, { tryFor: 450 });
    expect(result).toEqual(ADOPTED);
  });

  test('is adopted without a doubt when our TwiML was to start it', async () => {
    const { result } = await invokeAndBeTold({ calls: ['ringing'] }, { tryFor: 450, byTwiml: true });
    expect(result).toEqual({ ...ADOPTED, doubtful: false });
  });

  test('does not hide that Twilio refused one', async () => {
    const { result } = await invokeAndBeTold({ creates: [errorAnswer(401, 20003)] });
    expect(result).toMatchObject({ outcome: 'refused' });
  });
});

describe('a create that Twilio throttled', () => {
  test('is sent again without a look, since it was never processed', async () => {
    const { result, twilio } = await invoke({ creates: [throttled(), throttled(), created] });
    expect(result).toEqual(STARTED);
    expect(twilio.requests).toEqual(['create', 'create', 'create']);
  });

  test('is treated alike when there was no connection to send it', async () => {
    const { result, creates, twilio } = await invoke({ creates: [notSent, notSent, created] });
    expect(result).toEqual(STARTED);
    expect(creates).toBe(3);
    expect(twilio.requests).toEqual(['create', 'create', 'create']);
    const pauses = twilio.times.slice(1).map((time, index) => time - (twilio.times[index] ?? 0) - 100);
    expect(pauses).toEqual([125, 250]);
  });

  test('leaves nothing uncertain when there was no connection to send it', async () => {
    const { result } = await invoke({ creates: [notSent] });
    expect(result).toMatchObject({ outcome: 'not-yet' });
    expect(store.progress()).toMatchObject({ uncertain: false, doubtful: false });
  });

  test('is sent again after a pause that grows, but not without end', async () => {
    const { twilio } = await invoke({ creates: [throttled()] });
    const pauses = twilio.times.slice(1).map((time, index) => time - (twilio.times[index] ?? 0) - 100);
    expect(pauses.slice(0, 4)).toEqual([125, 250, 500, 1_000]);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(START_POLICY.longestBackOff);
  });

  test('is sent again when Twilio said it may be', async () => {
    const { result, twilio } = await invoke({ creates: [throttled(1_700), created] });
    expect(result).toEqual(STARTED);
    expect(twilio.times).toEqual([300, 300 + 100 + 1_700]);
  });

  test.each([
    [20_000, 20],
    [20_001, 21],
    [3_600_000, 60],
  ])('for %d ms is handed back to wait for %d s', async (retryAfter, waitSeconds) => {
    const { result, twilio } = await invoke({ creates: [throttled(retryAfter)] });
    expect(result).toEqual({ outcome: 'not-yet', waitSeconds, doubtful: false });
    expect(twilio.requests).toEqual(['create']);
    expect(store.progress()).toEqual({ creates: 1, uncertain: false, doubtful: false });
  });

  test('is not sent for ever', async () => {
    await begunBefore(RING_TIMEOUT_SECONDS * 1000);
    expect((await invoke({ creates: [throttled()] })).result).toMatchObject({
      reason: 'not-answered-in-time',
    });
  });
});

describe.each([
  ['got no answer', noAnswer],
  ['got a 500', errorAnswer(500, 20500)],
  ['got a 503', errorAnswer(503)],
  ['got a 408', errorAnswer(408, 16114)],
])('a create that %s', (_, unclear) => {
  test('is given time to show in the list, and its recording adopted', async () => {
    const { result, creates, twilio } = await invoke({ creates: [unclear], lists: [listed({})] });
    expect(result).toEqual(ADOPTED);
    expect(creates).toBe(1);
    expect(twilio.requests).toEqual(['create', 'list']);
    expect(twilio.times[1]).toBe(START_POLICY.firstCreateAfter + 100 + START_POLICY.settle);
    expect(store.state().recordings).toHaveProperty(RECORDING_SID);
  });

  test('is sent again when the list shows none', async () => {
    const { result, creates, twilio } = await invoke({ creates: [unclear, created], lists: [listed()] });
    expect(result).toEqual(STARTED_AGAIN);
    expect(creates).toBe(2);
    expect(twilio.requests).toEqual(['create', 'list', 'create']);
  });

  test.each([
    ['no answer', noAnswer],
    ['a 500', errorAnswer(500)],
    ['a 429', throttled()],
    ['a 404', errorAnswer(404, 20404)],
  ])('is not sent again while the list gets %s, in this invocation or the next', async (_name, unlisted) => {
    const script = { creates: [unclear], lists: [unlisted] };
    const { result, twilio } = await invoke(script);
    expect(result).toEqual(NOT_YET_IN_DOUBT);
    expect(twilio.requests.filter((request) => request === 'create')).toHaveLength(1);
    expect(store.progress()).toEqual({
      creates: 1,
      uncertain: true,
      givenUpAt: firstAttemptAt + START_POLICY.firstCreateAfter + 100,
      doubtful: true,
    });
    expect((await invoke(script, 'request-2')).twilio.requests).not.toContain('create');
  });

  test.each([
    ['the rest of its time', 1_000, START_POLICY.settle - 1_000],
    ['no more time when it has had it', 2_000, 0],
    ['all its time when nobody knows since when', undefined, START_POLICY.settle],
  ])('in an invocation before is given %s', async (_name, age, expected) => {
    await store.claim(call, 'request-0', clock.now());
    await store.release(CALL_SID, 'request-0', {
      creates: 1,
      uncertain: true,
      givenUpAt: age && clock.now() - age,
      doubtful: true,
    });
    const { twilio } = await invoke({ creates: [created] });
    expect(twilio.requests).toEqual(['list', 'create']);
    expect(twilio.times[0]).toBe(expected);
  });

  test.each([
    ['has not caught up', listed()],
    ['shows it as well', listed({})],
    ['cannot be had', noAnswer],
  ])('is not sent again when a callback told its recording, and the list %s', async (_name, list) => {
    const { result, creates, twilio } = await invokeAndBeTold({ creates: [unclear], lists: [list] });
    expect(result).toEqual(ADOPTED);
    expect(creates).toBe(1);
    expect(twilio.requests).toEqual(['create', 'list']);
  });

  test('is not looked for by another invocation when a callback told its recording', async () => {
    const { result, creates, twilio } = await invokeAndBeTold({ creates: [unclear] }, { tryFor: 1_000 });
    expect(result).toEqual(ADOPTED);
    expect(creates).toBe(1);
    expect(twilio.requests).toEqual(['create']);
  });

  test('is looked for by another invocation when a callback told the recording that it is to follow', async () => {
    const { result } = await invokeAndBeTold(
      { creates: [unclear] },
      { tryFor: 1_000, ended: [RECORDING_SID] },
    );
    expect(result).toEqual({ ...NOT_YET_IN_DOUBT, waitSeconds: 2 });
  });

  test('leaves nothing uncertain once a list has shown that it made none, but a doubt: the list may lag', async () => {
    const { result } = await invoke({
      creates: [unclear, notEligible],
      calls: ['ringing'],
      lists: [listed()],
    });
    expect(result).toEqual(NOT_YET_IN_DOUBT);
    expect(store.progress()).toMatchObject({ uncertain: false, doubtful: true });
  });

  test('is looked for by the next invocation before anything else', async () => {
    await invoke({ creates: [unclear], lists: [noAnswer] });
    const { result, twilio } = await invoke({ lists: [listed({})] }, 'request-2');
    expect(result).toEqual(ADOPTED);
    expect(twilio.requests).toEqual(['list']);
    // It has had the time to show, and was only not seen.
    expect(twilio.times).toEqual([0]);
  });

  test('is given time to show when the invocation ended before it had any', async () => {
    await store.claim(call, 'request-0', clock.now() + LEASE_MILLISECONDS);
    await store.release(CALL_SID, 'request-0', { creates: 1, uncertain: true, doubtful: true });
    const { result, twilio } = await invoke({ lists: [listed({})] });
    expect(result).toEqual(ADOPTED);
    expect(twilio.times).toEqual([START_POLICY.settle]);
  });
});

describe('of the recordings that a list shows', () => {
  const look = (...recordings: Parameters<typeof listed>) =>
    invoke({ creates: [noAnswer, ok(recordingResource({ sid: 'RE-new' }))], lists: [listed(...recordings)] });

  test.each(['StartCallRecordingAPI', 'StartCallRecordingTwiML'])(
    'one from %s is adopted',
    async (source) => {
      expect((await look({ source })).result).toEqual(ADOPTED);
    },
  );

  test.each(['in-progress', 'paused', 'stopped', 'processing', 'completed'])(
    'one that is %s is adopted',
    async (status) => {
      expect((await look({ status })).result).toEqual(ADOPTED);
      // Twilio may show one as processing while it runs.
      const kept = ['paused', 'processing'].includes(status) ? 'in-progress' : status;
      expect(store.state().recordings[RECORDING_SID]?.status).toBe(kept);
    },
  );

  test.each([
    ['of another way of recording', { source: 'DialVerb' }],
    ['of a conference', { source: 'StartConferenceRecordingAPI' }],
    ['of unknown source', { source: null }],
    ['with other channels', { channels: 1 }],
    ['of another track', { track: 'inbound' }],
    ['without audio', { status: 'absent' }],
    ['that failed', { status: 'failed' }],
    ['that was deleted', { status: 'deleted' }],
  ])('one %s is not', async (_, recording) => {
    expect((await look(recording)).result).toEqual({ ...STARTED_AGAIN, recordingSid: 'RE-new' });
  });

  test('the one that runs is preferred', async () => {
    const { result } = await look(
      { sid: 'RE-foreign', source: 'DialVerb' },
      { sid: OTHER_RECORDING_SID, status: 'completed' },
      { status: 'in-progress' },
    );
    expect(result).toEqual(ADOPTED);
  });
});

const FOREIGN: [string, Parameters<typeof recordingResource>[0]][] = [
  ['of another way of recording', { source: 'DialVerb' }],
  ['of a conference', { source: 'StartConferenceRecordingAPI' }],
  ['of unknown source', { source: null }],
  ['with other channels', { ...OF_OUR_TWIML, channels: 1 }],
  ['of another track', { ...OF_OUR_TWIML, track: 'inbound' }],
  // Without a create in doubt it is another application's, and may end long before the call.
  ['that the API started', { source: 'StartCallRecordingAPI' }],
];

describe.each<[string, () => Promise<void>, Script]>([
  [
    'a list that comes with the status',
    async () => {},
    { creates: [notEligible, ok(recordingResource({ sid: 'RE-new' }))], calls: ['ringing'] },
  ],
  [
    'a look in a later invocation',
    () => begunBefore(10_000),
    { creates: [ok(recordingResource({ sid: 'RE-new' }))] },
  ],
])('of the recordings that %s shows, while no create of ours is in doubt,', (_, begin, script) => {
  const look = async (recording: Parameters<typeof recordingResource>[0]) => {
    await begin();
    return (await invoke({ ...script, lists: [listed(recording)] })).result;
  };

  // Twilio may show one as processing while it runs.
  test.each(['in-progress', 'paused', 'processing', 'something-new'])(
    'one that is %s is adopted',
    async (status) => {
      expect(await look({ ...OF_OUR_TWIML, status })).toEqual(ADOPTED);
    },
  );

  test.each<[string, Parameters<typeof recordingResource>[0]]>([
    ...FOREIGN,
    ...['stopped', 'completed', 'absent', 'failed', 'deleted'].map(
      (status): [string, Parameters<typeof recordingResource>[0]] => [
        `that is ${status}`,
        { ...OF_OUR_TWIML, status },
      ],
    ),
  ])('one %s is not', async (_name, recording) => {
    expect(await look(recording)).toEqual({ ...STARTED, recordingSid: 'RE-new' });
  });
});

describe('a list that comes with the status', () => {
  test.each<[string, NonNullable<Script['calls']>[number]]>([
    ['says that the call rings', 'ringing'],
    ['says that the call has ended', 'completed'],
    ['gets no answer', noAnswer],
    ['gets a 404', errorAnswer(404, 20404)],
  ])('counts though the status %s', async (_, status) => {
    const { result } = await invoke({
      creates: [notEligible],
      calls: [status],
      lists: [listed(OF_OUR_TWIML)],
    });
    expect(result).toEqual(ADOPTED);
  });

  test.each([
    ['no answer', noAnswer],
    ['a 500', errorAnswer(500)],
    ['a 401', errorAnswer(401, 20003)],
    ['a 429', throttled(60_000)],
  ])('is not waited for when it gets %s', async (_, unlisted) => {
    const { result, twilio } = await invoke({
      creates: [notEligible, created],
      calls: ['in-progress'],
      lists: [unlisted],
    });
    expect(result).toEqual(STARTED);
    expect(twilio.requests).toEqual(['create', 'call', 'list', 'create']);
  });
});

describe('a call that Twilio does not know', () => {
  const unknown = errorAnswer(404, 20404);
  const script: Script = { creates: [notEligible], calls: [unknown] };

  test('is looked for at first', async () => {
    await begunBefore(START_POLICY.notFoundAfter - START_POLICY.tryFor - 1_000);
    expect((await invoke(script)).result).toMatchObject({ outcome: 'not-yet' });
  });

  test.each([20404, undefined])(
    'is given up on after a while, with what to do about it: code %s',
    async (code) => {
      await begunBefore(START_POLICY.notFoundAfter + 1);
      const { result, twilio } = await invoke({ ...script, calls: [errorAnswer(404, code)] });
      expect(result).toStrictEqual({
        outcome: 'refused',
        reason: 'call-not-found',
        remedy: REMEDIES['call-not-found'],
        httpStatus: 404,
        ...(code !== undefined && { twilioErrorCode: code }),
      });
      expect(twilio.requests).toEqual(['list', 'create', 'call']);
    },
  );

  test.each([
    ['no answer', noAnswer],
    ['a 500', errorAnswer(500)],
    ['a 429', throttled()],
    ['a 400', errorAnswer(400)],
  ])('is none of which the status gets %s', async (_, unanswered) => {
    await begunBefore(START_POLICY.notFoundAfter + 1);
    expect((await invoke({ ...script, calls: [unanswered] })).result).toEqual(NOT_YET);
  });

  test('is given up on over several invocations', async () => {
    let { result } = await invoke(script);
    while (result.outcome === 'not-yet') {
      clock.advance(result.waitSeconds * 1000);
      ({ result } = await invoke(script));
    }
    expect(result).toMatchObject({ reason: 'call-not-found' });
    expect(clock.now() - firstAttemptAt).toBeGreaterThan(START_POLICY.notFoundAfter);
    expect(clock.now() - firstAttemptAt).toBeLessThan(START_POLICY.notFoundAfter + 5_000);
  });

  test('is recorded when Twilio takes the create all the same', async () => {
    await begunBefore(2 * START_POLICY.notFoundAfter);
    expect((await invoke({ ...script, creates: [created] })).result).toEqual(STARTED);
  });
});

describe('a refusal', () => {
  test('without a code says only the status', async () => {
    const { result } = await invoke({ creates: [errorAnswer(403)] });
    expect(result).toStrictEqual({
      outcome: 'refused',
      reason: 'permission-denied',
      remedy: REMEDIES['permission-denied'],
      httpStatus: 403,
    });
  });

  test.each([
    [401, 20003, 'credentials-refused'],
    [403, 20403, 'permission-denied'],
    [400, 10002, 'trial-account'],
    [403, 10001, 'account-suspended'],
    [400, 21218, 'request-invalid'],
  ] as const)('of a create with HTTP %d, code %d ends the tries: %s', async (httpStatus, code, reason) => {
    const { result, twilio } = await invoke({ creates: [errorAnswer(httpStatus, code)] });
    // Nobody knows whether the call was answered.
    expect(result).toStrictEqual({
      outcome: 'refused',
      reason,
      remedy: REMEDIES[reason],
      httpStatus,
      twilioErrorCode: code,
    });
    expect(twilio.requests).toEqual(['create']);
  });

  test.each([
    [
      'status',
      { creates: [notEligible], calls: [errorAnswer(401, 20003)] },
      'credentials-refused',
      401,
      20003,
    ],
    ['status', { creates: [notEligible], calls: [errorAnswer(403)] }, 'permission-denied', 403, undefined],
    [
      'recordings',
      { creates: [noAnswer], lists: [errorAnswer(401, 20003)] },
      'credentials-refused',
      401,
      20003,
    ],
    [
      'recordings',
      { creates: [noAnswer], lists: [errorAnswer(403, 10001)] },
      'account-suspended',
      403,
      10001,
    ],
  ] as const)('of the request for the %s ends them too', async (_, script, reason, httpStatus, code) => {
    const { result } = await invoke(script);
    expect(result).toEqual({
      outcome: 'refused',
      reason,
      remedy: REMEDIES[reason],
      httpStatus,
      ...(code !== undefined && { twilioErrorCode: code }),
    });
  });

  test.each([
    ['no answer', noAnswer],
    ['a 500', errorAnswer(500)],
    ['a 404', errorAnswer(404, 20404)],
    ['a 429', throttled()],
  ])('is not what a status request with %s means: the create is sent again', async (_, unknown) => {
    const { result } = await invoke({ creates: [notEligible, created], calls: [unknown] });
    expect(result).toEqual(STARTED);
  });
});

describe('a row', () => {
  test('that has a recording answers for it, and Twilio is asked nothing', async () => {
    await store.apply(call, {
      type: 'recording',
      source: 'callback',
      recording: { recordingSid: RECORDING_SID, status: 'completed' },
    });
    const { result, creates, twilio } = await invoke({});
    expect(result).toEqual(ADOPTED);
    expect(creates).toBe(0);
    expect(twilio.requests).toEqual([]);
  });

  test.each([
    [100, 1],
    [1_500, 2],
    [LEASE_MILLISECONDS, 2],
    [0, 1],
  ])(
    'that another invocation holds for %d ms is come back to in %d s, if no recording runs',
    async (held, waitSeconds) => {
      await store.claim(call, 'request-0', clock.now() + held);
      const { result, creates, twilio } = await invoke({
        lists: [listed({ status: 'completed' }, { source: 'Conference' })],
      });
      expect(result).toEqual({ outcome: 'not-yet', waitSeconds, doubtful: false });
      expect(creates).toBe(0);
      expect(twilio.requests).toEqual(['list']);
      expect(store.state().recordings).toEqual({});
    },
  );

  test.each(['in-progress', 'processing'])(
    'that another invocation holds, perhaps dead, does not hide a recording that is %s',
    async (status) => {
      await store.claim(call, 'request-0', clock.now() + LEASE_MILLISECONDS);
      const { result, twilio } = await invoke({ lists: [errorAnswer(500), listed({ status })] });
      expect(result).toEqual(ADOPTED);
      expect(twilio.requests).toEqual(['list', 'list']);
      expect(store.state().recordings).toMatchObject({ [RECORDING_SID]: { status: 'in-progress' } });
    },
  );

  test('that another invocation holds is waited for when Twilio does not list the recordings', async () => {
    await store.claim(call, 'request-0', clock.now() + LEASE_MILLISECONDS);
    const { result, twilio } = await invoke({ lists: [noAnswer] });
    expect(result).toMatchObject({ outcome: 'not-yet', doubtful: false });
    expect(twilio.requests).toEqual(['list', 'list', 'list', 'list']);
  });

  test('that a dead invocation left behind makes the next one look first', async () => {
    await store.claim(call, 'request-0', clock.now() + LEASE_MILLISECONDS);
    clock.advance(LEASE_MILLISECONDS + 1);
    const { result, twilio } = await invoke({ lists: [listed({})] });
    expect(result).toEqual(ADOPTED);
    expect(twilio.requests).toEqual(['list']);
  });

  test('stays claimed for as long as an invocation may send creates', async () => {
    const twilio = scriptedTwilio({ creates: [notEligible], calls: ['ringing'], lists: [listed()] }, clock);
    const claims: number[] = [];
    await startRecording(
      {
        ...dependenciesOf(twilio),
        store: {
          ...store,
          claim: (...[facts, owner, until]) => {
            claims.push(until - clock.now());
            return store.claim(facts, owner, until);
          },
        },
      },
      { call, firstAttemptAt, owner: 'request-1', doubtful: false },
    );
    expect(claims).toEqual([LEASE_MILLISECONDS]);
    // A status that is asked for at the end, and the create after it.
    expect(LEASE_MILLISECONDS).toBeGreaterThan(START_POLICY.tryFor + 2 * START_POLICY.requestTimeout);
  });
});

describe('a claim that takes long', () => {
  const slowClaim = async (milliseconds: number, script: Script) => {
    const twilio = scriptedTwilio({ lists: [listed()], ...script }, clock);
    const begin = clock.now();
    let leaseUntil = 0;
    const { result } = await startRecording(
      {
        twilio,
        store: {
          ...store,
          claim: async (facts, owner, until) => {
            leaseUntil = until - begin;
            clock.advance(milliseconds);
            return store.claim(facts, owner, until);
          },
        },
        clock,
        random: () => 0.5,
        createParameters,
        likeness,
        ringTimeoutSeconds: RING_TIMEOUT_SECONDS,
        asks: false,
      },
      { call, firstAttemptAt, owner: 'request-1', doubtful: false },
    );
    return { result, times: twilio.times, leaseUntil };
  };

  test.each([500, 2_000, 3_500])('of %d ms takes its time from the tries', async (milliseconds) => {
    const { result, times, leaseUntil } = await slowClaim(milliseconds, {
      creates: [notEligible],
      calls: ['ringing'],
    });
    expect(result).toEqual(NOT_YET);
    // The two last requests: a status, and the create that ends an invocation.
    expect(times.at(-1)).toBeLessThan(START_POLICY.tryFor + START_POLICY.requestTimeout);
    expect((times.at(-1) ?? 0) + START_POLICY.requestTimeout).toBeLessThan(leaseUntil);
  });

  test('and then fails still leaves time to look and to record the call', async () => {
    // Three attempts of a second each, as the function's client makes them.
    store.down.add('claim');
    const { result } = await slowClaim(3_200, { creates: [created] });
    expect(result).toEqual(STARTED_AGAIN);
  });

  test('as the tries may is given back without one', async () => {
    const { result, times } = await slowClaim(START_POLICY.tryFor, {});
    expect(result).toEqual(NOT_YET);
    expect(times).toEqual([]);
    expect(store.progress()).toEqual({ creates: 0, uncertain: false, doubtful: false });
  });
});

describe('a table that does not answer', () => {
  test('does not keep a call from being recorded, but makes it look first', async () => {
    store.down.add('claim');
    const { result, twilio } = await invoke({ creates: [created], lists: [listed()] });
    expect(result).toEqual(STARTED_AGAIN);
    expect(twilio.requests).toEqual(['list', 'create']);
  });

  test('does not make a second recording, nor one after one that has ended', async () => {
    store.down.add('claim');
    for (const status of ['in-progress', 'completed']) {
      const { result, twilio } = await invoke({ lists: [listed({ status })] });
      expect(result).toEqual(ADOPTED);
      // Another invocation may have sent a create just before.
      expect(twilio.times).toEqual([START_POLICY.settle]);
    }
  });

  test('does not keep a create of unknown end from being sent again', async () => {
    store.down.add('known');
    const { result, twilio } = await invoke({ creates: [noAnswer, created], lists: [listed()] });
    expect(result).toEqual(STARTED_AGAIN);
    expect(twilio.requests).toEqual(['create', 'list', 'create']);
  });

  test('is not asked once more in an invocation that it gave no claim: that may take long', async () => {
    store.down.add('claim');
    await store.apply(call, TOLD);
    const { result, twilio } = await invoke({ creates: [created], lists: [listed()] });
    expect(result).toEqual(STARTED_AGAIN);
    expect(twilio.requests).toEqual(['list', 'create']);
  });

  test('is told nothing of what was tried without a claim', async () => {
    store.down.add('claim').add('release');
    const { result } = await invoke({ creates: [notEligible], calls: ['ringing'] });
    expect(result).toEqual(NOT_YET_IN_DOUBT);
  });

  test.each([
    ['a started recording', 'apply', { creates: [created] }],
    ['an adopted recording', 'apply', { creates: [noAnswer], lists: [listed({})] }],
    ['what was tried', 'release', { creates: [notEligible], calls: ['ringing'] }],
  ] as const)(
    'when %s has to be stored is an error for Step Functions to try again',
    async (_, method, script) => {
      store.down.add(method);
      await expect(invoke(script)).rejects.toThrow(StoreUnavailableError);
    },
  );

  describe('after a create', () => {
    /** One invocation of which the table refuses so many writes of what it found, and how long those took. */
    async function kept(refused: number, facts: CallFacts = call, tryFor?: number) {
      let tries = 0;
      let answeredAt = 0;
      const twilio = scriptedTwilio({ lists: [listed()], creates: [created] }, clock);
      const dependencies: StartDependencies = {
        ...dependenciesOf(twilio),
        store: {
          ...store,
          apply: async (...applied) => {
            answeredAt ||= clock.now();
            tries += 1;
            if (tries <= refused) throw new StoreUnavailableError('the table is down');
            return store.apply(...applied);
          },
        },
      };
      const request = { call: facts, firstAttemptAt, owner: 'request-1', doubtful: false, tryFor };
      const outcome = await startRecording(dependencies, request).then(
        ({ result }) => result.outcome,
        (error: Error) => error.name,
      );
      return { outcome, tries, milliseconds: clock.now() - answeredAt };
    }

    test.each([
      [1, 'started', 2, START_POLICY.settle],
      [2, 'started', 3, 2 * START_POLICY.settle],
      [3, 'StoreUnavailableError', 3, 2 * START_POLICY.settle],
    ])(
      'is given time to come back, and Twilio to list it: %d refused',
      async (refused, outcome, tries, ms) => {
        expect(await kept(refused)).toEqual({ outcome, tries, milliseconds: ms });
      },
    );

    test.each<[string, CallFacts, number | undefined]>([
      ['an operator', { ...call, origin: 'control' }, undefined],
      ['the gate', call, 1_000],
    ])('is not waited for by %s', async (_, facts, tryFor) => {
      const once = { outcome: 'StoreUnavailableError', tries: 1, milliseconds: 0 };
      expect(await kept(1, facts, tryFor)).toEqual(once);
    });
  });

  test('makes the next invocation find the recording that could not be stored', async () => {
    store.down.add('apply');
    await expect(invoke({ creates: [created] })).rejects.toThrow(StoreUnavailableError);
    store.down.delete('apply');
    clock.advance(LEASE_MILLISECONDS + 1);
    const { result, twilio } = await invoke({ lists: [listed({})] }, 'request-2');
    expect(result).toEqual(ADOPTED);
    expect(twilio.requests).toEqual(['list']);
  });

  test('from claim to result makes the next invocation look for what this one may have started', async () => {
    store.down.add('claim').add('apply');
    await expect(invoke({ creates: [created], lists: [listed()] })).rejects.toThrow(StoreUnavailableError);
    store.down.clear();
    clock.advance(1_000);
    const second = ok(recordingResource({ sid: OTHER_RECORDING_SID }));
    const { result } = await invoke({ creates: [second], lists: [listed({})] }, 'request-2', call, true);
    expect(result).toEqual(ADOPTED);
  });

  test('does not hide an error that is none of the table’s', async () => {
    const broken = { ...store, claim: () => Promise.reject(new TypeError('a mistake')) };
    const twilio = scriptedTwilio({}, clock);
    await expect(
      startRecording(
        { ...dependenciesOf(twilio), store: broken },
        { call, firstAttemptAt, owner: 'request-1', doubtful: false },
      ),
    ).rejects.toThrow('a mistake');
  });
});

describe('a call whose recording our TwiML starts', () => {
  const byTwiml = (script: Script, doubtful = false) => invoke(script, 'request-1', call, doubtful, true);
  const OURS = { outcome: 'adopted', recordingSid: RECORDING_SID, doubtful: false };
  const begun = listed(OF_OUR_TWIML);

  test('is asked about and looked at, and what runs is adopted without a doubt', async () => {
    const { result, creates, twilio } = await byTwiml({ calls: ['in-progress'], lists: [begun] });
    expect(result).toEqual(OURS);
    expect(creates).toBe(0);
    expect(twilio.requests).toEqual(['call', 'list']);
    expect(twilio.times[0]).toBe(START_POLICY.firstCreateAfter);
  });

  test('is not created on while it rings, however long an invocation looks', async () => {
    const { result, twilio } = await byTwiml({ calls: ['ringing'], lists: [listed()] });
    expect(result).toEqual(NOT_YET);
    expect(new Set(twilio.requests)).toEqual(new Set(['call', 'list']));
  });

  test('is given time to show its recording once it is in progress', async () => {
    const { result, twilio } = await byTwiml({
      calls: ['ringing', 'in-progress'],
      lists: [listed(), listed(), begun],
    });
    expect(result).toEqual(OURS);
    expect(twilio.requests).toEqual(['call', 'list', 'call', 'list', 'list']);
    expect((twilio.times.at(-1) ?? 0) - (twilio.times.at(-2) ?? 0)).toBeGreaterThanOrEqual(
      START_POLICY.settle,
    );
  });

  test.each([
    ['a 429', throttled()],
    ['a 500', errorAnswer(500)],
    ['no answer', noAnswer],
  ])('is asked about again after %s', async (_, answer) => {
    const { result, twilio } = await byTwiml({ calls: [answer, 'in-progress'], lists: [listed(), begun] });
    expect(result).toEqual(OURS);
    expect(twilio.requests).not.toContain('create');
  });

  test('is recorded by a request when the TwiML did not do it, in doubt whether it did', async () => {
    const { result, creates, twilio } = await byTwiml({
      calls: ['in-progress'],
      lists: [listed()],
      creates: [created],
    });
    expect(result).toEqual(STARTED_AGAIN);
    expect(creates).toBe(1);
    expect(twilio.requests).toEqual(['call', 'list', 'list', 'list', 'create']);
  });

  test('is in doubt when a create was sent as well', async () => {
    const first = await byTwiml({ calls: ['in-progress'], lists: [listed()], creates: [noAnswer] });
    expect(first.result).toMatchObject({ outcome: 'not-yet', doubtful: true });
    const { result } = await invoke({ lists: [begun] }, 'request-2', call, true, true);
    expect(result).toEqual({ ...OURS, doubtful: true });
  });

  test.each([
    [false, 'before the claim'],
    [true, 'before the claim, in doubt'],
  ])('is known by its callback (doubtful: %s, %s)', async (doubtful) => {
    await store.apply(call, TOLD);
    const { result, twilio } = await byTwiml({}, doubtful);
    expect(result).toEqual({ ...OURS, doubtful });
    expect(twilio.requests).toEqual([]);
  });

  test('is known by its callback while the list lags', async () => {
    const twilio = scriptedTwilio({ calls: ['in-progress'], lists: [listed()] }, clock);
    const { result } = await startRecording(
      {
        ...dependenciesOf(twilio),
        twilio: {
          ...twilio,
          listRecordings: async (callSid) => {
            await store.apply(call, TOLD);
            return twilio.listRecordings(callSid);
          },
        },
      },
      { call, firstAttemptAt, owner: 'request-1', doubtful: false, byTwiml: true },
    );
    expect(result).toEqual(OURS);
    expect(twilio.requests).not.toContain('create');
  });

  test('that ended before anybody looked has the recording that the TwiML made', async () => {
    const ended = listed({ ...OF_OUR_TWIML, status: 'completed' });
    const { result } = await byTwiml({ calls: ['completed'], lists: [listed(), ended] });
    expect(result).toEqual(OURS);
  });
});

describe('where callers are asked', () => {
  const said = (answer: ConsentAnswer): Consent => ({
    answer,
    textVersion: 'v1',
    digit: '1',
    at: '2026-11-24T12:00:00.000Z',
  });
  const told = (answer: ConsentAnswer) => store.apply(call, { type: 'consent', consent: said(answer) });

  async function attempt(script: Script, facts: Partial<CallFacts> = {}, ended?: readonly string[]) {
    const twilio = scriptedTwilio({ lists: [listed()], ...script }, clock);
    const { result } = await startRecording(
      { ...dependenciesOf(twilio), asks: true },
      { call: { ...call, ...facts }, firstAttemptAt, owner: 'request-1', doubtful: false, ended },
    );
    return { result, twilio };
  }

  test('a yes is recorded at once, since the caller is on the line, and is stored', async () => {
    const { result, twilio } = await attempt({ creates: [created] }, { consent: said('given') });
    expect(result).toEqual(STARTED);
    expect(twilio.times).toEqual([0]);
    expect(store.state().consent).toEqual(said('given'));
  });

  test('a yes that another execution brought is found in the row', async () => {
    await told('given');
    expect((await attempt({ creates: [created] }, { origin: 'sweep' })).result).toMatchObject({
      outcome: 'started',
    });
  });

  test.each([
    ['brought', { consent: said('declined') }],
    ['in the row', {}],
  ])('a no that is %s is never recorded, and nobody asks Twilio', async (_, facts) => {
    await told('declined');
    const { result, twilio } = await attempt({}, facts);
    expect(result).toEqual({ outcome: 'refused', reason: 'declined', answered: true });
    expect(twilio.requests).toEqual([]);
  });

  test('a yes that was taken back is not recorded', async () => {
    await told('withdrawn');
    const { result, twilio } = await attempt({}, { consent: said('given') });
    expect(result).toEqual({ outcome: 'refused', reason: 'withdrawn', answered: true });
    expect(twilio.requests).toEqual([]);
  });

  test.each([
    ['nobody was asked', undefined, 'not-asked'],
    ['the caller hung up before the answer', 'asked', 'no-consent'],
  ] as const)('a call that ended and of which %s says so', async (_, answer, reason) => {
    if (answer) {
      await told(answer);
    }
    expect((await attempt({ calls: ['completed'], lists: [ok([])] })).result).toEqual({
      outcome: 'call-ended',
      reason,
      answered: true,
    });
    expect((await attempt({ calls: ['no-answer'] })).result).toEqual({
      outcome: 'call-ended',
      reason: 'never-answered',
      answered: false,
    });
  });

  test.each(['ringing', 'in-progress'])('a call that is %s waits for the answer', async (status) => {
    await told('asked');
    const { result, twilio } = await attempt({ calls: [status] });
    expect(result).toEqual(NOT_YET);
    expect(twilio.requests).toEqual(['call']);
  });

  test('a call that waits for ever is given up, as one that rings', async () => {
    firstAttemptAt = clock.now() - RING_TIMEOUT_SECONDS * 1000 - 1;
    expect((await attempt({ calls: ['in-progress'] })).result).toEqual({
      outcome: 'refused',
      reason: 'not-answered-in-time',
    });
  });

  test('a call about which Twilio does not let us ask is refused, at once', async () => {
    const { result, twilio } = await attempt({ calls: [errorAnswer(401, 20003)] });
    expect(result).toMatchObject({ outcome: 'refused', reason: 'credentials-refused' });
    expect(twilio.requests).toEqual(['call']);
  });

  test('a call about which Twilio says nothing waits', async () => {
    expect((await attempt({ calls: [noAnswer] })).result).toEqual(NOT_YET);
  });

  test('a yes that could not be stored is tried again, and no answer waits for the table', async () => {
    store.down.add('apply');
    expect((await attempt({ calls: ['in-progress'] }, { consent: said('given') })).result).toEqual(NOT_YET);
    store.down.delete('apply');
    store.down.add('claim');
    await expect(attempt({})).rejects.toThrow(StoreUnavailableError);
    await expect(attempt({}, { consent: said('declined') })).rejects.toThrow(StoreUnavailableError);
  });

  test('a yes that could not be stored is tried again also when the call has ended', async () => {
    store.down.add('apply');
    await expect(attempt({ calls: ['completed'] }, { consent: said('given') })).rejects.toThrow(
      StoreUnavailableError,
    );
  });

  test.each<[string, Partial<TwilioRecording>, object]>([
    ['our TwiML', { source: 'StartCallRecordingTwiML' }, { outcome: 'adopted', doubtful: false }],
    ['somebody else', { source: 'StartCallRecordingAPI' }, { outcome: 'call-ended', reason: 'not-asked' }],
    [
      'TwiML with other options',
      { source: 'StartCallRecordingTwiML', channels: 1 },
      { outcome: 'call-ended' },
    ],
  ])('a call that has ended without a yes in its row, recorded by %s', async (_, changes, result) => {
    const lists = [ok([recordingResource({ status: 'completed', ...changes })])];
    expect((await attempt({ calls: ['completed'], lists })).result).toMatchObject(result);
    expect(Object.keys(store.state().recordings)).toHaveLength('doubtful' in result ? 1 : 0);
  });

  test('a call that has ended, of which Twilio does not list the recordings, is tried again', async () => {
    const lists = [noAnswer, noAnswer, noAnswer, noAnswer];
    await expect(attempt({ calls: ['completed'], lists })).rejects.toThrow(TwilioUnavailableError);
  });

  test('a yes is recorded without the table', async () => {
    store.down.add('claim');
    const { result } = await attempt({ creates: [created] }, { consent: said('given') });
    expect(result).toMatchObject({ outcome: 'started' });
  });

  test('an operator may start what nobody was asked about, and not what the caller refused', async () => {
    expect((await attempt({ creates: [created] }, { origin: 'control' }, [])).result).toMatchObject({
      outcome: 'started',
    });
    store = memoryStore(clock);
    await told('withdrawn');
    expect((await attempt({}, { origin: 'control' }, [])).result).toMatchObject({ reason: 'withdrawn' });
  });
});

test('where nobody is asked, a call whose caller said no is not recorded either', async () => {
  await store.apply(call, {
    type: 'consent',
    consent: { answer: 'withdrawn', textVersion: 'v1', digit: '9', at: '2026-11-24T12:00:00.000Z' },
  });
  const { result, twilio } = await invoke({});
  expect(result).toEqual({ outcome: 'refused', reason: 'withdrawn', answered: true });
  expect(twilio.requests).toEqual([]);
});
