import { type Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type IMetric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { AttributeType, Billing, ProjectionType, TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { TABLE } from '../lambda/shared/contract.ts';

/**
 * The table of calls: the proof of what was recorded. It outlives the stack, and whoever wants to delete it has to say so
 * twice.
 */
export class CallTable extends TableV2 {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      partitionKey: { name: TABLE.partitionKey, type: AttributeType.STRING },
      sortKey: { name: TABLE.sortKey, type: AttributeType.STRING },
      timeToLiveAttribute: TABLE.timeToLive,
      billing: Billing.onDemand(),
      encryption: TableEncryptionV2.awsManagedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
      globalSecondaryIndexes: [
        {
          // Only the summaries of calls have a day, so neither recordings nor events are in the index.
          indexName: TABLE.callsByDay.indexName,
          partitionKey: { name: TABLE.callsByDay.partitionKey, type: AttributeType.STRING },
          sortKey: { name: TABLE.callsByDay.sortKey, type: AttributeType.STRING },
          projectionType: ProjectionType.ALL,
        },
      ],
    });
  }

  /** Requests that were refused for now, on the table and on its index. */
  throttles(period: Duration): readonly IMetric[] {
    return ['ReadThrottleEvents', 'WriteThrottleEvents'].map((name) =>
      this.metric(name, { period, statistic: Stats.SUM, label: name }),
    );
  }

  /** Allows what the store of calls does, and nothing that could delete a row. */
  grantStore(grantee: IGrantable): void {
    // grant() would include the index, which only lists.
    Grant.addToPrincipal({
      grantee,
      actions: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
      resourceArns: [this.tableArn],
    });
  }

  /** Allows to read the rows of calls, also by day. */
  grantRead(grantee: IGrantable): void {
    Grant.addToPrincipal({
      grantee,
      actions: ['dynamodb:Query'],
      resourceArns: [this.tableArn, `${this.tableArn}/index/${TABLE.callsByDay.indexName}`],
    });
  }

  /** Allows what the sweep does besides what the store does. */
  grantSweep(grantee: IGrantable): void {
    Grant.addToPrincipal({
      grantee,
      actions: ['dynamodb:BatchGetItem'],
      resourceArns: [this.tableArn],
    });
  }
}
