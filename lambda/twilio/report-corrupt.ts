import { METRICS } from '../shared/contract.ts';
import type { Telemetry } from '../shared/telemetry.ts';
import type { Next } from './call-webhook.ts';

/** Says of a number that its voice URL is not as `connect` wrote it. */
export function reportCorrupt(telemetry: Telemetry, callSid: string, { corrupt }: Next): void {
  if (corrupt) {
    telemetry.count(METRICS.nextCorrupt);
    telemetry.error(
      'The path names no application, so the call gets the default answer. Connect the number again.',
      { callSid },
    );
  }
}
