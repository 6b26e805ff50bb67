import { SFNClient } from '@aws-sdk/client-sfn';
import { twoAttemptsWithin } from '../shared/aws.ts';
import { ENVIRONMENT } from '../shared/contract.ts';
import { environmentVariable, settings } from '../shared/environment.ts';
import { secretFromSecretsManager } from '../shared/secret.ts';
import { VoiceWebhookSettings } from '../shared/settings.ts';
import { powertools } from '../shared/telemetry.ts';
import { stepFunctionsExecutions } from './executions.ts';
import { BUDGET_MILLISECONDS, voiceWebhook } from './voice-webhook.ts';

const { telemetry, perInvocation } = powertools();

export const handler = perInvocation(
  voiceWebhook({
    ...settings(VoiceWebhookSettings),
    secrets: secretFromSecretsManager(BUDGET_MILLISECONDS.secret),
    executions: stepFunctionsExecutions(
      new SFNClient(twoAttemptsWithin(BUDGET_MILLISECONDS.execution)),
      environmentVariable(ENVIRONMENT.stateMachineArn),
      BUDGET_MILLISECONDS.execution,
    ),
    publicBaseUrl: environmentVariable(ENVIRONMENT.publicBaseUrl),
    telemetry,
  }),
);
