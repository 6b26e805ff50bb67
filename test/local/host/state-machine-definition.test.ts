import { describe, expect, test } from '@jest/globals';
import { readDefinition } from '../../../local/host/state-machine-definition.ts';

const FUNCTION_ARN = 'arn:aws:lambda:us-east-1:123456789012:function:work';

function read(state: object, machine: object = {}) {
  return readDefinition(JSON.stringify({ StartAt: 'Step', States: { Step: state }, ...machine }));
}

const task = (fields: object = {}) => ({ Type: 'Task', Resource: FUNCTION_ARN, End: true, ...fields });
const invoke = (parameters: object) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Parameters: { FunctionName: FUNCTION_ARN, ...parameters },
  End: true,
});

describe('what the library would ignore is an error naming the state and the field', () => {
  test.each([
    ['QueryLanguage', task({ QueryLanguage: 'JSONata' })],
    ['Assign', task({ Assign: { a: 1 } })],
    ['Arguments', task({ Arguments: {} })],
    ['Output', { Type: 'Pass', Output: {}, End: true }],
    ['HeartbeatSeconds', task({ HeartbeatSeconds: 3 })],
    ['Credentials', task({ Credentials: {} })],
    [
      'TimeoutSecondsPath',
      {
        ...invoke({}),
        Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
        TimeoutSecondsPath: '$.seconds',
      },
    ],
    ['Resource', task({ Resource: 'arn:aws:states:::aws-sdk:dynamodb:getItem' })],
    ['$$.Task', invoke({ 'Payload.$': '$$.Task.Token' })],
    ['InvocationType', invoke({ InvocationType: 'Event' })],
    ['Qualifier', invoke({ Qualifier: 'live' })],
    ['Result', { Type: 'Pass', Result: false, End: true }],
    ['TimeoutSecondsPath', { ...invoke({}), TimeoutSecondsPath: '$.seconds' }],
    ['Output', { Type: 'Choice', Choices: [{ Variable: '$.a', IsNull: true, Next: 'Step', Output: {} }] }],
    ['ItemReader', { Type: 'Map', ItemReader: {}, ItemProcessor: { StartAt: 'A', States: {} }, End: true }],
  ])('%s', (field, state) => {
    expect(() => read(state)).toThrow(/state "Step"/);
    expect(() => read(state)).toThrow(field);
  });

  test('JSONata for the whole machine', () => {
    expect(() => read(task(), { QueryLanguage: 'JSONata' })).toThrow(/QueryLanguage JSONata/);
  });

  test('an invalid definition', () => {
    expect(() => read({ Type: 'Pass', Next: 'Nowhere' })).toThrow(/invalid/);
  });
});

describe('what the library does otherwise is rewritten', () => {
  test('type tests for false', () => {
    const absent = { Variable: '$.a', IsPresent: false };
    const choice = {
      Type: 'Choice',
      Choices: [{ And: [absent, { Variable: '$.b', IsNull: true }], Next: 'Done' }],
    };
    const { definition } = read(choice, { States: { Step: choice, Done: { Type: 'Succeed' } } });
    expect(definition.States.Step).toMatchObject({
      Choices: [
        {
          And: [{ Not: { Variable: '$.a', IsPresent: true } }, { Variable: '$.b', IsNull: true }],
          Next: 'Done',
        },
      ],
    });
  });

  test('the default time-out of a Task, and a ResultPath of "$"', () => {
    const { definition, tasks } = read(task({ ResultPath: '$' }));
    expect(definition.States.Step).toEqual({ ...task(), TimeoutSeconds: 2_147_483 });
    expect(tasks).toEqual([{ name: 'Step', integration: 'function', functionReference: FUNCTION_ARN }]);
  });

  test('tasks inside Map and Parallel are found', () => {
    const nested = (name: string) => ({ StartAt: name, States: { [name]: invoke({}) } });
    const { tasks } = readDefinition(
      JSON.stringify({
        StartAt: 'Each',
        States: {
          Each: { Type: 'Map', ItemProcessor: nested('InMap'), Next: 'Both' },
          Both: { Type: 'Parallel', Branches: [nested('InParallel')], End: true },
        },
      }),
    );
    expect(tasks.map(({ name }) => name)).toEqual(['InMap', 'InParallel']);
  });
});
