import { START_POLICY } from '../recording/start.ts';
import { startFromEnvironment } from '../recording/start-from-environment.ts';
import { type StorePlatform, storeFromEnvironment } from '../recording/store-from-environment.ts';
import { settings } from '../shared/environment.ts';
import type { BasePlatform, Platform } from '../shared/platform.ts';
import { type SecretPlatform, secretFromSecretsManager } from '../shared/secret.ts';
import { StartSettings } from '../shared/settings.ts';
import { startRecordingTask } from './start-recording.ts';

export function wire(platform: BasePlatform & StorePlatform & SecretPlatform & Pick<Platform, 'http'>) {
  const { environment, telemetry } = platform;
  const startSettings = settings(StartSettings, environment);
  const { retentionDays, startDelaySeconds, startWith } = startSettings;
  const store = storeFromEnvironment(platform, retentionDays);
  return startRecordingTask({
    secrets: secretFromSecretsManager(platform),
    withSecret: startFromEnvironment(platform, startSettings, store, START_POLICY),
    startDelaySeconds,
    startWith,
    telemetry,
  });
}
