import { stripVTControlCharacters } from 'node:util';
import { expect, test } from '@jest/globals';
import { Timeline } from '../../local/timeline.ts';

/** What is printed, without times and colours. */
function tell(story: (timeline: Timeline) => void): string[] {
  const lines: string[] = [];
  story(new Timeline((line) => lines.push(stripVTControlCharacters(line).replace(/^ *\S+ s {2}/, ''))));
  return lines;
}

const restAnswer = (operation: string, httpStatus: number | undefined, callSid?: string) =>
  ({
    type: 'rest-answer',
    at: 0,
    operation,
    httpStatus,
    code: undefined,
    callSid,
    recordingSid: undefined,
    requestId: 1,
  }) as const;

const log = (record: object) =>
  ({ type: 'log', at: 0, function: 'RecorderSweep', line: JSON.stringify(record) }) as const;

test('sweeps ask Twilio every minute, which is told only when it fails', () => {
  const lines = tell(({ twilio }) => {
    twilio(restAnswer('ListIncomingPhoneNumber', 200));
    twilio(restAnswer('ListCall', 200));
    twilio(restAnswer('ListCall', 503));
    twilio(restAnswer('ListCall', undefined));
    twilio(restAnswer('UpdateCallRecording', 200, 'CA1'));
  });
  expect(lines).toEqual([
    'api       ListCall -> 503',
    'api       ListCall -> no answer',
    'recorder  stop the recording -> 200',
  ]);
});

test('keys are told with whether anybody listened', () => {
  const lines = tell(({ twilio }) => {
    const press = { type: 'key-pressed', at: 0, callSid: 'CA1', key: '1' } as const;
    twilio({ type: 'gathering', at: 0, callSid: 'CA1', url: 'https://recorder.example/pressed' });
    twilio({ ...press, heard: true });
    twilio({ ...press, heard: false });
  });
  expect(lines).toEqual([
    'twilio    listens for keys',
    'caller    presses 1',
    'caller    presses 1, and nobody listens',
  ]);
});

test('a sweep that found nothing says nothing', () => {
  const lines = tell(({ hostAlone }) => {
    hostAlone(log({ level: 'INFO', message: 'Swept', discovered: 0, revived: 0 }));
    hostAlone(log({ level: 'ERROR', message: 'A call was found that no webhook had announced' }));
    hostAlone(log({ level: 'INFO', message: 'Swept', discovered: 1, revived: 0 }));
  });
  expect(lines).toEqual(['log       A call was found that no webhook had announced', 'log       Swept']);
});
