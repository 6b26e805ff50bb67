import { keepConsent } from '../recording/keep-consent.ts';
import type { CallStore } from '../recording/store.ts';
import type { Clock } from '../shared/clock.ts';
import { METRICS } from '../shared/contract.ts';
import { describeError } from '../shared/errors.ts';
import type { SecretSource } from '../shared/secret.ts';
import { type Telemetry, unfailing } from '../shared/telemetry.ts';
import { callWebhook, type Next } from '../twilio/call-webhook.ts';
import { reportCorrupt } from '../twilio/report-corrupt.ts';
import { callOf, VoiceRequest } from '../twilio/requests.ts';
import { consentUrl, questionTwiml } from '../twilio/twiml.ts';

export interface AskDependencies {
  readonly secrets: SecretSource;
  readonly store: Pick<CallStore, 'apply'>;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** TwiML that asks. */
  readonly question: string;
  readonly textVersion: string;
  readonly publicBaseUrl: string;
}

/**
 * Answers Twilio's voice webhook with the question whether the call may be recorded. Nothing is started before the
 * answer; the call's row says that the caller is asked, so that nobody takes it for a call that was missed.
 */
export function ask({
  secrets,
  store,
  clock,
  question,
  textVersion,
  publicBaseUrl,
  ...dependencies
}: AskDependencies) {
  const telemetry = unfailing(dependencies.telemetry);
  const twiml = ({ encoded }: Partial<Next>): string =>
    questionTwiml(question, consentUrl(publicBaseUrl, encoded));

  return callWebhook({
    secrets,
    telemetry,
    publicBaseUrl,
    schema: VoiceRequest,
    async answer(request, next) {
      telemetry.count(METRICS.callReceived);
      reportCorrupt(telemetry, request.CallSid, next);
      const at = new Date(clock.now()).toISOString();
      await keepConsent(store, telemetry, callOf(request), { answer: 'asked', textVersion, at });
      return twiml(next);
    },
    answerUnverified(request, next, error) {
      telemetry.error('The signature cannot be verified; the caller is asked all the same', {
        ...(request && { callSid: request.CallSid }),
        error: describeError(error),
      });
      return twiml(next);
    },
    answerFailure(error, next) {
      telemetry.error('The webhook failed; the caller is asked all the same', {
        error: describeError(error),
      });
      return twiml(next ?? {});
    },
  });
}
