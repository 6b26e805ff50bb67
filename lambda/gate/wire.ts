import { GATE_POLICY } from '../recording/gate.ts';
import { likenessOf } from '../recording/ours.ts';
import { type StorePlatform, storeFromEnvironment } from '../recording/store-from-environment.ts';
import { ENVIRONMENT } from '../shared/contract.ts';
import { environmentVariable, settings } from '../shared/environment.ts';
import type { BasePlatform, Platform } from '../shared/platform.ts';
import { type SecretPlatform, secretFromSecretsManager } from '../shared/secret.ts';
import { GateSettings } from '../shared/settings.ts';
import { twilioApi } from '../twilio/api.ts';
import { createRecordingParameters } from '../twilio/recording-parameters.ts';
import { gate, SECRET_BUDGET_MILLISECONDS } from './gate.ts';

export function wire(platform: BasePlatform & StorePlatform & SecretPlatform & Pick<Platform, 'http'>) {
  const { environment, clock, random, telemetry, http } = platform;
  const { documents, recording, retentionDays, ringTimeoutSeconds, twilioApiBaseUrl } = settings(
    GateSettings,
    environment,
  );
  const publicBaseUrl = environmentVariable(ENVIRONMENT.publicBaseUrl, environment);
  const store = storeFromEnvironment(platform, retentionDays);
  return gate({
    secrets: secretFromSecretsManager(platform, SECRET_BUDGET_MILLISECONDS),
    store,
    withSecret: (secret) => ({
      twilio: twilioApi(http, secret, twilioApiBaseUrl, GATE_POLICY.requestTimeout),
      store,
      clock,
      random,
      createParameters: createRecordingParameters(recording, publicBaseUrl),
      likeness: likenessOf(recording),
      ringTimeoutSeconds,
    }),
    telemetry,
    documents,
    publicBaseUrl,
  });
}
