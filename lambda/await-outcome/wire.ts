import { type StorePlatform, storeFromEnvironment } from '../recording/store-from-environment.ts';
import { settings } from '../shared/environment.ts';
import type { BasePlatform, Platform } from '../shared/platform.ts';
import { StoreSettings } from '../shared/settings.ts';
import { stepFunctionsTaskTokens } from '../shared/task-tokens.ts';
import { awaitOutcome } from './await-outcome.ts';

export function wire(platform: BasePlatform & StorePlatform & Pick<Platform, 'stepFunctions'>) {
  const { retentionDays } = settings(StoreSettings, platform.environment);
  return awaitOutcome(storeFromEnvironment(platform, retentionDays), stepFunctionsTaskTokens(platform));
}
