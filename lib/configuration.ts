import { inspect } from 'node:util';
import * as v from 'valibot';
import { HttpUrl, RecordingSettings, StartWith } from '../lambda/shared/settings.ts';
import { defaultsFor, forbidden } from './compliance.ts';
import { ControlSettings } from './control-settings.ts';
import { ResourceTags } from './tags.ts';
import { Key, VoiceSettings } from './voice-settings.ts';

const wholeNumber = (what: string, minimum: number, maximum: number) => {
  const allowed = `${what}, ${minimum} to ${maximum}`;
  return v.pipe(
    v.number(allowed),
    v.integer(allowed),
    v.minValue(minimum, allowed),
    v.maxValue(maximum, allowed),
  );
};

/** CloudWatch Logs keeps logs for these numbers of days only. */
const LOG_RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

const BaseUrl = v.pipe(
  HttpUrl,
  v.check(
    (url) => /^https?:\/\/[^/?#@]+$/.test(url),
    'scheme and host, without a path or a slash at the end',
  ),
);

const RecorderConfigurationKeys = v.strictObject({
  /** Name of the CloudFormation stack. */
  stackName: v.optional(
    v.pipe(
      v.string('a stack name'),
      v.regex(/^[A-Za-z][A-Za-z0-9-]{0,127}$/, 'a stack name: letters, digits and hyphens'),
    ),
    'CallRecorder',
  ),
  /** Tags of all resources. */
  tags: v.optional(ResourceTags, { application: 'twilio-call-recorder' }),
  /**
   * How callers come to be recorded: they hear that they are; they are asked, and only a yes is recorded; or they hear
   * nothing.
   */
  consent: v.optional(v.picklist(['notice', 'ask', 'none'], "'notice', 'ask' or 'none'"), 'notice'),
  /** What callers hear first, or after they have said yes: words to say, or a file to play. */
  notice: v.optional(VoiceSettings.entries.notice, { say: 'This call is recorded.' }),
  /** What callers are asked, where they are: words to say, or a file to play. The key for a yes is 1. */
  question: v.optional(VoiceSettings.entries.question, {
    say: 'We would like to record this call. If you agree, press 1.',
  }),
  /** The key with which a caller can say no during the notice: the recording is stopped and deleted. */
  optOutKey: v.optional(Key),
  /** What a caller hears then. */
  optedOut: v.optional(VoiceSettings.entries.optedOut, { say: 'This call is not recorded.' }),
  /** Where a call goes that reached `/voice` without the number's own application: a number to dial, or closing words. */
  otherwise: v.optional(VoiceSettings.entries.otherwise, { say: 'Thank you for your call. Goodbye.' }),
  /**
   * What becomes of a call that is not recorded after the notice: it goes on, or it is told that it cannot be taken and
   * ends.
   */
  whenNotRecorded: v.optional(v.picklist(['continue', 'refuse'], "'continue' or 'refuse'"), 'continue'),
  /** What a caller hears whose call is refused. */
  refusal: v.optional(VoiceSettings.entries.refusal, {
    say: 'We cannot take your call at the moment. Please call again later.',
  }),
  /** How Twilio records. */
  recording: v.optional(RecordingSettings, { channels: 'dual', track: 'both', trim: 'do-not-trim' }),
  /** What starts a recording: a request to Twilio's API, or the TwiML. */
  startWith: v.optional(StartWith, 'api'),
  /** Seconds between the start of a call's execution and the first request to record. */
  startDelaySeconds: v.optional(wholeNumber('seconds', 0, 60), 0),
  /** Seconds that a call may ring before the recorder gives up on it. */
  ringTimeoutSeconds: v.optional(wholeNumber('seconds', 30, 3600), 600),
  /** Seconds to wait for Twilio's callbacks before asking how a call and its recordings are. */
  reconcileAfterSeconds: v.optional(wholeNumber('seconds', 5, 86_400), 900),
  /** Who may see and control recordings: AWS principals with a policy of ours, holders of tokens, or nobody. */
  control: v.optional(ControlSettings, 'iam'),
  /** Seconds after which a paused recording goes on by itself, if it does. */
  resumeAfterSeconds: v.optional(
    v.union([wholeNumber('seconds', 30, 3600), v.literal(false)], 'seconds, 30 to 3600, or false'),
  ),
  /**
   * How many callbacks are taken at the same time, so that they leave the rest of the account's concurrency to callers.
   */
  callbackConcurrency: v.optional(wholeNumber('invocations', 1, 10_000)),
  /** How callers come to a new version: one in ten of them first, or all at once. */
  deployment: v.optional(v.picklist(['canary', 'all-at-once'], "'canary' or 'all-at-once'")),
  /** Who is mailed when an alarm goes off; others subscribe to the topic themselves. */
  alarmEmail: v.optional(v.pipe(v.string('an e-mail address'), v.email('an e-mail address'))),
  /** Where the runbook is, to which alarms and dashboard point. */
  runbookUrl: v.optional(HttpUrl),
  /** Rules that have to be kept: keys of the account's own, longer retention, and nothing that they forbid. */
  compliance: v.optional(v.picklist(['hipaa', 'pci'], "'hipaa' or 'pci'")),
  /** Days that the rows of a call are kept. */
  retentionDays: v.optional(wholeNumber('days', 1, 36_500)),
  /** Days that logs are kept. */
  logRetentionDays: v.optional(v.picklist(LOG_RETENTION_DAYS, `one of ${LOG_RETENTION_DAYS.join(', ')}`)),
  /** Where Twilio reaches the API, when that is a domain of your own. Default: API Gateway's endpoint. */
  publicBaseUrl: v.optional(BaseUrl),
  /** Root of Twilio's REST API; other regions have their own, such as https://api.dublin.ie1.twilio.com. */
  twilioApiBaseUrl: v.optional(BaseUrl, 'https://api.twilio.com'),
});

/** Whether what callers press is kept as evidence, with the words that they heard. */
const callersAnswer = ({
  consent,
  optOutKey,
}: {
  consent: string;
  optOutKey?: string | undefined;
}): boolean => consent === 'ask' || optOutKey !== undefined;

/**
 * The whole configuration: what may stand in `recorder.config.ts`, and what each key means when it is left out.
 * `bin/app.ts` is the only reader.
 */
export const RecorderConfiguration = v.pipe(
  RecorderConfigurationKeys,
  v.forward(
    v.check(
      ({ consent, optOutKey, whenNotRecorded }) =>
        whenNotRecorded === 'continue' || (consent === 'notice' && optOutKey === undefined),
      "only 'continue', but with consent 'notice' and without an optOutKey: the notice answers the call, and before that nobody can record it; and a caller who may say no is not sent away for it",
    ),
    ['whenNotRecorded'],
  ),
  v.forward(
    v.check(
      ({ consent, optOutKey }) => consent !== 'none' || optOutKey === undefined,
      "nothing with consent 'none': without a notice nobody hears of the key",
    ),
    ['optOutKey'],
  ),
  v.forward(
    v.check(
      (configuration) => configuration.deployment !== 'canary' || !callersAnswer(configuration),
      "only 'all-at-once' with consent 'ask' or an optOutKey: of two versions at the same time, one would ask and the other keep the answer as one to its own words",
    ),
    ['deployment'],
  ),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) {
      return;
    }
    const input = dataset.value;
    for (const { key, allowed } of forbidden(input)) {
      addIssue({
        message: allowed,
        input: input[key],
        path: [{ type: 'object', origin: 'value', input, key, value: input[key] }],
      });
    }
  }),
  v.transform(({ deployment, ...configuration }) => {
    const defaults = defaultsFor(configuration.compliance);
    return {
      ...configuration,
      deployment: deployment ?? (callersAnswer(configuration) ? 'all-at-once' : 'canary'),
      resumeAfterSeconds: configuration.resumeAfterSeconds ?? defaults.resumeAfterSeconds,
      retentionDays: configuration.retentionDays ?? defaults.retentionDays,
      logRetentionDays: configuration.logRetentionDays ?? defaults.logRetentionDays,
    };
  }),
);
export type RecorderConfiguration = v.InferOutput<typeof RecorderConfiguration>;
/** What may be written: every key is optional. */
export type RecorderConfigurationInput = v.InferInput<typeof RecorderConfiguration>;

/** The configuration is not one. The message names each key, its value and what is allowed. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/**
 * Validates a configuration and fills in what was left out. Throws ConfigurationError.
 *
 * @param file where it came from, for the message
 */
export function parseConfiguration(configuration: unknown, file: string): RecorderConfiguration {
  const parsed = v.safeParse(RecorderConfiguration, configuration);
  if (parsed.success) {
    return parsed.output;
  }
  const complaints = parsed.issues.flatMap(complaintsOf).map(({ key, value, allowed }) => {
    return `  - ${key} is ${inWords(value)}; allowed: ${allowed}`;
  });
  throw new ConfigurationError(`${file} is not a valid configuration:\n${complaints.join('\n')}`);
}

/** As one would write it; JSON has no word for some of what TypeScript can hold. */
const inWords = (value: unknown): string =>
  typeof value === 'string' || (typeof value === 'object' && value !== null)
    ? JSON.stringify(value)
    : inspect(value);

interface Complaint {
  readonly key: string;
  readonly value: unknown;
  readonly allowed: string;
}

function complaintsOf(issue: v.BaseIssue<unknown>): Complaint[] {
  const key = v.getDotPath(issue);
  if (key === null) {
    return [{ key: 'the default export', value: issue.input, allowed: 'an object' }];
  }
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    return [{ key, value: issue.path?.at(-1)?.value, allowed: only(RecorderConfigurationKeys.entries) }];
  }
  const wrongValues = (issue.issues ?? []).filter(
    ({ type, path }) => path !== undefined && type !== 'strict_object',
  );
  if (wrongValues.length > 0) {
    return wrongValues.map((inner) => ({
      key: `${key}.${v.getDotPath(inner)}`,
      value: inner.input,
      allowed: inner.message,
    }));
  }
  const unknownKeys = unknownKeysOf(key, issue.input, issue.message);
  // Of what is wrong about two keys together, the input is all of them.
  const value = issue.path?.at(-1)?.value;
  return unknownKeys.length > 0 ? unknownKeys : [{ key, value, allowed: issue.message }];
}

/** Of a setting that has alternatives, the keys that the one which was probably meant does not have. */
function unknownKeysOf(setting: string, value: unknown, alternativesInWords: string): Complaint[] {
  const schema = Object.entries(RecorderConfigurationKeys.entries).find(([name]) => name === setting)?.[1];
  const alternatives =
    schema && 'wrapped' in schema && 'options' in schema.wrapped ? schema.wrapped.options : [];
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  const given = Object.entries(value);
  const [meant] = alternatives
    .flatMap((option) => (typeof option === 'object' && 'entries' in option ? [option.entries] : []))
    .toSorted((a, b) => known(given, b) - known(given, a));
  const unknown = given.filter(([name]) => meant && !(name in meant));
  const allowed = meant && known(given, meant) > 0 ? only(meant) : alternativesInWords;
  return unknown.map(([name, inner]) => ({ key: `${setting}.${name}`, value: inner, allowed }));
}

const known = (given: readonly [string, unknown][], entries: object): number =>
  given.filter(([name]) => name in entries).length;

const only = (entries: object): string => `only ${Object.keys(entries).join(', ')}`;
