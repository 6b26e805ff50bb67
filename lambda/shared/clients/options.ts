import { NodeHttpHandler } from '@smithy/node-http-handler';
import { environmentVariable } from '../environment.ts';

/**
 * Options that all AWS clients share. What is said here the SDK need not look for in configuration files, which Lambda
 * does not have, while a call waits for the first request of a cold start.
 *
 * @param attempts how often a request is sent at most
 * @param attemptMilliseconds how long one attempt may take: one that hangs must leave time for the next
 */
export const awsClientOptions = (attempts: number, attemptMilliseconds: number) => ({
  region: environmentVariable('AWS_REGION'),
  defaultsMode: 'standard' as const,
  retryMode: 'standard',
  maxAttempts: attempts,
  useDualstackEndpoint: false,
  useFipsEndpoint: false,
  authSchemePreference: ['sigv4'],
  userAgentAppId: 'call-recorder',
  requestHandler: new NodeHttpHandler({
    connectionTimeout: attemptMilliseconds,
    requestTimeout: attemptMilliseconds,
    throwOnRequestTimeout: true,
  }),
});
