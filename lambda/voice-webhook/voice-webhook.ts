import { METRICS } from '../shared/contract.ts';
import { describeError } from '../shared/errors.ts';
import type { Executions } from '../shared/executions.ts';
import type { SecretSource } from '../shared/secret.ts';
import type { StartWith, VoiceDocuments } from '../shared/settings.ts';
import { startInTime } from '../shared/start-in-time.ts';
import { type Telemetry, unfailing } from '../shared/telemetry.ts';
import { callWebhook, type Next } from '../twilio/call-webhook.ts';
import { reportCorrupt } from '../twilio/report-corrupt.ts';
import { callOf, VoiceRequest } from '../twilio/requests.ts';
import { gateUrl, optOutUrl, voiceTwiml } from '../twilio/twiml.ts';

export interface VoiceWebhookDependencies {
  readonly secrets: SecretSource;
  readonly executions: Pick<Executions, 'start'>;
  readonly telemetry: Telemetry;
  readonly documents: VoiceDocuments;
  /** With `twiml`, every answer starts the recording. */
  readonly startWith: StartWith;
  /** Whether the call goes to the gate first. */
  readonly gated: boolean;
  readonly publicBaseUrl: string;
}

/**
 * Answers Twilio's voice webhook and starts the call's execution. The call goes on whatever fails: the answer is 4xx
 * for what is not Twilio's, and TwiML for everything else.
 */
export function voiceWebhook(dependencies: VoiceWebhookDependencies) {
  const { secrets, executions, documents, startWith, gated, publicBaseUrl } = dependencies;
  const telemetry = unfailing(dependencies.telemetry);
  const twiml = ({ url, encoded }: Partial<Next>, startsRecording: boolean): string =>
    voiceTwiml({
      documents,
      next: gated ? gateUrl(publicBaseUrl, encoded) : url,
      optOut: optOutUrl(publicBaseUrl, encoded),
      startsRecording,
    });
  const fallback = twiml({}, true);

  return callWebhook({
    secrets,
    telemetry,
    publicBaseUrl,
    schema: VoiceRequest,
    async answer(request, next) {
      const plain = twiml(next, startWith === 'twiml');
      const recording = twiml(next, true);
      telemetry.count(METRICS.callReceived);
      reportCorrupt(telemetry, request.CallSid, next);
      return (await startInTime(executions, telemetry, callOf(request))) ? plain : recording;
    },
    /**
     * Nothing is done for a request that cannot be verified, but whoever sent it gets TwiML: it acts on a call only if it
     * was Twilio who asked, and then the call is recorded too.
     */
    answerUnverified(request, next, error) {
      telemetry.error('The signature cannot be verified; the TwiML starts the recording', {
        ...(request && { callSid: request.CallSid }),
        error: describeError(error),
      });
      return twiml(next, true);
    },
    answerFailure(error, next) {
      telemetry.error('The webhook failed; the TwiML starts the recording', { error: describeError(error) });
      try {
        return twiml(next ?? {}, true);
      } catch {
        // Perhaps it was this that failed.
        return fallback;
      }
    },
  });
}
