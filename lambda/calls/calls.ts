import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import * as v from 'valibot';
import { recordingState } from '../recording/ours.ts';
import { invalidRequest, json, noCallSid, problem, unknownCall } from '../recording-control/problems.ts';
import type {
  CallDetailsRepresentation,
  CallsRepresentation,
  ExecutionRepresentation,
  TwilioRepresentation,
} from '../recording-control/representations.ts';
import type { Clock } from '../shared/clock.ts';
import { ROUTES } from '../shared/contract.ts';
import { describeError } from '../shared/errors.ts';
import type { Telemetry } from '../shared/telemetry.ts';
import type { TwilioAnswer, TwilioApi } from '../twilio/api.ts';
import { CallSid } from '../twilio/requests.ts';
import type { CallExecutions } from './call-executions.ts';
import type { CallsReader, Position } from './calls-reader.ts';
import { representation } from './representation.ts';

export interface CallsDependencies {
  readonly reader: CallsReader;
  readonly executions: CallExecutions;
  /** Throws what the secret's source throws. */
  readonly twilio: () => Promise<Pick<TwilioApi, 'fetchCall' | 'listRecordings'>>;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

const DAY = 'a day as YYYY-MM-DD';
const isDay = (day: string): boolean =>
  /^\d{4}-\d\d-\d\d$/.test(day) && new Date(day).toJSON()?.slice(0, 10) === day;

const Cursor = v.pipe(
  v.string(),
  v.rawTransform<string, Position>(({ dataset, addIssue, NEVER }) => {
    const position = positionFrom(dataset.value);
    if (position) {
      return position;
    }
    addIssue({ message: 'the cursor of an answer' });
    return NEVER;
  }),
);

/** The query of `GET /calls`. */
const ListQuery = v.object({
  day: v.optional(v.pipe(v.string(), v.check(isDay, DAY))),
  status: v.optional(v.pipe(v.string(), v.regex(/^[a-z][a-z-]{0,31}$/, 'a status, such as in-progress'))),
  cursor: v.optional(Cursor),
});

const INCLUDED = ['executions', 'twilio'] as const;
/** The query of `GET /calls/{callSid}`. */
const DetailsQuery = v.object({
  include: v.optional(
    v.pipe(
      v.string(),
      v.transform((list) => list.split(',')),
      v.array(v.picklist(INCLUDED, `some of ${INCLUDED.join(',')}`)),
    ),
  ),
});

/** Shows operators the calls of a day, or all that is known of one. The answer is JSON, a problem one of RFC 9457. */
export function calls({ reader, executions, twilio, clock, telemetry }: CallsDependencies) {
  return async (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> => {
    try {
      return await (event.routeKey === `GET ${ROUTES.calls}` ? list(event) : details(event));
    } catch (error) {
      telemetry.error('Calls could not be read', { error: describeError(error) });
      return problem('unavailable', 'The recorder could not read what it stored. Try again.');
    }
  };

  async function list({ queryStringParameters = {} }: APIGatewayProxyEventV2) {
    const query = v.safeParse(ListQuery, queryStringParameters);
    if (!query.success) {
      return invalid(query.issues);
    }
    const { status, cursor } = query.output;
    // The day of the first page is that of all: at midnight the others would be looked for in the next one.
    const begun = cursor?.createdAt ?? new Date(clock.now()).toISOString();
    const day = query.output.day ?? begun.slice(0, 10);
    const page = await reader.list(day, status, cursor);
    const body: CallsRepresentation = { calls: page.calls, cursor: page.next && cursorOf(page.next) };
    return json(body);
  }

  async function details({ pathParameters, queryStringParameters = {} }: APIGatewayProxyEventV2) {
    const callSid = v.safeParse(CallSid, pathParameters?.callSid);
    if (!callSid.success) {
      return noCallSid();
    }
    const query = v.safeParse(DetailsQuery, queryStringParameters);
    if (!query.success) {
      return invalid(query.issues);
    }
    const sid = callSid.output;
    const { include = [] } = query.output;
    const [items, included, said] = await Promise.all([
      reader.details(sid),
      include.includes('executions') ? whatRan(sid) : undefined,
      include.includes('twilio') ? whatTwilioSays(sid) : undefined,
    ]);
    if (!items) {
      return unknownCall(sid);
    }
    const body: CallDetailsRepresentation = { ...items, executions: included, twilio: said };
    return json(body);
  }

  /** The rows are shown without it, if it cannot be read. */
  async function whatRan(callSid: string): Promise<readonly ExecutionRepresentation[] | undefined> {
    try {
      return await executions(callSid);
    } catch (error) {
      telemetry.warn('The executions of a call could not be read', { callSid, error: describeError(error) });
      return undefined;
    }
  }

  async function whatTwilioSays(
    callSid: string,
  ): Promise<TwilioRepresentation | { readonly unavailable: string }> {
    const api = await twilio().catch(() => undefined);
    if (api === undefined) {
      return { unavailable: 'The secret with Twilio’s credentials could not be read' };
    }
    const [call, recordings] = await Promise.all([api.fetchCall(callSid), api.listRecordings(callSid)]);
    if (call.kind !== 'ok' || recordings.kind !== 'ok') {
      return { unavailable: reasonOf(call.kind === 'ok' ? recordings : call) };
    }
    return {
      callStatus: call.body.status,
      recordings: recordings.body.map((recording) => representation(recordingState(recording))),
    };
  }
}

const reasonOf = (answer: TwilioAnswer<unknown>): string =>
  answer.kind === 'error'
    ? `Twilio answered HTTP ${answer.httpStatus}${answer.code === undefined ? '' : `, code ${answer.code}`}`
    : 'Twilio did not answer';

const invalid = (issues: readonly v.BaseIssue<unknown>[]): APIGatewayProxyStructuredResultV2 =>
  invalidRequest(
    'The query is not valid.',
    issues.map(({ path, message }) => ({ field: String(path?.[0]?.key ?? 'the query'), detail: message })),
  );

const cursorOf = ({ createdAt, callSid }: Position): string =>
  Buffer.from(JSON.stringify([createdAt, callSid])).toString('base64url');

function positionFrom(cursor: string): Position | undefined {
  try {
    const [createdAt, callSid] = v.parse(
      v.strictTuple([v.pipe(v.string(), v.isoTimestamp()), v.string()]),
      JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')),
    );
    return { createdAt, callSid };
  } catch {
    return undefined;
  }
}
