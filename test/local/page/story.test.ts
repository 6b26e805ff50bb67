import { expect, test } from '@jest/globals';
import type { HostEvent, HostEventDetail } from '../../../local/host/events.ts';
import { ofHost, ofHostAlone, ofTwilio } from '../../../local/page/story.ts';
import { emfLine, sidOf } from './support.ts';

const callSid = sidOf(1);
const at = 5;
const host = (event: HostEventDetail): HostEvent => ({ ...event, at });
const log = (line: string) => host({ type: 'log', function: 'RecorderSweep', line });

test('a call begins with masked numbers, in its line as well', () => {
  const told = ofTwilio({
    type: 'call-placed',
    at,
    callSid,
    direction: 'inbound',
    from: '+15550200123',
    to: 'sip:somebody@example.com',
  });
  expect(told).toMatchObject([
    { callSid, at, announces: true, facts: { from: '+*******0123', to: 'sip:********@example.com' } },
  ]);
  expect(JSON.stringify(told)).not.toMatch(/5550200|somebody/);
});

test('Twilio tells how a call and its recording are', () => {
  const recordingSid = 'RE1';
  expect(
    [
      { type: 'call-status', at, callSid, status: 'in-progress' } as const,
      { type: 'recording-started', at, callSid, recordingSid, source: 'StartCallRecordingAPI' } as const,
      { type: 'recording-paused', at, callSid, recordingSid } as const,
      { type: 'recording-resumed', at, callSid, recordingSid } as const,
      { type: 'recording-finished', at, callSid, recordingSid, status: 'absent', errorCode: 16101 } as const,
      { type: 'recording-ended', at, callSid, recordingSid } as const,
    ].flatMap((event) => ofTwilio(event).map((told) => 'facts' in told && told.facts)),
  ).toEqual([
    { status: 'in-progress' },
    { recording: 'recording' },
    { recording: 'paused' },
    { recording: 'recording' },
    { recording: 'absent' },
    false,
  ]);
});

test('a request that is about no call is not told', () => {
  const answer = { type: 'rest-answer', at, operation: 'ListCall', httpStatus: 503, requestId: 1 } as const;
  const nobody = { callSid: undefined, recordingSid: undefined, code: undefined };
  expect(ofTwilio({ ...answer, ...nobody })).toEqual([]);
  expect(ofTwilio({ ...answer, ...nobody, callSid })).toMatchObject([
    { callSid, announces: false, line: { who: 'api', what: 'ListCall -> 503', tone: 'odd' } },
  ]);
});

test('an execution tells where it is, also one that took the place of another', () => {
  const execution = `${callSid}-2`;
  const input = { from: '+15550200123', to: '+15550100100' };
  expect(ofHost(host({ type: 'executionStarted', execution, input }))).toMatchObject([
    { callSid, announces: true, facts: { execution: 'RUNNING', from: '+*******0123', to: '+*******0100' } },
  ]);
  expect(ofHost(host({ type: 'stateEntered', execution, state: 'AwaitOutcome', input: {} }))).toMatchObject([
    { callSid, announces: false, facts: { state: 'AwaitOutcome' } },
  ]);
  expect(ofHost(host({ type: 'executionEnded', execution, status: 'FAILED', ms: 1 }))).toMatchObject([
    { facts: { execution: 'FAILED' }, line: { what: 'FAILED', tone: 'bad' } },
  ]);
  expect(ofHost(host({ type: 'executionStarted', execution: 'by-hand', input: 7 }))).toEqual([]);
});

test('functions tell their metrics, and their logs only where nobody else tells anything', () => {
  const metrics = log(emfLine({ CallReceived: 1 }, { at: 3 }));
  const counted = [{ type: 'measured', metric: 'CallReceived', values: [1], at: 3 }];
  const line = log(JSON.stringify({ level: 'WARN', message: 'Twilio throttles', callSid }));
  expect([ofHost(metrics), ofHostAlone(metrics)]).toEqual([counted, counted]);
  expect(ofHost(line)).toEqual([]);
  expect(ofHostAlone(line)).toEqual([
    { type: 'call', callSid, at, line: { at, who: 'log', what: 'Twilio throttles', tone: 'odd' } },
  ]);
  expect(
    ofHostAlone(host({ type: 'stateEntered', execution: callSid, state: 'Verify', input: {} })),
  ).toHaveLength(1);
});
