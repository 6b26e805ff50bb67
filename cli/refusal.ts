import { problemType } from '../lambda/recording-control/problems.ts';
import type { ProblemRepresentation } from '../lambda/recording-control/representations.ts';
import { gatewayAnswer, problemAnswer, readAs } from './answers.ts';
import { EXIT, type ExitCode, exitCodeOfStatus } from './exit-codes.ts';
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

/** What to do about a command that may have been carried out. To give it again does no harm: it sets a state. */
export const GIVE_AGAIN =
  'It may have been carried out: give the command again until it is confirmed. `npx recorder timeline` with the CallSid shows how the recording is.';

/** What is to be said about it: by the recorder, which answers with a problem, or by API Gateway, with a message. */
export function refusal(refused: Refused): Failure {
  const problem = readAs(problemAnswer, refused.document);
  return problem ? saidByRecorder(problem, refused) : saidByGateway(refused);
}

function saidByRecorder(problem: ProblemRepresentation, refused: Refused): Failure {
  const fields = (problem.errors ?? []).map(({ field, detail }) => `  ${field}: ${detail}`);
  const exitCode = exitCodeOf(refused, problem);
  return new Failure({
    exitCode,
    title: problem.title,
    detail: [problem.detail, ...fields].join('\n'),
    hint: hintOf(refused, exitCode, problem.detail),
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
  const exitCode = exitCodeOf(refused);
  return new Failure({
    exitCode,
    title:
      exitCode === EXIT.unconfirmed
        ? 'Nobody knows whether it was done'
        : (TITLES.get(status) ?? (status >= 500 ? 'The service is unavailable' : 'The request was refused')),
    detail: `${method} ${url} was answered with ${status}: ${message}.`,
    hint: hintOf(refused, exitCode, message),
    status,
  });
}

/** API Gateway answers for a function that goes on, too: only the recorder can say that a command was not carried out. */
function exitCodeOf({ method, status }: Refused, problem?: ProblemRepresentation): ExitCode {
  const isOpen = method === 'POST' && status >= 500 && !(problem && wasNotDone(problem));
  return isOpen ? EXIT.unconfirmed : exitCodeOfStatus(status);
}

const NOT_DONE: readonly string[] = [
  problemType('refused'),
  problemType('not-done'),
  problemType('nothing-sent'),
];

const wasNotDone = ({ type }: ProblemRepresentation): boolean => NOT_DONE.includes(type);

const isProblem = (document: unknown): boolean => readAs(problemAnswer, document) !== undefined;

function hintOf(
  { status, method, document, byToken }: Refused,
  exitCode: ExitCode,
  said: string,
): string | undefined {
  switch (exitCode) {
    case EXIT.unconfirmed:
      return GIVE_AGAIN;
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
