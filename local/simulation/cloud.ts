import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import type { CommandRepresentation } from '../../lambda/recording-control/representations.ts';
import { systemClock } from '../../lambda/shared/clock.ts';
import { ROUTES } from '../../lambda/shared/contract.ts';
import type { Platform } from '../../lambda/shared/platform.ts';
import type { Telemetry } from '../../lambda/shared/telemetry.ts';
import { type CloudFaults, NO_CLOUD_FAULTS } from '../faults/cloud-faults.ts';
import { Activity } from '../host/activity.ts';
import { createAuthorize, type Principal } from '../host/authorizers.ts';
import type { Emit } from '../host/events.ts';
import type { Execution } from '../host/execution.ts';
import { type FunctionConfiguration, readFunctions } from '../host/functions.ts';
import { createApi } from '../host/gateway.ts';
import type { Pause } from '../host/latency.ts';
import { type Queue, Queues } from '../host/queues.ts';
import { checkResourceTypes, GLOBAL_TABLE, SECRET, STATE_MACHINE, TABLE } from '../host/resource-types.ts';
import { readRoutes } from '../host/routes.ts';
import { type Schedules, startSchedules } from '../host/schedules.ts';
import { Secret } from '../host/secret.ts';
import { REGION, readStack, type Stack } from '../host/stack.ts';
import { StateMachine, type StateMachineOptions } from '../host/state-machine.ts';
import { TableProperties } from '../host/table.ts';
import type { CloudFormationTemplate } from '../host/template.ts';
import { NO_TELEMETRY } from '../no-telemetry.ts';
import type { Row } from '../recorder.ts';
import { PROJECT } from '../synthesize.ts';
import type { HttpOutcome, HttpRequest, Transport } from '../twilio-simulator/transport.ts';
import { voiceUrlsOf } from '../voice-urls.ts';
import { awsClients } from './aws-clients.ts';
import { cut } from './cut.ts';
import { Draws } from './draws.ts';
import { MemoryTable, type Table } from './dynamodb.ts';
import { Effects } from './effects.ts';
import { History } from './history.ts';
import { callSidOfForm, SimulatedLambda, type Wire } from './lambda.ts';
import { type Twilio, twilioHttp } from './twilio-http.ts';

export interface CloudOptions {
  /** With path metadata, see `synthesizeTemplate`. */
  readonly template: CloudFormationTemplate;
  readonly seed: number;
  readonly secretValue: string;
  /** Where Twilio reaches the API, without a trailing slash; recorders that share a Twilio each need their own. */
  readonly publicUrl?: string;
  /** The simulated Twilio's base URL, for its own applications; its REST API is wherever the template says. */
  readonly twilioUrl: string;
  readonly twilio: Twilio;
  /** @default none */
  readonly faults?: CloudFaults;
  /** What functions are made of instead of their `wire.ts`, by name: `start-recording`. */
  readonly overrides?: Readonly<Record<string, Wire>>;
  /** Gets between the functions and what they stand on. */
  readonly wrapPlatform?: (platform: Platform, functionId: string) => Platform;
  /** Gets between Lambda and the functions. */
  readonly wrapWire?: (wire: Wire, functionId: string) => Wire;
  /** Gets between the functions and the table. */
  readonly wrapTable?: (table: Table) => Table;
  /** Hears what the API and the state machine do. @default nobody listens */
  readonly emit?: Emit;
  /** @default nobody listens */
  readonly telemetry?: Telemetry;
  /** Invocations at the same time, beyond which Lambda throttles. @default 1,000 */
  readonly concurrency?: number;
  /** Who may call routes with `AWS_IAM`. @default nobody: only Twilio calls */
  readonly principals?: readonly Principal[];
  /** Whether schedules run by themselves. @default true */
  readonly schedules?: boolean;
}

/** What the recorder's own API answers. */
export interface ApiAnswer {
  readonly httpStatus: number;
  /** Of JSON. */
  readonly body: unknown;
}

/** The recorder on a simulated AWS, in this process and in virtual time. */
export interface Cloud extends Transport, Disposable {
  readonly history: History;
  /** By name, in the order in which they started. */
  readonly executions: ReadonlyMap<string, Execution>;
  /** By logical id, with the messages that were sent to them. */
  readonly queues: ReadonlyMap<string, Queue>;
  /** The template's outputs, resolved, by name. */
  readonly outputs: Readonly<Record<string, string>>;
  /** The voice URL of a number: as `npx recorder connect` sets it, or without an application the mere address. */
  voiceUrl(application?: string): string;
  runSchedule: Schedules['run'];
  /** Gives an operator's command, from behind the authorizer of the route. */
  command(callSid: string, command: CommandRepresentation): Promise<ApiAnswer>;
  /** All rows of the table, by their keys. */
  rows(): Row[];
  /** What later reads of the secret find. */
  setSecretValue(value: string): void;
  /** Resolves when no execution and no invocation runs; what a schedule will do later does not count. */
  idle(): Promise<void>;
  /** Ends everything that runs. */
  stop(): void;
}

const Definition = v.object({ DefinitionString: v.string() });

const DEFAULT_PUBLIC_URL = 'https://recorder.example.com';
/** No latency but that of requests: it would only slow the simulation down. */
const PROMPT = { latency: () => 0, pause: (async () => undefined) as Pause };

/**
 * Deploys a template to a simulated AWS. Install virtual time first: schedules begin at once.
 *
 * @throws Error naming the resource, route, state or function which cannot be simulated
 */
export async function createCloud(options: CloudOptions): Promise<Cloud> {
  const {
    template,
    seed,
    telemetry = NO_TELEMETRY,
    faults = NO_CLOUD_FAULTS,
    publicUrl = DEFAULT_PUBLIC_URL,
    wrapWire = (wire) => wire,
    wrapTable = (table) => table,
  } = options;
  checkResourceTypes(template);
  const stack = readStack(template, publicUrl);
  const history = new History();
  const draws = new Draws(seed);
  const effects = new Effects(faults, draws, history);
  const activity = new Activity();
  const newId = idsInOrder();

  const table = readTable(stack);
  const secretResource = stack.onlyResource(SECRET);
  const secret =
    secretResource &&
    new Secret(stack.identity(secretResource).ref, stack.physicalName(secretResource), options.secretValue);
  const clients = awsClients({ effects, table: wrapTable(table), secret, stateMachine: () => stateMachine });
  const http = twilioHttp(effects, options.twilio);
  const functions = await Promise.all(
    readFunctions(stack, NO_ASSETS).map(async (configuration) => {
      const functionId = functionIdOf(template, configuration);
      const wire = options.overrides?.[functionId] ?? (await load(functionId));
      return { configuration, functionId, wire: wrapWire(wire, functionId) };
    }),
  );
  const nameOf = new Map(
    functions.map(({ configuration, functionId }) => [configuration.logicalId, functionId]),
  );
  const lambda = new SimulatedLambda({
    functions,
    platformOf: ({ logicalId, variables }) => {
      const platform: Platform = {
        environment: { ...variables, AWS_REGION: REGION },
        clock: systemClock,
        random: () => effects.random(),
        newId,
        telemetry,
        ...clients,
        http,
      };
      return options.wrapPlatform?.(platform, nameOf.get(logicalId) ?? '') ?? platform;
    },
    effects,
    faults,
    draws,
    history,
    activity,
    concurrency: options.concurrency ?? 1_000,
  });
  const stateMachine = readStateMachine(stack, {
    lambda,
    activity,
    newId,
    emit: options.emit,
    abortion: ({ input }) => faults.abortion(JSON.parse(input).callSid),
    ...PROMPT,
  });
  const queues = new Queues(stack);
  const schedules = startSchedules({ stack, lambda, queues, ticking: options.schedules ?? true });
  const api = createApi({
    routes: readRoutes(stack, lambda),
    authorize: createAuthorize(stack, options.principals ?? []),
    lambda,
    publicUrl,
    emit: options.emit,
    ...PROMPT,
  });
  let webhooks = 0;

  /** A request that comes to API Gateway, and what it answers. */
  async function answer({ url, method, headers, body = '' }: HttpRequest): Promise<HttpOutcome> {
    const response = await api({
      method,
      httpVersion: '1.1',
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value]]),
      ),
      sourceIp: '127.0.0.1',
      url: url.slice(publicUrl.length),
      readBody: async () => Buffer.from(body),
    });
    return {
      httpStatus: response.statusCode,
      contentType: String(response.headers['content-type'] ?? ''),
      location: response.headers.location === undefined ? undefined : String(response.headers.location),
      body: response.body.toString(),
    };
  }

  async function webhook(request: HttpRequest): Promise<HttpOutcome> {
    const { pathname } = new URL(request.url);
    const form = request.body ?? '';
    const callSid = callSidOfForm(form) ?? 'unknown call';
    webhooks += 1;
    const about = {
      requestId: `webhook-${String(webhooks).padStart(7, '0')}`,
      functionId: 'gateway',
      target: 'webhook',
      operation: pathname.startsWith(ROUTES.voice) ? ROUTES.voice : pathname,
    } as const;
    const detail = recordingOf(form);
    history.record(callSid, { at: Date.now(), ...about, phase: 'invoked', detail });
    const outcome: HttpOutcome =
      about.operation === ROUTES.voice && faults.isVoiceWebhookLost(callSid)
        ? { failure: 'no connection', reason: 'ct' }
        : await within(request.readTimeoutMs, answer(request));
    const isDone = 'httpStatus' in outcome && outcome.httpStatus < 300;
    history.record(callSid, {
      at: Date.now(),
      ...about,
      phase: isDone ? 'done' : 'httpStatus' in outcome || outcome.reason === 'ct' ? 'failed' : 'unknown',
      detail: {
        ...detail,
        ...('httpStatus' in outcome ? { httpStatus: outcome.httpStatus } : { failure: outcome.failure }),
      },
    });
    return outcome;
  }

  const stop = (): void => {
    schedules[Symbol.dispose]();
    stateMachine?.stop();
    lambda.stop();
  };
  return {
    exchange: (request) => {
      if (request.url.startsWith(`${publicUrl}/`)) return webhook(request);
      if (request.url.startsWith(`${options.twilioUrl}/`)) return toTwilio(options, request);
      return Promise.resolve({ failure: `nobody is at ${request.url}`, reason: 'ct' });
    },
    history,
    executions: stateMachine?.executions ?? new Map(),
    queues: queues.all,
    outputs: stack.outputs,
    voiceUrl: (application) => voiceUrlsOf(stack.outputs)(application),
    runSchedule: schedules.run,
    command: async (callSid, command) => {
      const [logicalId] = [...nameOf].find(([, functionId]) => functionId === 'recording-control') ?? [];
      if (logicalId === undefined) throw new Error('The template has no function for operators');
      const event = {
        pathParameters: { callSid },
        body: JSON.stringify(command),
        requestContext: { authorizer: { iam: { userArn: OPERATOR } } },
      };
      const result = await lambda.invoke(logicalId, JSON.stringify(event));
      if ('error' in result) return { httpStatus: result.timedOut ? 503 : 500, body: undefined };
      const { statusCode, body } = JSON.parse(result.payload);
      return { httpStatus: statusCode, body: JSON.parse(body) };
    },
    rows: () =>
      table
        .items()
        .map((item) => unmarshall(item) as Row)
        .toSorted((a, b) => compare(a.CallSid, b.CallSid) || compare(a.Item, b.Item)),
    setSecretValue: (value) => secret?.setValue(value),
    idle: () => activity.idle(),
    stop,
    [Symbol.dispose]: stop,
  };
}

const OPERATOR = 'arn:aws:iam::111122223333:user/operator';

/** Nobody loads their code. */
const NO_ASSETS = { get: () => '' };

function readTable(stack: Stack): MemoryTable {
  const resource = stack.onlyResource(GLOBAL_TABLE, TABLE);
  if (!resource) throw new Error('The template has no table');
  return new MemoryTable({
    TableName: stack.physicalName(resource),
    ...stack.properties(resource, TableProperties),
  });
}

function readStateMachine(
  stack: Stack,
  options: Omit<StateMachineOptions, 'arn' | 'name' | 'definition'>,
): StateMachine | undefined {
  const resource = stack.onlyResource(STATE_MACHINE);
  return (
    resource &&
    new StateMachine({
      arn: stack.identity(resource).ref,
      name: stack.physicalName(resource),
      definition: stack.properties(resource, Definition).DefinitionString,
      ...options,
    })
  );
}

/**
 * The folder of a function in `lambda/`, by its construct's path: `CallRecorder/Recorder/StartRecording/Resource` is
 * `start-recording`.
 */
export function functionIdOf(
  { Resources }: CloudFormationTemplate,
  { logicalId }: Pick<FunctionConfiguration, 'logicalId'>,
): string {
  const path = String(Object(Object(Resources[logicalId]).Metadata)['aws:cdk:path'] ?? '');
  const functionId = path
    .split('/')
    .map((segment) => segment.replaceAll(/(?<=[a-z0-9])[A-Z]/g, (capital) => `-${capital}`).toLowerCase())
    .findLast((name) => existsSync(join(PROJECT, 'lambda', name, 'wire.ts')));
  if (functionId === undefined) {
    throw new Error(`Function ${logicalId} cannot be simulated: nothing in lambda/ is named like ${path}`);
  }
  return functionId;
}

async function load(functionId: string): Promise<Wire> {
  const { wire } = await import(`../../lambda/${functionId}/wire.ts`);
  if (typeof wire !== 'function') throw new Error(`lambda/${functionId}/wire.ts exports no function wire`);
  return wire;
}

/** Ids that look random where a UUID's first digits are taken for all of it, and are the same in each run. */
function idsInOrder(): () => string {
  let ids = 0;
  return () => {
    ids += 1;
    return `${ids.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`;
  };
}

async function toTwilio(
  { twilioUrl, twilio }: Pick<CloudOptions, 'twilioUrl' | 'twilio'>,
  { url, method, headers, body = '' }: HttpRequest,
): Promise<HttpOutcome> {
  const answer = await twilio({
    method,
    url: url.slice(twilioUrl.length),
    authorization: undefined,
    signature: headers['X-Twilio-Signature'],
    body,
  });
  return answer
    ? {
        httpStatus: answer.httpStatus,
        contentType: answer.contentType ?? '',
        location: undefined,
        body: answer.body ?? '',
      }
    : { failure: 'the connection was reset', reason: 'broken' };
}

async function within(milliseconds: number, outcome: Promise<HttpOutcome>): Promise<HttpOutcome> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<HttpOutcome>((resolve) => {
    timer = setTimeout(() => resolve({ failure: 'no answer in time', reason: 'rt' }), milliseconds);
  });
  const first = await Promise.race([outcome, late]);
  clearTimeout(timer);
  return first;
}

/** What a recording status callback tells. */
function recordingOf(form: string): Record<string, string | undefined> {
  return {
    recordingSid: cut(/(?:^|&)RecordingSid=(RE[0-9a-f]{32})/, form),
    recordingStatus: cut(/(?:^|&)RecordingStatus=([\w-]+)/, form),
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
