import type { Clock } from '../shared/clock.ts';
import { TwilioUnavailableError } from '../shared/errors.ts';
import type { Executions } from '../shared/executions.ts';
import type { RecordingSettings } from '../shared/settings.ts';
import type { CallFilter, IncomingNumber, ListedCall, Page, TwilioAnswer, TwilioApi } from '../twilio/api.ts';
import { insist } from '../twilio/insist.ts';
import { callPhase } from './classify.ts';
import type { Controlled, ControlRequest } from './control.ts';
import { endedEarly } from './ended-early.ts';
import { executionNames, revive } from './executions-of-a-call.ts';
import type { UnrecordedReason } from './start.ts';
import type { CallFacts, CallRowState, SweepStore } from './store.ts';

/** How far a sweep looks back, in milliseconds. */
export const SWEEP_WINDOW = {
  /** Calls that ended so long ago are looked at by several sweeps: Twilio's list lags, and executions die late. */
  atLeast: 10 * 60_000,
  /** After sweeps failed, the next one starts where the last one ended, but so much earlier. */
  overlap: 2 * 60_000,
  atMost: 24 * 60 * 60_000,
} as const;

const AT_ONCE = 10;
const PAUSE_MILLISECONDS = 500;

export interface SweepDependencies {
  readonly twilio: Pick<TwilioApi, 'listCalls' | 'listNumbers'>;
  readonly store: SweepStore;
  readonly executions: Executions;
  readonly clock: Clock;
  /** Start of the voice URLs that lead to us: a number with one of them is ours. */
  readonly voiceUrl: string;
  readonly accountSid: string;
  /** Gives a command in the recorder's own name. */
  readonly command: (callSid: string, command: DueCommand) => Promise<Controlled>;
  /** After how long a paused recording goes on by itself, in milliseconds, if it does. */
  readonly resumeAfterMilliseconds: number | false;
  /** Whether a caller has to say yes before anything is recorded. */
  readonly asks: boolean;
  /** With which Twilio records. */
  readonly recording: RecordingSettings;
}

export interface Swept {
  /** Calls that no webhook announced. */
  readonly discovered: readonly string[];
  /** Calls whose execution had died. */
  readonly revived: readonly string[];
  /** Calls whose recording goes on after a pause that was too long. */
  readonly resumed: readonly string[];
  /** Live calls of which a pause that is too long, or a command of unknown end, could not be ended. */
  readonly leftOpen: readonly string[];
  /** Calls whose recordings ended before them, and of which nobody was told. */
  readonly endedEarly: readonly { readonly callSid: string; readonly recordingCount: number }[];
}

/**
 * Starts an execution for each call that should have one and has none. Throws TwilioUnavailableError,
 * StoreUnavailableError, or what Step Functions' client throws; what was begun stays, and the next sweep looks again.
 */
export async function sweep(dependencies: SweepDependencies): Promise<Swept> {
  const {
    twilio,
    store,
    executions,
    clock,
    voiceUrl,
    accountSid,
    command,
    resumeAfterMilliseconds,
    asks,
    recording,
  } = dependencies;
  const begunAt = clock.now();
  const since = windowStart(begunAt, await store.sweptUntil());
  const numbers = await allPages((next) => twilio.listNumbers(next), clock);
  const live = await listCalls({ status: 'in-progress' });
  const ended = await listCalls({ endedSince: since });
  const calls = uniqueBySid([...live, ...ended.filter((call) => !(endTime(call) < since))]);
  const rows = await store.rowsOf(calls.map(({ sid }) => sid));
  const isOurNumber = ourNumbers(numbers, voiceUrl);

  const needing = Object.groupBy(calls, (call) => decide(call, rows.get(call.sid), isOurNumber, asks));

  const discovered: string[] = [];
  const revived: string[] = [];
  const reviveUnlessItRuns = async (call: CallFacts): Promise<void> => {
    if (await revive(executions, call)) {
      revived.push(call.callSid);
    }
  };
  // First the calls that nobody knows: whatever ends a sweep early, it must not be these that wait.
  const started = await attemptEach(needing.start, async (call) => {
    const facts = factsOf(call, accountSid);
    if ((await executions.start(facts)) === 'started') {
      discovered.push(call.sid);
    } else {
      await reviveUnlessItRuns(facts);
    }
  });
  // One list instead of a question about each: of almost all open calls the execution runs.
  const running = needing.revive ? await executions.running() : new Set<string>();
  const followed = await attemptEach(needing.revive, async (call) => {
    if (!executionNames(call.sid).some((name) => running.has(name))) {
      await reviveUnlessItRuns(factsOf(call, accountSid));
    }
  });
  // Hung up before they answered: nothing was missed, and their rows say so.
  const closed = await attemptEach(needing.close, async (call) => {
    await revive(executions, factsOf(call, accountSid));
  });
  const resumed: string[] = [];
  const leftOpen: string[] = [];
  const settled = await attemptEach(live, async ({ sid }) => {
    const due = dueCommand(rows.get(sid), begunAt, resumeAfterMilliseconds);
    if (due === FORGOTTEN) {
      leftOpen.push(sid);
    } else if (due) {
      const { kind } = await command(sid, due).catch(() => ({ kind: 'unconfirmed' }));
      if (kind === 'unconfirmed' || kind === 'refused' || kind === 'not-done') {
        leftOpen.push(sid);
      } else if (kind === 'done' && due.reason === PAUSED_TOO_LONG) {
        resumed.push(sid);
      }
    }
  });
  const [failure] = [...started, ...followed, ...closed, ...settled];
  if (failure !== undefined) {
    throw failure;
  }
  await store.keepSweptUntil(begunAt);
  const cutShort = calls.flatMap((call) => {
    const ended = rows.get(call.sid)?.ended;
    return ended && endedEarly(call, ended, begunAt, recording)
      ? [{ callSid: call.sid, recordingCount: ended.count }]
      : [];
  });
  return { discovered, revived, resumed, leftOpen, endedEarly: cutShort };

  function listCalls(filter: CallFilter): Promise<readonly ListedCall[]> {
    return allPages((next) => twilio.listCalls(next === undefined ? filter : { next }), clock);
  }
}

const PAUSED_TOO_LONG = 'paused for too long';
const END_UNKNOWN = 'the end of the last command was not known';
/** A pause that only a person may end, and that nobody has ended for long. */
const FORGOTTEN = 'forgotten';
/** Whoever gave a command has it in hands for so long, in milliseconds. */
const IN_HANDS = 60_000;
/** A pause that is longer is not one for a card number any more; in milliseconds. */
const FORGOTTEN_AFTER = 10 * 60_000;

/** Given minutes after the rows were read, perhaps: an operator's newer command must not be undone by it. */
export type DueCommand = Pick<ControlRequest, 'action' | 'pauseBehavior' | 'reason' | 'lastCommand'>;

/** What the recorder itself has to say to the recording of a live call: on after a pause, or again what nobody confirmed. */
export function dueCommand(
  row: CallRowState | undefined,
  now: number,
  resumeAfterMilliseconds: number | false,
): DueCommand | typeof FORGOTTEN | undefined {
  if (!row?.command) {
    return undefined;
  }
  const { number: lastCommand, status, pauseBehavior, confirmed, at } = row.command;
  const age = now - Date.parse(at);
  const goesOnByItself = resumeAfterMilliseconds !== false;
  const isTooLong = status === 'paused' && age > (goesOnByItself ? resumeAfterMilliseconds : FORGOTTEN_AFTER);
  if (isTooLong && goesOnByItself) {
    return { action: 'resume', reason: PAUSED_TOO_LONG, lastCommand };
  }
  if (!confirmed && age > IN_HANDS) {
    return { action: ACTION_FOR[status], pauseBehavior, reason: END_UNKNOWN, lastCommand };
  }
  return isTooLong ? FORGOTTEN : undefined;
}

const ACTION_FOR = { paused: 'pause', 'in-progress': 'resume', stopped: 'stop' } as const;

/** From when on calls that ended are looked at, in ms since the epoch. */
export function windowStart(now: number, sweptUntil: number | undefined): number {
  const usual = now - SWEEP_WINDOW.atLeast;
  return Math.max(Math.min(usual, (sweptUntil ?? usual) - SWEEP_WINDOW.overlap), now - SWEEP_WINDOW.atMost);
}

const WORTH_ANOTHER_TRY: readonly (string | undefined)[] = [
  'recorder-failed',
  'not-answered-in-time',
] satisfies UnrecordedReason[];

/** Whether another execution may record a call while it goes on, for whatever reason the first one did not. */
export const isWorthAnotherExecution = (reason: string | undefined): boolean =>
  WORTH_ANOTHER_TRY.includes(reason);

/**
 * What a call needs. `start`: its execution, since nobody knows it. `revive`: another execution, if the one that it had
 * is dead. `close`: the first one, since the caller was asked and gave no answer. While a caller has yet to say yes, a call
 * needs nothing.
 */
export function decide(
  call: ListedCall,
  row: CallRowState | undefined,
  isOurNumber: (number: string) => boolean,
  asks: boolean,
): 'start' | 'revive' | 'close' | 'nothing' {
  if (call.parent_call_sid) {
    return 'nothing';
  }
  const unanswered = asks && (row === undefined || row.consent === 'asked') && row?.recorded !== true;
  if (unanswered && callPhase(call.status) !== 'ended') {
    return 'nothing';
  }
  if (row === undefined) {
    return call.direction === 'inbound' && isOurNumber(call.to) ? 'start' : 'nothing';
  }
  if (!row.final) {
    return unanswered ? 'close' : 'revive';
  }
  const mayStillBeRecorded =
    !row.recorded && isWorthAnotherExecution(row.reason) && callPhase(call.status) === 'in-progress';
  return mayStillBeRecorded ? 'revive' : 'nothing';
}

const ourNumbers = (numbers: readonly IncomingNumber[], voiceUrl: string): ((number: string) => boolean) => {
  const ours = new Set(
    numbers.filter(({ voice_url }) => leadsTo(voice_url, voiceUrl)).map(({ phone_number }) => phone_number),
  );
  return (number) => ours.has(number);
};

/** Whether a number's voice URL is the recorder's, whatever application is behind it. */
export const leadsTo = (url: string | null, voiceUrl: string): boolean =>
  url !== null && (url === voiceUrl || ['/', '?', '#'].some((next) => url.startsWith(voiceUrl + next)));

const factsOf = (call: ListedCall, accountSid: string): CallFacts => ({
  callSid: call.sid,
  accountSid,
  from: call.from,
  to: call.to,
  direction: call.direction,
  origin: 'sweep',
});

/** Twilio documents that an ended call has one; a call without is not passed over. */
const endTime = ({ end_time }: ListedCall): number => Date.parse(end_time ?? '');

const uniqueBySid = (calls: readonly ListedCall[]): readonly ListedCall[] => [
  ...new Map(calls.map((call) => [call.sid, call])).values(),
];

async function allPages<T>(
  ask: (next: string | undefined) => Promise<TwilioAnswer<Page<T>>>,
  clock: Clock,
): Promise<readonly T[]> {
  const items: T[] = [];
  let next: string | undefined;
  do {
    const from: string | undefined = next;
    const answer: TwilioAnswer<Page<T>> = await insist(
      () => ask(from),
      ({ kind }) => kind === 'ok',
      clock,
      PAUSE_MILLISECONDS,
    );
    if (answer.kind !== 'ok') {
      throw new TwilioUnavailableError(
        `Twilio did not list what the sweep looks at: ${answer.kind === 'error' ? `HTTP ${answer.httpStatus}, code ${answer.code}` : answer.cause}`,
      );
    }
    items.push(...answer.body.items);
    next = answer.body.next;
  } while (next !== undefined);
  return items;
}

/** Does `work` for each item, several at once, and for the others too where it fails. Returns what it threw. */
async function attemptEach<T>(
  items: readonly T[] = [],
  work: (item: T) => Promise<void>,
): Promise<readonly unknown[]> {
  const queue = items.values();
  const errors: unknown[] = [];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of queue) {
        await work(item).catch((error: unknown) => errors.push(error));
      }
    }),
  );
  return errors;
}
