import { type Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type IMetric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import {
  AttributeType,
  Billing,
  type CfnGlobalTable,
  ProjectionType,
  TableEncryptionV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { TABLE } from '../lambda/shared/contract.ts';

/** What DynamoDB does with a key: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html */
const TO_READ = ['kms:Decrypt', 'kms:DescribeKey'];
const TO_WRITE = [
  'kms:Encrypt',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
];

/**
 * The table of calls: the proof of what was recorded. It outlives the stack, and whoever wants to delete it has to say so
 * twice.
 */
export class CallTable extends TableV2 {
  readonly #key: IKey | undefined;

  /** @param key of the account's own; left out, AWS manages one */
  constructor(scope: Construct, id: string, key?: IKey) {
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
    this.#key = key;
    if (key) {
      // TableEncryptionV2 wants to know the region, which only the deployment does.
      const table = this.node.defaultChild as CfnGlobalTable;
      table.addPropertyOverride('Replicas.0.SSESpecification.KMSMasterKeyId', key.keyArn);
    }
  }

  /**
   * Requests that were refused for now, on the table and on its index, which the table's own figures do not include.
   * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
   */
  throttles(period: Duration): readonly IMetric[] {
    const names = ['ReadThrottleEvents', 'WriteThrottleEvents'];
    const ofTable = { TableName: this.tableName };
    const ofIndex = { ...ofTable, GlobalSecondaryIndexName: TABLE.callsByDay.indexName };
    return [
      ...names.map((label) => [label, label, ofTable] as const),
      ...names.map((name) => [name, `${name}, index`, ofIndex] as const),
    ].map(([name, label, dimensionsMap]) =>
      this.metric(name, { period, statistic: Stats.SUM, label, dimensionsMap }),
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
    this.#grantKey(grantee, [...TO_READ, ...TO_WRITE]);
  }

  /** Allows to read the rows of calls, also by day. */
  grantRead(grantee: IGrantable): void {
    Grant.addToPrincipal({
      grantee,
      actions: ['dynamodb:Query'],
      resourceArns: [this.tableArn, `${this.tableArn}/index/${TABLE.callsByDay.indexName}`],
    });
    this.#grantKey(grantee, TO_READ);
  }

  /** With a key of the account's own, DynamoDB uses it in the name of whoever asks for rows. */
  #grantKey(grantee: IGrantable, actions: readonly string[]): void {
    if (this.#key) {
      Grant.addToPrincipal({
        grantee,
        actions: [...actions],
        resourceArns: [this.#key.keyArn],
        conditions: { StringEquals: { 'kms:ViaService': `dynamodb.${this.stack.region}.amazonaws.com` } },
      });
    }
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
