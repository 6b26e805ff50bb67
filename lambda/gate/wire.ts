import { GATE_POLICY } from '../recording/gate.ts';
import { startFromEnvironment } from '../recording/start-from-environment.ts';
import { type StorePlatform, storeFromEnvironment } from '../recording/store-from-environment.ts';
import { ENVIRONMENT } from '../shared/contract.ts';
import { environmentVariable, settings } from '../shared/environment.ts';
import type { BasePlatform, Platform } from '../shared/platform.ts';
import { type SecretPlatform, secretFromSecretsManager } from '../shared/secret.ts';
import { GateSettings } from '../shared/settings.ts';
import { SECRET_BUDGET_MILLISECONDS } from '../twilio/call-webhook.ts';
import { gate } from './gate.ts';

export function wire(platform: BasePlatform & StorePlatform & SecretPlatform & Pick<Platform, 'http'>) {
  const { environment, telemetry } = platform;
  const { documents, ...startSettings } = settings(GateSettings, environment);
  const store = storeFromEnvironment(platform, startSettings.retentionDays);
  return gate({
    secrets: secretFromSecretsManager(platform, SECRET_BUDGET_MILLISECONDS),
    store,
    withSecret: startFromEnvironment(platform, startSettings, store, {
      requestTimeout: GATE_POLICY.requestTimeout,
      questionTimeout: GATE_POLICY.requestTimeout,
    }),
    telemetry,
    documents,
    publicBaseUrl: environmentVariable(ENVIRONMENT.publicBaseUrl, environment),
  });
}
