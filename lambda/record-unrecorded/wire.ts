import { type StorePlatform, storeFromEnvironment } from '../recording/store-from-environment.ts';
import { settings } from '../shared/environment.ts';
import type { BasePlatform } from '../shared/platform.ts';
import { StoreSettings } from '../shared/settings.ts';
import { recordUnrecorded } from './record-unrecorded.ts';

export function wire(platform: BasePlatform & StorePlatform) {
  const { retentionDays } = settings(StoreSettings, platform.environment);
  return recordUnrecorded(storeFromEnvironment(platform, retentionDays), platform.telemetry);
}
