/** What a check found. */
export interface Finding {
  /** With a problem, calls are not recorded, or not as they have to be; a warning costs something in a bad moment. */
  readonly level: 'ok' | 'warning' | 'problem';
  /** What was looked at. */
  readonly check: string;
  readonly found: string;
  /** What to do about it. */
  readonly remedy?: string;
}

export const ok = (check: string, found: string): Finding => ({ level: 'ok', check, found });

export const warning = (check: string, found: string, remedy: string): Finding => ({
  level: 'warning',
  check,
  found,
  remedy,
});

export const problem = (check: string, found: string, remedy: string): Finding => ({
  level: 'problem',
  check,
  found,
  remedy,
});
