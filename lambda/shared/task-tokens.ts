import {
  InvalidToken,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  TaskDoesNotExist,
  TaskTimedOut,
} from '@aws-sdk/client-sfn';
import { TASK_ERRORS } from './contract.ts';
import type { Platform } from './platform.ts';

/** Releases tasks of the state machine that wait for a token. */
export interface TaskTokens {
  /**
   * The call is final. Does nothing when nobody waits for the token any more. Throws when Step Functions does not answer.
   */
  release(taskToken: string): Promise<void>;
  /** A second recording of ours runs. Else as `release`. */
  reportDouble(taskToken: string): Promise<void>;
  /** Recordings are to be stopped and deleted. Else as `release`. */
  reportUnwanted(taskToken: string): Promise<void>;
  /** There is nothing to wait for yet. Else as `release`. */
  reportNotRecording(taskToken: string): Promise<void>;
}

const ATTEMPT_MILLISECONDS = 1_000;

/** https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token */
export function stepFunctionsTaskTokens({ stepFunctions }: Pick<Platform, 'stepFunctions'>): TaskTokens {
  const client = stepFunctions(3, ATTEMPT_MILLISECONDS);
  const report = (taskToken: string, error: string) =>
    whileSomebodyWaits(client.send(new SendTaskFailureCommand({ taskToken, error })));
  return {
    release: (taskToken) =>
      whileSomebodyWaits(client.send(new SendTaskSuccessCommand({ taskToken, output: '{}' }))),
    reportDouble: (taskToken) => report(taskToken, TASK_ERRORS.doubled),
    reportUnwanted: (taskToken) => report(taskToken, TASK_ERRORS.unwanted),
    reportNotRecording: (taskToken) => report(taskToken, TASK_ERRORS.notRecording),
  };
}

async function whileSomebodyWaits(answer: Promise<unknown>): Promise<void> {
  try {
    await answer;
  } catch (error) {
    if (
      !(error instanceof TaskTimedOut || error instanceof TaskDoesNotExist || error instanceof InvalidToken)
    ) {
      throw error;
    }
  }
}
