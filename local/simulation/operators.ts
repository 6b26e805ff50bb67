import type { Action, PauseBehavior } from '../../lambda/recording-control/representations.ts';
import type { Row } from '../recorder.ts';
import { Dice } from '../twilio-simulator/random.ts';
import type { SimulatedCall, SimulatorEvent } from '../twilio-simulator/simulator.ts';
import { ours } from '../verdict.ts';
import type { Cloud } from './cloud.ts';
import { sleep } from './effects.ts';

/** What an operator tells a call's recording. */
export interface PlannedCommand {
  /** In ms after the call is in progress. */
  readonly afterMs: number;
  readonly action: Action;
  readonly pauseBehavior?: PauseBehavior;
}

/** A command as its operator knows it. Times in ms since the epoch. */
export interface GivenCommand {
  readonly action: Action;
  readonly sentAt: number;
  readonly answeredAt: number;
  /** Whether the answer was that it is so. */
  readonly isDone: boolean;
}

/** Of so many calls, as a share, somebody commands the recording. */
const COMMANDED = 0.3;
/** How long operators wait, in ms, until they give a command again that was not done, and how often they do. */
const AGAIN_AFTER_MS = [1_000, 4_000] as const;
const MOST_TRIES = 6;

/** Commands to one call in the order of their times, each a while after the one before. */
type Story = readonly (readonly [Action, afterMs: readonly [min: number, max: number]])[];

const SOON = [200, 4_000] as const;
const LATER = [1_000, 40_000] as const;
const STORIES: readonly Story[] = [
  [
    ['pause', LATER],
    ['resume', LATER],
  ],
  [
    ['pause', SOON],
    ['resume', SOON],
    ['pause', LATER],
    ['resume', LATER],
  ],
  [['pause', LATER]],
  [['stop', SOON]],
  [['stop', LATER]],
  [
    ['stop', LATER],
    ['start', LATER],
  ],
  [
    ['stop', SOON],
    ['start', SOON],
    ['pause', SOON],
    ['stop', LATER],
  ],
  [
    ['pause', SOON],
    ['stop', SOON],
  ],
  [['start', SOON]],
  // Two of them at once.
  [
    ['pause', LATER],
    ['resume', [0, 500]],
  ],
  [
    ['resume', LATER],
    ['pause', [0, 500]],
    ['pause', [0, 500]],
  ],
  [
    ['stop', LATER],
    ['start', [0, 500]],
  ],
];

/** What is told to the `index`th call. The same seed gives the same commands. */
export function planCommands(seed: number, index: number): readonly PlannedCommand[] {
  const dice = new Dice(seed, `operators ${index}`);
  if (dice.share('commanded') >= COMMANDED) return [];
  const story = STORIES[Math.floor(dice.share('story') * STORIES.length)] ?? [];
  let afterMs = 0;
  return story.map(([action, distribution]) => {
    afterMs += dice.draw('after', distribution);
    return {
      action,
      afterMs,
      ...(action === 'pause' && dice.share('skip') < 0.3 && { pauseBehavior: 'skip' }),
    };
  });
}

/** Operators of a run: what they tell each call, and what they are answered. */
export class Operators {
  readonly #seed: number;
  readonly #given = new Map<string, GivenCommand[]>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** What a call was told, in the order of the answers. */
  of(callSid: string): readonly GivenCommand[] {
    return this.#given.get(callSid) ?? [];
  }

  /** Gives the commands of a call that is in progress now. */
  attend(cloud: Pick<Cloud, 'command'>, call: SimulatedCall, commands: readonly PlannedCommand[]): void {
    for (const [index, { afterMs, ...command }] of commands.entries()) {
      const dice = new Dice(this.#seed, `operator ${index} of ${call.sid}`);
      setTimeout(() => this.#insist(cloud, call, command, dice), afterMs);
    }
  }

  /** Gives a command until it is answered with what does not change by itself. */
  async #insist(
    cloud: Pick<Cloud, 'command'>,
    call: SimulatedCall,
    command: Omit<PlannedCommand, 'afterMs'>,
    dice: Dice,
  ): Promise<void> {
    for (let tries = 1; call.endedAt === undefined && tries <= MOST_TRIES; tries += 1) {
      const sentAt = Date.now();
      const { httpStatus, body } = await cloud.command(call.sid, command);
      const given = this.#given.get(call.sid) ?? [];
      this.#given.set(call.sid, given);
      given.push({ action: command.action, sentAt, answeredAt: Date.now(), isDone: httpStatus < 300 });
      const isUnderWay = String(Object(body).type).endsWith(':under-way');
      if (httpStatus < 500 && !isUnderWay) return;
      await sleep(dice.draw('again', AGAIN_AFTER_MS));
    }
  }
}

/** How long recordings ran on against the last word of an operator, in seconds, and what is wrong with that. */
export interface Obedience {
  readonly againstSeconds: number;
  readonly findings: readonly string[];
}

/** What Twilio carried out late may run for as long as a second recording may run beside the first, in ms. */
const MOST_AGAINST_MS = 10_000;
/** Pauses end by themselves after ten minutes, with a sweep that looks each minute and may fail. */
const PAUSE_LASTS_MS = 10 * 60_000;
/** Two sweeps in a row may fail, and the third has to learn first what they sent. */
const PAUSE_IS_OVER_MS = PAUSE_LASTS_MS + 5 * 60_000;

/**
 * Whether the recordings of a call did what operators were told that they did: none of ours runs after a stop that was
 * done, none records after a pause, until another command may have come; one runs after a start; no pause lasts for ever;
 * and the rows say how each recording was when the call ended.
 *
 * @param events of the call, as Twilio saw them
 * @param rows of the call, as they are in the end
 */
export function obedience(
  call: SimulatedCall,
  commands: readonly GivenCommand[],
  events: readonly SimulatorEvent[],
  rows: readonly Row[],
): Obedience {
  const findings: string[] = [];
  let againstMs = 0;
  for (const command of commands.filter(({ isDone }) => isDone)) {
    const { action, answeredAt, sentAt } = command;
    // Whatever was not answered yet when this one was sent may have been carried out after it.
    const others = commands.filter((other) => other !== command && other.answeredAt > sentAt);
    const until = (ended: readonly Action[], atMost = Number.POSITIVE_INFINITY): number =>
      Math.min(
        atMost,
        call.endedAt ?? atMost,
        ...others.filter((other) => ended.includes(other.action)).map((other) => other.sentAt),
      );
    if (action === 'stop') {
      againstMs = Math.max(
        againstMs,
        ranFor(call, events, answeredAt, until(['start']), ['in-progress', 'paused']),
      );
    } else if (action === 'pause') {
      const end = until(['resume', 'start', 'stop'], answeredAt + PAUSE_LASTS_MS - MOST_AGAINST_MS);
      againstMs = Math.max(againstMs, ranFor(call, events, answeredAt, end, ['in-progress']));
      const overBy = answeredAt + PAUSE_IS_OVER_MS;
      if (others.length === 0 && ranFor(call, events, overBy, until([]), ['paused']) > 0) {
        findings.push(`is still paused ${PAUSE_IS_OVER_MS / 60_000} minutes after an operator paused it`);
      }
    } else if (action === 'start' && others.length === 0) {
      const isRunning = ours(call).some(
        ({ startedAt, endedAt = call.endedAt ?? answeredAt }) => startedAt <= answeredAt && endedAt >= sentAt,
      );
      if (!isRunning) findings.push('is not recorded, though an operator’s start was done');
    }
  }
  for (const { sid, endedBy } of ours(call)) {
    const row = rows.find(({ Item }) => Item === `RECORDING#${sid}`);
    if (row?.CommandConfirmed !== true || row.CommandedStatus === 'stopped' || endedBy !== 'call') continue;
    const status = statuses(events, sid).at(-1)?.status ?? 'in-progress';
    if (row.CommandedStatus !== status) {
      findings.push(`${sid} was ${status} in the end, its row says that it was told ${row.CommandedStatus}`);
    }
  }
  if (againstMs > MOST_AGAINST_MS) {
    findings.push(`was recorded for ${againstMs / 1000} s after an operator’s pause or stop was done`);
  }
  return { againstSeconds: againstMs / 1000, findings };
}

type Running = 'in-progress' | 'paused';

/** What a recording became while it ran. */
function statuses(
  events: readonly SimulatorEvent[],
  recordingSid: string,
): readonly { readonly at: number; readonly status: Running }[] {
  return events.flatMap((event) =>
    (event.type === 'recording-paused' || event.type === 'recording-resumed') &&
    event.recordingSid === recordingSid
      ? [{ at: event.at, status: event.type === 'recording-paused' ? 'paused' : 'in-progress' }]
      : [],
  );
}

/** For how long any recording of ours was as given in a span of time, in ms. */
function ranFor(
  call: SimulatedCall,
  events: readonly SimulatorEvent[],
  from: number,
  to: number,
  as: readonly Running[],
): number {
  return Math.max(
    0,
    ...ours(call).map(({ sid, startedAt, endedAt = call.endedAt ?? to }) => {
      const points = [{ at: startedAt, status: 'in-progress' } as const, ...statuses(events, sid)];
      return points.reduce((sum, { at, status }, index) => {
        const end = Math.min(points[index + 1]?.at ?? endedAt, endedAt, to);
        return as.includes(status) ? sum + Math.max(0, end - Math.max(at, from)) : sum;
      }, 0);
    }),
  );
}
