import type { RecorderConfigurationInput } from './lib/configuration.ts';

/** What `cdk deploy` deploys. The README has a table of all keys; what is left out here has its default. */
export default {
  notice: { say: 'This call is recorded.', voice: 'Polly.Joanna', language: 'en-US' },
  otherwise: { say: 'Thank you for your call. Goodbye.', voice: 'Polly.Joanna', language: 'en-US' },
} satisfies RecorderConfigurationInput;
