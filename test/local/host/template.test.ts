import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { startHost } from '../../../local/host/host.ts';
import { readStack } from '../../../local/host/stack.ts';
import type { CloudFormationTemplate } from '../../../local/host/template.ts';

const assemblyDirectory = mkdtempSync(join(tmpdir(), 'host-test-'));
afterAll(() => rmSync(assemblyDirectory, { recursive: true }));

function start(Resources: CloudFormationTemplate['Resources']) {
  return startHost({ template: { Resources }, assemblyDirectory, secretValue: '' });
}

describe('what cannot be hosted is named', () => {
  test('a resource type', async () => {
    await expect(start({ Stream: { Type: 'AWS::Kinesis::Stream' } })).rejects.toThrow(
      'Resource Stream: the type AWS::Kinesis::Stream is not hosted',
    );
  });

  test('a stage with a name', async () => {
    const Stage = { Type: 'AWS::ApiGatewayV2::Stage', Properties: { StageName: 'prod' } };
    await expect(start({ Stage })).rejects.toThrow(/AWS::ApiGatewayV2::Stage Stage .*StageName/);
  });

  test.each([
    [{ AuthorizationType: 'CUSTOM' }, 'Route GET /a: AuthorizationType CUSTOM is not hosted'],
    [
      { AuthorizationType: 'JWT', AuthorizerId: 'other' },
      'Route GET /a: other is no authorizer of the template',
    ],
    [
      { AuthorizationType: 'JWT', AuthorizerId: { Ref: 'Lambda' } },
      /AWS::ApiGatewayV2::Authorizer Lambda is not hosted: AuthorizerType: .*REQUEST/,
    ],
  ])('a route with %j', async (authorization, message) => {
    const Lambda = {
      Type: 'AWS::ApiGatewayV2::Authorizer',
      Properties: { ApiId: 'a', Name: 'lambda', AuthorizerType: 'REQUEST' },
    };
    const Properties = { ApiId: 'a', RouteKey: 'GET /a', Target: 'integrations/a', ...authorization };
    await expect(start({ Lambda, Route: { Type: 'AWS::ApiGatewayV2::Route', Properties } })).rejects.toThrow(
      message,
    );
  });

  test('an alias whose requests go to two versions', async () => {
    const Properties = { FunctionName: 'f', FunctionVersion: '2', Name: 'live', RoutingConfig: {} };
    await expect(start({ Live: { Type: 'AWS::Lambda::Alias', Properties } })).rejects.toThrow(
      /AWS::Lambda::Alias Live is not hosted: RoutingConfig/,
    );
  });

  test('a second table', async () => {
    const table = { Type: 'AWS::DynamoDB::Table' };
    await expect(start({ One: table, Two: table })).rejects.toThrow(/More than one .*AWS::DynamoDB::Table/);
  });
});

describe('intrinsic functions', () => {
  const evaluate = (Value: unknown): string | undefined =>
    readStack(
      {
        Parameters: { Stage: { Type: 'String', Default: 'test' }, Needed: { Type: 'String' } },
        Conditions: {
          IsTest: { 'Fn::Equals': [{ Ref: 'Stage' }, 'test'] },
          IsNot: { 'Fn::Not': [{ Condition: 'IsTest' }] },
        },
        Resources: {
          Api: { Type: 'AWS::ApiGatewayV2::Api' },
          Key: { Type: 'AWS::KMS::Key' },
          Queue: { Type: 'AWS::SQS::Queue' },
          Work: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: { 'Fn::Sub': `w-\${Stage}` } } },
          Version: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: { Ref: 'Work' } } },
          Live: {
            Type: 'AWS::Lambda::Alias',
            Properties: { FunctionName: { 'Fn::GetAtt': ['Work', 'Arn'] }, Name: 'live' },
          },
        },
        Outputs: { Value: { Value }, Absent: { Condition: 'IsNot', Value: '' } },
      },
      'https://recorder.example.com',
    ).outputs.Value;

  test.each([
    [{ Ref: 'Work' }, 'w-test'],
    [{ 'Fn::GetAtt': ['Work', 'Arn'] }, 'arn:aws:lambda:us-east-1:123456789012:function:w-test'],
    [{ 'Fn::GetAtt': ['Version', 'Version'] }, '1'],
    [{ Ref: 'Version' }, 'arn:aws:lambda:us-east-1:123456789012:function:w-test:1'],
    [{ Ref: 'Live' }, 'arn:aws:lambda:us-east-1:123456789012:function:w-test:live'],
    [{ Ref: 'Queue' }, 'https://sqs.us-east-1.amazonaws.com/123456789012/local-Queue'],
    [{ 'Fn::GetAtt': ['Queue', 'Arn'] }, 'arn:aws:sqs:us-east-1:123456789012:local-Queue'],
    [{ 'Fn::GetAtt': 'Api.ApiEndpoint' }, 'https://recorder.example.com'],
    [{ 'Fn::Join': ['-', ['a', { Ref: 'AWS::Region' }]] }, 'a-us-east-1'],
    [{ 'Fn::Sub': `\${AWS::Partition}:\${!Literal}:\${Api.ApiId}` }, `aws:\${Literal}:a1b2c3d4e5`],
    [{ 'Fn::Sub': [`\${Own}`, { Own: { Ref: 'Stage' } }] }, 'test'],
    [{ 'Fn::Select': [1, { 'Fn::Split': ['/', 'a/b/c'] }] }, 'b'],
    [{ 'Fn::If': ['IsTest', 'yes', { Ref: 'Needed' }] }, 'yes'],
    [
      {
        'Fn::Join': [
          '',
          ['https://', { Ref: 'Api' }, '.execute-api.', { Ref: 'AWS::Region' }, '.amazonaws.com/x'],
        ],
      },
      'https://recorder.example.com/x',
    ],
  ])('%j is %s', (value, expected) => {
    expect(evaluate(value)).toBe(expected);
  });

  test.each([
    [{ 'Fn::GetAtt': ['Work', 'Color'] }, 'the attribute Work.Color is not hosted'],
    [{ Ref: 'Nobody' }, 'no resource or parameter Nobody'],
    [{ Ref: 'Needed' }, 'Parameter Needed has no default'],
    [{ 'Fn::ImportValue': 'x' }, 'Fn::ImportValue is not hosted'],
    ['{{resolve:ssm:x}}', 'is not hosted'],
  ])('%j is an error', (value, message) => {
    expect(() => evaluate(value)).toThrow(message);
  });
});
