import { execFile } from 'node:child_process';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { SingleBar } from 'cli-progress';
import Table from 'cli-table3';
import twilioWebhooks from 'twilio/lib/webhooks/webhooks.js';
import { ENVIRONMENT, ROUTES } from '../lambda/shared/contract.ts';
import { credentialsFromSeed, secretValue } from '../local/credentials.ts';
import { readAssets } from '../local/host/assets.ts';
import { type Assembly, PROJECT, synthesize } from '../local/synthesize.ts';
import { startStandIn } from './cold/stand-in.ts';
import { median, rounded } from './statistics.ts';

/*
 * Cold starts: import and first call of each function's bundle in fresh processes, in turn with the bundles that it is
 * compared with, so that a drift of the machine touches all alike. AWS and Twilio are one server on this machine that
 * answers at once. What it cannot show: TLS, the download of the code, Lambda's own share.
 */

const { values: options } = parseArgs({
  options: { runs: { type: 'string', default: '15' }, json: { type: 'boolean' } },
});
const RUNS = Number(options.runs);

const credentials = credentialsFromSeed(1);
const PUBLIC_BASE_URL = 'https://recorder.example.com';
const CALL_SID = `CA${'0'.repeat(32)}`;
const RECORDING_SID = `RE${'0'.repeat(32)}`;

/** What is measured, and which bundles stand beside it. */
const FUNCTIONS = [
  {
    key: 'voiceWebhook',
    ours: 'RecorderVoiceWebhook',
    clients: 'BareVoiceWebhook',
    naive: 'NaiveVoiceWebhook',
    event: webhook(ROUTES.voice, {}),
  },
  {
    key: 'startRecording',
    ours: 'RecorderStartRecording',
    clients: 'BareStartRecording',
    naive: 'NaiveStartRecording',
    event: {
      claim: true,
      call: { callSid: CALL_SID, accountSid: credentials.accountSid },
      // Long ago: the function must not wait for the moment of the first create.
      executionStartTime: '2026-01-01T00:00:00.000Z',
    },
  },
  {
    key: 'recordingStatus',
    ours: 'RecorderRecordingStatus',
    clients: 'BareStartRecording',
    naive: 'NaiveRecordingStatus',
    event: webhook(ROUTES.recordingStatus, {
      RecordingSid: RECORDING_SID,
      RecordingStatus: 'completed',
      RecordingDuration: '5',
    }),
  },
] as const;

function webhook(path: string, more: Readonly<Record<string, string>>): object {
  const parameters = {
    CallSid: CALL_SID,
    AccountSid: credentials.accountSid,
    From: '+15550200123',
    To: '+15550100100',
    ...more,
  };
  const signature = twilioWebhooks.getExpectedTwilioSignature(
    credentials.authToken,
    `${PUBLIC_BASE_URL}${path}`,
    parameters,
  );
  return {
    version: '2.0',
    routeKey: `POST ${path}`,
    rawPath: path,
    rawQueryString: '',
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': signature },
    requestContext: { http: { method: 'POST' } },
    body: Buffer.from(new URLSearchParams(parameters).toString()).toString('base64'),
    isBase64Encoded: true,
  };
}

interface Bundle {
  readonly file: string;
  readonly kilobytes: number;
  /** The function's settings, as the stack wrote them. */
  readonly settings: Readonly<Record<string, string>>;
}

async function bundleOf(assembly: Assembly, prefix: string): Promise<Bundle> {
  const found = Object.entries(assembly.template.Resources).find(
    ([logicalId, { Type }]) => Type === 'AWS::Lambda::Function' && logicalId.startsWith(prefix),
  );
  const properties = found?.[1].Properties as
    | { Code: { S3Key: string }; Environment?: { Variables: Record<string, unknown> } }
    | undefined;
  const folder = properties && readAssets(assembly.directory).get(properties.Code.S3Key);
  if (!properties || !folder) {
    throw new Error(`No function ${prefix} was synthesized`);
  }
  const file = join(folder, 'index.js');
  const settings = Object.entries(properties.Environment?.Variables ?? {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return {
    file,
    kilobytes: rounded((await stat(file)).size / 1024, 0),
    settings: Object.fromEntries(settings),
  };
}

interface Sample {
  readonly importMs: number;
  readonly firstCallMs: number;
}

const CHILD = fileURLToPath(new URL('./cold/child.ts', import.meta.url));

async function measure(
  bundle: Bundle,
  event: object,
  environment: Readonly<Record<string, string>>,
): Promise<Sample> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [CHILD, bundle.file, JSON.stringify(event)],
    {
      env: { ...bundle.settings, ...environment },
    },
  );
  const { answer, ...sample } = JSON.parse(stdout) as Sample & {
    readonly answer: { readonly statusCode?: number };
  };
  if (answer.statusCode !== undefined && answer.statusCode > 299) {
    throw new Error(`${bundle.file} answered ${answer.statusCode}: what was measured is not its work`);
  }
  return sample;
}

// Below node_modules: CDK's default bundling leaves the AWS SDK out, as Lambda has it. And not an ES module's folder.
const parent = join(PROJECT, 'cdk.out', 'bench');
await mkdir(parent, { recursive: true });
await writeFile(join(parent, 'package.json'), '{}');
const [recorder, comparison] = await Promise.all([
  synthesize({ app: 'bin/app.ts', parent }),
  synthesize({ app: 'bench/cold/app.ts', parent }),
]);
await using disposables = new AsyncDisposableStack();
disposables.use(recorder);
disposables.use(comparison);
const standIn = disposables.use(await startStandIn(secretValue(credentials), RECORDING_SID));

const certificate = join(parent, 'stand-in.pem');
await writeFile(certificate, standIn.certificate);
const environment = {
  NODE_EXTRA_CA_CERTS: certificate,
  PATH: process.env.PATH ?? '',
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_ENDPOINT_URL: standIn.url,
  AWS_LAMBDA_FUNCTION_NAME: 'bench',
  TWILIO_STAND_IN: standIn.url,
  [ENVIRONMENT.publicBaseUrl]: PUBLIC_BASE_URL,
  [ENVIRONMENT.secretArn]: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:TwilioSecret',
  [ENVIRONMENT.stateMachineArn]: 'arn:aws:states:us-east-1:123456789012:stateMachine:Calls',
  [ENVIRONMENT.tableName]: 'Calls',
  [ENVIRONMENT.fallbackTwiml]: '<Response/>',
};

const empty = await bundleOf(comparison, 'Empty');
const measured = await Promise.all(
  FUNCTIONS.map(async ({ key, event, ours, clients, naive }) => ({
    key,
    event,
    bundles: {
      empty,
      clients: await bundleOf(comparison, clients),
      ours: await toStandIn(await bundleOf(recorder, ours)),
      naive: await bundleOf(comparison, naive),
    },
  })),
);

/** The one setting that names a real host. */
async function toStandIn(bundle: Bundle): Promise<Bundle> {
  const settings = Object.entries(bundle.settings).map(([name, value]) => [
    name,
    value.replaceAll('https://api.twilio.com', standIn.url),
  ]);
  return { ...bundle, settings: Object.fromEntries(settings) };
}

const KINDS = ['empty', 'clients', 'ours', 'naive'] as const;
type Kind = (typeof KINDS)[number];
const samples = new Map(
  measured.map(({ key }) => [key, { empty: [], clients: [], ours: [], naive: [] } as Record<Kind, Sample[]>]),
);
const bar = new SingleBar({ format: '{bar} {value}/{total} processes', stream: process.stderr });
bar.start(RUNS * measured.length * KINDS.length, 0);
for (let run = 0; run < RUNS; run++) {
  for (const { key, event, bundles } of measured) {
    for (const kind of KINDS) {
      samples.get(key)?.[kind].push(await measure(bundles[kind], event, environment));
      bar.increment();
    }
  }
}
bar.stop();

const table = new Table({
  head: ['function', 'bundle', 'KB', 'import ms', 'first call ms', 'together ms', 'ours / this'],
  style: { head: [], border: [] },
});
const figures: Record<string, object> = {};
for (const { key, bundles } of measured) {
  const of = samples.get(key) ?? { empty: [], clients: [], ours: [], naive: [] };
  const together = (kind: Kind): number =>
    median(of[kind].map(({ importMs, firstCallMs }) => importMs + firstCallMs));
  const importMs = (kind: Kind): number => rounded(median(of[kind].map((sample) => sample.importMs)), 1);
  const firstCallMs = (kind: Kind): number =>
    rounded(median(of[kind].map((sample) => sample.firstCallMs)), 1);
  for (const kind of KINDS) {
    table.push([
      key,
      kind,
      bundles[kind].kilobytes,
      importMs(kind),
      firstCallMs(kind),
      rounded(together(kind), 1),
      rounded(together('ours') / together(kind), 2),
    ]);
  }
  figures[key] = {
    vsNaive: rounded(together('ours') / together('naive'), 3),
    vsClients: rounded(together('ours') / together('clients'), 3),
    importMs: importMs('ours'),
    firstCallMs: firstCallMs('ours'),
    kilobytes: bundles.ours.kilobytes,
  };
}
console.log(`Medians of ${RUNS} fresh processes each, Node.js ${process.version}.`);
console.log(table.toString());
if (options.json) {
  console.log(JSON.stringify(figures));
}
