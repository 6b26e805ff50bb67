import { type StorePlatform, storeFromEnvironment } from '../recording/store-from-environment.ts';
import { ENVIRONMENT } from '../shared/contract.ts';
import { environmentVariable, settings } from '../shared/environment.ts';
import { stepFunctionsExecutions } from '../shared/executions.ts';
import type { BasePlatform, Platform } from '../shared/platform.ts';
import { type SecretPlatform, secretFromSecretsManager } from '../shared/secret.ts';
import { ConsentSettings } from '../shared/settings.ts';
import { EXECUTION_BUDGET_MILLISECONDS } from '../shared/start-in-time.ts';
import { SECRET_BUDGET_MILLISECONDS } from '../twilio/call-webhook.ts';
import { consent } from './consent.ts';

export function wire(
  platform: BasePlatform & StorePlatform & SecretPlatform & Pick<Platform, 'stepFunctions'>,
) {
  const { environment, clock, telemetry } = platform;
  const { retentionDays, ...consentSettings } = settings(ConsentSettings, environment);
  return consent({
    ...consentSettings,
    secrets: secretFromSecretsManager(platform, SECRET_BUDGET_MILLISECONDS),
    executions: stepFunctionsExecutions(
      platform,
      environmentVariable(ENVIRONMENT.stateMachineArn, environment),
      EXECUTION_BUDGET_MILLISECONDS,
    ),
    store: storeFromEnvironment(platform, retentionDays),
    clock,
    telemetry,
    publicBaseUrl: environmentVariable(ENVIRONMENT.publicBaseUrl, environment),
  });
}
