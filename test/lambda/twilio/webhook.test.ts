import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isSignedByTwilio } from '../../../lambda/twilio/signature.ts';
import { readWebhook, refusal, refusalResponse, type Webhook } from '../../../lambda/twilio/webhook.ts';
import {
  AUTH_TOKEN,
  formOf,
  type Parameters,
  PUBLIC_BASE_URL,
  voiceParameters,
  type WebhookRequest,
  webhookEvent,
} from '../support/webhooks.ts';

const read = (request: WebhookRequest = {}) => readWebhook(webhookEvent(request), PUBLIC_BASE_URL);

/** Reads what has to be readable. */
function readable(request: WebhookRequest = {}): Webhook {
  const webhook = read(request);
  if (webhook.refused) {
    throw new Error(`${webhook.statusCode}: ${webhook.reason}`);
  }
  return webhook;
}

const asBase64 = (bytes: Uint8Array | string): WebhookRequest => ({
  event: { body: Buffer.from(bytes).toString('base64'), isBase64Encoded: true },
});
const asText = (body: string): WebhookRequest => ({ event: { body, isBase64Encoded: false } });

const refusedWith = (statusCode: number) => ({
  refused: true,
  statusCode,
  reason: expect.stringMatching(/^\w.+/),
});

test('a webhook of Twilio is read with its parameters, its signature and its URL', () => {
  const event = webhookEvent();
  expect(readWebhook(event, PUBLIC_BASE_URL)).toEqual({
    refused: false,
    parameters: voiceParameters(),
    signature: event.headers['x-twilio-signature'],
    urls: [`${PUBLIC_BASE_URL}/voice`],
  });
});

test('a webhook without a signature is read with an empty one', () => {
  expect(readable({ headers: { 'x-twilio-signature': undefined } }).signature).toBe('');
});

test('who is refused is told why, in plain text', () => {
  expect(refusalResponse(refusal(405, 'only POST'))).toEqual({
    statusCode: 405,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: 'only POST\n',
  });
});

test('a route of which API Gateway left the parameter out is read', () => {
  const { urls } = readable({ path: '/voice/x', event: { pathParameters: undefined } });
  expect(urls).toEqual([`${PUBLIC_BASE_URL}/voice/`, `${PUBLIC_BASE_URL}/voice/x`]);
});

describe('a method', () => {
  test.each(['GET', 'PUT', 'DELETE', 'HEAD', 'post', ''])('%s is refused', (method) => {
    expect(read({ method })).toEqual(refusedWith(405));
  });
});

describe('a content type', () => {
  test.each([
    'application/x-www-form-urlencoded',
    'application/x-www-form-urlencoded; charset=UTF-8',
    'application/x-www-form-urlencoded;charset=utf-8',
    'APPLICATION/X-WWW-FORM-URLENCODED',
    ' application/x-www-form-urlencoded ;x=y',
  ])('%s is a form', (contentType) => {
    expect(readable({ headers: { 'content-type': contentType } }).parameters).toEqual(voiceParameters());
  });

  test.each([
    undefined,
    '',
    'application/json',
    'multipart/form-data; boundary=x',
    'text/plain; application/x-www-form-urlencoded',
    'application/x-www-form-urlencoded, application/json',
  ])('%s is refused', (contentType) => {
    expect(read({ headers: { 'content-type': contentType } })).toEqual(refusedWith(415));
  });
});

describe('a body', () => {
  test.each([
    ['no base64', 'Q2FsbFNpZD1D*Q=='],
    ['base64 of URLs', 'Pz8_Pz8-'],
    ['base64 without its end', 'YWI'],
    ['base64 with a blank', 'YWJj ZGVm'],
    ['base64 with its end in the middle', 'YQ==YWJj'],
    ['only an end', '===='],
  ])('that is %s is refused', (_, body) => {
    expect(read({ event: { body, isBase64Encoded: true } })).toEqual(refusedWith(400));
  });

  test.each([
    ['a continuation byte', [0x61, 0x3d, 0x80]],
    ['a truncated character', [0x61, 0x3d, 0xe2, 0x82]],
    ['an overlong character', [0x61, 0x3d, 0xc0, 0xaf]],
    ['a surrogate', [0x61, 0x3d, 0xed, 0xa0, 0x80]],
    ['a character beyond Unicode', [0x61, 0x3d, 0xf4, 0x90, 0x80, 0x80]],
  ])('with %s is not UTF-8, raw or escaped, and refused', (_, bytes) => {
    expect(read(asBase64(Uint8Array.from(bytes)))).toEqual(refusedWith(400));
    const escaped = `a=${bytes
      .slice(2)
      .map((byte) => `%${byte.toString(16)}`)
      .join('')}`;
    expect(read(asBase64(escaped))).toEqual(refusedWith(400));
    expect(read(asText(escaped))).toEqual(refusedWith(400));
  });

  test.each(['a=\ud800', 'a=\udc00', '\ud800=a', 'a=\udc00\ud800'])(
    'with a lone surrogate, %j, is refused',
    (body) => {
      expect(read(asText(body))).toEqual(refusedWith(400));
    },
  );

  test.each(['a=%', 'a=%4', 'a=%zz', 'a=%u0041', '%=a', 'a=100%'])(
    'with a malformed escape, %s, is refused',
    (body) => {
      expect(read(asText(body))).toEqual(refusedWith(400));
      expect(read(asBase64(body))).toEqual(refusedWith(400));
    },
  );

  test.each([
    ['empty', { event: { body: '' } }],
    ['missing', { event: { body: undefined } }],
    ['empty, as text', asText('')],
  ])('that is %s has no parameters', (_, request) => {
    expect(readable(request).parameters).toEqual({});
  });

  test('keeps a byte order mark, which Twilio would have signed', () => {
    expect(readable(asBase64('\ufeffa=1')).parameters).toEqual({ '\ufeffa': '1' });
  });

  const LIMIT = 64 * 1024;
  const ofBytes = (bytes: number): string => `a=${'x'.repeat(bytes - 2)}`;

  test.each([
    ['text', asText],
    ['base64', asBase64],
  ])('as %s may have 64 KB and not one byte more', (_, as) => {
    expect(readable(as(ofBytes(LIMIT))).parameters.a).toHaveLength(LIMIT - 2);
    for (const tooMany of [1, 2, 3, 100, LIMIT]) {
      expect(read(as(ofBytes(LIMIT + tooMany)))).toEqual(refusedWith(413));
    }
  });

  test('is measured in bytes, not in characters', () => {
    expect(read(asText(`a=${'ä'.repeat(LIMIT / 2)}`))).toEqual(refusedWith(413));
    expect(readable(asText(`a=${'ä'.repeat(LIMIT / 2 - 1)}`)).parameters.a).toHaveLength(LIMIT / 2 - 1);
  });
});

describe('parameters', () => {
  const many = (count: number): string => Array.from({ length: count }, (_, index) => `${index}=`).join('&');

  test('may be 500', () => {
    expect(Object.keys(readable(asText(many(500))).parameters)).toHaveLength(500);
  });

  test.each([501, 10_000])('may not be %d', (count) => {
    expect(read(asText(many(count)))).toEqual(refusedWith(400));
  });

  test.each<[string, Parameters]>([
    ['a=1&b=2', { a: '1', b: '2' }],
    ['a', { a: '' }],
    ['a=', { a: '' }],
    ['a=b=c', { a: 'b=c' }],
    ['a+b=c+d', { 'a b': 'c d' }],
    ['a=1%2B2', { a: '1+2' }],
    ['a=%26%3D', { a: '&=' }],
    ['a=1&a=2&b=3', { a: ['1', '2'], b: '3' }],
    ['a=1&a=1', { a: ['1', '1'] }],
    ['a=%00', { a: '\u0000' }],
    ['a= b ', { a: ' b ' }],
  ])('%s are %j', (body, parameters) => {
    expect(readable(asText(body)).parameters).toEqual(parameters);
  });

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    '%s is one like any other, and the signature covers it',
    (name) => {
      const parameters = Object.fromEntries([
        ['CallSid', 'CA1'],
        [name, 'polluted'],
      ]);
      const webhook = readable({ parameters });
      expect(Object.entries(webhook.parameters)).toEqual(Object.entries(parameters));
      expect(Object.getPrototypeOf(webhook.parameters)).toBe(Object.prototype);
      expect(genuine(webhook)).toBe(true);
    },
  );
});

const genuine = ({ signature, urls, parameters }: Webhook): boolean =>
  isSignedByTwilio([AUTH_TOKEN], signature, urls, parameters);

describe('the signed URL', () => {
  test.each([
    '/voice',
    '/recording-status',
    '/voice?a=1&b=2',
    "/voice?name=O'Hara&a=1+2",
    '/voice/aHR0cHM6Ly9leGFtcGxlLmNvbS92b2ljZQ',
    '/voice/aHR0cHM6Ly9leGFtcGxlLmNvbS92b2ljZQ?a=1',
    // API Gateway hands these over decoded.
    '/voice/a%2Fb',
    '/voice/a%20b',
    '/voice/100%25',
    '/voice/%C3%A4',
    '/voice/a%3Fb%23c',
  ])('is found for %s', (path) => {
    expect(genuine(readable({ path }))).toBe(true);
  });

  test('is also the path as it came, when nobody escaped it', () => {
    const event = webhookEvent({ path: '/voice/a:b@c' });
    const webhook = readWebhook(event, PUBLIC_BASE_URL);
    expect(webhook).toMatchObject({
      urls: [`${PUBLIC_BASE_URL}/voice/a%3Ab%40c`, `${PUBLIC_BASE_URL}/voice/a:b@c`],
    });
    expect(!webhook.refused && genuine(webhook)).toBe(true);
  });

  test('does not depend on what the request says of its host', () => {
    const headers = { host: 'evil.example.org', 'x-forwarded-host': 'evil.example.org' };
    expect(readable({ headers }).urls).toEqual([`${PUBLIC_BASE_URL}/voice`]);
  });

  test.each([
    ['another path', { rawPath: '/voices', routeKey: 'POST /voices' }],
    ['another query', { rawQueryString: 'a=2' }],
    ['another application', { rawPath: '/voice/evil', pathParameters: { next: 'evil' } }],
  ])('is not found for %s', (_, event) => {
    expect(genuine(readable({ path: '/voice/good', event }))).toBe(false);
  });
});

describe('whatever Twilio sends', () => {
  const text = fc.string({ unit: 'binary', maxLength: 30 });
  const form = fc.dictionary(fc.string({ unit: 'binary', minLength: 1, maxLength: 15 }), text, {
    minKeys: 1,
    maxKeys: 20,
    noNullPrototype: true,
  });

  test('is read as it was sent, and its signature verifies', () => {
    fc.assert(
      fc.property(form, fc.boolean(), (parameters, base64) => {
        const request = base64 ? {} : asText(formOf(parameters));
        const webhook = readable({ parameters, ...request });
        expect(webhook.parameters).toEqual(parameters);
        expect(genuine(webhook)).toBe(true);
      }),
    );
  });

  test('is forged with any of its parameters changed, left out or doubled', () => {
    fc.assert(
      fc.property(form, fc.nat(), text, (parameters, index, other) => {
        const names = Object.keys(parameters);
        const name = names[index % names.length] ?? '';
        fc.pre(other !== parameters[name]);
        const { [name]: value, ...rest } = parameters;
        for (const changed of [
          { ...parameters, [name]: other },
          rest,
          { ...parameters, [name]: [value ?? '', other] },
        ]) {
          const { body } = webhookEvent({ parameters: changed });
          expect(genuine(readable({ parameters, event: { body } }))).toBe(false);
        }
      }),
    );
  });
});
