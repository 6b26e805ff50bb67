import { keepConsent } from '../recording/keep-consent.ts';
import type { Applied, CallFacts, CallStore } from '../recording/store.ts';
import { type WithdrawDependencies, withdraw } from '../recording/withdraw.ts';
import { type Clock, within } from '../shared/clock.ts';
import { METRICS } from '../shared/contract.ts';
import { describeError } from '../shared/errors.ts';
import type { SecretSource, TwilioSecret } from '../shared/secret.ts';
import type { OnwardsDocuments } from '../shared/settings.ts';
import type { TaskTokens } from '../shared/task-tokens.ts';
import { type Telemetry, unfailing } from '../shared/telemetry.ts';
import { callWebhook, type Next } from '../twilio/call-webhook.ts';
import { callOf, KeyRequest } from '../twilio/requests.ts';
import { listeningTwiml, onwardsTwiml, optOutUrl } from '../twilio/twiml.ts';

/** How long what is done at once may take, in milliseconds: the caller waits, and the execution does the rest. */
export const WITHDRAW_BUDGET_MILLISECONDS = 1_500;

export interface OptOutDependencies {
  readonly secrets: SecretSource;
  readonly store: Pick<CallStore, 'apply'>;
  readonly taskTokens: Pick<TaskTokens, 'reportUnwanted'>;
  readonly withSecret: (secret: TwilioSecret) => WithdrawDependencies;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** What the caller presses. */
  readonly key: string;
  readonly documents: OnwardsDocuments;
  /** Elements that come first for who pressed it. */
  readonly optedOut: string;
  /** The notice, which comes first once more for who pressed another key, or whom it did not help. */
  readonly notice: string;
  readonly textVersion: string;
  readonly publicBaseUrl: string;
}

/**
 * Takes the key that a caller pressed during the notice. With the one that says no, what was begun is stopped, and deleted
 * once its file is there; a caller whom that did not help hears the notice again.
 */
export function optOut({
  secrets,
  store,
  taskTokens,
  withSecret,
  clock,
  key,
  documents,
  optedOut,
  notice,
  textVersion,
  publicBaseUrl,
  ...dependencies
}: OptOutDependencies) {
  const telemetry = unfailing(dependencies.telemetry);
  const noticeAgain = ({ url, encoded }: Next): string =>
    listeningTwiml(onwardsTwiml(documents, url, notice), optOutUrl(publicBaseUrl, encoded));

  return callWebhook({
    secrets,
    telemetry,
    publicBaseUrl,
    schema: KeyRequest,
    async answer(request, next, { secret }) {
      if (request.Digits !== key) {
        return noticeAgain(next);
      }
      const call = callOf(request);
      const at = new Date(clock.now()).toISOString();
      const applied = await keepConsent(store, telemetry, call, {
        answer: 'withdrawn',
        textVersion,
        digit: key,
        at,
      });
      if (!applied) {
        return noticeAgain(next);
      }
      telemetry.count(METRICS.consentWithdrawn);
      await within(WITHDRAW_BUDGET_MILLISECONDS, endRecordings(secret, call, applied), undefined);
      return onwardsTwiml(documents, next.url, optedOut);
    },
    answerUnverified(request, next, error) {
      telemetry.error('The signature cannot be verified; the caller hears the notice again', {
        ...(request && { callSid: request.CallSid }),
        error: describeError(error),
      });
      return noticeAgain(next);
    },
    answerFailure(error, next) {
      telemetry.error('The webhook failed; the call goes on', { error: describeError(error) });
      return onwardsTwiml(documents, next?.url);
    },
  });

  /** At once, and by the execution for as long as it takes. */
  async function endRecordings(
    secret: TwilioSecret,
    call: CallFacts,
    { summary, taskToken }: Applied,
  ): Promise<void> {
    if (!summary.unwanted) {
      return;
    }
    const attempt = async (step: () => Promise<unknown>): Promise<void> => {
      try {
        await step();
      } catch (error) {
        telemetry.warn('What was recorded is stopped and deleted later', {
          callSid: call.callSid,
          error: describeError(error),
        });
      }
    };
    // Side by side: what this one does not come to in its time, the execution has to know of.
    await Promise.all([
      attempt(async () => taskToken !== undefined && taskTokens.reportUnwanted(taskToken)),
      attempt(() => withdraw(withSecret(secret), call)),
    ]);
  }
}
