import fc from 'fast-check';
import { encodeNext } from '../../lambda/twilio/twiml.ts';
import { NEXT_AUTH_TOKEN } from '../lambda/support/secrets.ts';
import { OTHER_ACCOUNT_SID } from '../lambda/support/sids.ts';
import {
  AUTH_TOKEN,
  PUBLIC_BASE_URL,
  statusParameters,
  voiceParameters,
  webhookEvent,
} from '../lambda/support/webhooks.ts';
import { type Pair, type Sent, signatureOf } from './oracle.ts';

export const TOKENS = [AUTH_TOKEN, NEXT_AUTH_TOKEN] as const;

/** A request before it is sent, of which a forger may change anything. */
interface Draft {
  readonly path: string;
  readonly pairs: readonly Pair[];
  /** How the form is written. */
  readonly written: (text: string) => string;
  readonly base64: boolean;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly method: string;
  readonly signature: string | undefined;
  /** Of the event as API Gateway hands it over. */
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

export interface Drawn extends Sent {
  readonly route: 'voice' | 'recording-status';
  /** What was done to it. */
  readonly mutation: string;
}

// Names beyond the BMP are left out: whether Twilio sorts them by code unit or by byte is unknown, and it sends none.
const character = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...'aZ09_-.~') },
  fc.constantFrom(...' +&=%?#/\'"!*()@:;,<>\\^`{|}[]$'),
  fc.constantFrom('ä', 'é', '日', '本', '\u00a0', '\u200b', '\u0001', '\n', '\ufeff', '0', '\u0130'),
);
const word = (maxLength: number) => fc.string({ unit: character, maxLength });
const value = fc.oneof(
  { weight: 30, arbitrary: word(30) },
  { weight: 3, arbitrary: fc.string({ unit: 'grapheme', maxLength: 10 }) },
  fc.nat({ max: 10_000 }).map((length) => 'x'.repeat(length)),
);
const name = fc.oneof(
  fc.constantFrom(
    'SipHeader_X-Id',
    'CallToken',
    '__proto__',
    'constructor',
    'toString',
    '0',
    '10',
    'callsid',
  ),
  word(12),
);

/** Ways to write a form that mean the same. */
const writings: readonly Draft['written'][] = [
  (text) => new URLSearchParams([[text, '']]).toString().slice(0, -1),
  encodeURIComponent,
  (text) => encodeURIComponent(text).replaceAll(/%../g, (escaped) => escaped.toLowerCase()),
  (text) =>
    [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`).join(''),
];

const paths = {
  voice: fc.oneof(
    fc.constant('/voice'),
    fc.webUrl({ withQueryParameters: true }).map((url) => `/voice/${encodeNext(url)}`),
    fc.constant("/voice?tenant=1&name=O'Hara&x=a+b%20c"),
  ),
  'recording-status': fc.constantFrom('/recording-status', '/recording-status?tenant=1'),
} as const;

/** A request as Twilio signs it, and with what. */
const genuine = (
  route: Drawn['route'],
): fc.Arbitrary<{ readonly route: Drawn['route']; readonly token: string; readonly draft: Draft }> =>
  fc
    .record({
      token: fc.constantFrom(...TOKENS),
      path: paths[route],
      more: fc.array(fc.tuple(name, value), { maxLength: 6 }),
      call: fc.nat({ max: 15 }),
      order: fc.array(fc.nat(), { minLength: 20, maxLength: 20 }),
      written: fc.constantFrom(...writings),
      base64: fc.boolean(),
      contentType: fc.constantFrom(
        'application/x-www-form-urlencoded; charset=UTF-8',
        'application/x-www-form-urlencoded',
        'APPLICATION/x-www-form-urlencoded ;x=y',
      ),
      otherAccount: fc.nat({ max: 19 }).map((share) => share === 0),
    })
    .map(({ token, path, more, call, order, contentType, otherAccount, ...how }) => {
      const parameters = {
        ...(route === 'voice' ? voiceParameters() : statusParameters()),
        CallSid: `CA${call.toString(16).repeat(32)}`,
        ...(otherAccount && { AccountSid: OTHER_ACCOUNT_SID }),
      };
      const known = Object.entries(parameters).map(([key, one]): Pair => [key, String(one)]);
      const pairs = [...known, ...more]
        .map((pair, index): readonly [number, Pair] => [order[index] ?? 0, pair])
        .toSorted(([a], [b]) => a - b)
        .map(([, pair]) => pair);
      const draft = {
        ...how,
        path,
        pairs,
        method: 'POST',
        headers: { 'content-type': contentType },
        signature: signatureOf(token, PUBLIC_BASE_URL + path, pairs),
      };
      return { route, token, draft };
    });

type Change = (draft: Draft, draw: (max: number) => number, token: string) => Draft;

const resigned = (draft: Draft, token: string, url: string, pairs = draft.pairs): Draft => ({
  ...draft,
  signature: signatureOf(token, url, pairs),
});
const withSignature =
  (change: (signature: string, draw: (max: number) => number) => string | undefined): Change =>
  (draft, draw) => ({ ...draft, signature: change(draft.signature ?? '', draw) });
const withPairs =
  (change: (pairs: Pair[], at: number, draw: (max: number) => number) => readonly Pair[]): Change =>
  (draft, draw) => ({ ...draft, pairs: change([...draft.pairs], draw(draft.pairs.length - 1), draw) });
const withHeaders =
  (headers: Draft['headers']): Change =>
  (draft) => ({ ...draft, headers: { ...draft.headers, ...headers } });
const signedFor =
  (change: (url: string) => string): Change =>
  (draft, _draw, token) =>
    resigned(draft, token, change(PUBLIC_BASE_URL + draft.path));
const withBody =
  (change: (form: string, draw: (max: number) => number) => string): Change =>
  (draft, draw) => ({ ...draft, body: change(formOf(draft), draw) });

/** One byte of a text becomes another one. */
const flipped = (text: string, draw: (max: number) => number): string => {
  const at = draw(Math.max(text.length - 1, 0));
  return `${text.slice(0, at)}${String.fromCharCode(33 + draw(90))}${text.slice(at + 1)}`;
};
const swapped = (text: string): string =>
  text.replace(/[a-z]/gi, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  );

/** What a forger, a proxy or a mistake does. Some of it changes nothing that is signed: then it has to be accepted. */
const MUTATIONS: Readonly<Record<string, Change>> = {
  'another token': (draft) => resigned(draft, 'another-token-of-somebody', PUBLIC_BASE_URL + draft.path),
  'an empty token': (draft) => resigned(draft, '', PUBLIC_BASE_URL + draft.path),
  'no signature': withSignature(() => undefined),
  'an empty signature': withSignature(() => ''),
  'a truncated signature': withSignature((it, draw) => it.slice(0, draw(27))),
  'a longer signature': withSignature((it) => `${it}A`),
  'a signature sent twice': withSignature((it) => `${it},${it}`),
  'a signature in base64 twice': withSignature((it) => Buffer.from(it).toString('base64')),
  'a signature in hexadecimal': withSignature((it) => Buffer.from(it, 'base64').toString('hex')),
  'a signature in base64url': withSignature((it) => Buffer.from(it, 'base64').toString('base64url')),
  'another character in the signature': withSignature(flipped),
  'the signature’s case swapped': withSignature(swapped),
  'blanks around the signature': withSignature((it) => ` ${it} `),
  'a SHA-256 in its place': withSignature((it) => it.padEnd(44, '=')),
  'the header’s case': (draft) => ({
    ...draft,
    signature: undefined,
    headers: { ...draft.headers, 'X-Twilio-Signature': draft.signature },
  }),
  'another byte of the body': withBody(flipped),
  'a byte of the body less': withBody((form, draw) => form.slice(0, -1 - draw(3))),
  'another order': withPairs((pairs) => pairs.toReversed()),
  'a parameter more': withPairs((pairs) => [...pairs, ['Extra', '1']]),
  'a parameter less': withPairs((pairs, at) => pairs.toSpliced(at, 1)),
  'a parameter sent twice': withPairs((pairs, at) => [...pairs, pairs[at] ?? ['', '']]),
  'a second value': withPairs((pairs, at) => [...pairs, [pairs[at]?.[0] ?? '', 'other']]),
  'another value': withPairs((pairs, at) => pairs.with(at, [pairs[at]?.[0] ?? '', 'other'])),
  'an empty value': withPairs((pairs, at) => pairs.with(at, [pairs[at]?.[0] ?? '', ''])),
  'another case of a name': withPairs((pairs, at) =>
    pairs.with(at, [swapped(pairs[at]?.[0] ?? ''), pairs[at]?.[1] ?? '']),
  ),
  'values swapped': withPairs((pairs, at, draw) => {
    const other = draw(pairs.length - 1);
    const [[a = '', x = ''] = [], [b = '', y = ''] = []] = [pairs[at], pairs[other]];
    return pairs.with(at, [a, y]).with(other, [b, x]);
  }),
  'the boundary of name and value moved': withPairs((pairs, at) => {
    const [key = '', one = ''] = pairs[at] ?? [];
    return pairs.with(at, [key.slice(0, -1), key.slice(-1) + one]);
  }),
  'another host': signedFor((url) => url.replace('recorder.', 'other.')),
  'another scheme': signedFor((url) => url.replace('https:', 'http:')),
  'the port of HTTPS': signedFor((url) => url.replace('.com', '.com:443')),
  'another port': signedFor((url) => url.replace('.com', '.com:8443')),
  'a user in the URL': signedFor((url) => url.replace('//', '//user:password@')),
  'a slash at the end': signedFor((url) => `${url}/`),
  'a fragment': signedFor((url) => `${url}#rc=2`),
  'a query that was not signed': (draft) => ({ ...draft, path: `${draft.path.split('?')[0]}?x=1` }),
  'another path': (draft) => ({ ...draft, path: `/voice/${encodeNext('https://evil.example/')}` }),
  'the other route': (draft) => ({
    ...draft,
    path: draft.path.startsWith('/voice') ? '/recording-status' : '/voice',
  }),
  'signed without its form': (draft, _, token) => resigned(draft, token, PUBLIC_BASE_URL + draft.path, []),
  'JSON with its hash': (draft, _, token) => {
    const path = `${draft.path.split('?')[0]}?bodySHA256=${'0'.repeat(64)}`;
    const json = { ...draft, path, headers: { 'content-type': 'application/json' }, pairs: [], body: '{}' };
    return resigned(json, token, PUBLIC_BASE_URL + path);
  },
  'no content type': withHeaders({ 'content-type': undefined }),
  'another content type': withHeaders({ 'content-type': 'multipart/form-data; boundary=x' }),
  'another method': (draft, draw) => ({
    ...draft,
    method: ['GET', 'PUT', 'HEAD', 'DELETE'][draw(3)] ?? 'GET',
  }),
  'base64 that is none': (draft) => ({ ...draft, isBase64Encoded: !draft.base64 }),
  'a broken escape': withBody((form, draw) => `${form}&x=%${['', '4', 'zz', 'c0%af', 'ed%a0%80'][draw(4)]}`),
  'a lone surrogate': (draft) => ({ ...draft, base64: false, body: `${formOf(draft)}&x=\ud800` }),
  'a body that is too long': withPairs((pairs) => [...pairs, ['x', 'x'.repeat(70_000)]]),
  'too many parameters': withBody((form) => `${form}${'&'.repeat(501)}`),
  'no body': withBody(() => ''),
};

const formOf = ({ pairs, written }: Draft): string =>
  pairs.map(([key, one]) => `${written(key)}=${written(one)}`).join('&');

function sent(draft: Draft, route: Drawn['route'], mutation: string): Drawn {
  const { path, base64, headers, method, signature } = draft;
  const form = draft.body ?? formOf(draft);
  const isBase64Encoded = draft.isBase64Encoded ?? base64;
  return {
    route,
    mutation,
    url: PUBLIC_BASE_URL + path,
    event: webhookEvent({
      path,
      method,
      headers: { ...headers, 'x-twilio-signature': signature },
      event: { body: base64 ? Buffer.from(form).toString('base64') : form, isBase64Encoded },
    }),
  };
}

/** Requests to the webhooks; of five, two are left as Twilio signed them. */
export const requests: fc.Arbitrary<Drawn> = fc
  .record({
    signed: fc.oneof(genuine('voice'), genuine('recording-status')),
    mutation: fc.oneof(
      { weight: 2, arbitrary: fc.constant(undefined) },
      { weight: 3, arbitrary: fc.constantFrom(...Object.keys(MUTATIONS)) },
    ),
    draws: fc.array(fc.nat(), { minLength: 4, maxLength: 4 }),
  })
  .map(({ signed: { route, token, draft }, mutation, draws }) => {
    const left = [...draws];
    const draw = (max: number): number => (left.shift() ?? 0) % (max + 1);
    const change = mutation === undefined ? undefined : MUTATIONS[mutation];
    return sent(change ? change(draft, draw, token) : draft, route, mutation ?? 'none');
  });
