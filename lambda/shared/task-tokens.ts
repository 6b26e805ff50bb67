import { InvalidToken, SendTaskSuccessCommand, TaskDoesNotExist, TaskTimedOut } from '@aws-sdk/client-sfn';
import type { Platform } from './platform.ts';

/** Releases tasks of the state machine that wait for a token. */
export interface TaskTokens {
  /** Does nothing when nobody waits for the token any more. Throws when Step Functions does not answer. */
  release(taskToken: string): Promise<void>;
}

const ATTEMPT_MILLISECONDS = 1_000;

/** https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html */
export function stepFunctionsTaskTokens({ stepFunctions }: Pick<Platform, 'stepFunctions'>): TaskTokens {
  const client = stepFunctions(3, ATTEMPT_MILLISECONDS);
  return {
    async release(taskToken) {
      try {
        await client.send(new SendTaskSuccessCommand({ taskToken, output: '{}' }));
      } catch (error) {
        if (
          !(
            error instanceof TaskTimedOut ||
            error instanceof TaskDoesNotExist ||
            error instanceof InvalidToken
          )
        ) {
          throw error;
        }
      }
    },
  };
}
