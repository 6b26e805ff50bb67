import type { RequestListener } from 'node:http';
import * as v from 'valibot';
import type { CloudFaults } from '../faults/cloud-faults.ts';
import { Activity } from './activity.ts';
import { deployAssets, readAssets } from './assets.ts';
import { createAuthorize, type Principal } from './authorizers.ts';
import { createAwsEndpoint } from './aws-endpoint.ts';
import type { Emit, HostEvent } from './events.ts';
import type { Execution } from './execution.ts';
import type { InvocationResult } from './execution-environment.ts';
import { ExecutionHistories } from './execution-histories.ts';
import { createFaultyEndpoints, loseVoiceWebhooks, subjectOf } from './faults.ts';
import { readFunctions } from './functions.ts';
import { type Beside, createApi, createGateway } from './gateway.ts';
import { serve } from './http-server.ts';
import { Lambda } from './lambda.ts';
import { createPause, type Latency } from './latency.ts';
import { type Queue, Queues } from './queues.ts';
import { checkResourceTypes, GLOBAL_TABLE, SECRET, STATE_MACHINE, TABLE } from './resource-types.ts';
import { readRoutes } from './routes.ts';
import { startSchedules } from './schedules.ts';
import { Secret } from './secret.ts';
import { readStack } from './stack.ts';
import { StateMachine } from './state-machine.ts';
import { createTable, serveDynamodb } from './table.ts';
import type { CloudFormationTemplate } from './template.ts';

export interface HostOptions {
  /** As synthesized, without the intrinsic functions resolved. */
  readonly template: CloudFormationTemplate;
  /** The `cdk.out` folder, with the assets and their manifest. */
  readonly assemblyDirectory: string;
  /** Of the HTTP API on 127.0.0.1; the default, 0, takes any free one. */
  readonly port?: number;
  /** What `ApiEndpoint` resolves to when a tunnel or proxy is in front; the default is the loopback address. */
  readonly publicUrl?: string;
  /** What GetSecretValue answers for the template's secret. */
  readonly secretValue: string;
  /** Who may call routes with `AWS_IAM`; by default nobody. */
  readonly principals?: readonly Principal[];
  /** Called synchronously; must not throw. */
  readonly onEvent?: (event: HostEvent) => void;
  /** Delays that model a network; there are none by default. */
  readonly latency?: Latency;
  /** Invocations at the same time, beyond which Lambda throttles; default 1,000. */
  readonly concurrency?: number;
  /** How many environments of a function are initialized before the host starts to listen; default none. */
  readonly provisionedConcurrency?: (logicalId: string) => number;
  /** Whether schedules run by themselves; default `on`. */
  readonly schedules?: 'on' | 'off';
  /** What is on the API's port beside the API; default nothing. */
  readonly beside?: Beside;
  /** What goes wrong between the functions and AWS; by default nothing. The host's own endpoints never fail. */
  readonly faults?: CloudFaults;
}

export interface Host extends AsyncDisposable {
  /** Loopback address of the HTTP API, without a trailing slash. */
  readonly url: string;
  /** The template's outputs, resolved, by name. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Takes any credentials; the region is us-east-1. */
  readonly dynamodbEndpoint: string;
  /** Step Functions and Secrets Manager. */
  readonly awsEndpoint: string;
  /** @throws Error when the template has no table */
  readonly tableName: string;
  /** By name, in the order in which they started. */
  readonly executions: ReadonlyMap<string, Execution>;
  /** By logical id, with the messages that were sent to them. */
  readonly queues: ReadonlyMap<string, Queue>;
  /**
   * Runs a schedule now, also a disabled one, and waits for the function's first answer; when it failed, Lambda tries
   * it again later, as for any asynchronous invocation.
   *
   * @param which logical id, or its place in the template; default the first
   */
  runSchedule(which?: string | number): Promise<InvocationResult>;
  /** What later calls of GetSecretValue answer. */
  setSecretValue(value: string): void;
  /** Invokes a function and waits for its answer. @throws Error whose name is Lambda's `errorType` */
  invoke(logicalId: string, payload: unknown): Promise<unknown>;
  /** Resolves when no execution and no invocation runs; what a schedule will do later does not count. */
  idle(): Promise<void>;
  /** Ends everything that runs and closes every port. */
  stop(): Promise<void>;
}

const StateMachineProperties = v.object({
  DefinitionString: v.string('only a DefinitionString is hosted'),
  StateMachineType: v.optional(v.literal('STANDARD')),
});

/**
 * Hosts what a synthesized template says on 127.0.0.1.
 *
 * @throws Error naming the resource, route or state which cannot be hosted; nothing is left running then
 */
export async function startHost(options: HostOptions): Promise<Host> {
  checkResourceTypes(options.template);
  const disposables = new AsyncDisposableStack();
  try {
    return await start(options, disposables);
  } catch (error) {
    await disposables.disposeAsync();
    throw error;
  }
}

async function start(options: HostOptions, disposables: AsyncDisposableStack): Promise<Host> {
  const stopped = new AbortController();
  let histories: ExecutionHistories | undefined;
  const emit: Emit = (event, at = Date.now()) => {
    histories?.add({ ...event, at });
    options.onEvent?.({ ...event, at });
  };
  const latency: Latency = options.latency ?? (() => 0);
  const pause = createPause(stopped.signal);
  const activity = new Activity();

  // The servers come first: functions are told the ports.
  let gateway = refuse;
  const gatewayServer = disposables.use(await serve((...exchange) => gateway(...exchange), options.port));
  let awsEndpoint = refuse;
  const awsServer = disposables.use(await serve((...exchange) => awsEndpoint(...exchange)));
  const dynamodbServer = disposables.use(await serveDynamodb());

  const publicUrl = (options.publicUrl ?? gatewayServer.url).replace(/\/+$/, '');
  const stack = readStack(options.template, publicUrl);
  const { folders } = disposables.use(await deployAssets(readAssets(options.assemblyDirectory)));
  const { faults } = options;
  let faultyEndpoints = refuse;
  const faultyServer = faults && disposables.use(await serve((...exchange) => faultyEndpoints(...exchange)));
  const lambda = new Lambda({
    functions: readFunctions(stack, folders),
    endpoints: {
      // Any other service is refused here rather than called on the internet.
      AWS_ENDPOINT_URL: (faultyServer ?? awsServer).url,
      AWS_ENDPOINT_URL_DYNAMODB: (faultyServer ?? dynamodbServer).url,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: (faultyServer ?? awsServer).url,
      AWS_ENDPOINT_URL_SFN: (faultyServer ?? awsServer).url,
    },
    concurrency: options.concurrency ?? 1000,
    activity,
    emit,
    latency,
    pause,
    faults,
  });
  disposables.defer(() => activity.idle());
  disposables.defer(() => lambda.stop());
  await lambda.provision(options.provisionedConcurrency ?? (() => 0));

  const machineResource = stack.onlyResource(STATE_MACHINE);
  const stateMachine =
    machineResource &&
    new StateMachine({
      arn: stack.identity(machineResource).ref,
      name: stack.physicalName(machineResource),
      definition: stack.properties(machineResource, StateMachineProperties).DefinitionString,
      lambda,
      activity,
      emit,
      latency,
      pause,
      abortion: faults && (({ input }) => faults.abortion(subjectOf(input))),
    });
  histories =
    machineResource &&
    new ExecutionHistories(stack.properties(machineResource, StateMachineProperties).DefinitionString);
  disposables.defer(() => stateMachine?.stop());

  const secretResource = stack.onlyResource(SECRET);
  const secret =
    secretResource &&
    new Secret(stack.identity(secretResource).ref, stack.physicalName(secretResource), options.secretValue);

  const tableResource = stack.onlyResource(GLOBAL_TABLE, TABLE);
  if (tableResource) await createTable(stack, tableResource, dynamodbServer.url);

  const queues = new Queues(stack);
  const schedules = disposables.use(
    startSchedules({ stack, lambda, queues, ticking: options.schedules !== 'off' }),
  );

  awsEndpoint = createAwsEndpoint({ stateMachine, histories, secret });
  if (faults) {
    faultyEndpoints = createFaultyEndpoints({
      faults,
      backend: (target) => (target === 'table' ? dynamodbServer.listener : awsEndpoint),
      crash: (accessKeyId) => lambda.crash(accessKeyId),
    });
  }
  const routes = readRoutes(stack, lambda);
  const api = createApi({
    routes,
    authorize: createAuthorize(stack, options.principals ?? []),
    lambda,
    publicUrl,
    emit,
    latency,
    pause,
  });
  gateway = createGateway(faults ? loseVoiceWebhooks(api, faults) : api, routes, options.beside);
  disposables.defer(() => stopped.abort());

  const stop = () => disposables.disposeAsync();
  return {
    url: gatewayServer.url,
    outputs: stack.outputs,
    dynamodbEndpoint: dynamodbServer.url,
    awsEndpoint: awsServer.url,
    get tableName() {
      if (!tableResource) throw new Error('The template has no table');
      return stack.physicalName(tableResource);
    },
    executions: stateMachine?.executions ?? new Map(),
    queues: queues.all,
    runSchedule: (which = 0) => schedules.run(which),
    setSecretValue: (value) => secret?.setValue(value),
    invoke: async (logicalId, payload) => {
      const result = await lambda.invoke(logicalId, JSON.stringify(payload ?? {}));
      if (!('error' in result)) return JSON.parse(result.payload);
      const { errorType, errorMessage } = result.error;
      throw Object.assign(new Error(errorMessage), { name: errorType });
    },
    idle: () => activity.idle(),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Until the template is read. */
const refuse: RequestListener = (_request, response) => {
  response.writeHead(503).end();
};
