import type { CloudFormationTemplate } from './template.ts';

export const FUNCTION = 'AWS::Lambda::Function';
export const VERSION = 'AWS::Lambda::Version';
export const ALIAS = 'AWS::Lambda::Alias';
export const API = 'AWS::ApiGatewayV2::Api';
export const AUTHORIZER = 'AWS::ApiGatewayV2::Authorizer';
export const ROUTE = 'AWS::ApiGatewayV2::Route';
export const INTEGRATION = 'AWS::ApiGatewayV2::Integration';
export const STAGE = 'AWS::ApiGatewayV2::Stage';
export const STATE_MACHINE = 'AWS::StepFunctions::StateMachine';
export const GLOBAL_TABLE = 'AWS::DynamoDB::GlobalTable';
export const TABLE = 'AWS::DynamoDB::Table';
export const SECRET = 'AWS::SecretsManager::Secret';
export const SCHEDULE = 'AWS::Scheduler::Schedule';
export const EVENT_INVOKE_CONFIG = 'AWS::Lambda::EventInvokeConfig';
export const QUEUE = 'AWS::SQS::Queue';
export const MANAGED_POLICY = 'AWS::IAM::ManagedPolicy';

const HOSTED: ReadonlySet<string> = new Set([
  FUNCTION,
  VERSION,
  ALIAS,
  API,
  AUTHORIZER,
  ROUTE,
  INTEGRATION,
  STAGE,
  STATE_MACHINE,
  GLOBAL_TABLE,
  TABLE,
  SECRET,
  SCHEDULE,
  EVENT_INVOKE_CONFIG,
  QUEUE,
  MANAGED_POLICY,
]);

/**
 * Permissions of the functions, keys, logs, alarms and gradual deployments: they change who may do what, who hears of it
 * or when an update is there, not what is done.
 */
const NEEDS_NOTHING: ReadonlySet<string> = new Set([
  'AWS::CDK::Metadata',
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::CompositeAlarm',
  'AWS::CloudWatch::Dashboard',
  'AWS::CodeDeploy::Application',
  'AWS::CodeDeploy::DeploymentGroup',
  'AWS::Events::Rule',
  'AWS::IAM::Policy',
  'AWS::IAM::Role',
  'AWS::KMS::Alias',
  'AWS::KMS::Key',
  'AWS::Lambda::Permission',
  'AWS::Logs::LogGroup',
  'AWS::Logs::MetricFilter',
  'AWS::Logs::QueryDefinition',
  'AWS::Logs::ResourcePolicy',
  'AWS::Scheduler::ScheduleGroup',
  'AWS::SecretsManager::ResourcePolicy',
  'AWS::SNS::Subscription',
  'AWS::SNS::Topic',
  'AWS::SNS::TopicPolicy',
  'AWS::SQS::QueuePolicy',
]);

/** @throws Error naming the logical id and the type of the first resource that the host does not know. */
export function checkResourceTypes(template: CloudFormationTemplate): void {
  for (const [logicalId, { Type }] of Object.entries(template.Resources)) {
    if (!HOSTED.has(Type) && !NEEDS_NOTHING.has(Type)) {
      throw new Error(`Resource ${logicalId}: the type ${Type} is not hosted`);
    }
  }
}
