import { likenessOf } from '../recording/ours.ts';
import { type StorePlatform, storeFromEnvironment } from '../recording/store-from-environment.ts';
import { settings } from '../shared/environment.ts';
import type { BasePlatform, Platform } from '../shared/platform.ts';
import { type SecretPlatform, secretFromSecretsManager } from '../shared/secret.ts';
import { ReconcileSettings } from '../shared/settings.ts';
import { twilioApi } from '../twilio/api.ts';
import { reconcileTask } from './reconcile-task.ts';

const REQUEST_TIMEOUT_MILLISECONDS = 10_000;

export function wire(platform: BasePlatform & StorePlatform & SecretPlatform & Pick<Platform, 'http'>) {
  const { environment, clock, telemetry } = platform;
  const { recording, retentionDays, twilioApiBaseUrl } = settings(ReconcileSettings, environment);
  const store = storeFromEnvironment(platform, retentionDays);
  const secrets = secretFromSecretsManager(platform);
  return reconcileTask(
    async () => ({
      twilio: twilioApi(platform, await secrets.get(), twilioApiBaseUrl, REQUEST_TIMEOUT_MILLISECONDS),
      store,
      clock,
      likeness: likenessOf(recording),
      recording,
    }),
    telemetry,
  );
}
