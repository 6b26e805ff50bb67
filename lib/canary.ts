import { Stack } from 'aws-cdk-lib';
import type { IAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { LambdaApplication, LambdaDeploymentConfig, LambdaDeploymentGroup } from 'aws-cdk-lib/aws-codedeploy';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Alias } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledgements.ts';

export interface CanaryProps {
  /** By the names of their functions. */
  readonly aliases: Readonly<Record<string, Alias>>;
  /** Each of which ends a deployment, and takes it back. */
  readonly alarms: readonly IAlarm[];
}

/**
 * Has a new version answer one request in ten for five minutes before it answers all of them. If an alarm goes off
 * meanwhile, CodeDeploy leads all requests to the version before, and CloudFormation takes the rest of the update back.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatepolicy.html
 */
export class Canary extends Construct {
  constructor(scope: Construct, id: string, { aliases, alarms }: CanaryProps) {
    super(scope, id);
    const application = new LambdaApplication(this, 'Application');
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('codedeploy.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    });
    acknowledge(
      role,
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited]',
      'What CodeDeploy needs to move an alias is for AWS to say, and a policy that lacks some of it would fail the next update.',
    );
    for (const [name, alias] of Object.entries(aliases)) {
      new LambdaDeploymentGroup(this, name, {
        application,
        role,
        alias,
        alarms: [...alarms],
        deploymentConfig: LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES,
      });
    }
  }
}
