import type { TwilioAnswer, TwilioRecording } from '../twilio/api.ts';

/**
 * What an answer to a create means for what comes next.
 *
 * - `started`: a recording runs.
 * - `not-eligible`: Twilio's one answer for "too early" and "too late"; the call's status tells which.
 * - `not-processed`: too many requests, or no connection; safe to send again.
 * - `ambiguous`: nobody knows whether a recording runs; find out before sending another create.
 * - `refused`: the next one would be refused too; a person has to act.
 */
export type CreateVerdict =
  | { readonly verdict: 'started'; readonly recording: TwilioRecording }
  | { readonly verdict: 'not-eligible' }
  | { readonly verdict: 'not-processed'; readonly retryAfterMilliseconds?: number | undefined }
  | { readonly verdict: 'ambiguous' }
  | ({ readonly verdict: 'refused' } & Refusal);

/** A refusal with what Twilio answered, for people to look up: https://www.twilio.com/docs/api/errors */
export interface Refusal {
  readonly reason: RefusalReason;
  readonly httpStatus?: number | undefined;
  readonly twilioErrorCode?: number | undefined;
}

/** Why Twilio will not record: each has a remedy in `REMEDIES`. */
export type RefusalReason =
  | 'credentials-refused'
  | 'permission-denied'
  | 'trial-account'
  | 'account-suspended'
  | 'request-invalid'
  | 'call-not-found'
  | 'not-recordable';

/** What a person can do about it. */
export const REMEDIES: Readonly<Record<RefusalReason, string>> = {
  'credentials-refused':
    'Twilio refused the API key. Check apiKeySid and apiKeySecret in the secret, and that the key belongs to the region that twilioApiBaseUrl names: keys are per region.',
  'permission-denied':
    'Twilio does not allow this API key to record calls. Use a standard key, or give a restricted one the right to create and read call recordings.',
  'trial-account': 'Trial accounts cannot record calls. Upgrade the account.',
  'account-suspended': 'The account is suspended or not active. See its state in the Twilio console.',
  'request-invalid':
    'Twilio did not accept the recording options. Check the recording settings, and the configuration id if there is one.',
  'call-not-found':
    'Twilio does not know the call. Check that twilioApiBaseUrl names the region that the number’s calls are in, and that the API key is of the same account.',
  'not-recordable':
    'The call was in progress and Twilio still refused to record it. It does so for calls under <Connect><ConversationRelay>, and reports say for trial accounts too.',
};

/** Twilio's error codes that decide. https://www.twilio.com/docs/api/errors */
const NOT_ELIGIBLE = [21220, 20404];
const TOO_MANY_REQUESTS = 20429;
/** The recording is undergoing modification: to be tried again. https://www.twilio.com/docs/api/errors/16114 */
export const BUSY = 16114;
/** An answer that another try may change: Twilio was in trouble, or busy. */
export const isPassing = (answer: TwilioAnswer<unknown>): boolean =>
  answer.kind === 'error' &&
  (answer.httpStatus >= 500 || [408, 429].includes(answer.httpStatus) || answer.code === BUSY);

/** An answer about the credentials: whatever is asked with them is answered alike. */
export const isForbidden = (answer: TwilioAnswer<unknown>): boolean =>
  answer.kind === 'error' && (answer.httpStatus === 401 || answer.httpStatus === 403);

const REFUSALS: ReadonlyMap<number, RefusalReason> = new Map([
  [20003, 'credentials-refused'],
  [10001, 'account-suspended'],
  [10002, 'trial-account'],
]);

/** Classifies Twilio's answer to a create. */
export function classifyCreate(answer: TwilioAnswer<TwilioRecording>): CreateVerdict {
  switch (answer.kind) {
    case 'ok':
      return { verdict: 'started', recording: answer.body };
    case 'not-sent':
      return { verdict: 'not-processed' };
    case 'no-answer':
      return { verdict: 'ambiguous' };
    case 'error': {
      const { httpStatus, code } = answer;
      if (httpStatus === 429 || code === TOO_MANY_REQUESTS) {
        return { verdict: 'not-processed', retryAfterMilliseconds: answer.retryAfterMilliseconds };
      }
      // Of anything but a 4xx it is not known whether Twilio got to carry the request out before it failed.
      if (httpStatus < 400 || httpStatus > 499 || httpStatus === 408) {
        return { verdict: 'ambiguous' };
      }
      if ((code !== undefined && NOT_ELIGIBLE.includes(code)) || (code === undefined && httpStatus === 404)) {
        return { verdict: 'not-eligible' };
      }
      return { verdict: 'refused', ...refusalOf(httpStatus, code) };
    }
  }
}

/** What a 4xx that is not about the call's state means. */
export const refusalOf = (httpStatus: number, code: number | undefined): Refusal => ({
  reason: refusalReason(httpStatus, code),
  httpStatus,
  twilioErrorCode: code,
});

function refusalReason(httpStatus: number, code: number | undefined): RefusalReason {
  const known = code === undefined ? undefined : REFUSALS.get(code);
  if (known) {
    return known;
  }
  switch (httpStatus) {
    case 401:
      return 'credentials-refused';
    case 403:
      return 'permission-denied';
    default:
      return 'request-invalid';
  }
}

/**
 * Where a call is, from its CallStatus. Twilio's call resource lags behind, so only the last one proves anything.
 * https://www.twilio.com/docs/voice/api/call-resource#call-status-values
 */
export type CallPhase = 'before-answer' | 'in-progress' | 'ended';

/** Never answered: nothing was said that could have been recorded. */
const ENDED_UNANSWERED = ['busy', 'failed', 'no-answer', 'canceled'];

export function callPhase(callStatus: string): CallPhase {
  if (callStatus === 'completed' || ENDED_UNANSWERED.includes(callStatus)) {
    return 'ended';
  }
  return callStatus === 'in-progress' ? 'in-progress' : 'before-answer';
}

export const wasAnswered = (finalCallStatus: string): boolean => !ENDED_UNANSWERED.includes(finalCallStatus);
