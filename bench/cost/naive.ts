import type { Design, Usage } from './usage.ts';

/*
 * What most would build first, for the same call: incoming, answered, recorded, three minutes. REST API, functions with
 * CDK's default processor, 512 MB, and a machine of five states: Wait two seconds, StartRecording, a Choice, SaveRecording
 * (DynamoDB, by Step Functions itself), Succeed. Nothing is kept from one invocation to the next, nothing verifies, looks
 * again or sweeps.
 */

const STATES = 5;
/**
 * Two seconds are enough for most calls. One in five goes on ringing, at a desk or in a queue, and its create is refused
 * three times before it is taken: each a Retry, which is charged as a transition, and an invocation.
 */
const RETRIES = 0.2 * 3;
/** The voice webhook, and the callbacks `in-progress` and `completed`. */
const CALLBACKS = 2;
const WEBHOOKS = 1 + CALLBACKS;
const STARTS = 1 + RETRIES;
const INVOCATIONS = WEBHOOKS + STARTS;

/** Powertools or `console.log(event)`, as most do: the event of a webhook is 2 KB, that of a task 0.5 KB. */
const EVENT_BYTES = (WEBHOOKS * 2 + STARTS * 0.5) * 1024;
/** Lambda's START, END and REPORT lines of an invocation, with CloudWatch's 26 bytes for each. */
const PLATFORM_BYTES = 350;

/** In ms. Each has the 10 ms in which the secret is read. */
const MILLISECONDS = {
  /** StartExecution. */
  voiceWebhook: 50,
  /** One request to Twilio, over a new connection. */
  startRecording: 300,
  /** One write. */
  recordingStatus: 40,
};

export const NAIVE_USAGE: Usage = {
  functions: {
    'voice-webhook': { invocations: 1, milliseconds: MILLISECONDS.voiceWebhook },
    'start-recording': { invocations: STARTS, milliseconds: MILLISECONDS.startRecording },
    'recording-status': { invocations: CALLBACKS, milliseconds: MILLISECONDS.recordingStatus },
  },
  transitions: STATES + RETRIES,
  apiRequests: WEBHOOKS,
  /** The row of the call, the recording's SID, and each callback. */
  writeUnits: 2 + CALLBACKS,
  indexWriteUnits: 0,
  readUnits: 0,
  secretReads: INVOCATIONS,
  logBytes: EVENT_BYTES + INVOCATIONS * PLATFORM_BYTES,
  tableBytes: 1_024,
  indexBytes: 0,
};

const FUNCTION = { memoryMegabytes: 512, architecture: 'x86_64', tracing: false } as const;

export const NAIVE_DESIGN: Design = {
  api: 'REST',
  functions: {
    'voice-webhook': FUNCTION,
    'start-recording': FUNCTION,
    'recording-status': FUNCTION,
  },
  tracing: false,
  pointInTimeRecovery: false,
  retentionDays: 365,
  logRetentionDays: 90,
};
