import jestConfig from './jest.config.js';

/**
 * Mutates the decisions: what is pure, and what has its effects behind interfaces. Only their own tests run, and of
 * those not the ones that try everything in seconds.
 *
 * npm run test:mutation -- --mutate lambda/recording/merge.ts
 *
 * @type {import('@stryker-mutator/api/core').PartialStrykerOptions}
 */
export default {
  mutate: [
    'lambda/recording/{classify,consent,control,executions-of-a-call,gate,merge,ours,reconcile,report-endings,start,sweep,verify,withdraw}.ts',
    'lambda/twilio/{insist,recording-parameters,requests,signature,twiml,webhook}.ts',
  ],
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  jest: {
    config: {
      ...jestConfig,
      testMatch: [
        '<rootDir>/test/lambda/recording/!(control.property|dynamodb-store|orders|verify-kills).test.ts',
        '<rootDir>/test/lambda/twilio/!(api).test.ts',
        '<rootDir>/test/lambda/{sweep,verify}/*.test.ts',
      ],
    },
  },
  coverageAnalysis: 'perTest',
  // A process keeps the modules of every mutant that it ran, and slows down with them.
  maxTestRunnerReuse: 40,
  // Without tsconfig.json: Stryker would rewrite it with an API that TypeScript 7 does not have.
  ignorePatterns: ['cdk.out', 'docs', 'reports', 'tsconfig.json'],
  // Also when it fails, for instance because a test did before anything was mutated.
  cleanTempDir: 'always',
  thresholds: { high: 95, low: 85, break: 85 },
  reporters: ['clear-text', 'progress-append-only'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  warnings: { slow: false },
};
