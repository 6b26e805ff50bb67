import { describe, expect, test } from '@jest/globals';
import { checkAccount, checkApiHost, checkClock } from '../../cli/account-checks.ts';
import { actionsFinding, topicFinding } from '../../cli/alarm-check.ts';
import { EXIT } from '../../cli/exit-codes.ts';
import { checkNumber } from '../../cli/number-checks.ts';
import type { AccountNumber, Recorder } from '../../cli/number-configuration.ts';
import { webhookFinding } from '../../cli/webhook-check.ts';
import type { NumberConfiguration } from '../../local/twilio-simulator/simulator.ts';
import { API_GATEWAY_MESSAGE, CREDENTIALS, type Reply, type Seen, startApi } from './api-double.ts';
import { SECRET_ARN, SecretsManagerDouble } from './rotation-servers.ts';
import {
  APPLICATION,
  ENVIRONMENT,
  NUMBER,
  OVERRIDES,
  stackWith,
  startTwilio,
  TWILIO,
  through,
  VOICE_URL,
} from './twilio-double.ts';

const REFUSED: Reply = { status: 403, type: 'text/plain', body: 'the signature is not Twilio’s\n' };
/** A recorder's voice webhook: what is signed is refused for its parameters only. */
const RECORDER = ({ headers }: Seen): Reply =>
  'x-twilio-signature' in headers
    ? { status: 400, type: 'text/plain', body: 'the parameters are not those of a voice webhook\n' }
    : REFUSED;

/** Runs `doctor` for a recorder that answers so, with a number that leads to it unless told otherwise. */
async function examine({
  args = [],
  number = {},
  account = {},
  environment = {},
  webhook = RECORDER,
  more = [],
}: {
  readonly args?: readonly string[];
  readonly number?: Partial<NumberConfiguration>;
  readonly account?: object;
  readonly environment?: Readonly<Record<string, string>>;
  readonly webhook?: Reply | typeof RECORDER;
  readonly more?: readonly NumberConfiguration[];
} = {}) {
  await using recorder = await startApi(webhook);
  const voiceUrl = `${recorder.url}/voice`;
  await using twilio = await startTwilio(
    { voiceUrl: through(voiceUrl) + OVERRIDES, voiceFallbackUrl: APPLICATION, ...number },
    { account },
  );
  for (const other of more) {
    twilio.simulator.addNumber(other);
  }
  const ended = await twilio.run(['doctor', ...args, '--voice-url', voiceUrl], {
    ...ENVIRONMENT,
    TWILIO_AUTH_TOKEN: TWILIO.authToken,
    ...environment,
  });
  return { ...ended, asked: twilio.asked, webhooks: recorder.seen };
}

describe('recorder doctor', () => {
  test('finds all as it has to be, and changes nothing', async () => {
    const more = [{ phoneNumber: '+15550000000', voiceUrl: APPLICATION }];
    const { exitCode, stdout, stderr, asked, webhooks } = await examine({ more });
    expect({ exitCode, stderr }).toEqual({ exitCode: EXIT.done, stderr: '' });
    expect(stdout.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^ok {7}Twilio API: http:\/\/127\.0\.0\.1:\d+ is on this machine\.$/),
      'ok       credentials: Twilio takes them.',
      `ok       account: ${TWILIO.accountSid} is active, and no trial account.`,
      expect.stringMatching(/^ok {7}clock: this machine is \d+ s (ahead of|behind) Twilio\.$/),
      `ok       +*******4567: leads to the recorder, and on to ${APPLICATION}.`,
      `ok       +*******4567: falls back to ${APPLICATION}.`,
      'ok       numbers: 1 of the account lead to the recorder, 1 do not.',
      expect.stringMatching(/^warning {2}media: there is no recording yet/),
      expect.stringMatching(
        /^ok {7}webhook: .*\/voice answers 403 to what is not signed: it is up, and verifies\.$/,
      ),
      expect.stringMatching(/^ok {7}signature: .*\/voice accepts what is signed with the auth token\.$/),
    ]);
    expect(asked).toEqual(['ListIncomingPhoneNumber', 'FetchAccount', 'ListRecording']);
    expect(webhooks).toMatchObject([
      { method: 'POST', path: '/voice', body: '' },
      { method: 'POST', path: '/voice', body: 'DryRun=true' },
    ]);
    expect(webhooks[0]?.headers).not.toHaveProperty('x-twilio-signature');
  });

  test('shows numbers whole when asked to, and the one that was typed', async () => {
    expect((await examine({ args: ['--numbers'] })).stdout).toContain(`${NUMBER}: leads to the recorder`);
    expect((await examine({ args: [NUMBER] })).stdout).toContain(`${NUMBER}: leads to the recorder`);
  });

  test('ends with 4 when there is a problem, and says how many', async () => {
    const ended = await examine({ number: { voiceUrl: APPLICATION, voiceFallbackUrl: '' } });
    expect(ended.exitCode).toBe(EXIT.conflict);
    expect(ended.stdout).toContain('problem  numbers: none of the account leads to the recorder, of 1.');
    expect(ended.stderr).toBe('Not as it has to be: problems: 1, warnings: 1.\n');
  });

  test('has one JSON document, with a problem or without', async () => {
    const fine = await examine({ args: ['--json'] });
    expect(JSON.parse(fine.stdout)).toMatchObject({
      problems: 0,
      warnings: 1,
      findings: expect.arrayContaining([{ level: 'ok', check: 'credentials', found: 'Twilio takes them.' }]),
    });
    const bad = await examine({ args: ['--json'], webhook: { status: 500, body: '' } });
    expect(bad.exitCode).toBe(EXIT.conflict);
    expect(JSON.parse(bad.stdout)).toMatchObject({
      problems: 2,
      findings: expect.arrayContaining([
        expect.objectContaining({ level: 'problem', check: 'webhook', remedy: expect.any(String) }),
      ]),
    });
  });

  test('warns where the key may not see the account', async () => {
    const ended = await examine({ environment: { TWILIO_AUTH_TOKEN: '' } });
    expect(ended.exitCode).toBe(EXIT.done);
    expect(ended.stdout).toContain('warning  account: this API key may not see');
  });

  test('finds wrong credentials, and looks at the webhook all the same', async () => {
    const ended = await examine({ environment: { TWILIO_API_SECRET: 'a-wrong-secret' } });
    expect(ended.exitCode).toBe(EXIT.conflict);
    expect(ended.stdout).toContain('problem  credentials: Twilio refused the credentials');
    expect(ended.stdout).toContain('ok       webhook');
    expect(ended.stdout + ended.stderr).not.toContain('a-wrong-secret');
  });

  test('finds a number that the account does not have', async () => {
    const ended = await examine({ args: ['+15550000001'] });
    expect(ended.exitCode).toBe(EXIT.conflict);
    expect(ended.stdout).toContain('problem  +15550000001: is not a number of the account');
  });

  test('does not begin where nobody tells it which recorder, and says who can', async () => {
    const denied =
      '<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>';
    await using cloudFormation = await startApi({ status: 403, type: 'text/xml', body: denied });
    await using twilio = await startTwilio();
    const ended = await twilio.run(['doctor'], {
      ...ENVIRONMENT,
      ...CREDENTIALS,
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation.url,
    });
    expect(ended).toMatchObject({ exitCode: EXIT.notAllowed, stdout: '' });
    expect(ended.stderr).toContain('Allow cloudformation:DescribeStacks');
    expect(ended.stderr).toContain('--voice-url');
    expect(twilio.asked).toEqual([]);
  });

  test('warns of what else the AWS credentials do not show', async () => {
    const denied: Reply = { status: 403, type: 'text/xml', body: '<ErrorResponse/>' };
    await using aws = await startApi(denied);
    await using secretsManager = await startApi({
      status: 400,
      type: 'application/x-amz-json-1.1',
      body: { __type: 'AccessDeniedException', Message: 'no' },
    });
    await using recorder = await startApi(RECORDER);
    const voiceUrl = `${recorder.url}/voice`;
    await using cloudFormation = await startApi(
      stackWith({
        VoiceUrl: voiceUrl,
        WhenNotRecorded: 'continue',
        AlarmTopicArn: 'arn:aws:sns:eu-west-1:123456789012:Alarms',
        SecretArn: SECRET_ARN,
      }),
    );
    await using twilio = await startTwilio({
      voiceUrl: through(voiceUrl) + OVERRIDES,
      voiceFallbackUrl: APPLICATION,
    });
    const ended = await twilio.run(['doctor'], {
      ...ENVIRONMENT,
      ...CREDENTIALS,
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation.url,
      AWS_ENDPOINT_URL_CLOUDWATCH: aws.url,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager.url,
      AWS_ENDPOINT_URL_SNS: aws.url,
    });
    expect(ended).toMatchObject({ exitCode: EXIT.done, stderr: '' });
    for (const check of ['secret', 'alarms', 'alarm actions']) {
      expect(ended.stdout).toContain(`warning  ${check}: `);
    }
  });

  test('finds a recorder that is not there', async () => {
    await using twilio = await startTwilio();
    const ended = await twilio.run(['doctor', '--voice-url', 'http://127.0.0.1:1/voice']);
    expect(ended.exitCode).toBe(EXIT.conflict);
    expect(ended.stdout).toMatch(/problem {2}webhook: http:\/\/127\.0\.0\.1:1\/voice does not answer/);
  });
});

/** Long gone at Twilio. */
const OLD = 'an-auth-token-of-long-ago';

describe('a number', () => {
  const recorder: Recorder = { voiceUrl: VOICE_URL, whenNotRecorded: 'continue' };
  const strict: Recorder = { ...recorder, whenNotRecorded: 'refuse' };
  const right: AccountNumber = {
    sid: `PN${'1'.repeat(32)}`,
    phone_number: NUMBER,
    voice_url: through(VOICE_URL) + OVERRIDES,
    voice_method: 'POST',
    voice_fallback_url: APPLICATION,
    voice_fallback_method: 'POST',
    voice_application_sid: '',
    trunk_sid: '',
  };
  const look = (changes: Partial<AccountNumber>, by = recorder) =>
    checkNumber({ ...right, ...changes }, by, 'it')
      .filter(({ level }) => level !== 'ok')
      .map(({ level, found }) => `${level}: ${found}`);

  test.each([
    ['is right', {}, recorder],
    ['has a fallback of its own', { voice_fallback_url: 'https://app.example/sorry' }, recorder],
    ['has other overrides', { voice_url: `${through(VOICE_URL)}#rc=1` }, recorder],
    ['has no fallback, as calls must be recorded', { voice_fallback_url: '' }, strict],
  ])('that %s', (_what, changes, by) => {
    expect(look(changes, by)).toEqual([]);
  });

  test.each([
    ['problem: its voice URL leads nowhere', { voice_url: '' }],
    [`problem: its voice URL leads to ${APPLICATION}`, { voice_url: APPLICATION }],
    ['problem: it leads to another recorder', { voice_url: through('https://other.example/voice') }],
    ['problem: The application cannot be told', { voice_url: `${VOICE_URL}/nonsense` }],
    ['problem: The number is on a SIP trunk', { trunk_sid: 'TK1' }],
    ['problem: The number has a TwiML app', { voice_application_sid: 'AP1' }],
    ['problem: the recorder is asked with GET', { voice_method: 'GET' }],
    [
      'problem: leads through a second recorder',
      { voice_url: through(VOICE_URL, through('https://other.example/voice')) + OVERRIDES },
    ],
    ['warning: has no fallback', { voice_fallback_url: '' }],
    ['warning: has no fallback', { voice_url: VOICE_URL + OVERRIDES, voice_fallback_url: '' }],
    ['warning: its fallback is the recorder itself', { voice_fallback_url: VOICE_URL }],
    ['warning: its voice URL has no connection overrides', { voice_url: through(VOICE_URL) }],
  ])('%s', (found, changes) => {
    expect(look(changes)).toEqual([expect.stringContaining(found)]);
  });

  test('whose fallback leads past the gate', () => {
    expect(look({}, strict)).toEqual([expect.stringContaining('problem: its fallback is the application')]);
  });
});

describe('the alarms of a stack', () => {
  const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:Alarms';
  const attributes = (confirmed: number, pending: number): string =>
    `<GetTopicAttributesResponse><GetTopicAttributesResult><Attributes><entry><key>SubscriptionsPending</key><value>${pending}</value></entry><entry><key>SubscriptionsConfirmed</key><value>${confirmed}</value></entry></Attributes></GetTopicAttributesResult></GetTopicAttributesResponse>`;

  test.each([
    [200, attributes(2, 0), 'ok', 'they have subscribers: 2.'],
    [200, attributes(0, 1), 'warning', 'nobody hears of them yet.'],
    [200, attributes(0, 0), 'warning', 'nobody hears of them.'],
    [200, '', 'warning', 'could not be seen (HTTP 200)'],
    [403, '<ErrorResponse/>', 'warning', 'could not be seen (HTTP 403)'],
  ])('%i %s: %s', (status, xml, level, found) => {
    expect(topicFinding(TOPIC, status, xml)).toMatchObject({ level, found: expect.stringContaining(found) });
  });

  const alarms = (...enabled: readonly boolean[]): string =>
    enabled
      .map((is) => `<member><AlarmName>A</AlarmName><ActionsEnabled>${is}</ActionsEnabled></member>`)
      .join('');

  test.each([
    [200, alarms(true, true), 'ok', '2 alarms tell the topic.'],
    [200, alarms(true, false), 'warning', '1 of 2 alarms are switched off.'],
    [200, alarms(), 'warning', 'no alarm tells'],
    [403, '', 'warning', 'could not be seen (HTTP 403)'],
  ])('tell it: %i %s: %s', (status, xml, level, found) => {
    expect(actionsFinding(TOPIC, status, xml)).toMatchObject({
      level,
      found: expect.stringContaining(found),
    });
  });

  test('and its secret are asked about with a signature', async () => {
    await using twilio = await startTwilio({ voiceUrl: '' });
    await using recorder = await startApi(RECORDER);
    await using sns = await startApi({ type: 'text/xml', body: attributes(1, 0) });
    await using cloudWatch = await startApi({ type: 'text/xml', body: alarms(true) });
    const { accountSid, apiKeySid, apiKeySecret } = TWILIO;
    const held = new SecretsManagerDouble(
      {
        accountSid,
        apiKeySid,
        apiKeySecret: `${apiKeySecret} no more`.replaceAll(' ', '-'),
        authTokens: [OLD],
      },
      'put-in-by-hand',
      Date.now,
    );
    await using secretsManager = await startApi(held.reply);
    await using cloudFormation = await startApi(
      stackWith({
        VoiceUrl: `${recorder.url}/voice`,
        WhenNotRecorded: 'continue',
        AlarmTopicArn: TOPIC,
        SecretArn: SECRET_ARN,
      }),
    );
    const { stdout, stderr } = await twilio.run(['doctor'], {
      ...ENVIRONMENT,
      ...CREDENTIALS,
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation.url,
      AWS_ENDPOINT_URL_CLOUDWATCH: cloudWatch.url,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager.url,
      AWS_ENDPOINT_URL_SNS: sns.url,
    });
    expect(stdout).toContain('ok       alarms: they have subscribers: 1.');
    expect(stdout).toContain('ok       alarm actions: 1 alarms tell the topic.');
    expect(stdout).toContain(`problem  API key: Twilio refuses ${apiKeySid}, the one in the secret`);
    expect(stdout).toContain('problem  auth tokens: Twilio takes none of those in the secret');
    expect(stdout).toContain('ok       token age: the secret was put in 0 days ago.');
    expect(stdout + stderr).not.toContain(OLD);
    expect(sns.seen).toMatchObject([
      {
        method: 'POST',
        path: '/',
        body: `Action=GetTopicAttributes&TopicArn=${encodeURIComponent(TOPIC)}&Version=2010-03-31`,
        headers: { authorization: expect.stringContaining('/eu-west-1/sns/aws4_request') },
      },
    ]);
    expect(cloudWatch.seen).toMatchObject([
      {
        body: expect.stringMatching(/^Action=DescribeAlarms&ActionPrefix=arn%3Aaws%3Asns/),
        headers: { authorization: expect.stringContaining('/eu-west-1/monitoring/aws4_request') },
      },
    ]);
  });
});

test.each([
  ['https://api.twilio.com', 'ok', 'us1'],
  ['https://api.dublin.ie1.twilio.com', 'ok', 'ie1'],
  ['http://127.0.0.1:3001', 'ok', 'this machine'],
  ['https://api.ie1.twilio.com', 'warning', 'no region'],
  ['https://proxy.example', 'warning', 'no region'],
])('%s: %s', (apiUrl, level, found) => {
  expect(checkApiHost(apiUrl)).toMatchObject({ level, found: expect.stringContaining(found) });
});

test.each([
  [0, 'ok', '0 s ahead'],
  [60_000, 'ok', '60 s ahead'],
  [60_001, 'warning', '60 s ahead'],
  [-3_600_000, 'warning', '3600 s behind'],
  [undefined, 'warning', 'did not tell'],
])('a clock that is %s ms ahead: %s', (aheadMs, level, found) => {
  expect(checkClock(aheadMs)).toMatchObject({ level, found: expect.stringContaining(found) });
});

test.each([
  [{ type: 'Full', status: 'active' }, 'ok'],
  [{ type: 'Trial', status: 'active' }, 'problem'],
  [{ type: 'Full', status: 'suspended' }, 'problem'],
  [undefined, 'warning'],
])('the account %j: %s', (about, level) => {
  expect(checkAccount('AC1', about)).toMatchObject({ level });
});

test.each([
  [403, String(REFUSED.body), 'ok', 'it is up, and verifies'],
  [403, '', 'ok', 'it is up, and verifies'],
  [403, JSON.stringify({ message: 'Forbidden' }), 'problem', '403'],
  [200, '<Response/>', 'problem', 'no secret'],
  [404, JSON.stringify(API_GATEWAY_MESSAGE), 'problem', 'and not 403'],
  [301, '', 'problem', 'and not 403'],
  [503, '', 'problem', '503'],
])('a webhook that answers %i %s: %s', (status, body, level, found) => {
  expect(webhookFinding(VOICE_URL, status, body)).toMatchObject({
    level,
    found: expect.stringContaining(found),
  });
});
