import { type StorePlatform, storeFromEnvironment } from '../recording/store-from-environment.ts';
import { ENVIRONMENT } from '../shared/contract.ts';
import { environmentVariable, settings } from '../shared/environment.ts';
import type { BasePlatform } from '../shared/platform.ts';
import { type SecretPlatform, secretFromSecretsManager } from '../shared/secret.ts';
import { AskSettings } from '../shared/settings.ts';
import { SECRET_BUDGET_MILLISECONDS } from '../twilio/call-webhook.ts';
import { ask } from './ask.ts';

export function wire(platform: BasePlatform & StorePlatform & SecretPlatform) {
  const { environment, clock, telemetry } = platform;
  const { question, textVersion, retentionDays } = settings(AskSettings, environment);
  return ask({
    secrets: secretFromSecretsManager(platform, SECRET_BUDGET_MILLISECONDS),
    store: storeFromEnvironment(platform, retentionDays),
    clock,
    telemetry,
    question,
    textVersion,
    publicBaseUrl: environmentVariable(ENVIRONMENT.publicBaseUrl, environment),
  });
}
