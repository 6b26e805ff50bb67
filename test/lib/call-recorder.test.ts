import { describe, expect, test } from '@jest/globals';
import { App, Duration, Fn, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type GenericSchema, parse } from 'valibot';
import {
  AskSettings,
  CallsSettings,
  ConsentSettings,
  GateSettings,
  OptOutSettings,
  ReconcileSettings,
  StartSettings,
  StoreSettings,
  SweepSettings,
  VoiceWebhookSettings,
} from '../../lambda/shared/settings.ts';
import { CallRecorder } from '../../lib/call-recorder.ts';
import type { CallRecorderProps } from '../../lib/call-recorder-props.ts';
import {
  ConfigurationError,
  parseConfiguration,
  type RecorderConfigurationInput,
} from '../../lib/configuration.ts';
import { textVersion, voiceDocuments } from '../../lib/voice-documents.ts';
import { ownMetrics } from './support/own-metrics.ts';
import { only, readable, resources, synthesize } from './support/synthesize.ts';

const template = synthesize();
const functions = resources(template, 'AWS::Lambda::Function');
const FUNCTIONS = [
  'AwaitOutcome',
  'ControlCalls',
  'ControlRecordingControl',
  'Reconcile',
  'RecordUnrecorded',
  'RecordingStatus',
  'StartRecording',
  'SweepFunction',
  'Verify',
  'VoiceWebhook',
];

/** The environment of a function. */
const environmentOf = (name: string, of = functions): Record<string, string> => {
  const environment = of[name]?.Properties.Environment as { Variables: Record<string, string> } | undefined;
  return environment?.Variables ?? {};
};

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: string | string[];
}

const outputs = (of: typeof template) => {
  const { Outputs } = of.toJSON();
  return Object.fromEntries(
    Object.entries<{ Value: unknown }>(Outputs).map(([name, { Value }]) => [name, readable(Value)]),
  );
};

/** The routes, each with its function and who may call it. */
const routesOf = (of: Template) => {
  const integrations = resources(of, 'AWS::ApiGatewayV2::Integration');
  return Object.values(resources(of, 'AWS::ApiGatewayV2::Route')).map(({ Properties }) => {
    const name = /^integrations\/<(.+)>$/.exec(String(Properties.Target))?.[1] ?? '';
    return [
      Properties.RouteKey,
      integrations[name]?.Properties.IntegrationUri,
      integrations[name]?.Properties.PayloadFormatVersion,
      Properties.AuthorizationType,
      ...(Properties.AuthorizationScopes ? [Properties.AuthorizationScopes] : []),
    ];
  });
};

describe('the functions', () => {
  test('are those with a folder of their own', () => {
    expect(Object.keys(functions).toSorted()).toEqual(FUNCTIONS);
  });

  test.each([
    ['VoiceWebhook', 10, 1024],
    ['RecordingStatus', 10, 512],
    ['StartRecording', 30, 512],
    ['RecordUnrecorded', 30, 512],
    ['Reconcile', 30, 512],
    ['AwaitOutcome', 10, 512],
    ['Verify', 30, 512],
    ['SweepFunction', 300, 512],
    ['ControlCalls', 15, 512],
    ['ControlRecordingControl', 29, 512],
  ])('%s say all that decides how they run', (name, timeout, memorySize) => {
    expect(functions[name]?.Properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      MemorySize: memorySize,
      Timeout: timeout,
      Handler: 'index.handler',
      Role: `<${name}Role.Arn>`,
      LoggingConfig: { LogGroup: `<${name}Logs>` },
      TracingConfig: { Mode: 'Active' },
    });
  });

  test('end before Step Functions gives up waiting for them', () => {
    const { Properties } = only(template, 'AWS::StepFunctions::StateMachine');
    const { States } = JSON.parse(String(Properties.DefinitionString));
    for (const name of ['StartRecording', 'RecordUnrecorded', 'Reconcile', 'Verify']) {
      expect(States[name].TimeoutSeconds).toBeGreaterThan(Number(functions[name]?.Properties.Timeout));
    }
  });

  test('get the environment that they need and no more', () => {
    const names = Object.fromEntries(
      FUNCTIONS.map((name) => [name, Object.keys(environmentOf(name)).toSorted()]),
    );
    const ALL = [
      'POWERTOOLS_SERVICE_NAME',
      'PUBLIC_BASE_URL',
      'SECRET_ARN',
      'SETTINGS',
      'STATE_MACHINE_ARN',
      'TABLE_NAME',
    ];
    expect(names).toEqual({
      AwaitOutcome: ['POWERTOOLS_SERVICE_NAME', 'SETTINGS', 'TABLE_NAME'],
      ControlCalls: ALL,
      ControlRecordingControl: ALL,
      Reconcile: ['POWERTOOLS_SERVICE_NAME', 'SECRET_ARN', 'SETTINGS', 'TABLE_NAME'],
      RecordUnrecorded: ['POWERTOOLS_SERVICE_NAME', 'SETTINGS', 'TABLE_NAME'],
      RecordingStatus: ALL,
      StartRecording: ['POWERTOOLS_SERVICE_NAME', 'PUBLIC_BASE_URL', 'SECRET_ARN', 'SETTINGS', 'TABLE_NAME'],
      SweepFunction: ALL,
      Verify: ['POWERTOOLS_SERVICE_NAME', 'SECRET_ARN', 'SETTINGS', 'TABLE_NAME'],
      VoiceWebhook: [
        'POWERTOOLS_SERVICE_NAME',
        'PUBLIC_BASE_URL',
        'SECRET_ARN',
        'SETTINGS',
        'STATE_MACHINE_ARN',
      ],
    });
  });

  test.each<[string, GenericSchema]>([
    ['VoiceWebhook', VoiceWebhookSettings],
    ['StartRecording', StartSettings],
    ['RecordingStatus', StoreSettings],
    ['RecordUnrecorded', StoreSettings],
    ['AwaitOutcome', StoreSettings],
    ['Reconcile', ReconcileSettings],
    ['Verify', ReconcileSettings],
    ['SweepFunction', SweepSettings],
    ['ControlCalls', CallsSettings],
    ['ControlRecordingControl', StartSettings],
  ])('%s can read their settings', (name, schema) => {
    expect(parse(schema, JSON.parse(environmentOf(name).SETTINGS ?? ''))).toBeDefined();
  });

  test('get what was configured', () => {
    const configured = resources(
      synthesize({
        ringTimeoutSeconds: 90,
        startDelaySeconds: 3,
        startWith: 'twiml',
        retentionDays: 7,
        resumeAfterSeconds: 300,
        twilioApiBaseUrl: 'https://api.dublin.ie1.twilio.com',
        recording: { configurationId: 'CR1' },
        consent: 'none',
        otherwise: { dial: '+15551234567' },
        publicBaseUrl: 'https://calls.example.com',
      }),
      'AWS::Lambda::Function',
    );
    const starting = {
      ringTimeoutSeconds: 90,
      startDelaySeconds: 3,
      startWith: 'twiml',
      asks: false,
      retentionDays: 7,
      twilioApiBaseUrl: 'https://api.dublin.ie1.twilio.com',
      recording: { configurationId: 'CR1' },
    };
    expect(JSON.parse(environmentOf('StartRecording', configured).SETTINGS ?? '')).toEqual(starting);
    expect(JSON.parse(environmentOf('ControlRecordingControl', configured).SETTINGS ?? '')).toEqual(starting);
    expect(JSON.parse(environmentOf('Verify', configured).SETTINGS ?? '')).toEqual({
      retentionDays: 7,
      twilioApiBaseUrl: 'https://api.dublin.ie1.twilio.com',
      recording: { configurationId: 'CR1' },
    });
    const sweep = environmentOf('SweepFunction', configured);
    expect(JSON.parse(sweep.SETTINGS ?? '')).toEqual({ ...starting, resumeAfterSeconds: 300 });
    // By which it knows the numbers that lead here.
    expect(sweep.PUBLIC_BASE_URL).toBe('https://calls.example.com');
    const voice = environmentOf('VoiceWebhook', configured);
    expect(JSON.parse(voice.SETTINGS ?? '')).toEqual({
      documents: voiceDocuments(
        { notice: false, otherwise: { dial: '+15551234567' } },
        { configurationId: 'CR1' },
        'https://calls.example.com',
      ),
      startWith: 'twiml',
      gated: false,
    });
    expect(voice.PUBLIC_BASE_URL).toBe('https://calls.example.com');
  });

  test('leave callers the concurrency that is set aside from callbacks', () => {
    const reserved = (of: typeof template) =>
      Object.entries(resources(of, 'AWS::Lambda::Function')).flatMap(([name, { Properties }]) =>
        Properties.ReservedConcurrentExecutions === undefined
          ? []
          : [[name, Properties.ReservedConcurrentExecutions]],
      );
    expect(reserved(template)).toEqual([]);
    expect(reserved(synthesize({ callbackConcurrency: 50 }))).toEqual([['RecordingStatus', 50]]);
  });

  test('answer with TwiML whose recording reports to the API', () => {
    const { documents } = JSON.parse(environmentOf('VoiceWebhook').SETTINGS ?? '');
    expect(environmentOf('VoiceWebhook').PUBLIC_BASE_URL).toBe('<WebhookApi.ApiEndpoint>');
    expect(documents.startRecording).toContain(
      'recordingStatusCallback="<WebhookApi.ApiEndpoint>/recording-status#rc=',
    );
  });
});

/** What references stand for when all is deployed. */
const DEPLOYED: Readonly<Record<string, string>> = {
  '<WebhookApi.ApiEndpoint>': 'https://abcdefghij.execute-api.ap-southeast-1.amazonaws.com',
  '<TwilioSecret>': `arn:aws:secretsmanager:ap-southeast-1:123456789012:secret:${'s'.repeat(64)}`,
  '<StateMachine>': `arn:aws:states:ap-southeast-1:123456789012:stateMachine:${'s'.repeat(80)}`,
  '<Calls>': 't'.repeat(64),
};

describe('an environment', () => {
  const longest = { say: 'x'.repeat(400), voice: 'v'.repeat(64), language: 'eng-12345678-12345678-12345678' };

  const words = (say: string) => ({
    notice: { ...longest, say },
    otherwise: { ...longest, say },
    refusal: { ...longest, say },
    whenNotRecorded: 'refuse' as const,
  });
  const consent = (say: string) => ({
    consent: 'ask' as const,
    notice: { ...longest, say },
    question: { ...longest, say },
    optOutKey: '9',
    optedOut: { ...longest, say },
    otherwise: { ...longest, say },
  });

  /** The most bytes that any function's environment takes; undefined when the configuration is refused. */
  function size(configuration: RecorderConfigurationInput): number | undefined {
    let configured: ReturnType<typeof resources>;
    try {
      configured = resources(synthesize(configuration), 'AWS::Lambda::Function');
    } catch (error) {
      if (error instanceof ConfigurationError) {
        return undefined;
      }
      throw error;
    }
    const sizes = Object.keys(configured).map((name) => {
      const text = Object.entries(environmentOf(name, configured)).flat().join('');
      return Buffer.byteLength(text.replaceAll(/<[\w.]+>/g, (token) => DEPLOYED[token] ?? token));
    });
    return Math.max(...sizes);
  }

  test.each([
    ['the longest words', words('x'.repeat(400))],
    ['the longest words in two bytes a character', words('ä'.repeat(200))],
    ['the longest words that JSON has to escape', words('"'.repeat(200))],
    ['the longest words for callers who are asked', consent('x'.repeat(400))],
    ['the longest words in two bytes a character for them', consent('ä'.repeat(200))],
    ['the longest words that JSON has to escape for them', consent('"'.repeat(200))],
    ['a long base URL', { publicBaseUrl: `https://${`${'h'.repeat(60)}.`.repeat(3)}example.com` }],
    ['a file to play at a usual address', { notice: { play: `https://example.com/${'a'.repeat(300)}` } }],
  ])('with %s fits into the 4 KB that Lambda allows', (_, configuration) => {
    const bytes = size(configuration);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThanOrEqual(4_096);
  });

  test.each([
    ['words full of markup', words('&<'.repeat(200))],
    ['more words that JSON has to escape', words('"\\'.repeat(200))],
    ['a file to play at a long address', { notice: { play: `https://example.com/${'a'.repeat(1_980)}` } }],
    [
      'a file to play at an address full of markup',
      { notice: { play: `https://example.com/${'&'.repeat(800)}` } },
    ],
  ])('with %s fits too, or is refused before it is deployed', (_, configuration) => {
    expect(size(configuration) ?? 0).toBeLessThanOrEqual(4_096);
  });
});

describe('a role', () => {
  const roles = resources(template, 'AWS::IAM::Role');
  const policies = resources(template, 'AWS::IAM::Policy');

  const statementsOf = (role: string): Statement[] =>
    Object.values(policies)
      .filter(({ Properties }) => (Properties.Roles as string[]).includes(`<${role}>`))
      .flatMap(({ Properties }) => (Properties.PolicyDocument as { Statement: Statement[] }).Statement);

  const logs = (name: string) => ({
    Effect: 'Allow',
    Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    Resource: `<${name}Logs.Arn>`,
  });
  const traces = {
    Effect: 'Allow',
    Action: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
    Resource: '*',
  };
  const rows = {
    Effect: 'Allow',
    Action: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
    // The index is for whoever lists calls.
    Resource: '<Calls.Arn>',
  };
  const secret = {
    Effect: 'Allow',
    Action: ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'],
    Resource: '<TwilioSecret>',
  };
  const executions = { Effect: 'Allow', Action: 'states:StartExecution', Resource: '<StateMachine>' };
  const ofExecutions = {
    Effect: 'Allow',
    Resource: 'arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:<StateMachine>[6]:*',
  };
  const taskResponses = {
    Effect: 'Allow',
    Action: ['states:SendTaskSuccess', 'states:SendTaskFailure', 'states:SendTaskHeartbeat'],
    Resource: '<StateMachine>',
  };
  const deadLetters = { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: '<SweepDeadLetters.Arn>' };
  const invocation = (name: string) => ({
    Effect: 'Allow',
    Action: 'lambda:InvokeFunction',
    Resource: [`<${name}.Arn>`, `<${name}.Arn>:*`],
  });

  test.each<[string, Statement[]]>([
    ['VoiceWebhook', [logs('VoiceWebhook'), traces, secret, executions]],
    [
      'RecordingStatus',
      [
        logs('RecordingStatus'),
        traces,
        rows,
        secret,
        executions,
        { ...ofExecutions, Action: 'states:DescribeExecution' },
        taskResponses,
      ],
    ],
    ['Reconcile', [logs('Reconcile'), traces, rows, secret]],
    [
      'AwaitOutcome',
      [
        logs('AwaitOutcome'),
        traces,
        rows,
        { ...taskResponses, Action: ['states:SendTaskSuccess', 'states:SendTaskFailure'] },
      ],
    ],
    ['Verify', [logs('Verify'), traces, rows, secret]],
    [
      'SweepFunction',
      [
        logs('SweepFunction'),
        traces,
        { ...deadLetters, Action: ['sqs:SendMessage', 'sqs:GetQueueAttributes', 'sqs:GetQueueUrl'] },
        rows,
        { ...rows, Action: 'dynamodb:BatchGetItem' },
        secret,
        executions,
        { ...ofExecutions, Action: 'states:DescribeExecution' },
        { ...executions, Action: 'states:ListExecutions' },
      ],
    ],
    [
      'ControlCalls',
      [
        logs('ControlCalls'),
        traces,
        {
          Effect: 'Allow',
          Action: 'dynamodb:Query',
          Resource: ['<Calls.Arn>', '<Calls.Arn>/index/CallsByDay'],
        },
        { ...ofExecutions, Action: ['states:DescribeExecution', 'states:GetExecutionHistory'] },
        secret,
      ],
    ],
    [
      'ControlRecordingControl',
      [
        logs('ControlRecordingControl'),
        traces,
        rows,
        executions,
        { ...ofExecutions, Action: 'states:DescribeExecution' },
        secret,
      ],
    ],
    ['StartRecording', [logs('StartRecording'), traces, rows, secret]],
    ['RecordUnrecorded', [logs('RecordUnrecorded'), traces, rows]],
    [
      'StateMachine',
      [
        invocation('StartRecording'),
        invocation('AwaitOutcome'),
        invocation('Verify'),
        invocation('Reconcile'),
        invocation('RecordUnrecorded'),
        {
          Effect: 'Allow',
          Action: [
            'logs:CreateLogDelivery',
            'logs:GetLogDelivery',
            'logs:UpdateLogDelivery',
            'logs:DeleteLogDelivery',
            'logs:ListLogDeliveries',
            'logs:PutResourcePolicy',
            'logs:DescribeResourcePolicies',
            'logs:DescribeLogGroups',
          ],
          Resource: '*',
        },
        { ...traces, Action: [...traces.Action, 'xray:GetSamplingRules', 'xray:GetSamplingTargets'] },
      ],
    ],
  ])('of %s may do exactly what it has to', (name, statements) => {
    expect(statementsOf(`${name}Role`)).toEqual(statements);
  });

  test('of the schedule may do exactly what it has to', () => {
    expect(statementsOf('SweepScheduleRole')).toEqual([invocation('SweepFunction'), deadLetters]);
    expect(roles.SweepScheduleRole?.Properties.AssumeRolePolicyDocument).toMatchObject({
      Statement: [
        {
          Principal: { Service: 'scheduler.amazonaws.com' },
          Condition: { StringEquals: { 'aws:SourceAccount': '<AWS::AccountId>' } },
        },
      ],
    });
  });

  test('is there for each function, the state machine, the schedule and the canary, and for nothing else', () => {
    expect(Object.keys(roles).toSorted()).toEqual(
      [...FUNCTIONS, 'StateMachine', 'SweepSchedule', 'Canary'].map((name) => `${name}Role`).toSorted(),
    );
    for (const [name, { Properties }] of Object.entries(roles)) {
      expect(Properties.ManagedPolicyArns).toEqual(
        name === 'CanaryRole'
          ? ['arn:<AWS::Partition>:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited']
          : undefined,
      );
      expect(Properties).not.toHaveProperty('Policies');
    }
  });
});

describe('the table of calls', () => {
  const table = only(template, 'AWS::DynamoDB::GlobalTable');

  test('is paid by use, encrypted, and deletes rows when they expire', () => {
    expect(table.Properties).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: 'CallSid', KeyType: 'HASH' },
        { AttributeName: 'Item', KeyType: 'RANGE' },
      ],
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
      TimeToLiveSpecification: { AttributeName: 'ExpiresAt', Enabled: true },
    });
  });

  test('can be put back to any second, and is lost by no mistake', () => {
    expect(table.Properties.Replicas).toMatchObject([
      {
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      },
    ]);
    expect(table).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  });

  test('has an index of calls by day', () => {
    expect(table.Properties.GlobalSecondaryIndexes).toEqual([
      {
        IndexName: 'CallsByDay',
        KeySchema: [
          { AttributeName: 'DayShard', KeyType: 'HASH' },
          { AttributeName: 'CreatedAt', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'ALL' },
      },
    ]);
  });
});

describe('the API', () => {
  test('has the name of its stack, by which people find it', () => {
    const named = only(synthesize({ stackName: 'Sales-Recorder' }), 'AWS::ApiGatewayV2::Api');
    expect(named.Properties.Name).toBe('Sales-Recorder');
  });

  const OF_TWILIO = [
    ['POST /voice', '<VoiceWebhookLive>', '2.0', 'NONE'],
    ['POST /voice/{next}', '<VoiceWebhookLive>', '2.0', 'NONE'],
    ['POST /recording-status', '<RecordingStatus.Arn>', '2.0', 'NONE'],
  ];

  test('answers the routes of Twilio and those of operators, each with its function', () => {
    expect(routesOf(template)).toEqual([
      ['GET /calls', '<ControlCalls.Arn>', '2.0', 'AWS_IAM'],
      ['GET /calls/{callSid}', '<ControlCalls.Arn>', '2.0', 'AWS_IAM'],
      ['POST /calls/{callSid}/recording', '<ControlRecordingControl.Arn>', '2.0', 'AWS_IAM'],
      ...OF_TWILIO,
    ]);
  });

  test('has a policy for who may see, and one for who may control', () => {
    const policies = resources(template, 'AWS::IAM::ManagedPolicy');
    const statements = Object.fromEntries(
      Object.entries(policies).map(([name, { Properties }]) => [name, Properties.PolicyDocument]),
    );
    const route = (methodAndPath: string) => ({
      Effect: 'Allow',
      Action: 'execute-api:Invoke',
      Resource: `arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<WebhookApi>/*/${methodAndPath}`,
    });
    expect(statements).toEqual({
      ControlRecorderRead: { Version: '2012-10-17', Statement: [route('GET/calls'), route('GET/calls/*')] },
      ControlRecorderControl: { Version: '2012-10-17', Statement: [route('POST/calls/*')] },
    });
  });

  test('takes tokens of an issuer instead, with a scope for each right', () => {
    const issuer = 'https://login.example.com/';
    const withTokens = synthesize({ control: { issuer, audience: ['recorder'], controlScope: 'record' } });
    expect(routesOf(withTokens)).toEqual([
      ['GET /calls', '<ControlCalls.Arn>', '2.0', 'JWT', ['recorder/read']],
      ['GET /calls/{callSid}', '<ControlCalls.Arn>', '2.0', 'JWT', ['recorder/read']],
      ['POST /calls/{callSid}/recording', '<ControlRecordingControl.Arn>', '2.0', 'JWT', ['record']],
      ...OF_TWILIO,
    ]);
    expect(only(withTokens, 'AWS::ApiGatewayV2::Authorizer').Properties).toMatchObject({
      AuthorizerType: 'JWT',
      IdentitySource: ['$request.header.Authorization'],
      JwtConfiguration: { Issuer: issuer, Audience: ['recorder'] },
    });
    expect(resources(withTokens, 'AWS::IAM::ManagedPolicy')).toEqual({});
    expect(outputs(withTokens)).not.toHaveProperty('ReadPolicyArn');
  });

  test('has no routes of operators where there are none', () => {
    const without = synthesize({ control: false });
    expect(routesOf(without)).toEqual(OF_TWILIO);
    expect(Object.keys(resources(without, 'AWS::Lambda::Function'))).not.toContain('ControlCalls');
    expect(outputs(without)).not.toHaveProperty('ApiUrl');
  });

  test('refuses what would be too much, and logs neither who asked nor what a path holds', () => {
    const { Properties } = only(template, 'AWS::ApiGatewayV2::Stage');
    expect(Properties).toMatchObject({
      DefaultRouteSettings: { ThrottlingRateLimit: 1_000, ThrottlingBurstLimit: 2_000 },
      RouteSettings: { 'POST /recording-status': { ThrottlingRateLimit: 666, ThrottlingBurstLimit: 1_332 } },
      AccessLogSettings: { DestinationArn: '<WebhookApiAccessLog.Arn>' },
    });
    const { Format } = Properties.AccessLogSettings as { Format: string };
    expect(Object.values(JSON.parse(Format))).toEqual([
      '$context.requestId',
      '$context.requestTime',
      '$context.routeKey',
      '$context.status',
      '$context.responseLatency',
      '$context.integrationErrorMessage',
      '$context.authorizer.error',
    ]);
  });

  test('has its stage wait for the route that has a throttle of its own', () => {
    const [stage] = Object.values(template.findResources('AWS::ApiGatewayV2::Stage'));
    const [route] = Object.entries(template.findResources('AWS::ApiGatewayV2::Route')).filter(
      ([, { Properties }]) => Properties.RouteKey === 'POST /recording-status',
    );
    expect(stage?.DependsOn).toContain(route?.[0]);
  });

  test('has no stage name in its URLs, which Twilio would sign', () => {
    expect(only(template, 'AWS::ApiGatewayV2::Stage').Properties).toMatchObject({
      StageName: '$default',
      AutoDeploy: true,
    });
  });

  test('may invoke the functions of its routes for those routes only', () => {
    const permissions = Object.values(resources(template, 'AWS::Lambda::Permission'));
    expect(permissions.map(({ Properties }) => [Properties.FunctionName, Properties.SourceArn])).toEqual(
      [
        ['<ControlCalls.Arn>', 'calls'],
        ['<ControlCalls.Arn>', 'calls/{callSid}'],
        ['<ControlRecordingControl.Arn>', 'calls/{callSid}/recording'],
        ['<VoiceWebhookLive>', 'voice'],
        ['<VoiceWebhookLive>', 'voice/{next}'],
        ['<RecordingStatus.Arn>', 'recording-status'],
      ].map(([invoked, path]) => [
        invoked,
        `arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<WebhookApi>/*/*/${path}`,
      ]),
    );
  });
});

describe('a new version', () => {
  const updated = (of: Template) =>
    Object.fromEntries(
      Object.entries(of.findResources('AWS::Lambda::Alias')).map(([logicalId, { UpdatePolicy }]) => [
        String(readable({ Ref: logicalId })),
        readable(UpdatePolicy),
      ]),
    );
  const gradually = (name: string) => ({
    CodeDeployLambdaAliasUpdate: {
      ApplicationName: '<CanaryApplication>',
      DeploymentGroupName: `<Canary${name}>`,
    },
  });

  test('answers one caller in ten for five minutes, and none any more when an alarm goes off', () => {
    expect(updated(template)).toEqual({ '<VoiceWebhookLive>': gradually('VoiceWebhook') });
    expect(only(template, 'AWS::CodeDeploy::DeploymentGroup').Properties).toMatchObject({
      DeploymentConfigName: 'CodeDeployDefault.LambdaCanary10Percent5Minutes',
      AlarmConfiguration: {
        Enabled: true,
        Alarms: ['NewVersionFails', 'NewVersionSlow', 'WebhookFailed', 'SignatureUnverifiable'].map(
          (name) => ({
            Name: `<Alarms${name}>`,
          }),
        ),
      },
      AutoRollbackConfiguration: {
        Enabled: true,
        Events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM'],
      },
    });
  });

  test('is not asked for what API Gateway may not invoke yet', () => {
    const integrations = template.findResources('AWS::ApiGatewayV2::Integration');
    const [voice] = Object.entries(integrations).filter(([logicalId]) => logicalId.includes('Voice'));
    const permissions = Object.entries(template.findResources('AWS::Lambda::Permission'))
      .filter(([, { Properties }]) => String(JSON.stringify(Properties.FunctionName)).includes('Live'))
      .map(([logicalId]) => logicalId);
    expect(permissions).toHaveLength(2);
    expect(voice?.[1].DependsOn).toEqual(expect.arrayContaining(permissions));
  });

  test('of the gate comes to its callers in the same way', () => {
    expect(updated(synthesize({ whenNotRecorded: 'refuse' }))).toEqual({
      '<VoiceWebhookLive>': gradually('VoiceWebhook'),
      '<GateLive>': gradually('Gate'),
    });
  });

  test.each<[string, RecorderConfigurationInput]>([
    ['that is wanted at once', { deployment: 'all-at-once' }],
    ['whose words callers answer', { consent: 'ask' }],
  ])('%s has neither aliases nor alarms of its own', (_, configuration) => {
    const without = synthesize(configuration);
    for (const type of ['AWS::Lambda::Alias', 'AWS::Lambda::Version', 'AWS::CodeDeploy::Application']) {
      expect(resources(without, type)).toEqual({});
    }
    expect(Object.keys(resources(without, 'AWS::CloudWatch::Alarm')).join()).not.toContain('NewVersion');
  });
});

describe('an update that leads calls to new routes', () => {
  const asking = { consent: 'ask', optOutKey: '9' } as const;
  const CONFIGURATIONS: readonly [string, string, RecorderConfigurationInput, string][] = [
    ['the gate', '<VoiceWebhookLive>', { whenNotRecorded: 'refuse' }, 'gate'],
    ['the gate, at once', '<VoiceWebhook>', { whenNotRecorded: 'refuse', deployment: 'all-at-once' }, 'gate'],
    ['the key that says no', '<VoiceWebhook>', { optOutKey: '9' }, 'opt-out'],
    ['the key that says no, after a yes', '<AskedConsent>', asking, 'opt-out'],
    ['the answer to the question', '<WebhookApiPOSTvoice>', asking, 'consent'],
    [
      'the answer to the question of a function that was not asked before',
      '<WebhookApiPOSTvoiceVoice>',
      asking,
      'consent',
    ],
  ];
  const dependenciesOf = ({ DependsOn = [] }: { DependsOn?: string | string[] }) => [DependsOn].flat();

  test.each(CONFIGURATIONS)(
    'does so when there is the way to %s, for which %s waits',
    (_, waiting, configuration, path) => {
      const { Resources } = synthesize(configuration).toJSON();
      const resource =
        Object.keys(Resources).find((logicalId) => readable({ Ref: logicalId }) === waiting) ?? '';
      const dependencies = dependenciesOf(Resources[resource]).map((logicalId) => Resources[logicalId]);
      const routes = dependencies.flatMap(({ Properties }) => Properties.RouteKey ?? []);
      expect(routes).toEqual(expect.arrayContaining([`POST /${path}`, `POST /${path}/{next}`]));
      const invoking = dependencies.flatMap(({ Properties }) => readable(Properties.SourceArn) ?? []);
      expect(invoking.filter((arn) => String(arn).includes(`/${path}`))).toHaveLength(2);
      expect(dependencies.flatMap(({ Properties }) => Properties.IntegrationUri ?? [])).not.toEqual([]);
    },
  );

  test.each(CONFIGURATIONS)('waits for %s, and nothing waits for itself', (_, __, configuration) => {
    const { Resources } = synthesize(configuration).toJSON();
    const namedIn = (value: unknown): string[] =>
      typeof value === 'object' && value !== null
        ? Object.entries(value).flatMap(([name, argument]) => {
            const named = { Ref: argument, 'Fn::GetAtt': [argument].flat()[0] }[name];
            return named === undefined ? namedIn(argument) : [String(named)];
          })
        : [];
    const waitsFor = (logicalId: string) => {
      const { Properties, UpdatePolicy, ...others } = Resources[logicalId];
      return [...dependenciesOf(others), ...namedIn([Properties, UpdatePolicy])].filter(
        (other) => other in Resources,
      );
    };
    const done = new Set<string>();
    const follow = (logicalId: string, path: readonly string[]): void => {
      expect(path).not.toContain(logicalId);
      if (!done.has(logicalId)) {
        for (const other of waitsFor(logicalId)) {
          follow(other, [...path, logicalId]);
        }
        done.add(logicalId);
      }
    };
    for (const logicalId of Object.keys(Resources)) {
      follow(logicalId, []);
    }
  });
});

describe('a recorder that refuses calls which are not recorded', () => {
  const refusing = synthesize({ whenNotRecorded: 'refuse', refusal: { say: 'Call later.' } });
  const withGate = resources(refusing, 'AWS::Lambda::Function');

  test('leads them through a gate of its own', () => {
    expect(routesOf(refusing).filter(([route]) => String(route).includes('/gate'))).toEqual([
      ['POST /gate', '<GateLive>', '2.0', 'NONE'],
      ['POST /gate/{next}', '<GateLive>', '2.0', 'NONE'],
    ]);
    expect(JSON.parse(environmentOf('VoiceWebhook', withGate).SETTINGS ?? '')).toMatchObject({ gated: true });
    expect(withGate.Gate?.Properties).toMatchObject({ MemorySize: 1024, Timeout: 10 });
  });

  test('whose gate can read its settings, and says what is configured', () => {
    const settings = parse(GateSettings, JSON.parse(environmentOf('Gate', withGate).SETTINGS ?? ''));
    expect(settings.documents.refusal).toContain('<Say>Call later.</Say><Hangup/>');
  });

  test('whose gate may use the table and the secret, and nothing else', () => {
    const actions = Object.values(resources(refusing, 'AWS::IAM::Policy'))
      .filter(({ Properties }) => (Properties.Roles as string[]).includes('<GateRole>'))
      .flatMap(({ Properties }) => (Properties.PolicyDocument as { Statement: Statement[] }).Statement)
      .flatMap(({ Action }) => Action);
    expect(actions.toSorted()).toEqual([
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:Query',
      'dynamodb:UpdateItem',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'secretsmanager:DescribeSecret',
      'secretsmanager:GetSecretValue',
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ]);
  });

  test('is not what is deployed unless it is asked for', () => {
    expect(JSON.parse(environmentOf('VoiceWebhook').SETTINGS ?? '')).toMatchObject({ gated: false });
    expect(functions).not.toHaveProperty('Gate');
  });
});

describe('a recorder that asks', () => {
  const asking = synthesize({ consent: 'ask', question: { say: 'May we?' }, optOutKey: '9' });
  const withConsent = resources(asking, 'AWS::Lambda::Function');
  const actionsOf = (role: string) =>
    Object.values(resources(asking, 'AWS::IAM::Policy'))
      .filter(({ Properties }) => (Properties.Roles as string[]).includes(`<${role}>`))
      .flatMap(({ Properties }) => (Properties.PolicyDocument as { Statement: Statement[] }).Statement)
      .flatMap(({ Action }) => Action)
      .filter((action) => !/^(logs|xray):/.test(action))
      .toSorted();
  const ROWS_AND_SECRET = [
    'dynamodb:GetItem',
    'dynamodb:PutItem',
    'dynamodb:Query',
    'dynamodb:UpdateItem',
    'secretsmanager:DescribeSecret',
    'secretsmanager:GetSecretValue',
  ];

  test('answers the voice webhook with the question, and takes the answers', () => {
    expect(routesOf(asking).filter(([route]) => /voice|consent|opt-out/.test(String(route)))).toEqual([
      ['POST /voice', '<AskedConsentAsk.Arn>', '2.0', 'NONE'],
      ['POST /voice/{next}', '<AskedConsentAsk.Arn>', '2.0', 'NONE'],
      ['POST /consent', '<AskedConsent.Arn>', '2.0', 'NONE'],
      ['POST /consent/{next}', '<AskedConsent.Arn>', '2.0', 'NONE'],
      ['POST /opt-out', '<OptOut.Arn>', '2.0', 'NONE'],
      ['POST /opt-out/{next}', '<OptOut.Arn>', '2.0', 'NONE'],
    ]);
    expect(withConsent).not.toHaveProperty('VoiceWebhook');
    for (const name of ['AskedConsentAsk', 'AskedConsent', 'OptOut']) {
      expect(withConsent[name]?.Properties).toMatchObject({ MemorySize: 1024, Timeout: 10 });
    }
  });

  test('has everybody who could start a recording know that it needs a yes', () => {
    for (const name of ['StartRecording', 'SweepFunction', 'ControlRecordingControl']) {
      expect(JSON.parse(environmentOf(name, withConsent).SETTINGS ?? '')).toMatchObject({ asks: true });
    }
  });

  test('whose functions can read their settings, and say what is configured', () => {
    const settings = (name: string) => JSON.parse(environmentOf(name, withConsent).SETTINGS ?? '');
    const version = textVersion({ say: 'May we?' });
    expect(parse(AskSettings, settings('AskedConsentAsk'))).toMatchObject({
      question: expect.stringContaining('<Say>May we?</Say>'),
      textVersion: version,
    });
    expect(parse(ConsentSettings, settings('AskedConsent'))).toMatchObject({ textVersion: version });
    expect(parse(OptOutSettings, settings('OptOut'))).toMatchObject({ key: '9' });
    expect(outputs(asking)).toMatchObject({
      QuestionTextVersion: version,
      NoticeTextVersion: expect.stringMatching(/^[0-9a-f]{12}$/),
    });
  });

  test('whose functions may do what they have to, and nothing else', () => {
    expect(actionsOf('AskedConsentAskRole')).toEqual(ROWS_AND_SECRET);
    expect(actionsOf('AskedConsentConsentRole')).toEqual([...ROWS_AND_SECRET, 'states:StartExecution']);
    expect(actionsOf('OptOutOptOutRole')).toEqual([...ROWS_AND_SECRET, 'states:SendTaskFailure']);
  });

  test('is not what is deployed unless it is asked for', () => {
    expect(Object.keys(functions).filter((name) => /Ask|Consent|OptOut/.test(name))).toEqual([]);
    expect(outputs(template)).not.toHaveProperty('QuestionTextVersion');
  });
});

describe('the sweep', () => {
  test('begins every minute, and never twice for one minute', () => {
    expect(only(template, 'AWS::Scheduler::Schedule').Properties).toMatchObject({
      ScheduleExpression: 'rate(1 minute)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      State: 'ENABLED',
      Target: {
        Arn: '<SweepFunction.Arn>',
        DeadLetterConfig: { Arn: '<SweepDeadLetters.Arn>' },
        RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 },
      },
    });
  });

  test('that fails is kept, and not tried again: the next one looks at the same', () => {
    expect(only(template, 'AWS::Lambda::EventInvokeConfig').Properties).toEqual({
      FunctionName: '<SweepFunction>',
      Qualifier: '$LATEST',
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 60,
      DestinationConfig: { OnFailure: { Destination: '<SweepDeadLetters.Arn>' } },
    });
  });

  test('leaves what failed to people for two weeks, encrypted on the way and at rest', () => {
    expect(only(template, 'AWS::SQS::Queue').Properties).toMatchObject({
      MessageRetentionPeriod: 14 * 86_400,
      SqsManagedSseEnabled: true,
    });
    expect(only(template, 'AWS::SQS::QueuePolicy').Properties).toMatchObject({
      Queues: ['<SweepDeadLetters>'],
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Deny',
            Action: 'sqs:*',
            Principal: { AWS: '*' },
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          },
        ],
      },
    });
  });

  test('is the schedule’s alone to begin', () => {
    expect(only(template, 'AWS::Scheduler::Schedule').Properties.Target).toMatchObject({
      RoleArn: '<SweepScheduleRole.Arn>',
    });
    const invokers = Object.values(resources(template, 'AWS::Lambda::Permission'));
    expect(invokers.map(({ Properties }) => Properties.FunctionName)).not.toContain('<SweepFunction.Arn>');
  });
});

describe('a recorder that complies', () => {
  const complying = synthesize({ compliance: 'hipaa' });
  const KEY = '<Key.Arn>';

  test('encrypts all that it keeps with one key of the account’s own, which outlives it', () => {
    const table = only(complying, 'AWS::DynamoDB::GlobalTable').Properties;
    expect(table.SSESpecification).toEqual({ SSEEnabled: true, SSEType: 'KMS' });
    expect(table.Replicas).toMatchObject([{ SSESpecification: { KMSMasterKeyId: KEY } }]);
    expect(only(complying, 'AWS::SecretsManager::Secret').Properties.KmsKeyId).toBe(KEY);
    expect(only(complying, 'AWS::SNS::Topic').Properties.KmsMasterKeyId).toBe(KEY);
    expect(only(complying, 'AWS::SQS::Queue').Properties.KmsMasterKeyId).toBe(KEY);
    const groups = Object.values(resources(complying, 'AWS::Logs::LogGroup'));
    expect(
      groups.map(({ Properties, DeletionPolicy }) => [
        Properties.KmsKeyId,
        Properties.RetentionInDays,
        DeletionPolicy,
      ]),
    ).toEqual(Array(12).fill([KEY, 2192, 'Retain']));
    expect(only(complying, 'AWS::KMS::Key')).toMatchObject({
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: { EnableKeyRotation: true },
    });
    expect(resources(template, 'AWS::KMS::Key')).toEqual({});
  });

  test('lets the services use it for what is the recorder’s', () => {
    const { KeyPolicy } = only(complying, 'AWS::KMS::Key').Properties as {
      KeyPolicy: { Statement: (Statement & { Principal: { Service?: string }; Condition?: unknown })[] };
    };
    const services = KeyPolicy.Statement.filter(({ Principal }) => Principal.Service);
    expect(services.map(({ Principal, Condition }) => [Principal.Service, Condition])).toEqual([
      [
        'logs.<AWS::Region>.amazonaws.com',
        {
          ArnLike: {
            'kms:EncryptionContext:aws:logs:arn':
              'arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:<AWS::StackName>-*',
          },
        },
      ],
      ['cloudwatch.amazonaws.com', { StringEquals: { 'aws:SourceAccount': '<AWS::AccountId>' } }],
      ['events.amazonaws.com', undefined],
    ]);
  });

  test('lets its functions use it in the table’s hands, to read where they only read', () => {
    const uses = Object.values(resources(complying, 'AWS::IAM::Policy')).flatMap(({ Properties }) =>
      (Properties.PolicyDocument as { Statement: (Statement & { Condition?: unknown })[] }).Statement.filter(
        ({ Resource, Condition }) => Resource === KEY && Condition,
      ).map((statement) => [(Properties.Roles as string[])[0], statement]),
    );
    const through = (...Action: string[]) => ({
      Effect: 'Allow',
      Action,
      Resource: KEY,
      Condition: { StringEquals: { 'kms:ViaService': 'dynamodb.<AWS::Region>.amazonaws.com' } },
    });
    const toRead = ['kms:Decrypt', 'kms:DescribeKey'];
    expect(Object.fromEntries(uses)).toMatchObject({
      '<ControlCallsRole>': through(...toRead),
      '<StartRecordingRole>': through(
        ...toRead,
        'kms:Encrypt',
        'kms:ReEncryptFrom',
        'kms:ReEncryptTo',
        'kms:GenerateDataKey',
        'kms:GenerateDataKeyWithoutPlaintext',
      ),
    });
    expect(uses).toHaveLength(FUNCTIONS.length - 1);
  });

  test('with PCI DSS has no sweep that ends a pause', () => {
    const sweep = environmentOf(
      'SweepFunction',
      resources(synthesize({ compliance: 'pci' }), 'AWS::Lambda::Function'),
    );
    expect(parse(SweepSettings, JSON.parse(sweep.SETTINGS ?? ''))).toMatchObject({
      resumeAfterSeconds: false,
    });
  });
});

test('the tags are those of the configuration, on all that can have some', () => {
  const tagged = (of: Template, type: string) =>
    Object.values(resources(of, type)).map(({ Properties }) => Properties.Tags);
  const application = { application: 'twilio-call-recorder' };
  for (const type of ['AWS::Lambda::Function', 'AWS::IAM::Role', 'AWS::SecretsManager::Secret']) {
    const tags = tagged(template, type);
    expect(tags).toEqual(tags.map(() => [{ Key: 'application', Value: application.application }]));
  }
  expect(tagged(template, 'AWS::ApiGatewayV2::Api')).toEqual([application]);
  expect(only(template, 'AWS::DynamoDB::GlobalTable').Properties.Replicas).toMatchObject([
    { Tags: [{ Key: 'application', Value: application.application }] },
  ]);
});

test('the secret says what belongs into it', () => {
  const { Description } = only(template, 'AWS::SecretsManager::Secret').Properties;
  for (const field of ['accountSid', 'authTokens', 'apiKeySid', 'apiKeySecret']) {
    expect(Description).toContain(`"${field}"`);
  }
});

test('logs are kept for as long as is configured, by every group', () => {
  const groups = Object.values(resources(synthesize({ logRetentionDays: 7 }), 'AWS::Logs::LogGroup'));
  expect(groups.map(({ Properties }) => Properties.RetentionInDays)).toEqual(Array(12).fill(7));
});

describe('the construct in an app of one’s own', () => {
  const construct = (props?: CallRecorderProps): CallRecorder => {
    const app = new App({
      context: { 'aws:cdk:bundling-stacks': [] },
      builtinCloudFormationValidation: false,
    });
    return new CallRecorder(new Stack(app, 'Sales'), 'Calls', props);
  };
  const settingsOf = (recorder: CallRecorder, name: string): unknown => {
    const template = Template.fromStack(Stack.of(recorder));
    const found = Object.entries(resources(template, 'AWS::Lambda::Function')).find(([id]) =>
      id.endsWith(name),
    );
    const environment = found?.[1].Properties.Environment as { Variables: Record<string, string> };
    return JSON.parse(environment.Variables.SETTINGS ?? '');
  };

  test('has the defaults of the configuration', () => {
    const { recording, ringTimeoutSeconds, startDelaySeconds, startWith, retentionDays, twilioApiBaseUrl } =
      parseConfiguration({}, 'x');
    expect(settingsOf(construct(), 'StartRecording')).toEqual({
      recording,
      ringTimeoutSeconds,
      startDelaySeconds,
      startWith,
      asks: false,
      retentionDays,
      twilioApiBaseUrl,
    });
  });

  test('takes what the configuration takes', () => {
    const recorder = construct({
      startWith: 'twiml',
      startDelay: Duration.seconds(2),
      ringTimeout: Duration.minutes(2),
      retention: Duration.days(7),
      reconcileAfter: Duration.minutes(1),
      logRetention: RetentionDays.ONE_WEEK,
      publicBaseUrl: 'https://calls.example.com',
    });
    expect(settingsOf(recorder, 'StartRecording')).toMatchObject({
      startWith: 'twiml',
      startDelaySeconds: 2,
      ringTimeoutSeconds: 120,
      retentionDays: 7,
    });
    expect(recorder.voiceUrl).toBe('https://calls.example.com/voice');
  });

  test.each<[string, CallRecorderProps, string]>([
    ['too short a ring', { ringTimeout: Duration.seconds(1) }, 'ringTimeoutSeconds is 1'],
    ['too long a delay', { startDelay: Duration.minutes(2) }, 'startDelaySeconds is 120'],
    ['no retention', { retention: Duration.days(0) }, 'retentionDays is 0'],
    ['logs that are kept for ever', { logRetention: RetentionDays.INFINITE }, 'logRetentionDays is 9999'],
    ['no wait for callbacks', { reconcileAfter: Duration.seconds(0) }, 'reconcileAfterSeconds is 0'],
    ['a base URL with a path', { publicBaseUrl: 'https://example.com/api' }, 'publicBaseUrl is "https://'],
    [
      'a base URL with a path, however little of it is known',
      { publicBaseUrl: `${Fn.importValue('base')}/api` },
      'publicBaseUrl is "https://token/api"',
    ],
    [
      'a base URL without a scheme, though its domain is not known',
      { publicBaseUrl: `calls.${Fn.importValue('domain')}` },
      'publicBaseUrl is "calls.token"',
    ],
    [
      'a base URL in the open where that is forbidden, though its host is not known',
      { publicBaseUrl: `http://${Fn.importValue('host')}`, compliance: 'pci' },
      'publicBaseUrl is "http://token"',
    ],
    ['another scheme', { twilioApiBaseUrl: 'ftp://example.com' }, 'twilioApiBaseUrl is "ftp://'],
    ['an empty notice', { notice: { say: '' } }, 'notice.say is ""'],
    ['a number that is none', { otherwise: { dial: '12345' } }, 'otherwise.dial is "12345"'],
    ['half of an id', { recording: { configurationId: '' } }, 'recording.configurationId is ""'],
  ])('refuses %s, and says where', (_, props, complaint) => {
    expect(() => construct(props)).toThrow(ConfigurationError);
    expect(() => construct(props)).toThrow(`Sales/Calls is not a valid configuration:\n  - ${complaint}`);
  });

  test.each<[string, string, string]>([
    ['is known only when it is deployed', Fn.importValue('base'), '/voice'],
    ['is so in part', `https://${Fn.importValue('host')}`, '/voice'],
    ['is so but for the domain', `https://${Fn.importValue('name')}.example.com`, '/voice'],
    ['is so with its port', `https://${Fn.importValue('host')}:${Fn.importValue('port')}`, '/voice'],
  ])('takes a base URL that %s', (_, publicBaseUrl, path) => {
    const recorder = construct({ publicBaseUrl });
    expect(recorder.voiceUrl).toBe(`${publicBaseUrl}${path}`);
    const functions = Object.values(
      Template.fromStack(Stack.of(recorder)).findResources('AWS::Lambda::Function'),
    );
    const urls = functions.flatMap(
      ({ Properties }) => Properties.Environment.Variables.PUBLIC_BASE_URL ?? [],
    );
    expect(urls).toHaveLength(6);
    expect(urls).toEqual(urls.map(() => Stack.of(recorder).resolve(publicBaseUrl)));
  });
});

describe('recorders of one account and region', () => {
  const appOfOnesOwn = () =>
    new App({ context: { 'aws:cdk:bundling-stacks': [] }, builtinCloudFormationValidation: false });
  const namesIn = (template: Template): readonly (string | undefined)[] => {
    const variables = Object.values(resources(template, 'AWS::Lambda::Function')).map(
      ({ Properties }) =>
        (Properties.Environment as { Variables: Record<string, string> }).Variables.POWERTOOLS_SERVICE_NAME,
    );
    return [...new Set(variables)];
  };

  test('emit metrics of their own, each of which its own alarms and dashboard look at', () => {
    const app = appOfOnesOwn();
    const sales = new Stack(app, 'Sales');
    new CallRecorder(sales, 'Calls');
    const support = new Stack(app, 'ById', { stackName: 'Support' });
    new CallRecorder(support, 'Calls', { consent: 'ask', optOutKey: '9' });
    for (const [stack, name] of [
      [sales, 'Sales/Calls'],
      [support, 'Support/Calls'],
    ] as const) {
      const template = Template.fromStack(stack);
      expect(namesIn(template)).toEqual([name]);
      const watching = [
        ...Object.values(template.findResources('AWS::CloudWatch::Alarm')),
        ...Object.values(template.findResources('AWS::CloudWatch::Dashboard')).map(({ Properties }) =>
          JSON.parse(String(readable(Properties.DashboardBody))),
        ),
      ];
      expect(ownMetrics(watching, name)).toContain('CallReceived');
    }
  });

  test('may stand in one stack', () => {
    const stack = new Stack(appOfOnesOwn(), 'Both');
    new CallRecorder(new Construct(stack, 'One'), 'Calls');
    new CallRecorder(new Construct(stack, 'Two'), 'Calls');
    expect(namesIn(Template.fromStack(stack)).toSorted()).toEqual(['Both/One/Calls', 'Both/Two/Calls']);
  });
});

describe('the outputs', () => {
  test('are ready to paste', () => {
    expect(outputs(template)).toEqual({
      AlarmTopicArn: '<AlarmsTopic>',
      DashboardName: '<Dashboard>',
      VoiceUrl: '<WebhookApi.ApiEndpoint>/voice',
      WhenNotRecorded: 'continue',
      ApiUrl: '<WebhookApi.ApiEndpoint>',
      ReadPolicyArn: '<ControlRecorderRead>',
      ControlPolicyArn: '<ControlRecorderControl>',
      PutSecretCommand:
        'aws secretsmanager put-secret-value --region <AWS::Region> --secret-id <TwilioSecret> --secret-string file://twilio.json',
      SecretArn: '<TwilioSecret>',
      CallsInTheConsole:
        'https://<AWS::Region>.console.aws.amazon.com/states/home?region=<AWS::Region>#/statemachines/view/<StateMachine>',
      TableName: '<Calls>',
    });
  });

  test('say whether calls must be recorded', () => {
    expect(outputs(synthesize({ whenNotRecorded: 'refuse' }))).toMatchObject({ WhenNotRecorded: 'refuse' });
  });

  test('name a domain of one’s own', () => {
    expect(outputs(synthesize({ publicBaseUrl: 'https://calls.example.com' }))).toMatchObject({
      VoiceUrl: 'https://calls.example.com/voice',
    });
  });
});
