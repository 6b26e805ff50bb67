import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';

/** The AWS clients that voice-webhook needs, each with its one request, and nothing else. */
const secrets = new SecretsManagerClient();
const stepFunctions = new SFNClient();

export const handler = async (): Promise<object> => {
  await secrets.send(new GetSecretValueCommand({ SecretId: process.env.SECRET_ARN }));
  await stepFunctions.send(
    new StartExecutionCommand({ stateMachineArn: process.env.STATE_MACHINE_ARN, name: 'name', input: '{}' }),
  );
  return {};
};
