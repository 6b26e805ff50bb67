import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  ListExecutionsCommand,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { CallFacts } from '../recording/store.ts';
import type { Platform } from './platform.ts';

/** Executions of the state machine. A call's first one is named by its CallSid, so that there is one of it. */
export interface Executions {
  /**
   * Starts an execution for a call, unless there is or was one of that name. Throws when neither is known.
   *
   * @param name default the CallSid
   */
  start(call: CallFacts, name?: string): Promise<'started' | 'exists'>;
  /** What became of an execution. Throws when Step Functions does not answer. */
  status(name: string): Promise<'running' | 'ended' | 'absent'>;
  /**
   * The names of those that run; the list may lag by some seconds. Throws when Step Functions does not answer.
   * https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html
   */
  running(): Promise<ReadonlySet<string>>;
}

export const executionArnOf = (stateMachineArn: string, name: string): string =>
  `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;

/** How often a request is sent at most: each answer that is lost may leave a call with two ways to be recorded. */
const ATTEMPTS = 4;
/** How many of them fit into the time when each hangs: a first one has to connect, which takes time of its own. */
const HANGING_ATTEMPTS = 3;
/** The most that Step Functions puts on a page. */
const PAGE_SIZE = 1_000;

/**
 * Executions in Step Functions. The input is the same to the byte each time, since Step Functions compares it while the
 * execution runs. https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
 *
 * @param timeoutMilliseconds of a request, with all its attempts
 */
export function stepFunctionsExecutions(
  { stepFunctions }: Pick<Platform, 'stepFunctions'>,
  stateMachineArn: string,
  timeoutMilliseconds: number,
): Executions {
  // The pauses between attempts are what is left.
  const client = stepFunctions(ATTEMPTS, (timeoutMilliseconds * 0.9) / HANGING_ATTEMPTS);
  const timeout = () => ({ abortSignal: AbortSignal.timeout(timeoutMilliseconds) });
  return {
    async start({ callSid, accountSid, from, to, direction, origin, consent }, name = callSid) {
      const command = new StartExecutionCommand({
        stateMachineArn,
        name,
        input: JSON.stringify({ callSid, accountSid, from, to, direction, origin, consent }),
      });
      try {
        await client.send(command, timeout());
        return 'started';
      } catch (error) {
        if (error instanceof ExecutionAlreadyExists) {
          return 'exists';
        }
        throw error;
      }
    },
    async status(name) {
      try {
        const { status } = await client.send(
          new DescribeExecutionCommand({ executionArn: executionArnOf(stateMachineArn, name) }),
          timeout(),
        );
        return status === 'RUNNING' || status === 'PENDING_REDRIVE' ? 'running' : 'ended';
      } catch (error) {
        if (error instanceof ExecutionDoesNotExist) {
          return 'absent';
        }
        throw error;
      }
    },
    async running() {
      const names = new Set<string>();
      let nextToken: string | undefined;
      do {
        const page = await client.send(
          new ListExecutionsCommand({
            stateMachineArn,
            statusFilter: 'RUNNING',
            maxResults: PAGE_SIZE,
            nextToken,
          }),
          timeout(),
        );
        for (const { name } of page.executions ?? []) {
          if (name !== undefined) {
            names.add(name);
          }
        }
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
      return names;
    },
  };
}
