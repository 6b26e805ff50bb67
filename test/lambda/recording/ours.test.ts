import { describe, expect, test } from '@jest/globals';
import { type Likeness, likenessOf, mayBeOurs, recordingState } from '../../../lambda/recording/ours.ts';
import type { RecordingSettings } from '../../../lambda/shared/settings.ts';
import type { TwilioRecording } from '../../../lambda/twilio/api.ts';
import { recordingResource } from '../support/answers.ts';
import { RECORDING_SID } from '../support/sids.ts';

describe('what our recordings look like', () => {
  test.each<[RecordingSettings, Likeness]>([
    [
      { channels: 'dual', track: 'both', trim: 'do-not-trim' },
      { channels: 2, track: 'both' },
    ],
    [
      { channels: 'mono', track: 'inbound', trim: 'trim-silence' },
      { channels: 1, track: 'inbound' },
    ],
    [{ configurationId: 'CF1' }, {}],
  ])('with %j is %j', (settings, likeness) => {
    expect(likenessOf(settings)).toEqual(likeness);
  });
});

describe('a recording in Twilio’s list', () => {
  const likeness = { channels: 2, track: 'both' };

  test.each<[string, Partial<TwilioRecording>, Likeness]>([
    ['that the API started with our options', { source: 'StartCallRecordingAPI' }, likeness],
    ['that our TwiML started with our options', { source: 'StartCallRecordingTwiML' }, likeness],
    ['of which the channels are not shown', { channels: null }, likeness],
    ['of which the channels are left out', { channels: undefined }, likeness],
    ['of which the track is not shown', { track: null }, likeness],
    ['with other channels, when we do not know ours', { channels: 1 }, { track: 'both' }],
    ['of another track, when we do not know ours', { track: 'inbound' }, { channels: 2 }],
  ])('%s may be ours', (_, shown, ours) => {
    expect(mayBeOurs(recordingResource(shown), ours)).toBe(true);
  });

  test.each<[string, Partial<TwilioRecording>]>([
    ['with other channels', { channels: 1 }],
    ['of another track', { track: 'inbound' }],
    ['of another way of recording', { source: 'DialVerb' }],
    ['of unknown source', { source: null }],
  ])('%s is not', (_, shown) => {
    expect(mayBeOurs(recordingResource(shown), likeness)).toBe(false);
  });
});

describe('a recording of Twilio’s', () => {
  test('is kept with what Twilio shows of it', () => {
    expect(recordingState(recordingResource({ status: 'completed', duration: '7', error_code: 0 }))).toEqual({
      recordingSid: RECORDING_SID,
      status: 'completed',
      source: 'StartCallRecordingAPI',
      startTime: '2026-11-24T12:00:01.000Z',
      duration: 7,
      channels: 2,
      track: 'both',
      errorCode: 0,
    });
  });

  test('is kept without what Twilio does not show', () => {
    const bare = {
      source: null,
      start_time: null,
      duration: null,
      channels: null,
      track: null,
      error_code: null,
    };
    expect(recordingState(recordingResource(bare))).toStrictEqual({
      recordingSid: RECORDING_SID,
      status: 'in-progress',
      source: undefined,
      startTime: undefined,
      duration: undefined,
      channels: undefined,
      track: undefined,
      errorCode: undefined,
    });
  });

  test.each([
    ['-1', undefined],
    ['0', 0],
    ['42', 42],
    ['long', undefined],
  ])('that lasted %j lasted %j', (shown, duration) => {
    expect(recordingState(recordingResource({ duration: shown })).duration).toBe(duration);
  });

  test('that began at no time that could be read keeps none', () => {
    expect(recordingState(recordingResource({ start_time: 'yesterday' })).startTime).toBeUndefined();
  });
});
