import * as v from 'valibot';
import type { CallFacts } from '../recording/store.ts';
import { AccountSid, CallSid } from '../twilio/requests.ts';

/*
 * What the state machine passes to its functions: the execution's input, which voice-webhook wrote, and what the states
 * added to it. People may start an execution by hand, so it is parsed like anything from outside.
 */

/** The execution's input. */
export const ExecutionInput = v.object({
  callSid: CallSid,
  accountSid: AccountSid,
  from: v.optional(v.string()),
  to: v.optional(v.string()),
  direction: v.optional(v.string()),
});

export const callFacts = (input: v.InferOutput<typeof ExecutionInput>): CallFacts => ({
  callSid: input.callSid,
  accountSid: input.accountSid,
  from: input.from,
  to: input.to,
  direction: input.direction,
});
