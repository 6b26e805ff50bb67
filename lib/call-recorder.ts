import { Duration, Stack, Token, Tokenization } from 'aws-cdk-lib';
import type { Dashboard } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { ENVIRONMENT, ROUTES } from '../lambda/shared/contract.ts';
import type {
  GateSettings,
  ReconcileSettings,
  StartSettings,
  StoreSettings,
  SweepSettings,
  VoiceWebhookSettings,
} from '../lambda/shared/settings.ts';
import { recordingStatusCallbackUrl } from '../lambda/twilio/recording-parameters.ts';
import { acknowledge, executionsIn, wildcard } from './acknowledgements.ts';
import { Alarms } from './alarms.ts';
import type { CallRecorderProps } from './call-recorder-props.ts';
import { CallStateMachine } from './call-state-machine.ts';
import { CallTable } from './call-table.ts';
import { Canary } from './canary.ts';
import { parseConfiguration, type RecorderConfigurationInput } from './configuration.ts';
import { AskedConsent, OptOut } from './consent.ts';
import { Control, type ControlPolicies } from './control.ts';
import { CustomerKey } from './customer-key.ts';
import { RecorderDashboard } from './dashboard.ts';
import { FIVE_MINUTES, OwnMetrics } from './metrics.ts';
import { CallersFunction, RecorderFunction } from './recorder-function.ts';
import { Sweep } from './sweep.ts';
import {
  gateDocuments,
  noticeElements,
  onwardsDocuments,
  questionDocument,
  textVersion,
  voiceDocuments,
} from './voice-documents.ts';
import { WebhookApi } from './webhook-api.ts';

/** From the project's root. */
const RUNBOOK = 'docs/runbook.md';

/**
 * Records the calls whose voice webhook it answers: the API, the functions, the state machine, the table, the secret.
 * Throws ConfigurationError for props that the configuration would not allow.
 */
export class CallRecorder extends Construct {
  /** The voice URL of a number that has no application of its own. */
  readonly voiceUrl: string;
  /** Where Twilio's recording status callbacks go: a recording configuration has to name it itself. */
  readonly recordingStatusUrl: string;
  readonly table: ITable;
  readonly stateMachine: IStateMachine;
  /** Scheme and host of the routes of operators. */
  readonly apiUrl: string;
  /** For AWS principals who may see or control; left out unless `control` is `iam`. */
  readonly policies?: ControlPolicies;
  /** Names the words that callers answer, as the rows do: those of the question, and of a notice that listens. */
  readonly textVersions: Readonly<Record<string, string>>;
  /** Hears of every alarm that pages. */
  readonly alarmTopic: ITopic;
  readonly dashboard: Dashboard;
  /** Twilio's credentials. The stack makes the secret, and a person puts its value in. */
  readonly secret: ISecret;

  constructor(scope: Construct, id: string, props: CallRecorderProps = {}) {
    super(scope, id);
    const configuration = parseConfiguration(
      {
        consent: props.consent,
        notice: props.notice,
        question: props.question,
        optOutKey: props.optOutKey,
        optedOut: props.optedOut,
        otherwise: props.otherwise,
        whenNotRecorded: props.whenNotRecorded,
        refusal: props.refusal,
        recording: props.recording,
        startWith: props.startWith,
        startDelaySeconds: props.startDelay?.toSeconds(),
        ringTimeoutSeconds: props.ringTimeout?.toSeconds(),
        reconcileAfterSeconds: props.reconcileAfter?.toSeconds(),
        control: props.control,
        resumeAfterSeconds: props.resumeAfter === false ? false : props.resumeAfter?.toSeconds(),
        callbackConcurrency: props.callbackConcurrency,
        deployment: props.deployment,
        alarmEmail: props.alarmEmail,
        runbookUrl: props.runbookUrl,
        compliance: props.compliance,
        retentionDays: props.retention?.toDays(),
        logRetentionDays: props.logRetention,
        publicBaseUrl: props.publicBaseUrl && knownOf(props.publicBaseUrl),
        twilioApiBaseUrl: props.twilioApiBaseUrl,
      } satisfies Record<keyof Omit<RecorderConfigurationInput, 'stackName' | 'tags'>, unknown>,
      this.node.path,
    );
    const {
      consent,
      question,
      optOutKey,
      optedOut,
      otherwise,
      recording,
      startWith,
      startDelaySeconds,
      ringTimeoutSeconds,
      twilioApiBaseUrl,
    } = configuration;
    const notice = consent === 'none' ? false : configuration.notice;
    const gated = configuration.whenNotRecorded === 'refuse';
    const aliased = configuration.deployment === 'canary';
    const logRetention: RetentionDays = configuration.logRetentionDays;
    const storeSettings: StoreSettings = { retentionDays: configuration.retentionDays };

    const api = new WebhookApi(this, 'WebhookApi', {
      description: 'Webhooks that Twilio calls for calls and recordings',
      logRetention,
    });
    const publicBaseUrl = props.publicBaseUrl ?? api.endpoint;
    const key = configuration.compliance && new CustomerKey(this, 'Key');
    const table = new CallTable(this, 'Calls', key);
    const secret = new Secret(this, 'TwilioSecret', {
      ...(key && { encryptionKey: key }),
      description:
        'Twilio credentials. Put in: {"accountSid": "AC...", "authTokens": ["<auth token>"], "apiKeySid": "SK...", "apiKeySecret": "..."}. While the auth token is rotated, authTokens holds the current and the next.',
    });

    for (const rule of ['AwsSolutions-SMG4', 'HIPAA.Security-SecretsManagerRotationEnabled']) {
      acknowledge(
        secret,
        rule,
        'Nobody but a person can rotate a Twilio auth token: the secret holds the current and the next meanwhile.',
      );
    }
    for (const pack of ['HIPAA.Security', 'PCI.DSS.321']) {
      acknowledge(
        this,
        `${pack}-IAMNoInlinePolicy`,
        'Each policy belongs to one role, comes and goes with it, and is of use to no other.',
      );
    }

    const startSettings: StartSettings = {
      ...storeSettings,
      recording,
      ringTimeoutSeconds,
      startDelaySeconds,
      startWith,
      asks: consent === 'ask',
      twilioApiBaseUrl,
    };
    const startRecording = new RecorderFunction(this, 'StartRecording', {
      handler: 'start-recording',
      description: 'Starts the recording of a call',
      timeout: Duration.seconds(30),
      logRetention,
      settings: startSettings,
      environment: { [ENVIRONMENT.publicBaseUrl]: publicBaseUrl },
    });
    const recordUnrecorded = new RecorderFunction(this, 'RecordUnrecorded', {
      handler: 'record-unrecorded',
      description: 'Keeps why a call has no recording',
      timeout: Duration.seconds(30),
      logRetention,
      settings: storeSettings,
    });
    const awaitOutcome = new RecorderFunction(this, 'AwaitOutcome', {
      handler: 'await-outcome',
      description: 'Keeps the token of the task that waits for a call to be final',
      timeout: Duration.seconds(10),
      logRetention,
      settings: storeSettings,
    });
    const reconcile = new RecorderFunction(this, 'Reconcile', {
      handler: 'reconcile',
      description: 'Asks Twilio how a call and its recordings are',
      timeout: Duration.seconds(30),
      logRetention,
      settings: { ...storeSettings, recording, twilioApiBaseUrl } satisfies ReconcileSettings,
    });
    const verify = new RecorderFunction(this, 'Verify', {
      handler: 'verify',
      description: 'Sees to it that one recording of a call runs',
      timeout: Duration.seconds(30),
      logRetention,
      settings: { ...storeSettings, recording, twilioApiBaseUrl } satisfies ReconcileSettings,
    });
    const stateMachine = new CallStateMachine(this, 'StateMachine', {
      startRecording,
      recordUnrecorded,
      awaitOutcome,
      verify,
      reconcile,
      reconcileAfter: Duration.seconds(configuration.reconcileAfterSeconds),
      startDelay: Duration.seconds(startDelaySeconds),
      ringTimeout: Duration.seconds(ringTimeoutSeconds),
      logRetention,
    });
    const environment = {
      [ENVIRONMENT.publicBaseUrl]: publicBaseUrl,
      [ENVIRONMENT.stateMachineArn]: stateMachine.stateMachineArn,
    };
    const documents = voiceDocuments({ notice, optOutKey, otherwise }, recording, publicBaseUrl);
    const asked =
      consent === 'ask'
        ? new AskedConsent(this, 'AskedConsent', {
            api,
            logRetention,
            environment,
            askSettings: {
              ...storeSettings,
              question: questionDocument(question),
              textVersion: textVersion(question),
            },
            consentSettings: {
              ...storeSettings,
              documents,
              unrecorded: onwardsDocuments({ notice: false, otherwise }),
              textVersion: textVersion(question),
              startWith,
            },
          })
        : undefined;
    const optOut =
      notice && optOutKey !== undefined
        ? new OptOut(this, 'OptOut', {
            api,
            logRetention,
            environment,
            settings: {
              ...storeSettings,
              key: optOutKey,
              documents: onwardsDocuments({ notice: false, otherwise }),
              optedOut: noticeElements({ notice: optedOut }),
              notice: noticeElements({ notice, optOutKey }),
              textVersion: textVersion(notice),
              twilioApiBaseUrl,
            },
          })
        : undefined;
    const voiceWebhook = asked
      ? undefined
      : new CallersFunction(this, 'VoiceWebhook', {
          handler: 'voice-webhook',
          description: 'Answers the voice webhook and starts the execution of a call',
          aliased,
          logRetention,
          settings: { documents, startWith, gated } satisfies VoiceWebhookSettings,
          environment,
        });
    const recordingStatus = new RecorderFunction(this, 'RecordingStatus', {
      handler: 'recording-status',
      description: 'Keeps what recording status callbacks say',
      concurrency: configuration.callbackConcurrency,
      timeout: Duration.seconds(10),
      logRetention,
      settings: storeSettings,
      environment,
    });

    const gate = gated
      ? new CallersFunction(this, 'Gate', {
          handler: 'gate',
          description: 'Lets a call on that is recorded, and ends it otherwise',
          aliased,
          logRetention,
          settings: { ...startSettings, documents: gateDocuments(configuration) } satisfies GateSettings,
          environment: { [ENVIRONMENT.publicBaseUrl]: publicBaseUrl },
        })
      : undefined;

    const { sweep, deadLetters } = new Sweep(this, 'Sweep', {
      logRetention,
      key,
      settings: {
        ...startSettings,
        resumeAfterSeconds: configuration.resumeAfterSeconds,
      } satisfies SweepSettings,
      environment,
    });
    const operated =
      configuration.control === false
        ? undefined
        : new Control(this, 'Control', {
            api,
            access: configuration.control,
            logRetention,
            callsSettings: { twilioApiBaseUrl },
            controlSettings: startSettings,
            environment,
          });

    // By name, as the dashboard shows them: callers wait for these, and operators for those.
    const callers = {
      ...(voiceWebhook && { VoiceWebhook: voiceWebhook }),
      ...(asked && { Ask: asked.ask, Consent: asked.consent }),
      ...(optOut && { OptOut: optOut.optOut }),
      ...(gate && { Gate: gate }),
    };
    const operators = operated && { Calls: operated.calls, RecordingControl: operated.recordingControl };

    for (const storing of [
      startRecording,
      recordUnrecorded,
      awaitOutcome,
      verify,
      reconcile,
      recordingStatus,
      sweep,
      ...(operated ? [operated.recordingControl] : []),
      ...Object.values(callers).filter((one) => one !== voiceWebhook),
    ]) {
      table.grantStore(storing);
      storing.addEnvironment(ENVIRONMENT.tableName, table.tableName);
    }
    table.grantSweep(sweep);
    if (operated) {
      const { calls, recordingControl } = operated;
      table.grantRead(calls);
      calls.addEnvironment(ENVIRONMENT.tableName, table.tableName);
      stateMachine.grantExecution(calls, 'states:DescribeExecution', 'states:GetExecutionHistory');
      stateMachine.grantStartExecution(recordingControl);
      stateMachine.grantExecution(recordingControl, 'states:DescribeExecution');
    }
    for (const authenticating of [
      startRecording,
      verify,
      reconcile,
      recordingStatus,
      sweep,
      ...Object.values(operators ?? {}),
      ...Object.values(callers),
    ]) {
      secret.grantRead(authenticating);
      authenticating.addEnvironment(ENVIRONMENT.secretArn, secret.secretArn);
    }
    for (const starting of [...(voiceWebhook ? [voiceWebhook] : []), ...(asked ? [asked.consent] : [])]) {
      stateMachine.grantStartExecution(starting);
    }
    for (const reviving of [sweep, recordingStatus]) {
      stateMachine.grantStartExecution(reviving);
      stateMachine.grantExecution(reviving, 'states:DescribeExecution');
    }
    stateMachine.grant(sweep, 'states:ListExecutions');
    for (const asking of [sweep, recordingStatus, ...Object.values(operators ?? {})]) {
      acknowledge(
        asking.ownRole,
        wildcard(executionsIn(stateMachine)),
        'The executions of the state machine are named by their calls.',
      );
    }
    stateMachine.grantTaskResponse(recordingStatus);
    if (optOut) {
      stateMachine.grant(optOut.optOut, 'states:SendTaskFailure');
    }
    // A policy of its own: the machine needs the function, and the function would wait for its role's default policy.
    new Policy(this, 'AwaitOutcomeReleases', {
      roles: [awaitOutcome.ownRole],
      statements: [
        new PolicyStatement({
          actions: ['states:SendTaskSuccess', 'states:SendTaskFailure'],
          resources: [stateMachine.stateMachineArn],
        }),
      ],
    });

    if (voiceWebhook) {
      api.post('Voice', [ROUTES.voice, ROUTES.voiceNext], voiceWebhook.live);
    }
    const gateRoutes = gate ? api.post('Gate', [ROUTES.gate, ROUTES.gateNext], gate.live) : [];
    for (const leadingThere of [voiceWebhook?.live, asked?.consent]) {
      // An update that turns the gate or the key on would else have calls led there a moment before there is a way. Of a
      // function with an alias it is the alias that waits: the gate's own waits for alarms, and these for the version.
      leadingThere?.node.addDependency(...gateRoutes, ...(optOut?.routes ?? []));
    }
    api.callbacks('Status', ROUTES.recordingStatus, recordingStatus);

    const runbookUrl = configuration.runbookUrl ?? RUNBOOK;
    const tableThrottles = table.throttles(FIVE_MINUTES);
    const aliases = Object.fromEntries(
      Object.entries(callers).flatMap(([name, { alias }]) => (alias ? [[name, alias]] : [])),
    );
    const functions = {
      ...callers,
      RecordingStatus: recordingStatus,
      StartRecording: startRecording,
      RecordUnrecorded: recordUnrecorded,
      AwaitOutcome: awaitOutcome,
      Verify: verify,
      Reconcile: reconcile,
      Sweep: sweep,
      ...operators,
    };
    const serviceName = serviceNameOf(this);
    for (const one of Object.values(functions)) {
      one.addEnvironment(ENVIRONMENT.serviceName, serviceName);
    }
    const own = new OwnMetrics(serviceName);
    const alarms = new Alarms(this, 'Alarms', {
      own,
      callersFunctions: Object.values(callers),
      aliases: Object.values(aliases),
      throttleable: [
        ...Object.values(callers),
        startRecording,
        // What a limit of one's own turns away, Twilio sends again.
        ...(configuration.callbackConcurrency === undefined ? [recordingStatus] : []),
      ],
      serverErrors: api.serverErrors(FIVE_MINUTES),
      stateMachine,
      tableThrottles,
      deadLetters,
      email: configuration.alarmEmail,
      key,
      runbookUrl,
    });
    if (aliased) {
      new Canary(this, 'Canary', { aliases, alarms: alarms.ofNewVersions });
    }
    this.dashboard = new RecorderDashboard(this, 'Dashboard', {
      own,
      alarms: Object.values(alarms.all),
      functions,
      stateMachine,
      tableThrottles,
      unrecordedLog: recordUnrecorded.ownLog,
      runbookUrl,
    });
    key?.keepLogs(this);
    this.alarmTopic = alarms.topic;
    this.voiceUrl = `${publicBaseUrl}${ROUTES.voice}`;
    this.apiUrl = api.endpoint;
    if (operated?.policies) {
      this.policies = operated.policies;
    }
    this.textVersions = {
      ...(asked && { Question: textVersion(question) }),
      ...(optOut && notice && { Notice: textVersion(notice) }),
    };
    this.recordingStatusUrl = recordingStatusCallbackUrl(publicBaseUrl);
    this.table = table;
    this.stateMachine = stateMachine;
    this.secret = secret;
  }
}

/**
 * A base URL as far as it is known before it is deployed: another one in the place of what a token at its start stands for,
 * and parts of a host and a port in that of the others.
 */
function knownOf(url: string): string {
  const fragments = Tokenization.reverseString(url);
  const start = Token.isUnresolved(fragments.firstValue) ? 'https://' : '';
  const known = fragments
    .mapTokens({ mapToken: () => 'token' })
    .join({ join: (left, right) => `${left}${right}` });
  return `${start}${known}`.replace(/:token$/, ':443');
}

/** No other recorder of the account and region has it: a stack's name is the only one there, and has no slash. */
function serviceNameOf(recorder: CallRecorder): string {
  const stack = Stack.of(recorder);
  return stack.stackName + recorder.node.path.slice(stack.node.path.length);
}
