import { METRICS } from '../shared/contract.ts';
import { ifAvailable } from '../shared/errors.ts';
import type { Telemetry } from '../shared/telemetry.ts';
import type { CallStore } from './store.ts';

export interface TellDependencies {
  readonly store: Pick<CallStore, 'keepEndedEarly'>;
}

/** Tells that the recordings of a call ended before it, and keeps that afterwards: what is kept and was not told, nobody would tell. */
export async function tellEndedEarly(
  { store }: TellDependencies,
  telemetry: Telemetry,
  callSid: string,
  recordingCount: number,
): Promise<void> {
  telemetry.count(METRICS.recordingEndedEarly, true);
  telemetry.error('The recording of a call ended before the call, and nobody here had ended it', { callSid });
  // Otherwise the next sweep tells it again.
  await ifAvailable(store.keepEndedEarly(callSid, recordingCount));
}
