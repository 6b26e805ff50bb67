import { dynamoDb } from '../shared/clients/dynamodb.ts';
import { httpHandler } from '../shared/clients/http.ts';
import { secretsManager } from '../shared/clients/secrets-manager.ts';
import { stepFunctions } from '../shared/clients/step-functions.ts';
import { lambdaRuntime } from '../shared/runtime.ts';
import { wire } from './wire.ts';

const { platform, perInvocation } = lambdaRuntime();

export const handler = perInvocation(
  wire({ ...platform, dynamoDb, secretsManager, stepFunctions, http: httpHandler() }),
);
