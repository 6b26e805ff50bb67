import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Controlled } from '../../../lambda/recording/control.ts';
import { MAXIMUM_EXECUTIONS } from '../../../lambda/recording/executions-of-a-call.ts';
import type { CommandedStatus } from '../../../lambda/recording/merge.ts';
import type { CallFacts, CallRowState } from '../../../lambda/recording/store.ts';
import {
  type DueCommand,
  decide,
  dueCommand,
  SWEEP_WINDOW,
  type SweepDependencies,
  type Swept,
  sweep,
  windowStart,
} from '../../../lambda/recording/sweep.ts';
import { StoreUnavailableError, TwilioUnavailableError } from '../../../lambda/shared/errors.ts';
import type { Executions } from '../../../lambda/shared/executions.ts';
import type {
  CallFilter,
  IncomingNumber,
  ListedCall,
  Page,
  TwilioAnswer,
} from '../../../lambda/twilio/api.ts';
import { errorAnswer, noAnswer, notSent, ok, throttled } from '../support/answers.ts';
import { type ManualClock, manualClock, NOON } from '../support/manual-clock.ts';
import { ACCOUNT_SID, CALL_SID, RECORDING_SID } from '../support/sids.ts';
import { PUBLIC_BASE_URL } from '../support/webhooks.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const VOICE_URL = `${PUBLIC_BASE_URL}/voice`;
const CALLER = '+15550001111';
const OURS = '+15550002222';
const SOMEBODY_ELSES = '+15550003333';

const callSid = (nth: number): string => `CA${String(nth).padStart(32, '0')}`;

const listedCall = (overrides: Partial<ListedCall> = {}): ListedCall => ({
  sid: CALL_SID,
  account_sid: ACCOUNT_SID,
  parent_call_sid: null,
  from: CALLER,
  to: OURS,
  direction: 'inbound',
  status: 'in-progress',
  end_time: null,
  ...overrides,
});

const endedCall = (endedAt: number, overrides: Partial<ListedCall> = {}): ListedCall =>
  listedCall({ status: 'completed', end_time: new Date(endedAt).toUTCString(), ...overrides });

describe('a sweep looks at the calls that ended in', () => {
  test.each<[string, number | undefined, number]>([
    ['the last ten minutes and a little before, at first', undefined, NOON - 12 * MINUTE],
    ['the last ten minutes, when it ran a minute ago', NOON - MINUTE, NOON - 10 * MINUTE],
    ['the last ten minutes, when it ran in the future', NOON + HOUR, NOON - 10 * MINUTE],
    ['the last ten minutes, when it ran eight minutes ago', NOON - 8 * MINUTE, NOON - 10 * MINUTE],
    ['all the time since it ran, and a little before', NOON - 3 * HOUR, NOON - 3 * HOUR - 2 * MINUTE],
    ['the last day, when it has not run for longer', NOON - 72 * HOUR, NOON - 24 * HOUR],
    ['the last day, when the little before would be earlier', NOON - 24 * HOUR, NOON - 24 * HOUR],
  ])('%s', (_, sweptUntil, start) => {
    expect(windowStart(NOON, sweptUntil)).toBe(start);
  });

  test('time that no two sweeps leave out, however long none ran within a day', () => {
    for (let pause = 0; pause <= SWEEP_WINDOW.atMost - SWEEP_WINDOW.overlap; pause += 7 * MINUTE) {
      expect(windowStart(NOON, NOON - pause)).toBeLessThanOrEqual(NOON - pause - SWEEP_WINDOW.overlap);
    }
  });
});

describe('a call needs', () => {
  const isOurs = (number: string): boolean => number === OURS;
  const unrecorded = (reason?: string): CallRowState => ({ final: true, recorded: false, reason });
  const ended = { status: 'completed', end_time: new Date(NOON).toUTCString() };

  test.each<[string, Partial<ListedCall>, CallRowState | undefined, ReturnType<typeof decide>]>([
    ['its execution when nobody knows it', {}, undefined, 'start'],
    ['its execution when it ended before anybody knew', ended, undefined, 'start'],
    ['nothing when its number is not ours', { to: SOMEBODY_ELSES }, undefined, 'nothing'],
    ['nothing when we called', { direction: 'outbound-api' }, undefined, 'nothing'],
    [
      'nothing when it is the leg of a Dial',
      { direction: 'outbound-dial', parent_call_sid: callSid(1) },
      undefined,
      'nothing',
    ],
    [
      'nothing when it is a leg, whatever its direction',
      { parent_call_sid: callSid(1) },
      undefined,
      'nothing',
    ],
    [
      'nothing when it is a leg, whatever the rows say',
      { parent_call_sid: callSid(1) },
      { final: false, recorded: false },
      'nothing',
    ],
    ['to be followed while its row is open', {}, { final: false, recorded: false }, 'revive'],
    ['to be followed while its recording goes on', {}, { final: false, recorded: true }, 'revive'],
    ['to be followed after its end too', ended, { final: false, recorded: true }, 'revive'],
    [
      'to be followed whatever its number, once somebody began',
      { to: SOMEBODY_ELSES, direction: 'outbound-api' },
      { final: false, recorded: false },
      'revive',
    ],
    ['nothing when its recording is final', {}, { final: true, recorded: true }, 'nothing'],
    ['nothing more after its end', ended, { final: true, recorded: true }, 'nothing'],
    ['another try when the recorder failed', {}, unrecorded('recorder-failed'), 'revive'],
    ['another try when it rang too long', {}, unrecorded('not-answered-in-time'), 'revive'],
    ['nothing when the recorder failed and it is over', ended, unrecorded('recorder-failed'), 'nothing'],
    ['nothing while it still rings', { status: 'ringing' }, unrecorded('not-answered-in-time'), 'nothing'],
    ['nothing when Twilio said no', {}, unrecorded('credentials-refused'), 'nothing'],
    ['nothing when it cannot be recorded', {}, unrecorded('not-recordable'), 'nothing'],
    ['nothing when it was never answered', ended, unrecorded('never-answered'), 'nothing'],
    ['nothing when it was found too late', ended, unrecorded('found-too-late'), 'nothing'],
    ['nothing when nobody said why', {}, unrecorded(), 'nothing'],
    [
      'nothing when a recording outweighs that the recorder failed',
      {},
      { final: true, recorded: true, reason: 'recorder-failed' },
      'nothing',
    ],
  ])('%s', (_, call, row, decision) => {
    expect(decide(listedCall(call), row, isOurs, false)).toBe(decision);
  });
});

describe('where callers are asked, a call needs', () => {
  const isOurs = (number: string): boolean => number === OURS;
  const ended = { status: 'completed', end_time: new Date(NOON).toUTCString() };
  const open = { final: false, recorded: false };

  test.each<[string, Partial<ListedCall>, CallRowState | undefined, ReturnType<typeof decide>]>([
    ['nothing while it is on and nobody knows it: nobody asked', {}, undefined, 'nothing'],
    ['nothing while the caller thinks', {}, { ...open, consent: 'asked' }, 'nothing'],
    ['its row when it ended and nobody asked', ended, undefined, 'start'],
    ['its row when it ended without an answer', ended, { ...open, consent: 'asked' }, 'close'],
    ['nothing more when that is known', ended, { ...open, final: true, consent: 'asked' }, 'nothing'],
    ['to be followed after a yes', {}, { ...open, consent: 'given' }, 'revive'],
    ['to be followed after a yes, after its end too', ended, { ...open, consent: 'given' }, 'revive'],
    [
      'to be followed while there is something to delete',
      {},
      { ...open, recorded: true, consent: 'withdrawn' },
      'revive',
    ],
    ['to be followed when a callback alone knows it', {}, { ...open, recorded: true }, 'revive'],
    [
      'nothing after a no',
      {},
      { final: true, recorded: false, reason: 'declined', consent: 'declined' },
      'nothing',
    ],
  ])('%s', (_, call, row, decision) => {
    expect(decide(listedCall(call), row, isOurs, true)).toBe(decision);
  });
});

type Execution = { readonly input: string; status: 'running' | 'ended' };
type Refusal = TwilioAnswer<never>;

let clock: ManualClock;
let calls: ListedCall[];
let numbers: IncomingNumber[];
let rows: Map<string, CallRowState>;
let asks: boolean;
let executions: Map<string, Execution>;
/** What executions were started, in order. */
let started: { readonly name: string; readonly call: CallFacts }[];
let sweptUntil: number | undefined;
let kept: number[];
/** What Twilio was asked, in order. */
let asked: string[];
/** What Twilio answers before it does as it should. */
let refusals: Refusal[];
let pageSize: number;
/** Calls of which Step Functions wants to know nothing. */
let unstartable: Set<string>;

let commands: ({ readonly callSid: string } & DueCommand)[];
let controlled: (callSid: string) => Promise<Controlled>;

beforeEach(() => {
  clock = manualClock();
  calls = [];
  numbers = [{ phone_number: OURS, voice_url: VOICE_URL }];
  rows = new Map();
  asks = false;
  executions = new Map();
  started = [];
  sweptUntil = NOON - MINUTE;
  kept = [];
  asked = [];
  refusals = [];
  pageSize = 1000;
  unstartable = new Set();
  commands = [];
  controlled = async () => ({ kind: 'done', recordingSid: RECORDING_SID, after: 'in-progress' });
});

/** An item's page, and where the next one is. */
async function pageOf<T>(what: string, all: readonly T[], from: number): Promise<TwilioAnswer<Page<T>>> {
  const refusal = refusals.shift();
  if (refusal) {
    return refusal;
  }
  const until = from + pageSize;
  return ok({
    items: all.slice(from, until),
    next: until < all.length ? `${what} ${until}` : undefined,
  });
}

const placeOf = (next: string): number => Number(next.split(' ').at(-1));

/** Twilio's list: what ended is filtered by day, as documented. */
function matches(call: ListedCall, { status, endedSince }: CallFilter): boolean {
  const day = (time: number): number => Math.floor(time / (24 * HOUR));
  if (status !== undefined) {
    return call.status === status;
  }
  return (
    endedSince !== undefined &&
    (call.end_time === null ? call.status === 'completed' : day(Date.parse(call.end_time)) >= day(endedSince))
  );
}

/** Step Functions: the same name and input of an execution that runs is no error, any other execution of that name is. */
const stepFunctions: Executions = {
  async start(call, name = call.callSid) {
    await turn();
    if (unstartable.has(call.callSid)) {
      throw new Error('Step Functions is down');
    }
    const input = JSON.stringify(call);
    const before = executions.get(name);
    if (before) {
      return before.status === 'running' && before.input === input ? 'started' : 'exists';
    }
    executions.set(name, { input, status: 'running' });
    started.push({ name, call });
    return 'started';
  },
  async status(name) {
    await turn();
    asked.push(`status of ${name}`);
    return executions.get(name)?.status ?? 'absent';
  },
  async running() {
    await turn();
    asked.push('running');
    return new Set([...executions].filter(([, { status }]) => status === 'running').map(([name]) => name));
  },
};

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const NOTHING = { discovered: [], revived: [], resumed: [], leftOpen: [], endedEarly: [] };

const run = (changes: Partial<SweepDependencies> = {}) => sweep({ ...dependencies(), ...changes });

const dependencies = (): SweepDependencies => ({
  clock,
  command: async (callSid, command) => {
    commands.push({ callSid, ...command });
    return controlled(callSid);
  },
  resumeAfterMilliseconds: 10 * MINUTE,
  asks,
  recording: { channels: 'dual', track: 'both', trim: 'do-not-trim' },
  accountSid: ACCOUNT_SID,
  voiceUrl: VOICE_URL,
  executions: stepFunctions,
  store: {
    rowsOf: async (sids) => new Map([...rows].filter(([sid]) => sids.includes(sid))),
    sweptUntil: async () => sweptUntil,
    keepSweptUntil: async (milliseconds) => {
      kept.push(milliseconds);
    },
  },
  twilio: {
    async listCalls(filter) {
      asked.push('next' in filter ? filter.next : JSON.stringify(filter));
      clock.advance(100);
      if (!('next' in filter)) {
        const what = filter.status ?? `ended ${filter.endedSince}`;
        return pageOf(
          what,
          calls.filter((call) => matches(call, filter)),
          0,
        );
      }
      const [what = '', endedSince] = filter.next.split(' ');
      const before: CallFilter =
        what === 'in-progress' ? { status: what } : { endedSince: Number(endedSince) };
      return pageOf(
        filter.next.replace(/ \d+$/, ''),
        calls.filter((call) => matches(call, before)),
        placeOf(filter.next),
      );
    },
    async listNumbers(next) {
      asked.push(next ?? 'numbers');
      clock.advance(100);
      return pageOf('numbers', numbers, next === undefined ? 0 : placeOf(next));
    },
  },
});

const namesStarted = (): string[] => started.map(({ name }) => name);

const die = (...names: string[]): void => {
  for (const name of names) {
    executions.set(name, { input: 'of the webhook', status: 'ended' });
  }
};

describe('a call whose recording ended before it', () => {
  const ended = { count: 1, knownSince: NOON - 2 * MINUTE, until: NOON - 2 * MINUTE };
  const row: CallRowState = { final: true, recorded: true, ended };

  const TOLD = [{ callSid: CALL_SID, recordingCount: 1 }];

  test.each<[string, ListedCall, Partial<CallRowState>, Swept['endedEarly']]>([
    ['is told of while it goes on', listedCall(), {}, TOLD],
    ['is told of when it is over', endedCall(NOON - MINUTE), {}, TOLD],
    ['is told of once', listedCall(), { ended: { ...ended, toldOf: 1 } }, []],
    ['is none when it ended with its recording', endedCall(NOON - 2 * MINUTE), {}, []],
    ['is none while its recording goes on', listedCall(), { ended: undefined }, []],
  ])('%s', async (_, call, changes, endedEarly) => {
    calls = [call];
    rows = new Map([[CALL_SID, { ...row, ...changes }]]);
    expect(await run()).toEqual({ ...NOTHING, endedEarly });
  });

  test('is told of as far as the length of its recording can tell', async () => {
    calls = [endedCall(NOON - MINUTE)];
    rows = new Map([[CALL_SID, row]]);
    expect(await run({ recording: { configurationId: 'some' } })).toEqual(NOTHING);
  });
});

describe('a call that ended before the caller answered the question', () => {
  beforeEach(() => {
    asks = true;
    calls = [endedCall(NOON - MINUTE)];
    rows = new Map([[CALL_SID, { final: false, recorded: false, consent: 'asked' }]]);
  });

  test('gets the execution that says so, and nobody is alarmed', async () => {
    expect(await run()).toEqual(NOTHING);
    expect(namesStarted()).toEqual([CALL_SID]);
  });

  test('is left to the execution that runs', async () => {
    executions.set(CALL_SID, { input: 'of the answer', status: 'running' });
    expect(await run()).toEqual(NOTHING);
    expect(started).toEqual([]);
  });

  test('gets another one when that is dead', async () => {
    die(CALL_SID);
    expect(await run()).toEqual(NOTHING);
    expect(namesStarted()).toEqual([`${CALL_SID}-2`]);
  });
});

test('where callers are asked, no call that is on is given an execution before the answer', async () => {
  asks = true;
  calls = [listedCall()];
  expect(await run()).toEqual(NOTHING);
  rows = new Map([[CALL_SID, { final: false, recorded: false, consent: 'asked' }]]);
  expect(await run()).toEqual(NOTHING);
  expect(started).toEqual([]);
});

describe('a call that no webhook announced', () => {
  test('is given its execution, which knows who called whom and how it was found', async () => {
    calls = [listedCall()];
    expect(await run()).toEqual({ ...NOTHING, discovered: [CALL_SID] });
    expect(started).toEqual([
      {
        name: CALL_SID,
        call: {
          callSid: CALL_SID,
          accountSid: ACCOUNT_SID,
          from: CALLER,
          to: OURS,
          direction: 'inbound',
          origin: 'sweep',
        },
      },
    ]);
  });

  test('is found after its end too', async () => {
    calls = [endedCall(NOON - 9 * MINUTE)];
    expect((await run()).discovered).toEqual([CALL_SID]);
  });

  test('is left alone when it ended before the time that is looked at, though Twilio lists the whole day', async () => {
    calls = [endedCall(NOON - 10 * MINUTE - 1_000)];
    expect(await run()).toEqual(NOTHING);
    expect(started).toEqual([]);
  });

  test('is looked at to the second of the time at which the sweep begins to look', async () => {
    calls = [endedCall(NOON - 10 * MINUTE)];
    expect((await run()).discovered).toEqual([CALL_SID]);
  });

  test('is looked at when Twilio does not say when it ended', async () => {
    calls = [listedCall({ status: 'completed', end_time: null })];
    expect((await run()).discovered).toEqual([CALL_SID]);
  });

  test('is found hours later when no sweep ran meanwhile', async () => {
    sweptUntil = NOON - 5 * HOUR;
    calls = [endedCall(NOON - 5 * HOUR - MINUTE)];
    expect((await run()).discovered).toEqual([CALL_SID]);
    expect(asked).toContain(JSON.stringify({ endedSince: NOON - 5 * HOUR - 2 * MINUTE }));
  });

  test('is counted once when it ends while Twilio is asked, and is in both lists', async () => {
    calls = [listedCall()];
    const both = run();
    // After the list of those in progress was made.
    calls.push(endedCall(NOON));
    expect((await both).discovered).toEqual([CALL_SID]);
    expect(namesStarted()).toEqual([CALL_SID]);
  });

  test('whose execution has begun since and has no row yet is left to it', async () => {
    calls = [listedCall()];
    executions.set(CALL_SID, { input: 'of the webhook', status: 'running' });
    expect(await run()).toEqual(NOTHING);
    expect(started).toEqual([]);
  });

  test('whose execution died before it could write a row is given another', async () => {
    calls = [listedCall()];
    die(CALL_SID);
    expect(await run()).toEqual({ ...NOTHING, revived: [CALL_SID] });
    expect(namesStarted()).toEqual([`${CALL_SID}-2`]);
  });

  test('is found on whichever page of Twilio’s lists it is', async () => {
    pageSize = 3;
    calls = [
      ...Array.from({ length: 8 }, (_, nth) => listedCall({ sid: callSid(nth) })),
      ...Array.from({ length: 8 }, (_, nth) => endedCall(NOON - MINUTE, { sid: callSid(nth + 8) })),
    ];
    numbers = [
      ...Array.from({ length: 7 }, (_, nth) => ({ phone_number: `+1555000400${nth}`, voice_url: null })),
      { phone_number: OURS, voice_url: VOICE_URL },
    ];
    const { discovered } = await run();
    expect(discovered.toSorted()).toEqual(calls.map(({ sid }) => sid));
    expect(asked).toEqual([
      'numbers',
      'numbers 3',
      'numbers 6',
      '{"status":"in-progress"}',
      'in-progress 3',
      'in-progress 6',
      `{"endedSince":${NOON - 10 * MINUTE}}`,
      `ended ${NOON - 10 * MINUTE} 3`,
      `ended ${NOON - 10 * MINUTE} 6`,
    ]);
  });
});

describe('Step Functions is asked', () => {
  const open: CallRowState = { final: false, recorded: true };

  test('once for all calls that are followed, and about each whose execution does not run', async () => {
    calls = Array.from({ length: 4 }, (_, nth) => listedCall({ sid: callSid(nth) }));
    for (const { sid } of calls) {
      rows.set(sid, open);
      executions.set(sid, { input: 'of the webhook', status: 'running' });
    }
    die(callSid(1), callSid(2));
    executions.set(`${callSid(2)}-5`, { input: 'of a sweep', status: 'running' });
    await run();
    expect(asked.filter((what) => /^running|^status/.test(what))).toEqual([
      'running',
      `status of ${callSid(1)}`,
      `status of ${callSid(1)}-2`,
    ]);
    expect(namesStarted()).toEqual([`${callSid(1)}-2`]);
  });

  test('nothing when no call is followed', async () => {
    calls = [listedCall()];
    await run();
    expect(asked.filter((what) => /^running|^status/.test(what))).toEqual([]);
  });

  test('first to start what nobody knows of, whatever comes of the others', async () => {
    calls = [listedCall({ sid: callSid(1) }), endedCall(NOON - MINUTE, { sid: callSid(2) })];
    rows.set(callSid(1), open);
    const down = { ...stepFunctions, running: () => Promise.reject(new Error('Step Functions is down')) };
    await expect(sweep({ ...dependencies(), executions: down })).rejects.toThrow('Step Functions is down');
    expect(namesStarted()).toEqual([callSid(2)]);
    expect(kept).toEqual([]);
  });
});

describe('a number is ours', () => {
  test.each([
    VOICE_URL,
    `${VOICE_URL}/aHR0cHM6Ly9hcHAuZXhhbXBsZS5jb20`,
    `${VOICE_URL}#rc=3&rp=all`,
    `${VOICE_URL}/aHR0cHM6Ly9hcHAuZXhhbXBsZS5jb20#rc=3`,
  ])('when its calls begin at %s', async (voice_url) => {
    numbers = [{ phone_number: OURS, voice_url }];
    calls = [listedCall()];
    expect((await run()).discovered).toEqual([CALL_SID]);
  });

  test.each([
    null,
    '',
    PUBLIC_BASE_URL,
    `${PUBLIC_BASE_URL}/voicemail`,
    `${PUBLIC_BASE_URL}/voice-of-somebody-else`,
    `${PUBLIC_BASE_URL}/recording-status`,
    VOICE_URL.replace('https:', 'http:'),
    `https://other.example.com/voice`,
    `https://other.example.com/${VOICE_URL}`,
  ])('and not when they begin at %s', async (voice_url) => {
    numbers = [{ phone_number: OURS, voice_url }];
    calls = [listedCall()];
    expect(await run()).toEqual(NOTHING);
    expect(started).toEqual([]);
  });

  test('which leaves the calls to others alone, and those that were made rather than came', async () => {
    numbers.push({ phone_number: SOMEBODY_ELSES, voice_url: 'https://other.example.com/voice' });
    calls = [
      listedCall({ sid: callSid(1), to: SOMEBODY_ELSES }),
      listedCall({ sid: callSid(2), direction: 'outbound-api' }),
      listedCall({ sid: callSid(3), direction: 'outbound-dial', parent_call_sid: callSid(4) }),
      listedCall({ sid: callSid(4) }),
    ];
    expect((await run()).discovered).toEqual([callSid(4)]);
    expect(namesStarted()).toEqual([callSid(4)]);
  });
});

describe('a call whose execution', () => {
  beforeEach(() => {
    calls = [listedCall()];
    rows.set(CALL_SID, { final: false, recorded: true });
  });

  test('runs is left to it', async () => {
    executions.set(CALL_SID, { input: 'of the webhook', status: 'running' });
    expect(await run()).toEqual(NOTHING);
    expect(started).toEqual([]);
  });

  test('died is given the next one', async () => {
    die(CALL_SID);
    expect(await run()).toEqual({ ...NOTHING, revived: [CALL_SID] });
    expect(started).toMatchObject([{ name: `${CALL_SID}-2`, call: { callSid: CALL_SID, origin: 'sweep' } }]);
  });

  test('never was, since only a callback told of it, is given its first one', async () => {
    expect(await run()).toEqual({ ...NOTHING, revived: [CALL_SID] });
    expect(namesStarted()).toEqual([CALL_SID]);
  });

  test('died, and the next one runs, is left to that', async () => {
    die(CALL_SID);
    executions.set(`${CALL_SID}-2`, { input: 'of a sweep', status: 'running' });
    expect(await run()).toEqual(NOTHING);
  });

  test('dies again and again is given no more than a few', async () => {
    for (let sweeps = 0; sweeps < 2 * MAXIMUM_EXECUTIONS; sweeps++) {
      await run();
      die(...executions.keys());
    }
    expect(namesStarted()).toEqual([
      CALL_SID,
      ...Array.from({ length: MAXIMUM_EXECUTIONS - 1 }, (_, index) => `${CALL_SID}-${index + 2}`),
    ]);
  });

  test('gave up on it while it goes on is tried once more', async () => {
    rows.set(CALL_SID, { final: true, recorded: false, reason: 'recorder-failed' });
    die(CALL_SID);
    expect((await run()).revived).toEqual([CALL_SID]);
    expect(namesStarted()).toEqual([`${CALL_SID}-2`]);
  });

  test('did its work is left alone', async () => {
    rows.set(CALL_SID, { final: true, recorded: true });
    die(CALL_SID);
    expect(await run()).toEqual(NOTHING);
    expect(started).toEqual([]);
  });
});

describe('two sweeps at once', () => {
  test('start one execution for each call', async () => {
    const known = Array.from({ length: 15 }, (_, nth) => listedCall({ sid: callSid(nth) }));
    const unknown = Array.from({ length: 15 }, (_, nth) => listedCall({ sid: callSid(nth + 15) }));
    calls = [...known, ...unknown];
    for (const { sid } of known) {
      rows.set(sid, { final: false, recorded: true });
      die(sid);
    }
    await Promise.all([run(), run(), run()]);
    expect(namesStarted().toSorted()).toEqual(
      [...known.map(({ sid }) => `${sid}-2`), ...unknown.map(({ sid }) => sid)].toSorted(),
    );
  });
});

describe('up to when calls were looked for', () => {
  test('is kept as the time at which the sweep began, since calls may have begun meanwhile', async () => {
    calls = [listedCall()];
    await run();
    expect(clock.now()).toBeGreaterThan(NOON);
    expect(kept).toEqual([NOON]);
  });

  test('is kept when there was nothing to do', async () => {
    await run();
    expect(kept).toEqual([NOON]);
  });

  test('is not kept when an execution could not be started', async () => {
    calls = [listedCall()];
    unstartable.add(CALL_SID);
    await expect(run()).rejects.toThrow('Step Functions is down');
    expect(kept).toEqual([]);
  });

  test('is not kept when Twilio did not say what there is', async () => {
    refusals = Array(99).fill(noAnswer);
    await expect(run()).rejects.toThrow(TwilioUnavailableError);
    expect(kept).toEqual([]);
  });
});

describe('Step Functions that refuses', () => {
  test.each([1, 30])('%d calls does not keep the others from their executions', async (many) => {
    calls = Array.from({ length: 40 }, (_, nth) => listedCall({ sid: callSid(nth) }));
    unstartable = new Set(calls.slice(0, many).map(({ sid }) => sid));
    await expect(run()).rejects.toThrow('Step Functions is down');
    expect(namesStarted().toSorted()).toEqual(calls.slice(many).map(({ sid }) => sid));
  });
});

describe('Twilio that', () => {
  test.each<[string, Refusal]>([
    ['throttles', throttled()],
    ['does not answer', noAnswer],
    ['cannot be reached', notSent],
    ['is out of order', errorAnswer(503)],
  ])('%s a few times is asked again, later each time', async (_, refusal) => {
    calls = [listedCall()];
    refusals = [refusal, refusal, refusal];
    expect((await run()).discovered).toEqual([CALL_SID]);
    expect(asked.slice(0, 5)).toEqual([...Array(4).fill('numbers'), '{"status":"in-progress"}']);
    // Six requests of 100 ms, and the pauses.
    expect(clock.now() - NOON).toBe(600 + 500 + 1_000 + 1_500);
  });

  test.each<[string, number]>([
    ['of its numbers', 0],
    ['of the calls in progress', 1],
    ['of the calls that ended', 2],
  ])('says nothing %s for good ends the sweep before anything is started', async (_, before) => {
    calls = [listedCall()];
    const page = (items: unknown[]) => ok({ items }) as unknown as Refusal;
    const answers = [page([]), page([listedCall()])].slice(0, before);
    refusals = [...answers, ...Array(4).fill(errorAnswer(503, 20500))];
    await expect(run()).rejects.toThrow(
      new TwilioUnavailableError('Twilio did not list what the sweep looks at: HTTP 503, code 20500'),
    );
    expect(refusals).toEqual([]);
    expect(started).toEqual([]);
    expect(kept).toEqual([]);
  });

  test('gives no second page ends the sweep too: half a list is none', async () => {
    pageSize = 1;
    numbers.push({ phone_number: SOMEBODY_ELSES, voice_url: null });
    const first = ok({ items: numbers.slice(0, 1), next: 'numbers 1' }) as unknown as Refusal;
    refusals = [first, ...Array(4).fill(notSent)];
    await expect(run()).rejects.toThrow(/ECONNREFUSED$/);
    expect(asked).toEqual(['numbers', ...Array(4).fill('numbers 1')]);
  });
});

test.each(['rowsOf', 'sweptUntil', 'keepSweptUntil'] as const)(
  'a table that does not do %s ends the sweep',
  async (method) => {
    const down = () => Promise.reject(new StoreUnavailableError('the table is down'));
    const store = {
      rowsOf: async () => new Map(),
      sweptUntil: async () => undefined,
      keepSweptUntil: async () => {},
      [method]: down,
    };
    const page = async () => ok({ items: [] });
    await expect(
      sweep({ ...dependencies(), store, twilio: { listCalls: page, listNumbers: page } }),
    ).rejects.toThrow(StoreUnavailableError);
  },
);

describe('a live call', () => {
  const commanded = (status: CommandedStatus, confirmed: boolean, age: number): CallRowState => ({
    final: false,
    recorded: true,
    command: {
      number: 7,
      status,
      pauseBehavior: status === 'paused' ? 'skip' : undefined,
      confirmed,
      at: new Date(NOON - age).toISOString(),
    },
  });

  test.each([
    ['paused for too long', commanded('paused', true, 10 * MINUTE + 1), 'resume', 'paused for too long'],
    [
      'perhaps paused for too long',
      commanded('paused', false, 10 * MINUTE + 1),
      'resume',
      'paused for too long',
    ],
    ['perhaps paused', commanded('paused', false, MINUTE + 1), 'pause', 'the end of'],
    ['perhaps resumed', commanded('in-progress', false, MINUTE + 1), 'resume', 'the end of'],
    ['perhaps stopped', commanded('stopped', false, MINUTE + 1), 'stop', 'the end of'],
  ])('%s is told to', (_, row, action, reason) => {
    expect(dueCommand(row, NOON, 10 * MINUTE)).toEqual({
      action,
      ...(action === 'pause' && { pauseBehavior: 'skip' }),
      reason: expect.stringContaining(reason),
      lastCommand: 7,
    });
  });

  test.each([
    ['that nobody knows', undefined],
    ['without a command', { final: false, recorded: true }],
    ['that is paused', commanded('paused', true, 10 * MINUTE)],
    ['that was resumed', commanded('in-progress', true, HOUR)],
    ['that was stopped', commanded('stopped', true, HOUR)],
    ['whose command somebody still has in hands', commanded('paused', false, MINUTE)],
  ])('%s is told nothing', (_, row) => {
    expect(dueCommand(row, NOON, 10 * MINUTE)).toBeUndefined();
  });

  test.each([
    ['is forgotten after ten minutes', true, 10 * MINUTE + 1, 'forgotten'],
    ['is not before', true, 10 * MINUTE, undefined],
    [
      'is asked for again if nobody knows of it',
      false,
      HOUR,
      {
        action: 'pause',
        pauseBehavior: 'skip',
        reason: 'the end of the last command was not known',
        lastCommand: 7,
      },
    ],
  ])('whose pause only a person may end %s', (_, confirmed, age, due) => {
    expect(dueCommand(commanded('paused', confirmed, age), NOON, false)).toEqual(due);
  });

  test('whose pause is forgotten is counted, and told nothing', async () => {
    const live = listedCall();
    calls = [live];
    rows = new Map([[live.sid, commanded('paused', true, HOUR)]]);
    expect(await run({ resumeAfterMilliseconds: false })).toMatchObject({
      resumed: [],
      leftOpen: [live.sid],
    });
    expect(commands).toEqual([]);
  });

  test('whose pause was too long is resumed, and one of which the call has ended is left alone', async () => {
    const paused = commanded('paused', true, HOUR);
    const live = listedCall();
    const ended = endedCall(NOON - MINUTE, { sid: `CA${'e'.repeat(32)}` });
    calls = [live, ended];
    rows = new Map([
      [live.sid, paused],
      [ended.sid, paused],
    ]);
    expect(await run()).toMatchObject({ resumed: [live.sid], leftOpen: [] });
    expect(commands).toEqual([
      { callSid: live.sid, action: 'resume', reason: 'paused for too long', lastCommand: 7 },
    ]);
  });

  test.each<[string, () => Promise<Controlled>, 'resumed' | 'leftOpen' | undefined]>([
    ['unconfirmed', async () => ({ kind: 'unconfirmed' }), 'leftOpen'],
    ['refused', async () => ({ kind: 'refused' }), 'leftOpen'],
    ['not done', async () => ({ kind: 'not-done' }), 'leftOpen'],
    ['broken', () => Promise.reject(new StoreUnavailableError('down')), 'leftOpen'],
    ['in other hands', async () => ({ kind: 'under-way' }), undefined],
    ['over', async () => ({ kind: 'not-possible' }), undefined],
  ])('whose command is %s is counted as such, and the sweep goes on', async (_, outcome, as) => {
    controlled = outcome;
    const live = listedCall();
    calls = [live];
    rows = new Map([[live.sid, commanded('paused', true, HOUR)]]);
    expect(await run()).toMatchObject({ resumed: [], leftOpen: as === 'leftOpen' ? [live.sid] : [] });
    expect(kept).toEqual([NOON]);
  });

  test('whose command is given again is no pause that ended', async () => {
    const live = listedCall();
    calls = [live];
    rows = new Map([[live.sid, commanded('paused', false, 2 * MINUTE)]]);
    expect(await run()).toMatchObject({ resumed: [], leftOpen: [] });
    expect(commands).toMatchObject([{ action: 'pause' }]);
  });
});
