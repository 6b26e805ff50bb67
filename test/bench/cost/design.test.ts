import { describe, expect, test } from '@jest/globals';
import { designOf } from '../../../bench/cost/design.ts';
import { monthlyBill, standingOf } from '../../../bench/cost/standing.ts';
import { readStack } from '../../../local/host/stack.ts';
import type { CloudFormationResource } from '../../../local/host/template.ts';

const RESOURCES = {
  Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'HTTP' } },
  Sweep: {
    Type: 'AWS::Lambda::Function',
    Properties: {
      MemorySize: 512,
      Architectures: ['arm64'],
      TracingConfig: { Mode: 'Active' },
      Environment: { Variables: { SETTINGS: '{"retentionDays":30}' } },
    },
  },
  Plain: { Type: 'AWS::Lambda::Function', Properties: {} },
  Machine: {
    Type: 'AWS::StepFunctions::StateMachine',
    Properties: { StateMachineType: 'STANDARD', TracingConfiguration: { Enabled: true } },
  },
  Table: {
    Type: 'AWS::DynamoDB::GlobalTable',
    Properties: {
      BillingMode: 'PAY_PER_REQUEST',
      Replicas: [{ PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } }],
    },
  },
  Log: { Type: 'AWS::Logs::LogGroup', Properties: { RetentionInDays: 14 } },
  Secret: { Type: 'AWS::SecretsManager::Secret', Properties: {} },
  Schedule: { Type: 'AWS::Scheduler::Schedule', Properties: { ScheduleExpression: 'rate(1 minute)' } },
  Alarm: { Type: 'AWS::CloudWatch::Alarm', Properties: { MetricName: 'Errors' } },
  MathAlarm: {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: { Metrics: [{ Expression: 'a + b' }, { MetricStat: {} }, { MetricStat: {} }] },
  },
  Composite: { Type: 'AWS::CloudWatch::CompositeAlarm', Properties: {} },
  Dashboard: { Type: 'AWS::CloudWatch::Dashboard', Properties: {} },
} as const satisfies Record<string, CloudFormationResource>;

const stackOf = (changes: Record<string, CloudFormationResource> = {}) =>
  readStack({ Resources: { ...RESOURCES, ...changes } }, 'https://recorder.example.com');

describe('what the template says', () => {
  test('of what calls make use of', () => {
    expect(designOf(stackOf(), (logicalId) => logicalId.toLowerCase())).toEqual({
      api: 'HTTP',
      functions: {
        sweep: { memoryMegabytes: 512, architecture: 'arm64', tracing: true },
        plain: { memoryMegabytes: 128, architecture: 'x86_64', tracing: false },
      },
      tracing: true,
      pointInTimeRecovery: true,
      retentionDays: 30,
      logRetentionDays: 14,
    });
  });

  test.each([
    ['Machine', { StateMachineType: 'EXPRESS' }, 'only Standard executions are billed by transitions'],
    ['Table', { BillingMode: 'PROVISIONED' }, 'only tables on demand are billed by requests'],
  ])('is refused where it is billed in another way: %s', (logicalId, Properties, message) => {
    const Type = RESOURCES[logicalId as keyof typeof RESOURCES].Type;
    const stack = stackOf({ [logicalId]: { Type, Properties } });
    expect(() => designOf(stack, String)).toThrow(message);
  });

  test('of what is there without calls', () => {
    expect(standingOf(stackOf())).toEqual({
      alarmMetrics: 3,
      compositeAlarms: 1,
      dashboards: 1,
      secrets: 1,
      sweepsAMonth: 43_800,
    });
  });
});

test('a month costs what is there, and the sweep', () => {
  const sweep = { milliseconds: 200, writeUnits: 1, readUnits: 1, secretReads: 0.2, logBytes: 0 };
  const design = { memoryMegabytes: 512, architecture: 'arm64', tracing: true } as const;
  const lines = monthlyBill(standingOf(stackOf()), 10, sweep, design);
  expect(lines.map(({ what, dollars }) => [what, Number(dollars.toFixed(4))])).toEqual([
    ['Custom metrics', 3],
    // 3 * 0.10 + 0.50
    ['Alarms', 0.8],
    ['Dashboard', 3],
    ['Secret', 0.4],
    // 43,800 times 0.000001 (schedule) + 0.0000002 + 0.1 GB-s + 0.00000075 (table) + 0.000001 (secret) + 0.000005 (trace)
    ['Sweep, all that it uses', 0.4066],
  ]);
});
