import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Platform } from '../platform.ts';
import { awsClientOptions } from './options.ts';

export const secretsManager: Platform['secretsManager'] = (...timing) =>
  new SecretsManagerClient(awsClientOptions(...timing));
