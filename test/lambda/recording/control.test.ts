import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import {
  CONTROL_POLICY,
  type ControlDependencies,
  type Controlled,
  type ControlRequest,
  control,
} from '../../../lambda/recording/control.ts';
import { shownStatus, summarize } from '../../../lambda/recording/merge.ts';
import { recordingState } from '../../../lambda/recording/ours.ts';
import type { CallFacts } from '../../../lambda/recording/store.ts';
import { decide, dueCommand } from '../../../lambda/recording/sweep.ts';
import type { Action } from '../../../lambda/recording-control/representations.ts';
import { StoreUnavailableError } from '../../../lambda/shared/errors.ts';
import type {
  ListedCall,
  RecordingUpdate,
  TwilioAnswer,
  TwilioRecording,
} from '../../../lambda/twilio/api.ts';
import {
  errorAnswer,
  noAnswer,
  notEligible,
  notSent,
  ok,
  recordingResource,
  throttled,
} from '../support/answers.ts';
import { ControlledCall, DueClock, type UpdateFate } from '../support/controlled-call.ts';
import { type MemoryStore, memoryStore } from '../support/memory-store.ts';
import { ACCOUNT_SID, CALL_SID, OTHER_RECORDING_SID, RECORDING_SID } from '../support/sids.ts';

const call = { callSid: CALL_SID, accountSid: ACCOUNT_SID };

let clock: DueClock;
let store: MemoryStore;
let followed: CallFacts[];

beforeEach(() => {
  clock = new DueClock();
  store = memoryStore({ now: clock.now, sleep: async () => undefined });
  followed = [];
});

const dependencies = (twilio: ControlDependencies['twilio']): ControlDependencies => ({
  accountSid: ACCOUNT_SID,
  twilio,
  store,
  clock: { now: clock.now, sleep: async (milliseconds) => clock.advance(milliseconds) },
  random: () => 0.5,
  createParameters: { RecordingChannels: 'dual' },
  likeness: {},
  ringTimeoutSeconds: 600,
  asks: false,
  follow: async (facts) => {
    followed.push(facts);
  },
});

const command = (
  twilio: ControlDependencies['twilio'],
  action: Action,
  more: Partial<ControlRequest> = {},
): Promise<Controlled> =>
  control(dependencies(twilio), { callSid: CALL_SID, action, by: 'somebody', owner: 'request-1', ...more });

/** A call with a recording that the table knows. */
async function recorded(...fates: UpdateFate[]): Promise<ControlledCall> {
  const twilio = new ControlledCall(clock, fates);
  await know(twilio.begin());
  return twilio;
}

const know = (recording: TwilioRecording) =>
  store.apply(call, { type: 'recording', source: 'create', recording: recordingState(recording) });

/** A Twilio that gives these answers to updates, the last of them for ever, and tells what it was asked. */
function answering(...answers: TwilioAnswer<TwilioRecording>[]) {
  const updates: { readonly recordingSid: string; readonly update: RecordingUpdate; readonly at: number }[] =
    [];
  const begunAt = clock.now();
  const { api } = new ControlledCall(clock);
  const twilio: ControlDependencies['twilio'] = {
    ...api,
    updateRecording: async (_callSid, recordingSid, update) => {
      updates.push({ recordingSid, update, at: clock.now() - begunAt });
      return answers[Math.min(updates.length, answers.length) - 1] ?? noAnswer;
    },
  };
  return { ...twilio, updates };
}

const ago = (milliseconds: number): string => new Date(clock.now() - milliseconds).toUTCString();

const shown = (): Record<string, string> =>
  Object.fromEntries(
    Object.values(store.state().recordings).map((row) => [row.recordingSid, shownStatus(row)]),
  );

/** As the sweep sees it. */
const listedCall: ListedCall = {
  sid: CALL_SID,
  status: 'in-progress',
  end_time: null,
  account_sid: ACCOUNT_SID,
  parent_call_sid: null,
  from: '+1',
  to: '+2',
  direction: 'inbound',
};

const MINUTE = 60_000;
const FIRST = `RE${'1'.padStart(32, '0')}`;
const SECOND = `RE${'2'.padStart(32, '0')}`;

describe('a command to a recording that runs', () => {
  test.each([
    ['pause', 'in-progress', 'paused'],
    ['stop', 'in-progress', 'stopped'],
    ['resume', 'in-progress', 'in-progress'],
  ] as const)('%s: from %s to %s', async (action, before, after) => {
    const twilio = await recorded();
    expect(await command(twilio.api, action)).toEqual({ kind: 'done', recordingSid: FIRST, before, after });
    expect(twilio.statusOf(FIRST)).toBe(after);
    expect(shown()).toEqual({ [FIRST]: after });
  });

  test('may be given again', async () => {
    const twilio = await recorded();
    await command(twilio.api, 'pause');
    expect(await command(twilio.api, 'pause')).toMatchObject({
      kind: 'done',
      before: 'paused',
      after: 'paused',
    });
    expect(await command(twilio.api, 'resume')).toMatchObject({ before: 'paused', after: 'in-progress' });
    expect(await command(twilio.api, 'stop')).toMatchObject({ before: 'in-progress', after: 'stopped' });
    expect(await command(twilio.api, 'stop')).toMatchObject({
      kind: 'done',
      before: 'stopped',
      after: 'stopped',
    });
  });

  test.each([
    [undefined, 'silence'],
    ['silence', 'silence'],
    ['skip', 'skip'],
  ] as const)('names the recording, and with %s what becomes of a pause: %s', async (pauseBehavior, sent) => {
    const twilio = answering(ok(recordingResource({ status: 'paused' })));
    await know(recordingResource());
    await command(twilio, 'pause', { pauseBehavior });
    expect(twilio.updates).toEqual([
      { recordingSid: RECORDING_SID, update: { Status: 'paused', PauseBehavior: sent }, at: 0 },
    ]);
  });

  test('is kept with who gave it and why, before it is sent and when it was answered', async () => {
    const twilio = await recorded();
    await command(twilio.api, 'pause', { reason: 'card number', pauseBehavior: 'skip' });
    const given = { action: 'pause', by: 'somebody', reason: 'card number', pauseBehavior: 'skip' };
    expect(store.commands()).toEqual([
      { ...given, before: 'in-progress' },
      { ...given, before: 'in-progress', after: 'paused', httpStatus: 200 },
    ]);
  });

  test('reaches each of two that run: what is paused must not go on in the other', async () => {
    const twilio = await recorded();
    await know(twilio.begin());
    expect(await command(twilio.api, 'pause')).toMatchObject({
      kind: 'done',
      recordingSid: FIRST,
      after: 'paused',
    });
    expect(shown()).toEqual({ [FIRST]: 'paused', [SECOND]: 'paused' });
  });

  test('is not done when only one of two was', async () => {
    const { api } = await recorded();
    await know(recordingResource({ sid: SECOND }));
    const twilio: typeof api = {
      ...api,
      updateRecording: async (callSid, recordingSid, update) =>
        recordingSid === FIRST ? api.updateRecording(callSid, recordingSid, update) : noAnswer,
    };
    expect(await command(twilio, 'pause')).toMatchObject({
      kind: 'unconfirmed',
      recordingStatus: 'unconfirmed',
    });
    expect(shown()).toEqual({ [FIRST]: 'paused', [SECOND]: 'unconfirmed' });
  });

  test('counts as done where the other one is over', async () => {
    const twilio = await recorded();
    await know(recordingResource({ sid: SECOND }));
    expect(await command(twilio.api, 'pause')).toMatchObject({ kind: 'done', after: 'paused' });
  });
});

describe('an answer of Twilio', () => {
  test.each([
    ['none', noAnswer],
    ['no connection', notSent],
    ['a 500', errorAnswer(500, 20500)],
    ['a 429', throttled()],
    ['that it is being modified', errorAnswer(408, 16114)],
    ['the same with another status', errorAnswer(400, 16114)],
    ['another status than what was wanted', ok(recordingResource({ status: 'processing' }))],
  ])('%s: the command is sent again', async (_, answer) => {
    const twilio = answering(answer, ok(recordingResource({ status: 'paused' })));
    await know(recordingResource());
    expect(await command(twilio, 'pause')).toMatchObject({ kind: 'done', after: 'paused' });
    expect(twilio.updates.map(({ at }) => at)).toEqual([0, CONTROL_POLICY.pause]);
  });

  test.each([
    ['no answer', noAnswer, {}],
    ['a 503', errorAnswer(503), { httpStatus: 503 }],
    ['that it is being modified', errorAnswer(408, 16114), { httpStatus: 408, errorCode: 16114 }],
    ['another status', ok(recordingResource({ status: 'processing' })), {}],
  ])('that is %s to the last leaves the command unconfirmed, and says so', async (_, answer, error) => {
    const twilio = answering(answer);
    await know(recordingResource());
    expect(await command(twilio, 'pause')).toEqual({
      kind: 'unconfirmed',
      recordingSid: RECORDING_SID,
      recordingStatus: 'unconfirmed',
      ...error,
    });
    expect(twilio.updates).toHaveLength(4);
    expect(shown()).toEqual({ [RECORDING_SID]: 'unconfirmed' });
    expect(store.commands().at(-1)).toMatchObject({ before: 'in-progress', after: 'unconfirmed', ...error });
  });

  test.each([
    ['a 429', throttled(), { httpStatus: 429, errorCode: 20429 }],
    ['no connection', notSent, {}],
  ])('that is %s to the last means that it was not done', async (_, answer, error) => {
    const twilio = answering(answer);
    await know(recordingResource());
    expect(await command(twilio, 'pause')).toEqual({
      kind: 'not-done',
      recordingSid: RECORDING_SID,
      recordingStatus: 'in-progress',
      ...error,
    });
    expect(shown()).toEqual({ [RECORDING_SID]: 'in-progress' });
    expect(store.commands().at(-1)).toMatchObject({ before: 'in-progress', after: 'in-progress', ...error });
  });

  test('that it did not do it does not make sure of what was sent before', async () => {
    const twilio = answering(noAnswer, throttled());
    await know(recordingResource());
    expect(await command(twilio, 'pause')).toMatchObject({ kind: 'unconfirmed' });
  });

  test.each([
    [401, 20003],
    [403, 20403],
    [400, 21218],
  ])('%d, code %d is refused at once', async (httpStatus, errorCode) => {
    const twilio = answering(errorAnswer(httpStatus, errorCode));
    await know(recordingResource());
    expect(await command(twilio, 'pause')).toEqual({
      kind: 'refused',
      recordingSid: RECORDING_SID,
      recordingStatus: 'in-progress',
      httpStatus,
      errorCode,
    });
    expect(twilio.updates).toHaveLength(1);
    expect(shown()).toEqual({ [RECORDING_SID]: 'in-progress' });
  });

  test.each([
    ['21220', notEligible],
    ['404', errorAnswer(404, 20404)],
    ['that it is complete', ok(recordingResource({ status: 'completed' }))],
  ])('%s: there is nothing to pause or resume, and nothing left to stop', async (_, answer) => {
    const twilio = answering(answer);
    await know(recordingResource());
    for (const action of ['pause', 'resume'] as const) {
      expect(await command(twilio, action)).toMatchObject({
        kind: 'not-possible',
        recordingSid: RECORDING_SID,
        recordingStatus: 'in-progress',
      });
      expect(shown()).toEqual({ [RECORDING_SID]: 'in-progress' });
    }
    expect(twilio.updates).toHaveLength(2);
    const over = { ...twilio, listRecordings: async () => ok([recordingResource({ status: 'processing' })]) };
    expect(await command(over, 'stop')).toMatchObject({ kind: 'done', after: 'stopped' });
    expect(shown()).toEqual({ [RECORDING_SID]: 'stopped' });
  });

  test.each<[string, Partial<ControlDependencies['twilio']>]>([
    ['lists as in progress', { listRecordings: async () => ok([recordingResource()]) }],
    ['lists as paused', { listRecordings: async () => ok([recordingResource({ status: 'paused' })]) }],
    [
      'does not list',
      { listRecordings: async () => ok([recordingResource({ sid: SECOND, status: 'completed' })]) },
    ],
    [
      'says nothing of',
      { listRecordings: async () => noAnswer, fetchCall: async () => errorAnswer(404, 20404) },
    ],
  ])('404 to a stop of a recording that Twilio %s does not count as stopped', async (_, says) => {
    await know(recordingResource());
    const twilio = { ...answering(errorAnswer(404, 20404)), ...says };
    expect(await command(twilio, 'stop')).toEqual({
      kind: 'not-done',
      recordingSid: RECORDING_SID,
      recordingStatus: 'in-progress',
      httpStatus: 404,
      errorCode: 20404,
    });
    expect(shown()).toEqual({ [RECORDING_SID]: 'in-progress' });
    const late = { ...answering(noAnswer, errorAnswer(404, 20404)), ...says };
    expect(await command(late, 'stop', { owner: 'request-1' })).toMatchObject({ kind: 'unconfirmed' });
  });

  test.each(['pause', 'resume'] as const)(
    '21220 to a %s that may have been carried out before leaves that open',
    async (action) => {
      await know(recordingResource());
      const twilio = answering(noAnswer, notEligible);
      expect(await command(twilio, action)).toMatchObject({ kind: 'unconfirmed', errorCode: 21220 });
      expect(shown()).toEqual({ [RECORDING_SID]: 'unconfirmed' });
    },
  );

  test('21220 to a stop counts once the call has ended, whatever Twilio lists', async () => {
    await know(recordingResource());
    const { api } = new ControlledCall(clock);
    const ended = { sid: CALL_SID, status: 'completed', end_time: null };
    const twilio = {
      ...api,
      ...answering(notEligible),
      fetchCall: async () => ok(ended),
      listRecordings: async () => noAnswer,
    };
    expect(await command(twilio, 'stop')).toMatchObject({ kind: 'done', after: 'stopped' });
  });

  test('21220 to a pause of what is paused is no news, to another command it is', async () => {
    const twilio = answering(ok(recordingResource({ status: 'paused' })), notEligible);
    await know(recordingResource());
    await command(twilio, 'pause');
    expect(await command(twilio, 'pause')).toMatchObject({ kind: 'done', before: 'paused', after: 'paused' });
    expect(await command(twilio, 'resume')).toMatchObject({
      kind: 'not-possible',
      recordingStatus: 'paused',
    });
    expect(shown()).toEqual({ [RECORDING_SID]: 'paused' });
  });

  test.each([
    ['a 429', throttled()],
    ['a 401', errorAnswer(401, 20003)],
    ['21220', notEligible],
  ])(
    '%s to a resume leaves the pause as old as it was, and the next sweep tries again',
    async (_, answer) => {
      const twilio = answering(ok(recordingResource({ status: 'paused' })), answer);
      await know(recordingResource());
      const pausedAt = new Date(clock.now()).toISOString();
      await command(twilio, 'pause');
      clock.advance(10 * MINUTE + 1);
      await command(twilio, 'resume', { owner: 'request-2' });
      const resumed = store.state().recordings[RECORDING_SID]?.command;
      expect(resumed).toEqual({ number: 2, status: 'paused', confirmed: true, at: pausedAt });
      const row = { final: false, recorded: true, command: resumed };
      expect(dueCommand(row, clock.now() + MINUTE, 10 * MINUTE)).toMatchObject({ action: 'resume' });
      expect(dueCommand(row, clock.now() + MINUTE, false)).toBe('forgotten');
    },
  );
});

test.each([
  ['was resumed since', 'in-progress'],
  ['was told to stop', 'stopped'],
] as const)('21220 to a pause of a recording that %s does not make it paused', async (_, status) => {
  const asCommanded = { number: 1, status, confirmed: true, at: '2026-11-24T12:00:00.000Z' };
  await know(recordingResource());
  await store.apply(call, {
    type: 'command',
    command: { action: 'resume', by: 'somebody' },
    recording: { ...recordingState(recordingResource()), command: asCommanded },
  });
  expect(await command(answering(notEligible), 'pause')).toMatchObject({ kind: 'not-possible' });
});

describe('a command whose end is not known', () => {
  test('leaves the turn to nobody until it has settled', async () => {
    const twilio = await recorded('late', 'late', 'late', 'late');
    expect(await command(twilio.api, 'pause')).toMatchObject({ kind: 'unconfirmed' });
    const begunAt = clock.now();
    expect(await command(twilio.api, 'resume', { owner: 'request-2' })).toMatchObject({
      after: 'in-progress',
    });
    expect(clock.now() - begunAt).toBeGreaterThan(CONTROL_POLICY.settle);
    clock.advance(60_000);
    expect([twilio.statusOf(FIRST), shown()]).toEqual(['in-progress', { [FIRST]: 'in-progress' }]);
  });

  test('holds the turn although a later try was answered', async () => {
    const twilio = await recorded('late');
    expect(await command(twilio.api, 'pause')).toMatchObject({ kind: 'done' });
    const begunAt = clock.now();
    await command(twilio.api, 'resume', { owner: 'request-2' });
    expect(clock.now() - begunAt).toBeGreaterThan(CONTROL_POLICY.settle - 2 * CONTROL_POLICY.pause);
    clock.advance(60_000);
    expect(twilio.statusOf(FIRST)).toBe('in-progress');
  });

  test('is settled by the next', async () => {
    const twilio = await recorded('lost', 'lost', 'lost', 'lost');
    await command(twilio.api, 'pause');
    expect(await command(twilio.api, 'pause')).toMatchObject({ kind: 'done', before: 'unconfirmed' });
    expect(shown()).toEqual({ [FIRST]: 'paused' });
  });

  test('sends nothing any more when its turn is about to end', async () => {
    const { api } = await recorded();
    let sent = 0;
    const twilio: typeof api = {
      ...api,
      updateRecording: async () => {
        sent++;
        clock.advance(CONTROL_POLICY.lease - CONTROL_POLICY.requestTimeout);
        return noAnswer;
      },
    };
    expect(await command(twilio, 'pause')).toMatchObject({ kind: 'unconfirmed' });
    expect(sent).toBe(1);
  });
});

describe('a turn', () => {
  test('that another command has is waited for, and then given up', async () => {
    const twilio = await recorded();
    await store.beginCommand(call, 'request-0', clock.now() + 60_000);
    const begunAt = clock.now();
    expect(await command(twilio.api, 'pause')).toEqual({ kind: 'under-way' });
    expect(clock.now() - begunAt).toBe(CONTROL_POLICY.waitForTurn);
    expect(store.commands()).toEqual([]);
  });

  test('is given back at once when all was answered', async () => {
    const twilio = await recorded();
    await command(twilio.api, 'pause');
    const begunAt = clock.now();
    await command(twilio.api, 'resume', { owner: 'request-2' });
    expect(clock.now()).toBe(begunAt);
  });

  test('that could not be given back ends by itself', async () => {
    const twilio = await recorded();
    store.down.add('endCommand');
    expect(await command(twilio.api, 'pause')).toMatchObject({ kind: 'done' });
    clock.advance(CONTROL_POLICY.lease);
    expect(await command(twilio.api, 'resume', { owner: 'request-2' })).toMatchObject({ kind: 'done' });
  });

  test('is no secret of the dead: who died in it left a status that says so', async () => {
    const { api } = await recorded();
    const twilio: typeof api = { ...api, updateRecording: () => Promise.reject(new Error('killed')) };
    await expect(command(twilio, 'pause')).rejects.toThrow('killed');
    expect(shown()).toEqual({ [FIRST]: 'unconfirmed' });
  });
});

describe('the last order', () => {
  const order = () => store.state().order;

  test('is a stop before it is sent, and a start before anything is started', async () => {
    const twilio = await recorded();
    const orders: unknown[] = [];
    const { updateRecording, createRecording } = twilio.api;
    const api: typeof twilio.api = {
      ...twilio.api,
      updateRecording: (...request) => {
        orders.push(order());
        return updateRecording(...request);
      },
      createRecording: (...request) => {
        orders.push(order());
        return createRecording(...request);
      },
    };
    await command(api, 'pause');
    await command(api, 'stop');
    await command(api, 'start');
    expect(orders).toEqual([undefined, { number: 2, action: 'stop' }, { number: 3, action: 'start' }]);
  });

  test('is a stop also when nothing runs any more', async () => {
    await know(recordingResource({ status: 'completed' }));
    await command(new ControlledCall(clock).api, 'stop');
    expect(order()).toEqual({ number: 1, action: 'stop' });
  });

  test('is none while the recorder knows of no recording: the stop was not done', async () => {
    await store.claim(call, 'request-0', clock.now() + MINUTE);
    await command(new ControlledCall(clock).api, 'stop');
    expect(order()).toBeUndefined();
  });

  test('stays a stop of which nobody knows the end', async () => {
    await know(recordingResource());
    await command(answering(noAnswer), 'stop');
    expect(order()).toEqual({ number: 1, action: 'stop' });
  });

  test.each([
    ['none', [], 'start'],
    ['a start', ['start'], 'start'],
    ['a stop', ['stop'], 'stop'],
  ] as const)(
    'is what it was before, %s, after a stop that was not carried out',
    async (_, before, action) => {
      const { api } = await recorded();
      for (const one of before) {
        await command(api, one);
      }
      await know(recordingResource({ sid: OTHER_RECORDING_SID }));
      expect(await command(answering(throttled()), 'stop')).toMatchObject({ kind: 'not-done' });
      expect(order()).toEqual({ number: before.length + 1, action });
    },
  );
});

describe('a command that is given because of another one', () => {
  test('is carried out while that is still the last', async () => {
    const twilio = await recorded();
    await command(twilio.api, 'pause');
    expect(await command(twilio.api, 'resume', { lastCommand: 1 })).toMatchObject({ kind: 'done' });
    expect(twilio.statusOf(FIRST)).toBe('in-progress');
  });

  test('does not undo a later one', async () => {
    const twilio = await recorded();
    await command(twilio.api, 'pause');
    await command(twilio.api, 'pause');
    expect(await command(twilio.api, 'resume', { lastCommand: 1 })).toEqual({
      kind: 'not-possible',
      recordingSid: FIRST,
      recordingStatus: 'paused',
    });
    expect(twilio.statusOf(FIRST)).toBe('paused');
    expect(store.commands()).toHaveLength(4);
  });

  test('has the call’s row written again, should whoever gave the later one have died before that', async () => {
    const twilio = await recorded();
    await command(twilio.api, 'pause');
    await command(twilio.api, 'pause');
    const apply = jest.spyOn(store, 'apply');
    await command(twilio.api, 'resume', { lastCommand: 1 });
    expect(apply.mock.calls).toEqual([
      [
        expect.objectContaining({ callSid: CALL_SID }),
        {
          type: 'recording',
          source: 'reconcile',
          recording: { recordingSid: FIRST, status: 'in-progress' },
        },
      ],
    ]);
  });
});

describe('a table that does not answer', () => {
  test.each(['beginCommand', 'known'] as const)('(%s) lets nothing be sent', async (method) => {
    const twilio = answering(ok(recordingResource({ status: 'paused' })));
    await know(recordingResource());
    store.down.add(method);
    await expect(command(twilio, 'pause')).rejects.toThrow(StoreUnavailableError);
    expect(twilio.updates).toEqual([]);
  });

  test('when it has to keep what is to be sent lets nothing be sent, and leaves that unconfirmed: the sweep may send it', async () => {
    const twilio = answering(ok(recordingResource({ status: 'paused' })));
    await know(recordingResource());
    store.down.add('apply');
    expect(await command(twilio, 'pause')).toEqual({
      kind: 'unconfirmed',
      recordingSid: RECORDING_SID,
      recordingStatus: 'unconfirmed',
    });
    expect(twilio.updates).toEqual([]);
  });

  test('when it has to keep what was done leaves that unconfirmed', async () => {
    const { api } = await recorded();
    const twilio: typeof api = {
      ...api,
      updateRecording: (...request) => {
        store.down.add('apply');
        return api.updateRecording(...request);
      },
    };
    expect(await command(twilio, 'pause')).toEqual({
      kind: 'unconfirmed',
      recordingSid: FIRST,
      recordingStatus: 'unconfirmed',
    });
    expect(shown()).toEqual({ [FIRST]: 'unconfirmed' });
  });
});

describe('a call without a recording that runs', () => {
  test.each(['pause', 'resume', 'stop'] as const)('that nobody knows has none to %s', async (action) => {
    expect(await command(new ControlledCall(clock).api, action)).toEqual({ kind: 'unknown-call' });
  });

  test.each(['pause', 'resume', 'stop'] as const)('that is not recorded has none to %s', async (action) => {
    await store.apply(call, { type: 'unrecorded', unrecorded: { reason: 'found-too-late' } });
    expect(await command(new ControlledCall(clock).api, action)).toEqual({
      kind: 'not-possible',
      mayBegin: false,
    });
    expect(store.commands()).toMatchObject([{ action, by: 'somebody', after: undefined }]);
  });

  test.each(['recorder-failed', 'not-answered-in-time'])(
    'that may be tried again after %s has none to pause yet',
    async (reason) => {
      await store.apply(call, { type: 'unrecorded', unrecorded: { reason } });
      const row = { final: true, recorded: false, reason };
      expect(decide(listedCall, row, () => true, false)).toBe('revive');
      expect(await command(new ControlledCall(clock).api, 'pause')).toEqual({
        kind: 'not-possible',
        mayBegin: true,
      });
    },
  );

  test.each(['pause', 'resume', 'stop'] as const)(
    'that is about to be recorded has none to %s yet',
    async (action) => {
      await store.claim(call, 'request-0', clock.now() + MINUTE);
      expect(await command(new ControlledCall(clock).api, action)).toEqual({
        kind: 'not-possible',
        mayBegin: true,
      });
    },
  );

  test.each(['pause', 'resume'] as const)('whose recording is complete has none to %s', async (action) => {
    await know(recordingResource({ status: 'completed' }));
    expect(await command(new ControlledCall(clock).api, action)).toEqual({
      kind: 'not-possible',
      recordingSid: RECORDING_SID,
      recordingStatus: 'completed',
    });
    expect(store.commands()).toMatchObject([{ action, after: 'completed' }]);
  });
});

describe('start', () => {
  const STARTED = { kind: 'done', recordingSid: FIRST, after: 'in-progress', started: true };

  test.each(['inbound', 'outbound-api'])('records a live %s call that nobody knew', async (direction) => {
    const { api } = new ControlledCall(clock);
    const body = { sid: CALL_SID, status: 'in-progress', end_time: null, from: '+1', to: '+2', direction };
    expect(await command({ ...api, fetchCall: async () => ok(body) }, 'start')).toEqual(STARTED);
    expect(shown()).toEqual({ [FIRST]: 'in-progress' });
    expect(followed).toEqual([{ ...call, from: '+1', to: '+2', direction, origin: 'control' }]);
    expect(store.commands()).toMatchObject([{ action: 'start', after: 'in-progress' }]);
  });

  test('changes nothing where a recording runs', async () => {
    const twilio = await recorded();
    expect(await command(twilio.api, 'start')).toEqual({
      kind: 'done',
      recordingSid: FIRST,
      before: 'in-progress',
      after: 'in-progress',
    });
    expect([twilio.recordings.length, followed]).toEqual([1, []]);
  });

  test('does not resume what is paused', async () => {
    const twilio = await recorded();
    await command(twilio.api, 'pause');
    expect(await command(twilio.api, 'start')).toEqual({
      kind: 'not-possible',
      recordingSid: FIRST,
      recordingStatus: 'paused',
    });
  });

  test('records on after a recording was stopped', async () => {
    const twilio = await recorded();
    await command(twilio.api, 'stop');
    expect(await command(twilio.api, 'start')).toEqual({ ...STARTED, recordingSid: SECOND });
    expect(shown()).toEqual({ [FIRST]: 'stopped', [SECOND]: 'in-progress' });
  });

  test('after a create of unknown end takes the new recording for the new one', async () => {
    const twilio = await recorded('answered', 'unanswered');
    await command(twilio.api, 'stop');
    expect(await command(twilio.api, 'start')).toEqual({ ...STARTED, recordingSid: SECOND });
    expect(twilio.recordings).toHaveLength(2);
  });

  test('after a create that was lost does not take the old recording for the new one', async () => {
    const twilio = await recorded('answered', 'lost');
    await command(twilio.api, 'stop');
    expect(await command(twilio.api, 'start')).toEqual({ ...STARTED, recordingSid: SECOND });
  });

  test('whose create is not answered in time is unconfirmed, and an execution sees to it', async () => {
    const { api } = new ControlledCall(clock);
    const createRecording = async () => {
      clock.advance(CONTROL_POLICY.requestTimeout);
      return noAnswer;
    };
    expect(await command({ ...api, createRecording }, 'start')).toEqual({ kind: 'unconfirmed' });
    expect(followed).toMatchObject([{ ...call, origin: 'control' }]);
    expect(store.commands()).toMatchObject([{ action: 'start', after: 'not-yet' }]);
  });

  test('goes through the same claim as everybody', async () => {
    await store.claim(call, 'request-0', clock.now() + 60_000);
    const twilio = new ControlledCall(clock);
    expect(await command(twilio.api, 'start')).toEqual({ kind: 'not-possible', mayBegin: true });
    expect(twilio.recordings).toEqual([]);
  });

  test('asks about the call again when Twilio does not say at first', async () => {
    const { api } = new ControlledCall(clock);
    const answers = [noAnswer, errorAnswer(503)];
    const fetchCall: typeof api.fetchCall = async (callSid) => answers.shift() ?? api.fetchCall(callSid);
    expect(await command({ ...api, fetchCall }, 'start')).toEqual(STARTED);
  });

  test.each([
    ['404', errorAnswer(404, 20404), { kind: 'unknown-call' }],
    ['a 503', errorAnswer(503), { kind: 'not-done', httpStatus: 503 }],
    ['no answer', noAnswer, { kind: 'not-done' }],
  ])('asks about the call first: %s', async (_, answer, controlled) => {
    const { api } = new ControlledCall(clock);
    expect(await command({ ...api, fetchCall: async () => answer }, 'start')).toEqual(controlled);
    expect(store.commands()).toEqual([]);
  });

  test.each([401, 403])('does not ask about the call again after a %d', async (httpStatus) => {
    const { api } = new ControlledCall(clock);
    let asked = 0;
    const fetchCall: typeof api.fetchCall = async () => {
      asked++;
      return errorAnswer(httpStatus, 20003);
    };
    expect(await command({ ...api, fetchCall }, 'start')).toEqual({
      kind: 'refused',
      httpStatus,
      errorCode: 20003,
    });
    expect(asked).toBe(1);
  });

  test('of a call that ended long ago leaves no row open', async () => {
    const twilio = new ControlledCall(clock);
    twilio.hangUp();
    const body = {
      sid: CALL_SID,
      status: 'completed',
      end_time: ago(2 * MINUTE + 1000),
      direction: 'inbound',
    };
    expect(await command({ ...twilio.api, fetchCall: async () => ok(body) }, 'start')).toEqual({
      kind: 'not-possible',
    });
    expect(store.state()).toMatchObject({ unrecorded: { reason: 'ended-before-recording', answered: true } });
    expect(store.commands()).toMatchObject([{ action: 'start', after: 'ended-before-recording' }]);
  });

  test('of an outgoing call that Twilio refuses leaves no row open', async () => {
    const { api } = new ControlledCall(clock);
    const body = { sid: CALL_SID, status: 'in-progress', end_time: null, direction: 'outbound-api' };
    const twilio = {
      ...api,
      fetchCall: async () => ok(body),
      createRecording: async () => errorAnswer(403, 20403),
    };
    expect(await command(twilio, 'start')).toMatchObject({ kind: 'refused' });
    expect(store.state()).toMatchObject({ unrecorded: { reason: 'permission-denied', errorCode: 20403 } });
  });

  test.each([
    ['is live', 'in-progress', undefined],
    ['ended a moment ago', 'completed', MINUTE],
  ])('that fails leaves an incoming call that %s to the sweep', async (_, status, endedFor) => {
    const { api } = new ControlledCall(clock);
    const end_time = endedFor === undefined ? null : ago(endedFor);
    const body = { sid: CALL_SID, status, end_time, from: '+1', to: '+2', direction: 'inbound' };
    const twilio = {
      ...api,
      fetchCall: async () => ok(body),
      createRecording: async () => (endedFor === undefined ? errorAnswer(401, 20003) : notEligible),
    };
    expect(await command(twilio, 'start')).toMatchObject({
      kind: endedFor === undefined ? 'refused' : 'not-possible',
    });
    const row = { final: summarize(store.state()).final, recorded: false };
    expect(decide({ ...listedCall, status, end_time }, row, () => true, false)).toBe('revive');
  });

  test('says what Twilio refused', async () => {
    const { api } = new ControlledCall(clock);
    const twilio = { ...api, createRecording: async () => errorAnswer(401, 20003) };
    expect(await command(twilio, 'start')).toEqual({ kind: 'refused', httpStatus: 401, errorCode: 20003 });
    expect(store.commands()).toMatchObject([{ httpStatus: 401, errorCode: 20003 }]);
  });

  test('does not count a recording of somebody else', async () => {
    const twilio = new ControlledCall(clock);
    twilio.recordings.push(recordingResource({ sid: OTHER_RECORDING_SID, source: 'DialVerb' }));
    expect(await command(twilio.api, 'start')).toMatchObject({
      kind: 'done',
      recordingSid: SECOND,
      started: true,
    });
  });
});
