import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { is } from 'valibot';
import { changedFields, connected, disconnected, type Plan } from '../../cli/connect-plan.ts';
import {
  type AccountNumber,
  canLeadTo,
  destinationOf,
  leadsPast,
  type Recorder,
} from '../../cli/number-configuration.ts';
import { shownUrl } from '../../cli/shown-url.ts';
import { leadsTo } from '../../lambda/recording/sweep.ts';
import { HttpUrl } from '../../lambda/shared/settings.ts';
import { decodeNext, encodeNext } from '../../lambda/twilio/twiml.ts';

const VOICE_URL = 'https://recorder.example/voice';
const OTHER = 'https://other.example/voice';
const APPLICATION = 'https://app.example/voice?tenant=a%20b&x=1';
const FALLBACK = 'https://app.example/sorry';
const OVERRIDES = '#rc=2&rp=ct,rt,5xx&ct=1000&rt=4000';

const LENIENT: Recorder = { voiceUrl: VOICE_URL, whenNotRecorded: 'continue' };
const STRICT: Recorder = { voiceUrl: VOICE_URL, whenNotRecorded: 'refuse' };

const number = (configured: Partial<AccountNumber> = {}): AccountNumber => ({
  sid: `PN${'1'.repeat(32)}`,
  phone_number: '+15551234567',
  voice_url: APPLICATION,
  voice_method: 'POST',
  voice_fallback_url: '',
  voice_fallback_method: 'POST',
  voice_application_sid: '',
  trunk_sid: '',
  ...configured,
});

const through = (voiceUrl: string, application = APPLICATION): string =>
  `${voiceUrl}/${encodeNext(application)}`;

/** The configuration that a plan comes to. */
function configured(plan: Plan) {
  if (plan.kind === 'refused') {
    throw new Error(plan.title);
  }
  return plan;
}
const outcome = (plan: Plan) => configured(plan).after;
const notes = (plan: Plan) => configured(plan).notes.join('\n');

describe('a number that is connected', () => {
  test('leads to the recorder, which leads to its application, also when it is down', () => {
    expect(connected(number(), LENIENT)).toEqual({
      kind: 'configuration',
      after: {
        voice_url: `${through(VOICE_URL)}${OVERRIDES}`,
        voice_method: 'POST',
        voice_fallback_url: APPLICATION,
        voice_fallback_method: 'POST',
      },
      notes: [],
    });
  });

  test('without an application leads to the recorder alone, and keeps its fallback', () => {
    const plan = connected(number({ voice_url: '', voice_fallback_url: FALLBACK }), LENIENT);
    expect(outcome(plan)).toMatchObject({
      voice_url: `${VOICE_URL}${OVERRIDES}`,
      voice_fallback_url: FALLBACK,
    });
    expect(notes(plan)).toContain('has no application');
  });

  test('whose application was asked with GET falls back to it with GET, and says that it gets POST', () => {
    const plan = connected(number({ voice_method: 'GET' }), LENIENT);
    expect(outcome(plan)).toMatchObject({ voice_method: 'POST', voice_fallback_method: 'GET' });
    expect(notes(plan)).toContain('was asked with GET');
  });

  test('has the fallback that it is given', () => {
    const plan = connected(number({ voice_fallback_method: 'GET' }), LENIENT, FALLBACK);
    expect(outcome(plan)).toMatchObject({ voice_fallback_url: FALLBACK, voice_fallback_method: 'POST' });
  });

  test('says which fallback is lost', () => {
    expect(notes(connected(number({ voice_fallback_url: FALLBACK }), LENIENT))).toContain(
      `${FALLBACK} is kept nowhere`,
    );
  });

  test('keeps the application of a recorder that it led to', () => {
    const plan = connected(
      number({ voice_url: through(OTHER), voice_fallback_url: APPLICATION, voice_fallback_method: 'GET' }),
      LENIENT,
    );
    expect(outcome(plan)).toMatchObject({
      voice_url: `${through(VOICE_URL)}${OVERRIDES}`,
      voice_fallback_url: APPLICATION,
      voice_fallback_method: 'GET',
    });
    expect(notes(plan)).toContain(OTHER);
  });

  test.each([
    ['this one in front of another', through(VOICE_URL, through(OTHER))],
    ['another in front of this one', through(OTHER, `${through(VOICE_URL)}${OVERRIDES}`)],
    ['three in a row', through(OTHER, through(VOICE_URL, through('https://third.example/voice')))],
  ])('is led out of a nest: %s', (_what, voice_url) => {
    expect(outcome(connected(number({ voice_url }), LENIENT)).voice_url).toBe(
      `${through(VOICE_URL)}${OVERRIDES}`,
    );
  });

  test.each([
    ['no overrides', { voice_url: through(VOICE_URL), voice_fallback_url: APPLICATION }],
    ['GET', { voice_url: through(VOICE_URL), voice_method: 'GET' }],
    ['no fallback', { voice_url: `${through(VOICE_URL)}${OVERRIDES}` }],
    [
      'the recorder as its fallback',
      { voice_url: `${through(VOICE_URL)}${OVERRIDES}`, voice_fallback_url: VOICE_URL },
    ],
  ])('is put right where it has %s', (_what, as) => {
    expect(outcome(connected(number(as), LENIENT))).toEqual(outcome(connected(number(), LENIENT)));
  });

  test('keeps the fallback that somebody chose before', () => {
    const chosen = number({ voice_url: through(VOICE_URL), voice_fallback_url: FALLBACK });
    expect(outcome(connected(chosen, LENIENT)).voice_fallback_url).toBe(FALLBACK);
  });
});

describe('where calls must be recorded', () => {
  test.each([
    ['the application', APPLICATION],
    ['the application, told to retry', `${APPLICATION}#rc=3`],
    ['the application, spelt otherwise', APPLICATION.replace('app.example', 'APP.example:443')],
    ['the application behind another recorder', through(OTHER)],
  ])('a fallback is emptied that is %s', (_what, voice_fallback_url) => {
    const plan = connected(number({ voice_fallback_url }), STRICT);
    expect(outcome(plan)).toMatchObject({ voice_fallback_url: '', voice_fallback_method: 'POST' });
    expect(notes(plan)).toContain('Calls must be recorded');
    expect(connected(number(), STRICT, voice_fallback_url)).toMatchObject({
      kind: 'refused',
      title: 'Calls must be recorded',
    });
  });

  test.each(['', FALLBACK, through(VOICE_URL)])('a fallback is left as it is: %j', (voice_fallback_url) => {
    const plan = connected(number({ voice_fallback_url }), STRICT);
    expect(outcome(plan)).toMatchObject({ voice_fallback_url });
    expect(notes(plan)).toMatch(/left (empty|as it is)/);
  });

  test('a fallback may be named', () => {
    expect(outcome(connected(number(), STRICT, FALLBACK)).voice_fallback_url).toBe(FALLBACK);
  });
});

describe('a number is not connected', () => {
  test.each([
    [
      'on a trunk',
      number({ trunk_sid: 'TK1', voice_application_sid: 'AP1' }),
      'The number is on a SIP trunk',
    ],
    ['with a TwiML app', number({ voice_application_sid: 'AP1' }), 'The number has a TwiML app'],
    [
      'whose application cannot be told',
      number({ voice_url: `${VOICE_URL}/nonsense` }),
      'The application cannot be told',
    ],
    [
      'whose application is the recorder’s own gate',
      number({ voice_url: 'https://recorder.example/gate' }),
      'The recorder cannot lead calls there',
    ],
    [
      'whose application is too long a URL',
      number({ voice_url: `https://app.example/${'a'.repeat(2000)}` }),
      'The recorder cannot lead calls there',
    ],
  ])('%s', (_what, impossible, title) => {
    expect(connected(impossible, LENIENT)).toMatchObject({
      kind: 'refused',
      title,
      hint: expect.any(String),
    });
  });

  test('with the recorder itself as its fallback', () => {
    expect(connected(number(), LENIENT, 'https://recorder.example/sorry')).toMatchObject({
      kind: 'refused',
      title: 'No fallback',
    });
  });
});

describe('to undo', () => {
  const there = number({ voice_url: `${through(VOICE_URL)}${OVERRIDES}` });

  test('gives the application back, with its method, and empties the fallback that it was', () => {
    const plan = disconnected(
      { ...there, voice_fallback_url: APPLICATION, voice_fallback_method: 'GET' },
      LENIENT,
    );
    expect(outcome(plan)).toEqual({
      voice_url: APPLICATION,
      voice_method: 'GET',
      voice_fallback_url: '',
      voice_fallback_method: 'POST',
    });
    expect(notes(plan)).toContain('nobody knows');
  });

  test('leaves another fallback', () => {
    expect(outcome(disconnected({ ...there, voice_fallback_url: FALLBACK }, LENIENT))).toMatchObject({
      voice_url: APPLICATION,
      voice_fallback_url: FALLBACK,
    });
  });

  test('leaves a number without a voice URL that had none', () => {
    const bare = number({ voice_url: `${VOICE_URL}${OVERRIDES}` });
    expect(outcome(disconnected(bare, LENIENT)).voice_url).toBe('');
  });

  test.each(['', APPLICATION])('changes nothing of a number that leads elsewhere: %j', (voice_url) => {
    const elsewhere = number({ voice_url });
    expect(changedFields(elsewhere, outcome(disconnected(elsewhere, LENIENT)))).toEqual([]);
  });

  test.each([
    [through(OTHER), 'Another recorder'],
    [`${VOICE_URL}/nonsense`, 'The application cannot be told'],
  ])('is refused for %s', (voice_url, title) => {
    expect(disconnected(number({ voice_url }), LENIENT)).toMatchObject({ kind: 'refused', title });
  });
});

describe('whatever the number is configured with', () => {
  const segment = fc.string({
    unit: fc.constantFrom(..."aZ09-._~%20/+$&'(*)", 'é', '日', '🎧'),
    maxLength: 40,
  });
  const httpUrl = fc
    .oneof(
      fc.webUrl({ withQueryParameters: true, withFragments: true, validSchemes: ['http', 'https'] }),
      fc
        .tuple(fc.constantFrom('https://app.example/', 'http://u:p@App.example:8080/'), segment, segment)
        .map(([start, path, query]) => `${start}${path}?${query}`),
    )
    .filter((url) => canLeadTo(url, VOICE_URL) && destinationOf(url, VOICE_URL).kind === 'application');
  const method = fc.constantFrom('GET', 'POST');
  const application = fc.record({
    voice_url: httpUrl,
    voice_method: method,
    voice_fallback_url: fc.oneof(fc.constant(''), httpUrl),
    voice_fallback_method: method,
  });
  const recorder = fc.constantFrom(LENIENT, STRICT);

  test('what is connected and undone has its voice URL again, to the byte', () => {
    fc.assert(
      fc.property(application, recorder, (configuration, by) => {
        const before = number(configuration);
        const connectedNumber = { ...before, ...outcome(connected(before, by)) };
        expect(leadsTo(connectedNumber.voice_url, VOICE_URL)).toBe(true);
        expect(outcome(disconnected(connectedNumber, by)).voice_url).toBe(before.voice_url);
      }),
    );
  });

  test('and its method, where the fallback could keep it', () => {
    fc.assert(
      fc.property(application, (configuration) => {
        const before = number(configuration);
        const undone = disconnected({ ...before, ...outcome(connected(before, LENIENT)) }, LENIENT);
        expect(outcome(undone).voice_method).toBe(before.voice_method);
      }),
    );
  });

  test('the recorder finds in the path what it can redirect to', () => {
    fc.assert(
      fc.property(application, recorder, (configuration, by) => {
        const { voice_url } = outcome(connected(number(configuration), by));
        const next = voice_url.replace(/#.*/, '').slice(VOICE_URL.length + 1);
        const url = decodeNext(next, VOICE_URL) ?? '';
        expect(is(HttpUrl, url)).toBe(true);
        expect(url).toBe(
          is(HttpUrl, configuration.voice_url)
            ? configuration.voice_url
            : new URL(configuration.voice_url).href,
        );
      }),
    );
  });

  test('to connect again changes nothing, with one fallback or without', () => {
    const fallback = fc.option(fc.constant(FALLBACK), { nil: undefined });
    fc.assert(
      fc.property(application, recorder, fallback, (configuration, by, wanted) => {
        const once = { ...number(configuration), ...outcome(connected(number(configuration), by, wanted)) };
        expect(outcome(connected(once, by, wanted))).toEqual(
          outcome(connected(number(configuration), by, wanted)),
        );
        expect(changedFields(once, outcome(connected(once, by)))).toEqual([]);
      }),
    );
  });

  test('no fallback leads past the gate where calls must be recorded', () => {
    fc.assert(
      fc.property(application, fc.boolean(), (configuration, same) => {
        const before = number({
          ...configuration,
          ...(same && { voice_fallback_url: configuration.voice_url }),
        });
        const { voice_fallback_url } = outcome(connected(before, STRICT));
        expect(leadsPast(voice_fallback_url, before.voice_url, VOICE_URL)).toBe(false);
      }),
    );
  });
});

test.each([
  ['https://app.example/voice?x=1', 'https://app.example/voice?x=1'],
  ['https://user:secret@app.example/voice', 'https://user:***@app.example/voice'],
  [through(VOICE_URL), through(VOICE_URL)],
  [`${through(VOICE_URL, 'https://user:secret@app.example/')}#rc=2`, `${VOICE_URL}/***#rc=2`],
])('no password of a URL is shown: %s', (url, shown) => {
  expect(shownUrl(url)).toBe(shown);
});
