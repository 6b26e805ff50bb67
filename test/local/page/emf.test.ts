import { expect, test } from '@jest/globals';
import { metricsIn } from '../../../local/page/emf.ts';
import { emfLine } from './support.ts';

test('a line of metrics is read whole', () => {
  const line = emfLine({ RecordingStarted: 1, TimeToRecordingMilliseconds: [310, 420] }, { at: 7 });
  expect(metricsIn(line)).toEqual([
    { metric: 'RecordingStarted', values: [1], at: 7 },
    { metric: 'TimeToRecordingMilliseconds', values: [310, 420], at: 7 },
  ]);
});

test.each([
  ['is a log line', JSON.stringify({ level: 'INFO', message: 'Callback kept' })],
  ['is no JSON', 'CallReceived'],
  ['is of another namespace', emfLine({ CallReceived: 1 }, { namespace: 'AWS/Lambda' })],
  ['has another dimension', emfLine({ CallReceived: 1 }, { dimension: 'callSid' })],
  ['names no recorder', emfLine({ CallReceived: 1 }, { service: null })],
  ['has a metric that the contract lacks', emfLine({ CallsReceived: 1 })],
  ['has no figure', emfLine({ CallReceived: 'one' })],
])('a line that %s has no metric', (_, line) => {
  expect(metricsIn(line)).toEqual([]);
});
