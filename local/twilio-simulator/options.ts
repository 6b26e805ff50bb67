import type { Clock } from './clock.ts';
import type { Faults } from './faults.ts';
import type { Distribution } from './random.ts';
import type { Transport } from './transport.ts';

export interface Credentials {
  readonly accountSid: string;
  /** The primary auth token: signs webhooks, and is a password for REST. */
  readonly authToken: string;
  readonly apiKeySid: string;
  readonly apiKeySecret: string;
}

/** What the account is, beside its credentials. */
export interface Account {
  readonly type: 'Full' | 'Trial';
  readonly status: 'active' | 'suspended' | 'closed';
  /** What its API key is: only a main key may see the account itself. */
  readonly apiKey: 'standard' | 'main';
}

export const DEFAULT_ACCOUNT: Account = { type: 'Full', status: 'active', apiKey: 'standard' };

/** How long things take, in milliseconds. */
export interface Network {
  /** From the client's REST request to its processing. */
  readonly requestMs: Distribution;
  /** From the processing of a REST request to its answer. */
  readonly responseMs: Distribution;
  /** Before a voice webhook leaves. */
  readonly webhookMs: Distribution;
  /** From the first copy of a voice webhook to its duplicate, where the script asks for one. */
  readonly duplicateMs: Distribution;
  /** Before a recording status callback leaves. */
  readonly callbackMs: Distribution;
  /** From the verb that answers a call to the call being in progress: until then it is too early to record. */
  readonly answerMs: Distribution;
  /** From the end of a recording to its file being there. */
  readonly processingMs: Distribution;
  /** How far the status of a fetched or listed call lags behind the truth. */
  readonly statusLagMs: Distribution;
  /** How long a new recording is missing from lists. */
  readonly listLagMs: Distribution;
}

export const DEFAULT_NETWORK: Network = {
  requestMs: { median: 30, p99: 150 },
  responseMs: { median: 30, p99: 150 },
  webhookMs: { median: 30, p99: 150 },
  duplicateMs: [20, 300],
  callbackMs: { median: 150, p99: 1_500 },
  answerMs: { median: 250, p99: 900 },
  processingMs: { median: 300, p99: 2_000 },
  statusLagMs: [0, 400],
  listLagMs: 0,
};

/** What nobody could verify about Twilio. Each default is the answer that is worse for a recorder. */
export interface Behaviour {
  /**
   * A second create while one recording of the API is active: `new` starts another one, `same` answers with the
   * first. A third party's live test got one recording, without looking at the second answer. @default 'new'
   */
  readonly secondCreate: 'same' | 'new';
  /** Does `<Start>` answer a ringing call? If not, its recording starts once another verb does. @default false */
  readonly startAnswers: boolean;
  /**
   * The status that fetch and list show for a recording under way. Twilio's page says that they show only
   * `processing` or `completed` (so not even that it is paused); its OpenAPI document declares all of them.
   * @default 'processing'
   */
  readonly activeRecordingShownAs: 'processing' | 'actual';
  /**
   * What the filters `StartTime` and `EndTime` of the list of calls make of a time of day. Twilio documents days only:
   * whether more is heeded is unverified, and a recorder that asks with times must bear with more calls.
   * @default 'day'
   */
  readonly callFilterGranularity: 'day' | 'second';
  /**
   * The `Digits` of a `<Gather>` with `actionOnEmptyResult` that gathered none: sent with no value, or not sent, which
   * makes the request look like one for a new document. @default 'left-out'
   */
  readonly emptyDigits: 'empty' | 'left-out';
  /**
   * A `finishOnKey` before any digit. Twilio's page on `<Gather>` has said both: that the document goes on, so without
   * the rest of the prompts; and that the key "cannot be used as a mechanism to stop a <Gather> without previous digit
   * input". @default 'ends'
   */
  readonly finishOnKeyFirst: 'ends' | 'ignored';
  /**
   * How Twilio refuses to delete a recording whose file is not there yet: "Only completed recordings can be deleted",
   * says its page, but not in which words. @default 'not-found', which looks as if it were deleted
   */
  readonly deleteTooEarly: 'not-found' | 'conflict';
  /** A recording shorter than that is absent with error 16101; Twilio documents no figure. @default 1000 */
  readonly minimumRecordingMs: number;
}

export const DEFAULT_BEHAVIOUR: Behaviour = {
  secondCreate: 'new',
  startAnswers: false,
  activeRecordingShownAs: 'processing',
  callFilterGranularity: 'day',
  emptyDigits: 'left-out',
  finishOnKeyFirst: 'ends',
  deleteTooEarly: 'not-found',
  minimumRecordingMs: 1_000,
};

export interface SimulatorOptions {
  /** The same seed gives the same SIDs and the same random durations. */
  readonly seed: number;
  readonly credentials: Credentials;
  /** @default DEFAULT_ACCOUNT */
  readonly account?: Partial<Account>;
  /** @default the system's clock */
  readonly clock?: Clock;
  /** @default DEFAULT_NETWORK */
  readonly network?: Partial<Network>;
  /** @default DEFAULT_BEHAVIOUR */
  readonly behaviour?: Partial<Behaviour>;
  /** @default none */
  readonly faults?: Partial<Faults>;
}

export interface ServerOptions extends SimulatorOptions {
  /** @default 0, any free port */
  readonly port?: number;
  /** @default over HTTP, to this machine only */
  readonly transport?: Transport;
}

export interface ServerlessOptions extends SimulatorOptions {
  /** What the simulator takes for its own base URL, without a trailing slash. */
  readonly url: string;
  readonly transport: Transport;
}
