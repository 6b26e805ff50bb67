import type { RecorderConfigurationInput } from '../../../lib/configuration.ts';
import type { CloudFormationResource } from '../../../local/host/template.ts';

/**
 * What must survive an upgrade, with the properties whose change makes CloudFormation replace it: each is another name
 * for "lose it". Rows, credentials, logs, messages and histories are data; an API's address is in Twilio's numbers, a
 * topic has subscriptions, a policy is attached to people.
 *
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
 */
const REPLACED_BY: Readonly<Record<string, readonly string[]>> = {
  'AWS::ApiGatewayV2::Api': ['ProtocolType'],
  'AWS::DynamoDB::GlobalTable': ['TableName', 'KeySchema', 'LocalSecondaryIndexes'],
  'AWS::IAM::ManagedPolicy': ['ManagedPolicyName', 'Path', 'Description'],
  'AWS::Logs::LogGroup': ['LogGroupName'],
  'AWS::SecretsManager::Secret': ['Name'],
  'AWS::SNS::Topic': ['TopicName', 'FifoTopic'],
  'AWS::SQS::Queue': ['QueueName', 'FifoQueue'],
  'AWS::StepFunctions::StateMachine': ['StateMachineName', 'StateMachineType'],
};

/** Those of which a copy is nowhere else: they stay when they leave the template. */
export const RETAINED: readonly string[] = ['AWS::DynamoDB::GlobalTable', 'AWS::KMS::Key'];

/** Configurations that were deployed, and go on being deployed; together they have every resource that there is. */
export const DEPLOYED: Readonly<Record<string, RecorderConfigurationInput>> = {
  'with a gate': { whenNotRecorded: 'refuse' },
  'that asks, for tokens': {
    consent: 'ask',
    optOutKey: '9',
    alarmEmail: 'ops@example.com',
    control: { issuer: 'https://login.example.com/', audience: ['recorder'] },
  },
};

export interface Kept {
  readonly type: string;
  /** Those that force a replacement and are set. */
  readonly properties: Readonly<Record<string, unknown>>;
}

/** What a template has of what must survive, by logical id. */
export const kept = (
  resources: Readonly<Record<string, CloudFormationResource>>,
): Readonly<Record<string, Kept>> =>
  Object.fromEntries(
    Object.entries(resources)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([logicalId, { Type: type, Properties = {} }]) => {
        const names = REPLACED_BY[type];
        const properties = Object.entries(Properties).filter(([name]) => names?.includes(name));
        return names ? [[logicalId, { type, properties: Object.fromEntries(properties) }]] : [];
      }),
  );
