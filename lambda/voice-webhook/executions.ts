import { ExecutionAlreadyExists, type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { CallFacts } from '../recording/store.ts';

/** Starts the one execution of a call. */
export interface Executions {
  /** Throws when it is not known that the call's execution exists. */
  start(call: CallFacts): Promise<void>;
}

/**
 * Executions of the state machine, named by their CallSid: a webhook that comes twice starts one. The input is the same
 * to the byte each time, since Step Functions compares it while the execution runs.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
 */
export function stepFunctionsExecutions(
  client: SFNClient,
  stateMachineArn: string,
  timeoutMilliseconds: number,
): Executions {
  return {
    async start({ callSid, accountSid, from, to, direction }) {
      const command = new StartExecutionCommand({
        stateMachineArn,
        name: callSid,
        input: JSON.stringify({ callSid, accountSid, from, to, direction }),
      });
      try {
        await client.send(command, { abortSignal: AbortSignal.timeout(timeoutMilliseconds) });
      } catch (error) {
        if (!(error instanceof ExecutionAlreadyExists)) {
          throw error;
        }
      }
    },
  };
}
