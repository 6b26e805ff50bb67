/** How the process ends, for scripts. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  notAllowed: 5,
  unconfirmed: 6,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What each of them means, as the help says it. */
export const EXIT_MEANINGS: Readonly<Record<ExitCode, string>> = {
  [EXIT.done]: 'done',
  [EXIT.failed]: 'the service is unavailable and nothing was done, or something unforeseen',
  [EXIT.usage]: 'the command was not understood',
  [EXIT.notFound]: 'no such call, recording, number or stack',
  [EXIT.conflict]:
    "the recording's, the number's or the secret's state does not allow it, or `doctor` found a problem",
  [EXIT.notAllowed]: 'no credentials, or not allowed',
  [EXIT.unconfirmed]: 'not confirmed: it may or may not have been done',
};

const BY_STATUS: ReadonlyMap<number, ExitCode> = new Map([
  [400, EXIT.usage],
  [422, EXIT.usage],
  [401, EXIT.notAllowed],
  [403, EXIT.notAllowed],
  [404, EXIT.notFound],
  [409, EXIT.conflict],
]);

/** How the process ends after an HTTP status that is no success, of a request that then has changed nothing. */
export const exitCodeOfStatus = (status: number): ExitCode => BY_STATUS.get(status) ?? EXIT.failed;
