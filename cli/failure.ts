import type { ExitCode } from './exit-codes.ts';
import { harmless } from './text.ts';

/** RFC 9457; without a status when nothing was answered. https://www.rfc-editor.org/rfc/rfc9457 */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status?: number;
  readonly detail: string;
}

export interface FailureOptions {
  readonly exitCode: ExitCode;
  /** What was wrong, in a few words. */
  readonly title: string;
  /** Where, and what was said there. */
  readonly detail: string;
  /** What to do about it. */
  readonly hint?: string | undefined;
  /** The HTTP status of an answer. */
  readonly status?: number;
  /** The problem that was answered, unchanged. */
  readonly problem?: unknown;
  readonly cause?: unknown;
}

/** A command came to nothing, and a person can be told why. Carries no secrets. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly exitCode: ExitCode;
  /** What `--json` prints: the problem as it was answered, or one that says what happened here. */
  readonly document: unknown;

  constructor({ exitCode, title, detail, hint, status, problem, cause }: FailureOptions) {
    super(harmless([`${title}: ${detail}`, ...(hint ? [hint] : [])].join('\n')), { cause });
    this.exitCode = exitCode;
    this.document =
      problem ??
      ({
        type: 'about:blank',
        title,
        ...(status !== undefined && { status }),
        detail: [detail, ...(hint ? [hint] : [])].join(' '),
      } satisfies ProblemDocument);
  }
}
