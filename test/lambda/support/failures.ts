const fail = (): never => {
  throw new Error('a dependency failed');
};

/** The ways in which a dependency fails: each is a function to put in the place of one that returns a promise. */
export const FAILURES: readonly [string, () => Promise<never>][] = [
  ['throws', fail],
  ['rejects', async () => fail()],
  ['rejects with what is no error', () => Promise.reject('no error')],
  ['hangs', () => new Promise(() => {})],
];
