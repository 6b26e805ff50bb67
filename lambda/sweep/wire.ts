import { control } from '../recording/control.ts';
import { controlFromEnvironment } from '../recording/control-from-environment.ts';
import { type StorePlatform, storeFromEnvironment } from '../recording/store-from-environment.ts';
import { ENVIRONMENT, ROUTES } from '../shared/contract.ts';
import { environmentVariable, settings } from '../shared/environment.ts';
import { stepFunctionsExecutions } from '../shared/executions.ts';
import type { BasePlatform, Platform } from '../shared/platform.ts';
import { type SecretPlatform, secretFromSecretsManager } from '../shared/secret.ts';
import { SweepSettings } from '../shared/settings.ts';
import { twilioApi } from '../twilio/api.ts';
import { sweepTask } from './sweep-task.ts';

/** Who gives the recorder's own commands. */
const OURSELVES = 'call-recorder';
const TWILIO_TIMEOUT_MILLISECONDS = 10_000;
const STEP_FUNCTIONS_TIMEOUT_MILLISECONDS = 5_000;

export function wire(
  platform: BasePlatform & StorePlatform & SecretPlatform & Pick<Platform, 'http' | 'stepFunctions'>,
) {
  const { environment, clock, newId, telemetry } = platform;
  const { resumeAfterSeconds, ...startSettings } = settings(SweepSettings, environment);
  const { retentionDays, twilioApiBaseUrl } = startSettings;
  const store = storeFromEnvironment(platform, retentionDays);
  const secrets = secretFromSecretsManager(platform);
  const executions = stepFunctionsExecutions(
    platform,
    environmentVariable(ENVIRONMENT.stateMachineArn, environment),
    STEP_FUNCTIONS_TIMEOUT_MILLISECONDS,
  );
  const voiceUrl = environmentVariable(ENVIRONMENT.publicBaseUrl, environment) + ROUTES.voice;
  const controlWith = controlFromEnvironment(platform, startSettings, store, executions);
  return sweepTask(async () => {
    const secret = await secrets.get();
    return {
      twilio: twilioApi(platform, secret, twilioApiBaseUrl, TWILIO_TIMEOUT_MILLISECONDS),
      store,
      executions,
      clock,
      voiceUrl,
      accountSid: secret.accountSid,
      command: (callSid, command) =>
        control(controlWith(secret), { ...command, callSid, by: OURSELVES, owner: newId() }),
      resumeAfterMilliseconds: resumeAfterSeconds && resumeAfterSeconds * 1000,
      asks: startSettings.asks,
      recording: startSettings.recording,
    };
  }, telemetry);
}
