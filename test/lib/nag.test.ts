import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, HIPAASecurityChecks, PCIDSS321Checks, ServerlessChecks } from 'cdk-nag';
import { CallRecorderStack } from '../../lib/call-recorder-stack.ts';
import { parseConfiguration, type RecorderConfigurationInput } from '../../lib/configuration.ts';
import { temporaryFolder } from '../../local/temporary-folder.ts';

interface Report {
  readonly pluginReports: readonly {
    readonly pluginName: string;
    readonly violations: readonly Violation[];
    readonly suppressedViolations?: readonly (Violation & { readonly reason: string })[];
  }[];
}

interface Violation {
  readonly ruleName: string;
  readonly violatingConstructs: readonly { readonly constructPath: string }[];
}

/** What cdk-nag's packs say of a configuration. */
function check(configuration: RecorderConfigurationInput): Report['pluginReports'] {
  using folder = temporaryFolder();
  const parsed = parseConfiguration(configuration, 'test.config.ts');
  const app = new App({ context: { 'aws:cdk:bundling-stacks': [] }, outdir: folder.path });
  new CallRecorderStack(app, parsed.stackName, parsed);
  Validations.of(app).addPlugins(
    new AwsSolutionsChecks(app),
    new ServerlessChecks(app),
    ...(parsed.compliance === 'hipaa' ? [new HIPAASecurityChecks(app)] : []),
    ...(parsed.compliance === 'pci' ? [new PCIDSS321Checks(app)] : []),
  );
  try {
    app.synth();
  } catch {
    // What was found is in the report.
  }
  const report: Report = JSON.parse(readFileSync(join(folder.path, 'validation-report.json'), 'utf8'));
  return report.pluginReports;
}

const ACKNOWLEDGED = {
  hipaa: [
    'HIPAA.Security-CloudWatchAlarmAction',
    'HIPAA.Security-IAMNoInlinePolicy',
    'HIPAA.Security-LambdaConcurrency',
    'HIPAA.Security-LambdaDLQ',
    'HIPAA.Security-LambdaInsideVPC',
    'HIPAA.Security-SecretsManagerRotationEnabled',
  ],
  pci: ['PCI.DSS.321-IAMNoInlinePolicy', 'PCI.DSS.321-LambdaInsideVPC'],
};
const PACKS = { hipaa: 'HIPAA.Security', pci: 'PCI.DSS.321' };

describe.each<[string, RecorderConfigurationInput]>([
  ['as it is', {}],
  ['that asks', { consent: 'ask', optOutKey: '9', alarmEmail: 'ops@example.com' }],
  ['with a gate, for HIPAA', { whenNotRecorded: 'refuse', compliance: 'hipaa' }],
  [
    'for tokens, for PCI DSS',
    { compliance: 'pci', control: { issuer: 'https://login.example.com/', audience: ['recorder'] } },
  ],
])('the recorder %s', (_, configuration) => {
  const reports = check(configuration);

  test('keeps the rules of AWS Solutions, of the serverless pack, and of its compliance', () => {
    expect(reports.map(({ pluginName }) => pluginName)).toEqual([
      'AwsSolutions',
      'Serverless',
      ...(configuration.compliance ? [PACKS[configuration.compliance]] : []),
    ]);
    expect(
      reports.flatMap(({ violations }) =>
        violations.flatMap(({ ruleName, violatingConstructs }) =>
          violatingConstructs.map(({ constructPath }) => `${ruleName} ${constructPath}`),
        ),
      ),
    ).toEqual([]);
  });

  test('says why, where one does not hold', () => {
    const acknowledged = reports.flatMap(({ suppressedViolations = [] }) => suppressedViolations);
    expect([...new Set(acknowledged.map(({ ruleName }) => ruleName.replace(/\[.*/, '')))].toSorted()).toEqual(
      [
        'AwsSolutions-APIG4',
        // The canary's, which callers who are asked do not have.
        ...(configuration.consent === 'ask' ? [] : ['AwsSolutions-IAM4']),
        'AwsSolutions-IAM5',
        'AwsSolutions-SF1',
        'AwsSolutions-SMG4',
        'AwsSolutions-SQS3',
        ...(configuration.compliance ? ACKNOWLEDGED[configuration.compliance] : []),
        'Serverless-EventBusDLQ',
        'Serverless-LambdaDLQ',
        ...(configuration.alarmEmail ? ['Serverless-SNSRedrivePolicy'] : []),
        'Serverless-SQSRedrivePolicy',
      ],
    );
    for (const { reason } of acknowledged) {
      expect(reason).toMatch(/^[A-Z].{20,}\.$/);
    }
  });
});
