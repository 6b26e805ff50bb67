import { execFile } from 'node:child_process';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SingleBar } from 'cli-progress';
import Table from 'cli-table3';
import twilioWebhooks from 'twilio/lib/webhooks/webhooks.js';
import { ROUTES } from '../lambda/shared/contract.ts';
import { credentialsFromSeed, secretValue } from '../local/credentials.ts';
import { readAssets } from '../local/host/assets.ts';
import { readFunctions } from '../local/host/functions.ts';
import { readStack } from '../local/host/stack.ts';
import { type Assembly, PROJECT, synthesize } from '../local/synthesize.ts';
import { orExit, readOptions, wholeNumber } from '../local/usage.ts';
import { startStandIn } from './cold/stand-in.ts';
import { median, rounded } from './statistics.ts';

/*
 * Cold starts: import and first call of each function's bundle in fresh processes, in turn with the bundles that it is
 * compared with, so that a drift of the machine touches all alike. AWS and Twilio are one server on this machine that
 * answers at once. What it cannot show: TLS, the download of the code, Lambda's own share.
 */

const { runs: RUNS, json } = orExit(() => {
  const { runs, ...options } = readOptions({
    runs: { type: 'string', default: '15' },
    json: { type: 'boolean', default: false },
  });
  return { runs: wholeNumber('runs', runs, 1), ...options };
}, 'npm run bench:cold -- [--runs N] [--json]');

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
    event: () => webhook(ROUTES.voice, {}),
  },
  {
    key: 'startRecording',
    ours: 'RecorderStartRecording',
    clients: 'BareStartRecording',
    naive: 'NaiveStartRecording',
    event: () => ({
      claim: true,
      // Of an outgoing call the first create goes out at once: the function must not wait for its moment.
      call: { callSid: CALL_SID, accountSid: credentials.accountSid, direction: 'outbound-api' },
      executionStartTime: new Date().toISOString(),
      retryCount: 0,
    }),
  },
  {
    key: 'recordingStatus',
    ours: 'RecorderRecordingStatus',
    clients: 'BareStartRecording',
    naive: 'NaiveRecordingStatus',
    event: () =>
      webhook(ROUTES.recordingStatus, {
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
  /** The function's environment variables, as the stack sets them. */
  readonly variables: Readonly<Record<string, string>>;
}

async function bundlesOf({ template, directory }: Assembly): Promise<(prefix: string) => Bundle> {
  const functions = readFunctions(readStack(template, PUBLIC_BASE_URL), readAssets(directory));
  const bundles = await Promise.all(
    functions.map(async ({ logicalId, codeDirectory, variables }) => {
      const file = join(codeDirectory, 'index.js');
      return { logicalId, file, kilobytes: rounded((await stat(file)).size / 1024, 0), variables };
    }),
  );
  return (prefix) => {
    const bundle = bundles.find(({ logicalId }) => logicalId.startsWith(prefix));
    if (!bundle) {
      throw new Error(`No function ${prefix} was synthesized`);
    }
    return bundle;
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
      env: { ...bundle.variables, ...environment },
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
await using standIn = await startStandIn(secretValue(credentials), RECORDING_SID);
using recorder = await synthesize({
  app: 'bin/app.ts',
  parent,
  environment: { RECORDER_CONFIG: 'local/recorder.config.ts', LOCAL_TWILIO_API_BASE_URL: standIn.url },
});
using comparison = await synthesize({ app: 'bench/cold/app.ts', parent });

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
  PUBLIC_BASE_URL,
  POWERTOOLS_SERVICE_NAME: 'CallRecorder/Recorder',
  SECRET_ARN: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:TwilioSecret',
  STATE_MACHINE_ARN: 'arn:aws:states:us-east-1:123456789012:stateMachine:Calls',
  TABLE_NAME: 'Calls',
};

const [ourBundle, otherBundle] = await Promise.all([bundlesOf(recorder), bundlesOf(comparison)]);
const measured = FUNCTIONS.map(({ key, event, ours, clients, naive }) => ({
  key,
  event,
  bundles: {
    empty: otherBundle('Empty'),
    clients: otherBundle(clients),
    ours: ourBundle(ours),
    naive: otherBundle(naive),
  },
}));

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
      samples.get(key)?.[kind].push(await measure(bundles[kind], event(), environment));
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
if (json) {
  console.log(JSON.stringify(figures));
}
