import { type StorePlatform, storeFromEnvironment } from '../recording/store-from-environment.ts';
import { ENVIRONMENT } from '../shared/contract.ts';
import { environmentVariable, settings } from '../shared/environment.ts';
import { stepFunctionsExecutions } from '../shared/executions.ts';
import type { BasePlatform, Platform } from '../shared/platform.ts';
import { type SecretPlatform, secretFromSecretsManager } from '../shared/secret.ts';
import { StoreSettings } from '../shared/settings.ts';
import { stepFunctionsTaskTokens } from '../shared/task-tokens.ts';
import { recordingStatus } from './recording-status.ts';

const STEP_FUNCTIONS_TIMEOUT_MILLISECONDS = 900;

export function wire(
  platform: BasePlatform & StorePlatform & SecretPlatform & Pick<Platform, 'stepFunctions'>,
) {
  const { environment, telemetry } = platform;
  return recordingStatus({
    secrets: secretFromSecretsManager(platform),
    store: storeFromEnvironment(platform, settings(StoreSettings, environment).retentionDays),
    taskTokens: stepFunctionsTaskTokens(platform),
    executions: stepFunctionsExecutions(
      platform,
      environmentVariable(ENVIRONMENT.stateMachineArn, environment),
      STEP_FUNCTIONS_TIMEOUT_MILLISECONDS,
    ),
    publicBaseUrl: environmentVariable(ENVIRONMENT.publicBaseUrl, environment),
    telemetry,
  });
}
