import type {
  CallDetailsRepresentation,
  CallRepresentation,
} from '../../lambda/recording-control/representations.ts';

export const CALL = 'CA0123456789abcdef0123456789abcdef';
export const RECORDING = 'REfedcba9876543210fedcba9876543210';
export const SURPLUS = 'RE00000000000000000000000000000001';

export const PAUSED_CALL: CallRepresentation = {
  callSid: CALL,
  from: '+15550200123',
  to: '+15550100100',
  direction: 'inbound',
  origin: 'webhook',
  createdAt: '2026-03-01T12:00:00.100Z',
  updatedAt: '2026-03-01T12:01:00.000Z',
  recordingStatus: 'paused',
  recordingSid: RECORDING,
  recordingCount: 2,
  surplusRecordings: 1,
  final: false,
};

export const UNRECORDED_CALL: CallRepresentation = {
  callSid: 'CAffffffffffffffffffffffffffffffff',
  from: 'sip:alice@example.com',
  to: '+15550100100',
  direction: 'inbound',
  origin: 'sweep',
  createdAt: '2026-03-01T11:00:00.000Z',
  recordingStatus: 'unrecorded',
  recordingCount: 0,
  reason: 'the call ended before it could be recorded',
  errorCode: 21220,
  final: true,
};

export const DETAILS: CallDetailsRepresentation = {
  call: PAUSED_CALL,
  recordings: [
    {
      recordingSid: RECORDING,
      status: 'paused',
      source: 'StartCallRecordingAPI',
      startTime: '2026-03-01T12:00:03Z',
      channels: 2,
      track: 'both',
    },
    {
      recordingSid: SURPLUS,
      status: 'stopped',
      source: 'StartCallRecordingAPI',
      startTime: '2026-03-01T12:00:04Z',
      channels: 2,
      track: 'both',
      surplus: true,
    },
  ],
  events: [
    {
      at: '2026-03-01T12:00:03.210Z',
      type: 'create',
      effect: 'news',
      recordingSid: RECORDING,
      recordingStatus: 'in-progress',
      httpStatus: 201,
    },
    {
      at: '2026-03-01T12:01:00.000Z',
      type: 'command',
      action: 'pause',
      recordingSid: RECORDING,
      before: 'in-progress',
      after: 'paused',
      by: 'arn:aws:sts::123456789012:assumed-role/Operator/alice',
      reason: 'card payment',
      httpStatus: 200,
    },
  ],
  executions: [
    {
      name: CALL,
      status: 'RUNNING',
      startedAt: '2026-03-01T12:00:00.100Z',
      history: [
        { at: '2026-03-01T12:00:00.100Z', type: 'ExecutionStarted' },
        { at: '2026-03-01T12:00:00.130Z', type: 'TaskStateEntered', state: 'StartRecording' },
        { at: '2026-03-01T12:00:03.300Z', type: 'TaskStateEntered', state: 'AwaitOutcome' },
      ],
    },
  ],
  twilio: {
    callStatus: 'in-progress',
    recordings: [
      { recordingSid: RECORDING, status: 'processing' },
      { recordingSid: SURPLUS, status: 'completed', duration: 2 },
    ],
  },
};
