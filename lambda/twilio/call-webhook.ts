import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type * as v from 'valibot';
import { METRICS } from '../shared/contract.ts';
import type { SecretSource, TwilioSecret } from '../shared/secret.ts';
import { type Telemetry, unfailing } from '../shared/telemetry.ts';
import { authenticateWithin } from './authenticate.ts';
import { type KeyRequest, parseRequest, type VoiceRequest } from './requests.ts';
import { decodeNext, twimlResponse } from './twiml.ts';
import { type Refusal, readWebhook, refusal, refusalResponse } from './webhook.ts';

/** How long the secret may take, in milliseconds: a caller waits. */
export const SECRET_BUDGET_MILLISECONDS = 900;

/** The application that `{next}` of a route names. */
export interface Next {
  readonly url?: string | undefined;
  /** As it stands in the path. */
  readonly encoded?: string | undefined;
  /** There was something, and it names none. */
  readonly corrupt: boolean;
}

export interface CallWebhookOptions<S extends typeof VoiceRequest | typeof KeyRequest> {
  readonly secrets: SecretSource;
  readonly telemetry: Telemetry;
  readonly publicBaseUrl: string;
  /** What the parameters have to be. */
  readonly schema: S;
  /** TwiML for what Twilio asks about a call of ours. */
  readonly answer: (
    request: v.InferOutput<S>,
    next: Next,
    context: { readonly secret: TwilioSecret; readonly requestId: string },
  ) => Promise<string>;
  /** TwiML for what perhaps Twilio asks: there is no secret to tell. */
  readonly answerUnverified: (
    request: v.InferOutput<S> | undefined,
    next: Next,
    error: unknown,
  ) => string | Promise<string>;
  /** TwiML where anything throws, perhaps before it was known where the call goes. */
  readonly answerFailure: (error: unknown, next: Next | undefined) => string;
}

/**
 * Answers a webhook of which a caller waits for the TwiML: 4xx for what is not Twilio's, and TwiML for everything else,
 * whatever fails.
 */
export function callWebhook<const S extends typeof VoiceRequest | typeof KeyRequest>(
  options: CallWebhookOptions<S>,
) {
  const { secrets, publicBaseUrl, schema, answer, answerUnverified, answerFailure } = options;
  const telemetry = unfailing(options.telemetry);

  return async (
    event: APIGatewayProxyEventV2,
    requestId: string,
  ): Promise<APIGatewayProxyStructuredResultV2> => {
    let next: Next | undefined;
    try {
      next = nextOf(event.pathParameters?.next, publicBaseUrl);
      const webhook = readWebhook(event, publicBaseUrl);
      if (webhook.refused) {
        return refuse(webhook);
      }
      const request = parseRequest(schema, webhook.parameters);
      const authentication = await authenticateWithin(SECRET_BUDGET_MILLISECONDS, webhook, secrets);
      if (authentication.kind === 'unverifiable') {
        telemetry.count(METRICS.signatureUnverifiable);
        return twimlResponse(await answerUnverified(request, next, authentication.error));
      }
      if (authentication.kind === 'forged') {
        return refuse(refusal(403, 'the signature is not Twilio’s'));
      }
      if (!request) {
        return refuse(refusal(400, 'the parameters are not those of a voice webhook'));
      }
      const { secret } = authentication;
      if (request.AccountSid !== secret.accountSid) {
        return refuse(refusal(403, 'the account is another one'));
      }
      return twimlResponse(await answer(request, next, { secret, requestId }));
    } catch (error) {
      // The invocation does not fail, so none of Lambda's own metrics would tell of it.
      telemetry.count(METRICS.webhookFailed);
      return twimlResponse(answerFailure(error, next));
    }
  };

  function refuse(refused: Refusal): APIGatewayProxyStructuredResultV2 {
    telemetry.count(METRICS.requestRefused);
    return refusalResponse(refused);
  }
}

function nextOf(encoded: string | undefined, publicBaseUrl: string): Next {
  const url = encoded === undefined ? undefined : decodeNext(encoded, publicBaseUrl);
  return url === undefined ? { corrupt: encoded !== undefined } : { url, encoded, corrupt: false };
}
