import { DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { TABLE } from '../lambda/shared/contract.ts';
import type { RecorderConfigurationInput } from '../lib/configuration.ts';
import { secretValue } from './credentials.ts';
import { type Host, type HostOptions, startHost } from './host/host.ts';
import type { CloudFormationTemplate } from './host/template.ts';
import { type Operators, operatorsFromSeed, principalsFor } from './operators.ts';
import { synthesize } from './synthesize.ts';
import type { Credentials } from './twilio-simulator/simulator.ts';
import { voiceUrlsOf } from './voice-urls.ts';

/** An item of the table, whichever kind it is. */
export interface Row {
  readonly CallSid: string;
  readonly Item: string;
  readonly [attribute: string]: unknown;
}

/** The recorder on this machine: the synthesized app, hosted. */
export interface LocalRecorder extends AsyncDisposable {
  readonly host: Host;
  /** Whose requests the recorder's own API takes; absent when the app has no such API. */
  readonly operators: Operators | undefined;
  /** The voice URL of a number: as `npx recorder connect` sets it, or without an application the mere address. */
  voiceUrl(application?: string): string;
  /** All rows of calls. What the sweep keeps for itself is none. */
  rows(): Promise<Row[]>;
}

export interface LocalRecorderOptions
  extends Pick<
    HostOptions,
    'port' | 'publicUrl' | 'beside' | 'onEvent' | 'latency' | 'concurrency' | 'schedules' | 'faults'
  > {
  /** Root of the REST API of Twilio, simulated or real. */
  readonly twilioApiBaseUrl: string;
  readonly credentials: Credentials;
  /**
   * Environments that are initialized at first of each function that calls come by; of the others there is one. A thread
   * for each takes a fifth of a second of a processor. @default 0
   */
  readonly provisionedConcurrency?: number;
  /** Of the operators' keys. @default 1 */
  readonly seed?: number;
  /** Whether callers hear the configured notice, which answers their call. */
  readonly notice: boolean;
  /** Whether callers are asked first; default as configured. */
  readonly consent?: 'ask';
  /** The key with which callers say no; default as configured. */
  readonly optOutKey?: string;
  /** Whose tokens operators have; default as configured. */
  readonly control?: Exclude<RecorderConfigurationInput['control'], undefined>;
  /** Addresses in the template, with those that take their place on this machine. */
  readonly replacements?: Readonly<Record<string, string>>;
  /** What starts recordings; default as configured. */
  readonly startWith?: 'api' | 'twiml';
  /** How long callbacks are waited for before Twilio is asked; default as configured. */
  readonly reconcileAfterSeconds?: number;
}

/** Stands for the address of Twilio, which is another one each time: so that what is synthesized is the same. */
const TWILIO_PLACEHOLDER = 'https://twilio.invalid';

/** Logical ids of the functions that most calls come by. */
const ON_A_CALLS_WAY =
  /^Recorder(VoiceWebhook|Gate|Ask|Consent|OptOut|StartRecording|AwaitOutcome|RecordingStatus)[0-9A-F]{8}$/;

const replaced = (
  template: CloudFormationTemplate,
  replacements: Readonly<Record<string, string>>,
): CloudFormationTemplate =>
  JSON.parse(
    Object.entries(replacements).reduce(
      (text, [address, another]) => text.replaceAll(address, another),
      JSON.stringify(template),
    ),
  );

/** Synthesizes the app and hosts it. */
export async function startLocalRecorder(options: LocalRecorderOptions): Promise<LocalRecorder> {
  const {
    twilioApiBaseUrl,
    credentials,
    seed = 1,
    notice,
    consent,
    optOutKey,
    control,
    replacements,
    startWith,
    reconcileAfterSeconds,
    provisionedConcurrency = 0,
    ...hostOptions
  } = options;
  await using disposables = new AsyncDisposableStack();
  const assembly = disposables.use(
    await synthesize({
      app: 'bin/app.ts',
      environment: {
        RECORDER_CONFIG: 'local/recorder.config.ts',
        LOCAL_TWILIO_API_BASE_URL: TWILIO_PLACEHOLDER,
        ...(consent && { LOCAL_CONSENT: consent }),
        ...(!notice && { LOCAL_CONSENT: 'none' }),
        ...(optOutKey && { LOCAL_OPT_OUT_KEY: optOutKey }),
        ...(control !== undefined && { LOCAL_CONTROL: JSON.stringify(control) }),
        ...(startWith && { LOCAL_START_WITH: startWith }),
        ...(reconcileAfterSeconds && { LOCAL_RECONCILE_AFTER_SECONDS: String(reconcileAfterSeconds) }),
      },
    }),
  );
  const operators = operatorsFromSeed(seed);
  const principals = principalsFor(assembly.template, operators);
  const host = disposables.use(
    await startHost({
      ...hostOptions,
      provisionedConcurrency: (logicalId) =>
        ON_A_CALLS_WAY.test(logicalId) ? provisionedConcurrency : Math.min(provisionedConcurrency, 1),
      template: replaced(assembly.template, { ...replacements, [TWILIO_PLACEHOLDER]: twilioApiBaseUrl }),
      assemblyDirectory: assembly.directory,
      secretValue: secretValue(credentials),
      ...(principals && { principals }),
    }),
  );
  const client = new DynamoDBClient({
    endpoint: host.dynamodbEndpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  disposables.defer(() => client.destroy());
  const voiceUrl = voiceUrlsOf(host.outputs);
  const kept = disposables.move();
  return {
    host,
    operators: principals && operators,
    voiceUrl,
    rows: async () => {
      const rows: Row[] = [];
      for await (const { Items = [] } of paginateScan({ client }, { TableName: host.tableName })) {
        rows.push(...Items.map((item) => unmarshall(item) as Row));
      }
      return rows
        .filter(({ CallSid }) => CallSid.startsWith('CA'))
        .toSorted((a, b) => compare(a.CallSid, b.CallSid) || compare(a[TABLE.sortKey], b[TABLE.sortKey]));
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

const compare = (a: unknown, b: unknown): number =>
  String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;
