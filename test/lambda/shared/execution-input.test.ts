import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { InputInvalidError } from '../../../lambda/shared/errors.ts';
import { callFacts, ExecutionInput, parseInput } from '../../../lambda/shared/execution-input.ts';
import { ACCOUNT_SID, CALL_SID } from '../support/sids.ts';

const FROM = '+15550001111';
const TO = '+15550002222';
const call = { callSid: CALL_SID, accountSid: ACCOUNT_SID, from: FROM, to: TO, direction: 'inbound' };

function errorOf(schema: v.GenericSchema, input: unknown): unknown {
  try {
    parseInput(schema, input);
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('an execution’s input', () => {
  test('is the call, whatever the states added to it', () => {
    const input = parseInput(ExecutionInput, { ...call, start: { outcome: 'not-yet' } });
    expect(callFacts(input)).toEqual(call);
  });

  test('needs no more than what identifies the call', () => {
    const { callSid, accountSid } = call;
    expect(parseInput(ExecutionInput, { callSid, accountSid })).toEqual({ callSid, accountSid });
  });

  test.each<[string, unknown, string]>([
    ['an odd CallSid', { ...call, callSid: FROM }, 'callSid'],
    ['no account', { ...call, accountSid: undefined }, 'accountSid'],
    ['a number that is none', { ...call, from: [FROM, TO] }, 'from'],
    ['several that are wrong', { ...call, callSid: 1, to: { number: TO } }, 'callSid, to'],
    ['a text', FROM, 'the input'],
    ['a list', [FROM], 'callSid, accountSid'],
    ['nothing', undefined, 'the input'],
    ['null', null, 'the input'],
  ])('that is %s is an error that names the fields and quotes nothing', (_, input, fields) => {
    const error = errorOf(ExecutionInput, input);
    expect(error).toBeInstanceOf(InputInvalidError);
    expect(error).toHaveProperty(
      'message',
      `The execution's input is not a call's. Wrong or missing: ${fields}.`,
    );
    for (const text of [
      String(error),
      JSON.stringify(error),
      inspect(error, { depth: null, showHidden: true }),
    ]) {
      expect(text).not.toContain('1555000');
    }
    expect(error).not.toHaveProperty('cause');
    expect(error).not.toHaveProperty('issues');
  });

  test('is named with its path where a state passes it along', () => {
    const event = v.object({ call: ExecutionInput });
    expect(errorOf(event, { call: { ...call, callSid: FROM } })).toHaveProperty(
      'message',
      expect.stringContaining('call.callSid.'),
    );
  });
});
