import { describe, expect, test } from '@jest/globals';
import {
  callPhase,
  classifyCreate,
  REMEDIES,
  refusalOf,
  wasAnswered,
} from '../../../lambda/recording/classify.ts';
import { errorAnswer, noAnswer, notSent, ok, recordingResource } from '../support/answers.ts';

describe('an answer to a create', () => {
  test('2xx: a recording runs', () => {
    expect(classifyCreate(ok(recordingResource()))).toEqual({
      verdict: 'started',
      recording: recordingResource(),
    });
  });

  test('none: nobody knows whether a recording runs', () => {
    expect(classifyCreate(noAnswer)).toEqual({ verdict: 'ambiguous' });
  });

  test('none, since there was no connection: nothing runs', () => {
    expect(classifyCreate(notSent)).toEqual({ verdict: 'not-processed' });
  });

  test.each([
    // Too early, or too late.
    [400, 21220, 'not-eligible'],
    [404, 21220, 'not-eligible'],
    [404, 20404, 'not-eligible'],
    [404, undefined, 'not-eligible'],
    // Never processed.
    [429, 20429, 'not-processed'],
    [429, undefined, 'not-processed'],
    [400, 20429, 'not-processed'],
    [503, 20429, 'not-processed'],
    // Perhaps processed.
    [408, 16114, 'ambiguous'],
    [408, undefined, 'ambiguous'],
    [500, 20500, 'ambiguous'],
    [500, undefined, 'ambiguous'],
    [502, undefined, 'ambiguous'],
    [503, 20503, 'ambiguous'],
    [504, undefined, 'ambiguous'],
    [503, 21220, 'ambiguous'],
    [301, undefined, 'ambiguous'],
  ])('HTTP %d with code %s: %s', (httpStatus, code, verdict) => {
    expect(classifyCreate(errorAnswer(httpStatus, code))).toMatchObject({ verdict });
  });

  test.each([
    [401, 20003, 'credentials-refused'],
    [401, undefined, 'credentials-refused'],
    [499, undefined, 'request-invalid'],
    [403, 20003, 'credentials-refused'],
    [403, 20403, 'permission-denied'],
    [403, undefined, 'permission-denied'],
    [403, 10001, 'account-suspended'],
    [400, 10001, 'account-suspended'],
    [403, 10002, 'trial-account'],
    [400, 10002, 'trial-account'],
    [400, 21218, 'request-invalid'],
    [400, undefined, 'request-invalid'],
    [404, 20001, 'request-invalid'],
    [405, undefined, 'request-invalid'],
    [415, undefined, 'request-invalid'],
  ])('HTTP %d with code %s: refused, %s', (httpStatus, code, reason) => {
    const refusal = { reason, httpStatus, twilioErrorCode: code };
    expect(classifyCreate(errorAnswer(httpStatus, code))).toEqual({ verdict: 'refused', ...refusal });
    expect(refusalOf(httpStatus, code)).toEqual(refusal);
  });

  test('that asks for fewer requests says when to send the next one, if Twilio did', () => {
    expect(classifyCreate(errorAnswer(429, 20429, 2_000))).toEqual({
      verdict: 'not-processed',
      retryAfterMilliseconds: 2_000,
    });
    expect(classifyCreate(errorAnswer(429, 20429))).toEqual({
      verdict: 'not-processed',
      retryAfterMilliseconds: undefined,
    });
  });
});

describe('a refusal', () => {
  test.each(Object.entries(REMEDIES))('%s says what to do', (_, remedy) => {
    expect(remedy).toMatch(/^[A-Z].{30,}\.$/);
  });

  test('has a remedy of its own for each reason', () => {
    expect(Object.keys(REMEDIES).toSorted()).toEqual([
      'account-suspended',
      'call-not-found',
      'credentials-refused',
      'not-recordable',
      'permission-denied',
      'request-invalid',
      'trial-account',
    ]);
    expect(new Set(Object.values(REMEDIES)).size).toBe(Object.keys(REMEDIES).length);
  });
});

describe('a CallStatus', () => {
  test.each([
    ['queued', 'before-answer'],
    ['initiated', 'before-answer'],
    ['ringing', 'before-answer'],
    ['in-progress', 'in-progress'],
    ['completed', 'ended'],
    ['busy', 'ended'],
    ['failed', 'ended'],
    ['no-answer', 'ended'],
    ['canceled', 'ended'],
    // What Twilio may add one day must not end the tries.
    ['parked', 'before-answer'],
    ['', 'before-answer'],
    ['constructor', 'before-answer'],
  ])('%s is %s', (callStatus, phase) => {
    expect(callPhase(callStatus)).toBe(phase);
  });

  test.each([
    ['completed', true],
    ['busy', false],
    ['failed', false],
    ['no-answer', false],
    ['canceled', false],
    // When in doubt there was something to record.
    ['parked', true],
  ])('%s at the end: answered is %s', (callStatus, answered) => {
    expect(wasAnswered(callStatus)).toBe(answered);
  });
});
