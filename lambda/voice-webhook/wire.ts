import { ENVIRONMENT } from '../shared/contract.ts';
import { environmentVariable, settings } from '../shared/environment.ts';
import { stepFunctionsExecutions } from '../shared/executions.ts';
import type { BasePlatform, Platform } from '../shared/platform.ts';
import { type SecretPlatform, secretFromSecretsManager } from '../shared/secret.ts';
import { VoiceWebhookSettings } from '../shared/settings.ts';
import { EXECUTION_BUDGET_MILLISECONDS } from '../shared/start-in-time.ts';
import { SECRET_BUDGET_MILLISECONDS } from '../twilio/call-webhook.ts';
import { voiceWebhook } from './voice-webhook.ts';

export function wire(platform: BasePlatform & SecretPlatform & Pick<Platform, 'stepFunctions'>) {
  const { environment, telemetry } = platform;
  return voiceWebhook({
    ...settings(VoiceWebhookSettings, environment),
    secrets: secretFromSecretsManager(platform, SECRET_BUDGET_MILLISECONDS),
    executions: stepFunctionsExecutions(
      platform,
      environmentVariable(ENVIRONMENT.stateMachineArn, environment),
      EXECUTION_BUDGET_MILLISECONDS,
    ),
    publicBaseUrl: environmentVariable(ENVIRONMENT.publicBaseUrl, environment),
    telemetry,
  });
}
