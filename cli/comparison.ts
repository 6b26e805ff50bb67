import type {
  CallDetailsRepresentation,
  RecordingRepresentation,
  TwilioRepresentation,
} from '../lambda/recording-control/representations.ts';

/** What the row says of something, and what Twilio says of it now. */
export interface Compared {
  /** `call`, or a RecordingSid. */
  readonly what: string;
  readonly row: string | undefined;
  readonly twilio: string | undefined;
  readonly differs: boolean;
}

/**
 * Twilio's API shows a recording that runs or is paused as `processing` or as `in-progress`:
 * https://www.twilio.com/docs/voice/api/recording
 */
const RUNNING = ['in-progress', 'paused', 'processing'];
/** What a row says of a call whose recording runs or is about to. */
const UNDER_WAY = [...RUNNING, 'starting'];
/** https://www.twilio.com/docs/voice/api/call-resource */
const ENDED = ['completed', 'busy', 'failed', 'no-answer', 'canceled'];

/** The call first, then its recordings: the row's, and after them those that only Twilio knows. */
export function compare(
  { call, recordings }: CallDetailsRepresentation,
  twilio: TwilioRepresentation,
): Compared[] {
  const known = new Map(recordings.map((recording) => [recording.recordingSid, recording]));
  const found = new Map(twilio.recordings.map((recording) => [recording.recordingSid, recording]));
  return [
    {
      what: 'call',
      row: call.recordingStatus,
      twilio: twilio.callStatus,
      differs: ENDED.includes(twilio.callStatus) && UNDER_WAY.includes(call.recordingStatus),
    },
    ...[...new Set([...known.keys(), ...found.keys()])].map((sid) =>
      comparedRecording(sid, known.get(sid), found.get(sid)),
    ),
  ];
}

const comparedRecording = (
  what: string,
  row: RecordingRepresentation | undefined,
  twilio: RecordingRepresentation | undefined,
): Compared => ({
  what,
  row: row && stateOf(row),
  twilio: twilio && stateOf(twilio),
  differs: !(isGone(row) && isGone(twilio)) && !(row && twilio && agree(row, twilio)),
});

const stateOf = ({ status, duration }: RecordingRepresentation): string =>
  duration === undefined ? status : `${status}, ${duration} s`;

/** Twilio does not list what was deleted. */
const isGone = (recording: RecordingRepresentation | undefined): boolean =>
  recording === undefined || recording.status === 'deleted';

const agree = (row: RecordingRepresentation, twilio: RecordingRepresentation): boolean =>
  agreeOnStatus(row.status, twilio.status) &&
  (row.duration === undefined || twilio.duration === undefined || row.duration === twilio.duration);

const agreeOnStatus = (row: string, twilio: string): boolean =>
  row === twilio ||
  (RUNNING.includes(row) && RUNNING.includes(twilio) && twilio !== 'paused') ||
  (row === 'stopped' && twilio === 'processing');
