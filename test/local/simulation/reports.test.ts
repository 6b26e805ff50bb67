import { beforeEach, describe, expect, test } from '@jest/globals';
import { METRICS } from '../../../lambda/shared/contract.ts';
import type { Telemetry } from '../../../lambda/shared/telemetry.ts';
import { NO_TELEMETRY } from '../../../local/no-telemetry.ts';
import type { Row } from '../../../local/recorder.ts';
import { Reports } from '../../../local/simulation/reports.ts';
import { VirtualTime } from '../../../local/simulation/virtual-time.ts';
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
beforeEach(() => {
  reports = new Reports();
  telemetry = reports.heard(NO_TELEMETRY);
});

/** What is found of a call of which this was told so long after its end. */
async function found(after: number, tell: () => void, rows: readonly Row[] = [row('recorder-failed')]) {
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
