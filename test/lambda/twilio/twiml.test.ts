import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { recordingAttributes } from '../../../lambda/twilio/recording-parameters.ts';
import {
  consentUrl,
  decodeNext,
  encodeNext,
  gateUrl,
  NEXT_PLACEHOLDER,
  optOutUrl,
  questionTwiml,
  twimlResponse,
  voiceTwiml,
} from '../../../lambda/twilio/twiml.ts';
import { voiceDocuments } from '../../../lib/voice-documents.ts';
import { namesOf, type Verb, verbsOf } from '../support/twiml.ts';
import { PUBLIC_BASE_URL } from '../support/webhooks.ts';

const APPLICATION = 'https://app.example.com/voice';
const documents = voiceDocuments(
  { notice: { say: 'Recorded.' }, otherwise: { say: 'Goodbye.' } },
  { configurationId: 'CR1' },
  PUBLIC_BASE_URL,
);
const twiml = (next?: string, startsRecording = false): string =>
  voiceTwiml({ documents, next, optOut: optOutUrl(PUBLIC_BASE_URL), startsRecording });

const NOTICE: Verb = ['Say', {}, 'Recorded.'];
const OTHERWISE: Verb[] = [
  ['Say', {}, 'Goodbye.'],
  ['Pause', { length: '5' }],
];
const redirect = (url: string): Verb => ['Redirect', { method: 'POST' }, url];

describe('TwiML', () => {
  test('takes a call to its application', () => {
    expect(verbsOf(twiml(APPLICATION))).toEqual([NOTICE, redirect(APPLICATION)]);
  });

  test('takes a call without one where the configuration says', () => {
    expect(verbsOf(twiml())).toEqual([NOTICE, ...OTHERWISE]);
  });

  test.each([
    ['an application', APPLICATION],
    ['none', undefined],
  ])('starts the recording before anything else when it has to, for a call with %s', (_, next) => {
    expect(verbsOf(twiml(next, true))).toEqual([
      ['Start', {}, [['Recording', recordingAttributes({ configurationId: 'CR1' }, PUBLIC_BASE_URL)]]],
      ...verbsOf(twiml(next)),
    ]);
  });

  test.each([
    'https://app.example.com/?a=<Hangup/>&b="x"',
    "https://app.example.com/O'Hara?a=]]>",
    // What String.replace() takes for a pattern.
    "https://app.example.com/?a=$&&b=$1&c=$$&d=$`&e=$'",
    'https://app.example.com/?a=&amp;&lt;',
    'https://app.example.com/<Response>',
    NEXT_PLACEHOLDER,
  ])('gives the application its URL as it is: %s', (url) => {
    for (const startsRecording of [false, true]) {
      expect(verbsOf(twiml(url, startsRecording)).at(-1)).toEqual(redirect(url));
    }
  });
});

describe('the recorder’s own URLs', () => {
  const retries = '#rc=2&rp=ct,rt,5xx&ct=1000&rt=4000';

  test.each([
    ['the gate', gateUrl, '/gate'],
    ['the answer to the question', consentUrl, '/consent'],
    ['a key', optOutUrl, '/opt-out'],
  ])('have Twilio try again: for %s', (_, url, route) => {
    expect(url(PUBLIC_BASE_URL)).toBe(`${PUBLIC_BASE_URL}${route}${retries}`);
    expect(url(PUBLIC_BASE_URL, 'bmV4dA')).toBe(`${PUBLIC_BASE_URL}${route}/bmV4dA${retries}`);
  });

  test('take the answer to the question', () => {
    const question = `<Response><Gather action="${NEXT_PLACEHOLDER}"/></Response>`;
    expect(questionTwiml(question, consentUrl(PUBLIC_BASE_URL))).toBe(
      `<Response><Gather action="${PUBLIC_BASE_URL}/consent#rc=2&amp;rp=ct,rt,5xx&amp;ct=1000&amp;rt=4000"/></Response>`,
    );
  });
});

test('an answer is XML in UTF-8', () => {
  expect(twimlResponse('<Response/>')).toEqual({
    statusCode: 200,
    headers: { 'content-type': 'text/xml; charset=utf-8' },
    body: '<Response/>',
  });
});

describe('{next}', () => {
  const decode = (next: string): string | undefined => decodeNext(next, PUBLIC_BASE_URL);
  const decodeText = (text: string): string | undefined => decode(encodeNext(text));

  test.each([
    'https://app.example.com/voice',
    'http://app.example.com',
    'https://App.Example.COM/Voice',
    'https://app.example.com:8443/voice/',
    'https://user:password@app.example.com/voice',
    'https://app.example.com/voice?b=2&a=1&a=1#rc=5&rp=ct,rt',
    "https://app.example.com/O'Hara?a=1+2&b=%2B%20%zz",
    'https://app.example.com/a/../b//c',
    'https://app.example.com/?',
    'https://192.0.2.1/voice',
    'https://[2001:db8::1]/voice',
    `https://app.example.com/${'x'.repeat(1_900)}`,
  ])('brings back %s byte for byte', (url) => {
    expect(decodeText(url)).toBe(url);
  });

  test('brings back any URL in printable ASCII byte for byte', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true, size: 'medium' }), (url) => {
        fc.pre(url.length <= 2_000);
        expect(decodeText(url)).toBe(url);
      }),
    );
  });

  test.each([
    ['https://app.example.com/grüße?q=ä', 'https://app.example.com/gr%C3%BC%C3%9Fe?q=%C3%A4'],
    ['https://bücher.example.com/', 'https://xn--bcher-kva.example.com/'],
    ['HTTPS://App.Example.COM/Voice', 'https://app.example.com/Voice'],
    ['https:app.example.com/voice', 'https://app.example.com/voice'],
    ['https://app.example.com/😀', 'https://app.example.com/%F0%9F%98%80'],
  ])('is spelled as Twilio needs it where it was not: %s', (url, escaped) => {
    expect(decodeText(url)).toBe(escaped);
  });

  test.each([
    ['nothing', ''],
    ['no base64url', '****'],
    ['base64 with padding', `${encodeNext('https://app.example.com/')}=`],
    ['base64 of the other alphabet', Buffer.from('https://example.com/???>>>').toString('base64')],
    ['cut off', encodeNext('https://app.example.com/voice').slice(0, -1)],
    ['a byte that is no UTF-8', Buffer.from('https://app.example.com/\xff', 'latin1').toString('base64url')],
    [
      'a lone surrogate',
      Buffer.from([...Buffer.from('https://a.example.com/'), 0xed, 0xa0, 0x80]).toString('base64url'),
    ],
    ['twice encoded', encodeNext(encodeNext('https://app.example.com/'))],
  ])('is corrupt when it is %s', (_, next) => {
    expect(decode(next)).toBeUndefined();
  });

  test.each([
    'app.example.com',
    '/voice',
    '//app.example.com/voice',
    'https://',
    'ftp://app.example.com/',
    'javascript:alert(1)',
    'data:text/xml,<Response/>',
    'file:///etc/passwd',
    'https://app.example.com/a b',
    ' https://app.example.com/',
    'https://app.example.com/\n',
    'https://app.example.com/\u0000',
    'https://app.example.com/\u0085',
    'https://app.example.com/\ufffd',
    'https://app.example.com:99999/',
    `https://app.example.com/${'x'.repeat(2_000)}`,
    `https://app.example.com/${'ä'.repeat(1_000)}`,
  ])('is corrupt when it holds %j', (text) => {
    expect(decodeText(text)).toBeUndefined();
  });

  test.each([
    PUBLIC_BASE_URL,
    `${PUBLIC_BASE_URL}/voice`,
    `${PUBLIC_BASE_URL}/voice/${encodeNext(APPLICATION)}`,
    `${PUBLIC_BASE_URL}:443/voice`,
    `${PUBLIC_BASE_URL.toUpperCase()}/voice`,
    PUBLIC_BASE_URL.replace('https://', 'https://user@'),
    PUBLIC_BASE_URL.replace('recorder', 'recorde\u0072'),
    PUBLIC_BASE_URL.replace('recorder', '\uff52ecorder'),
  ])('is refused when it leads back to us: %s', (url) => {
    expect(decodeText(url)).toBeUndefined();
  });

  test('is read though nobody can tell where the API itself is', () => {
    expect(decodeNext(encodeNext(APPLICATION), 'recorder.example.com')).toBe(APPLICATION);
  });

  test('may lead to another port or scheme of our host', () => {
    expect(decodeText(`${PUBLIC_BASE_URL}:8443/voice`)).toBe(`${PUBLIC_BASE_URL}:8443/voice`);
  });
});

describe('whatever the bytes of {next}, the TwiML is well-formed and goes to an http(s) URL', () => {
  const prefixed = fc
    .tuple(
      fc.constantFrom('https://a.example.com/', 'http://b.example.com/?x='),
      fc.uint8Array({ maxLength: 40 }),
    )
    .map(([prefix, bytes]) => Buffer.concat([Buffer.from(prefix), bytes]));
  const texts = fc
    .tuple(fc.constant('https://a.example.com/'), fc.string({ unit: 'binary', maxLength: 20 }))
    .map((parts) => Buffer.from(parts.join('')));
  const markup = fc
    .array(fc.constantFrom('<', '>', '&', '"', "'", ']]>', '<!--', '&#0;', '\u0001', '\ufffe', 'x'), {
      maxLength: 12,
    })
    .map((parts) => Buffer.from(`https://a.example.com/${parts.join('')}`));

  test.each([
    ['any bytes', fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes))],
    ['any bytes after a host', prefixed],
    ['any text after a host', texts],
    ['markup after a host', markup],
  ])('%s', (_, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, (bytes) => {
        const next = decodeNext(bytes.toString('base64url'), PUBLIC_BASE_URL);
        const document = twiml(next);
        expect(document).not.toMatch(/[\u0000-\u001f\u007f-\u009f\ufffd-\uffff]|\p{Surrogate}/u);
        if (next === undefined) {
          expect(namesOf(document)).toEqual(['Say', 'Say', 'Pause']);
        } else {
          expect(next).toMatch(/^https?:\/\/[\x21-\x7e]+$/);
          expect(verbsOf(document)).toEqual([NOTICE, redirect(next)]);
        }
      }),
      { numRuns: 500 },
    );
  });
});
