import { describe, expect, test } from '@jest/globals';
import {
  createRecordingParameters,
  recordingAttributes,
  recordingStatusCallbackUrl,
} from '../../../lambda/twilio/recording-parameters.ts';
import { PUBLIC_BASE_URL } from '../support/webhooks.ts';

const CALLBACK_URL = `${PUBLIC_BASE_URL}/recording-status#rc=5&rp=ct,rt,5xx&ct=1000&rt=2500`;

const options = (['mono', 'dual'] as const).flatMap((channels) =>
  (['inbound', 'outbound', 'both'] as const).flatMap((track) =>
    (['trim-silence', 'do-not-trim'] as const).map((trim) => ({ channels, track, trim })),
  ),
);

test.each(options)(
  'a call is recorded with $channels, $track, $trim, by a request or by TwiML',
  (recording) => {
    expect(createRecordingParameters(recording, PUBLIC_BASE_URL)).toEqual({
      RecordingStatusCallback: CALLBACK_URL,
      RecordingStatusCallbackMethod: 'POST',
      RecordingStatusCallbackEvent: 'in-progress completed absent',
      RecordingChannels: recording.channels,
      RecordingTrack: recording.track,
      Trim: recording.trim,
    });
    expect(recordingAttributes(recording, PUBLIC_BASE_URL)).toEqual({
      recordingStatusCallback: CALLBACK_URL,
      recordingStatusCallbackMethod: 'POST',
      recordingStatusCallbackEvent: 'in-progress completed absent',
      channels: recording.channels,
      track: recording.track,
      trim: recording.trim,
    });
  },
);

test('a recording configuration stands alone, since Twilio takes no options beside it', () => {
  const recording = { configurationId: 'CR123' };
  expect(createRecordingParameters(recording, PUBLIC_BASE_URL)).toEqual({
    RecordingConfigurationId: 'CR123',
  });
  expect(recordingAttributes(recording, PUBLIC_BASE_URL)).toEqual({ recordingConfigurationId: 'CR123' });
});

describe('the connection overrides', () => {
  const overrides = new URLSearchParams(new URL(recordingStatusCallbackUrl(PUBLIC_BASE_URL)).hash.slice(1));
  const number = (key: string): number => Number(overrides.get(key));

  test.each([
    ['rc', 0, 5],
    ['ct', 100, 10_000],
    ['rt', 100, 15_000],
  ])('%s is one that Twilio allows', (key, minimum, maximum) => {
    expect(number(key)).toBeGreaterThanOrEqual(minimum);
    expect(number(key)).toBeLessThanOrEqual(maximum);
  });

  test('are no others than Twilio knows, and each once', () => {
    expect([...overrides.keys()]).toEqual(['rc', 'rp', 'ct', 'rt']);
  });

  test('try again whatever may pass, and not what is refused', () => {
    expect(overrides.get('rp')?.split(',').toSorted()).toEqual(['5xx', 'ct', 'rt']);
  });

  test('leave time for all tries within the 15 s that Twilio allows', () => {
    const tries = number('rc') + 1;
    expect(tries * number('rt')).toBeLessThanOrEqual(15_000);
    expect(tries * number('ct')).toBeLessThanOrEqual(15_000);
  });

  test('are a fragment, so neither the path nor the signature has them', () => {
    const url = new URL(recordingStatusCallbackUrl(PUBLIC_BASE_URL));
    expect(url.origin + url.pathname + url.search).toBe(`${PUBLIC_BASE_URL}/recording-status`);
  });
});
