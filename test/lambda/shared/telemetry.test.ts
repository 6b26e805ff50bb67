import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { EnvironmentInvalidError } from '../../../lambda/shared/errors.ts';
import { powertools as powertoolsOf } from '../../../lambda/shared/telemetry.ts';

const ENVIRONMENT = { POWERTOOLS_SERVICE_NAME: 'Sales/Recorder' };
const powertools = () => powertoolsOf(ENVIRONMENT);

let printed: string[];

beforeEach(() => {
  printed = [];
  for (const stream of [process.stdout, process.stderr]) {
    jest.spyOn(stream, 'write').mockImplementation((chunk) => {
      printed.push(String(chunk));
      return true;
    });
  }
});
afterEach(() => {
  jest.restoreAllMocks();
});

const invoke = (handler: () => Promise<unknown>, { perInvocation } = powertools()) =>
  perInvocation(handler)({}, { awsRequestId: 'request-1' });
const lines = () => printed.flatMap((chunk) => chunk.trim().split('\n')).map((line) => JSON.parse(line));

describe('a function', () => {
  test('prints its lines as JSON, each with the request that it is about', async () => {
    const tools = powertools();
    await invoke(async () => tools.telemetry.info('a message', { callSid: 'CA1' }), tools);
    expect(lines()).toMatchObject([
      {
        level: 'INFO',
        message: 'a message',
        callSid: 'CA1',
        requestId: 'request-1',
        service: 'Sales/Recorder',
      },
    ]);
  });

  test.each(['info', 'warn', 'error'] as const)('prints a line of level %s', async (level) => {
    const tools = powertools();
    await invoke(async () => tools.telemetry[level]('a message', {}), tools);
    expect(lines()).toMatchObject([{ level: level.toUpperCase() }]);
  });

  test('prints its metrics with their units once, when it is done', async () => {
    const tools = powertools();
    await invoke(async () => {
      tools.telemetry.count('CallReceived');
      tools.telemetry.record('TimeToRecordingMilliseconds', 250);
      tools.telemetry.record('CreatesPerRecording', 2);
      expect(printed).toEqual([]);
    }, tools);
    const [metrics, ...others] = lines();
    expect(others).toEqual([]);
    expect(metrics).toMatchObject({
      service: 'Sales/Recorder',
      CallReceived: 1,
      TimeToRecordingMilliseconds: 250,
      CreatesPerRecording: 2,
    });
    expect(metrics._aws.CloudWatchMetrics[0]).toMatchObject({
      Namespace: 'CallRecorder',
      Dimensions: [['service']],
      Metrics: [
        { Name: 'CallReceived', Unit: 'Count' },
        { Name: 'TimeToRecordingMilliseconds', Unit: 'Milliseconds' },
        { Name: 'CreatesPerRecording', Unit: 'Count' },
      ],
    });
  });

  test('prints at once what it may not live to count when it is done', async () => {
    const tools = powertools();
    await invoke(async () => {
      tools.telemetry.count('CallReceived');
      tools.telemetry.count('RecordingEndedEarly', true);
      expect(lines()).toMatchObject([{ service: 'Sales/Recorder', RecordingEndedEarly: 1 }]);
      expect(lines()[0]._aws.CloudWatchMetrics[0]).toMatchObject({
        Namespace: 'CallRecorder',
        Dimensions: [['service']],
        Metrics: [{ Name: 'RecordingEndedEarly', Unit: 'Count' }],
      });
    }, tools);
    expect(lines()).toHaveLength(2);
    expect(lines()[1]).toMatchObject({ CallReceived: 1 });
    expect(lines()[1]).not.toHaveProperty('RecordingEndedEarly');
  });

  test('prints its metrics though it fails, and its error is thrown', async () => {
    const tools = powertools();
    const failing = async () => {
      tools.telemetry.count('CallReceived');
      throw new Error('failed');
    };
    await expect(invoke(failing, tools)).rejects.toThrow('failed');
    expect(lines()).toMatchObject([{ CallReceived: 1 }]);
  });

  test('does not start without the name under which alarms look at its metrics', () => {
    expect(() => powertoolsOf({})).toThrow(EnvironmentInvalidError);
  });

  test('prints nothing when there is nothing to say', async () => {
    expect(await invoke(async () => 'result')).toBe('result');
    expect(printed).toEqual([]);
  });
});
