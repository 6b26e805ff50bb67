import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generateKeyPair, type JWTPayload, UnsecuredJWT } from 'jose';
import { claimsAsText, scopesOf, Tokens } from '../../../local/host/tokens.ts';
import { type Issuer, startIssuer } from './issuer.ts';

const NOW = new Date('2026-11-24T12:00:00Z');
const SECONDS = NOW.getTime() / 1000;

let issuer: Issuer;
let claims: JWTPayload;
const tokens = new Tokens();

beforeAll(async () => {
  issuer = await startIssuer();
  claims = { iss: issuer.url, aud: 'api', sub: 'Ann', iat: SECONDS, nbf: SECONDS, exp: SECONDS + 1 };
});
afterAll(async () => {
  await issuer[Symbol.asyncDispose]();
});

const verify = (token: string, of: Tokens = tokens): Promise<JWTPayload> =>
  of.verify(token, { issuer: issuer.url, audience: ['api', 'other-api'], now: NOW });

const refused = (message: RegExp) => ({ name: 'InvalidToken', message: expect.stringMatching(message) });

describe('a token', () => {
  test('is accepted', async () => {
    await expect(verify(await issuer.sign(claims))).resolves.toEqual(claims);
  });

  test.each<[JWTPayload, RegExp]>([
    [{ iss: 'https://issuer.example.com' }, /"iss"/],
    [{ iss: undefined }, /"iss"/],
    [{ exp: SECONDS }, /"exp"/],
    [{ exp: undefined }, /"exp"/],
    [{ nbf: SECONDS + 1 }, /"nbf"/],
    [{ iat: SECONDS + 1 }, /issued in the future/],
    [{ aud: 'another' }, /valid audience/],
    [{ aud: [] }, /valid audience/],
    [{ aud: undefined }, /valid audience/],
    [{ aud: undefined, client_id: 'another' }, /valid audience/],
    // Only what has no audience is known by its client.
    [{ aud: 'another', client_id: 'api' }, /valid audience/],
  ])('with %j is refused', async (change, message) => {
    await expect(verify(await issuer.sign({ ...claims, ...change }))).rejects.toMatchObject(refused(message));
  });

  test.each<[JWTPayload]>([
    [{ aud: 'other-api' }],
    [{ aud: ['another', 'api'] }],
    [{ aud: undefined, client_id: 'api' }],
    [{ nbf: undefined, iat: undefined }],
  ])('with %j is accepted', async (change) => {
    await expect(verify(await issuer.sign({ ...claims, ...change }))).resolves.toBeDefined();
  });

  test.each([
    ['of another algorithm', 'RS384', /"alg"/],
    ['of a newer algorithm', 'PS256', /"alg"/],
  ])('%s is refused', async (_, alg, message) => {
    const { privateKey } = await generateKeyPair(alg);
    await expect(verify(await issuer.sign(claims, { alg }, privateKey))).rejects.toMatchObject(
      refused(message),
    );
  });

  test('signed with the public key as a secret is refused', async () => {
    const secret = new TextEncoder().encode(issuer.publicKey);
    await expect(verify(await issuer.sign(claims, { alg: 'HS256' }, secret))).rejects.toMatchObject(
      refused(/"alg"/),
    );
  });

  test('without a signature is refused', async () => {
    await expect(verify(new UnsecuredJWT(claims).encode())).rejects.toMatchObject(refused(/./));
  });

  test('signed with another key is refused, whatever it calls it', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    await expect(verify(await issuer.sign(claims, {}, privateKey))).rejects.toMatchObject(
      refused(/signature verification failed/),
    );
    await expect(verify(await issuer.sign(claims, { kid: 'two' }, privateKey))).rejects.toMatchObject(
      refused(/no applicable key/),
    );
  });

  test('has to name its key', async () => {
    await expect(verify(await issuer.sign(claims, { kid: undefined }))).rejects.toMatchObject(
      refused(/names no key/),
    );
  });

  test('that was changed is refused', async () => {
    const [header, , signature] = (await issuer.sign(claims)).split('.');
    const payload = Buffer.from(JSON.stringify({ ...claims, sub: 'Bob' })).toString('base64url');
    await expect(verify(`${header}.${payload}.${signature}`)).rejects.toMatchObject(refused(/signature/));
    await expect(verify('any')).rejects.toMatchObject(refused(/./));
  });
});

test('an issuer is asked again when it did not answer as it should', async () => {
  const fresh = new Tokens();
  const token = await issuer.sign(claims);
  issuer.configuration = { issuer: 'https://issuer.example.com', jwks_uri: `${issuer.url}/keys` };
  await expect(verify(token, fresh)).rejects.toMatchObject(refused(/calls itself https:/));
  issuer.configuration = {};
  await expect(verify(token, fresh)).rejects.toMatchObject(refused(/./));
  issuer.configuration = undefined;
  await expect(verify(token, fresh)).resolves.toEqual(claims);
});

test.each<[JWTPayload, readonly string[]]>([
  [{}, []],
  [{ scope: 'calls.read calls.write' }, ['calls.read', 'calls.write']],
  [{ scp: ['calls.read', 'calls.write'] }, ['calls.read', 'calls.write']],
  [{ scope: 'calls.read', scp: 'calls.write' }, ['calls.read', 'calls.write']],
  [{ scope: 1 }, []],
])('%j has the scopes %j', (token, expected) => {
  expect(scopesOf(token)).toEqual(expected);
});

test('claims are text in the event', () => {
  expect(
    claimsAsText({
      sub: 'Ann',
      exp: 1795521600,
      verified: true,
      groups: ['a', 'b'],
      address: { city: 'Bern' },
    }),
  ).toEqual({
    sub: 'Ann',
    exp: '1795521600',
    verified: 'true',
    groups: '[a b]',
    address: '{"city":"Bern"}',
  });
});
