import { isOfGateway } from './dry-run.ts';
import { type Finding, ok, problem } from './findings.ts';
import { codeOf } from './recorder-api.ts';

const CHECK = 'webhook';
const TIMEOUT_MS = 10_000;

/**
 * Sends the recorder what nobody signed, which it has to refuse with 403: then it is up, and has a secret to verify with.
 * The one trace is a count in `RequestRefused`, of which an alarm bears a few.
 */
export async function checkWebhook(voiceUrl: string): Promise<Finding> {
  try {
    const response = await fetch(voiceUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: '',
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return webhookFinding(voiceUrl, response.status, await response.text());
  } catch (error) {
    return problem(
      CHECK,
      `${voiceUrl} does not answer (${codeOf(error)}).`,
      'See whether the stack is still deployed, and whether that is its output VoiceUrl.',
    );
  }
}

/** What an answer says about the recorder. */
export function webhookFinding(voiceUrl: string, status: number, body: string): Finding {
  const found = `${voiceUrl} answers ${status} to what is not signed`;
  if (status === 403 && !isOfGateway(body)) {
    return ok(CHECK, `${found}: it is up, and verifies.`);
  }
  if (status === 200) {
    return problem(
      CHECK,
      `${found}: it has no secret to verify with, and leaves the recording to TwiML.`,
      'Put the secret in with the command in the output PutSecretCommand.',
    );
  }
  return status >= 500
    ? problem(CHECK, `${found}.`, 'See the log of VoiceWebhook.')
    : problem(CHECK, `${found}, and not 403.`, 'See whether it is the output VoiceUrl of the stack.');
}
