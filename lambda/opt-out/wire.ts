import { type StorePlatform, storeFromEnvironment } from '../recording/store-from-environment.ts';
import { ENVIRONMENT } from '../shared/contract.ts';
import { environmentVariable, settings } from '../shared/environment.ts';
import type { BasePlatform, Platform } from '../shared/platform.ts';
import { type SecretPlatform, secretFromSecretsManager } from '../shared/secret.ts';
import { OptOutSettings } from '../shared/settings.ts';
import { stepFunctionsTaskTokens } from '../shared/task-tokens.ts';
import { twilioApi } from '../twilio/api.ts';
import { SECRET_BUDGET_MILLISECONDS } from '../twilio/call-webhook.ts';
import { optOut } from './opt-out.ts';

const REQUEST_TIMEOUT_MILLISECONDS = 900;

export function wire(
  platform: BasePlatform & StorePlatform & SecretPlatform & Pick<Platform, 'http' | 'stepFunctions'>,
) {
  const { environment, clock, telemetry } = platform;
  const { retentionDays, twilioApiBaseUrl, ...optOutSettings } = settings(OptOutSettings, environment);
  const store = storeFromEnvironment(platform, retentionDays);
  return optOut({
    ...optOutSettings,
    secrets: secretFromSecretsManager(platform, SECRET_BUDGET_MILLISECONDS),
    store,
    taskTokens: stepFunctionsTaskTokens(platform),
    withSecret: (secret) => ({
      twilio: twilioApi(platform, secret, twilioApiBaseUrl, REQUEST_TIMEOUT_MILLISECONDS),
      store,
      clock,
    }),
    clock,
    telemetry,
    publicBaseUrl: environmentVariable(ENVIRONMENT.publicBaseUrl, environment),
  });
}
