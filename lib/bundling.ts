import { fileURLToPath } from 'node:url';

/** With a slash at the end. */
export const PROJECT = fileURLToPath(new URL('..', import.meta.url));

/** What goes into a function's bundle: esbuild's options. */
export const BUNDLING = {
  // The AWS SDK's ES modules, bundled and stripped of what is not used, load faster than the runtime's own copy.
  mainFields: ['module', 'main'],
  // What the AWS SDK imports only for event streams and in browsers. Bundled, these dynamic imports would keep most of
  // the SDK apart in functions that are parsed twice.
  external: ['@smithy/core/event-streams', 'bowser'],
  alias: {
    '@aws-sdk/credential-provider-node': `${PROJECT}lambda/shared/execution-role-credentials.ts`,
  },
  target: 'node24',
};
