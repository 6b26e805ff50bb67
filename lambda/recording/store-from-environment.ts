import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { awsClientOptions } from '../shared/aws.ts';
import { systemClock } from '../shared/clock.ts';
import { ENVIRONMENT } from '../shared/contract.ts';
import { environmentVariable } from '../shared/environment.ts';
import { dynamoDbStore } from './dynamodb-store.ts';
import type { CallStore } from './store.ts';

/** The table that the stack made. Three attempts of a second at most: a call waits for some of them. */
export function storeFromEnvironment(retentionDays: number): CallStore {
  return dynamoDbStore({
    client: new DynamoDBClient(awsClientOptions(3, 1_000)),
    tableName: environmentVariable(ENVIRONMENT.tableName),
    retentionDays,
    clock: systemClock,
  });
}
