import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  executionNames,
  MAXIMUM_EXECUTIONS,
  revive,
  startAnother,
} from '../../../lambda/recording/executions-of-a-call.ts';
import type { Executions } from '../../../lambda/shared/executions.ts';
import { ACCOUNT_SID, CALL_SID } from '../support/sids.ts';

type Status = Awaited<ReturnType<Executions['status']>>;

const call = { callSid: CALL_SID, accountSid: ACCOUNT_SID, origin: 'control' as const };
const [FIRST = '', SECOND = '', ...MORE] = executionNames(CALL_SID);

let statuses: Map<string, Status>;
let started: { readonly name: string | undefined; readonly call: object }[];
let answer: 'started' | 'exists';

beforeEach(() => {
  statuses = new Map();
  started = [];
  answer = 'started';
});

const executions: Executions = {
  start: async (facts, name) => {
    started.push({ name, call: facts });
    return answer;
  },
  status: async (name) => statuses.get(name) ?? 'absent',
  running: async () => new Set(),
};

test('the executions of a call are named by it and numbered', () => {
  expect([FIRST, SECOND, ...MORE]).toEqual([
    CALL_SID,
    `${CALL_SID}-2`,
    `${CALL_SID}-3`,
    `${CALL_SID}-4`,
    `${CALL_SID}-5`,
  ]);
  expect(MAXIMUM_EXECUTIONS).toBe(5);
});

describe('another execution is started', () => {
  test.each<[string, Status[], string | undefined]>([
    ['for a call that has none', [], FIRST],
    ['for a call whose execution runs', ['running'], SECOND],
    ['for a call whose execution ended', ['ended'], SECOND],
    ['after several', ['ended', 'running', 'ended'], MORE[1]],
    ['but not for ever', ['ended', 'ended', 'ended', 'ended', 'ended'], undefined],
  ])('%s', async (_, given, name) => {
    statuses = new Map(given.map((status, index) => [executionNames(CALL_SID)[index] ?? '', status]));
    await startAnother(executions, call);
    expect(started).toEqual(name === undefined ? [] : [{ name, call }]);
  });
});

describe('a call is revived', () => {
  test.each<[string, Status[], 'started' | 'exists', boolean]>([
    ['when it has no execution', [], 'started', true],
    ['when its execution ended', ['ended'], 'started', true],
    ['not while one runs', ['running'], 'started', false],
    ['not while a later one runs', ['ended', 'running'], 'started', false],
    ['not when somebody else did so', ['ended'], 'exists', false],
    ['not for ever', ['ended', 'ended', 'ended', 'ended', 'ended'], 'started', false],
  ])('%s', async (_, given, answered, revived) => {
    statuses = new Map(given.map((status, index) => [executionNames(CALL_SID)[index] ?? '', status]));
    answer = answered;
    expect(await revive(executions, call)).toBe(revived);
  });
});
