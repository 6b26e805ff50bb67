import { storeFromEnvironment } from '../recording/store-from-environment.ts';
import { systemClock } from '../shared/clock.ts';
import { settings } from '../shared/environment.ts';
import { secretFromSecretsManager } from '../shared/secret.ts';
import { ReconcileSettings } from '../shared/settings.ts';
import { powertools } from '../shared/telemetry.ts';
import { twilioApi } from '../twilio/api.ts';
import { reconcileTask } from './reconcile-task.ts';

const REQUEST_TIMEOUT_MILLISECONDS = 10_000;

const { retentionDays, twilioApiBaseUrl } = settings(ReconcileSettings);
const store = storeFromEnvironment(retentionDays);
const secrets = secretFromSecretsManager();
const { telemetry, perInvocation } = powertools();

export const handler = perInvocation(
  reconcileTask(
    async () => ({
      twilio: twilioApi(await secrets.get(), twilioApiBaseUrl, REQUEST_TIMEOUT_MILLISECONDS),
      store,
      clock: systemClock,
    }),
    telemetry,
  ),
);
