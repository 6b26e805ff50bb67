import { within } from '../shared/clock.ts';
import { METRICS } from '../shared/contract.ts';
import { describeError } from '../shared/errors.ts';
import type { Telemetry } from '../shared/telemetry.ts';
import type { Consent } from './consent.ts';
import type { Applied, CallFacts, CallStore } from './store.ts';

/** How long a caller waits for it, in milliseconds. */
export const CONSENT_BUDGET_MILLISECONDS = 1_500;

/**
 * Keeps what a caller said, or that the caller is asked. Returns what the rows say then, or undefined when that cannot be
 * known in time; never throws. The log has it either way.
 */
export async function keepConsent(
  store: Pick<CallStore, 'apply'>,
  telemetry: Telemetry,
  call: CallFacts,
  consent: Consent,
): Promise<Applied | undefined> {
  const { answer, digit, textVersion } = consent;
  const details = { callSid: call.callSid, answer, digit, textVersion };
  const kept = (async () => store.apply(call, { type: 'consent', consent }))().catch((error: unknown) => {
    telemetry.warn('What the caller said could not be stored', { ...details, error: describeError(error) });
    return undefined;
  });
  const applied = await within(CONSENT_BUDGET_MILLISECONDS, kept, undefined);
  if (applied) {
    telemetry.info('What the caller said is stored', details);
  } else {
    telemetry.count(METRICS.consentNotKept);
    telemetry.error('What the caller said may not be stored', details);
  }
  return applied;
}
