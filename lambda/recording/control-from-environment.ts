import { ENVIRONMENT } from '../shared/contract.ts';
import { environmentVariable } from '../shared/environment.ts';
import { describeError } from '../shared/errors.ts';
import type { Executions } from '../shared/executions.ts';
import type { BasePlatform, Platform } from '../shared/platform.ts';
import type { TwilioSecret } from '../shared/secret.ts';
import type { StartSettings } from '../shared/settings.ts';
import { twilioApi } from '../twilio/api.ts';
import { createRecordingParameters } from '../twilio/recording-parameters.ts';
import { CONTROL_POLICY, type ControlDependencies } from './control.ts';
import { startAnother } from './executions-of-a-call.ts';
import { likenessOf } from './ours.ts';
import { START_POLICY } from './start.ts';
import { type StorePlatform, storeFromEnvironment } from './store-from-environment.ts';

/** What commands need of a function's environment, for each secret. */
export function controlFromEnvironment(
  platform: BasePlatform & StorePlatform & Pick<Platform, 'http'>,
  { recording, retentionDays, ringTimeoutSeconds, twilioApiBaseUrl }: StartSettings,
  executions: Executions,
): (secret: TwilioSecret) => ControlDependencies {
  const { environment, clock, random, telemetry, http } = platform;
  const store = storeFromEnvironment(platform, retentionDays);
  const publicBaseUrl = environmentVariable(ENVIRONMENT.publicBaseUrl, environment);
  return (secret) => ({
    accountSid: secret.accountSid,
    twilio: twilioApi(
      http,
      secret,
      twilioApiBaseUrl,
      CONTROL_POLICY.requestTimeout,
      START_POLICY.questionTimeout,
    ),
    store,
    clock,
    random,
    createParameters: createRecordingParameters(recording, publicBaseUrl),
    likeness: likenessOf(recording),
    ringTimeoutSeconds,
    follow: async (call) => {
      try {
        await startAnother(executions, call);
      } catch (error) {
        telemetry.warn(
          'No execution follows a recording that was started by hand; the sweep will see to it',
          {
            callSid: call.callSid,
            error: describeError(error),
          },
        );
      }
    },
  });
}
