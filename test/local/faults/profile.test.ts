import { describe, expect, test } from '@jest/globals';
import { FAULT_PROFILES, isFaultless, readFaultProfile } from '../../../local/faults/profile.ts';
import { UsageError } from '../../../local/usage.ts';

describe('readFaultProfile', () => {
  test('takes a profile by its name', () => {
    expect(readFaultProfile('light', [])).toEqual(FAULT_PROFILES.light);
    expect(isFaultless(readFaultProfile('light', []))).toBe(false);
    expect(isFaultless(readFaultProfile('none', []))).toBe(true);
  });

  test('changes single faults of it, the last word counts', () => {
    const switches = ['callbackLost=0.5', 'tokenRotation=off', 'zombie=1', 'zombie=0'];
    expect(readFaultProfile('heavy', switches)).toEqual({
      ...FAULT_PROFILES.heavy,
      callbackLost: 0.5,
      tokenRotation: false,
      zombie: 0,
    });
    expect(isFaultless(readFaultProfile('none', ['tokenRotation=on']))).toBe(false);
  });

  test.each([
    ['some', [], "--faults is 'some'; it takes none, light, heavy."],
    ['none', ['bug=1'], "there is no fault 'bug'; there are twilioTooManyRequests, "],
    ['none', ['crash'], "--fault 'crash': crash takes a share from 0 to 1."],
    ['none', ['crash='], 'crash takes a share from 0 to 1.'],
    ['none', ['crash=1.1'], 'crash takes a share from 0 to 1.'],
    ['none', ['crash=-0.1'], 'crash takes a share from 0 to 1.'],
    ['none', ['crash=on'], 'crash takes a share from 0 to 1.'],
    ['none', ['tokenRotation=0.5'], 'tokenRotation takes on or off.'],
  ])('says what is wrong with %s %j', (name, switches, message) => {
    const read = () => readFaultProfile(name, switches);
    expect(read).toThrow(UsageError);
    expect(read).toThrow(message);
  });
});
