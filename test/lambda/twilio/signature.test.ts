import { describe, expect, test } from '@jest/globals';
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { isSignedByTwilio } from '../../../lambda/twilio/signature.ts';
import type { Parameters } from '../support/webhooks.ts';

/** The example of Twilio's documentation. */
const EXAMPLE = {
  token: '12345',
  url: 'https://example.com/myapp.php?foo=1&bar=2',
  parameters: {
    CallSid: 'CA1234567890ABCDE',
    Caller: '+14158675310',
    Digits: '1234',
    From: '+14158675310',
    To: '+18005551212',
  },
  signature: 'L/OH5YylLD5NRKLltdqwSvS0BnU=',
};

const TOKEN = 'the-token';
const signed = (url: string, parameters: Parameters = {}, token = TOKEN): string =>
  getExpectedTwilioSignature(token, url, parameters);

/** Whether a signature of one URL is accepted for another. */
const accepted = (signedUrl: string, checkedUrl: string): boolean =>
  isSignedByTwilio([TOKEN], signed(signedUrl), [checkedUrl], {});

describe('the published example', () => {
  const { token, url, parameters, signature } = EXAMPLE;

  test('is genuine', () => {
    expect(isSignedByTwilio([token], signature, [url], parameters)).toBe(true);
  });

  test.each([
    ['another token', ['54321'], signature, url, parameters],
    ['another signature', [token], signature.replace('L', 'M'), url, parameters],
    ['another path', [token], signature, url.replace('myapp', 'yourapp'), parameters],
    ['another value', [token], signature, url, { ...parameters, Digits: '1235' }],
    ['one more parameter', [token], signature, url, { ...parameters, Extra: '1' }],
    ['one parameter less', [token], signature, url, { CallSid: parameters.CallSid }],
  ])('with %s is forged', (_, tokens, sent, sentTo, form) => {
    expect(isSignedByTwilio(tokens, sent, [sentTo], form)).toBe(false);
  });
});

describe('a URL', () => {
  test.each([
    ['with the default port', 'https://example.com/voice', 'https://example.com:443/voice'],
    ['with another port', 'https://example.com/voice', 'https://example.com:8443/voice'],
    ['whose port was signed', 'https://example.com:8443/voice', 'https://example.com:8443/voice'],
    ['whose default port was signed', 'https://example.com:443/voice', 'https://example.com/voice'],
    ['with an apostrophe', "https://example.com/voice?name=O'Hara", "https://example.com/voice?name=O'Hara"],
    ['with a plus', 'https://example.com/voice?a=1+2', 'https://example.com/voice?a=1+2'],
    ['with an escaped plus', 'https://example.com/voice?a=1%2B2', 'https://example.com/voice?a=1%2B2'],
  ])('%s is the signed one', (_, signedUrl, checkedUrl) => {
    expect(accepted(signedUrl, checkedUrl)).toBe(true);
  });

  test.each([
    [
      'with its query in another order',
      'https://example.com/voice?a=1&b=2',
      'https://example.com/voice?b=2&a=1',
    ],
    ['with another scheme', 'https://example.com/voice', 'http://example.com/voice'],
    ['with a slash at the end', 'https://example.com/voice', 'https://example.com/voice/'],
    ['with its fragment left in', 'https://example.com/voice', 'https://example.com/voice#rc=5'],
    ['of another host', 'https://example.com/voice', 'https://example.org/voice'],
  ])('%s is another one', (_, signedUrl, checkedUrl) => {
    expect(accepted(signedUrl, checkedUrl)).toBe(false);
  });

  test.each(['', 'no url', 'https://', '/voice'])('that is none, %j, is no reason to fail', (url) => {
    expect(isSignedByTwilio([TOKEN], signed('https://example.com/voice'), [url], {})).toBe(false);
  });

  test('may be any one of several', () => {
    const urls = ['https://example.com/a', 'no url', 'https://example.com/b'];
    expect(isSignedByTwilio([TOKEN], signed('https://example.com/b'), urls, {})).toBe(true);
    expect(isSignedByTwilio([TOKEN], signed('https://example.com/c'), urls, {})).toBe(false);
    expect(isSignedByTwilio([TOKEN], signed('https://example.com/c'), [], {})).toBe(false);
  });
});

describe('a parameter', () => {
  const url = 'https://example.com/voice';
  const check = (signedForm: Parameters, form: Parameters): boolean =>
    isSignedByTwilio([TOKEN], signed(url, signedForm), [url], form);

  test('may come in any place', () => {
    expect(check({ a: '1', B: '2', _c: '3' }, { _c: '3', B: '2', a: '1' })).toBe(true);
  });

  test.each(["O'Hara", '1+2', '+15550001111', 'a & b = c', ' with blanks ', 'Zoë 😀', ''])(
    'may be %j',
    (value) => {
      expect(check({ Name: value }, { Name: value })).toBe(true);
    },
  );

  test('that was sent twice counts with all its values, in any order', () => {
    expect(check({ a: ['1', '2'] }, { a: ['2', '1'] })).toBe(true);
    expect(check({ a: ['1', '2'] }, { a: ['1', '3'] })).toBe(false);
    expect(check({ a: ['1', '2'] }, { a: '1' })).toBe(false);
  });
});

describe('a signature', () => {
  const url = 'https://example.com/voice';
  const good = signed(url);

  test.each([
    ['missing', ''],
    ['sent twice', `${good},${good}`],
    ['sent twice, with a blank', `${good}, ${good}`],
    ['surrounded by blanks', ` ${good} `],
    ['too short', good.slice(1)],
    ['too long', `A${good}`],
    ['not base64', good.replace(/^./, '*')],
    ['in base64 of URLs', `-_${good.slice(2)}`],
  ])('that is %s is none', (_, signature) => {
    expect(isSignedByTwilio([TOKEN], signature, [url], {})).toBe(false);
    // Nor is any hash made to find that out: whoever sends it may send much of it.
    const untouched = new Proxy<string[]>([], {
      get: () => {
        throw new Error('the URLs were looked at');
      },
    });
    expect(isSignedByTwilio([TOKEN], signature, untouched, {})).toBe(false);
  });
});

describe('tokens', () => {
  const url = 'https://example.com/voice';

  test('count all while they rotate', () => {
    for (const token of ['current', 'next']) {
      expect(isSignedByTwilio(['current', 'next'], signed(url, {}, token), [url], {})).toBe(true);
    }
    expect(isSignedByTwilio(['current', 'next'], signed(url, {}, 'former'), [url], {})).toBe(false);
  });

  test('that are empty accept nothing, not even what they signed', () => {
    const forged = signed(url, {}, '');
    expect(isSignedByTwilio([''], forged, [url], {})).toBe(false);
    expect(isSignedByTwilio(['', TOKEN], forged, [url], {})).toBe(false);
    expect(isSignedByTwilio(['', TOKEN], signed(url), [url], {})).toBe(true);
  });

  test('that are missing accept nothing', () => {
    expect(isSignedByTwilio([], signed(url), [url], {})).toBe(false);
    // What the types forbid, and a broken secret could still hold.
    const broken: unknown = [undefined, TOKEN];
    expect(isSignedByTwilio(broken as string[], signed(url, {}, 'another'), [url], {})).toBe(false);
    expect(isSignedByTwilio(broken as string[], signed(url), [url], {})).toBe(true);
  });
});
