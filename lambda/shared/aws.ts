import { NodeHttpHandler } from '@smithy/node-http-handler';
import { environmentVariable } from './environment.ts';

/**
 * Options that all AWS clients share. What is said here the SDK need not look for in configuration files, which Lambda
 * does not have, while a call waits for the first request of a cold start.
 *
 * @param attempts how often a request is sent at most
 * @param timeouts in milliseconds
 */
export const awsClientOptions = (
  attempts: number,
  timeouts: { readonly connection: number; readonly request?: number },
) => ({
  region: environmentVariable('AWS_REGION'),
  defaultsMode: 'standard' as const,
  retryMode: 'standard',
  maxAttempts: attempts,
  useDualstackEndpoint: false,
  useFipsEndpoint: false,
  requestHandler: new NodeHttpHandler({
    connectionTimeout: timeouts.connection,
    ...(timeouts.request && { requestTimeout: timeouts.request, throwOnRequestTimeout: true }),
  }),
});
