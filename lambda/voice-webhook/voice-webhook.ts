import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { within } from '../shared/clock.ts';
import { METRICS } from '../shared/contract.ts';
import { describeError } from '../shared/errors.ts';
import type { Executions } from '../shared/executions.ts';
import type { SecretSource } from '../shared/secret.ts';
import type { StartWith, VoiceDocuments } from '../shared/settings.ts';
import { type Telemetry, unfailing } from '../shared/telemetry.ts';
import { authenticateWithin } from '../twilio/authenticate.ts';
import { callOf, parseRequest, VoiceRequest } from '../twilio/requests.ts';
import { decodeNext, gateUrl, twimlResponse, voiceTwiml } from '../twilio/twiml.ts';
import { type Refusal, readWebhook, refusal, refusalResponse } from '../twilio/webhook.ts';

/**
 * How long the side effects of a call may take: whatever they do, the caller hears something within two seconds of the
 * webhook. Trial accounts wait five seconds for TwiML, others fifteen.
 */
export const BUDGET_MILLISECONDS = { secret: 900, execution: 1_100 } as const;

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
  const fallbackTwiml = voiceTwiml({
    documents,
    next: gated ? gateUrl(publicBaseUrl) : undefined,
    startsRecording: true,
  });

  return async (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> => {
    try {
      const webhook = readWebhook(event, publicBaseUrl);
      if (webhook.refused) {
        return refuse(webhook);
      }
      const request = parseRequest(VoiceRequest, webhook.parameters);
      const next = nextOf(event.pathParameters?.next);
      const plainTwiml = voiceTwiml({
        documents,
        next: next.onwards,
        startsRecording: startWith === 'twiml',
      });
      const recordingTwiml = voiceTwiml({ documents, next: next.onwards, startsRecording: true });
      const authentication = await authenticateWithin(BUDGET_MILLISECONDS.secret, webhook, secrets);
      if (authentication.kind === 'unverifiable') {
        return answerUnverified(authentication.error, request, recordingTwiml);
      }
      if (authentication.kind === 'forged') {
        return refuse(refusal(403, 'the signature is not Twilio’s'));
      }
      if (!request) {
        return refuse(refusal(400, 'the parameters are not those of a voice webhook'));
      }
      if (request.AccountSid !== authentication.secret.accountSid) {
        return refuse(refusal(403, 'the account is another one'));
      }
      telemetry.count(METRICS.callReceived);
      if (next.corrupt) {
        telemetry.count(METRICS.nextCorrupt);
        telemetry.error(
          'The path names no application, so the call gets the default answer. Connect the number again.',
          {
            callSid: request.CallSid,
          },
        );
      }
      return twimlResponse((await startExecution(request)) ? plainTwiml : recordingTwiml);
    } catch (error) {
      telemetry.error('The webhook failed; the caller hears the fallback', { error: describeError(error) });
      return twimlResponse(fallbackTwiml);
    }
  };

  function nextOf(encoded: string | undefined): {
    /** Where the call goes after the notice; undefined where the answer itself says so. */
    readonly onwards?: string | undefined;
    readonly corrupt: boolean;
  } {
    const url = encoded === undefined ? undefined : decodeNext(encoded, publicBaseUrl);
    const onwards = gated ? gateUrl(publicBaseUrl, url === undefined ? undefined : encoded) : url;
    return { onwards, corrupt: encoded !== undefined && url === undefined };
  }

  /** Whether the call's execution runs. */
  async function startExecution(request: VoiceRequest): Promise<boolean> {
    const call = callOf(request);
    const started = (async () => executions.start(call))().then(
      () => ({ kind: 'started' }) as const,
      (error: unknown) => ({ kind: 'failed', error: describeError(error) }) as const,
    );
    const outcome = await within(BUDGET_MILLISECONDS.execution, started, {
      kind: 'failed',
      error: { name: 'TimeoutError', message: 'Step Functions did not answer in time' },
    });
    if (outcome.kind === 'failed') {
      telemetry.count(METRICS.startExecutionFailed);
      telemetry.error('No execution was started; the TwiML starts the recording instead', {
        callSid: call.callSid,
        error: outcome.error,
      });
      return false;
    }
    telemetry.info('Execution started', { callSid: call.callSid });
    return true;
  }

  /**
   * Nothing is done for a request that cannot be verified, but whoever sent it gets TwiML: it acts on a call only if it
   * was Twilio who asked, and then the call is recorded too.
   */
  function answerUnverified(error: unknown, request: VoiceRequest | undefined, twiml: string) {
    telemetry.count(METRICS.signatureUnverifiable);
    telemetry.error('The signature cannot be verified; the TwiML starts the recording', {
      ...(request && { callSid: request.CallSid }),
      error: describeError(error),
    });
    return twimlResponse(twiml);
  }

  function refuse(refused: Refusal): APIGatewayProxyStructuredResultV2 {
    telemetry.count(METRICS.requestRefused);
    return refusalResponse(refused);
  }
}
