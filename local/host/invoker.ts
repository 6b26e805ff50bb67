import type { InvocationResult } from './execution-environment.ts';

/** Invokes a template's functions. */
export interface Invoker {
  /** The logical id for a function's name or ARN, or for an ARN of its `$LATEST`, a version or an alias. */
  find(reference: string): string | undefined;
  /**
   * @param payload a JSON text
   * @throws Error when the template has no such function
   */
  invoke(logicalId: string, payload: string): Promise<InvocationResult>;
}
