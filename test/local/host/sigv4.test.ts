import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type SignatureOptions,
  type SignedRequest,
  type Verification,
  verifySignature,
} from '../../../local/host/sigv4.ts';
import { type SigningOptions, signHeaders } from './signing.ts';

const KEY = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const NOW = new Date('2026-11-24T12:00:00Z');
const ACCEPTED: Verification = { accessKeyId: KEY.accessKeyId };

function verify(request: SignedRequest, options: Partial<SignatureOptions> = {}): Verification {
  return verifySignature(request, {
    region: 'us-east-1',
    service: 'execute-api',
    secretOf: (accessKeyId) => (accessKeyId === KEY.accessKeyId ? KEY.secretAccessKey : undefined),
    now: NOW,
    ...options,
  });
}

async function signed(
  method: string,
  target: string,
  options: Partial<SigningOptions> = {},
): Promise<SignedRequest> {
  const headers = await signHeaders(method, `https://api.example.com${target}`, {
    key: KEY,
    date: NOW,
    ...options,
  });
  const [rawPath = '', ...query] = target.split('?');
  return {
    method,
    rawPath,
    rawQueryString: query.join('?'),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    body: Buffer.from(options.body ?? ''),
  };
}

const withHeaders = (request: SignedRequest, headers: SignedRequest['headers']): SignedRequest => ({
  ...request,
  headers: { ...request.headers, ...headers },
});

const replaced = (
  request: SignedRequest,
  from: string | RegExp,
  to: string | ((match: string) => string),
): SignedRequest =>
  withHeaders(request, {
    authorization: [
      String(request.headers.authorization).replace(from, (match) =>
        typeof to === 'string' ? to : to(match),
      ),
    ],
  });

describe("AWS's test vectors", () => {
  const folder = new URL('../../fixtures/aws/sigv4/', import.meta.url);

  function parse(text: string): SignedRequest {
    const [head = '', body = ''] = text.split(/\r?\n\r?\n/);
    const [start = '', ...lines] = head.split(/\r?\n/);
    const [, method = '', target = ''] = /^(\S+) (.*) HTTP\/1\.1$/.exec(start) ?? [];
    const [rawPath = '', rawQueryString = ''] = target.split('?');
    const headers: Record<string, string[]> = {};
    for (const line of lines.filter(Boolean)) {
      const colon = line.indexOf(':');
      const name = line.slice(0, colon).toLowerCase();
      headers[name] = [...(headers[name] ?? []), line.slice(colon + 1)];
    }
    return { method, rawPath, rawQueryString, headers, body: Buffer.from(body) };
  }

  const vectors = readdirSync(folder);
  test.each(vectors)('%s', (file) => {
    const request = parse(readFileSync(new URL(file, folder), 'utf8'));
    const options = { service: 'service', now: new Date('2015-08-30T12:36:00Z') };
    expect(verify(request, options)).toEqual(ACCEPTED);
    expect(verify({ ...request, rawPath: `${request.rawPath}a` }, options)).toEqual({
      refusal: 'another signature',
    });
  });
});

describe('a signed request', () => {
  const BODY = '{"dryRun":true}';
  let request: SignedRequest;

  beforeAll(async () => {
    request = await signed('POST', '/calls/a%20b?one=1&two=a%2Bb', {
      body: BODY,
      headers: { 'content-type': 'application/json', 'x-amz-meta': 'a  b' },
    });
  });

  test('is accepted, with headers that are not signed', () => {
    expect(verify(request)).toEqual(ACCEPTED);
    expect(verify(withHeaders(request, { 'user-agent': ['any'], accept: ['*/*'] }))).toEqual(ACCEPTED);
  });

  test.each([
    ['the order of the query', { rawQueryString: 'two=a%2Bb&one=1' }],
    ['how the query is encoded', { rawQueryString: '%6fne=1&two=%61%2bb' }],
  ])('holds whatever %s', (_, change) => {
    expect(verify({ ...request, ...change })).toEqual(ACCEPTED);
  });

  test.each([
    ['method', { method: 'PUT' }],
    ['path', { rawPath: '/calls/a%20c' }],
    ['path, encoded otherwise', { rawPath: '/calls/%61%20b' }],
    ['path that a signer would normalize, with an empty segment', { rawPath: '/calls//a%20b' }],
    ['path that a signer would normalize, with dots', { rawPath: '/other/../calls/a%20b' }],
    ['value in the query', { rawQueryString: 'one=2&two=a%2Bb' }],
    ['value in the query, as a function reads it', { rawQueryString: 'one=1&two=a+b' }],
    ['query with one more', { rawQueryString: 'one=1&two=a%2Bb&__proto__=1' }],
    ['query with one twice', { rawQueryString: 'one=1&one=1&two=a%2Bb' }],
    ['query with one less', { rawQueryString: 'one=1' }],
    ['query that is none', { rawQueryString: '' }],
  ])('does not hold for another %s', (_, change) => {
    expect(verify({ ...request, ...change })).toEqual({ refusal: 'another signature' });
  });

  test.each([
    ['host', 'other.example.com'],
    ['content-type', 'text/plain'],
    ['x-amz-meta', 'a c'],
  ])('does not hold for another %s', (name, value) => {
    expect(verify(withHeaders(request, { [name]: [value] }))).toEqual({ refusal: 'another signature' });
  });

  test('does not hold for another body, whether its hash is sent or not', async () => {
    const body = Buffer.from('{"dryRun":false}');
    expect(verify({ ...request, body })).toEqual({ refusal: 'the hash of another body' });
    const withoutHash = await signed('POST', '/calls', { body: BODY, checksum: false });
    expect(withoutHash.headers).not.toHaveProperty('x-amz-content-sha256');
    expect(verify(withoutHash)).toEqual(ACCEPTED);
    expect(verify({ ...withoutHash, body })).toEqual({ refusal: 'another signature' });
  });

  test('needs the hash of the body where one is sent', async () => {
    const unsigned = await signed('POST', '/calls', {
      body: BODY,
      headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
    });
    expect(verify(unsigned)).toEqual({ refusal: 'the hash of another body' });
  });

  test('needs the right secret of a known key', async () => {
    const wrongSecret = await signed('GET', '/', { key: { ...KEY, secretAccessKey: 'guessed' } });
    expect(verify(wrongSecret)).toEqual({ refusal: 'another signature' });
    const unknown = await signed('GET', '/', { key: { ...KEY, accessKeyId: 'AKIDOTHER' } });
    expect(verify(unknown)).toEqual({ refusal: 'unknown access key' });
  });

  test.each([
    ['region', { region: 'eu-west-1' }, 'another region'],
    ['service', { service: 's3' }, 'another service'],
  ])('is for one %s', async (_, options, refusal) => {
    expect(verify(await signed('GET', '/', options))).toEqual({ refusal });
  });

  test.each([
    ['2026-11-24T12:05:00Z', ACCEPTED],
    ['2026-11-24T11:55:00Z', ACCEPTED],
    ['2026-11-24T12:05:01Z', { refusal: 'expired or not yet valid' }],
    ['2026-11-24T11:54:59Z', { refusal: 'expired or not yet valid' }],
  ])('is valid for five minutes around the clock: %s', (now, expected) => {
    expect(verify(request, { now: new Date(now) })).toEqual(expected);
  });

  test.each([
    ['20261124T120001Z', 'another signature'],
    ['20261123T120000Z', 'the day of another date'],
    ['20261124T256161Z', 'expired or not yet valid'],
    ['Tue, 24 Nov 2026 12:00:00 GMT', 'no X-Amz-Date'],
  ])('has the date %s in its signature', (date, refusal) => {
    expect(verify(withHeaders(request, { 'x-amz-date': [date] }))).toEqual({ refusal });
  });

  test('has the day of its date in its scope', () => {
    expect(verify(replaced(request, '20261124', '20261123'))).toEqual({ refusal: 'the day of another date' });
  });

  test('signs the host, the date, and every x-amz-* header', () => {
    for (const name of ['host', 'x-amz-date', 'x-amz-meta', 'x-amz-content-sha256']) {
      const without = replaced(request, /SignedHeaders=\S+,/, (match) =>
        match.replace(new RegExp(`${name};?`), '').replace(';,', ','),
      );
      expect(verify(without)).toEqual({ refusal: `${name} is not signed` });
    }
    expect(verify(withHeaders(request, { 'x-amz-target': ['any'] }))).toEqual({
      refusal: 'x-amz-target is not signed',
    });
    expect(verify(withHeaders(request, { host: undefined }))).toEqual({
      refusal: 'host is signed and absent',
    });
  });

  test('has no session token', async () => {
    const headers = { 'x-amz-security-token': 'any' };
    expect(verify(await signed('GET', '/', { headers }))).toEqual({ refusal: 'a session token' });
  });

  test.each([
    ['a digit of the signature', /.$/, (last: string) => (last === '0' ? '1' : '0'), 'another signature'],
    ['a shorter signature', /.$/, () => '', 'no signature in the Authorization header'],
    ['another algorithm', 'HMAC-SHA256', () => 'HMAC-SHA1', 'no signature in the Authorization header'],
    ['another terminator', 'aws4_request', () => 'other', 'no signature in the Authorization header'],
  ])('is not taken with %s', (_, from, to, refusal) => {
    expect(verify(replaced(request, from, to))).toEqual({ refusal });
  });

  test('stands in one Authorization header', () => {
    const refusal = 'no signature in the Authorization header';
    const [authorization = ''] = request.headers.authorization ?? [];
    for (const values of [undefined, [''], ['Bearer any'], [authorization, authorization]]) {
      expect(verify(withHeaders(request, { authorization: values }))).toEqual({ refusal });
    }
  });

  test('is no presigned query', () => {
    const rawQueryString = `${request.rawQueryString}&X-Amz-Signature=00`;
    expect(verify({ ...request, rawQueryString })).toEqual({ refusal: 'a presigned query' });
  });
});

test('whatever AWS signs is accepted, and not when it is changed', async () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 8 });
  const segment = text
    .map((value) => encodeURIComponent(value))
    .filter((value) => !['', '.', '..'].includes(value));
  const query = fc
    .array(fc.tuple(text, text), { maxLength: 5 })
    .map((pairs) => pairs.map((pair) => pair.map(encodeURIComponent).join('=')).join('&'));
  const headers = fc.dictionary(
    fc.stringMatching(/^x-[a-z]{1,5}$/),
    fc.stringMatching(/^[!-~]([ -~]{0,8}[!-~])?$/),
    { maxKeys: 3, noNullPrototype: true },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('GET', 'POST', 'DELETE'),
      fc.array(segment, { maxLength: 4 }),
      query,
      headers,
      fc.uint8Array({ maxLength: 16 }),
      async (method, segments, rawQueryString, extra, body) => {
        const request = await signed(method, `/${segments.join('/')}?${rawQueryString}`, {
          headers: extra,
          body,
        });
        expect(verify(request)).toEqual(ACCEPTED);
        for (const change of [
          { rawPath: `${request.rawPath}a` },
          { rawQueryString: `${rawQueryString}&a=` },
          { body: Buffer.concat([body, Buffer.from('a')]) },
        ]) {
          expect(verify({ ...request, ...change })).toHaveProperty('refusal');
        }
      },
    ),
  );
});
