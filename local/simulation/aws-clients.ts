import { type DynamoDBClient, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as sfn from '@aws-sdk/client-sfn';
import { RETRY_PAUSE_MILLISECONDS } from '../../lambda/shared/clients/step-functions.ts';
import type { Platform } from '../../lambda/shared/platform.ts';
import type { EffectTarget } from '../faults/cloud-faults.ts';
import { AwsError } from '../host/aws-error.ts';
import type { Secret } from '../host/secret.ts';
import type { StateMachine } from '../host/state-machine.ts';
import type { Latency } from './draws.ts';
import type { Item, Table } from './dynamodb.ts';
import { aborted, type Effect, type Effects, named, onlyCallSid, sleep, untilAborted } from './effects.ts';
import type { Detail } from './history.ts';

export interface AwsServices {
  readonly effects: Effects;
  readonly table: Table;
  /** Undefined until it is made: it needs the functions, and they need it. */
  readonly stateMachine: () => StateMachine | undefined;
  readonly secret: Secret | undefined;
}

export type AwsClients = Pick<Platform, 'dynamoDb' | 'stepFunctions' | 'secretsManager'>;

/** How long one attempt takes from the request to the answer. */
const LATENCIES: Readonly<Record<Exclude<EffectTarget, 'twilio'>, Latency>> = {
  table: { median: 5, p99: 30 },
  stepFunctions: { median: 20, p99: 120 },
  secret: { median: 10, p99: 60 },
};

/** Of the SDK's standard mode. https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html */
const RETRY_DELAY_MS = 100;
const THROTTLING_DELAY_MS = 500;
const LONGEST_DELAY_MS = 20_000;

/** What another attempt may mend. */
class RetryableError extends Error {
  readonly isThrottling: boolean;

  constructor(name: string, message: string, isThrottling: boolean) {
    super(message);
    this.name = name;
    this.isThrottling = isThrottling;
  }
}

const THROTTLED = {
  table: 'ProvisionedThroughputExceededException',
  stepFunctions: 'ThrottlingException',
} as const;

const refusals: Readonly<Record<keyof typeof LATENCIES, () => Error>> = {
  table: () => new RetryableError(THROTTLED.table, 'The table is throttled', true),
  stepFunctions: () => new RetryableError(THROTTLED.stepFunctions, 'Rate exceeded', true),
  secret: () => new RetryableError('InternalServiceError', 'An error occurred on the server side', false),
};

/** One request, without what all requests to AWS have in common. */
type AwsRequest<T> = Pick<Effect<T>, 'operation' | 'act' | 'detail'> & {
  readonly target: keyof typeof LATENCIES;
  readonly input: unknown;
};

interface SendOptions {
  readonly abortSignal?: AbortSignal;
}

/** Clients that do what the SDK's do, bound to what is simulated. */
export function awsClients(services: AwsServices): AwsClients {
  const { effects } = services;

  const client =
    (requestOf: (command: object) => AwsRequest<unknown>) =>
    (attempts: number, attemptMilliseconds: number) => ({
      send: (command: object, { abortSignal: signal }: SendOptions = {}) => {
        const { target, operation, input, act, detail } = requestOf(command);
        const effect: Effect<unknown> = {
          target,
          operation,
          act,
          detail,
          subject: () => onlyCallSid(JSON.stringify(input)),
          latency: LATENCIES[target],
          attemptMilliseconds,
          refusal: refusals[target],
          timeout: () => new RetryableError('TimeoutError', 'The request was not answered in time', false),
          signal,
        };
        return untilAborted(retrying(effects, effect, attempts), signal);
      },
    });

  return {
    dynamoDb: client((command) => tableRequest(services.table, command)) as unknown as (
      ...timing: Parameters<Platform['dynamoDb']>
    ) => Pick<DynamoDBClient, 'send'>,
    stepFunctions: client((command) => stepFunctionsRequest(services, command)) as unknown as (
      ...timing: Parameters<Platform['stepFunctions']>
    ) => Pick<sfn.SFNClient, 'send'>,
    secretsManager: client((command) => secretRequest(services.secret, command)) as unknown as (
      ...timing: Parameters<Platform['secretsManager']>
    ) => Pick<SecretsManagerClient, 'send'>,
  };
}

async function retrying<T>(effects: Effects, effect: Effect<T>, attempts: number): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await effects.attempt(effect);
    } catch (error) {
      if (!(error instanceof RetryableError) || attempt + 1 >= attempts) throw error;
      await sleep(pauseAfter(effect.target, error, attempt, effects));
      if (effect.signal?.aborted) throw aborted();
    }
  }
}

function pauseAfter(
  target: EffectTarget,
  { isThrottling }: RetryableError,
  attempt: number,
  effects: Effects,
): number {
  if (target === 'stepFunctions') return RETRY_PAUSE_MILLISECONDS;
  const base = isThrottling ? THROTTLING_DELAY_MS : RETRY_DELAY_MS;
  return Math.floor(Math.min(effects.random() * 2 ** attempt * base, LONGEST_DELAY_MS));
}

function tableRequest(table: Table, command: object): AwsRequest<unknown> {
  const { input } = command as { readonly input: unknown };
  return {
    target: 'table',
    operation: operationOf(command),
    input,
    act: () => table.send(command as PutItemCommand),
    detail: (output) => writtenBy(table, command, output),
  };
}

/** What the row says after a write. */
function writtenBy(table: Table, command: object, output: unknown): Detail | undefined {
  if (command instanceof PutItemCommand) return detailOfRow(command.input.Item);
  if (!(command instanceof UpdateItemCommand)) return undefined;
  const { Key = {}, ReturnValues } = command.input;
  return detailOfRow(ReturnValues === 'ALL_NEW' ? Object(output).Attributes : table.peek(Key));
}

const detailOfRow = ({ Item: item, RecordingStatus, RecordingSid }: Item = {}): Detail => ({
  item: item?.S,
  recordingStatus: RecordingStatus?.S,
  recordingSid: RecordingSid?.S,
});

function stepFunctionsRequest(services: AwsServices, command: object): AwsRequest<unknown> {
  const { input } = command as { readonly input: unknown };
  return {
    target: 'stepFunctions',
    operation: operationOf(command),
    input,
    act: () => services.effects.outside(() => asSdkError(stepFunctions(services.stateMachine(), command))),
    detail: (output) => ({ status: Object(output).status }),
  };
}

async function stepFunctions(stateMachine: StateMachine | undefined, command: object): Promise<unknown> {
  if (!stateMachine) throw new Error('The template has no state machine');
  if (command instanceof sfn.StartExecutionCommand) {
    const { input = '{}', name } = command.input;
    const { executionArn, startDate } = await stateMachine.startExecution(input, name);
    return { executionArn, startDate };
  }
  if (command instanceof sfn.DescribeExecutionCommand) {
    const name = command.input.executionArn?.split(':').at(-1) ?? '';
    const execution = stateMachine.executions.get(name);
    if (!execution) throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${name}'`);
    const { closed: _, ...described } = execution;
    return described;
  }
  if (command instanceof sfn.ListExecutionsCommand) {
    const { statusFilter } = command.input;
    const executions = [...stateMachine.executions.values()];
    return {
      executions: executions
        .filter(({ status }) => statusFilter === undefined || status === statusFilter)
        .map(({ name, status }) => ({ name, status })),
    };
  }
  if (command instanceof sfn.SendTaskSuccessCommand) {
    const { taskToken = '', output = '' } = command.input;
    stateMachine.tokens.succeed(taskToken, output);
    return {};
  }
  if (command instanceof sfn.SendTaskFailureCommand) {
    const { taskToken = '', error = 'States.TaskFailed', cause = '' } = command.input;
    stateMachine.tokens.fail(taskToken, error, cause);
    return {};
  }
  throw new Error(`${command.constructor.name} is not hosted`);
}

function secretRequest(secret: Secret | undefined, command: object): AwsRequest<unknown> {
  const { input } = command as { readonly input: unknown };
  return {
    target: 'secret',
    operation: operationOf(command),
    input,
    act: async () => {
      if (!(command instanceof GetSecretValueCommand))
        throw new Error(`${command.constructor.name} is not hosted`);
      if (!secret) throw named('ResourceNotFoundException', 'The template has no secret');
      const { SecretId = '', VersionId, VersionStage } = command.input;
      return secret.getSecretValue(SecretId, VersionStage, VersionId);
    },
    detail: () => undefined,
  };
}

/** Functions tell errors apart by the SDK's classes. */
async function asSdkError<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    const { name, message } = error;
    const SdkError = Object(sfn)[name];
    throw SdkError ? new SdkError({ message, $metadata: { httpStatusCode: 400 } }) : named(name, message);
  }
}

/** By the command's class: histories hold thousands of each. */
const operations = new Map<unknown, string>();

function operationOf(command: object): string {
  let operation = operations.get(command.constructor);
  if (operation === undefined) {
    operation = command.constructor.name.replace(/Command$/, '');
    operations.set(command.constructor, operation);
  }
  return operation;
}
