import type { Duration } from 'aws-cdk-lib';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { RecordingSettings, StartWith } from '../lambda/shared/settings.ts';
import type { ControlSettings } from './control-settings.ts';
import type { VoiceSettings } from './voice-settings.ts';

/** What a recorder can be told; `configuration.ts` says what each may be. */
export interface CallRecorderProps {
  /**
   * How callers come to be recorded: with `notice` they hear that they are, with `ask` only a yes is recorded, with `none`
   * they hear nothing.
   *
   * @default 'notice'
   */
  readonly consent?: 'notice' | 'ask' | 'none';
  /**
   * What callers hear first, or after they have said yes: words to say, or a file to play.
   *
   * @default { say: 'This call is recorded.' }
   */
  readonly notice?: VoiceSettings['notice'];
  /**
   * What callers are asked, where they are. The key for a yes is 1.
   *
   * @default { say: 'We would like to record this call. If you agree, press 1.' }
   */
  readonly question?: VoiceSettings['question'];
  /**
   * The key with which a caller can say no during the notice: the recording is stopped and deleted.
   *
   * @default - none
   */
  readonly optOutKey?: string;
  /**
   * What a caller hears then.
   *
   * @default { say: 'This call is not recorded.' }
   */
  readonly optedOut?: VoiceSettings['optedOut'];
  /**
   * Where a call goes that came without the number's own application.
   *
   * @default - closing words
   */
  readonly otherwise?: VoiceSettings['otherwise'];
  /**
   * What becomes of a call that is not recorded after the notice: `continue`, or `refuse`, which ends it.
   *
   * @default 'continue'
   */
  readonly whenNotRecorded?: 'continue' | 'refuse';
  /**
   * What a caller hears whose call is refused: words to say, or a file to play.
   *
   * @default { say: 'We cannot take your call at the moment. Please call again later.' }
   */
  readonly refusal?: VoiceSettings['refusal'];
  /**
   * How Twilio records.
   *
   * @default { channels: 'dual', track: 'both', trim: 'do-not-trim' }
   */
  readonly recording?: RecordingSettings;
  /**
   * What starts a recording: a request to Twilio's API, or the TwiML, which loses nothing at the start, and which the
   * execution verifies and repairs.
   *
   * @default 'api'
   */
  readonly startWith?: StartWith;
  /**
   * Wait before the first request to record.
   *
   * @default Duration.seconds(0)
   */
  readonly startDelay?: Duration;
  /**
   * How long a call may ring before the recorder gives up on it.
   *
   * @default Duration.minutes(10)
   */
  readonly ringTimeout?: Duration;
  /**
   * How long to wait for Twilio's callbacks before asking how a call and its recordings are.
   *
   * @default Duration.minutes(15)
   */
  readonly reconcileAfter?: Duration;
  /**
   * Who may see calls and control their recordings: AWS principals with one of `policies`, holders of tokens, or nobody.
   *
   * @default 'iam'
   */
  readonly control?: ControlSettings;
  /**
   * How long a recording may be paused before it goes on by itself, or `false`: until somebody says so.
   *
   * @default Duration.minutes(10), with `compliance: 'pci'` false
   */
  readonly resumeAfter?: Duration | false;
  /**
   * How many callbacks are taken at the same time: those that come too many Twilio sends again.
   *
   * @default - as many as the account's concurrency allows
   */
  readonly callbackConcurrency?: number;
  /**
   * How callers come to a new version: `canary` leads one in ten there for five minutes first, and none any more when an
   * alarm goes off; `all-at-once` leads all there. Where callers answer, only the second is possible.
   *
   * @default 'canary' - 'all-at-once' with `consent: 'ask'` or an `optOutKey`
   */
  readonly deployment?: 'canary' | 'all-at-once';
  /**
   * Who is mailed when an alarm goes off.
   *
   * @default - nobody: subscribe to `alarmTopic`
   */
  readonly alarmEmail?: string;
  /**
   * Where the runbook is, to which alarms and dashboard point.
   *
   * @default - its path in this repository
   */
  readonly runbookUrl?: string;
  /**
   * Rules that have to be kept, as far as software can: what is stored is encrypted with a key of the account's own, and
   * kept for longer; what the rules forbid is refused.
   *
   * @default - none
   */
  readonly compliance?: 'hipaa' | 'pci';
  /**
   * How long the rows of a call are kept.
   *
   * @default Duration.days(365), with `compliance: 'hipaa'` Duration.days(2192)
   */
  readonly retention?: Duration;
  /** @default RetentionDays.THREE_MONTHS, with `compliance` SIX_YEARS ('hipaa') or THIRTEEN_MONTHS ('pci') */
  readonly logRetention?: RetentionDays;
  /**
   * Scheme and host under which Twilio reaches the API. What a token stands for is not validated: it has to have them too.
   *
   * @default - API Gateway's endpoint
   */
  readonly publicBaseUrl?: string;
  /**
   * Root of Twilio's REST API.
   *
   * @default 'https://api.twilio.com'
   */
  readonly twilioApiBaseUrl?: string;
}
