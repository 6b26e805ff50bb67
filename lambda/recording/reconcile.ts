import type { Clock } from '../shared/clock.ts';
import { RECONCILE_OUTCOMES, type ReconcileOutcome } from '../shared/contract.ts';
import { TwilioRefusedError, TwilioUnavailableError } from '../shared/errors.ts';
import type { RecordingSettings } from '../shared/settings.ts';
import type { TwilioAnswer, TwilioApi } from '../twilio/api.ts';
import { callPhase, isForbidden } from './classify.ts';
import { isRefused } from './consent.ts';
import { type EndedRecordings, endedEarly } from './ended-early.ts';
import { type CallSummary, isFinal, type RecordingState } from './merge.ts';
import { type Likeness, mayBeOurs, recordingState } from './ours.ts';
import type { CallFacts, CallStore, KnownCall } from './store.ts';

/** A row that is open this long after the call has ended is overdue. */
const OVERDUE_AFTER_MILLISECONDS = 15 * 60_000;
/** A recording that Twilio's list lacks this long after the call has ended is gone. */
export const GONE_AFTER_MILLISECONDS = 10 * 60_000;

export interface ReconcileDependencies {
  readonly twilio: Pick<TwilioApi, 'fetchCall' | 'listRecordings'>;
  readonly store: Pick<CallStore, 'known' | 'apply'>;
  readonly clock: Clock;
  readonly likeness: Likeness;
  /** With which Twilio records. */
  readonly recording: RecordingSettings;
}

export interface Reconciled {
  readonly outcome: ReconcileOutcome;
  /** Recordings whose row Twilio's answer changed. */
  readonly changed: readonly string[];
  /** The caller said no: nothing is to be kept. */
  readonly unwanted: boolean;
  /** How many recordings the call had, where they ended before it and nobody was told; what goes on is the sweep's. */
  readonly endedEarly?: number | undefined;
  /** The row is still open long after the call has ended. */
  readonly overdue: boolean;
}

/**
 * Asks Twilio how a call and its recordings are, when no callback has said so for long, and puts the rows right. Throws
 * TwilioUnavailableError, TwilioRefusedError or StoreUnavailableError.
 */
export async function reconcile(
  { twilio, store, clock, likeness, recording: recordingSettings }: ReconcileDependencies,
  call: CallFacts,
): Promise<Reconciled> {
  const [answeredCall, answeredList, known] = await Promise.all([
    twilio.fetchCall(call.callSid),
    twilio.listRecordings(call.callSid),
    store.known(call.callSid),
  ]);
  const twilioCall = bodyOf(answeredCall);
  const { status, end_time } = twilioCall;
  const knownSids = known.recordings.map(({ recordingSid }) => recordingSid);
  const listed = bodyOf(answeredList).filter(
    (recording) => knownSids.includes(recording.sid) || mayBeOurs(recording, likeness),
  );
  const ended = callPhase(status) === 'ended';
  const endedFor = ended ? clock.now() - Date.parse(end_time ?? '') : 0;
  const endedLongAgo = endedFor > GONE_AFTER_MILLISECONDS;
  const gone = knownSids.filter((sid) => endedLongAgo && !listed.some((recording) => recording.sid === sid));

  let { final } = known;
  let last: CallSummary | undefined;
  const changed: string[] = [];
  const states: RecordingState[] = [
    // Twilio may show a recording as processing while it runs.
    ...listed
      .map(recordingState)
      .map((state) => (ended || isFinal(state.status) ? state : { ...state, status: 'in-progress' })),
    ...gone.map((recordingSid) => ({ recordingSid, status: 'deleted' })),
  ];
  for (const recording of states) {
    const { effect, summary } = await store.apply(call, {
      type: 'recording',
      source: 'reconcile',
      recording,
    });
    final = summary.final;
    last = summary;
    if (effect === 'news' || effect === 'override') {
      changed.push(recording.recordingSid);
    }
  }
  const ending = ended && last?.ended ? endingOf(last, known) : undefined;
  const unfinished = ended ? RECONCILE_OUTCOMES.processing : RECONCILE_OUTCOMES.live;
  return {
    outcome: final ? RECONCILE_OUTCOMES.final : unfinished,
    changed,
    unwanted: isRefused(known.consent?.answer),
    endedEarly:
      ending && endedEarly(twilioCall, ending, clock.now(), recordingSettings) ? ending.count : undefined,
    overdue: !final && endedFor > OVERDUE_AFTER_MILLISECONDS,
  };
}

const endingOf = (summary: CallSummary, { endedEarly: toldOf }: KnownCall): EndedRecordings => ({
  count: summary.recordingCount,
  toldOf,
  knownSince: Number.NaN,
  until: Date.parse(summary.recordedUntil ?? ''),
  consent: summary.consent?.answer,
  order: summary.order?.action,
  commanded: summary.recording?.command?.status,
});

function bodyOf<T>(answer: TwilioAnswer<T>): T {
  if (answer.kind === 'ok') {
    return answer.body;
  }
  const ErrorClass = isForbidden(answer) ? TwilioRefusedError : TwilioUnavailableError;
  throw new ErrorClass(
    `Twilio did not say how the call is: ${answer.kind === 'error' ? `HTTP ${answer.httpStatus}, code ${answer.code}` : answer.cause}`,
  );
}
