import { describe, expect, test } from '@jest/globals';
import {
  callOf,
  KeyRequest,
  parseRequest,
  RecordingStatusRequest,
  VoiceRequest,
} from '../../../lambda/twilio/requests.ts';
import { ACCOUNT_SID, CALL_SID, RECORDING_SID } from '../support/sids.ts';
import { type Parameters, statusParameters, voiceParameters } from '../support/webhooks.ts';

const voice = (changes: Parameters = {}) => parseRequest(VoiceRequest, { ...voiceParameters(), ...changes });
const status = (changes: Parameters = {}) =>
  parseRequest(RecordingStatusRequest, { ...statusParameters(), ...changes });

/** What is no Sid though it is close to one. */
const notQuite = (sid: string): string[] => [
  '',
  sid.slice(0, -1),
  `${sid}0`,
  `${sid}\n`,
  ` ${sid}`,
  sid.toLowerCase(),
  sid.replace(/.$/, 'F'),
  sid.replace(/.$/, 'g'),
  `${sid}&From=x`,
];
const without = (parameters: Parameters, name: string): Parameters =>
  Object.fromEntries(Object.entries(parameters).filter(([key]) => key !== name));

test('a voice webhook is read', () => {
  expect(voice()).toEqual({
    CallSid: CALL_SID,
    AccountSid: ACCOUNT_SID,
    From: '+15550001111',
    To: '+15550002222',
    Direction: 'inbound',
  });
});

test('a recording status callback is read', () => {
  expect(status()).toEqual({
    CallSid: CALL_SID,
    AccountSid: ACCOUNT_SID,
    RecordingSid: RECORDING_SID,
    RecordingStatus: 'completed',
    RecordingUrl: `https://api.twilio.com/2010-04-01/Accounts/${ACCOUNT_SID}/Recordings/${RECORDING_SID}`,
    RecordingDuration: 7,
    RecordingChannels: 2,
    RecordingTrack: 'both',
    RecordingSource: 'StartCallRecordingAPI',
    RecordingStartTime: '2026-11-24T12:00:01.000Z',
    ErrorCode: 0,
  });
});

test('a voice webhook tells whose call it is', () => {
  const request = voice();
  expect(request && callOf(request)).toEqual({
    callSid: CALL_SID,
    accountSid: ACCOUNT_SID,
    from: '+15550001111',
    to: '+15550002222',
    direction: 'inbound',
  });
});

describe('a key that was pressed', () => {
  const key = (changes: Parameters) => parseRequest(KeyRequest, { ...voiceParameters(), ...changes });

  test.each(['1', '#', '*9D', '0'.repeat(32)])('is read: %s', (Digits) => {
    expect(key({ Digits })).toMatchObject({ CallSid: CALL_SID, Digits });
  });

  test.each(['', 'x', 'x1', '1x', '1\n', '0'.repeat(33)])('is none: %j', (Digits) => {
    expect(key({ Digits })).toMatchObject({ CallSid: CALL_SID });
    expect(key({ Digits })?.Digits).toBeUndefined();
  });

  test('is part of a request about a call', () => {
    expect(parseRequest(KeyRequest, { Digits: '1' })).toBeUndefined();
  });
});

describe('what identifies a call is checked to the letter', () => {
  test.each(notQuite(CALL_SID))('%j is no CallSid', (CallSid) => {
    expect(voice({ CallSid })).toBeUndefined();
    expect(status({ CallSid })).toBeUndefined();
  });

  test.each(notQuite(ACCOUNT_SID))('%j is no AccountSid', (AccountSid) => {
    expect(voice({ AccountSid })).toBeUndefined();
    expect(status({ AccountSid })).toBeUndefined();
  });

  test.each(notQuite(RECORDING_SID))('%j is no RecordingSid', (RecordingSid) => {
    expect(status({ RecordingSid })).toBeUndefined();
  });

  test.each(['', 'Completed', 'in progress', '-', '1', `a${'b'.repeat(32)}`, 'completed\n'])(
    '%j is no RecordingStatus',
    (RecordingStatus) => {
      expect(status({ RecordingStatus })).toBeUndefined();
    },
  );

  test.each(['CallSid', 'AccountSid'])('%s must not be missing', (name) => {
    expect(parseRequest(VoiceRequest, without(voiceParameters(), name))).toBeUndefined();
    expect(parseRequest(RecordingStatusRequest, without(statusParameters(), name))).toBeUndefined();
  });

  test.each(['RecordingSid', 'RecordingStatus'])('%s must not be missing', (name) => {
    expect(parseRequest(RecordingStatusRequest, without(statusParameters(), name))).toBeUndefined();
  });
});

describe('a parameter that was sent twice', () => {
  test.each(['CallSid', 'AccountSid', 'From', 'To', 'Direction'])(
    'is refused: %s of a voice webhook',
    (name) => {
      const value = String(voiceParameters()[name]);
      expect(voice({ [name]: [value, value] })).toBeUndefined();
    },
  );

  test.each(Object.keys(statusParameters()))('is refused: %s of a callback', (name) => {
    const value = String(statusParameters()[name]);
    expect(status({ [name]: [value, value] })).toBeUndefined();
  });

  test('is let through when nobody reads it', () => {
    expect(voice({ SipHeader_X: ['1', '2'] })).toEqual(voice());
    expect(status({ Something: ['1', '2'] })).toEqual(status());
  });
});

test('unknown parameters are let through', () => {
  expect(voice({ SomethingNew: 'x', CallerCity: 'BERLIN' })).toEqual(voice());
  expect(status({ SomethingNew: 'x' })).toEqual(status());
});

describe('what is good to have is left out when it is odd, and the rest stands', () => {
  test.each([
    ['From', ''],
    ['From', 'x'.repeat(257)],
    ['To', ''],
    ['To', 'x'.repeat(257)],
    ['Direction', ''],
    ['Direction', 'IN BOUND'],
    ['Direction', '!inbound'],
    ['Direction', 'inbound!'],
  ])('%s of a voice webhook: %j', (name, value) => {
    expect(voice({ [name]: value })).toEqual({ ...voice(), [name]: undefined });
  });

  test.each([
    ['RecordingUrl', ''],
    ['RecordingUrl', 'javascript:alert(1)'],
    ['RecordingUrl', 'https://example.com/ x'],
    ['RecordingUrl', `https://example.com/${'x'.repeat(2_000)}`],
    ['RecordingUrl', 'see https://example.com/'],
    ['RecordingDuration', ''],
    ['RecordingDuration', '-1'],
    ['RecordingDuration', '1.5'],
    ['RecordingDuration', '1e9'],
    ['RecordingDuration', '99999999999'],
    ['RecordingChannels', 'dual'],
    ['RecordingTrack', 'BOTH'],
    ['RecordingTrack', '!both'],
    ['RecordingTrack', 'both!'],
    ['RecordingSource', '<b>'],
    ['RecordingSource', '!DialVerb'],
    ['RecordingSource', 'DialVerb!'],
    ['RecordingStartTime', 'soon'],
    ['RecordingStartTime', ''],
    ['ErrorCode', 'none'],
  ])('%s of a callback: %j', (name, value) => {
    expect(status({ [name]: value })).toEqual({ ...status(), [name]: undefined });
  });

  test.each([
    ['RecordingDuration', '3600', 3_600],
    ['ErrorCode', '16101', 16_101],
    ['RecordingUrl', 'http://localhost/recording', 'http://localhost/recording'],
  ])('%s of a callback may be %j', (name, value, read) => {
    expect(status({ [name]: value })).toHaveProperty(name, read);
  });

  test.each(['anonymous', 'client:ada', 'sip:ada@example.com', '+266696687', '</Say>', 'Zoë'])(
    'From may be %j',
    (From) => {
      expect(voice({ From })).toMatchObject({ From });
    },
  );
});
