import { likenessOf } from '../recording/ours.ts';
import { START_POLICY } from '../recording/start.ts';
import { type StorePlatform, storeFromEnvironment } from '../recording/store-from-environment.ts';
import { ENVIRONMENT } from '../shared/contract.ts';
import { environmentVariable, settings } from '../shared/environment.ts';
import type { BasePlatform, Platform } from '../shared/platform.ts';
import { type SecretPlatform, secretFromSecretsManager } from '../shared/secret.ts';
import { StartSettings } from '../shared/settings.ts';
import { twilioApi } from '../twilio/api.ts';
import { createRecordingParameters } from '../twilio/recording-parameters.ts';
import { startRecordingTask } from './start-recording.ts';

export function wire(platform: BasePlatform & StorePlatform & SecretPlatform & Pick<Platform, 'http'>) {
  const { environment, clock, random, telemetry, http } = platform;
  const { recording, retentionDays, ringTimeoutSeconds, startDelaySeconds, startWith, twilioApiBaseUrl } =
    settings(StartSettings, environment);
  const publicBaseUrl = environmentVariable(ENVIRONMENT.publicBaseUrl, environment);
  const createParameters = createRecordingParameters(recording, publicBaseUrl);
  const store = storeFromEnvironment(platform, retentionDays);
  return startRecordingTask({
    secrets: secretFromSecretsManager(platform),
    withSecret: (secret) => ({
      twilio: twilioApi(
        http,
        secret,
        twilioApiBaseUrl,
        START_POLICY.requestTimeout,
        START_POLICY.questionTimeout,
      ),
      store,
      clock,
      random,
      createParameters,
      likeness: likenessOf(recording),
      ringTimeoutSeconds,
    }),
    startDelaySeconds,
    startWith,
    telemetry,
  });
}
