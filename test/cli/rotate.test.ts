import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, test } from '@jest/globals';
import { authTokensOf } from '../../cli/auth-tokens.ts';
import { dryRun, dryRunFinding } from '../../cli/dry-run.ts';
import { EXIT } from '../../cli/exit-codes.ts';
import { askHidden } from '../../cli/hidden.ts';
import { type RotateDependencies, rotate } from '../../cli/rotate.ts';
import { secretStore } from '../../cli/secret-store.ts';
import { isSignedByTwilio } from '../../lambda/twilio/signature.ts';
import { CREDENTIALS, type Reply, recorder, type Seen, startApi } from './api-double.ts';
import { ACCOUNT_SID, AuthTokensDouble, SECRET_ARN, SecretsManagerDouble } from './rotation-servers.ts';
import { stackWith } from './twilio-double.ts';

const [A, B, C] = ['the-current-auth-token', 'the-next-auth-token-is', 'another-auth-token-yet'];
const HOUR = 60 * 60_000;
const REST = {
  accountSid: ACCOUNT_SID,
  apiKeySid: `SK${'b'.repeat(32)}`,
  apiKeySecret: 'the-secret-of-the-api-key',
  note: 'of the operators',
};
const ACCEPTED: Reply = { status: 400, type: 'text/plain', body: 'the parameters are not those\n' };
const FORGED: Reply = { status: 403, type: 'text/plain', body: 'the signature is not Twilio’s\n' };

interface Setting {
  readonly tokens?: readonly string[];
  readonly versionId?: string;
  readonly primary?: string;
  readonly secondary?: string;
  readonly webhook?: Reply;
}

/** Everything that the command talks to, on a clock that moves when it waits. */
async function world({
  tokens = [A],
  versionId = 'put-in-by-hand',
  primary = A,
  secondary,
  webhook = ACCEPTED,
}: Setting = {}) {
  let now = Date.now() - 2 * HOUR;
  const secrets = new SecretsManagerDouble({ ...REST, authTokens: tokens }, versionId, () => now);
  now += 2 * HOUR;
  const twilio = new AuthTokensDouble(primary, secondary, () => now);
  const disposables = new AsyncDisposableStack();
  const start = async (reply: Reply | ((request: Seen) => Reply)) => disposables.use(await startApi(reply));
  const [secretsApi, twilioApi, webhooks] = [
    await start(secrets.reply),
    await start(twilio.reply),
    await start(webhook),
  ];
  const cloudFormation = await start(
    stackWith({
      VoiceUrl: `${webhooks.url}/voice`,
      WhenNotRecorded: 'continue',
      SecretArn: SECRET_ARN,
    }),
  );
  const environment = {
    ...CREDENTIALS,
    AWS_REGION: 'eu-west-1',
    AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation.url,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsApi.url,
    TWILIO_API_URL: twilioApi.url,
  };
  const said: string[] = [];
  const dependencies: RotateDependencies = {
    secrets: secretStore(SECRET_ARN, {
      credentials: async () => ({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example' }),
      region: async () => 'eu-west-1',
    }),
    authTokensOf: (accountSid) => authTokensOf(accountSid, twilioApi.url),
    dryRun: async (token) => [await dryRun('dry run', `${webhooks.url}/voice`, token)],
    askToken: async () => undefined,
    confirm: async () => true,
    sleep: async (milliseconds) => {
      now += milliseconds;
    },
    terminal: {
      width: 100,
      print: (line) => said.push(line),
      say: (line) => said.push(line),
      warn: (line) => said.push(line),
    },
  };
  return {
    secrets,
    twilio,
    webhooks,
    said,
    /** The whole command. */
    run: (args: readonly string[] = [], more = {}) =>
      recorder(['rotate', ...args], { ...environment, ...more }),
    /** The same in this process, where waiting takes no time. */
    walk: async (options: object = {}, others: Partial<RotateDependencies> = {}) => {
      process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER = secretsApi.url;
      await rotate(
        { undo: false, again: false, yes: false, json: false, ...options },
        { ...dependencies, ...others },
      );
    },
    [Symbol.asyncDispose]: () => disposables.disposeAsync(),
  };
}

const saved = process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER;
afterAll(() => {
  if (saved === undefined) delete process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER;
  else process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER = saved;
});

describe('recorder rotate', () => {
  test('goes the whole way, leaves the rest of the secret as it is, and shows no token', async () => {
    await using it = await world();
    await it.walk();
    const { secrets, twilio, said, webhooks } = it;
    expect(twilio.primary).not.toBe(A);
    expect(secrets.secret).toEqual({ ...REST, authTokens: [twilio.primary] });
    expect(
      [...secrets.versions].map(([id, { value }]) => [
        id.replace(/-[0-9a-f]{8}-.*/, ''),
        JSON.parse(value).authTokens,
      ]),
    ).toEqual([
      ['put-in-by-hand', [A]],
      ['recorder-rotate-added', [A, twilio.primary]],
      ['recorder-rotate-promoted', [twilio.primary, A]],
      ['recorder-rotate-finished', [twilio.primary]],
    ]);
    expect(webhooks.seen).toHaveLength(1);
    expect(said.join('\n')).not.toMatch(new RegExp(`${A}|${twilio.primary}|${REST.apiKeySecret}`));
  });

  test('ends with what is left to do, as a command', async () => {
    await using it = await world({ tokens: [B, A], versionId: 'recorder-rotate-promoted-1', primary: B });
    const ended = await it.run(['--json']);
    expect(ended).toMatchObject({ exitCode: EXIT.done });
    expect(JSON.parse(ended.stdout)).toMatchObject({ changed: true });
    expect(it.secrets.secret).toEqual({ ...REST, authTokens: [B] });
    await it.walk();
    expect(it.said).toEqual(['A rotation has just ended: there is nothing to do. --again begins another.']);
  });

  test('without a terminal and --yes begins nothing', async () => {
    await using it = await world();
    expect(await it.run()).toMatchObject({
      exitCode: EXIT.usage,
      stderr: expect.stringContaining('With --yes nobody is asked.'),
    });
    expect(it.secrets.secret.authTokens).toEqual([A]);
    expect(it.twilio.secondary).toBeUndefined();
  });

  test('does not promote what the recorder does not take', async () => {
    await using it = await world({ tokens: [A, B], secondary: B, webhook: FORGED });
    await expect(it.walk({ yes: true })).rejects.toThrow('refuses what is signed');
    expect(it.twilio).toMatchObject({ primary: A, secondary: B });
  });

  test('promotes nothing when somebody says no, and says how to go on', async () => {
    await using it = await world({ tokens: [A, B], secondary: B });
    await it.walk({}, { confirm: async () => false });
    expect(it.said.at(-1)).toContain('run the command again');
    expect(it.twilio.primary).toBe(A);
  });

  test('gives up the next token, in the account and in the secret', async () => {
    await using it = await world({ tokens: [A, B], secondary: B });
    await it.walk({ undo: true });
    expect(it.twilio.secondary).toBeUndefined();
    expect(it.secrets.secret.authTokens).toEqual([A]);
  });

  test('undoes no promotion', async () => {
    await using it = await world({ tokens: [A, B], primary: B });
    await expect(it.walk({ undo: true })).rejects.toThrow('Too late');
  });

  test('repairs a secret without the token that somebody promoted', async () => {
    await using it = await world({ tokens: [A], primary: C, secondary: A });
    await it.walk();
    expect([...it.secrets.versions.values()].map(({ value }) => JSON.parse(value).authTokens)).toEqual([
      [A],
      [C, A],
      [C],
    ]);
  });

  test('says so when Twilio takes none of the tokens', async () => {
    await using it = await world({ primary: C });
    await expect(it.walk()).rejects.toThrow('The primary token is not in the secret');
  });

  test('believes only a primary token that Twilio takes', async () => {
    await using it = await world({ tokens: [A, B], secondary: B });
    it.twilio.shown = '*'.repeat(32);
    await expect(it.walk({}, { confirm: async () => false })).resolves.toBeUndefined();
    expect(it.secrets.secret.authTokens).toEqual([A, B]);
  });
});

describe('a secondary token that is there already', () => {
  test.each<[string, Partial<RotateDependencies>]>([
    ['asked for', { askToken: async () => B }],
    ['given', { givenToken: B }],
  ])('is %s', async (_, by) => {
    await using it = await world({ secondary: B });
    await it.walk({}, by);
    expect(it.secrets.secret.authTokens).toEqual([B]);
  });

  test.each([
    ['the primary one', A],
    ['none', C],
  ])('is not taken when it is %s', async (_, token) => {
    await using it = await world({ secondary: B });
    await expect(it.walk({}, { givenToken: token })).rejects.toThrow('Not the secondary token');
    expect(it.secrets.secret.authTokens).toEqual([A]);
  });

  test('stops the command when nobody can say it', async () => {
    await using it = await world({ secondary: B });
    await expect(it.walk()).rejects.toThrow('TWILIO_SECONDARY_AUTH_TOKEN');
  });
});

describe('the secret', () => {
  test.each(['PutSecretValue', 'UpdateSecretVersionStage'])(
    'is not written over when somebody changes it before %s',
    async (operation) => {
      await using it = await world({ tokens: [B, A], versionId: 'recorder-rotate-promoted-1', primary: B });
      it.secrets.beforeRequest = (asked) => {
        if (asked === operation) it.secrets.put({ ...REST, authTokens: [B, C] }, 'somebody-elses');
      };
      await expect(it.walk()).rejects.toThrow('Changed meanwhile');
      expect(it.secrets.secret.authTokens).toEqual([B, C]);
    },
  );

  test('that is not right is not touched, and not shown', async () => {
    await using it = await world({ tokens: ['short'] });
    await expect(it.walk()).rejects.toThrow(/^The secret is not right: .*authTokens(?!.*short)/s);
  });
});

describe('a dry run', () => {
  test('is signed, and names no call', async () => {
    await using api = await startApi(ACCEPTED);
    const url = `${api.url}/voice`;
    expect(await dryRun('dry run', url, A)).toMatchObject({ level: 'ok' });
    const [request] = api.seen;
    const parameters = Object.fromEntries(new URLSearchParams(request?.body));
    const signature = String(request?.headers['x-twilio-signature']);
    expect(isSignedByTwilio([A], signature, [url], parameters)).toBe(true);
    expect(parameters).toEqual({ DryRun: 'true' });
  });

  test.each([
    [403, FORGED.body, 'refuses what is signed'],
    [403, '{"message":"Forbidden"}', 'answers 403'],
    [200, '<Response/>', 'answers 200'],
    [503, '', 'answers 503'],
  ])('that is answered %i %s', (status, body, found) => {
    expect(dryRunFinding('dry run', 'https://it.example/voice', status, String(body))).toMatchObject({
      level: 'problem',
      found: expect.stringContaining(found),
    });
  });
});

describe('a hidden question', () => {
  const terminal = () => Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });

  test('shows nothing of the answer', async () => {
    const [input, output] = [terminal(), terminal()];
    const asking = askHidden(input, output, 'The token:');
    input.write(`${B}\r`);
    expect(await asking).toBe(B);
    output.end();
    expect(await text(output)).toBe('The token: \n');
  });

  test('is not asked without a terminal, and an empty answer is none', async () => {
    expect(await askHidden(new PassThrough(), new PassThrough(), '')).toBeUndefined();
    const input = terminal();
    input.end('\r');
    expect(await askHidden(input, terminal(), '')).toBeUndefined();
  });
});
