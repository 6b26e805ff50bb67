import * as v from 'valibot';
import { createResolver, type Resolve, type ResourceIdentity } from './intrinsics.ts';
import * as types from './resource-types.ts';
import type { CloudFormationResource, CloudFormationTemplate, LogicalResource } from './template.ts';

export const REGION = 'us-east-1';
export const ACCOUNT_ID = '123456789012';
export const API_ID = 'a1b2c3d4e5';
const STACK_NAME = 'local';

const PSEUDO_PARAMETERS = {
  'AWS::AccountId': ACCOUNT_ID,
  'AWS::Partition': 'aws',
  'AWS::Region': REGION,
  'AWS::StackId': `arn:aws:cloudformation:${REGION}:${ACCOUNT_ID}:stack/${STACK_NAME}/5f9c1e70-0000-4000-8000-000000000000`,
  'AWS::StackName': STACK_NAME,
  'AWS::URLSuffix': 'amazonaws.com',
};

const NAME_PROPERTIES: Readonly<Record<string, string>> = {
  [types.FUNCTION]: 'FunctionName',
  [types.STATE_MACHINE]: 'StateMachineName',
  [types.GLOBAL_TABLE]: 'TableName',
  [types.TABLE]: 'TableName',
  [types.SECRET]: 'Name',
  [types.SCHEDULE]: 'Name',
  [types.QUEUE]: 'QueueName',
  [types.MANAGED_POLICY]: 'ManagedPolicyName',
  'AWS::CloudWatch::Alarm': 'AlarmName',
  'AWS::CloudWatch::Dashboard': 'DashboardName',
  'AWS::IAM::Role': 'RoleName',
  'AWS::Logs::LogGroup': 'LogGroupName',
  'AWS::Scheduler::ScheduleGroup': 'Name',
  'AWS::SNS::Topic': 'TopicName',
};

/** A template whose references lead to what is hosted. */
export interface Stack {
  /** The resources of these types whose condition holds. */
  resources(...resourceTypes: readonly string[]): readonly LogicalResource[];
  /** @throws Error naming the types when the template has more than one. */
  onlyResource(...resourceTypes: readonly string[]): LogicalResource | undefined;
  /** The resource's properties, resolved and of the schema's shape. @throws Error naming the logical id. */
  properties<TOutput>(resource: LogicalResource, schema: v.GenericSchema<unknown, TOutput>): TOutput;
  identity(resource: LogicalResource): ResourceIdentity;
  physicalName(resource: LogicalResource): string;
  readonly outputs: Readonly<Record<string, string>>;
}

/** @param publicUrl what `ApiEndpoint` and the API's execute-api address resolve to, without a trailing slash */
export function readStack(template: CloudFormationTemplate, publicUrl: string): Stack {
  const physicalName = (logicalId: string, resource: CloudFormationResource): string => {
    const property = NAME_PROPERTIES[resource.Type];
    const name = property === undefined ? undefined : resource.Properties?.[property];
    return name === undefined ? `${STACK_NAME}-${logicalId}` : String(resolve(name));
  };

  const identify = (logicalId: string): ResourceIdentity | undefined => {
    const resource = template.Resources[logicalId];
    return resource && identityOf(resource, physicalName(logicalId, resource), publicUrl, resolve);
  };

  const resolveReferences: Resolve = createResolver({
    template,
    pseudoParameters: PSEUDO_PARAMETERS,
    identify,
  });
  const resolve: Resolve = (value) => redirectExecuteApi(resolveReferences(value), publicUrl);
  const holds = (condition: string | undefined): boolean =>
    condition === undefined || resolve({ Condition: condition }) === true;

  const resources = (...resourceTypes: readonly string[]): readonly LogicalResource[] =>
    Object.entries(template.Resources)
      .filter(([, { Type, Condition }]) => resourceTypes.includes(Type) && holds(Condition))
      .map(([logicalId, resource]) => ({ ...resource, logicalId }));

  return {
    resources,
    onlyResource: (...resourceTypes) => {
      const [resource, ...others] = resources(...resourceTypes);
      if (others.length > 0) throw new Error(`More than one ${resourceTypes.join(' or ')} is not hosted`);
      return resource;
    },
    properties: (resource, schema) => {
      const result = v.safeParse(schema, resolve(resource.Properties ?? {}));
      if (result.success) return result.output;
      const issues = result.issues.map((issue) => `${v.getDotPath(issue) ?? ''}: ${issue.message}`);
      throw new Error(`${resource.Type} ${resource.logicalId} is not hosted: ${issues.join('; ')}`);
    },
    identity: (resource) =>
      identityOf(resource, physicalName(resource.logicalId, resource), publicUrl, resolve),
    physicalName: (resource) => physicalName(resource.logicalId, resource),
    outputs: Object.fromEntries(
      Object.entries(template.Outputs ?? {})
        .filter(([, { Condition }]) => holds(Condition))
        .map(([name, { Value }]) => [name, String(resolve(Value))]),
    ),
  };
}

/** The CDK's `HttpApi.url` spells the address out of the API's id instead of asking for `ApiEndpoint`. */
function redirectExecuteApi(value: unknown, publicUrl: string): unknown {
  const address = `https://${API_ID}.execute-api.${REGION}.amazonaws.com`;
  if (typeof value === 'string') return value.replaceAll(address, publicUrl);
  if (Array.isArray(value)) return value.map((element) => redirectExecuteApi(element, publicUrl));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, element]) => [key, redirectExecuteApi(element, publicUrl)]),
  );
}

function identityOf(
  resource: CloudFormationResource,
  name: string,
  publicUrl: string,
  resolve: Resolve,
): ResourceIdentity {
  const { Properties = {} } = resource;
  const arn = (service: string, suffix: string) => `arn:aws:${service}:${REGION}:${ACCOUNT_ID}:${suffix}`;
  // Where a function is named, its ARN does as well.
  const functionArn = (reference: unknown) =>
    String(reference).startsWith('arn:') ? String(reference) : arn('lambda', `function:${reference}`);
  switch (resource.Type) {
    case types.FUNCTION:
      return { ref: name, attributes: { Arn: functionArn(name) } };
    case types.VERSION: {
      // What is deployed for the first time.
      const Version = '1';
      const versionArn = `${functionArn(resolve(Properties.FunctionName))}:${Version}`;
      return { ref: versionArn, attributes: { FunctionArn: versionArn, Version } };
    }
    case types.ALIAS: {
      const aliasArn = `${functionArn(resolve(Properties.FunctionName))}:${resolve(Properties.Name)}`;
      return { ref: aliasArn, attributes: { AliasArn: aliasArn } };
    }
    case types.API:
      return { ref: API_ID, attributes: { ApiEndpoint: publicUrl, ApiId: API_ID } };
    case types.STAGE:
      return { ref: '$default', attributes: {} };
    case types.STATE_MACHINE: {
      const stateMachineArn = arn('states', `stateMachine:${name}`);
      return { ref: stateMachineArn, attributes: { Arn: stateMachineArn, Name: name } };
    }
    case types.GLOBAL_TABLE:
    case types.TABLE:
      return { ref: name, attributes: { Arn: arn('dynamodb', `table/${name}`) } };
    case types.SECRET: {
      const secretArn = arn('secretsmanager', `secret:${name}-AbCdEf`);
      return { ref: secretArn, attributes: { Id: secretArn } };
    }
    case types.QUEUE: {
      const QueueUrl = `https://sqs.${REGION}.amazonaws.com/${ACCOUNT_ID}/${name}`;
      return { ref: QueueUrl, attributes: { Arn: arn('sqs', name), QueueName: name, QueueUrl } };
    }
    case types.MANAGED_POLICY: {
      const policyArn = `arn:aws:iam::${ACCOUNT_ID}:policy${Properties.Path ?? '/'}${name}`;
      return { ref: policyArn, attributes: { PolicyArn: policyArn } };
    }
    case 'AWS::Scheduler::ScheduleGroup':
      return { ref: name, attributes: { Arn: arn('scheduler', `schedule-group/${name}`) } };
    case 'AWS::IAM::Role':
      return { ref: name, attributes: { Arn: `arn:aws:iam::${ACCOUNT_ID}:role/${name}` } };
    case 'AWS::Logs::LogGroup':
      return { ref: name, attributes: { Arn: arn('logs', `log-group:${name}:*`) } };
    case 'AWS::KMS::Key':
      return { ref: name, attributes: { Arn: arn('kms', `key/${name}`), KeyId: name } };
    case 'AWS::SNS::Topic': {
      const topicArn = arn('sns', name);
      return { ref: topicArn, attributes: { TopicArn: topicArn, TopicName: name } };
    }
    case 'AWS::CloudWatch::Alarm':
    case 'AWS::CloudWatch::CompositeAlarm':
      return { ref: name, attributes: { Arn: arn('cloudwatch', `alarm:${name}`) } };
    default:
      return { ref: name, attributes: {} };
  }
}
