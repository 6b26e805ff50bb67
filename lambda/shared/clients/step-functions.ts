import { SFNClient } from '@aws-sdk/client-sfn';
import type { Platform } from '../platform.ts';
import { awsClientOptions } from './options.ts';

export const stepFunctions: Platform['stepFunctions'] = (...timing) =>
  new SFNClient(awsClientOptions(...timing));
