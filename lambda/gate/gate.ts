import { GATE_POLICY, isKnownToRun, isRecordedInTime } from '../recording/gate.ts';
import type { StartDependencies } from '../recording/start.ts';
import type { CallStore } from '../recording/store.ts';
import { within } from '../shared/clock.ts';
import { METRICS } from '../shared/contract.ts';
import { describeError } from '../shared/errors.ts';
import type { SecretSource, TwilioSecret } from '../shared/secret.ts';
import type { GateDocuments } from '../shared/settings.ts';
import { type Telemetry, unfailing } from '../shared/telemetry.ts';
import { callWebhook, type Next } from '../twilio/call-webhook.ts';
import { callOf, VoiceRequest } from '../twilio/requests.ts';
import { onwardsTwiml } from '../twilio/twiml.ts';

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
        // What was begun is answered or given up by then.
        GATE_POLICY.budget + GATE_POLICY.requestTimeout,
        isRecordedInTime(withSecret(secret), callOf(request), requestId),
        false,
      );
      return pass(request, next, recorded);
    },
    async answerUnverified(request, next, error) {
      telemetry.error(
        'The signature cannot be verified; the call goes on only if its row says that it is recorded',
        { ...(request && { callSid: request.CallSid }), error: describeError(error) },
      );
      return request
        ? pass(request, next, isKnownToRun(await store.known(request.CallSid)))
        : documents.refusal;
    },
    answerFailure(error) {
      telemetry.count(METRICS.callTurnedAway);
      telemetry.error('The gate failed; the call is ended', { error: describeError(error) });
      return documents.refusal;
    },
  });

  async function pass(request: VoiceRequest, { url }: Next, recorded: boolean): Promise<string> {
    const callSid = request.CallSid;
    if (recorded) {
      telemetry.info('The call is recorded and goes on', { callSid });
      return onwardsTwiml(documents, url);
    }
    telemetry.count(METRICS.callTurnedAway);
    telemetry.error('The call is not recorded, and is ended', { callSid });
    try {
      await store.apply(callOf(request), {
        type: 'unrecorded',
        unrecorded: { reason: 'turned-away', answered: true },
      });
    } catch (error) {
      telemetry.warn('That a call was turned away could not be stored', {
        callSid,
        error: describeError(error),
      });
    }
    return documents.refusal;
  }
}
