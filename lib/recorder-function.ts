import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type IRole, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Alias, Architecture, type IFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { type ILogGroup, LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { ENVIRONMENT } from '../lambda/shared/contract.ts';
import { acknowledge, wildcard } from './acknowledgements.ts';
import { BUNDLING, PROJECT } from './bundling.ts';

export interface RecorderFunctionProps {
  /** Folder of the handler under `lambda/`. */
  readonly handler:
    | 'voice-webhook'
    | 'ask'
    | 'consent'
    | 'opt-out'
    | 'start-recording'
    | 'recording-status'
    | 'record-unrecorded'
    | 'await-outcome'
    | 'reconcile'
    | 'verify'
    | 'sweep'
    | 'calls'
    | 'gate'
    | 'recording-control';
  readonly description: string;
  readonly timeout: Duration;
  readonly logRetention: RetentionDays;
  /** What the function's settings schema asks for. */
  readonly settings: object;
  /**
   * Further environment variables.
   *
   * @default - none
   */
  readonly environment?: Record<string, string>;
  /**
   * How many invocations run at the same time at most, and are set aside for it.
   *
   * @default - as many as the account has left
   */
  readonly concurrency?: number | undefined;
  /**
   * Memory in MiB, which also decides the share of a processor.
   *
   * @default 512
   */
  readonly memorySize?: number;
}

/** A function of the recorder, with a role that may do nothing but write to its own log group, until it is granted more. */
export class RecorderFunction extends NodejsFunction {
  readonly ownRole: IRole;
  readonly ownLog: ILogGroup;

  constructor(scope: Construct, id: string, props: RecorderFunctionProps) {
    const logGroup = new LogGroup(scope, `${id}Logs`, {
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // The role that CDK makes by default may write to every log group of the account.
    const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    super(scope, id, {
      description: props.description,
      entry: `${PROJECT}lambda/${props.handler}/handler.ts`,
      projectRoot: PROJECT,
      depsLockFilePath: `${PROJECT}package-lock.json`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: props.memorySize ?? 512,
      timeout: props.timeout,
      ...(props.concurrency !== undefined && { reservedConcurrentExecutions: props.concurrency }),
      tracing: Tracing.ACTIVE,
      logGroup,
      role,
      environment: { [ENVIRONMENT.settings]: JSON.stringify(props.settings), ...props.environment },
      awsSdkConnectionReuse: false,
      bundling: {
        mainFields: BUNDLING.mainFields,
        externalModules: BUNDLING.external,
        esbuildArgs: Object.fromEntries(
          Object.entries(BUNDLING.alias).map(([module, replacement]) => [`--alias:${module}`, replacement]),
        ),
        target: BUNDLING.target,
        format: OutputFormat.CJS,
        minify: true,
      },
    });
    acknowledge(role, wildcard('*'), 'X-Ray has no resources that a policy could name.');
    for (const rule of ['Serverless-LambdaDLQ', 'HIPAA.Security-LambdaDLQ']) {
      acknowledge(
        this,
        rule,
        'API Gateway and Step Functions wait for its end; the sweep, which is invoked asynchronously, has a destination for what failed.',
      );
    }
    acknowledge(
      this,
      'HIPAA.Security-LambdaConcurrency',
      'A limit of its own would turn callers away; the API is throttled, and callbackConcurrency limits what can wait.',
    );
    for (const pack of ['HIPAA.Security', 'PCI.DSS.321']) {
      acknowledge(
        this,
        `${pack}-LambdaInsideVPC`,
        'It speaks to Twilio and to AWS by their public addresses, over TLS, and to nothing that a network of its own could hold.',
      );
    }
    this.ownRole = role;
    this.ownLog = logGroup;
  }
}

export type CallersFunctionProps = Omit<RecorderFunctionProps, 'memorySize' | 'timeout' | 'concurrency'> & {
  /** Whether callers reach it by an alias, which a deployment moves to its new version, instead of by its newest code. */
  readonly aliased: boolean;
};

/** A function that a caller waits for. */
export class CallersFunction extends RecorderFunction {
  /** Names the version that callers reach. */
  readonly alias?: Alias;
  /** What callers reach. */
  readonly live: IFunction;

  constructor(scope: Construct, id: string, { aliased, ...props }: CallersFunctionProps) {
    super(scope, id, {
      ...props,
      // Memory is what processors come with, and cold starts go by them.
      memorySize: 1024,
      timeout: Duration.seconds(10),
    });
    if (aliased) {
      this.alias = new Alias(this, 'Live', { aliasName: 'live', version: this.currentVersion });
    }
    this.live = this.alias ?? this;
  }
}
