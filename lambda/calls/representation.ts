import { type RecordingState, shownStatus } from '../recording/merge.ts';
import type { RecordingRepresentation } from '../recording-control/representations.ts';

/** A recording as operators see it, of the rows or of Twilio. */
export function representation(recording: RecordingState): RecordingRepresentation {
  const { confirmed: _, command: __, ...shown } = recording;
  return { ...shown, status: shownStatus(recording) };
}
