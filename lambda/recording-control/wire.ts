import { controlFromEnvironment } from '../recording/control-from-environment.ts';
import { type StorePlatform, storeFromEnvironment } from '../recording/store-from-environment.ts';
import { ENVIRONMENT } from '../shared/contract.ts';
import { environmentVariable, settings } from '../shared/environment.ts';
import { stepFunctionsExecutions } from '../shared/executions.ts';
import type { BasePlatform, Platform } from '../shared/platform.ts';
import { type SecretPlatform, secretFromSecretsManager } from '../shared/secret.ts';
import { StartSettings } from '../shared/settings.ts';
import { recordingControl } from './recording-control.ts';

/** An operator waits for it. */
const STEP_FUNCTIONS_TIMEOUT_MILLISECONDS = 2_000;

export function wire(
  platform: BasePlatform & StorePlatform & SecretPlatform & Pick<Platform, 'http' | 'stepFunctions'>,
) {
  const { environment, telemetry } = platform;
  const startSettings = settings(StartSettings, environment);
  const store = storeFromEnvironment(platform, startSettings.retentionDays);
  const executions = stepFunctionsExecutions(
    platform,
    environmentVariable(ENVIRONMENT.stateMachineArn, environment),
    STEP_FUNCTIONS_TIMEOUT_MILLISECONDS,
  );
  return recordingControl({
    secrets: secretFromSecretsManager(platform),
    withSecret: controlFromEnvironment(platform, startSettings, store, executions),
    telemetry,
  });
}
