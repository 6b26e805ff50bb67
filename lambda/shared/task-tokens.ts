import {
  InvalidToken,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  TaskDoesNotExist,
  TaskTimedOut,
} from '@aws-sdk/client-sfn';
import { TASK_ERRORS } from './contract.ts';
import type { Platform } from './platform.ts';

/**
 * Ends the wait of tasks of the state machine that wait for a token. Each method returns whether somebody waited for it
 * still, and throws when Step Functions does not answer.
 */
export interface TaskTokens {
  /** The call is final. */
  release(taskToken: string): Promise<boolean>;
  /** A second recording of ours runs. */
  reportDouble(taskToken: string): Promise<boolean>;
  /** Recordings are to be stopped and deleted. */
  reportUnwanted(taskToken: string): Promise<boolean>;
  /** There is nothing to wait for yet. */
  reportNotRecording(taskToken: string): Promise<boolean>;
}

const ATTEMPT_MILLISECONDS = 1_000;

/** https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token */
export function stepFunctionsTaskTokens({ stepFunctions }: Pick<Platform, 'stepFunctions'>): TaskTokens {
  const client = stepFunctions(3, ATTEMPT_MILLISECONDS);
  const report = (taskToken: string, error: string) =>
    didSomebodyWait(client.send(new SendTaskFailureCommand({ taskToken, error })));
  return {
    release: (taskToken) =>
      didSomebodyWait(client.send(new SendTaskSuccessCommand({ taskToken, output: '{}' }))),
    reportDouble: (taskToken) => report(taskToken, TASK_ERRORS.doubled),
    reportUnwanted: (taskToken) => report(taskToken, TASK_ERRORS.unwanted),
    reportNotRecording: (taskToken) => report(taskToken, TASK_ERRORS.notRecording),
  };
}

async function didSomebodyWait(answer: Promise<unknown>): Promise<boolean> {
  try {
    await answer;
    return true;
  } catch (error) {
    if (error instanceof TaskTimedOut || error instanceof TaskDoesNotExist || error instanceof InvalidToken) {
      return false;
    }
    throw error;
  }
}
