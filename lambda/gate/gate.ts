import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { GATE_POLICY, isKnownToRun, isRecordedInTime } from '../recording/gate.ts';
import type { StartDependencies } from '../recording/start.ts';
import type { CallStore } from '../recording/store.ts';
import { within } from '../shared/clock.ts';
import { METRICS } from '../shared/contract.ts';
import { describeError } from '../shared/errors.ts';
import type { SecretSource, TwilioSecret } from '../shared/secret.ts';
import type { GateDocuments } from '../shared/settings.ts';
import { type Telemetry, unfailing } from '../shared/telemetry.ts';
import { authenticateWithin } from '../twilio/authenticate.ts';
import { callOf, parseRequest, VoiceRequest } from '../twilio/requests.ts';
import { decodeNext, onwardsTwiml, twimlResponse } from '../twilio/twiml.ts';
import { type Refusal, readWebhook, refusal, refusalResponse } from '../twilio/webhook.ts';

/** How long the secret may take, in milliseconds: a caller waits. */
export const SECRET_BUDGET_MILLISECONDS = 900;

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

  return async (
    event: APIGatewayProxyEventV2,
    requestId: string,
  ): Promise<APIGatewayProxyStructuredResultV2> => {
    try {
      const webhook = readWebhook(event, publicBaseUrl);
      if (webhook.refused) {
        return refuse(webhook);
      }
      const request = parseRequest(VoiceRequest, webhook.parameters);
      const authentication = await authenticateWithin(SECRET_BUDGET_MILLISECONDS, webhook, secrets);
      if (authentication.kind === 'forged') {
        return refuse(refusal(403, 'the signature is not Twilio’s'));
      }
      if (!request) {
        return refuse(refusal(400, 'the parameters are not those of a voice webhook'));
      }
      if (authentication.kind === 'unverifiable') {
        telemetry.count(METRICS.signatureUnverifiable);
        telemetry.error(
          'The signature cannot be verified; the call goes on only if its row says that it is recorded',
          {
            callSid: request.CallSid,
            error: describeError(authentication.error),
          },
        );
        return answer(event, request, isKnownToRun(await store.known(request.CallSid)));
      }
      const { secret } = authentication;
      if (request.AccountSid !== secret.accountSid) {
        return refuse(refusal(403, 'the account is another one'));
      }
      const recorded = await within(
        // What was begun is answered or given up by then.
        GATE_POLICY.budget + GATE_POLICY.requestTimeout,
        isRecordedInTime(withSecret(secret), callOf(request), requestId),
        false,
      );
      return await answer(event, request, recorded);
    } catch (error) {
      telemetry.count(METRICS.callTurnedAway);
      telemetry.error('The gate failed; the call is ended', { error: describeError(error) });
      return twimlResponse(documents.refusal);
    }
  };

  async function answer(
    event: APIGatewayProxyEventV2,
    request: VoiceRequest,
    recorded: boolean,
  ): Promise<APIGatewayProxyStructuredResultV2> {
    const callSid = request.CallSid;
    if (recorded) {
      telemetry.info('The call is recorded and goes on', { callSid });
      const encoded = event.pathParameters?.next;
      return twimlResponse(
        onwardsTwiml(documents, encoded === undefined ? undefined : decodeNext(encoded, publicBaseUrl)),
      );
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
    return twimlResponse(documents.refusal);
  }

  function refuse(refused: Refusal): APIGatewayProxyStructuredResultV2 {
    telemetry.count(METRICS.requestRefused);
    return refusalResponse(refused);
  }
}
