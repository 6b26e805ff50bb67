import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener } from 'node:http';
import * as v from 'valibot';
import { AwsError } from './aws-error.ts';
import type { Execution } from './execution.ts';
import type { ExecutionHistories } from './execution-histories.ts';
import { readBody } from './http-server.ts';
import type { Secret } from './secret.ts';
import type { StateMachine } from './state-machine.ts';
import type { TaskTokens } from './task-tokens.ts';

type Operation = (input: unknown) => Promise<unknown>;

const StartExecutionInput = v.object({
  stateMachineArn: v.string(),
  name: v.optional(v.string()),
  input: v.optional(v.string(), '{}'),
});
const DescribeExecutionInput = v.object({ executionArn: v.string() });
const GetExecutionHistoryInput = v.object({
  executionArn: v.string(),
  includeExecutionData: v.literal(false),
  reverseOrder: v.optional(v.literal(false)),
  maxResults: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1000)), 0),
  nextToken: v.optional(v.pipe(v.string(), v.digits())),
});
const ListExecutionsInput = v.object({
  stateMachineArn: v.string(),
  statusFilter: v.optional(
    v.picklist(['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED', 'PENDING_REDRIVE']),
  ),
  maxResults: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1000)), 0),
  nextToken: v.optional(v.string()),
});
const SendTaskSuccessInput = v.object({ taskToken: v.string(), output: v.string() });
const SendTaskFailureInput = v.object({
  taskToken: v.string(),
  error: v.optional(v.string(), 'States.TaskFailed'),
  cause: v.optional(v.string(), ''),
});
const GetSecretValueInput = v.object({
  SecretId: v.string(),
  VersionId: v.optional(v.string()),
  VersionStage: v.optional(v.string()),
});

/** Of lists; also what a `maxResults` of 0 stands for. */
const DEFAULT_PAGE_SIZE = 100;

/** Step Functions takes 256 KiB of input; this only bounds what is read. */
const BODY_LIMIT_BYTES = 1024 * 1024;

export interface AwsEndpointOptions {
  readonly stateMachine: StateMachine | undefined;
  readonly histories: ExecutionHistories | undefined;
  readonly secret: Secret | undefined;
}

/**
 * Step Functions (AWS JSON 1.0) and Secrets Manager (AWS JSON 1.1) as the SDK's clients call them. Every other
 * operation, of any service, is an UnknownOperationException.
 *
 * @see https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html
 */
export function createAwsEndpoint({ stateMachine, histories, secret }: AwsEndpointOptions): RequestListener {
  const operations: Readonly<Record<string, Operation>> = {
    'AWSStepFunctions.StartExecution': async (request) => {
      const { stateMachineArn, name, input } = parse(StartExecutionInput, request);
      const { executionArn, startDate } = await machine(stateMachineArn).startExecution(input, name);
      return { executionArn, startDate: epochSeconds(startDate) };
    },
    'AWSStepFunctions.DescribeExecution': async (request) =>
      describe(execution(parse(DescribeExecutionInput, request).executionArn)),
    'AWSStepFunctions.GetExecutionHistory': async (request) => {
      const { executionArn, maxResults, nextToken } = parse(GetExecutionHistoryInput, request);
      const events = histories?.of(execution(executionArn).name) ?? [];
      const from = nextToken === undefined ? 0 : Number(nextToken);
      const until = from + (maxResults || DEFAULT_PAGE_SIZE);
      return {
        events: events.slice(from, until),
        ...(until < events.length && { nextToken: String(until) }),
      };
    },
    'AWSStepFunctions.ListExecutions': async (request) => {
      const { stateMachineArn, ...page } = parse(ListExecutionsInput, request);
      return listExecutions([...machine(stateMachineArn).executions.values()], page);
    },
    'AWSStepFunctions.SendTaskSuccess': async (request) => {
      const { taskToken, output } = parse(SendTaskSuccessInput, request);
      tokens().succeed(taskToken, output);
      return {};
    },
    'AWSStepFunctions.SendTaskFailure': async (request) => {
      const { taskToken, error, cause } = parse(SendTaskFailureInput, request);
      tokens().fail(taskToken, error, cause);
      return {};
    },
    'secretsmanager.GetSecretValue': async (request) => {
      const { SecretId, VersionId, VersionStage } = parse(GetSecretValueInput, request);
      if (!secret) {
        throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
      }
      return secret.getSecretValue(SecretId, VersionStage, VersionId);
    },
  };

  const machine = (arn: string): StateMachine => {
    if (stateMachine?.arn === arn) return stateMachine;
    throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);
  };

  const execution = (arn: string): Execution => {
    const found = stateMachine?.executions.get(arn.split(':').at(-1) ?? '');
    if (found?.executionArn === arn) return found;
    throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
  };

  const tokens = (): TaskTokens => {
    if (!stateMachine) throw new AwsError('InvalidToken', 'Invalid Token');
    return stateMachine.tokens;
  };

  const answer = async (request: IncomingMessage): Promise<unknown> => {
    const target = String(request.headers['x-amz-target']);
    const body = await readBody(request, BODY_LIMIT_BYTES);
    const operation = operations[target];
    if (!operation) throw new AwsError('UnknownOperationException', `${target} is not hosted`);
    if (!body) throw new AwsError('ValidationException', 'The request is too long');
    return operation(JSON.parse(body.toString()));
  };

  return (request, response) => {
    const contentType = request.headers['content-type'] ?? 'application/x-amz-json-1.0';
    const send = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': contentType, 'x-amzn-requestid': randomUUID() });
      response.end(JSON.stringify(body));
    };
    answer(request).then(
      (body) => send(200, body),
      (error: unknown) => {
        if (error instanceof AwsError) send(400, { __type: error.name, message: error.message });
        else send(500, { __type: 'InternalServerError', message: String(error) });
      },
    );
  };
}

/**
 * A page of executions, the newest first. Its token is the name of its last one, so that what starts meanwhile shifts
 * nothing.
 *
 * @param executions in the order in which they started
 * @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html
 */
function listExecutions(
  executions: readonly Execution[],
  { statusFilter, maxResults, nextToken }: Omit<v.InferOutput<typeof ListExecutionsInput>, 'stateMachineArn'>,
): Record<string, unknown> {
  const newestFirst = executions.toReversed();
  const last = newestFirst.findIndex(({ name }) => name === nextToken);
  if (nextToken !== undefined && last < 0) throw new AwsError('InvalidToken', 'Invalid Token');
  const rest = newestFirst
    .slice(last + 1)
    .filter(({ status }) => statusFilter === undefined || status === statusFilter);
  const page = rest.slice(0, maxResults || DEFAULT_PAGE_SIZE);
  return {
    executions: page.map(({ executionArn, stateMachineArn, name, status, startDate, stopDate }) => ({
      executionArn,
      stateMachineArn,
      name,
      status,
      startDate: epochSeconds(startDate),
      ...(stopDate && { stopDate: epochSeconds(stopDate) }),
    })),
    ...(page.length < rest.length && { nextToken: page.at(-1)?.name }),
  };
}

function describe(execution: Execution): Record<string, unknown> {
  const { startDate, stopDate, closed: _, ...rest } = execution;
  return {
    ...rest,
    startDate: epochSeconds(startDate),
    ...(stopDate && { stopDate: epochSeconds(stopDate) }),
  };
}

function epochSeconds(date: Date): number {
  return date.getTime() / 1000;
}

function parse<TOutput>(schema: v.GenericSchema<unknown, TOutput>, input: unknown): TOutput {
  const result = v.safeParse(schema, input);
  if (!result.success) throw new AwsError('ValidationException', result.issues[0].message);
  return result.output;
}
