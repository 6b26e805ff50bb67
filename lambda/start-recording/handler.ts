import { START_POLICY } from '../recording/start.ts';
import { storeFromEnvironment } from '../recording/store-from-environment.ts';
import { systemClock } from '../shared/clock.ts';
import { ENVIRONMENT } from '../shared/contract.ts';
import { environmentVariable, settings } from '../shared/environment.ts';
import { secretFromSecretsManager } from '../shared/secret.ts';
import { StartSettings } from '../shared/settings.ts';
import { powertools } from '../shared/telemetry.ts';
import { twilioApi } from '../twilio/api.ts';
import { createRecordingParameters } from '../twilio/recording-parameters.ts';
import { startRecordingTask } from './start-recording.ts';

const { recording, retentionDays, ringTimeoutSeconds, startDelaySeconds, twilioApiBaseUrl } =
  settings(StartSettings);
const createParameters = createRecordingParameters(recording, environmentVariable(ENVIRONMENT.publicBaseUrl));
const store = storeFromEnvironment(retentionDays);
const { telemetry, perInvocation } = powertools();

export const handler = perInvocation(
  startRecordingTask({
    secrets: secretFromSecretsManager(),
    withSecret: (secret) => ({
      twilio: twilioApi(secret, twilioApiBaseUrl, START_POLICY.requestTimeout),
      store,
      clock: systemClock,
      random: Math.random,
      createParameters,
      ringTimeoutSeconds,
    }),
    startDelaySeconds,
    telemetry,
  }),
);
