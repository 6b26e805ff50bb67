import { ENVIRONMENT } from '../shared/contract.ts';
import { environmentVariable } from '../shared/environment.ts';
import type { BasePlatform, Platform } from '../shared/platform.ts';
import type { TwilioSecret } from '../shared/secret.ts';
import type { StartSettings } from '../shared/settings.ts';
import { type TwilioApi, twilioApi } from '../twilio/api.ts';
import { createRecordingParameters } from '../twilio/recording-parameters.ts';
import { likenessOf } from './ours.ts';
import type { StartDependencies } from './start.ts';
import type { CallStore } from './store.ts';

/** How long Twilio may take, in milliseconds, for a request that changes something and for a question. */
interface TwilioTimeouts {
  readonly requestTimeout: number;
  readonly questionTimeout: number;
}

/** What starting a recording needs of a function's environment, for each secret. */
export function startFromEnvironment(
  platform: BasePlatform & Pick<Platform, 'http'>,
  {
    recording,
    ringTimeoutSeconds,
    twilioApiBaseUrl,
    asks,
  }: Pick<StartSettings, 'recording' | 'ringTimeoutSeconds' | 'twilioApiBaseUrl' | 'asks'>,
  store: CallStore,
  { requestTimeout, questionTimeout }: TwilioTimeouts,
): (secret: TwilioSecret) => StartDependencies & { readonly twilio: TwilioApi; readonly store: CallStore } {
  const { environment, clock, random } = platform;
  const createParameters = createRecordingParameters(
    recording,
    environmentVariable(ENVIRONMENT.publicBaseUrl, environment),
  );
  const likeness = likenessOf(recording);
  return (secret) => ({
    twilio: twilioApi(platform, secret, twilioApiBaseUrl, requestTimeout, questionTimeout),
    store,
    clock,
    random,
    createParameters,
    likeness,
    ringTimeoutSeconds,
    asks,
  });
}
