import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import * as v from 'valibot';
import {
  type ControlDependencies,
  type Controlled,
  type ControlRequest,
  control,
} from '../recording/control.ts';
import { hasEnded } from '../recording/merge.ts';
import { METRICS } from '../shared/contract.ts';
import {
  describeError,
  SecretInvalidError,
  SecretUnavailableError,
  StoreUnavailableError,
} from '../shared/errors.ts';
import type { SecretSource, TwilioSecret } from '../shared/secret.ts';
import type { Telemetry } from '../shared/telemetry.ts';
import { CallSid } from '../twilio/requests.ts';
import { invalidRequest, json, noCallSid, type ProblemKind, problem, unknownCall } from './problems.ts';
import { ACTIONS, type CommandedRepresentation, PAUSE_BEHAVIORS } from './representations.ts';

const ONE_OF_ACTIONS = `one of ${ACTIONS.join(', ')}`;

/** The body of a command. */
const CommandBody = v.pipe(
  v.strictObject(
    {
      action: v.picklist(ACTIONS, ONE_OF_ACTIONS),
      pauseBehavior: v.optional(v.picklist(PAUSE_BEHAVIORS, `one of ${PAUSE_BEHAVIORS.join(', ')}`)),
      reason: v.optional(
        v.pipe(
          v.string('a text of 1 to 256 characters'),
          v.minLength(1, 'a text of 1 to 256 characters'),
          v.maxLength(256, 'a text of 1 to 256 characters'),
          v.check((text) => text.isWellFormed(), 'a text of valid Unicode'),
        ),
      ),
    },
    // The object says it of a key that is missing, which only this one may not be.
    ONE_OF_ACTIONS,
  ),
  v.forward(
    v.check(
      ({ action, pauseBehavior }) => pauseBehavior === undefined || action === 'pause',
      'left out: it goes with pause',
    ),
    ['pauseBehavior'],
  ),
);

export interface RecordingControlDependencies {
  readonly secrets: SecretSource;
  readonly withSecret: (secret: TwilioSecret) => ControlDependencies;
  readonly telemetry: Telemetry;
}

/** An event of a route with an authorizer. Who asks is what API Gateway says. */
export interface AuthorizedEvent extends APIGatewayProxyEventV2 {
  readonly requestContext: APIGatewayProxyEventV2['requestContext'] & {
    readonly authorizer?: {
      readonly iam?: { readonly userArn?: string };
      readonly jwt?: { readonly claims?: { readonly sub?: unknown } };
    };
  };
}

/** Carries out a command on a call's recording. The answer is JSON, a problem one of RFC 9457. */
export function recordingControl({ secrets, withSecret, telemetry }: RecordingControlDependencies) {
  return async (event: AuthorizedEvent, requestId: string): Promise<APIGatewayProxyStructuredResultV2> => {
    const request = parse(event, requestId);
    if (!('callSid' in request)) {
      return request;
    }
    const { callSid, action } = request;
    try {
      const controlled = await carryOut(request);
      report(request, controlled);
      return answer(request, controlled);
    } catch (error) {
      telemetry.error('A command could not be carried out', {
        callSid,
        action,
        error: describeError(error),
      });
      telemetry.count(METRICS.commandFailed);
      if (isBeforeAll(error, action)) {
        return problem('nothing-sent', `The recorder could not begin. ${WARNINGS[action]}Try again.`, {
          callSid,
        });
      }
      const warning =
        action === 'start' ? 'A recording may have been started all the same. ' : WARNINGS[action];
      return problem('unavailable', `The recorder failed. ${warning}Try again.`, { callSid });
    }
  };

  async function carryOut(request: ControlRequest): Promise<Controlled> {
    const secret = await secrets.get();
    const controlled = await control(withSecret(secret), request);
    if (controlled.kind !== 'refused' || ![401, 403].includes(controlled.httpStatus ?? 0)) {
      return controlled;
    }
    // The API key may have been rotated since the secret was read.
    const fresh = await secrets.getFresh();
    return fresh === secret ? controlled : control(withSecret(fresh), request);
  }

  function report({ callSid, action, by }: ControlRequest, controlled: Controlled): void {
    const details = { callSid, action, by, outcome: controlled.kind };
    switch (controlled.kind) {
      case 'done':
        telemetry.count(METRICS.commandDone);
        telemetry.info('A command was carried out', { ...details, recordingSid: controlled.recordingSid });
        return;
      case 'unconfirmed':
        telemetry.count(METRICS.commandUnconfirmed);
        telemetry.error('Nobody knows whether a command was carried out', details);
        return;
      case 'refused':
      case 'not-done':
        telemetry.count(METRICS.commandFailed);
        telemetry.error('Twilio did not carry out a command', {
          ...details,
          httpStatus: controlled.httpStatus,
          errorCode: controlled.errorCode,
        });
        return;
      default:
        telemetry.info('A command was not possible', details);
    }
  }
}

function parse(event: AuthorizedEvent, owner: string): ControlRequest | APIGatewayProxyStructuredResultV2 {
  const callSid = v.safeParse(CallSid, event.pathParameters?.callSid);
  if (!callSid.success) {
    return noCallSid();
  }
  const by = whoAsks(event);
  const body = v.safeParse(CommandBody, parseJson(event));
  if (!body.success) {
    const errors = body.issues.map((issue) => ({
      field: v.getDotPath(issue) ?? 'the body',
      detail: v.getDotPath(issue) === null ? 'a JSON object' : describe(issue),
    }));
    return invalidRequest(`A command is ${EXAMPLE}.`, errors);
  }
  return { callSid: callSid.output, ...body.output, by, owner };
}

const EXAMPLE = '{"action": "pause", "pauseBehavior": "silence", "reason": "card number"}';

const describe = (issue: v.BaseIssue<unknown>): string =>
  issue.expected === 'never' ? 'nothing: there is no such field' : issue.message;

function parseJson({ body = '', isBase64Encoded }: APIGatewayProxyEventV2): unknown {
  try {
    return JSON.parse(isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body);
  } catch {
    return undefined;
  }
}

function whoAsks({ requestContext: { authorizer } }: AuthorizedEvent): string {
  const subject = authorizer?.jwt?.claims?.sub;
  return authorizer?.iam?.userArn ?? (typeof subject === 'string' ? subject : 'unknown');
}

/** Whether an error says that nothing was sent: a start may have been before the table failed, any other command not. */
const isBeforeAll = (error: unknown, action: ControlRequest['action']): boolean =>
  error instanceof SecretUnavailableError ||
  error instanceof SecretInvalidError ||
  (error instanceof StoreUnavailableError && action !== 'start');

/** What somebody has to know for whom a command was not carried out. */
const WARNINGS = {
  pause: 'The recording may go on: nobody should say now what must not be recorded. ',
  resume: 'The recording may still be paused. ',
  stop: 'The recording may go on. ',
  start: '',
} as const satisfies Record<ControlRequest['action'], string>;

function answer(
  { callSid, action }: ControlRequest,
  controlled: Controlled,
): APIGatewayProxyStructuredResultV2 {
  const warning = WARNINGS[action];
  switch (controlled.kind) {
    case 'done': {
      const { recordingSid, before, after } = controlled;
      const body: CommandedRepresentation = { callSid, recordingSid, action, before, after };
      return json(body, controlled.started ? 201 : 200);
    }
    case 'unknown-call':
      return unknownCall(callSid, warning);
    case 'under-way':
      return problem('under-way', `Another command to this call has not ended yet. ${warning}Try again.`, {
        callSid,
      });
    default: {
      const { kind, recordingSid, recordingStatus, mayBegin } = controlled;
      const isOver = recordingStatus === undefined ? !mayBegin : hasEnded(recordingStatus);
      const detail = DETAILS[kind](controlled);
      return problem(kind, kind === 'not-possible' && isOver ? detail : `${detail} ${warning}`.trim(), {
        callSid,
        recordingSid,
        recordingStatus,
      });
    }
  }
}

type Failed = Extract<Controlled, { readonly httpStatus?: unknown }>;

const twilioSaid = ({ httpStatus, errorCode }: Failed): string =>
  httpStatus === undefined
    ? 'Twilio did not answer.'
    : `Twilio answered HTTP ${httpStatus}${errorCode === undefined ? '' : `, code ${errorCode}`}.`;

const DETAILS = {
  'not-possible': ({ recordingStatus, mayBegin }) => {
    if (recordingStatus !== undefined) {
      return `The recording is ${recordingStatus}.`;
    }
    switch (mayBegin) {
      case true:
        return 'The recorder knows of no recording of the call yet, and one may begin at any moment.';
      case false:
        return 'The recorder knows of no recording of the call, and expects none.';
      default:
        return 'No recording of the call runs, and none can be started: it is not in progress, or its caller said no.';
    }
  },
  refused: (failed) => `${twilioSaid(failed)} Another try will not help.`,
  'not-done': (failed) => `${twilioSaid(failed)} Try again.`,
  unconfirmed: (failed) =>
    `${failed.httpStatus === undefined ? '' : `${twilioSaid(failed)} `}Nobody knows whether it was done, or will be. Try again until it is confirmed.`,
} as const satisfies Record<Extract<ProblemKind, Failed['kind']>, (failed: Failed) => string>;
