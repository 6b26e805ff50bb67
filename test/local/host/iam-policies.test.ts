import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isAllowed, type PolicyStatement, readManagedPolicies } from '../../../local/host/iam-policies.ts';
import { readStack } from '../../../local/host/stack.ts';

const INVOKE = 'execute-api:Invoke';
const API = 'arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5';

const statement = (
  Effect: PolicyStatement['Effect'],
  Resource: string,
  Action: string = INVOKE,
): PolicyStatement => ({ Effect, Action: [Action], Resource: [Resource] });

const allows = (pattern: string, resource: string, action = INVOKE): boolean =>
  isAllowed([statement('Allow', pattern, action)], INVOKE, resource);

describe('a policy', () => {
  const calls = `${API}/$default/GET/calls/CA1`;

  test.each([
    ['*', true],
    [calls, true],
    [`${API}/*`, true],
    [`${API}/$default/GET/*`, true],
    [`${API}/*/GET/calls/CA?`, true],
    ['arn:aws:execute-api:*:*:*', true],
    [`${API}/$default/GET/calls/CA??`, false],
    [`${API}/$default/POST/*`, false],
    [`${API}/prod/GET/*`, false],
    [`${API}/$default/GET/calls`, false],
    [`${API}/$default/get/calls/CA1`, false],
    ['arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/*', false],
    ['arn:aws:s3:::*', false],
    // A wildcard ends at a colon.
    ['arn:*:a1b2c3d4e5/$default/GET/calls/CA1', false],
    ['arn:aws:execute-api:*:a1b2c3d4e5/*:*:*', false],
  ])('for %s: %s', (pattern, expected) => {
    expect(allows(pattern, calls)).toBe(expected);
  });

  test.each([
    ['execute-api:*', true],
    ['*', true],
    ['Execute-API:invoke', true],
    ['execute-api:Inv?ke', true],
    ['execute-api:ManageConnections', false],
    ['s3:*', false],
  ])('for the action %s: %s', (action, expected) => {
    expect(allows('*', calls, action)).toBe(expected);
  });

  test('reaches over colons in the path', () => {
    expect(allows(`${API}/$default/GET/*`, `${API}/$default/GET/a:b/c`)).toBe(true);
  });
});

describe('several statements', () => {
  const effect = fc.constantFrom('Allow' as const, 'Deny' as const);
  const pattern = fc.constantFrom('*', `${API}/*`, `${API}/$default/GET/*`, `${API}/$default/POST/*`);
  const statements = fc.array(fc.tuple(effect, pattern).map(([each, resource]) => statement(each, resource)));
  const resource = fc.constantFrom(`${API}/$default/GET/a`, `${API}/$default/POST/a`);

  test('allow nothing without an Allow', () => {
    expect(isAllowed([], INVOKE, `${API}/$default/GET/a`)).toBe(false);
    fc.assert(
      fc.property(statements, resource, (all, arn) => {
        const denials = all.filter(({ Effect }) => Effect === 'Deny');
        expect(isAllowed(denials, INVOKE, arn)).toBe(false);
      }),
    );
  });

  test('allow what one allows and none denies, in any order', () => {
    fc.assert(
      fc.property(statements, resource, (all, arn) => {
        const applying = all.filter(({ Resource }) => allows(Resource[0] ?? '', arn));
        const expected =
          applying.some(({ Effect }) => Effect === 'Allow') &&
          applying.every(({ Effect }) => Effect === 'Allow');
        expect(isAllowed(all, INVOKE, arn)).toBe(expected);
        expect(isAllowed(all.toReversed(), INVOKE, arn)).toBe(expected);
      }),
    );
  });
});

test('wildcards match as one reads them, character by character', () => {
  const matches = (pattern: string, text: string): boolean => {
    if (pattern === '') return text === '';
    const [first = '', rest] = [pattern[0], pattern.slice(1)];
    if (first === '*') return matches(rest, text) || (text !== '' && matches(pattern, text.slice(1)));
    return text !== '' && (first === '?' || first === text[0]) && matches(rest, text.slice(1));
  };
  const characters = (alphabet: string) => fc.string({ unit: fc.constantFrom(...alphabet), maxLength: 8 });
  fc.assert(
    fc.property(characters('ab*?/.$+('), characters('ab/.$+(:'), (pattern, text) => {
      const prefix = 'arn:aws:execute-api:us-east-1:123456789012:';
      expect(allows(prefix + pattern, prefix + text)).toBe(matches(pattern, text));
    }),
  );
});

describe('managed policies', () => {
  const ARN = 'arn:aws:iam::123456789012:policy/local-Policy';

  function read(Statement: unknown, arn = ARN): readonly PolicyStatement[] {
    const stack = readStack(
      {
        Resources: {
          Api: { Type: 'AWS::ApiGatewayV2::Api' },
          Policy: {
            Type: 'AWS::IAM::ManagedPolicy',
            Properties: { PolicyDocument: { Version: '2012-10-17', Statement } },
          },
          Named: {
            Type: 'AWS::IAM::ManagedPolicy',
            Properties: {
              ManagedPolicyName: 'named',
              Path: '/operators/',
              PolicyDocument: { Version: '2012-10-17', Statement: [statement('Deny', '*')] },
            },
          },
        },
      },
      'http://127.0.0.1',
    );
    return readManagedPolicies(stack, [arn]);
  }

  test('are read with what they refer to', () => {
    const Resource = {
      'Fn::Join': ['', ['arn:aws:execute-api:', { Ref: 'AWS::Region' }, ':*:', { Ref: 'Api' }]],
    };
    expect(read({ Effect: 'Allow', Action: INVOKE, Resource })).toEqual([
      {
        Effect: 'Allow',
        Action: [INVOKE],
        Resource: ['arn:aws:execute-api:us-east-1:*:a1b2c3d4e5'],
      },
    ]);
    expect(read([], 'arn:aws:iam::123456789012:policy/operators/named')).toEqual([statement('Deny', '*')]);
  });

  test('have to be in the template', () => {
    expect(() => read([], `${ARN}2`)).toThrow(`The template has no managed policy ${ARN}2`);
  });

  test.each([
    [{ Condition: { Bool: { 'aws:SecureTransport': 'true' } } }, /Condition/],
    [{ NotAction: ['s3:*'] }, /NotAction/],
    [{ Effect: 'Perhaps' }, /Effect/],
    [{ Resource: `${API}/\${aws:username}` }, /a policy variable/],
    [{ Resource: 'arn:aws:execute-api:*' }, /an incomplete ARN/],
  ])('with %j are not hosted', (change, message) => {
    expect(() => read({ ...statement('Allow', '*'), ...change })).toThrow(message);
    expect(() => read({ ...statement('Allow', '*'), ...change })).toThrow(
      'AWS::IAM::ManagedPolicy Policy is not hosted: ',
    );
  });
});
