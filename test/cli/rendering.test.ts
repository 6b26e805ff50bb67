import { stripVTControlCharacters } from 'node:util';
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { renderReport } from '../../cli/call-report.ts';
import { renderCalls } from '../../cli/calls-table.ts';
import { widthOf } from '../../cli/text.ts';
import type {
  CallRepresentation,
  EventRepresentation,
  RecordingRepresentation,
} from '../../lambda/recording-control/representations.ts';
import { CALL, DETAILS, PAUSED_CALL, RECORDING, UNRECORDED_CALL } from './samples.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.constantFrom(
    'in-progress',
    '2026-03-01T12:00:00Z',
    '\u{1b}[2J',
    '\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}',
    '日本語',
  ),
);
const maybeText = fc.option(anyText, { nil: undefined });
const maybeNumber = fc.option(fc.nat(), { nil: undefined });

const call: fc.Arbitrary<CallRepresentation> = fc.record({
  callSid: fc.oneof(fc.constant(CALL), anyText),
  from: maybeText,
  to: maybeText,
  direction: maybeText,
  origin: maybeText,
  createdAt: maybeText,
  updatedAt: maybeText,
  recordingStatus: anyText,
  recordingSid: maybeText,
  recordingDuration: maybeNumber,
  recordingCount: fc.nat(),
  surplusRecordings: maybeNumber,
  endedEarly: fc.option(fc.constant(true as const), { nil: undefined }),
  reason: maybeText,
  errorCode: maybeNumber,
  final: fc.boolean(),
});
const recording: fc.Arbitrary<RecordingRepresentation> = fc.record({
  recordingSid: fc.oneof(fc.constant(RECORDING), anyText),
  status: anyText,
  startTime: maybeText,
  duration: maybeNumber,
  channels: maybeNumber,
  source: maybeText,
  track: maybeText,
  surplus: fc.option(fc.constant(true), { nil: undefined }),
});
const event: fc.Arbitrary<EventRepresentation> = fc.record({
  at: anyText,
  type: anyText,
  recordingSid: maybeText,
  reason: maybeText,
  by: maybeText,
  before: maybeText,
  after: maybeText,
  httpStatus: maybeNumber,
});
const step = fc.record({ at: anyText, type: anyText, state: maybeText, error: maybeText });
const execution = fc.record({ name: anyText, status: anyText, history: fc.array(step, { maxLength: 4 }) });
const twilio = fc.oneof(
  fc.constant(undefined),
  fc.record({ unavailable: anyText }),
  fc.record({ callStatus: anyText, recordings: fc.array(recording, { maxLength: 3 }) }),
);
const width = fc.integer({ min: 1, max: 200 });

const widest = (text: string): number => Math.max(...text.split('\n').map(widthOf));
/** What in a text may command a terminal, but for its colours. */
const commands = (text: string): RegExpMatchArray | null =>
  stripVTControlCharacters(text)
    .replaceAll('\n', '')
    .match(/[\p{Cc}\p{Bidi_Control}]/u);

test('no line of a list is longer than the terminal is wide, whatever the calls are', () => {
  fc.assert(
    fc.property(fc.array(call, { maxLength: 5 }), width, fc.boolean(), (calls, wide, numbers) => {
      const rendered = renderCalls(calls, { width: wide, numbers });
      expect(widest(rendered)).toBeLessThanOrEqual(wide);
      expect(commands(rendered)).toBeNull();
      expect(rendered.split('\n')).toHaveLength(calls.length + 1);
    }),
  );
});

test('nor of a report', () => {
  const details = fc.record({
    call,
    recordings: fc.array(recording, { maxLength: 3 }),
    events: fc.array(event, { maxLength: 5 }),
    executions: fc.array(execution, { maxLength: 2 }),
    twilio,
  });
  fc.assert(
    fc.property(details, width, (report, wide) => {
      const rendered = renderReport(report, { width: wide, numbers: false });
      expect(widest(rendered)).toBeLessThanOrEqual(wide);
      expect(commands(rendered)).toBeNull();
    }),
  );
});

test('a list at 100 columns has what matters, and hides numbers', () => {
  const rendered = stripVTControlCharacters(
    renderCalls([PAUSED_CALL, UNRECORDED_CALL], { width: 100, numbers: false }),
  );
  expect(rendered.split('\n')).toEqual(LIST);
});

test('a report at 100 columns', () => {
  const rendered = stripVTControlCharacters(renderReport(DETAILS, { width: 100, numbers: false }));
  expect(rendered.split('\n')).toEqual(REPORT);
});

test('a report notes that the recording ended before the call', () => {
  const call = { ...PAUSED_CALL, endedEarly: true, final: true } as const;
  const rendered = renderReport({ ...DETAILS, call }, { width: 100, numbers: false });
  expect(stripVTControlCharacters(rendered)).toContain('Note       1 surplus, ended early\n');
});

test('a report says when Twilio was not asked, or why it does not answer', () => {
  const report = (twilio: typeof DETAILS.twilio) =>
    renderReport({ ...DETAILS, twilio }, { width: 100, numbers: false });
  expect(report(undefined)).toContain('The API did not say what Twilio says.');
  expect(report({ unavailable: 'no\nanswer' })).toContain('Twilio could not be asked: no answer');
});

const LIST = [
  'CREATED (UTC)        CALL                                RECORDING   FROM            NOTE',
  '2026-03-01 12:00:00  CA0123456789abcdef0123456789abcdef  paused      +*******0123    1 surplus, open',
  '2026-03-01 11:00:00  CAffffffffffffffffffffffffffffffff  unrecorded  sip:*****@exa…  the call ended…',
];

const REPORT = [
  'Call       CA0123456789abcdef0123456789abcdef',
  'From       +*******0123',
  'To         +*******0100',
  'Direction  inbound',
  'Told by    webhook',
  'Created    2026-03-01 12:00:00 UTC',
  'Updated    2026-03-01 12:01:00 UTC',
  'Recording  paused',
  'Note       1 surplus, open',
  'Execution  CA0123456789abcdef0123456789abcdef RUNNING',
  '',
  'Recordings',
  'RECORDING                           STATUS   BEGAN (UTC)          CHANNELS  SOURCE           NOTE',
  'REfedcba9876543210fedcba9876543210  paused   2026-03-01 12:00:03         2  StartCallRecor…',
  'RE00000000000000000000000000000001  stopped  2026-03-01 12:00:04         2  StartCallRecor…  surplus',
  '',
  'Timeline (UTC)',
  'TIME             OFFSET  WHO        WHAT',
  '12:00:00.100   +0.000 s  execution  ExecutionStarted',
  '12:00:00.130   +0.030 s  execution  TaskStateEntered StartRecording',
  '12:00:03.000   +2.900 s  twilio     recording REfedcba98… begins',
  '12:00:03.210   +3.110 s  table      create (news): REfedcba98… in-progress',
  '12:00:03.300   +3.200 s  execution  TaskStateEntered AwaitOutcome',
  '12:00:04.000   +3.900 s  twilio     recording RE00000000… begins',
  '12:01:00.000  +59.900 s  table      command pause: REfedcba98… in-progress -> paused, card payment,…',
  '',
  'The row, and Twilio now',
  'OF                                  ROW         TWILIO',
  'call                                paused   =  in-progress',
  'REfedcba9876543210fedcba9876543210  paused   =  processing',
  'RE00000000000000000000000000000001  stopped  ≠  completed, 2 s',
];
