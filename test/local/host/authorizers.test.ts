import { request } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Principal } from '../../../local/host/authorizers.ts';
import type { HostEvent } from '../../../local/host/events.ts';
import { type Host, startHost } from '../../../local/host/host.ts';
import { readStack } from '../../../local/host/stack.ts';
import { type Issuer, startIssuer } from './issuer.ts';
import { type SampleApp, synthesizeSampleApp } from './sample-app.ts';
import { signHeaders } from './signing.ts';

const events: HostEvent[] = [];
let issuer: Issuer;
let app: SampleApp;
let host: Host;

function principal(userName: string, ...managedPolicyArns: readonly (string | undefined)[]): Principal {
  return {
    accessKeyId: `AKIA${userName.toUpperCase()}`,
    secretAccessKey: `secret of ${userName}`,
    userName,
    managedPolicyArns: managedPolicyArns.map(String),
  };
}

beforeAll(async () => {
  issuer = await startIssuer();
  app = synthesizeSampleApp(issuer.url);
  const { ReadPolicyArn, ControlPolicyArn } = readStack(app.template, 'http://127.0.0.1').outputs;
  host = await startHost({
    ...app,
    secretValue: '',
    principals: [
      principal('reader', ReadPolicyArn),
      principal('controller', ControlPolicyArn),
      principal('both', ReadPolicyArn, ControlPolicyArn),
      principal('nobody'),
    ],
    onEvent: (event) => events.push(event),
  });
});
afterAll(async () => {
  await host.stop();
  app.remove();
  await issuer[Symbol.asyncDispose]();
});
beforeEach(() => {
  events.length = 0;
});

const invocations = (): number => events.filter(({ type }) => type === 'invocationStarted').length;

interface Answer {
  readonly status: number;
  readonly challenge: string | undefined;
  readonly body: unknown;
}

/** `fetch` would set headers, and change the path. */
function send(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body = '',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      host.url,
      { method, path, headers: { ...headers, 'content-length': Buffer.byteLength(body) } },
      async (response) => {
        const text = (await response.toArray()).join('');
        resolve({
          status: response.statusCode ?? 0,
          challenge: response.headers['www-authenticate'],
          body: JSON.parse(text),
        });
      },
    );
    outgoing.on('error', reject).end(body);
  });
}

const FORBIDDEN: Answer = { status: 403, challenge: undefined, body: { message: 'Forbidden' } };

describe('AWS_IAM', () => {
  const six = 6 * 60_000;
  const credentials = {
    'no signature': undefined,
    'a wrong secret': { key: { ...principal('both'), secretAccessKey: 'guessed' } },
    'an unknown key': { key: principal('stranger') },
    'an expired signature': { key: principal('both'), age: six },
    'a signature from the future': { key: principal('both'), age: -six },
    'no policy': { key: principal('nobody') },
    'the read policy': { key: principal('reader') },
    'the control policy': { key: principal('controller') },
    'both policies': { key: principal('both') },
  };
  const allowed: Readonly<Record<string, readonly (keyof typeof credentials)[]>> = {
    GET: ['the read policy', 'both policies'],
    POST: ['the control policy', 'both policies'],
  };
  const matrix = Object.keys(allowed).flatMap((method) =>
    (Object.keys(credentials) as (keyof typeof credentials)[]).map(
      (who) => [method, who, allowed[method]?.includes(who) ? 200 : 403] as const,
    ),
  );

  async function call(method: string, who: keyof typeof credentials, path = '/iam/a%20b?one=1') {
    const body = method === 'POST' ? '{}' : '';
    const given = credentials[who];
    if (!given) return send(method, path, {}, body);
    const date = new Date(Date.now() - ('age' in given ? given.age : 0));
    const headers = await signHeaders(method, host.url + path, { key: given.key, date, body });
    return send(method, path, headers, body);
  }

  test.each(matrix)('%s with %s is answered %i', async (method, who, status) => {
    const answer = await call(method, who);
    if (status === 403) expect(answer).toEqual(FORBIDDEN);
    expect(answer.status).toBe(status);
    expect(invocations()).toBe(status === 200 ? 1 : 0);
  });

  test('tells the function who calls', async () => {
    const { body } = await call('GET', 'the read policy');
    expect(body).toMatchObject({
      rawPath: '/iam/a b',
      requestContext: {
        authorizer: {
          iam: {
            accessKey: 'AKIAREADER',
            accountId: '123456789012',
            callerId: expect.stringMatching(/^AIDA[0-9A-F]{17}$/),
            cognitoIdentity: null,
            principalOrgId: null,
            userArn: 'arn:aws:iam::123456789012:user/reader',
            userId: expect.stringMatching(/^AIDA[0-9A-F]{17}$/),
          },
        },
      },
    });
  });

  test.each([
    ['method', { method: 'POST' }],
    ['path', { path: '/iam/c?one=1' }],
    ['query', { path: '/iam/a?one=2' }],
    ['body', { body: 'changed' }],
    ['host', { headers: { host: 'other.example.com' } }],
    ['body, with its hash', { body: 'changed', headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } }],
  ])('does not take a signature for another %s', async (_, change) => {
    const path = '/iam/a?one=1';
    const headers = await signHeaders('GET', host.url + path, { key: principal('both') });
    const sent = { method: 'GET', path, body: '', ...change };
    await expect(send('GET', path, headers)).resolves.toMatchObject({ status: 200 });
    await expect(
      send(sent.method, sent.path, { ...headers, ...('headers' in change && change.headers) }, sent.body),
    ).resolves.toEqual(FORBIDDEN);
    expect(invocations()).toBe(1);
  });

  test('leaves other routes as they are', async () => {
    const answer = await send('GET', '/echo/fixed', { authorization: 'any' });
    expect(answer.status).toBe(200);
    expect(answer.body).not.toHaveProperty('requestContext.authorizer');
  });

  test('needs the policies of its principals in the template', async () => {
    await expect(
      startHost({ ...app, secretValue: '', principals: [principal('any', 'arn:aws:iam::aws:policy/Any')] }),
    ).rejects.toThrow('The template has no managed policy arn:aws:iam::aws:policy/Any');
  });
});

describe('JWT', () => {
  const claims = (change: Readonly<Record<string, unknown>> = {}) => ({
    iss: issuer.url,
    aud: 'sample',
    sub: 'Ann',
    exp: Math.floor(Date.now() / 1000) + 60,
    ...change,
  });

  async function call(path: string, change?: Readonly<Record<string, unknown>>, prefix = 'Bearer ') {
    return send('GET', path, { authorization: prefix + (await issuer.sign(claims(change))) });
  }

  test('tells the function what the token claims', async () => {
    const { status, body } = await call('/jwt', { exp: 4102444800, groups: ['a', 'b'] });
    expect(status).toBe(200);
    expect(body).toHaveProperty('requestContext.authorizer', {
      jwt: {
        claims: { iss: issuer.url, aud: 'sample', sub: 'Ann', exp: '4102444800', groups: '[a b]' },
        scopes: null,
      },
    });
  });

  test('takes the token without Bearer too', async () => {
    await expect(call('/jwt', {}, '')).resolves.toMatchObject({ status: 200 });
  });

  test.each([
    [{ scope: 'calls.read other' }, ['calls.read']],
    [{ scp: ['calls.write', 'calls.read'] }, ['calls.write', 'calls.read']],
  ])('takes %j for a route with scopes', async (change, scopes) => {
    const { status, body } = await call('/jwt/a', change);
    expect(status).toBe(200);
    expect(body).toHaveProperty('requestContext.authorizer.jwt.scopes', scopes);
  });

  test.each([{}, { scope: 'other' }, { scope: 'calls.read.all' }])(
    'refuses the scopes of %j',
    async (change) => {
      await expect(call('/jwt/a', change)).resolves.toEqual(FORBIDDEN);
      expect(invocations()).toBe(0);
    },
  );

  test.each([
    [{ aud: 'other' }, 'the token does not have a valid audience'],
    [{ iss: 'https://issuer.example.com' }, expect.any(String)],
    [{ exp: 1 }, expect.any(String)],
  ])('challenges a token with %j', async (change, description) => {
    const { status, challenge, body } = await call('/jwt/a', change);
    expect([status, body]).toEqual([401, { message: 'Unauthorized' }]);
    const [, given] =
      /^Bearer scope="" error="invalid_token" error_description="([^"]+)"$/.exec(challenge ?? '') ?? [];
    expect(given).toEqual(description);
    expect(invocations()).toBe(0);
  });

  test('challenges who has no token', async () => {
    const unauthorized = { status: 401, body: { message: 'Unauthorized' } };
    await expect(send('GET', '/jwt')).resolves.toEqual({ ...unauthorized, challenge: 'Bearer' });
    await expect(send('GET', '/jwt', { authorization: 'Bearer é' })).resolves.toMatchObject(unauthorized);
    expect(invocations()).toBe(0);
  });
});
