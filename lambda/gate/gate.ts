import { isKnownToRun, isRecordedInTime } from '../recording/gate.ts';
import type { StartDependencies } from '../recording/start.ts';
import type { CallStore } from '../recording/store.ts';
import { within } from '../shared/clock.ts';
import { METRICS } from '../shared/contract.ts';
import { describeError, ifAvailable, StoreUnavailableError } from '../shared/errors.ts';
import type { SecretSource, TwilioSecret } from '../shared/secret.ts';
import type { GateDocuments } from '../shared/settings.ts';
import { type Telemetry, unfailing } from '../shared/telemetry.ts';
import { callWebhook, type Next } from '../twilio/call-webhook.ts';
import { callOf, VoiceRequest } from '../twilio/requests.ts';
import { onwardsTwiml } from '../twilio/twiml.ts';

/**
 * How long a caller waits, in milliseconds. With the secret's budget this leaves something of Twilio's 4 s for a cold start
 * and the network: beyond them the caller would hear an error of Twilio's instead of the refusal.
 */
const GATE_BUDGETS = {
  /** Until it is decided whether the call goes on. What is under way after the last try has some time left. */
  decision: 2_400,
  /** To store that it does not. */
  turningAway: 300,
} as const;

export interface GateDependencies {
  readonly secrets: SecretSource;
  readonly store: Pick<CallStore, 'known' | 'apply'>;
  readonly withSecret: (secret: TwilioSecret) => StartDependencies;
  readonly telemetry: Telemetry;
  readonly documents: GateDocuments;
  readonly publicBaseUrl: string;
}

/**
 * Lets a call on when it is recorded, and ends it otherwise: the only place where the recorder does that. Whatever fails
 * here ends the call too, since nobody knows then that it is recorded.
 */
export function gate({
  secrets,
  store,
  withSecret,
  documents,
  publicBaseUrl,
  ...dependencies
}: GateDependencies) {
  const telemetry = unfailing(dependencies.telemetry);

  return callWebhook({
    secrets,
    telemetry,
    publicBaseUrl,
    schema: VoiceRequest,
    async answer(request, next, { secret, requestId }) {
      const recorded = await within(
        GATE_BUDGETS.decision,
        isRecordedInTime(withSecret(secret), callOf(request), requestId),
        false,
      );
      if (recorded) {
        return pass(request, next);
      }
      const refusal = turnAway(request);
      await storeTurnedAway(request);
      return refusal;
    },
    async answerUnverified(request, next, error) {
      telemetry.error(
        'The signature cannot be verified; the call goes on only if its row says that it is recorded',
        { ...(request && { callSid: request.CallSid }), error: describeError(error) },
      );
      if (!request) {
        return documents.refusal;
      }
      const known = await ifAvailable(inTime(GATE_BUDGETS.decision, store.known(request.CallSid)));
      // Nothing is stored at the word of somebody who may not be Twilio.
      return known && isKnownToRun(known) ? pass(request, next) : turnAway(request);
    },
    answerFailure(error) {
      telemetry.count(METRICS.callTurnedAway);
      telemetry.error('The gate failed; the call is ended', { error: describeError(error) });
      return documents.refusal;
    },
  });

  function pass({ CallSid: callSid }: VoiceRequest, { url }: Next): string {
    telemetry.info('The call is recorded and goes on', { callSid });
    return onwardsTwiml(documents, url);
  }

  function turnAway({ CallSid: callSid }: VoiceRequest): string {
    telemetry.count(METRICS.callTurnedAway);
    telemetry.error('The call is not recorded, and is ended', { callSid });
    return documents.refusal;
  }

  async function storeTurnedAway(request: VoiceRequest): Promise<void> {
    try {
      await inTime(
        GATE_BUDGETS.turningAway,
        store.apply(callOf(request), {
          type: 'unrecorded',
          unrecorded: { reason: 'turned-away', answered: true },
        }),
      );
    } catch (error) {
      // The row stays open then, and gets its reason from the execution, or from one that the sweep starts.
      telemetry.warn('That a call was turned away may not be stored', {
        callSid: request.CallSid,
        error: describeError(error),
      });
    }
  }
}

/** What the table answers in time. What it was asked to do goes on, as far as Lambda lets it once the call is answered. */
async function inTime<T extends object>(milliseconds: number, answer: Promise<T>): Promise<T> {
  const answered = await within<T | undefined>(milliseconds, answer, undefined);
  if (answered === undefined) {
    throw new StoreUnavailableError(`The table of calls did not answer within ${milliseconds} ms`);
  }
  return answered;
}
