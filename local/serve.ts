import { once } from 'node:events';
import { credentialsFromSeed } from './credentials.ts';
import { startLocalRecorder } from './recorder.ts';
import { Timeline } from './timeline.ts';
import { type Credentials, TwilioSimulator } from './twilio-simulator/simulator.ts';
import { UsageError } from './usage-error.ts';

export interface ServeOptions {
  readonly port: number;
  readonly seed: number;
  /** Without it, the simulated Twilio. */
  readonly twilioApiUrl: string | undefined;
  readonly publicUrl: string | undefined;
}

/** Hosts the recorder until Ctrl-C. */
export async function serveRecorder({ port, seed, twilioApiUrl, publicUrl }: ServeOptions): Promise<void> {
  const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  const timeline = new Timeline(console.log);
  await using disposables = new AsyncDisposableStack();
  const credentials = twilioApiUrl ? credentialsFromEnvironment() : credentialsFromSeed(seed);
  const simulator = twilioApiUrl
    ? undefined
    : disposables.use(await TwilioSimulator.start({ seed, credentials }));
  simulator?.onEvent(timeline.twilio);
  const twilioApiBaseUrl = twilioApiUrl ?? simulator?.url ?? '';
  const recorder = disposables.use(
    await startLocalRecorder({
      twilioApiBaseUrl,
      credentials,
      notice: true,
      port,
      ...(publicUrl && { publicUrl }),
      onEvent: timeline.host,
    }),
  );
  console.log(`Voice URL   ${recorder.voiceUrl()}  (POST)`);
  console.log(`Twilio API  ${twilioApiBaseUrl}`);
  console.log(`DynamoDB    ${recorder.host.dynamodbEndpoint}, table ${recorder.host.tableName}`);
  if (simulator) {
    const { accountSid, authToken, apiKeySid, apiKeySecret } = credentials;
    console.log('\nThe simulated Twilio takes these credentials:');
    console.log(`  TWILIO_ACCOUNT_SID=${accountSid}\n  TWILIO_AUTH_TOKEN=${authToken}`);
    console.log(`  TWILIO_API_KEY=${apiKeySid}\n  TWILIO_API_SECRET=${apiKeySecret}`);
    console.log('\nAn outgoing call whose URL is the recorder:');
    console.log(
      `  curl -u "${apiKeySid}:${apiKeySecret}" ${simulator.url}/2010-04-01/Accounts/${accountSid}/Calls.json -d From=+15550100100 -d To=+15550200123 -d Url=${recorder.voiceUrl()}`,
    );
  }
  console.log('\nCtrl-C ends it.\n');
  await interrupted;
}

/** Credentials of a real account. @throws UsageError naming what is missing */
function credentialsFromEnvironment(): Credentials {
  const read = (name: string): string => {
    const value = process.env[name];
    if (!value) {
      throw new UsageError(`Set ${name}: with --twilio-api the credentials come from the environment.`);
    }
    return value;
  };
  return {
    accountSid: read('TWILIO_ACCOUNT_SID'),
    authToken: read('TWILIO_AUTH_TOKEN'),
    apiKeySid: read('TWILIO_API_KEY'),
    apiKeySecret: read('TWILIO_API_SECRET'),
  };
}
