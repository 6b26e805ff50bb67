import { YES } from '../../lambda/recording/consent.ts';
import { Dice, type Distribution } from '../twilio-simulator/random.ts';
import type { CallScript, Key, KeyPress } from '../twilio-simulator/simulator.ts';

/** A call of a simulation. */
export interface PlannedCall {
  readonly kind: CallKind;
  /** Whether its number leads to the recorder whose notice answers the call; the other's callers hear a party ring. */
  readonly notice: boolean;
  /** When it is placed, in ms after the run's start. */
  readonly afterMs: number;
  /** The number's own application, or undefined for none. */
  readonly application: keyof typeof APPLICATIONS | undefined;
  readonly script: Omit<CallScript, 'voiceUrl' | 'from' | 'to'>;
}

/** The applications behind the numbers, as TwiML. */
export const APPLICATIONS = {
  menu: '<Response><Say>Welcome. How can we help you today?</Say><Pause length="3600"/></Response>',
  desk: '<Response><Dial answerOnBridge="true" timeout="60">+15550100200</Dial></Response>',
} as const;

export type CallKind = keyof typeof KINDS;

type Draw = (purpose: string, distribution: Distribution) => number;
type Plan = Pick<PlannedCall, 'notice' | 'script'> & Partial<Pick<PlannedCall, 'application'>>;

/** In ms: half the calls last longer than a minute, one in a hundred longer than the time that callbacks are waited for. */
const CONVERSATION: Distribution = { median: 60_000, p99: 1_200_000 };
const talkMs = (draw: Draw): number => draw('talk', CONVERSATION);

/** Kinds of calls: how many of a thousand, and how one goes. */
const KINDS = {
  answered: {
    perMille: 470,
    plan: (draw: Draw): Plan => ({ notice: true, application: 'menu', script: { talkMs: talkMs(draw) } }),
  },
  withoutApplication: {
    perMille: 40,
    plan: (draw: Draw): Plan => ({ notice: true, script: { talkMs: draw('talk', [3_000, 9_000]) } }),
  },
  outgoing: {
    perMille: 60,
    plan: (draw: Draw): Plan => ({
      notice: true,
      application: 'menu',
      script: {
        direction: 'outbound-api',
        dialled: { ringMs: draw('ring', [500, 20_000]), outcome: 'answers' },
        talkMs: talkMs(draw),
      },
    }),
  },
  silent: {
    perMille: 20,
    plan: (draw: Draw): Plan => ({
      notice: true,
      application: 'menu',
      script: { silent: true, talkMs: draw('talk', [3_000, 30_000]) },
    }),
  },
  longRing: {
    perMille: 150,
    plan: (draw: Draw): Plan => ({
      notice: false,
      application: 'desk',
      script: {
        dialled: { ringMs: draw('ring', [4_000, 25_000]), outcome: 'answers', talkMs: talkMs(draw) },
      },
    }),
  },
  busy: {
    perMille: 30,
    plan: (draw: Draw): Plan => ({
      notice: false,
      application: 'desk',
      script: { dialled: { ringMs: draw('ring', [500, 2_000]), outcome: 'busy' } },
    }),
  },
  hungUpWhileRinging: {
    perMille: 50,
    plan: (draw: Draw): Plan => ({
      notice: false,
      application: 'desk',
      script: {
        hangUpAfterMs: draw('hang-up', [200, 30_000]),
        dialled: { ringMs: 40_000, outcome: 'answers' },
      },
    }),
  },
  hungUpInTheFirstSeconds: {
    perMille: 60,
    plan: (draw: Draw): Plan => ({
      notice: true,
      application: 'menu',
      script: { talkMs: draw('talk', [50, 5_000]) },
    }),
  },
  /** Somebody else records the same call, by the API or by `<Dial record>`, with other options than ours. */
  recordedByOthersToo: {
    perMille: 100,
    plan: (draw: Draw): Plan => {
      const talk = talkMs(draw);
      const startsAfterMs = draw('foreign', [0, 10_000]);
      const ends = draw('foreign ends', [0, 1]) === 1;
      return {
        notice: true,
        application: 'menu',
        script: {
          talkMs: talk,
          foreignRecordings: [
            {
              startsAfterMs,
              ...(ends && { stopsAfterMs: draw('foreign lasts', [1_000, 30_000]) }),
              source: draw('foreign source', [0, 1]) === 1 ? 'StartCallRecordingAPI' : 'DialVerb',
              channels: 1,
            },
          ],
        },
      };
    },
  },
  trialAccount: {
    perMille: 10,
    plan: (draw: Draw): Plan => ({
      notice: true,
      application: 'menu',
      script: { restRefusal: 'trial', talkMs: talkMs(draw) },
    }),
  },
  badCredentials: {
    perMille: 10,
    plan: (draw: Draw): Plan => ({
      notice: true,
      application: 'menu',
      script: { restRefusal: 'credentials', talkMs: talkMs(draw) },
    }),
  },
} as const;

export interface PlanOptions {
  readonly calls: number;
  readonly seed: number;
  readonly perSecond: number;
  /** Share of voice webhooks that come twice. */
  readonly voiceWebhookTwice: number;
  readonly keys?: PressedKeys | undefined;
}

/** What callers of a recorder with a notice may press. */
export interface PressedKeys {
  /** They are asked first. */
  readonly asks: boolean;
  /** With this key they say no during the notice. */
  readonly optOutKey?: Key | undefined;
}

/** Plans the calls of a run. The same options give the same plan. */
export function planCalls({ calls, seed, perSecond, voiceWebhookTwice, keys }: PlanOptions): PlannedCall[] {
  return Array.from({ length: calls }, (_, index) => {
    const dice = new Dice(seed, `plan ${index}`);
    const draw: Draw = (purpose, distribution) => dice.draw(purpose, distribution);
    const kind = pick(Math.floor(dice.share('kind') * 1000));
    const { notice, application, script }: Plan = KINDS[kind].plan(draw);
    return {
      kind,
      notice,
      application,
      afterMs: Math.round((index + dice.share('arrival')) * (1000 / perSecond)),
      script: {
        ...script,
        duplicateWebhook: dice.share('twice') < voiceWebhookTwice,
        ...(keys && notice && { keys: keysOf(keys, dice) }),
      },
    };
  });
}

/** Of a hundred callers who are asked, and of a hundred who hear the notice. */
const ANSWERS = { yes: 60, other: 15 } as const;
const DURING_THE_NOTICE = { no: 20, other: 5 } as const;

/** Presses for one Gather: some key, after a while that may be longer than it listens. */
function pressed(
  dice: Dice,
  gather: string,
  perCent: number,
  meant: Key,
  otherPerCent: number,
): readonly KeyPress[] {
  const share = dice.share(gather) * 100;
  const key = share < perCent ? meant : share < perCent + otherPerCent ? OTHER_KEY : undefined;
  return key === undefined ? [] : [{ key, afterMs: dice.draw(`${gather} after`, [50, 9_000]) }];
}

const OTHER_KEY = '5';

function keysOf({ asks, optOutKey }: PressedKeys, dice: Dice): readonly (readonly KeyPress[])[] {
  return [
    ...(asks ? [pressed(dice, 'question', ANSWERS.yes, YES, ANSWERS.other)] : []),
    ...(optOutKey ? [pressed(dice, 'notice', DURING_THE_NOTICE.no, optOutKey, DURING_THE_NOTICE.other)] : []),
  ];
}

const isKind = (name: string): name is CallKind => name in KINDS;

function pick(ticket: number): CallKind {
  let rest = ticket;
  for (const [name, { perMille }] of Object.entries(KINDS)) {
    rest -= perMille;
    if (rest < 0 && isKind(name)) {
      return name;
    }
  }
  return 'answered';
}
