import { type Consent, YES } from '../recording/consent.ts';
import { keepConsent } from '../recording/keep-consent.ts';
import type { CallStore } from '../recording/store.ts';
import type { Clock } from '../shared/clock.ts';
import { METRICS } from '../shared/contract.ts';
import { describeError } from '../shared/errors.ts';
import type { Executions } from '../shared/executions.ts';
import type { SecretSource } from '../shared/secret.ts';
import type { OnwardsDocuments, StartWith, VoiceDocuments } from '../shared/settings.ts';
import { startInTime } from '../shared/start-in-time.ts';
import { type Telemetry, unfailing } from '../shared/telemetry.ts';
import { callWebhook, type Next } from '../twilio/call-webhook.ts';
import { callOf, KeyRequest } from '../twilio/requests.ts';
import { onwardsTwiml, optOutUrl, voiceTwiml } from '../twilio/twiml.ts';

export interface ConsentDependencies {
  readonly secrets: SecretSource;
  readonly executions: Pick<Executions, 'start'>;
  readonly store: Pick<CallStore, 'apply'>;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** TwiML for who says yes. */
  readonly documents: VoiceDocuments;
  /** TwiML for everybody else. */
  readonly unrecorded: OnwardsDocuments;
  readonly textVersion: string;
  /** With `twiml`, the answer to a yes starts the recording. */
  readonly startWith: StartWith;
  readonly publicBaseUrl: string;
}

/**
 * Takes the answer to the question whether the call may be recorded: with a yes its execution starts, and the recording
 * with it; with anything else, or nothing, the call goes on and its row says that the caller declined.
 */
export function consent({
  secrets,
  executions,
  store,
  clock,
  documents,
  unrecorded,
  textVersion,
  startWith,
  publicBaseUrl,
  ...dependencies
}: ConsentDependencies) {
  const telemetry = unfailing(dependencies.telemetry);
  const recordedTwiml = ({ url, encoded }: Next, startsRecording: boolean): string =>
    voiceTwiml({ documents, next: url, optOut: optOutUrl(publicBaseUrl, encoded), startsRecording });

  return callWebhook({
    secrets,
    telemetry,
    publicBaseUrl,
    schema: KeyRequest,
    async answer(request, next) {
      const evidence: Consent = {
        answer: request.Digits === YES ? 'given' : 'declined',
        textVersion,
        digit: request.Digits,
        at: new Date(clock.now()).toISOString(),
      };
      // The execution brings it along, wherever the table fails.
      const call = { ...callOf(request), consent: evidence };
      if (evidence.answer === 'given') {
        telemetry.count(METRICS.consentGiven);
        const [started] = await Promise.all([
          startInTime(executions, telemetry, call),
          keepConsent(store, telemetry, call, evidence),
        ]);
        return recordedTwiml(next, startWith === 'twiml' || !started);
      }
      if (await keepConsent(store, telemetry, call, evidence)) {
        telemetry.count(METRICS.callDeclined);
      } else {
        // Which stores it, and counts it.
        await startInTime(executions, telemetry, call);
      }
      return onwardsTwiml(unrecorded, next.url);
    },
    /** A yes counts: it acts on a call only if it was Twilio who asked. */
    answerUnverified(request, next, error) {
      const said = request?.Digits === YES;
      telemetry.error(
        `The signature cannot be verified; ${said ? 'the TwiML starts the recording' : 'the call goes on unrecorded'}`,
        { ...(request && { callSid: request.CallSid }), error: describeError(error) },
      );
      return said ? recordedTwiml(next, true) : onwardsTwiml(unrecorded, next.url);
    },
    answerFailure(error, next) {
      telemetry.error('The webhook failed; the call goes on unrecorded', { error: describeError(error) });
      return onwardsTwiml(unrecorded, next?.url);
    },
  });
}
