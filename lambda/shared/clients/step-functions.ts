import { SFNClient } from '@aws-sdk/client-sfn';
import { ConfiguredRetryStrategy } from '@smithy/core/retry';
import type { Platform } from '../platform.ts';
import { awsClientOptions } from './options.ts';

/**
 * Before another attempt. After it was throttled, the SDK would by itself wait for up to a second: a call has been
 * answered by then.
 */
export const RETRY_PAUSE_MILLISECONDS = 50;

export const stepFunctions: Platform['stepFunctions'] = (attempts, attemptMilliseconds) =>
  new SFNClient({
    ...awsClientOptions(attempts, attemptMilliseconds),
    retryStrategy: new ConfiguredRetryStrategy(attempts, RETRY_PAUSE_MILLISECONDS),
  });
