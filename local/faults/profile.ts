import { UsageError } from '../usage.ts';

/**
 * How often what goes wrong. Each number is the share of events that it befalls, 0 to 1. What an "event" is stands with
 * each: a request, a callback, an invocation.
 */
export interface FaultProfile {
  /** Requests to Twilio's REST API that it answers with 429 / 20429 and does not carry out. */
  readonly twilioTooManyRequests: number;
  /** Requests to Twilio that fail with a 5xx and are not carried out. */
  readonly twilioErrorBefore: number;
  /** Requests to Twilio that fail with a 5xx after they were carried out. */
  readonly twilioErrorAfter: number;
  /** Requests to Twilio that are neither carried out nor answered in time. */
  readonly twilioTimeoutBefore: number;
  /** Requests to Twilio that are carried out and not answered in time. */
  readonly twilioTimeoutAfter: number;
  /** Creates that Twilio carries out only seconds after whoever sent them gave up on an answer. */
  readonly twilioLateCommit: number;
  /** Recordings that are missing from Twilio's lists for some seconds after they began. */
  readonly listLag: number;
  /** Calls whose voice webhook does not reach the recorder, however often; Twilio asks the number's fallback URL instead. */
  readonly voiceWebhookLost: number;
  /** Voice webhooks that come twice. */
  readonly voiceWebhookTwice: number;
  /** Recordings of ours that somebody else stops within two minutes, if their call lasts so long. */
  readonly stoppedByOthers: number;
  /** Recording status callbacks that never come. */
  readonly callbackLost: number;
  /** Recording status callbacks that come twice. */
  readonly callbackTwice: number;
  /** Recording status callbacks that come up to two minutes late, and so out of order. */
  readonly callbackLate: number;
  /** Creates whose answer takes so long that the recording's first callback overtakes it. */
  readonly answerAfterCallback: number;
  /** Requests to the table that are throttled: not carried out. One request of the SDK makes several attempts. */
  readonly tableRefused: number;
  /** Requests to the table that are carried out and answered with an error, or not at all. */
  readonly tableUnknown: number;
  /** StartExecution and SendTaskSuccess that fail and are not carried out, each attempt for itself. */
  readonly stepFunctionsRefused: number;
  /** StartExecution and SendTaskSuccess that are carried out and not answered in time, each attempt for itself. */
  readonly stepFunctionsUnknown: number;
  /** GetSecretValue that fails, each attempt for itself. */
  readonly secretUnavailable: number;
  /** Awaits of a function at which its process dies: half of them before what it waits for is done, half after. */
  readonly crash: number;
  /** Invocations that Step Functions gives up on although the function goes on: it is run again beside itself. */
  readonly zombie: number;
  /** Executions that are aborted within five minutes, half of them within ten seconds, if they go on for so long. */
  readonly executionAborted: number;
  /** Whether the auth token is rotated in the middle of the run. */
  readonly tokenRotation: boolean;
}

export type FaultName = keyof FaultProfile;
/** Of those that befall a share of events. */
export type ShareName = Exclude<FaultName, 'tokenRotation'>;

/** Called for each fault that befalls something. */
export type OnFault = (name: FaultName) => void;

const NONE: FaultProfile = {
  twilioTooManyRequests: 0,
  twilioErrorBefore: 0,
  twilioErrorAfter: 0,
  twilioTimeoutBefore: 0,
  twilioTimeoutAfter: 0,
  twilioLateCommit: 0,
  listLag: 0,
  voiceWebhookLost: 0,
  voiceWebhookTwice: 0,
  stoppedByOthers: 0,
  callbackLost: 0,
  callbackTwice: 0,
  callbackLate: 0,
  answerAfterCallback: 0,
  tableRefused: 0,
  tableUnknown: 0,
  stepFunctionsRefused: 0,
  stepFunctionsUnknown: 0,
  secretUnavailable: 0,
  crash: 0,
  zombie: 0,
  executionAborted: 0,
  tokenRotation: false,
};

export const FAULT_NAMES = Object.keys(NONE) as readonly FaultName[];

/** `light`: a bad day of well-run services. `heavy`: far worse than any day that was reported. */
export const FAULT_PROFILES = {
  none: NONE,
  light: {
    twilioTooManyRequests: 0.005,
    twilioErrorBefore: 0.001,
    twilioErrorAfter: 0.001,
    twilioTimeoutBefore: 0.001,
    twilioTimeoutAfter: 0.001,
    twilioLateCommit: 0.001,
    listLag: 0.01,
    voiceWebhookLost: 0,
    voiceWebhookTwice: 0.01,
    stoppedByOthers: 0.001,
    callbackLost: 0.005,
    callbackTwice: 0.01,
    callbackLate: 0.01,
    answerAfterCallback: 0.01,
    tableRefused: 0.002,
    tableUnknown: 0.001,
    stepFunctionsRefused: 0.001,
    stepFunctionsUnknown: 0.001,
    secretUnavailable: 0.002,
    crash: 0.0005,
    zombie: 0.0005,
    executionAborted: 0.0005,
    tokenRotation: true,
  },
  heavy: {
    twilioTooManyRequests: 0.05,
    twilioErrorBefore: 0.02,
    twilioErrorAfter: 0.02,
    twilioTimeoutBefore: 0.02,
    twilioTimeoutAfter: 0.02,
    twilioLateCommit: 0.01,
    listLag: 0.1,
    voiceWebhookLost: 0.01,
    voiceWebhookTwice: 0.05,
    stoppedByOthers: 0.005,
    callbackLost: 0.05,
    callbackTwice: 0.1,
    callbackLate: 0.1,
    answerAfterCallback: 0.05,
    tableRefused: 0.03,
    tableUnknown: 0.02,
    stepFunctionsRefused: 0.02,
    stepFunctionsUnknown: 0.01,
    secretUnavailable: 0.05,
    crash: 0.005,
    zombie: 0.005,
    executionAborted: 0.005,
    tokenRotation: true,
  },
} as const satisfies Record<string, FaultProfile>;

export type FaultProfileName = keyof typeof FAULT_PROFILES;

export const isFaultProfileName = (name: string): name is FaultProfileName =>
  Object.hasOwn(FAULT_PROFILES, name);

/** Whether nothing goes wrong at all. */
export const isFaultless = (profile: FaultProfile): boolean => !Object.values(profile).some(Boolean);

/**
 * A named profile with single faults changed.
 *
 * @param switches each `name=share`, 0 to 1, or `tokenRotation=on`; the last one of a name counts
 * @throws UsageError saying what is allowed
 */
export function readFaultProfile(name: string, switches: readonly string[]): FaultProfile {
  if (!isFaultProfileName(name)) {
    throw new UsageError(`--faults is '${name}'; it takes ${Object.keys(FAULT_PROFILES).join(', ')}.`);
  }
  return { ...FAULT_PROFILES[name], ...Object.fromEntries(switches.map(readSwitch)) };
}

function readSwitch(text: string): [name: string, value: number | boolean] {
  const [, name = text, value = ''] = /^(.*?)=(.*)$/.exec(text) ?? [];
  if (!Object.hasOwn(NONE, name)) {
    throw new UsageError(
      `--fault '${text}': there is no fault '${name}'; there are ${FAULT_NAMES.join(', ')}.`,
    );
  }
  if (name === ('tokenRotation' satisfies keyof FaultProfile)) {
    if (value !== 'on' && value !== 'off') {
      throw new UsageError(`--fault '${text}': ${name} takes on or off.`);
    }
    return [name, value === 'on'];
  }
  const share = Number(value);
  if (value.trim() === '' || !(share >= 0 && share <= 1)) {
    throw new UsageError(`--fault '${text}': ${name} takes a share from 0 to 1.`);
  }
  return [name, share];
}
