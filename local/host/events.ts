export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

/** What Lambda answers in place of a payload. */
export interface InvocationError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

export type HostEventDetail =
  | {
      readonly type: 'httpRequest';
      readonly requestId: string;
      readonly method: string;
      /** Decoded, without the query. */
      readonly path: string;
      /** Absent when no route matches. */
      readonly routeKey?: string;
    }
  | {
      readonly type: 'httpResponse';
      readonly requestId: string;
      readonly routeKey?: string;
      readonly status: number;
      readonly ms: number;
    }
  | {
      readonly type: 'invocationStarted';
      /** Logical id of the function. */
      readonly function: string;
      readonly requestId: string;
      readonly coldStart: boolean;
    }
  | {
      readonly type: 'invocationEnded';
      readonly function: string;
      readonly requestId: string;
      /** From the hand-over to an environment to the answer, a cold start included. */
      readonly ms: number;
      readonly timedOut: boolean;
      readonly error?: InvocationError;
    }
  | {
      readonly type: 'log';
      readonly function: string;
      /** Absent for what is printed between invocations. */
      readonly requestId?: string;
      readonly line: string;
    }
  | {
      readonly type: 'executionStarted';
      /** The execution's name. */
      readonly execution: string;
      readonly input: unknown;
    }
  | {
      readonly type: 'executionEnded';
      readonly execution: string;
      readonly status: ExecutionStatus;
      readonly ms: number;
      readonly output?: unknown;
      readonly error?: string;
      readonly cause?: string;
    }
  | {
      readonly type: 'stateEntered';
      readonly execution: string;
      readonly state: string;
      readonly input: unknown;
    }
  | {
      readonly type: 'stateExited';
      readonly execution: string;
      readonly state: string;
      readonly output: unknown;
    }
  | {
      readonly type: 'stateFailed';
      readonly execution: string;
      readonly state: string;
      readonly error: string;
    }
  | {
      readonly type: 'stateRetried';
      readonly execution: string;
      readonly state: string;
      /** 1 for the first retry by the retrier that matched. */
      readonly attempt: number;
    }
  | {
      readonly type: 'stateCaught';
      readonly execution: string;
      readonly state: string;
      readonly next: string;
    };

/** `at` is the time in milliseconds since the epoch. */
export type HostEvent = HostEventDetail & { readonly at: number };

export type Emit = (event: HostEventDetail, at?: number) => void;
