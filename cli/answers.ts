/*
 * What an answer has to be like before it is shown. The types are the routes' own, so that neither side can drift.
 */
import * as v from 'valibot';
import {
  ACTIONS,
  type CallDetailsRepresentation,
  type CallRepresentation,
  type CallsRepresentation,
  type CommandedRepresentation,
  type ConsentRepresentation,
  type EventRepresentation,
  type ExecutionRepresentation,
  type ProblemRepresentation,
  type RecordingRepresentation,
} from '../lambda/recording-control/representations.ts';

/** A check that gives what the routes promise. */
export type Schema<T> = v.GenericSchema<unknown, T>;

const text = v.string();
const maybeText = v.optional(text);
const maybeNumber = v.optional(v.number());

const consent: Schema<ConsentRepresentation> = v.object({
  answer: text,
  digit: maybeText,
  textVersion: maybeText,
  at: maybeText,
});

const call: Schema<CallRepresentation> = v.object({
  callSid: text,
  from: maybeText,
  to: maybeText,
  direction: maybeText,
  origin: maybeText,
  createdAt: maybeText,
  updatedAt: maybeText,
  recordingStatus: text,
  recordingSid: maybeText,
  recordingDuration: maybeNumber,
  recordingCount: v.number(),
  surplusRecordings: maybeNumber,
  endedEarly: v.optional(v.literal(true)),
  reason: maybeText,
  errorCode: maybeNumber,
  final: v.boolean(),
  consent: v.optional(consent),
});

const recording: Schema<RecordingRepresentation> = v.object({
  recordingSid: text,
  status: text,
  source: maybeText,
  startTime: maybeText,
  duration: maybeNumber,
  channels: maybeNumber,
  track: maybeText,
  url: maybeText,
  errorCode: maybeNumber,
  surplus: v.optional(v.literal(true)),
});

const event: Schema<EventRepresentation> = v.object({
  at: text,
  type: text,
  effect: maybeText,
  recordingSid: maybeText,
  recordingStatus: maybeText,
  reason: maybeText,
  consent: v.optional(consent),
  action: maybeText,
  by: maybeText,
  before: maybeText,
  after: maybeText,
  httpStatus: maybeNumber,
  errorCode: maybeNumber,
});

const execution: Schema<ExecutionRepresentation> = v.object({
  name: text,
  status: text,
  startedAt: maybeText,
  endedAt: maybeText,
  history: v.array(v.object({ at: text, type: text, state: maybeText, error: maybeText })),
});

const twilio = v.union([
  v.object({ callStatus: text, recordings: v.array(recording) }),
  v.object({ unavailable: text }),
]);

export const callsAnswer: Schema<CallsRepresentation> = v.object({
  calls: v.array(call),
  cursor: maybeText,
});

export const callDetailsAnswer: Schema<CallDetailsRepresentation> = v.object({
  call,
  recordings: v.array(recording),
  events: v.array(event),
  executions: v.optional(v.array(execution)),
  twilio: v.optional(twilio),
});

export const commandedAnswer: Schema<CommandedRepresentation> = v.object({
  callSid: text,
  recordingSid: text,
  action: v.picklist(ACTIONS),
  before: maybeText,
  after: text,
});

export const problemAnswer: Schema<ProblemRepresentation> = v.object({
  type: text,
  title: text,
  status: v.number(),
  detail: text,
  callSid: maybeText,
  recordingStatus: maybeText,
  recordingSid: maybeText,
  errors: v.optional(v.array(v.object({ field: text, detail: text }))),
});

/** What API Gateway itself answers with. */
export const gatewayAnswer: Schema<{ readonly message: string }> = v.object({ message: text });

/** The answer, if it is of that kind. */
export function readAs<T>(schema: Schema<T>, document: unknown): T | undefined {
  const read = v.safeParse(schema, document);
  return read.success ? read.output : undefined;
}
