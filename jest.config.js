/** @type {import('jest').Config} */
export default {
  extensionsToTreatAsEsm: ['.ts'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2024' },
        module: { type: 'es6' },
      },
    ],
  },
  // The local host needs the processors: with the files of two suites at once, its functions run out of the time that
  // a call has for them, and the TwiML starts the recording instead. `npm run test:virtual` has two, without these.
  maxWorkers: 1,
  testTimeout: 30_000,
};
