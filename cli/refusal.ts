import type { ProblemRepresentation } from '../lambda/recording-control/representations.ts';
import { gatewayAnswer, problemAnswer, readAs } from './answers.ts';
import { EXIT, exitCodeOfStatus } from './exit-codes.ts';
import { Failure } from './failure.ts';

/** The managed policies that the stack makes for operators. */
export const POLICIES = { read: 'RecorderRead', control: 'RecorderControl' } as const;

/** An answer that is no success. */
export interface Refused {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly status: number;
  /** The body, if it was JSON. */
  readonly document: unknown;
  /** Whether the request carried a bearer token. */
  readonly byToken: boolean;
}

/** What is to be said about it: by the recorder, which answers with a problem, or by API Gateway, with a message. */
export function refusal(refused: Refused): Failure {
  const problem = readAs(problemAnswer, refused.document);
  return problem ? saidByRecorder(problem, refused) : saidByGateway(refused);
}

function saidByRecorder(problem: ProblemRepresentation, refused: Refused): Failure {
  const fields = (problem.errors ?? []).map(({ field, detail }) => `  ${field}: ${detail}`);
  return new Failure({
    exitCode: exitCodeOfStatus(refused.status, true),
    title: problem.title,
    detail: [problem.detail, ...fields].join('\n'),
    hint: hintOf(refused, problem.detail),
    status: refused.status,
    problem: refused.document,
  });
}

const TITLES: ReadonlyMap<number, string> = new Map([
  [401, 'Not authenticated'],
  [403, 'Not allowed'],
  [404, 'Not found'],
  [429, 'Too many requests'],
]);

function saidByGateway(refused: Refused): Failure {
  const { status, method, url, document } = refused;
  const message = readAs(gatewayAnswer, document)?.message ?? 'nothing readable';
  return new Failure({
    exitCode: exitCodeOfStatus(status, false),
    title: TITLES.get(status) ?? (status >= 500 ? 'The service is unavailable' : 'The request was refused'),
    detail: `${method} ${url} was answered with ${status}: ${message}.`,
    hint: hintOf(refused, message),
    status,
  });
}

const isProblem = (document: unknown): boolean => readAs(problemAnswer, document) !== undefined;

function hintOf({ status, method, document, byToken }: Refused, said: string): string | undefined {
  switch (exitCodeOfStatus(status, false)) {
    case EXIT.notAllowed:
      return byToken
        ? 'The token may have expired, or does not allow this: get a new one.'
        : /expired/i.test(said)
          ? 'The credentials have expired: sign in again, for example with `aws sso login`.'
          : `The credentials need the managed policy ${method === 'GET' ? POLICIES.read : POLICIES.control} of the recorder's stack.`;
    case EXIT.notFound:
      return isProblem(document)
        ? undefined
        : 'Is this the API of a recorder, and of this version? See --url.';
    default:
      return status === 429 || status === 503 ? 'Try again in a moment.' : undefined;
  }
}
