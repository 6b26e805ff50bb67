import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  executionNames,
  follow,
  MAXIMUM_EXECUTIONS,
  revive,
} from '../../../lambda/recording/executions-of-a-call.ts';
import type { Executions } from '../../../lambda/shared/executions.ts';
import { ACCOUNT_SID, CALL_SID } from '../support/sids.ts';

type Status = Awaited<ReturnType<Executions['status']>>;

const call = { callSid: CALL_SID, accountSid: ACCOUNT_SID, origin: 'control' as const };
const [FIRST = '', SECOND = '', ...MORE] = executionNames(CALL_SID);
const ALL_ENDED = executionNames(CALL_SID).map((): Status => 'ended');

let statuses: Map<string, Status>;
let started: { readonly name: string | undefined; readonly call: object }[];
/** To starts, the last one again and again. */
let answers: ('started' | 'exists')[];
let warnings: object[];

beforeEach(() => {
  statuses = new Map();
  started = [];
  answers = ['started'];
  warnings = [];
});

const executions: Executions = {
  start: async (facts, name) => {
    started.push({ name, call: facts });
    return (answers.length > 1 ? answers.shift() : answers[0]) ?? 'started';
  },
  status: async (name) => statuses.get(name) ?? 'absent',
  running: async () => new Set(),
};

const telemetry = {
  warn: (_message: string, details: object): void => {
    warnings.push(details);
  },
};

test('the executions of a call are named by it and numbered', () => {
  expect([FIRST, SECOND, ...MORE]).toHaveLength(MAXIMUM_EXECUTIONS);
  expect([FIRST, SECOND, MORE[0], MORE.at(-1)]).toEqual([
    CALL_SID,
    `${CALL_SID}-2`,
    `${CALL_SID}-3`,
    `${CALL_SID}-${MAXIMUM_EXECUTIONS}`,
  ]);
  // As long as Step Functions allows.
  expect(MORE.at(-1)?.length).toBeLessThanOrEqual(80);
});

describe('a recording that was started by hand is followed', () => {
  test.each<[string, Status[], string]>([
    ['by the first execution of a call that has none', [], FIRST],
    ['by another one while one runs', ['running'], SECOND],
    ['by another one when one ended', ['ended'], SECOND],
    ['after several', ['ended', 'running', 'ended'], MORE[1] ?? ''],
  ])('%s', async (_, given, name) => {
    statuses = new Map(given.map((status, index) => [executionNames(CALL_SID)[index] ?? '', status]));
    await follow(executions, telemetry)(call);
    expect(started).toEqual([{ name, call }]);
    expect(warnings).toEqual([]);
  });

  test('by the next execution when a sweep takes the name first', async () => {
    answers = ['exists', 'started'];
    await follow(executions, telemetry)(call);
    expect(started.map(({ name }) => name)).toEqual([FIRST, SECOND]);
    expect(warnings).toEqual([]);
  });

  test('by nobody, and the log says so, when the call had too many', async () => {
    statuses = new Map(ALL_ENDED.map((status, index) => [executionNames(CALL_SID)[index] ?? '', status]));
    await follow(executions, telemetry)(call);
    expect(started).toEqual([]);
    expect(warnings).toEqual([{ callSid: CALL_SID, executions: MAXIMUM_EXECUTIONS }]);
  });

  test('by nobody, and the log says so, when Step Functions does not answer', async () => {
    const silent = { ...executions, status: () => Promise.reject(new Error('Rate exceeded')) };
    await follow(silent, telemetry)(call);
    expect(warnings).toEqual([{ callSid: CALL_SID, error: { name: 'Error', message: 'Rate exceeded' } }]);
  });
});

describe('a call is revived', () => {
  test.each<[string, Status[], 'started' | 'exists', boolean]>([
    ['when it has no execution', [], 'started', true],
    ['when its execution ended', ['ended'], 'started', true],
    ['not while one runs', ['running'], 'started', false],
    ['not while a later one runs', ['ended', 'running'], 'started', false],
    ['not when somebody else did so', ['ended'], 'exists', false],
    ['not for ever', ALL_ENDED, 'started', false],
  ])('%s', async (_, given, answered, revived) => {
    statuses = new Map(given.map((status, index) => [executionNames(CALL_SID)[index] ?? '', status]));
    answers = [answered];
    expect(await revive(executions, call)).toBe(revived);
  });
});
