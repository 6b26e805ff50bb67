import { IncomingMessage, type RequestListener, ServerResponse } from 'node:http';
import type { CloudFaults, EffectTarget } from '../faults/cloud-faults.ts';
import type { Death } from './environment-protocol.ts';
import type { InvocationResult } from './execution-environment.ts';
import type { Api } from './gateway.ts';
import { readBody } from './http-server.ts';
import type { Pause } from './latency.ts';

/** Services by what their `x-amz-target` begins with. */
const TARGETS: Readonly<Record<string, Exclude<EffectTarget, 'twilio'>>> = {
  DynamoDB_20120810: 'table',
  AWSStepFunctions: 'stepFunctions',
  secretsmanager: 'secret',
};

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const REFUSALS: Readonly<Record<Exclude<EffectTarget, 'twilio'>, Answer>> = {
  table: failure(400, 'com.amazonaws.dynamodb.v20120810#ThrottlingException', 'Rate of requests exceeds'),
  stepFunctions: failure(400, 'ThrottlingException', 'Rate exceeded'),
  secret: failure(500, 'InternalServiceError', 'An error occurred on the server side.'),
};
const TABLE_UNKNOWN = failure(
  500,
  'com.amazonaws.dynamodb.v20120810#InternalServerError',
  'The request processing has failed because of an unknown error.',
);

/** A DynamoDB request has at most 16 MB. */
const BODY_LIMIT_BYTES = 16 * 1024 * 1024;
/** Requests to Twilio of one invocation at which it may die; none sends as many. */
const REQUESTS_DRAWN_FOR = 20;
/** How long whoever invoked a function waits at most, in milliseconds, before it gives up on it without a reason. */
const GIVEN_UP_WITHIN_MS = 2_000;

/** The CallSid in a text, or ''. */
export const subjectOf = (text: string): string => /\bCA[0-9a-f]{32}\b/.exec(text)?.[0] ?? '';

export interface FaultyEndpointsOptions {
  readonly faults: CloudFaults;
  /** Carries out a request to this target, or to a service that is none. */
  readonly backend: (target: EffectTarget | undefined) => RequestListener;
  /** Kills the execution environment that has these credentials. */
  readonly crash: (accessKeyId: string) => void;
}

/** What functions reach in place of AWS's endpoints: it hands requests on and does to them what the faults say. */
export function createFaultyEndpoints({ faults, backend, crash }: FaultyEndpointsOptions): RequestListener {
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = (await readBody(request, BODY_LIMIT_BYTES)) ?? Buffer.of();
    const target = TARGETS[String(request.headers['x-amz-target']).split('.')[0] ?? ''];
    const listener = backend(target);
    const die = () => {
      crash(/Credential=([^/]+)/.exec(request.headers.authorization ?? '')?.[1] ?? '');
      response.destroy();
    };
    const fault = target ? faults.effect(target, subjectOf(body.toString())) : 'none';
    switch (fault) {
      case 'none':
        listener(replay(request, body), response);
        return;
      case 'refused':
        return send(response, REFUSALS[target ?? 'table']);
      case 'unknown':
        await carryOutSilently(listener, request, body);
        // Of the others nothing is heard until whoever asked gives up.
        if (target === 'table') send(response, TABLE_UNKNOWN);
        return;
      case 'crash-before':
        return die();
      case 'crash-after':
        await carryOutSilently(listener, request, body);
        return die();
    }
  };
  return (request, response) => {
    handle(request, response).catch(() => response.destroy());
  };
}

/** The request once more, for a listener that has yet to read its body. */
function replay(request: IncomingMessage, body: Buffer): IncomingMessage {
  const again = new IncomingMessage(request.socket);
  again.method = request.method;
  again.url = request.url;
  again.headers = request.headers;
  again.complete = true;
  again.push(body);
  again.push(null);
  return again;
}

/** Resolves when the listener has answered, which nobody hears. */
function carryOutSilently(listener: RequestListener, request: IncomingMessage, body: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const silent = new ServerResponse(request);
    silent.end = () => {
      resolve();
      return silent;
    };
    listener(replay(request, body), silent);
  });
}

function failure(status: number, __type: string, message: string): Answer {
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    body: JSON.stringify({ __type, message }),
  };
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, headers).end(body);
}

/** At which of an invocation's requests to Twilio its process dies, if at any. */
export function drawDeath(faults: CloudFaults, payload: string): Death | undefined {
  const subject = subjectOfPayload(payload);
  for (let requestsBefore = 0; requestsBefore < REQUESTS_DRAWN_FOR; requestsBefore += 1) {
    const fault = faults.effect('twilio', subject);
    if (fault === 'crash-before') return { requestsBefore, isCarriedOut: false };
    if (fault === 'crash-after') return { requestsBefore, isCarriedOut: true };
  }
  return undefined;
}

/** What whoever invoked the function hears: its result, or that it took too long, which it did not. */
export async function unlessZombie(
  faults: CloudFaults,
  logicalId: string,
  payload: string,
  result: Promise<InvocationResult>,
  pause: Pause,
): Promise<InvocationResult> {
  if (!faults.isZombie(logicalId, subjectOfPayload(payload))) return result;
  await pause(Math.random() * GIVEN_UP_WITHIN_MS);
  return { error: { errorType: 'Sandbox.Timedout', errorMessage: 'Task timed out' }, timedOut: true };
}

/** The gateway's events carry forms in base64. */
function subjectOfPayload(payload: string): string {
  const { body, isBase64Encoded }: { body?: unknown; isBase64Encoded?: unknown } = Object(
    JSON.parse(payload),
  );
  return subjectOf(isBase64Encoded === true ? Buffer.from(String(body), 'base64').toString() : payload);
}

/** Voice webhooks may be lost on their way: the connection is reset. */
export function loseVoiceWebhooks(api: Api, faults: CloudFaults): Api {
  return async (request) => {
    const body = await request.readBody(Number.POSITIVE_INFINITY);
    const form = new URLSearchParams(Buffer.from(body ?? []).toString());
    const callSid = form.get('CallSid');
    if (callSid !== null && !form.has('RecordingSid') && faults.isVoiceWebhookLost(callSid)) {
      throw new Error(`The voice webhook of ${callSid} is lost`);
    }
    return api({
      ...request,
      readBody: async (limitBytes) => (body && body.length <= limitBytes ? body : undefined),
    });
  };
}
