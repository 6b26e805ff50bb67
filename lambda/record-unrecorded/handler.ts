import { storeFromEnvironment } from '../recording/store-from-environment.ts';
import { settings } from '../shared/environment.ts';
import { StoreSettings } from '../shared/settings.ts';
import { powertools } from '../shared/telemetry.ts';
import { recordUnrecorded } from './record-unrecorded.ts';

const { telemetry, perInvocation } = powertools();

export const handler = perInvocation(
  recordUnrecorded(storeFromEnvironment(settings(StoreSettings).retentionDays), telemetry),
);
