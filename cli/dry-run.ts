import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { gatewayAnswer, readAs } from './answers.ts';
import { type Finding, ok, problem } from './findings.ts';
import { codeOf } from './recorder-api.ts';

const TIMEOUT_MS = 10_000;
/** No parameter of a call: what is asked with it names none, so the recorder has nothing to do but to verify it. */
const PARAMETERS = { DryRun: 'true' } as const;

/**
 * Signs a request as Twilio does and sends it to a webhook of the recorder. The signature is looked at before the
 * parameters are: 400 means that it was accepted, 403 that it was not. Nothing is started, and nothing stored; the one
 * trace is a count in `RequestRefused`.
 */
export async function dryRun(check: string, url: string, authToken: string): Promise<Finding> {
  const signature = getExpectedTwilioSignature(authToken, url, PARAMETERS);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-twilio-signature': signature,
      },
      body: new URLSearchParams(PARAMETERS).toString(),
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return dryRunFinding(check, url, response.status, await response.text());
  } catch (error) {
    return problem(
      check,
      `${url} does not answer (${codeOf(error)}).`,
      'See whether the stack is still deployed.',
    );
  }
}

/** What an answer says of the signature. */
export function dryRunFinding(check: string, url: string, status: number, body: string): Finding {
  if (status === 400 && !isOfGateway(body)) {
    return ok(check, `${url} accepts what is signed with the auth token.`);
  }
  if (status === 403 && !isOfGateway(body)) {
    return problem(
      check,
      `${url} refuses what is signed with the auth token.`,
      'Put the account’s auth token into the secret with the command in the output PutSecretCommand; behind a domain of your own, check `publicBaseUrl`.',
    );
  }
  return problem(
    check,
    `${url} answers ${status} to a signed request, and not 400.`,
    'See the logs of VoiceWebhook and RecordingStatus.',
  );
}

/** Before anything of the recorder's is asked, API Gateway itself may refuse. */
export function isOfGateway(body: string): boolean {
  try {
    return readAs(gatewayAnswer, JSON.parse(body)) !== undefined;
  } catch {
    return false;
  }
}
