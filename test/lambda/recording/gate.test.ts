import { beforeEach, describe, expect, test } from '@jest/globals';
import { GATE_POLICY, isKnownToRun, isRecordedInTime } from '../../../lambda/recording/gate.ts';
import type { CallEvent, CommandState, RecordingState } from '../../../lambda/recording/merge.ts';
import { recordingState } from '../../../lambda/recording/ours.ts';
import { errorAnswer, notEligible, ok, recordingResource } from '../support/answers.ts';
import { type ManualClock, manualClock } from '../support/manual-clock.ts';
import { type MemoryStore, memoryStore } from '../support/memory-store.ts';
import { type Script, scriptedTwilio } from '../support/scripted-twilio.ts';
import { ACCOUNT_SID, CALL_SID, RECORDING_SID } from '../support/sids.ts';

const call = { callSid: CALL_SID, accountSid: ACCOUNT_SID };
const created = ok(recordingResource());

let clock: ManualClock;
let store: MemoryStore;

beforeEach(() => {
  clock = manualClock();
  store = memoryStore(clock);
});

async function pass(script: Script) {
  const twilio = scriptedTwilio({ lists: [ok([])], ...script }, clock);
  const begunAt = clock.now();
  const recorded = await isRecordedInTime(
    {
      twilio,
      store,
      clock,
      random: () => 0.5,
      createParameters: {},
      likeness: {},
      ringTimeoutSeconds: 600,
      asks: false,
    },
    call,
    'gate-1',
  );
  return { recorded, requests: twilio.requests, took: clock.now() - begunAt };
}

type Source = Extract<CallEvent, { type: 'recording' }>['source'];

const know = (recording: Partial<RecordingState>, source: Source = 'create') =>
  store.apply(call, {
    type: 'recording',
    source,
    recording: { ...recordingState(recordingResource()), ...recording },
  });

const command = (status: CommandState['status'], confirmed = true): CommandState => ({
  number: 1,
  status,
  confirmed,
  at: '2026-11-24T12:00:00.000Z',
});

describe('whether a recording of ours runs, as the rows know,', () => {
  test.each<[string, Partial<RecordingState>, boolean]>([
    ['one that runs', { status: 'in-progress', confirmed: true }, true],
    ['one that is paused', { status: 'in-progress', confirmed: true, command: command('paused') }, true],
    [
      'one that was told to stop',
      { status: 'in-progress', confirmed: true, command: command('stopped') },
      false,
    ],
    ['one that ended', { status: 'completed', confirmed: true }, false],
    ['one that was stopped', { status: 'stopped', confirmed: true }, false],
    ['one that may be somebody else’s', { status: 'in-progress' }, false],
  ])('%s: %j is %s', (_, recording, runs) => {
    const recordings = [{ recordingSid: RECORDING_SID, status: 'in-progress', ...recording }];
    expect(isKnownToRun({ recordings, final: false })).toBe(runs);
  });

  test('none does not', () => {
    expect(isKnownToRun({ recordings: [], final: false })).toBe(false);
  });
});

describe('a call at the gate', () => {
  test('whose recording is known passes, and Twilio is asked nothing', async () => {
    await know({ status: 'in-progress' });
    expect(await pass({})).toEqual({ recorded: true, requests: [], took: 0 });
  });

  test.each<[string, Partial<RecordingState>, boolean]>([
    ['runs', { status: 'in-progress' }, true],
    ['is paused', { status: 'in-progress', command: command('paused') }, true],
    ['may have been stopped', { status: 'in-progress', command: command('stopped', false) }, true],
    ['was told to stop', { status: 'in-progress', command: command('stopped') }, false],
    ['has ended', { status: 'completed' }, false],
  ])('whose recording was only adopted and %s: %j, passes: %s', async (_, recording, passes) => {
    await know(recording, 'adopt');
    expect(store.state().recordings[RECORDING_SID]?.confirmed).toBeUndefined();
    expect(await pass({ creates: [created] })).toEqual({ recorded: passes, requests: [], took: 0 });
  });

  test('passes with one recording that ended and another that was adopted', async () => {
    await know({ status: 'completed' });
    await know({ recordingSid: `RE${'2'.repeat(32)}`, status: 'in-progress' }, 'adopt');
    expect(await pass({})).toEqual({ recorded: true, requests: [], took: 0 });
  });

  test('passes again when Twilio repeats the request, on what the gate itself adopted', async () => {
    expect(await pass({ lists: [ok([recordingResource()])] })).toMatchObject({ recorded: true });
    expect(await pass({})).toEqual({ recorded: true, requests: [], took: 0 });
  });

  test('whose recording Twilio’s list shows passes', async () => {
    const { recorded, requests } = await pass({ lists: [ok([recordingResource()])] });
    expect([recorded, requests]).toEqual([true, ['list']]);
    expect(store.state().recordings).toHaveProperty(RECORDING_SID);
  });

  test('that nobody has recorded is recorded by the gate itself', async () => {
    const { recorded, requests } = await pass({ creates: [created] });
    expect([recorded, requests]).toEqual([true, ['list', 'create']]);
    expect(store.state().recordings).toHaveProperty(RECORDING_SID);
  });

  test('that the execution is just about to record passes when it is', async () => {
    await store.claim(call, 'request-0', clock.now() + 60_000);
    const lists = [ok([]), ok([]), ok([recordingResource()])];
    const { recorded, requests } = await pass({ lists });
    expect([recorded, requests]).toEqual([true, ['list', 'list', 'list']]);
  });

  test('that cannot be recorded in time does not pass, and does not wait for longer', async () => {
    const { recorded, took } = await pass({ creates: [notEligible], calls: ['in-progress'] });
    expect(recorded).toBe(false);
    expect(took).toBeGreaterThan(GATE_POLICY.budget / 2);
    expect(took).toBeLessThanOrEqual(GATE_POLICY.budget + 400);
  });

  test.each([
    ['is refused', { creates: [errorAnswer(401, 20003)] }],
    ['has ended', { creates: [notEligible], calls: ['completed'] }],
  ])('that %s does not pass, and that at once', async (_, script) => {
    const { recorded, took } = await pass(script);
    expect(recorded).toBe(false);
    expect(took).toBeLessThan(GATE_POLICY.budget / 2);
  });

  test('whose recording has ended does not pass, and gets no other', async () => {
    await know({ status: 'completed' });
    expect(await pass({ creates: [created] })).toEqual({ recorded: false, requests: [], took: 0 });
  });

  test('passes although the table is down, if Twilio records it', async () => {
    store.down.add('known').add('claim').add('apply');
    await expect(pass({ lists: [ok([recordingResource()])] })).rejects.toThrow('the table is down');
    store.down.delete('apply');
    expect(await pass({ lists: [ok([recordingResource()])] })).toMatchObject({ recorded: true });
  });
});
