import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Template } from 'aws-cdk-lib/assertions';
import { METRICS } from '../../lambda/shared/contract.ts';
import { COMPOSITES } from '../../lib/alarms.ts';
import { STAGES } from '../../lib/funnel.ts';
import { ownMetrics } from './support/own-metrics.ts';
import { only, readable, resources, synthesize } from './support/synthesize.ts';

const template = synthesize();
const alarms = byName(resources(template, 'AWS::CloudWatch::Alarm'));
const composites = byName(resources(template, 'AWS::CloudWatch::CompositeAlarm'));

function byName<T>(found: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(found).map(([name, one]) => [name.replace(/^Alarms/, ''), one]));
}

const partsOf = (composite: string): string[] =>
  [...String(composites[composite]?.Properties.AlarmRule).matchAll(/<Alarms(\w+)\.Arn>/g)].map(
    ([, name]) => name ?? '',
  );

/** The source of all functions. */
const sources = readdirSync('lambda', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('contract.ts'))
  .map((file) => readFileSync(join('lambda', file), 'utf8'))
  .join('\n');

const emitted = Object.entries(METRICS)
  .filter(([key]) => sources.includes(`METRICS.${key}`) && key !== 'namespace')
  .map(([, name]) => name as string);

const dashboard = (): { widgets: { properties: Record<string, unknown> }[] } => {
  const { Properties } = only(template, 'AWS::CloudWatch::Dashboard');
  return JSON.parse(String(readable(Properties.DashboardBody)));
};

test('every metric of the contract is emitted by a function', () => {
  const { namespace: _, ...names } = METRICS;
  expect(emitted.toSorted()).toEqual(Object.values<string>(names).toSorted());
});

describe('an alarm', () => {
  test.each(Object.keys(alarms))('%s looks at what is emitted', (name) => {
    for (const metric of ownMetrics(alarms[name]?.Properties)) {
      expect(emitted).toContain(metric);
    }
  });

  test('pages by a composite, or tells the topic by itself', () => {
    const paged = Object.keys(COMPOSITES).flatMap(partsOf);
    for (const [name, { Properties }] of Object.entries(alarms)) {
      expect([name, Properties.AlarmActions ?? []]).toEqual([
        name,
        paged.includes(name) ? [] : ['<AlarmsTopic>'],
      ]);
    }
    for (const { Properties } of Object.values(composites)) {
      expect(Properties.AlarmActions).toEqual(['<AlarmsTopic>']);
    }
  });

  test('is part of what it endangers', () => {
    expect(partsOf('CallSafety').toSorted()).toEqual([
      'ApiUnhealthy',
      'CallTurnedAway',
      'SignatureUnverifiable',
      'Throttled',
      'WebhookFailed',
      'WebhookSlow',
    ]);
    expect(partsOf('RecordingHealth').toSorted()).toEqual([
      'CallUnrecorded',
      'CoverageLow',
      'ExecutionsFailed',
      'RecordingEndedEarly',
      'RecordingFailed',
      'RowOverdue',
      'StartExecutionFailed',
      'TableThrottled',
      'TwilioUnauthorized',
    ]);
  });

  test('goes off when the sweep says nothing, and no other one does so', () => {
    const breaching = Object.entries(alarms).filter(
      ([, { Properties }]) => Properties.TreatMissingData === 'breaching',
    );
    expect(breaching.map(([name]) => name)).toEqual(['SweepMissing']);
  });

  test('tells of a dead sweep and of a dead webhook by itself, so that no composite in ALARM keeps it quiet', () => {
    const tellsByItself = { AlarmActions: ['<AlarmsTopic>'] };
    expect(alarms.SweepMissing?.Properties).toMatchObject(tellsByItself);
    expect(alarms.WebhookUnhealthy?.Properties).toMatchObject(tellsByItself);
  });

  test('tells of webhooks that never came, though their calls were recorded in the end', () => {
    expect(ownMetrics(alarms.WebhookMissed?.Properties)).toEqual(['CallDiscovered']);
    expect(alarms.WebhookMissed?.Properties.AlarmActions).toEqual(['<AlarmsTopic>']);
  });

  test('needs no more than its two periods to see that sweeps have stopped', () => {
    expect(alarms.SweepMissing?.Properties).toMatchObject({
      EvaluationPeriods: 2,
      DatapointsToAlarm: 2,
      Metrics: [
        { Expression: 'FILL(m0, 0)', ReturnData: true },
        {
          MetricStat: { Metric: { MetricName: 'SweepCompleted' }, Period: 300, Stat: 'Sum' },
          ReturnData: false,
        },
      ],
    });
  });

  test('of throttled requests counts those of the index too, and ends when there are none', () => {
    const metrics = alarms.TableThrottled?.Properties.Metrics as {
      Id: string;
      Expression?: string;
      MetricStat?: { Metric: { MetricName: string; Dimensions: { Name: string; Value: string }[] } };
    }[];
    const counted = metrics.flatMap(({ MetricStat }) =>
      MetricStat
        ? [
            [
              MetricStat.Metric.MetricName,
              ...MetricStat.Metric.Dimensions.map(({ Value }) => Value).toSorted(),
            ],
          ]
        : [],
    );
    expect(counted.toSorted()).toEqual([
      ['ReadThrottleEvents', '<Calls>'],
      ['ReadThrottleEvents', '<Calls>', 'CallsByDay'],
      ['WriteThrottleEvents', '<Calls>'],
      ['WriteThrottleEvents', '<Calls>', 'CallsByDay'],
    ]);
    expect(metrics.flatMap(({ Expression }) => Expression ?? [])).toEqual([
      'FILL(m0, 0) + FILL(m1, 0) + FILL(m2, 0) + FILL(m3, 0)',
    ]);
  });

  test('of throttled functions leaves out callbacks that a limit of one’s own turns away', () => {
    const throttled = (of: Template) =>
      [
        ...JSON.stringify(byName(resources(of, 'AWS::CloudWatch::Alarm')).Throttled).matchAll(
          /"FunctionName","Value":"<(\w+)>"/g,
        ),
      ].map(([, name]) => name);
    expect(throttled(template).toSorted()).toEqual(['RecordingStatus', 'StartRecording', 'VoiceWebhook']);
    expect(throttled(synthesize({ callbackConcurrency: 50 })).toSorted()).toEqual([
      'StartRecording',
      'VoiceWebhook',
    ]);
  });

  test('may look at ten metrics at most', () => {
    for (const { Properties } of Object.values(alarms)) {
      expect((Properties.Metrics as unknown[] | undefined)?.length ?? 1).toBeLessThanOrEqual(11);
    }
  });
});

describe('the runbook', () => {
  const runbook = readFileSync('docs/runbook.md', 'utf8');
  const sections = new Map(
    runbook
      .split(/^### /m)
      .slice(1)
      .map((section) => [section.slice(0, section.indexOf('\n')), section] as const),
  );

  test('has a section for each alarm, and for nothing else', () => {
    expect([...sections.keys()].toSorted()).toEqual(
      [...Object.keys(COMPOSITES), ...Object.keys(alarms)].toSorted(),
    );
  });

  test.each([...sections.keys()])('says of %s what it is, where to look and what to do', (name) => {
    expect(
      [...(sections.get(name)?.matchAll(/^\*\*(\w+)\.\*\* \S/gm) ?? [])].map(([, part]) => part),
    ).toEqual(['Description', 'Investigation', 'Resolution']);
  });

  test('is where every alarm points', () => {
    for (const [name, { Properties }] of Object.entries({ ...alarms, ...composites })) {
      expect(Properties.AlarmDescription).toContain(`docs/runbook.md#${name.toLowerCase()}`);
    }
    const elsewhere = synthesize({ runbookUrl: 'https://wiki.example.com/recorder' });
    for (const { Properties } of Object.values(resources(elsewhere, 'AWS::CloudWatch::Alarm'))) {
      expect(Properties.AlarmDescription).toContain('https://wiki.example.com/recorder#');
    }
  });

  test('leads to its own sections only', () => {
    const headings = [...runbook.matchAll(/^##+ (.+)$/gm)].map(([, title = '']) =>
      title.toLowerCase().replaceAll(' ', '-'),
    );
    for (const [, anchor] of runbook.matchAll(/\]\(#([\w-]+)\)/g)) {
      expect(headings).toContain(anchor);
    }
  });
});

describe('the topic', () => {
  test('takes what CloudWatch and EventBridge of this account publish, and nothing without TLS', () => {
    const { Properties } = only(template, 'AWS::SNS::TopicPolicy');
    expect(Properties.PolicyDocument).toHaveProperty('Statement', [
      expect.objectContaining({
        Effect: 'Deny',
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
      expect.objectContaining({
        Effect: 'Allow',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Action: 'sns:Publish',
        Condition: { StringEquals: { 'aws:SourceAccount': '<AWS::AccountId>' } },
      }),
      expect.objectContaining({
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sns:Publish',
      }),
    ]);
  });

  test('mails whom the configuration names, and nobody else', () => {
    expect(resources(template, 'AWS::SNS::Subscription')).toEqual({});
    const mailing = synthesize({ alarmEmail: 'ops@example.com' });
    expect(Object.values(resources(mailing, 'AWS::SNS::Subscription'))).toMatchObject([
      { Properties: { Protocol: 'email', Endpoint: 'ops@example.com' } },
    ]);
  });

  test('hears of every execution that did not succeed, and of no phone number', () => {
    expect(only(template, 'AWS::Events::Rule').Properties).toMatchObject({
      EventPattern: {
        source: ['aws.states'],
        detail: { status: ['FAILED', 'TIMED_OUT', 'ABORTED'], stateMachineArn: ['<StateMachine>'] },
      },
      Targets: [
        {
          Arn: '<AlarmsTopic>',
          InputTransformer: {
            InputPathsMap: { 'detail-name': '$.detail.name', 'detail-status': '$.detail.status' },
          },
        },
      ],
    });
  });
});

describe('the dashboard', () => {
  test('shows every metric that is emitted, but for some', () => {
    const shown = ownMetrics(dashboard());
    const hidden = emitted.filter((name) => !shown.includes(name));
    const alarming = ownMetrics(Object.values(alarms));
    // Rare events have an alarm; what callers said, and what was done about it, is in the rows and in the log.
    expect(Object.groupBy(hidden.toSorted(), (name) => (alarming.includes(name) ? 'alarm' : 'log'))).toEqual({
      alarm: ['ConsentNotKept', 'RecordingNotDeleted', 'StartExecutionFailed'],
      log: ['ConsentGiven', 'ConsentWithdrawn', 'RecordingDeleted'],
    });
    for (const name of shown) {
      expect(emitted).toContain(name);
    }
  });

  test('shows every stage of the funnel, and how many calls are recorded', () => {
    const [calls] = dashboard().widgets.filter(({ properties }) => properties.title === 'Calls');
    const labels = [...JSON.stringify(calls?.properties.metrics).matchAll(/"label":"([^"]+)"/g)];
    expect(labels.map(([, label]) => label)).toEqual([...STAGES, 'recorded, %']);
  });

  test('shows the state of every alarm', () => {
    const [status] = dashboard().widgets.filter(({ properties }) => properties.alarms);
    expect(status?.properties.alarms).toHaveLength(Object.keys({ ...alarms, ...composites }).length);
  });
});
