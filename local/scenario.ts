import { Dice } from './twilio-simulator/random.ts';
import type { CallScript, TwilioSimulator } from './twilio-simulator/simulator.ts';

/** What a seeded call needs to be placed. */
export interface PlannedCall {
  readonly kind: CallKind;
  /** Whether it goes to the recorder whose notice answers the call; the other's callers hear their party ring. */
  readonly notice: boolean;
  /** When it is placed, in ms after the run's start. */
  readonly afterMs: number;
  /** The number's own application, or undefined for none. */
  readonly application: string | undefined;
  readonly script: Omit<CallScript, 'voiceUrl'>;
}

export type CallKind = keyof typeof KINDS;

/** The applications behind the numbers: TwiML that the simulated Twilio serves. */
const APPLICATIONS = {
  menu: '<Response><Say>Welcome. How can we help you today?</Say><Pause length="60"/></Response>',
  desk: '<Response><Dial answerOnBridge="true" timeout="60">+15550100200</Dial></Response>',
} as const;

type Draw = (purpose: string, minimum: number, maximum: number) => number;
type Plan = Pick<PlannedCall, 'notice'> & {
  readonly application?: keyof typeof APPLICATIONS;
  readonly script: Partial<CallScript>;
};

/** Kinds of calls: how many of a thousand, and how one goes. */
const KINDS = {
  answered: {
    perMille: 430,
    plan: (draw: Draw): Plan => ({
      notice: true,
      application: 'menu',
      script: { talkMs: draw('talk', 3_000, 12_000) },
    }),
  },
  withoutApplication: {
    perMille: 60,
    plan: (draw: Draw): Plan => ({ notice: true, script: { talkMs: draw('talk', 3_000, 12_000) } }),
  },
  duplicateWebhook: {
    perMille: 60,
    plan: (draw: Draw): Plan => ({
      notice: true,
      application: 'menu',
      script: { duplicateWebhook: true, talkMs: draw('talk', 3_000, 6_000) },
    }),
  },
  outgoing: {
    perMille: 60,
    plan: (draw: Draw): Plan => ({
      notice: true,
      script: {
        direction: 'outbound-api',
        dialled: { ringMs: draw('ring', 500, 3_000), outcome: 'answers' },
        talkMs: draw('talk', 3_000, 6_000),
      },
    }),
  },
  silent: {
    perMille: 50,
    plan: (draw: Draw): Plan => ({
      notice: true,
      application: 'menu',
      script: { silent: true, talkMs: draw('talk', 3_000, 6_000) },
    }),
  },
  longRing: {
    perMille: 90,
    plan: (draw: Draw): Plan => ({
      notice: false,
      application: 'desk',
      script: {
        dialled: {
          ringMs: draw('ring', 4_000, 12_000),
          outcome: 'answers',
          talkMs: draw('talk', 3_000, 6_000),
        },
      },
    }),
  },
  busy: {
    perMille: 50,
    plan: (draw: Draw): Plan => ({
      notice: false,
      application: 'desk',
      script: { dialled: { ringMs: draw('ring', 500, 2_000), outcome: 'busy' } },
    }),
  },
  hungUpWhileRinging: {
    perMille: 60,
    plan: (draw: Draw): Plan => ({
      notice: false,
      application: 'desk',
      script: { hangUpAfterMs: draw('hang-up', 200, 5_000), dialled: { ringMs: 20_000, outcome: 'answers' } },
    }),
  },
  hungUpInTheFirstSecond: {
    perMille: 60,
    plan: (draw: Draw): Plan => ({
      notice: true,
      application: 'menu',
      script: { talkMs: draw('talk', 50, 1_000) },
    }),
  },
  tooShort: {
    perMille: 40,
    plan: (draw: Draw): Plan => ({
      notice: true,
      application: 'menu',
      script: { talkMs: draw('talk', 1_000, 1_500) },
    }),
  },
  trialAccount: {
    perMille: 20,
    plan: (draw: Draw): Plan => ({
      notice: true,
      application: 'menu',
      script: { restRefusal: 'trial', talkMs: draw('talk', 3_000, 5_000) },
    }),
  },
  badCredentials: {
    perMille: 20,
    plan: (draw: Draw): Plan => ({
      notice: true,
      application: 'menu',
      script: { restRefusal: 'credentials', talkMs: draw('talk', 3_000, 5_000) },
    }),
  },
} as const;

const isKind = (name: string): name is CallKind => name in KINDS;

/** Plans a run: `calls` calls of seeded kinds, `perSecond` of them begin each second. */
export function planCalls(
  calls: number,
  seed: number,
  perSecond: number,
  simulator: TwilioSimulator,
): PlannedCall[] {
  const urls = {
    menu: simulator.hostApplication(APPLICATIONS.menu),
    desk: simulator.hostApplication(APPLICATIONS.desk),
  };
  return Array.from({ length: calls }, (_, index) => {
    const dice = new Dice(seed, `plan ${index}`);
    const draw: Draw = (purpose, minimum, maximum) => dice.draw(purpose, [minimum, maximum]);
    const kind = pick(draw('kind', 0, 999));
    const { notice, application, script } = KINDS[kind].plan(draw);
    return {
      kind,
      notice,
      afterMs: Math.round((index * 1000) / perSecond),
      application: application && urls[application],
      script: { from: `+1555020${String(index % 10_000).padStart(4, '0')}`, to: '+15550100100', ...script },
    };
  });
}

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
