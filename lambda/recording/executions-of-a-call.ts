import { describeError } from '../shared/errors.ts';
import type { Executions } from '../shared/executions.ts';
import type { Telemetry } from '../shared/telemetry.ts';
import type { CallFacts } from './store.ts';

/**
 * Executions of one call, the first included, and one for each restart by an operator. Whatever ended so many will end
 * the next one.
 */
export const MAXIMUM_EXECUTIONS = 25;

/** In the order in which a call gets them: the same each time, so that sweeps that overlap start one. */
export const executionNames = (callSid: string): readonly string[] =>
  Array.from({ length: MAXIMUM_EXECUTIONS }, (_, index) =>
    index === 0 ? callSid : `${callSid}-${index + 1}`,
  );

/**
 * Starts another execution for a call whose last one has died. Returns whether it did: not while one runs, and not for
 * ever. Throws what `executions` throws.
 */
export async function revive(
  executions: Pick<Executions, 'start' | 'status'>,
  call: CallFacts,
): Promise<boolean> {
  for (const name of executionNames(call.callSid)) {
    switch (await executions.status(name)) {
      case 'running':
        return false;
      case 'absent':
        return (await executions.start(call, name)) === 'started';
    }
  }
  return false;
}

/**
 * Starts another execution for a call, whether one runs or not: it verifies and follows a recording that was started
 * outside of any. Where none can be started the recording goes on, and the log says so.
 */
export const follow =
  (executions: Executions, telemetry: Pick<Telemetry, 'warn'>) =>
  async (call: CallFacts): Promise<void> => {
    const warn = (details: object): void =>
      telemetry.warn('No execution follows a recording that was started by hand', {
        callSid: call.callSid,
        ...details,
      });
    try {
      if (!(await startAnother(executions, call))) {
        warn({ executions: MAXIMUM_EXECUTIONS });
      }
    } catch (error) {
      warn({ error: describeError(error) });
    }
  };

/** Returns whether it did. */
async function startAnother(executions: Executions, call: CallFacts): Promise<boolean> {
  for (const name of executionNames(call.callSid)) {
    // A sweep may take the name meanwhile, for the call as it was before.
    if ((await executions.status(name)) === 'absent' && (await executions.start(call, name)) === 'started') {
      return true;
    }
  }
  return false;
}
