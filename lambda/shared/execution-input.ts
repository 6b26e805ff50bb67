import * as v from 'valibot';
import { CONSENTS } from '../recording/consent.ts';
import type { CallFacts } from '../recording/store.ts';
import { AccountSid, CallSid } from '../twilio/requests.ts';
import { InputInvalidError } from './errors.ts';

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
  origin: v.optional(v.picklist(['sweep', 'callback', 'control'])),
  consent: v.optional(
    v.object({
      answer: v.picklist(CONSENTS),
      textVersion: v.string(),
      digit: v.optional(v.string()),
      at: v.pipe(v.string(), v.isoTimestamp()),
    }),
  ),
});

/**
 * Parses what a state passed. Throws InputInvalidError that names the fields that are wrong: a schema's own error would
 * carry the whole input, phone numbers included, into the log.
 */
export function parseInput<const S extends v.GenericSchema>(schema: S, input: unknown): v.InferOutput<S> {
  const parsed = v.safeParse(schema, input);
  if (parsed.success) {
    return parsed.output;
  }
  const wrong = parsed.issues.map((issue) => v.getDotPath(issue) ?? 'the input');
  throw new InputInvalidError(
    `The execution's input is not a call's. Wrong or missing: ${wrong.join(', ')}.`,
  );
}

export const callFacts = (input: v.InferOutput<typeof ExecutionInput>): CallFacts => ({
  callSid: input.callSid,
  accountSid: input.accountSid,
  from: input.from,
  to: input.to,
  direction: input.direction,
  origin: input.origin,
  consent: input.consent,
});
