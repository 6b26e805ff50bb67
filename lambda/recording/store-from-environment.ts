import { ENVIRONMENT } from '../shared/contract.ts';
import { environmentVariable } from '../shared/environment.ts';
import type { Platform } from '../shared/platform.ts';
import { dynamoDbStore } from './dynamodb-store.ts';
import { reportingEndings } from './report-endings.ts';
import type { CallStore, SweepStore } from './store.ts';

/** What a function needs that stores. */
export type StorePlatform = Pick<Platform, 'environment' | 'dynamoDb' | 'clock' | 'newId' | 'telemetry'>;

/** The table that the stack made. Three attempts of a second at most: a call waits for some of them. */
export function storeFromEnvironment(
  { environment, dynamoDb, clock, newId, telemetry }: StorePlatform,
  retentionDays: number,
): CallStore & SweepStore {
  const store = dynamoDbStore({
    client: dynamoDb(3, 1_000),
    tableName: environmentVariable(ENVIRONMENT.tableName, environment),
    retentionDays,
    clock,
    newId,
  });
  return reportingEndings(store, telemetry);
}
