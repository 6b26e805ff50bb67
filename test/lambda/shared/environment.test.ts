import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { environmentVariable, settings } from '../../../lambda/shared/environment.ts';
import { EnvironmentInvalidError } from '../../../lambda/shared/errors.ts';
import { StartSettings } from '../../../lambda/shared/settings.ts';

const NAME = 'SETTINGS';
const valid = {
  recording: { channels: 'dual', track: 'both', trim: 'do-not-trim' },
  twilioApiBaseUrl: 'https://api.twilio.com',
  ringTimeoutSeconds: 600,
  asks: false,
  startDelaySeconds: 0,
  startWith: 'api',
  retentionDays: 365,
};

let former: string | undefined;
beforeEach(() => {
  former = process.env[NAME];
  delete process.env[NAME];
});
afterEach(() => {
  delete process.env[NAME];
  if (former !== undefined) {
    process.env[NAME] = former;
  }
});

describe('an environment variable', () => {
  test('has its value', () => {
    process.env[NAME] = 'a value';
    expect(environmentVariable(NAME)).toBe('a value');
  });

  test.each([undefined, ''])('that is %j is an error that names it', (value) => {
    if (value !== undefined) {
      process.env[NAME] = value;
    }
    expect(() => environmentVariable(NAME)).toThrow(
      new EnvironmentInvalidError('The environment variable SETTINGS is not set; deploy the stack again.'),
    );
  });
});

describe('settings', () => {
  test('are read as the stack wrote them', () => {
    process.env[NAME] = JSON.stringify(valid);
    expect(settings(StartSettings)).toEqual(valid);
  });

  test.each<[string, object, RegExp]>([
    ['a missing key', { retentionDays: undefined }, /retentionDays/],
    ['a wrong value', { twilioApiBaseUrl: 'api.twilio.com' }, /twilioApiBaseUrl/],
    ['an unknown key', { colour: 'red' }, /colour/],
    ['several', { retentionDays: '1', ringTimeoutSeconds: null }, /ringTimeoutSeconds.*retentionDays/],
  ])('with %s are an error that names it', (_, changes, named) => {
    process.env[NAME] = JSON.stringify({ ...valid, ...changes });
    expect(() => settings(StartSettings)).toThrow(EnvironmentInvalidError);
    expect(() => settings(StartSettings)).toThrow(named);
    expect(() => settings(StartSettings)).toThrow(/^The environment variable SETTINGS is not valid/);
  });

  test.each(['not json', '{', '"text"', 'null'])('that are %s are an error', (value) => {
    process.env[NAME] = value;
    expect(() => settings(StartSettings)).toThrow(EnvironmentInvalidError);
  });

  test('that are missing are an error', () => {
    expect(() => settings(StartSettings)).toThrow(/is not set/);
  });
});
