import type { Clock } from '../shared/clock.ts';
import type { TwilioAnswer, TwilioApi } from '../twilio/api.ts';
import { insist } from '../twilio/insist.ts';
import { isForbidden, isPassing } from './classify.ts';
import { hasEnded, isFinal, isUnwanted, type RecordingState } from './merge.ts';
import type { CallFacts, CallStore } from './store.ts';

/** After the first try, in milliseconds, and longer after each. The file of a recording takes seconds to be there. */
const PAUSES = { stop: 200, remove: 1_000 } as const;

export interface WithdrawDependencies {
  readonly twilio: Pick<TwilioApi, 'updateRecording' | 'deleteRecording'>;
  readonly store: Pick<CallStore, 'known' | 'apply'>;
  readonly clock: Clock;
}

export interface Withdrawn {
  /** Whether nothing more is to come of the call. */
  readonly final: boolean;
  readonly deleted: readonly string[];
  /** Recordings that have ended and that Twilio does not delete. */
  readonly refused: readonly string[];
}

/**
 * Stops what runs of a call whose caller said no, and deletes what has ended, as far as Twilio does so now: it deletes
 * only recordings whose file is there. https://www.twilio.com/docs/voice/api/recording#delete-a-recording-resource
 *
 * Throws StoreUnavailableError; repeating it is harmless.
 */
export async function withdraw(dependencies: WithdrawDependencies, call: CallFacts): Promise<Withdrawn> {
  const { recordings } = await dependencies.store.known(call.callSid);
  const unwanted = recordings.filter(isUnwanted);
  const running = unwanted.filter(({ status }) => !hasEnded(status));
  await Promise.all(running.map((recording) => stop(dependencies, call, recording)));
  const removals = await Promise.all(
    unwanted
      .filter((recording) => !running.includes(recording))
      .map(async (recording) => ({ recording, removal: await remove(dependencies, call, recording) })),
  );
  const those = (removal: Removal): readonly string[] =>
    removals.filter((one) => one.removal === removal).map(({ recording }) => recording.recordingSid);
  const { final } = await dependencies.store.known(call.callSid);
  return { final, deleted: those('deleted'), refused: those('refused') };
}

async function stop(
  { twilio, store, clock }: WithdrawDependencies,
  call: CallFacts,
  recording: RecordingState,
): Promise<void> {
  const answer = await insist(
    () => twilio.updateRecording(call.callSid, recording.recordingSid, { Status: 'stopped' }),
    (answered) => answered.kind === 'ok' || (answered.kind === 'error' && !isPassing(answered)),
    clock,
    PAUSES.stop,
  );
  if (answer.kind === 'ok') {
    await store.apply(call, {
      type: 'recording',
      source: 'withdraw',
      recording: { ...recording, status: 'stopped' },
    });
  }
}

type Removal = 'deleted' | 'not-yet' | 'refused';

async function remove(
  { twilio, store, clock }: WithdrawDependencies,
  call: CallFacts,
  recording: RecordingState,
): Promise<Removal> {
  const answer = await insist(
    () => twilio.deleteRecording(recording.recordingSid),
    (answered) => isGone(answered, recording) || isForbidden(answered),
    clock,
    PAUSES.remove,
  );
  if (isGone(answer, recording)) {
    await store.apply(call, {
      type: 'recording',
      source: 'withdraw',
      recording: { ...recording, status: 'deleted' },
    });
    return 'deleted';
  }
  return isForbidden(answer) ? 'refused' : 'not-yet';
}

/**
 * How Twilio refuses to delete a recording whose file is not there yet, nobody could verify: if it does not know such a
 * recording, that is no reason to call it deleted.
 */
const isGone = (answer: TwilioAnswer<unknown>, { status }: RecordingState): boolean =>
  answer.kind === 'ok' || (answer.kind === 'error' && answer.httpStatus === 404 && isFinal(status));
