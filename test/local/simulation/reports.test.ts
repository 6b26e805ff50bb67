import { describe, expect, test } from '@jest/globals';
import { METRICS } from '../../../lambda/shared/contract.ts';
import type { Telemetry } from '../../../lambda/shared/telemetry.ts';
import { NO_TELEMETRY } from '../../../local/no-telemetry.ts';
import type { Row } from '../../../local/recorder.ts';
import { Reports } from '../../../local/simulation/reports.ts';
import { VirtualTime } from '../../../local/simulation/virtual-time.ts';
import type { SimulatedCall, SimulatedRecording } from '../../../local/twilio-simulator/simulator.ts';
import { START } from './support.ts';

const MINUTE = 60_000;
const CALL = { sid: 'CA1', endedAt: START };
const row = (Reason: string, RecordingStatus = 'unrecorded'): Row => ({
  CallSid: 'CA1',
  Item: 'CALL',
  RecordingStatus,
  Reason,
});
const UNTOLD = ['its row says recorder-failed, and nobody was told within 10 minutes'];

let reports: Reports;
let telemetry: Telemetry;

/** What is found of a call of which this was told so long after its end. */
async function found(after: number, tell: () => void, rows: readonly Row[] = [row('recorder-failed')]) {
  reports = new Reports();
  telemetry = reports.heard(NO_TELEMETRY);
  using time = VirtualTime.install({ startAt: START, seed: 1 });
  const telling = new Promise<void>((resolve) =>
    setTimeout(() => {
      tell();
      resolve();
    }, after),
  );
  await time.settle(telling);
  return reports.findings(CALL, rows);
}

const count = () => telemetry.count(METRICS.callUnrecorded);
const log = (callSid = 'CA1'): void =>
  telemetry.error('The call was not recorded', { callSid, reason: 'some' });
const inOrder =
  (...steps: readonly (() => void)[]) =>
  (): void => {
    for (const step of steps) step();
  };
const report = inOrder(count, log);

describe('that a call was not recorded', () => {
  test.each([
    [10 * MINUTE, []],
    [10 * MINUTE + 1, UNTOLD],
  ])('has to be told within 10 minutes of its end: after %d ms', async (after, findings) => {
    expect(await found(after, report)).toEqual(findings);
  });

  test.each<[string, () => void]>([
    ['counted', count],
    ['logged', log],
    ['told of another call', inOrder(count, () => log('CA2'), log)],
    [
      'logged as something that may happen',
      inOrder(count, () => telemetry.info('It was not recorded', { callSid: 'CA1' })),
    ],
  ])('is not told where it is only %s', async (_, tell) => {
    expect(await found(0, tell)).toEqual(UNTOLD);
  });

  test('stays told, whoever says so again later', async () => {
    expect(
      await found(
        0,
        inOrder(report, () => setTimeout(report, 20 * MINUTE)),
      ),
    ).toEqual([]);
  });

  test('is told by the gate, of a call that it ended', async () => {
    const tell = inOrder(
      () => telemetry.count(METRICS.callTurnedAway),
      () => telemetry.error('It is ended', { callSid: 'CA1' }),
    );
    expect(await found(0, tell, [row('turned-away')])).toEqual([]);
    expect(await found(0, tell)).toEqual(UNTOLD);
    expect(await found(0, () => undefined, [row('turned-away')])).toEqual([
      'its row says turned-away, and nobody was told within 10 minutes',
    ]);
  });

  test.each(['declined', 'withdrawn', 'no-consent', 'never-answered'])(
    'need not be told where the row says %s',
    async (reason) => {
      expect(await found(0, () => undefined, [row(reason)])).toEqual([]);
    },
  );

  test('need not be told of one that was', async () => {
    expect(await found(0, () => undefined, [row('', 'completed')])).toEqual([]);
    expect(await found(0, () => undefined, [])).toEqual([]);
  });
});

describe('that the recording of a call ended before it', () => {
  const NOT_TOLD = 'somebody else ended its recording 60000 ms before it, and nobody was told in time';
  const NOT_SO = 'its recording was said to have ended early, and had not';
  const countEnd = () => telemetry.count(METRICS.recordingEndedEarly);
  const logEnd = () => telemetry.error('It ended early', { callSid: 'CA1' });
  const reportEnd = inOrder(countEnd, logEnd);
  const untold = (): void => undefined;

  const endedBy = (by: SimulatedRecording['endedBy'], missingMs: number, toldAfterMs = 0) => ({
    foreign: false,
    endedBy: by,
    endedAt: START - missingMs,
    callbacks: [callback('in-progress', START - 2 * MINUTE), callback('completed', START + toldAfterMs)],
  });
  const callback = (recordingStatus: string, at: number) => ({
    recordingStatus,
    delivered: true,
    attempts: [{ at }],
  });
  const callWith = (...recordings: readonly object[]): SimulatedCall =>
    // A part of a simulated call: what the report looks at.
    Object.assign(Object.create(null), { ...CALL, script: {}, recordings });

  async function foundOfEnd(
    after: number,
    tell: () => void,
    call = callWith(endedBy('others', MINUTE)),
    rows: readonly Row[] = [],
    inTime = true,
  ) {
    await found(after, tell);
    return reports.findingsOfEnd(call, rows, inTime);
  }

  test.each([
    [10 * MINUTE, []],
    [10 * MINUTE + 1, [NOT_TOLD]],
  ])('has to be told within 10 minutes of its end: after %d ms', async (after, findings) => {
    expect(await foundOfEnd(after, reportEnd)).toEqual(findings);
  });

  test('has to be told within 10 minutes of the callback that says so, if that comes', async () => {
    const late = callWith(endedBy('others', MINUTE, 5 * MINUTE));
    expect(await foundOfEnd(15 * MINUTE, reportEnd, late)).toEqual([]);
    expect(await foundOfEnd(15 * MINUTE + 1, reportEnd, late)).toEqual([NOT_TOLD]);
    const never = callWith({ ...endedBy('others', MINUTE), callbacks: [] });
    expect(await foundOfEnd(60 * MINUTE, reportEnd, never)).toEqual([]);
    expect(await foundOfEnd(0, untold, never)).toEqual([NOT_TOLD]);
  });

  test('has to be told some time where a service was out', async () => {
    expect(await foundOfEnd(60 * MINUTE, reportEnd, undefined, [], false)).toEqual([]);
    expect(await foundOfEnd(0, untold, undefined, [], false)).toEqual([NOT_TOLD]);
  });

  test.each<[string, () => void]>([
    ['counted', countEnd],
    ['logged', logEnd],
    ['told as something else', report],
  ])('is not told where it is only %s', async (_, tell) => {
    expect(await foundOfEnd(0, tell)).toEqual([NOT_TOLD]);
  });

  test.each<[string, SimulatedCall]>([
    ['it ended with the call', callWith(endedBy('call', 0))],
    ['we stopped it', callWith(endedBy('api', MINUTE))],
    ['it was somebody else’s', callWith({ ...endedBy('others', MINUTE), foreign: true })],
    ['another one ran on', callWith(endedBy('others', MINUTE), endedBy('call', 0))],
    ['too little is missing', callWith(endedBy('others', 11_999))],
  ])('may not be told where %s', async (_, call) => {
    expect(await foundOfEnd(0, reportEnd, call)).toEqual([NOT_SO]);
    expect(await foundOfEnd(0, untold, call)).toEqual([]);
  });

  test('has to be told where another one was stopped beside it, or after it', async () => {
    const both = callWith(endedBy('others', 2 * MINUTE), endedBy('api', MINUTE));
    expect(await foundOfEnd(0, untold, both)).toEqual([NOT_TOLD]);
    expect(await foundOfEnd(0, reportEnd, both)).toEqual([]);
  });

  test('may be told or not where it is close', async () => {
    for (const missing of [12_000, 18_000]) {
      for (const tell of [reportEnd, untold]) {
        expect(await foundOfEnd(0, tell, callWith(endedBy('others', missing)))).toEqual([]);
      }
    }
  });

  test.each<[string, Row]>([
    ['an operator gave commands', { CallSid: 'CA1', Item: 'EVENT#1', Type: 'command' }],
    ['its caller said no', { CallSid: 'CA1', Item: 'CALL', Consent: 'withdrawn' }],
  ])('is nobody’s business where %s', async (_, one) => {
    expect(await foundOfEnd(0, untold, undefined, [one])).toEqual([]);
    expect(await foundOfEnd(0, reportEnd, callWith(endedBy('call', 0)), [one])).toEqual([]);
  });
});

test('all else goes on to whoever writes it down', () => {
  const written: unknown[] = [];
  const write =
    (what: string) =>
    (...rest: unknown[]) =>
      void written.push([what, ...rest]);
  const heard = new Reports().heard({
    count: write('count'),
    record: write('record'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  });
  heard.count(METRICS.callReceived);
  heard.record(METRICS.createsPerRecording, 2);
  heard.info('a', {});
  heard.warn('b', {});
  heard.error('c', {});
  expect(written).toEqual([
    ['count', METRICS.callReceived],
    ['record', METRICS.createsPerRecording, 2],
    ['info', 'a', {}],
    ['warn', 'b', {}],
    ['error', 'c', {}],
  ]);
});
