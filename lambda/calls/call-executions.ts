import {
  DescribeExecutionCommand,
  ExecutionDoesNotExist,
  GetExecutionHistoryCommand,
  type HistoryEvent,
} from '@aws-sdk/client-sfn';
import { executionNames } from '../recording/executions-of-a-call.ts';
import type { ExecutionRepresentation, StepRepresentation } from '../recording-control/representations.ts';
import { executionArnOf } from '../shared/executions.ts';
import type { Platform } from '../shared/platform.ts';

/** Step Functions keeps at most 25,000 events; a call's execution has some dozens. */
const MAXIMUM_EVENTS = 1_000;
const ATTEMPTS = 2;

/** The executions of a call with their histories, which Step Functions keeps for 90 days. */
export type CallExecutions = (callSid: string) => Promise<readonly ExecutionRepresentation[]>;

/**
 * Reads them from Step Functions; throws what its client throws.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetExecutionHistory.html
 */
export function callExecutions(
  { stepFunctions }: Pick<Platform, 'stepFunctions'>,
  stateMachineArn: string,
  timeoutMilliseconds: number,
): CallExecutions {
  const client = stepFunctions(ATTEMPTS, timeoutMilliseconds / ATTEMPTS);
  const executionOf = async (name: string): Promise<ExecutionRepresentation | undefined> => {
    const executionArn = executionArnOf(stateMachineArn, name);
    try {
      const [{ status, startDate, stopDate }, { events = [] }] = await Promise.all([
        client.send(new DescribeExecutionCommand({ executionArn })),
        client.send(
          new GetExecutionHistoryCommand({
            executionArn,
            maxResults: MAXIMUM_EVENTS,
            // Inputs hold phone numbers.
            includeExecutionData: false,
          }),
        ),
      ]);
      return {
        name,
        status: status ?? 'UNKNOWN',
        startedAt: startDate?.toISOString(),
        endedAt: stopDate?.toISOString(),
        history: events.map(stepOf),
      };
    } catch (error) {
      if (error instanceof ExecutionDoesNotExist) {
        return undefined;
      }
      throw error;
    }
  };
  return async (callSid) => {
    const executions: ExecutionRepresentation[] = [];
    // A call gets them in this order, and most have one.
    for (const name of executionNames(callSid)) {
      const execution = await executionOf(name);
      if (execution === undefined) {
        break;
      }
      executions.push(execution);
    }
    return executions;
  };
}

function stepOf(event: HistoryEvent): StepRepresentation {
  const failed =
    event.taskFailedEventDetails ??
    event.taskTimedOutEventDetails ??
    event.lambdaFunctionFailedEventDetails ??
    event.executionFailedEventDetails ??
    event.executionTimedOutEventDetails;
  return {
    at: event.timestamp?.toISOString() ?? '',
    type: event.type ?? '',
    state: event.stateEnteredEventDetails?.name ?? event.stateExitedEventDetails?.name,
    error: failed?.error,
  };
}
