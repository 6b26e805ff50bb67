/**
 * Names that infrastructure and handlers must agree on. Both import them from here, so that neither can drift.
 */

/** Routes of the HTTP API, in API Gateway's notation. */
export const ROUTES = {
  voice: '/voice',
  voiceNext: '/voice/{next}',
  recordingStatus: '/recording-status',
  gate: '/gate',
  gateNext: '/gate/{next}',
  consent: '/consent',
  consentNext: '/consent/{next}',
  optOut: '/opt-out',
  optOutNext: '/opt-out/{next}',
  calls: '/calls',
  call: '/calls/{callSid}',
  recordingControl: '/calls/{callSid}/recording',
} as const;

/** Environment variables of the functions. */
export const ENVIRONMENT = {
  publicBaseUrl: 'PUBLIC_BASE_URL',
  secretArn: 'SECRET_ARN',
  /**
   * Names the recorder in each log line and, as the one dimension, in each metric. Powertools' own variable:
   * https://docs.aws.amazon.com/powertools/typescript/latest/environment-variables/
   */
  serviceName: 'POWERTOOLS_SERVICE_NAME',
  settings: 'SETTINGS',
  stateMachineArn: 'STATE_MACHINE_ARN',
  tableName: 'TABLE_NAME',
} as const;

/** The table's keys and its index. */
export const TABLE = {
  partitionKey: 'CallSid',
  sortKey: 'Item',
  timeToLive: 'ExpiresAt',
  /** Sort keys, or how they begin. */
  items: { call: 'CALL', recording: 'RECORDING#', event: 'EVENT#' },
  /** A day's calls are spread over so many partitions. */
  callsByDay: { indexName: 'CallsByDay', partitionKey: 'DayShard', sortKey: 'CreatedAt', shards: 8 },
} as const;

/** States of the state machine, as the console's graph shows them. */
export const STATES = {
  startDelay: 'StartDelay',
  startRecording: 'StartRecording',
  outcome: 'WhatDidTwilioSay',
  waitForAnswer: 'WaitForAnswer',
  lookOnceMore: 'LookOnceMore',
  recordUnrecorded: 'RecordUnrecorded',
  waitToLook: 'WaitToLookOnceMore',
  wasItExpected: 'WasTheCallAnswered',
  verify: 'Verify',
  isThereOne: 'IsThereOne',
  waitToVerify: 'WaitToVerify',
  awaitOutcome: 'AwaitOutcome',
  awaitAgain: 'AwaitOutcomeAgain',
  reconcile: 'Reconcile',
  isItFinal: 'IsItFinal',
  isItUnwanted: 'IsItUnwanted',
  waitForProcessing: 'WaitForProcessing',
  recorded: 'Recorded',
  neverAnswered: 'NeverAnswered',
  declined: 'Declined',
  unrecorded: 'Unrecorded',
} as const;

/** What start-recording returns to the state machine; the Choice state matches on it. */
export const START_OUTCOMES = {
  started: 'started',
  adopted: 'adopted',
  notYet: 'not-yet',
  callEnded: 'call-ended',
  refused: 'refused',
} as const;

/** What verify returns to the state machine. */
export const VERIFY_OUTCOMES = {
  /** One recording of ours runs at most, as far as can be known. */
  verified: 'verified',
  /** Another look is due in a while: a create may be carried out late. */
  again: 'again',
} as const;

/** Errors that a task which waits for a token is ended with. */
export const TASK_ERRORS = {
  /** A second recording of ours runs. */
  doubled: 'SecondRecording',
  /** Recordings are to be stopped and deleted: the caller said no. */
  unwanted: 'ConsentWithdrawn',
  /** StartRecording has no recording of which the outcome could be awaited, or is in doubt about it. */
  notRecording: 'NotRecording',
} as const;

/** What reconcile returns to the state machine. */
export const RECONCILE_OUTCOMES = {
  /** Every recording of the call has its last status. */
  final: 'final',
  /** The call goes on. */
  live: 'live',
  /** The call has ended, a recording has not. */
  processing: 'processing',
} as const;
export type ReconcileOutcome = (typeof RECONCILE_OUTCOMES)[keyof typeof RECONCILE_OUTCOMES];

/** CloudWatch metrics, all counts unless their name ends in a unit. */
export const METRICS = {
  namespace: 'CallRecorder',
  requestRefused: 'RequestRefused',
  signatureUnverifiable: 'SignatureUnverifiable',
  webhookFailed: 'WebhookFailed',
  callReceived: 'CallReceived',
  startExecutionFailed: 'StartExecutionFailed',
  nextCorrupt: 'NextCorrupt',
  recordingStarted: 'RecordingStarted',
  recordingAdopted: 'RecordingAdopted',
  recordingCompleted: 'RecordingCompleted',
  recordingAbsent: 'RecordingAbsent',
  recordingFailed: 'RecordingFailed',
  recordingEndedEarly: 'RecordingEndedEarly',
  createsPerRecording: 'CreatesPerRecording',
  timeToRecordingMilliseconds: 'TimeToRecordingMilliseconds',
  callUnrecorded: 'CallUnrecorded',
  callNeverAnswered: 'CallNeverAnswered',
  callDeclined: 'CallDeclined',
  consentGiven: 'ConsentGiven',
  consentWithdrawn: 'ConsentWithdrawn',
  consentNotKept: 'ConsentNotKept',
  recordingDeleted: 'RecordingDeleted',
  recordingNotDeleted: 'RecordingNotDeleted',
  callbackReceived: 'CallbackReceived',
  callbackDuplicate: 'CallbackDuplicate',
  callbackConflict: 'CallbackConflict',
  callbackUnknownCall: 'CallbackUnknownCall',
  recordingReconciled: 'RecordingReconciled',
  recordingSurplus: 'RecordingSurplus',
  sweepCompleted: 'SweepCompleted',
  callDiscovered: 'CallDiscovered',
  executionRevived: 'ExecutionRevived',
  rowOverdue: 'RowOverdue',
  twilioOk: 'TwilioOk',
  twilioUnauthorized: 'TwilioUnauthorized',
  twilioThrottled: 'TwilioThrottled',
  twilioRefused: 'TwilioRefused',
  twilioFailed: 'TwilioFailed',
  twilioLatencyMilliseconds: 'TwilioLatencyMilliseconds',
  callTurnedAway: 'CallTurnedAway',
  commandDone: 'CommandDone',
  commandFailed: 'CommandFailed',
  commandUnconfirmed: 'CommandUnconfirmed',
  pauseEnded: 'PauseEnded',
  pauseLeftOpen: 'PauseLeftOpen',
} as const;
export type MetricName = Exclude<(typeof METRICS)[keyof typeof METRICS], typeof METRICS.namespace>;
