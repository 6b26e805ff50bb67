import { describe, expect, test } from '@jest/globals';
import { EXIT } from '../../cli/exit-codes.ts';
import { type ProblemKind, problem } from '../../lambda/recording-control/problems.ts';
import { API_GATEWAY_MESSAGE, CREDENTIALS, HANG_UP, type Reply, recorder, startApi } from './api-double.ts';
import { expectedSignature, signatureOf } from './expected-signature.ts';
import { CALL, DETAILS, PAUSED_CALL, RECORDING, UNRECORDED_CALL } from './samples.ts';

const PAUSED = {
  callSid: CALL,
  recordingSid: RECORDING,
  action: 'pause',
  before: 'in-progress',
  after: 'paused',
};

/** As the recorder answers it. */
function problemOf(kind: ProblemKind, detail = `The detail of ${kind}.`): Reply {
  const { statusCode = 0, body = '' } = problem(kind, detail, { callSid: CALL });
  return { status: statusCode, type: 'application/problem+json', body };
}

const secrets = [CREDENTIALS.AWS_SECRET_ACCESS_KEY, CREDENTIALS.AWS_SESSION_TOKEN];

describe('recorder calls', () => {
  test('asks with a signature and shows a table', async () => {
    await using api = await startApi({ body: { calls: [PAUSED_CALL, UNRECORDED_CALL] } });
    const ended = await recorder(['calls', '--url', api.url, '--day', '2026-03-01', '--status', 'paused']);
    expect(ended).toMatchObject({ exitCode: EXIT.done, stderr: '' });
    expect(ended.stdout).toContain(CALL);
    expect(ended.stdout).toContain('+*******0123');
    expect(ended.stdout).not.toContain('+15550200123');
    expect(ended.stdout).not.toContain('\u{1b}');
    expect(api.seen[0]).toMatchObject({ method: 'GET', path: '/calls?day=2026-03-01&status=paused' });
    expect(api.seen[0]?.headers).toMatchObject({
      authorization: expect.stringMatching(
        /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/us-east-1\/execute-api\/aws4_request, SignedHeaders=\S*host\S*, Signature=[0-9a-f]{64}$/,
      ),
      'x-amz-date': expect.stringMatching(/^\d{8}T\d{6}Z$/),
      'x-amz-security-token': CREDENTIALS.AWS_SESSION_TOKEN,
    });
  });

  test('shows numbers whole when asked to', async () => {
    await using api = await startApi({ body: { calls: [PAUSED_CALL] } });
    const { stdout } = await recorder(['calls', '--url', api.url, '--numbers']);
    expect(stdout).toContain('+15550200123');
  });

  test('says in its help which day is shown, and that all are all of that day', async () => {
    const { stdout } = await recorder(['calls', '--help']);
    const help = stdout.replace(/\s+/g, ' ');
    expect(help).toContain('--day <day> the day, YYYY-MM-DD (default: today, UTC)');
    expect(help).toContain('--all all there are of the day');
  });

  test('follows the cursor, over a page without calls, as far as it needs to', async () => {
    await using api = await startApi(
      { body: { calls: [PAUSED_CALL], cursor: 'a b/+=' } },
      { body: { calls: [], cursor: 'c' } },
      { body: { calls: [UNRECORDED_CALL], cursor: 'd' } },
    );
    const ended = await recorder(['calls', '--url', api.url, '--limit', '2']);
    expect(ended.stderr).toMatch(/may be more/);
    expect(api.seen.map(signatureOf)).toEqual(api.seen.map(expectedSignature));
    expect(api.seen.map(({ path }) => path)).toEqual([
      '/calls',
      '/calls?cursor=a%20b%2F%2B%3D',
      '/calls?cursor=c',
    ]);
  });

  test('has one JSON document with all pages, unchanged and unmasked', async () => {
    const strange = { ...PAUSED_CALL, unheardOf: { of: 'it' } };
    await using api = await startApi(
      { body: { calls: [strange], cursor: 'a' } },
      { body: { calls: [UNRECORDED_CALL] } },
    );
    const { stdout, stderr } = await recorder(['calls', '--url', api.url, '--all', '--json']);
    expect(JSON.parse(stdout)).toEqual({ calls: [strange, UNRECORDED_CALL] });
    expect(stderr).toBe('');
  });

  test('says that there are none', async () => {
    await using api = await startApi({ body: { calls: [] } });
    expect(await recorder(['calls', '--url', api.url])).toEqual({
      exitCode: EXIT.done,
      stdout: '',
      stderr: 'No such calls today (UTC).\n',
    });
    const ofDay = await recorder(['calls', '--url', api.url, '--day', '2026-03-01']);
    expect(ofDay.stderr).toBe('No such calls on 2026-03-01 (UTC).\n');
  });

  test('sends a token instead, if it is given one', async () => {
    await using api = await startApi({ body: { calls: [] } });
    const ended = await recorder(['calls'], { RECORDER_TOKEN: 'aaa.bbb.ccc', RECORDER_URL: `${api.url}/` });
    expect(ended.exitCode).toBe(EXIT.done);
    expect(api.seen[0]).toMatchObject({ path: '/calls', headers: { authorization: 'Bearer aaa.bbb.ccc' } });
  });

  test('asks a recorder on this machine without credentials, too', async () => {
    await using api = await startApi({ body: { calls: [] } });
    expect((await recorder(['calls', '--url', api.url], {})).exitCode).toBe(EXIT.done);
    expect(api.seen[0]?.headers).not.toHaveProperty('authorization');
  });
});

describe('recorder timeline', () => {
  test('shows the row, the story and what Twilio says', async () => {
    await using api = await startApi({ body: DETAILS });
    const { exitCode, stdout } = await recorder(['timeline', CALL, '--url', api.url]);
    expect(exitCode).toBe(EXIT.done);
    expect(api.seen[0]?.path).toBe(`/calls/${CALL}?include=executions%2Ctwilio`);
    expect(stdout).toContain('TaskStateEntered StartRecording');
    expect(stdout.match(/≠/g)).toHaveLength(1);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  test('has the answer as JSON', async () => {
    await using api = await startApi({ body: DETAILS });
    const { stdout } = await recorder(['--json', 'timeline', CALL, '--url', api.url]);
    expect(JSON.parse(stdout)).toEqual(DETAILS);
  });
});

describe('recorder pause', () => {
  test('sends what to do and says in a sentence what became of it', async () => {
    await using api = await startApi({ body: PAUSED });
    const args = ['pause', CALL, '--url', api.url, '--behavior', 'skip', '--reason', 'card “payment”'];
    expect(await recorder(args)).toEqual({
      exitCode: EXIT.done,
      stdout: `Paused ${RECORDING} (was in-progress).\n`,
      stderr: '',
    });
    expect(api.seen[0]).toMatchObject({
      method: 'POST',
      path: `/calls/${CALL}/recording`,
      headers: {
        'content-type': 'application/json',
        authorization: expect.stringMatching(/SignedHeaders=\S*content-type;host\S*/),
      },
    });
    expect(api.seen.map(signatureOf)).toEqual(api.seen.map(expectedSignature));
    expect(JSON.parse(api.seen[0]?.body ?? '')).toEqual({
      action: 'pause',
      pauseBehavior: 'skip',
      reason: 'card “payment”',
    });
  });

  test.each([
    ['was not confirmed', problemOf('unconfirmed'), EXIT.unconfirmed],
    ["met a gateway's 504", { status: 504, body: API_GATEWAY_MESSAGE }, EXIT.unconfirmed],
    ['broke the connection', HANG_UP, EXIT.unconfirmed],
    ['is not possible', problemOf('not-possible'), EXIT.conflict],
    ['is not readable', { body: '<html>' }, EXIT.unconfirmed],
  ])('warns loudly on standard error: %s', async (_what, reply, exitCode) => {
    await using api = await startApi(reply);
    const ended = await recorder(['pause', CALL, '--url', api.url, '--json']);
    expect(ended.exitCode).toBe(exitCode);
    expect(ended.stderr).toContain('NOBODY MAY READ OUT A CARD NUMBER NOW');
    expect(JSON.parse(ended.stdout)).toMatchObject({ title: expect.any(String), detail: expect.any(String) });
  });
});

test.each([
  ['start', { action: 'start' }, 'Started'],
  ['resume', { action: 'resume' }, 'Resumed'],
  ['stop', { action: 'stop' }, 'Stopped'],
])('recorder %s', async (action, body, done) => {
  await using api = await startApi({ status: 201, body: { ...PAUSED, action, before: undefined } });
  const { stdout } = await recorder([action, CALL, '--url', api.url]);
  expect(stdout).toBe(`${done} ${RECORDING}.\n`);
  expect(JSON.parse(api.seen[0]?.body ?? '')).toEqual(body);
});

describe('an answer that is no success', () => {
  test.each([
    ['Usage: recorder stop', EXIT.usage, problemOf('invalid-request')],
    ['The detail of unknown-call.', EXIT.notFound, problemOf('unknown-call')],
    ['The detail of under-way.', EXIT.conflict, problemOf('under-way')],
    ['The detail of refused.', EXIT.failed, problemOf('refused')],
    ['Try again', EXIT.failed, problemOf('not-done')],
    ['until it is confirmed', EXIT.unconfirmed, problemOf('unconfirmed')],
    ['RecorderControl', EXIT.notAllowed, { status: 403, body: { message: 'Forbidden' } }],
    ['Unauthorized', EXIT.notAllowed, { status: 401, body: { message: 'Unauthorized' } }],
    ['sign in again', EXIT.notAllowed, { status: 403, body: { message: 'The security token is expired' } }],
    ['Is this the API of a recorder', EXIT.notFound, { status: 404, body: { message: 'Not Found' } }],
    ['Try again', EXIT.failed, { status: 429, body: { message: 'Too Many Requests' } }],
    ['until it is confirmed', EXIT.unconfirmed, { status: 500, body: { message: 'Internal Server Error' } }],
    ['Service Unavailable', EXIT.unconfirmed, { status: 503, body: { message: 'Service Unavailable' } }],
    ['Nobody knows whether', EXIT.unconfirmed, { status: 504, body: API_GATEWAY_MESSAGE }],
    ['nothing readable', EXIT.unconfirmed, { status: 502, body: '' }],
    ['recorder timeline', EXIT.unconfirmed, { body: '<html>' }],
    ['302', EXIT.failed, { status: 302, body: '' }],
  ])('%s: exit code %i', async (said, exitCode, reply: Reply) => {
    await using api = await startApi(reply);
    const ended = await recorder(['stop', CALL, '--url', api.url]);
    expect(ended).toMatchObject({ exitCode, stdout: '' });
    expect(ended.stderr).toContain(said);
    expect(secrets.filter((secret) => ended.stderr.includes(secret))).toEqual([]);
  });

  test('names the policy that reading needs, or the token', async () => {
    await using api = await startApi({ status: 403, body: { message: 'Forbidden' } });
    expect((await recorder(['calls', '--url', api.url])).stderr).toContain('RecorderRead');
    const byToken = await recorder(['calls', '--url', api.url, '--token', 'aaa.bbb.ccc']);
    expect(byToken.stderr).toContain('The token may have expired');
    expect(byToken.stderr).not.toContain('aaa.bbb');
  });

  test.each([
    ['the recorder', problemOf('unavailable')],
    ['a gateway', { status: 504, body: API_GATEWAY_MESSAGE }],
  ])('leaves nothing open where nothing was to be done, whoever gives it: %s', async (_who, reply) => {
    await using api = await startApi(reply);
    const ended = await recorder(['calls', '--url', api.url]);
    expect(ended).toMatchObject({ exitCode: EXIT.failed, stdout: '' });
    expect(ended.stderr).not.toContain('until it is confirmed');
  });

  test('is the one JSON document if it is a problem', async () => {
    const reply = problemOf('unknown-call');
    await using api = await startApi(reply);
    const { stdout } = await recorder(['timeline', CALL, '--url', api.url, '--json']);
    expect(JSON.parse(stdout)).toEqual(JSON.parse(String(reply.body)));
  });

  test('becomes a problem if API Gateway gave it', async () => {
    await using api = await startApi({ status: 403, body: { message: 'Forbidden' } });
    const { stdout } = await recorder(['calls', '--url', api.url, '--json']);
    expect(JSON.parse(stdout)).toEqual({
      type: 'about:blank',
      title: 'Not allowed',
      status: 403,
      detail: expect.stringContaining('Forbidden'),
    });
  });

  test.each([[{ body: '<html>' }], [{ body: { calls: [{ callSid: 7 }] } }], [{ body: 'null' }]])(
    'unreadable: %j',
    async (reply) => {
      await using api = await startApi(reply);
      const ended = await recorder(['calls', '--url', api.url]);
      expect(ended).toMatchObject({ exitCode: EXIT.failed, stdout: '' });
      expect(ended.stderr).toContain('Unreadable answer');
    },
  );
});

describe('no answer', () => {
  test('nobody listens', async () => {
    const api = await startApi();
    await api[Symbol.asyncDispose]();
    const ended = await recorder(['calls', '--url', api.url, '--json']);
    expect(ended.exitCode).toBe(EXIT.failed);
    expect(ended.stderr).toContain('ECONNREFUSED');
    expect(JSON.parse(ended.stdout)).toMatchObject({ title: 'No answer' });
  });

  test('nobody listens to a command', async () => {
    const api = await startApi();
    await api[Symbol.asyncDispose]();
    const ended = await recorder(['stop', CALL, '--url', api.url]);
    expect(ended).toMatchObject({ exitCode: EXIT.failed, stdout: '' });
    expect(ended.stderr).not.toContain('until it is confirmed');
  });

  test('a command meets no TLS where it expects some', async () => {
    await using api = await startApi({ body: {} });
    const ended = await recorder(['stop', CALL, '--url', api.url.replace('http:', 'https:')]);
    expect(ended).toMatchObject({ exitCode: EXIT.failed, stdout: '' });
    expect(ended.stderr).toContain('No answer');
    expect(api.seen).toEqual([]);
  });

  test('the connection breaks', async () => {
    await using api = await startApi(HANG_UP);
    expect(await recorder(['calls', '--url', api.url])).toMatchObject({ exitCode: EXIT.failed, stdout: '' });
    const command = await recorder(['start', CALL, '--url', api.url]);
    expect(command).toMatchObject({ exitCode: EXIT.unconfirmed, stdout: '' });
    expect(command.stderr).toContain('give the command again until it is confirmed');
  });

  test('a cursor that comes again is not followed for ever', async () => {
    await using api = await startApi({ body: { calls: [], cursor: 'a' } });
    const ended = await recorder(['calls', '--url', api.url, '--all']);
    expect(ended.stderr).toContain('same cursor twice');
    expect(api.seen).toHaveLength(2);
  });
});

describe('without credentials', () => {
  test('says so, and what to do', async () => {
    const ended = await recorder(['calls', '--url', 'https://abc.execute-api.eu-west-1.amazonaws.com'], {});
    expect(ended).toMatchObject({ exitCode: EXIT.notAllowed, stdout: '' });
    expect(ended.stderr).toContain('--profile');
  });

  test('names the profile that has none, whatever the environment has', async () => {
    const url = 'https://abc.execute-api.eu-west-1.amazonaws.com';
    const ended = await recorder(['calls', '--url', url, '--profile', 'nobody']);
    expect(ended).toMatchObject({ exitCode: EXIT.notAllowed, stdout: '' });
    expect(ended.stderr).toMatch(/^No AWS credentials: profile nobody: /);
  });
});

describe('the stack', () => {
  const described = (outputs: string): Reply => ({
    type: 'text/xml',
    body: `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member><StackName>Mine</StackName><StackStatus>CREATE_COMPLETE</StackStatus><CreationTime>2026-03-01T00:00:00Z</CreationTime><Outputs>${outputs}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`,
  });
  const refused = (status: number, code: string, message: string): Reply => ({
    status,
    type: 'text/xml',
    body: `<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
  });
  const ask = (cloudFormation: string, environment: Readonly<Record<string, string>> = CREDENTIALS) =>
    recorder(['calls', '--stack', 'Mine'], {
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation,
      ...environment,
    });

  test('names the API', async () => {
    await using api = await startApi({ body: { calls: [PAUSED_CALL] } });
    const output = `<member><OutputKey>ApiUrl</OutputKey><OutputValue>${api.url}</OutputValue></member>`;
    await using cloudFormation = await startApi(described(output));
    expect(await ask(cloudFormation.url)).toMatchObject({ exitCode: EXIT.done, stderr: '' });
    expect(cloudFormation.seen[0]?.body).toContain('StackName=Mine');
    expect(api.seen[0]?.headers.authorization).toContain('/eu-west-1/execute-api/');
  });

  test.each([
    ['no output ApiUrl', EXIT.notFound, described('')],
    ['No such stack', EXIT.notFound, refused(400, 'ValidationError', 'Stack with id Mine does not exist')],
    ['cloudformation:DescribeStacks', EXIT.notAllowed, refused(403, 'AccessDenied', 'not authorized')],
    ['Sign in again', EXIT.notAllowed, refused(403, 'ExpiredToken', 'expired')],
    ['could not be looked up', EXIT.failed, refused(400, 'Strange', 'strange')],
  ])('%s: exit code %i', async (said, exitCode, reply: Reply) => {
    await using cloudFormation = await startApi(reply);
    const ended = await ask(cloudFormation.url);
    expect(ended).toMatchObject({ exitCode, stdout: '' });
    expect(ended.stderr).toContain(said);
  });

  test('is not asked for without a region', async () => {
    const ended = await recorder(['calls']);
    expect(ended).toMatchObject({ exitCode: EXIT.usage, stdout: '' });
    expect(ended.stderr).toContain('AWS_REGION');
  });
});

describe('what is not understood ends with 2 and the usage', () => {
  test.each([
    [[]],
    [['--nonsense']],
    [['nonsense']],
    [['calls', 'stray']],
    [['calls', '--day', '2026-02-30']],
    [['calls', '--day', 'today']],
    [['calls', '--limit', '0']],
    [['calls', '--limit', '5', '--all']],
    [['calls', '--status', 'In Progress']],
    [['calls', '--behavior', 'skip']],
    [['timeline']],
    [['timeline', 'CA123']],
    [['pause', CALL, '--behavior', 'music']],
    [['stop', CALL, '--behavior', 'skip']],
    [['stop', CALL, '--reason', ' ']],
    [['stop', CALL, CALL]],
    [['calls', '--url', 'http://example.com']],
    [['calls', '--url', 'ftp://127.0.0.1']],
    [['calls', '--url', 'nonsense']],
    [['calls', '--url', 'http://127.0.0.1:1', '--token', 'Bearer secret']],
  ])('%j', async (args) => {
    const ended = await recorder(args);
    expect(ended).toMatchObject({ exitCode: EXIT.usage, stdout: '' });
    expect(ended.stderr).toContain('Usage: recorder');
    expect(ended.stderr).not.toContain('Bearer secret');
  });
});

test('the help names each exit code and has examples, and the version is the package’s', async () => {
  const { exitCode, stdout } = await recorder(['--help']);
  expect(exitCode).toBe(EXIT.done);
  for (const code of Object.values(EXIT)) {
    expect(stdout).toMatch(new RegExp(`^ {2}${code} {2}\\w`, 'm'));
  }
  for (const command of ['calls', 'timeline', 'start', 'pause', 'resume', 'stop', 'connect', 'doctor']) {
    expect((await recorder([command, '--help'])).stdout).toContain(`Examples:\n  recorder ${command}`);
  }
  expect((await recorder(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
