import { ENVIRONMENT } from '../shared/contract.ts';
import { environmentVariable, settings } from '../shared/environment.ts';
import { stepFunctionsExecutions } from '../shared/executions.ts';
import type { BasePlatform, Platform } from '../shared/platform.ts';
import { type SecretPlatform, secretFromSecretsManager } from '../shared/secret.ts';
import { VoiceWebhookSettings } from '../shared/settings.ts';
import { BUDGET_MILLISECONDS, voiceWebhook } from './voice-webhook.ts';

export function wire(platform: BasePlatform & SecretPlatform & Pick<Platform, 'stepFunctions'>) {
  const { environment, telemetry } = platform;
  return voiceWebhook({
    ...settings(VoiceWebhookSettings, environment),
    secrets: secretFromSecretsManager(platform, BUDGET_MILLISECONDS.secret),
    executions: stepFunctionsExecutions(
      platform,
      environmentVariable(ENVIRONMENT.stateMachineArn, environment),
      BUDGET_MILLISECONDS.execution,
    ),
    publicBaseUrl: environmentVariable(ENVIRONMENT.publicBaseUrl, environment),
    telemetry,
  });
}
