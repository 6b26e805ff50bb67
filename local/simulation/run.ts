import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Telemetry } from '../../lambda/shared/telemetry.ts';
import { credentialsFromSeed, secretValue } from '../credentials.ts';
import { type CloudFaults, cloudFaults, type EffectTarget } from '../faults/cloud-faults.ts';
import {
  FAULT_PROFILES,
  type FaultName,
  type FaultProfile,
  isFaultless,
  type OnFault,
} from '../faults/profile.ts';
import { twilioFaults, UNAVAILABLE } from '../faults/twilio-faults.ts';
import type { CloudFormationTemplate } from '../host/template.ts';
import { NO_TELEMETRY } from '../no-telemetry.ts';
import {
  type Behaviour,
  type Faults,
  type SimulatedCall,
  type SimulatorEvent,
  TwilioSimulator,
} from '../twilio-simulator/simulator.ts';
import {
  canBeFollowed,
  type Intent,
  type Measured,
  measure,
  ours,
  type Tolerance,
  toleranceOf,
  UNDER_FAULTS,
} from '../verdict.ts';
import { checkExecutions, checkHistory } from './check.ts';
import { type Cloud, createCloud } from './cloud.ts';
import { historyLines } from './history.ts';
import { Operators, obedience, planCommands } from './operators.ts';
import { Planted } from './planted.ts';
import { Reports } from './reports.ts';
import { APPLICATIONS, type PlannedCall, type PressedKeys, planCalls } from './scenario.ts';
import { nextAuthToken, rotateToken } from './token-rotation.ts';
import { VirtualTime } from './virtual-time.ts';

/** Where the simulated Twilio is, for whoever asks it. */
export const TWILIO_URL = 'http://twilio.simulated';

const MINUTE = 60_000;

/** What may be lost, and for how long, in ms, beginning when the run does. */
const OUTAGES = {
  callbacks: 60 * MINUTE,
  webhooks: 60 * MINUTE,
  twilio: 6 * MINUTE,
  table: 6 * MINUTE,
  stepFunctions: 6 * MINUTE,
  secret: 6 * MINUTE,
} as const;

export type Outage = keyof typeof OUTAGES;

export const OUTAGE_NAMES = Object.keys(OUTAGES);

export const isOutage = (name: string): name is Outage => Object.hasOwn(OUTAGES, name);

export interface SimulationOptions {
  /** The synthesized app, once with a notice and once without. */
  readonly templates: { readonly notice: CloudFormationTemplate; readonly noNotice: CloudFormationTemplate };
  readonly seed: number;
  readonly calls: number;
  readonly faults: FaultProfile;
  readonly outage?: Outage | undefined;
  /** What the templates have callers press. */
  readonly keys?: PressedKeys | undefined;
  /** Whether operators pause, resume, stop and start recordings. @default nobody does */
  readonly operators?: boolean | undefined;
  /** @default nobody listens */
  readonly telemetry?: Telemetry;
  /** Called now and then with the number of calls that have ended. */
  readonly onProgress?: (ended: number) => void;
}

/** A call about which there are findings. */
export interface BrokenCall {
  readonly callSid: string;
  /** What was done for it and what Twilio saw, in the order of time. */
  readonly history: readonly string[];
}

/** How many events each fault befell. */
export type FaultCounts = Readonly<Partial<Record<FaultName, number>>>;

/** What operators told recordings. */
export interface CommandFigures {
  readonly given: number;
  /** Of these so many were answered with success. */
  readonly done: number;
  /** For how long at most a recording ran on after a stop or a pause that was done, in seconds. */
  readonly againstMaxSeconds: number;
}

export interface Simulated {
  readonly measured: Measured;
  readonly faultsInjected: FaultCounts;
  readonly commands: CommandFigures;
  readonly broken: readonly BrokenCall[];
  readonly virtualSeconds: number;
  /** Of everything that was done for every call: the same for the same options, to the byte. */
  readonly digest: string;
}

/** Soon another day begins, by which Twilio filters its calls, and another year. */
const STARTS_AT = Date.UTC(2026, 11, 31, 23, 55);
const CALLS_PER_SECOND = 2;
/** After the last call, so that the sweeps have looked at it for as long as they look at any. */
const AFTERWARDS_MS = 13 * MINUTE;
const NUMBERS = { menu: '+15550100101', none: '+15550100102', desk: '+15550100103' } as const;
/** How many histories of broken calls are kept. */
const MOST_BROKEN = 5;

/** Runs one seed on one virtual clock. Nothing else may run in this thread meanwhile. */
export async function simulate(options: SimulationOptions): Promise<Simulated> {
  const {
    seed,
    calls,
    faults: profile,
    templates,
    outage,
    keys,
    operators: hasOperators = false,
    telemetry = NO_TELEMETRY,
    onProgress,
  } = options;
  using time = VirtualTime.install({ startAt: STARTS_AT, seed });
  const credentials = credentialsFromSeed(seed);
  const planted = new Planted(credentials, nextAuthToken(seed));
  const reports = new Reports();
  const isOut = (what: Outage): boolean => outage === what && time.now < STARTS_AT + OUTAGES[what];
  const faultsInjected: Partial<Record<FaultName, number>> = {};
  const onFault: OnFault = (name) => {
    faultsInjected[name] = (faultsInjected[name] ?? 0) + 1;
  };
  const simulator = TwilioSimulator.withoutServer({
    seed,
    credentials,
    url: TWILIO_URL,
    behaviour: behaviourOf(seed),
    faults: twilioOut(twilioFaults(profile, seed, onFault), onFault, isOut),
    transport: {
      exchange: (request) => {
        planted.sent(request);
        return recorderAt(request.url).exchange(request);
      },
    },
  });
  const common = {
    seed,
    secretValue: secretValue(credentials),
    twilioUrl: TWILIO_URL,
    twilio: simulator.request.bind(simulator),
    faults: awsOut(cloudFaults(profile, seed, onFault), onFault, isOut),
    telemetry: planted.lookedAt(reports.heard(telemetry)),
  };
  using notice = await createCloud({
    ...common,
    template: templates.notice,
    publicUrl: 'https://notice.example.com',
  });
  using noNotice = await createCloud({
    ...common,
    template: templates.noNotice,
    publicUrl: 'https://no-notice.example.com',
  });
  const clouds = [notice, noNotice];
  const recorderAt = (url: string): Cloud => (url.startsWith('https://no-notice.') ? noNotice : notice);

  /** Calls that operators wait for, until they are answered. */
  const attended = new Map<string, () => void>();
  const events = new Map<string, SimulatorEvent[]>();
  simulator.onEvent((event) => {
    if (event.callSid === undefined) {
      return;
    }
    if (event.type === 'call-placed') {
      planted.called(event.from, event.to);
    }
    if (event.type === 'call-status' && event.status === 'in-progress') {
      attended.get(event.callSid)?.();
    }
    const ofCall = events.get(event.callSid);
    if (ofCall) {
      ofCall.push(event);
    } else {
      events.set(event.callSid, [event]);
    }
  });
  const placed: SimulatedCall[] = [];
  const place = placer(simulator, notice, noNotice, keys);
  const plans = planCalls({
    calls,
    seed,
    perSecond: CALLS_PER_SECOND,
    voiceWebhookTwice: profile.voiceWebhookTwice,
    keys,
  });
  const lastAt = Math.max(...plans.map(({ afterMs }) => afterMs));
  const operators = new Operators(seed);
  const intents = new Map<string, Intent>();
  for (const [index, plan] of plans.entries()) {
    setTimeout(() => {
      const { call, intent } = place(plan);
      placed.push(call);
      intents.set(call.sid, intent);
      if (hasOperators) {
        attended.set(call.sid, () =>
          operators.attend(plan.notice ? notice : noNotice, call, planCommands(seed, index)),
        );
      }
    }, plan.afterMs);
    if (plan.script.duplicateWebhook) onFault('voiceWebhookTwice');
  }
  if (profile.tokenRotation) {
    rotateToken(simulator, clouds, seed, lastAt / 2, () => onFault('tokenRotation'));
  }
  const report = setInterval(
    () => onProgress?.(placed.filter(({ endedAt }) => endedAt !== undefined).length),
    MINUTE,
  );

  let done = false;
  const story = async (): Promise<void> => {
    await sleep(lastAt + 1);
    await simulator.idle();
    await sleep(AFTERWARDS_MS);
    await Promise.all(clouds.map((cloud) => cloud.idle()));
    done = true;
  };
  const ended = story();
  await time.run(
    () => done,
    () => 'a call or an execution',
  );
  await ended;
  clearInterval(report);

  const rows = clouds.flatMap((cloud) => cloud.rows());
  const measured = measure(placed, rows, toleranceOfRun(options), ({ sid }) => intents.get(sid) ?? {});
  planted.lookAtRows(rows);
  const executions = clouds.flatMap((cloud) => [...cloud.executions.values()]);
  planted.lookAtExecutions(executions);
  const rowsOf = Map.groupBy(rows, ({ CallSid }) => CallSid);
  const histories = new Map(
    placed.map(({ sid }) => [
      sid,
      clouds.flatMap((cloud) => cloud.history.of(sid)).toSorted((a, b) => a.at - b.at),
    ]),
  );
  const historyOf = (callSid: string) => histories.get(callSid) ?? [];
  const obeyed = placed.map((call) => ({
    call,
    ...obedience(call, operators.of(call.sid), events.get(call.sid) ?? [], rowsOf.get(call.sid) ?? []),
  }));
  const executionsOf = Map.groupBy(executions, ({ input }) => JSON.parse(input).callSid);
  const findings = [
    ...measured.findings,
    ...planted.findings,
    ...obeyed.flatMap(({ call, findings }) => findings.map((finding) => `${call.sid}: ${finding}`)),
    ...placed.flatMap((call) => {
      const { sid } = call;
      const rows = rowsOf.get(sid) ?? [];
      const entries = historyOf(sid);
      const real = ours(call);
      const sids = new Set(real.map((one) => one.sid));
      const stopped = new Set(real.filter(({ endedBy }) => endedBy === 'others').map((one) => one.sid));
      return [
        ...checkHistory(entries, rows, sids, stopped),
        ...(canBeFollowed(call) ? checkExecutions(executionsOf.get(sid) ?? [], entries, rows, sids) : []),
        ...reports.findings(call, rows),
        ...reports.findingsOfEnd(call, rows, outage === undefined),
      ].map((finding) => `${sid}: ${finding}`);
    }),
  ];
  const given = placed.flatMap(({ sid }) => operators.of(sid));
  const brokenSids = new Set(findings.map((finding) => finding.slice(0, finding.indexOf(':'))));
  const linesOf = (call: SimulatedCall): readonly string[] =>
    historyLines(historyOf(call.sid), events.get(call.sid) ?? [], call.createdAt);
  const digest = createHash('sha256');
  for (const call of placed) {
    digest.update(linesOf(call).join('\n'));
  }
  return {
    measured: { ...measured, findings },
    faultsInjected,
    commands: {
      given: given.length,
      done: given.filter(({ isDone }) => isDone).length,
      againstMaxSeconds: Math.max(0, ...obeyed.map(({ againstSeconds }) => againstSeconds)),
    },
    broken: placed
      .filter(({ sid }) => brokenSids.has(sid))
      .slice(0, MOST_BROKEN)
      .map((call) => ({ callSid: call.sid, history: linesOf(call) })),
    virtualSeconds: Math.round((time.now - STARTS_AT) / 1000),
    digest: digest.digest('hex').slice(0, 16),
  };
}

/** What may be missing of the calls' first minutes, as a share, where an outage lets each call be recorded all the same. */
const LOST_TIME_SHARES: Partial<Readonly<Record<Outage, number>>> = {
  callbacks: 0.015,
  stepFunctions: 0.015,
  secret: 0.015,
  // Without a claim the first create comes after a look, and a recording that cannot be stored is found again.
  table: 0.08,
};

/** What may be wrong of such a run. What operators stop is not recorded on. */
export function toleranceOfRun({
  faults,
  outage,
  operators,
}: Pick<SimulationOptions, 'faults' | 'outage' | 'operators'>): Tolerance {
  const tolerance = toleranceIn(outage, faults);
  return operators ? { ...tolerance, unrecordedShare: 1, lostTimeShare: 1 } : tolerance;
}

/** Of heavy faults together with an outage, nobody knows how many calls they cost. */
function toleranceIn(outage: Outage | undefined, faults: FaultProfile): Tolerance {
  if (!outage) {
    return toleranceOf(faults);
  }
  const { doubledShare } = toleranceOf(FAULT_PROFILES.heavy);
  const lostTimeShare = LOST_TIME_SHARES[outage];
  const isLight = isFaultless(faults) || isDeepStrictEqual(faults, FAULT_PROFILES.light);
  return isLight && lostTimeShare !== undefined
    ? {
        ...UNDER_FAULTS,
        doubledShare,
        unrecordedShare: toleranceOf(FAULT_PROFILES.light).unrecordedShare,
        lostTimeShare,
      }
    : { ...UNDER_FAULTS, doubledShare };
}

/**
 * What nobody could verify about Twilio is set to the worse answer, but for one that would make each sweep read all of
 * the day's calls, and most of the simulation's time go into that: one seed in ten has it.
 */
const behaviourOf = (seed: number): Partial<Behaviour> => ({
  callFilterGranularity: takesLonger(seed) ? 'day' : 'second',
});

/** Whether a seed takes much longer than others, by what Twilio does in it. */
export const takesLonger = (seed: number): boolean => seed % 10 === 0;

const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

type IsOut = (what: Outage) => boolean;

const twilioOut = (faults: Faults, onFault: OnFault, isOut: IsOut): Faults => ({
  ...faults,
  requestReceived: (request) => {
    if (!isOut('twilio')) return faults.requestReceived(request);
    onFault('twilioErrorBefore');
    return UNAVAILABLE;
  },
  callbackDue: (callback) => {
    if (!isOut('callbacks')) return faults.callbackDue(callback);
    onFault('callbackLost');
    return [];
  },
});

const REFUSALS = {
  table: 'tableRefused',
  stepFunctions: 'stepFunctionsRefused',
  secret: 'secretUnavailable',
} as const satisfies Partial<Record<EffectTarget, FaultName>>;

const awsOut = (faults: CloudFaults, onFault: OnFault, isOut: IsOut): CloudFaults => ({
  ...faults,
  effect: (target, subject) => {
    if (target === 'twilio' || !isOut(target)) return faults.effect(target, subject);
    onFault(REFUSALS[target]);
    return 'refused';
  },
  isVoiceWebhookLost: (subject) => {
    if (!isOut('webhooks')) return faults.isVoiceWebhookLost(subject);
    onFault('voiceWebhookLost');
    return true;
  },
});

interface Placed {
  readonly call: SimulatedCall;
  readonly intent: Intent;
}

/** Connects the numbers, and returns what places a call to one of them, or an outgoing one. */
function placer(
  simulator: TwilioSimulator,
  notice: Cloud,
  noNotice: Cloud,
  keys: PressedKeys | undefined,
): (plan: PlannedCall) => Placed {
  const urls = {
    menu: simulator.hostApplication(APPLICATIONS.menu),
    desk: simulator.hostApplication(APPLICATIONS.desk),
    none: simulator.hostApplication('<Response><Say>Goodbye.</Say></Response>'),
  };
  const voiceUrls = {
    menu: notice.voiceUrl(urls.menu),
    none: notice.voiceUrl(),
    desk: noNotice.voiceUrl(urls.desk),
  };
  const gated = notice.outputs.WhenNotRecorded === 'refuse';
  // Where calls must be recorded, none may come to its application past the gate.
  const fallbackOf = (name: keyof typeof urls): string => (gated ? urls.none : urls[name]);
  for (const name of ['menu', 'none', 'desk'] as const) {
    simulator.addNumber({
      phoneNumber: NUMBERS[name],
      voiceUrl: voiceUrls[name],
      voiceFallbackUrl: fallbackOf(name),
    });
  }
  let caller = 0;
  return ({ notice: answers, application, script }) => {
    const number = application ?? 'none';
    caller = (caller + 1) % 10_000;
    const somebody = `+1555020${String(caller).padStart(4, '0')}`;
    const ends =
      script.direction === 'outbound-api'
        ? { from: NUMBERS[number], to: somebody }
        : { from: somebody, to: NUMBERS[number] };
    const call = simulator.placeCall({
      ...script,
      ...ends,
      voiceUrl: voiceUrls[number],
      voiceFallbackUrl: fallbackOf(number),
    });
    return {
      call,
      intent: {
        ...(answers && keys),
        gated,
        application: application && urls[application],
      },
    };
  };
}
