import { type CfnElement, Stack, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/**
 * Says why a rule of cdk-nag's packs does not hold for a construct, and for what is in it. The packs run in a test.
 *
 * @param rule as it is reported: `AwsSolutions-IAM5[Resource::*]`
 * @see https://github.com/cdklabs/cdk-nag/blob/main/RULES.md
 */
export function acknowledge(scope: IConstruct, rule: string, reason: string): void {
  const pack = rule.slice(0, rule.indexOf('-'));
  Validations.of(scope).acknowledge({ id: `${pack}::${rule}`, reason });
}

/** The rule that finds a resource with a wildcard in a policy. */
export const wildcard = (resource: string): string => `AwsSolutions-IAM5[Resource::${resource}]`;

/** How the packs write the ARN of what a construct makes. */
export const arnIn = (construct: IConstruct): string => `<${logicalIdOf(construct)}.Arn>`;

/** How the packs write all executions of a state machine. */
export const executionsIn = (stateMachine: IConstruct): string =>
  `arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:{"Fn::Select":[6,{"Fn::Split":[":",{"Ref":"${logicalIdOf(stateMachine)}"}]}]}:*`;

/** How the packs write the routes of an API. */
export const routesIn = (api: IConstruct, route: string): string =>
  `arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<${logicalIdOf(api)}>/*/${route}`;

function logicalIdOf({ node }: IConstruct): string {
  const element = node.defaultChild as CfnElement;
  return String(Stack.of(element).resolve(element.logicalId));
}
