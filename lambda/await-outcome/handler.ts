import { storeFromEnvironment } from '../recording/store-from-environment.ts';
import { settings } from '../shared/environment.ts';
import { StoreSettings } from '../shared/settings.ts';
import { stepFunctionsTaskTokens } from '../shared/task-tokens.ts';
import { powertools } from '../shared/telemetry.ts';
import { awaitOutcome } from './await-outcome.ts';

const { perInvocation } = powertools();

export const handler = perInvocation(
  awaitOutcome(storeFromEnvironment(settings(StoreSettings).retentionDays), stepFunctionsTaskTokens()),
);
