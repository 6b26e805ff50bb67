import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { credentialsFromSeed } from './credentials.ts';
import { serve } from './host/http-server.ts';
import { REGION } from './host/stack.ts';
import type { AccessKey, Operators } from './operators.ts';
import { createPage } from './page/page.ts';
import { serving } from './page/pages.ts';
import { startLocalRecorder } from './recorder.ts';
import { tableOf } from './rows-table.ts';
import { Timeline } from './timeline.ts';
import { type Credentials, TwilioSimulator } from './twilio-simulator/simulator.ts';
import { obey, TYPING } from './typed-line.ts';
import { UsageError } from './usage.ts';

export interface ServeOptions {
  readonly port: number;
  readonly seed: number;
  /** Without it, the simulated Twilio. */
  readonly twilioApiUrl: string | undefined;
  readonly publicUrl: string | undefined;
}

/** Hosts the recorder until Ctrl-C, then shows the rows of its calls. */
export async function serveRecorder({ port, seed, twilioApiUrl, publicUrl }: ServeOptions): Promise<void> {
  const credentials = twilioApiUrl ? credentialsFromEnvironment() : credentialsFromSeed(seed);
  await checkPort(port);
  const [timeline, page] = [new Timeline(console.log), await createPage()];
  await using disposables = new AsyncDisposableStack();
  const simulator = twilioApiUrl
    ? undefined
    : disposables.use(await TwilioSimulator.start({ seed, credentials }));
  simulator?.onEvent((event) => {
    timeline.twilio(event);
    page.twilio(event);
  });
  const twilioApiBaseUrl = twilioApiUrl ?? simulator?.url ?? '';
  console.log('Synthesizing the app and hosting its template on this machine...\n');
  const recorder = disposables.use(
    await startLocalRecorder({
      twilioApiBaseUrl,
      credentials,
      // Behind a public address, nobody may work the keys out.
      seed: publicUrl ? randomInt(2 ** 48 - 1) : seed,
      notice: true,
      port,
      // The port that a tunnel leads to is no place for a page that shows calls.
      ...(publicUrl ? { publicUrl } : { beside: page.beside }),
      onEvent: (event) => {
        // The simulated Twilio tells of the requests itself.
        const teller = simulator ? 'host' : 'hostAlone';
        timeline[teller](event);
        page[teller](event);
      },
    }),
  );
  // From here on there is something to show at the end.
  process.removeAllListeners('SIGINT');
  const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);

  const pageServer = publicUrl && disposables.use(await serve(serving(page.beside)));
  console.log(`Page        ${pageServer ? pageServer.url : recorder.host.url}/`);
  console.log(`Voice URL   ${recorder.voiceUrl()}  (POST)`);
  console.log(`Twilio API  ${twilioApiBaseUrl}`);
  console.log(`DynamoDB    ${recorder.host.dynamodbEndpoint}, table ${recorder.host.tableName}`);
  if (simulator) printCredentials(credentials);
  if (recorder.operators) printOperators(recorder.host.url, recorder.operators);
  if (simulator) {
    console.log('\nAn outgoing call whose URL is the recorder:');
    console.log(outgoingCall(simulator.url, credentials, recorder.voiceUrl()));
    const application = simulator.hostApplication(
      '<Response><Say>Welcome. How can we help you today?</Say><Pause length="60"/></Response>',
    );
    const callers = createInterface({ input: process.stdin });
    disposables.defer(() => callers.close());
    const script = {
      from: '+15550200123',
      to: '+15550100100',
      voiceUrl: recorder.voiceUrl(application),
      talkMs: 40_000,
    };
    page.offerCalls(() => simulator.placeCall(script));
    callers.on('line', (line) => {
      const answer = obey(line, simulator, script);
      if (answer) {
        console.log(answer);
      }
    });
    console.log(`\n${TYPING}`);
  }
  console.log('\nCtrl-C ends it.\n');
  await interrupted;
  // Who is in a hurry does not wait for what runs; folders go all the same.
  process.once('SIGINT', () => process.exit(130));
  const rows = await recorder.rows();
  if (rows.length > 0) {
    console.log(`\n${tableOf(rows.filter(({ Item }) => Item === 'CALL'))}`);
  }
}

function printCredentials({ accountSid, authToken, apiKeySid, apiKeySecret }: Credentials): void {
  console.log('\nThe simulated Twilio takes these credentials:');
  console.log(`  TWILIO_ACCOUNT_SID=${accountSid}\n  TWILIO_AUTH_TOKEN=${authToken}`);
  console.log(`  TWILIO_API_KEY=${apiKeySid}\n  TWILIO_API_SECRET=${apiKeySecret}`);
}

function printOperators(url: string, { reader, controller }: Operators): void {
  const environment = ({ accessKeyId, secretAccessKey }: AccessKey): string =>
    `  export RECORDER_URL=${url} AWS_REGION=${REGION} AWS_ACCESS_KEY_ID=${accessKeyId} AWS_SECRET_ACCESS_KEY=${secretAccessKey}`;
  console.log(`\nFor \`npx recorder\` in another terminal, to read:\n${environment(reader)}`);
  console.log(`and to read and to control:\n${environment(controller)}`);
}

const outgoingCall = (
  api: string,
  { accountSid, apiKeySid, apiKeySecret }: Credentials,
  url: string,
): string =>
  `  curl -u '${apiKeySid}:${apiKeySecret}' ${api}/2010-04-01/Accounts/${accountSid}/Calls.json --data-urlencode From=+15550100100 --data-urlencode To=+15550200123 --data-urlencode Url=${url}`;

/** Found out before the app is synthesized. @throws UsageError */
async function checkPort(port: number): Promise<void> {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch {
    throw new UsageError(
      `Port ${port} cannot be used, probably because something else does; choose another with --port.`,
    );
  }
  await once(server.close(), 'close');
}

const FROM_ENVIRONMENT = {
  accountSid: { name: 'TWILIO_ACCOUNT_SID', form: /^AC[0-9a-f]{32}$/, what: 'AC and 32 hexadecimal digits' },
  authToken: { name: 'TWILIO_AUTH_TOKEN', form: /^\S{16,}$/, what: 'the auth token of the account' },
  apiKeySid: { name: 'TWILIO_API_KEY', form: /^SK[0-9a-f]{32}$/, what: 'SK and 32 hexadecimal digits' },
  apiKeySecret: { name: 'TWILIO_API_SECRET', form: /^\S{16,}$/, what: 'the secret of the API key' },
} as const;

/** Credentials of a real account. @throws UsageError naming what is missing or wrong */
function credentialsFromEnvironment(): Credentials {
  const read = (field: keyof typeof FROM_ENVIRONMENT): string => {
    const { name, form, what } = FROM_ENVIRONMENT[field];
    const value = process.env[name] ?? '';
    if (!form.test(value)) {
      throw new UsageError(
        `${name} is ${value ? 'not of the right form' : 'not set'}: with --twilio-api it has to be ${what}.`,
      );
    }
    return value;
  };
  return {
    accountSid: read('accountSid'),
    authToken: read('authToken'),
    apiKeySid: read('apiKeySid'),
    apiKeySecret: read('apiKeySecret'),
  };
}
