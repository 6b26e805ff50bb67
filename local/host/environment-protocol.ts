import type { InvocationError } from './events.ts';

/** What the host hands to a new environment. */
export interface EnvironmentData {
  readonly codeDirectory: string;
  readonly handler: string;
  readonly functionName: string;
  readonly arn: string;
  readonly memoryMegabytes: number;
  readonly logGroupName: string;
  readonly logStreamName: string;
}

/** Host to environment. Payloads are JSON texts, as on Lambda, so that no object is shared. */
export interface Invocation {
  readonly requestId: string;
  readonly payload: string;
  /** Milliseconds since the epoch at which the function times out. */
  readonly deadline: number;
  /** Absent for one that lives. */
  readonly death?: Death;
}

/** An invocation whose process dies at one of its requests to somebody else than AWS. */
export interface Death {
  /** How many it survives. */
  readonly requestsBefore: number;
  readonly isCarriedOut: boolean;
}

/** Environment to host. */
export type EnvironmentMessage =
  | { readonly type: 'initialized' }
  | { readonly type: 'output'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  | { readonly type: 'answer'; readonly payload: string }
  | { readonly type: 'failure'; readonly error: InvocationError };

/** Names the folder in which Node keeps compiled code. https://nodejs.org/api/module.html#module-compile-cache */
export const CODE_CACHE = 'NODE_COMPILE_CACHE';
