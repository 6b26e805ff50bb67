import type { ExecutionStatus } from './events.ts';

/** An execution of the state machine, named as DescribeExecution names it. */
export interface Execution {
  readonly executionArn: string;
  readonly stateMachineArn: string;
  readonly name: string;
  /** The JSON text as StartExecution received it. */
  readonly input: string;
  readonly status: ExecutionStatus;
  readonly startDate: Date;
  readonly stopDate?: Date;
  /** A JSON text, when it succeeded. */
  readonly output?: string;
  readonly error?: string;
  readonly cause?: string;
  /** Resolves when the execution is no longer RUNNING; look it up again for what became of it. */
  readonly closed: Promise<void>;
}
