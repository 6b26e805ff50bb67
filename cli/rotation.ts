/*
 * The walk through a rotation of the auth token, as decisions. Nothing is remembered but what the secret and Twilio
 * say, so that whoever begins again goes on where it stopped. At each step the secret holds every token that Twilio
 * may sign with.
 */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** In milliseconds. */
export const WAITS = {
  /** Functions keep the secret for five minutes; the sixth is for reads under way, and for Secrets Manager's own copies. */
  caches: 6 * MINUTE,
  /**
   * What was signed before the promotion is delivered within 15 seconds, retries included. Twilio does not say how soon
   * after it all of its machines sign with the new token; where it names a delay for its own Functions, it is a minute.
   * https://www.twilio.com/docs/iam/api/authtoken
   */
  late: 10 * MINUTE,
} as const;

/** A rotation that ended so recently was this one. */
const RECENTLY = 60 * MINUTE;

/** Which step wrote the secret's version: `added` the next token, `promoted` put the new one first, `finished` left it alone. */
export const MARKS = ['added', 'promoted', 'finished'] as const;
export type Mark = (typeof MARKS)[number];

/** What the secret and Twilio say. */
export interface RotationState {
  /** As the secret lists them: the one that signs, then the next; after a promotion the new one, then the old. */
  readonly tokens: readonly string[];
  /** Undefined where somebody else wrote the secret. */
  readonly mark: Mark | undefined;
  /** Since the secret was changed, in milliseconds. */
  readonly ageMs: number;
  /** The account's primary token, with which Twilio signs; undefined where it takes none of the secret's. */
  readonly primary: string | undefined;
  /** Another of the secret's that Twilio takes. */
  readonly secondary: string | undefined;
}

/** What has to be put into the secret. */
export interface Storing {
  readonly kind: 'store';
  readonly tokens: readonly string[];
  readonly mark: Mark;
}

export type Step =
  | Storing
  /** Twilio takes no token of the secret: which one signs, nobody can tell. */
  | { readonly kind: 'lost' }
  | { readonly kind: 'create'; readonly primary: string }
  | { readonly kind: 'wait'; readonly why: keyof typeof WAITS; readonly ms: number }
  | { readonly kind: 'promote'; readonly primary: string; readonly secondary: string }
  | { readonly kind: 'finished' };

/** @param again whether a rotation begins although one has just ended */
export function nextStep(state: RotationState, again = false, waits: typeof WAITS = WAITS): Step {
  const { tokens, mark, ageMs, primary, secondary } = state;
  if (primary === undefined) {
    return { kind: 'lost' };
  }
  const others = tokens.filter((token) => token !== primary);
  if (tokens[0] !== primary) {
    // Promoted, here or in the console.
    return { kind: 'store', tokens: [primary, ...others], mark: 'promoted' };
  }
  if (others.length === 0) {
    const isOver = mark === 'finished' && ageMs < RECENTLY && !again;
    return isOver ? { kind: 'finished' } : { kind: 'create', primary };
  }
  // Just after a promotion Twilio may still take the old token; that one is not to be promoted.
  if (secondary !== undefined && mark !== 'promoted') {
    return ageMs < waits.caches
      ? { kind: 'wait', why: 'caches', ms: waits.caches - ageMs }
      : { kind: 'promote', primary, secondary };
  }
  return ageMs < waits.late
    ? { kind: 'wait', why: 'late', ms: waits.late - ageMs }
    : { kind: 'store', tokens: [primary], mark: 'finished' };
}

/** What is to be put in once Twilio has a next token. */
export const added = (primary: string, next: string): Storing => ({
  kind: 'store',
  tokens: [primary, next],
  mark: 'added',
});

/** What is to be put in once Twilio has said which token it promoted, be it one that the secret does not have. */
export const promoted = (tokens: readonly string[], primary: string): Storing => ({
  kind: 'store',
  tokens: [primary, ...tokens.filter((token) => token !== primary)],
  mark: 'promoted',
});

export type Undoing =
  | { readonly kind: 'lost' }
  | { readonly kind: 'too-late' }
  | { readonly kind: 'remove'; readonly primary: string };

/** Whether the next token can still be given up. */
export function undoing({ tokens, mark, primary }: RotationState): Undoing {
  if (primary === undefined) {
    return { kind: 'lost' };
  }
  return mark === 'promoted' || tokens[0] !== primary ? { kind: 'too-late' } : { kind: 'remove', primary };
}

/**
 * What is to be put in after Twilio was told to remove its next token; undefined where nothing has to be, `wait` where
 * it cannot be told yet whether that token is gone: then it might have been promoted.
 *
 * @param wasThere whether Twilio had one to remove: what it removed can be promoted by nobody
 */
export function undone(state: RotationState, wasThere: boolean): Storing | 'wait' | undefined {
  const { tokens, primary, secondary } = state;
  if (primary === undefined || tokens[0] !== primary || (!wasThere && secondary !== undefined)) {
    return 'wait';
  }
  return tokens.length === 1 ? undefined : { kind: 'store', tokens: [primary], mark: 'finished' };
}
