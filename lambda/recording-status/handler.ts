import { storeFromEnvironment } from '../recording/store-from-environment.ts';
import { ENVIRONMENT } from '../shared/contract.ts';
import { environmentVariable, settings } from '../shared/environment.ts';
import { secretFromSecretsManager } from '../shared/secret.ts';
import { StoreSettings } from '../shared/settings.ts';
import { stepFunctionsTaskTokens } from '../shared/task-tokens.ts';
import { powertools } from '../shared/telemetry.ts';
import { recordingStatus } from './recording-status.ts';

const { telemetry, perInvocation } = powertools();

export const handler = perInvocation(
  recordingStatus({
    secrets: secretFromSecretsManager(),
    store: storeFromEnvironment(settings(StoreSettings).retentionDays),
    taskTokens: stepFunctionsTaskTokens(),
    publicBaseUrl: environmentVariable(ENVIRONMENT.publicBaseUrl),
    telemetry,
  }),
);
