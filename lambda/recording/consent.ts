/**
 * What a caller said to being recorded.
 *
 * - `asked`: nothing yet.
 * - `given`: yes.
 * - `declined`: anything else, or nothing.
 * - `withdrawn`: not any more, after the recording had been allowed or announced.
 */
export const CONSENTS = ['asked', 'given', 'declined', 'withdrawn'] as const;
export type ConsentAnswer = (typeof CONSENTS)[number];

/** The key that says yes. */
export const YES = '1';

/** The evidence of it. */
export interface Consent {
  readonly answer: ConsentAnswer;
  /** Names the words that the caller heard. */
  readonly textVersion: string;
  /** The key that was pressed; left out for silence. */
  readonly digit?: string | undefined;
  /** ISO 8601. */
  readonly at: string;
}

/** Why a call has no recording that may have none. */
export type ConsentReason = 'declined' | 'withdrawn' | 'no-consent' | 'not-asked';

/**
 * What counts of two answers, in whatever order they come: a refusal more than a yes, and of two that say the same the
 * earlier one.
 */
export function stronger(a: Consent | undefined, b: Consent | undefined): Consent | undefined {
  if (a === undefined || b === undefined) {
    return a ?? b;
  }
  const difference = CONSENTS.indexOf(b.answer) - CONSENTS.indexOf(a.answer);
  return difference > 0 || (difference === 0 && sortKey(b) < sortKey(a)) ? b : a;
}

const sortKey = ({ at, digit, textVersion }: Consent): string => [at, digit, textVersion].join(' ');

/** Whether the caller has said no, so that nothing may be recorded, and nothing kept. */
export const isRefused = (answer: ConsentAnswer | undefined): answer is 'declined' | 'withdrawn' =>
  answer === 'declined' || answer === 'withdrawn';

/** Why a call is not recorded of which the caller's answer is this. */
export function reasonOf(answer: Exclude<ConsentAnswer, 'given'> | undefined): ConsentReason {
  switch (answer) {
    case undefined:
      return 'not-asked';
    case 'asked':
      return 'no-consent';
    default:
      return answer;
  }
}

/** Reasons that are the caller's own, and no fault. */
export const CALLERS_REASONS: readonly (string | undefined)[] = [
  'declined',
  'withdrawn',
  'no-consent',
] satisfies ConsentReason[];
