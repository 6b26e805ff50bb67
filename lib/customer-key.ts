import { Aws, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

/**
 * A key of the account's own, under which everything is encrypted that the recorder keeps. It outlives the stack: without
 * it the table that does so too could not be read. Who may use it is said by policies of the account's principals, and
 * for AWS's services here.
 */
export class CustomerKey extends Key {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      description: 'Encrypts what the call recorder keeps',
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const { account, region, partition } = Stack.of(this);
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    this.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal(`logs.${region}.amazonaws.com`)],
        actions: ['kms:Encrypt*', 'kms:Decrypt*', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:Describe*'],
        resources: ['*'],
        conditions: {
          ArnLike: {
            // CloudFormation names what has no name of its own after the stack.
            'kms:EncryptionContext:aws:logs:arn': `arn:${partition}:logs:${region}:${account}:log-group:${Aws.STACK_NAME}-*`,
          },
        },
      }),
    );
    // Who publish to the topic. https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    this.addToResourcePolicy(publishing('cloudwatch.amazonaws.com', { 'aws:SourceAccount': account }));
    // EventBridge does not say for whom it publishes; the topic's policy says who may.
    this.addToResourcePolicy(publishing('events.amazonaws.com'));
  }

  /** Encrypts every log group that there is in a construct, and has it outlive the stack: an audit trail is in there. */
  keepLogs(scope: Construct): void {
    for (const group of scope.node.findAll().filter(CfnLogGroup.isCfnLogGroup)) {
      group.kmsKeyId = this.keyArn;
      group.applyRemovalPolicy(RemovalPolicy.RETAIN);
    }
  }
}

const publishing = (service: string, equal?: Record<string, string>): PolicyStatement =>
  new PolicyStatement({
    principals: [new ServicePrincipal(service)],
    actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
    resources: ['*'],
    ...(equal && { conditions: { StringEquals: equal } }),
  });
