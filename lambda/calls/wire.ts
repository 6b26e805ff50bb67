import { ENVIRONMENT } from '../shared/contract.ts';
import { environmentVariable, settings } from '../shared/environment.ts';
import type { BasePlatform, Platform } from '../shared/platform.ts';
import { type SecretPlatform, secretFromSecretsManager } from '../shared/secret.ts';
import { CallsSettings } from '../shared/settings.ts';
import { twilioApi } from '../twilio/api.ts';
import { callExecutions } from './call-executions.ts';
import { calls } from './calls.ts';
import { callsReader } from './calls-reader.ts';

const TIMEOUT_MILLISECONDS = 4_000;

export function wire(
  platform: BasePlatform & SecretPlatform & Pick<Platform, 'http' | 'stepFunctions' | 'dynamoDb'>,
) {
  const { environment, clock, telemetry, dynamoDb } = platform;
  const { twilioApiBaseUrl } = settings(CallsSettings, environment);
  const secrets = secretFromSecretsManager(platform);
  return calls({
    reader: callsReader(
      dynamoDb(3, TIMEOUT_MILLISECONDS / 3),
      environmentVariable(ENVIRONMENT.tableName, environment),
    ),
    executions: callExecutions(
      platform,
      environmentVariable(ENVIRONMENT.stateMachineArn, environment),
      TIMEOUT_MILLISECONDS,
    ),
    twilio: async () => twilioApi(platform, await secrets.get(), twilioApiBaseUrl, TIMEOUT_MILLISECONDS),
    clock,
    telemetry,
  });
}
