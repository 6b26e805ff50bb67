import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { ProblemRepresentation } from './representations.ts';

/** What can be wrong with a request to the control routes, by the last part of the problem's type. */
const TITLES = {
  'invalid-request': [400, 'The request is not valid'],
  'unknown-call': [404, 'There is no such call'],
  'not-possible': [409, 'The state of the recording does not allow this'],
  'under-way': [409, 'Another command is under way'],
  refused: [502, 'Twilio refused'],
  'not-done': [503, 'Twilio did not do it'],
  'nothing-sent': [503, 'Nothing was sent to Twilio'],
  unavailable: [503, 'The recorder cannot be reached'],
  unconfirmed: [504, 'Nobody knows whether it was done'],
} as const satisfies Record<string, readonly [number, string]>;
export type ProblemKind = keyof typeof TITLES;

/** Types of problems are names, not addresses: there is nothing to be read at them. */
export const problemType = (kind: ProblemKind): string => `urn:call-recorder:problem:${kind}`;

/** An error as `application/problem+json`. https://www.rfc-editor.org/rfc/rfc9457 */
export function problem(
  kind: ProblemKind,
  detail: string,
  members: Omit<ProblemRepresentation, 'type' | 'title' | 'status' | 'detail'> = {},
): APIGatewayProxyStructuredResultV2 {
  const [status, title] = TITLES[kind];
  const body: ProblemRepresentation = { type: problemType(kind), title, status, detail, ...members };
  return {
    statusCode: status,
    headers: { 'content-type': 'application/problem+json' },
    body: JSON.stringify(body),
  };
}

/** Names each field that is wrong, and what it may be. */
export function invalidRequest(
  detail: string,
  errors: NonNullable<ProblemRepresentation['errors']>,
): APIGatewayProxyStructuredResultV2 {
  const wrong = errors.map((error) => `${error.field} (allowed: ${error.detail})`).join('; ');
  return problem('invalid-request', `${detail} Wrong: ${wrong}.`, { errors });
}

export const noCallSid = (): APIGatewayProxyStructuredResultV2 =>
  problem('unknown-call', 'The path names no CallSid: CA and 32 hexadecimal digits.');

/** @param warning what somebody has to know all the same */
export const unknownCall = (callSid: string, warning = ''): APIGatewayProxyStructuredResultV2 =>
  problem('unknown-call', `No call with this CallSid is known. ${warning}`.trim(), { callSid });

export const json = (body: object, statusCode = 200): APIGatewayProxyStructuredResultV2 => ({
  statusCode,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
