import { describe, expect, test } from '@jest/globals';
import { ConfigurationError, parseConfiguration } from '../../lib/configuration.ts';
import shipped from '../../recorder.config.ts';

const FILE = 'some.config.ts';
const parse = (configuration: unknown) => parseConfiguration(configuration, FILE);

/** What is wrong with a configuration, line by line. */
function complaints(configuration: unknown): string[] {
  try {
    parse(configuration);
  } catch (error) {
    if (error instanceof ConfigurationError) {
      const [title, ...lines] = error.message.split('\n');
      expect(title).toBe(`${FILE} is not a valid configuration:`);
      return lines.map((line) => line.replace(/^ {2}- /, ''));
    }
    throw error;
  }
  return [];
}

/** Where the gate may not stand. */
const NO_GATE =
  "only 'continue', but with consent 'notice' and without an optOutKey: the notice answers the call, and before that nobody can record it; and a caller who may say no is not sent away for it";

/** Where callers' answers are evidence. */
const NO_CANARY =
  "only 'all-at-once' with consent 'ask' or an optOutKey: of two versions at the same time, one would ask and the other keep the answer as one to its own words";

describe('a configuration', () => {
  test('that leaves everything out has the defaults', () => {
    expect(parse({})).toEqual({
      stackName: 'CallRecorder',
      tags: { application: 'twilio-call-recorder' },
      consent: 'notice',
      notice: { say: 'This call is recorded.' },
      question: { say: 'We would like to record this call. If you agree, press 1.' },
      optedOut: { say: 'This call is not recorded.' },
      otherwise: { say: 'Thank you for your call. Goodbye.' },
      whenNotRecorded: 'continue',
      refusal: { say: 'We cannot take your call at the moment. Please call again later.' },
      recording: { channels: 'dual', track: 'both', trim: 'do-not-trim' },
      startWith: 'api',
      startDelaySeconds: 0,
      ringTimeoutSeconds: 600,
      reconcileAfterSeconds: 900,
      control: 'iam',
      resumeAfterSeconds: 600,
      deployment: 'canary',
      retentionDays: 365,
      logRetentionDays: 90,
      twilioApiBaseUrl: 'https://api.twilio.com',
    });
  });

  test('keeps what is given', () => {
    const full = {
      stackName: 'Sales-Recorder',
      tags: { 'cost-centre': '42', owner: 'team@example.com' },
      consent: 'notice',
      notice: { play: 'https://example.com/notice.mp3' },
      question: { play: 'https://example.com/question.mp3' },
      optedOut: { play: 'https://example.com/fine.mp3' },
      otherwise: { dial: '+15551234567', callerId: '+15557654321', timeoutSeconds: 30, answerOnBridge: true },
      whenNotRecorded: 'refuse',
      refusal: { play: 'https://example.com/sorry.mp3' },
      recording: { configurationId: 'CR123' },
      startWith: 'twiml',
      startDelaySeconds: 2,
      ringTimeoutSeconds: 120,
      reconcileAfterSeconds: 60,
      control: {
        issuer: 'https://login.example.com/',
        audience: ['recorder'],
        readScope: 'calls:read',
        controlScope: 'recordings:control',
      },
      resumeAfterSeconds: 120,
      deployment: 'all-at-once',
      retentionDays: 30,
      logRetentionDays: 14,
      publicBaseUrl: 'https://calls.example.com',
      twilioApiBaseUrl: 'https://api.dublin.ie1.twilio.com',
    };
    expect(parse(full)).toEqual(full);
    expect(parse({ consent: 'none', control: false })).toMatchObject({ consent: 'none', control: false });
    expect(parse({ consent: 'ask', optOutKey: '#' })).toMatchObject({
      consent: 'ask',
      optOutKey: '#',
      deployment: 'all-at-once',
    });
    const issuer = 'https://login.example.com/';
    expect(parse({ control: { issuer, audience: ['recorder'] } })).toMatchObject({
      control: {
        issuer,
        audience: ['recorder'],
        readScope: 'recorder/read',
        controlScope: 'recorder/control',
      },
    });
  });

  test('is what is shipped', () => {
    expect(complaints(shipped)).toEqual([]);
  });
});

describe('a configuration that complies', () => {
  test.each([
    ['hipaa', { retentionDays: 2192, logRetentionDays: 2192, resumeAfterSeconds: 600 }],
    ['pci', { retentionDays: 365, logRetentionDays: 400, resumeAfterSeconds: false }],
  ])('with %s keeps for longer what it was not told for how long', (compliance, expected) => {
    expect(parse({ compliance })).toMatchObject(expected);
  });

  test('may keep for longer still', () => {
    const longer = { compliance: 'hipaa', retentionDays: 3650, logRetentionDays: 3653 };
    expect(parse(longer)).toMatchObject(longer);
  });

  test.each<[string, unknown, string[]]>([
    [
      'HIPAA forbids to forget early',
      { compliance: 'hipaa', retentionDays: 2191, logRetentionDays: 1827 },
      [
        "retentionDays is 2191; allowed: days, 2192 and more, with compliance 'hipaa': documentation is kept for six years (45 CFR 164.316)",
        "logRetentionDays is 1827; allowed: days, 2192 and more, with compliance 'hipaa': documentation is kept for six years (45 CFR 164.316)",
      ],
    ],
    [
      'HIPAA forbids to send in the open',
      {
        compliance: 'hipaa',
        publicBaseUrl: 'http://calls.example.com',
        twilioApiBaseUrl: 'http://localhost',
      },
      [
        'publicBaseUrl is "http://calls.example.com"; allowed: only https with compliance \'hipaa\': what is sent is guarded against being read (45 CFR 164.312(e))',
        'twilioApiBaseUrl is "http://localhost"; allowed: only https with compliance \'hipaa\': what is sent is guarded against being read (45 CFR 164.312(e))',
      ],
    ],
    [
      'PCI DSS forbids to forget early',
      { compliance: 'pci', retentionDays: 364, logRetentionDays: 180 },
      [
        "retentionDays is 364; allowed: days, 365 and more, with compliance 'pci': the audit trail is kept for twelve months (PCI DSS 10.5.1)",
        "logRetentionDays is 180; allowed: days, 365 and more, with compliance 'pci': the audit trail is kept for twelve months (PCI DSS 10.5.1)",
      ],
    ],
    [
      'PCI DSS forbids what would record a card',
      { compliance: 'pci', control: false, resumeAfterSeconds: 600 },
      [
        "control is false; allowed: 'iam' or { issuer, audience, readScope?, controlScope? } with compliance 'pci': a card's security code must not be stored (PCI DSS 3.3.1), so somebody has to be able to pause",
        "resumeAfterSeconds is 600; allowed: only false with compliance 'pci': a recording that goes on by itself may store a card's security code (PCI DSS 3.3.1)",
      ],
    ],
    ['there are others', { compliance: 'gdpr' }, ["compliance is \"gdpr\"; allowed: 'hipaa' or 'pci'"]],
  ])('%s', (_, configuration, expected) => {
    expect(complaints(configuration)).toEqual(expected);
  });
});

describe('a complaint names the key, its value and what is allowed', () => {
  test.each<[string, unknown, string]>([
    [
      'a value that is too large',
      { startDelaySeconds: 61 },
      'startDelaySeconds is 61; allowed: seconds, 0 to 60',
    ],
    [
      'a value that is too small',
      { ringTimeoutSeconds: 1 },
      'ringTimeoutSeconds is 1; allowed: seconds, 30 to 3600',
    ],
    ['a fraction', { retentionDays: 1.5 }, 'retentionDays is 1.5; allowed: days, 1 to 36500'],
    [
      'a value of another type',
      { retentionDays: '365' },
      'retentionDays is "365"; allowed: days, 1 to 36500',
    ],
    ['an empty text', { notice: { say: '' } }, 'notice.say is ""; allowed: a text that is not empty'],
    ['a text of blanks', { notice: { say: '  ' } }, 'notice.say is "  "; allowed: a text that is not empty'],
    [
      'a control character',
      { otherwise: { say: 'Good\u0007bye' } },
      'otherwise.say is "Good\\u0007bye"; allowed: a text without control characters',
    ],
    [
      'half a character',
      { otherwise: { say: 'Good\ud800' } },
      'otherwise.say is "Good\\ud800"; allowed: a text without control characters',
    ],
    [
      'a language that is none',
      { notice: { say: 'Hi', language: 'english!' } },
      'notice.language is "english!"; allowed: a language tag, such as en-US',
    ],
    [
      'a wrong value in a union',
      { recording: { channels: 'stereo', track: 'both', trim: 'do-not-trim' } },
      "recording.channels is \"stereo\"; allowed: 'mono' or 'dual'",
    ],
    [
      'a number that is none',
      { otherwise: { dial: '12345' } },
      'otherwise.dial is "12345"; allowed: a phone number in E.164, such as +15551234567',
    ],
    [
      'a value in the second key of a union',
      { otherwise: { dial: '+15551234567', timeoutSeconds: 1 } },
      'otherwise.timeoutSeconds is 1; allowed: seconds, 5 to 600',
    ],
    ['none of a union', { notice: true }, 'notice is true; allowed: { say, voice?, language? } or { play }'],
    [
      'another way to show who one is',
      { control: 'password' },
      'control is "password"; allowed: \'iam\', false or { issuer, audience, readScope?, controlScope? }',
    ],
    [
      'an issuer whose keys anybody could replace',
      { control: { issuer: 'http://login.example.com/', audience: ['recorder'] } },
      'control.issuer is "http://login.example.com/"; allowed: an https URL',
    ],
    [
      'no audience',
      { control: { issuer: 'https://login.example.com/', audience: [] } },
      'control.audience is []; allowed: one or more audiences',
    ],
    [
      'two scopes in one',
      { control: { issuer: 'https://login.example.com/', audience: ['recorder'], readScope: 'a b' } },
      'control.readScope is "a b"; allowed: a scope without spaces',
    ],
    [
      'a gate before the call is answered',
      { consent: 'none', whenNotRecorded: 'refuse' },
      `whenNotRecorded is "refuse"; allowed: ${NO_GATE}`,
    ],
    [
      'a gate behind a question',
      { consent: 'ask', whenNotRecorded: 'refuse' },
      `whenNotRecorded is "refuse"; allowed: ${NO_GATE}`,
    ],
    [
      'a gate for callers who may say no',
      { optOutKey: '9', whenNotRecorded: 'refuse' },
      `whenNotRecorded is "refuse"; allowed: ${NO_GATE}`,
    ],
    [
      'a key of which nobody hears',
      { consent: 'none', optOutKey: '9' },
      'optOutKey is "9"; allowed: nothing with consent \'none\': without a notice nobody hears of the key',
    ],
    [
      'two versions for callers who are asked',
      { consent: 'ask', deployment: 'canary' },
      `deployment is "canary"; allowed: ${NO_CANARY}`,
    ],
    [
      'two versions for callers who may say no',
      { optOutKey: '9', deployment: 'canary' },
      `deployment is "canary"; allowed: ${NO_CANARY}`,
    ],
    [
      'a tag that is AWS’s own',
      { tags: { 'aws:owner': 'me' } },
      'tags.aws:owner is "me"; allowed: tags whose names have 1 to 128 letters, digits, spaces and _ . : / = + - @, and do not begin with aws:',
    ],
    [
      'a tag with a value that AWS refuses',
      { tags: { owner: 'me & you' } },
      'tags.owner is "me & you"; allowed: a text of at most 256 letters, digits, spaces and _ . : / = + - @',
    ],
    [
      'tags that IAM takes for one',
      { tags: { Owner: 'me', owner: 'you' } },
      'tags is {"Owner":"me","owner":"you"}; allowed: at most 47 tags, whose names differ by more than capitals',
    ],
    ['a key that no telephone has', { optOutKey: '10' }, 'optOutKey is "10"; allowed: a key: 0 to 9, * or #'],
    [
      'another way to consent',
      { consent: 'maybe' },
      "consent is \"maybe\"; allowed: 'notice', 'ask' or 'none'",
    ],
    ['no notice', { notice: false }, 'notice is false; allowed: { say, voice?, language? } or { play }'],
    [
      'a URL of another scheme',
      { twilioApiBaseUrl: 'ftp://example.com' },
      'twilioApiBaseUrl is "ftp://example.com"; allowed: an http(s) URL',
    ],
    [
      'a name that CloudFormation refuses',
      { stackName: '1st' },
      'stackName is "1st"; allowed: a stack name: letters, digits and hyphens',
    ],
  ])('%s', (_, configuration, complaint) => {
    expect(complaints(configuration)).toContain(complaint);
  });

  test.each([0, 2, 91])('%d days that CloudWatch does not know', (logRetentionDays) => {
    const [complaint, ...others] = complaints({ logRetentionDays });
    expect(complaint).toMatch(
      new RegExp(`^logRetentionDays is ${logRetentionDays}; allowed: one of 1, 3, 5, 7, .*, 3653$`),
    );
    expect(others).toEqual([]);
  });

  test('an unknown key, with those there are', () => {
    const [complaint, ...others] = complaints({ startDelay: 2 });
    expect(complaint).toMatch(
      /^startDelay is 2; allowed: only stackName, tags, consent, notice, .*, twilioApiBaseUrl$/,
    );
    expect(others).toEqual([]);
  });

  test('an unknown key within one, with its path', () => {
    const [complaint = ''] = complaints({ notice: { say: 'Hi', speed: 2 } });
    expect(complaint).toContain('notice');
    expect(complaint).toContain('speed');
  });

  test('a key that is missing within a union', () => {
    const [complaint = ''] = complaints({ recording: { channels: 'dual' } });
    expect(complaint).toMatch(/^recording/);
    expect(complaint).toMatch(/track/);
  });

  test('all that is wrong at once', () => {
    const lines = complaints({ startDelaySeconds: -1, retentionDays: 0, notice: 1, colour: 'red' });
    expect(lines.map((line) => line.split(' ')[0]).toSorted()).toEqual([
      'colour',
      'notice',
      'retentionDays',
      'startDelaySeconds',
    ]);
  });

  test.each([undefined, null, 'text', 1])('%j is no configuration', (configuration) => {
    expect(() => parse(configuration)).toThrow(ConfigurationError);
  });

  test.each([
    'https://example.com/api',
    'https://example.com/',
    'https://example.com?',
    'https://example.com#',
    'https://example.com?a=1',
    'https://example.com#a',
    'https://user:password@example.com',
  ])('%s, which is more than scheme and host', (url) => {
    for (const key of ['publicBaseUrl', 'twilioApiBaseUrl']) {
      expect(complaints({ [key]: url })).toEqual([
        `${key} is "${url}"; allowed: scheme and host, without a path or a slash at the end`,
      ]);
    }
  });

  test('a text that no environment variable has room for', () => {
    expect(complaints({ notice: { say: 'ä'.repeat(200) } })).toEqual([]);
    expect(complaints({ notice: { say: `${'ä'.repeat(200)}a` } })).toHaveLength(1);
    expect(complaints({ notice: { say: 'x'.repeat(400) } })).toEqual([]);
    expect(complaints({ notice: { say: 'x'.repeat(401) } })).toHaveLength(1);
  });

  test.each(['"', '\\'])('of which %s takes two bytes', (character) => {
    for (const key of ['notice', 'otherwise']) {
      expect(complaints({ [key]: { say: character.repeat(200) } })).toEqual([]);
      expect(complaints({ [key]: { say: `${character.repeat(200)}a` } })).toEqual([
        expect.stringMatching(/allowed: a text of at most 400 bytes, .* two for each quote$/),
      ]);
    }
  });

  test.each(['&', '<', '>'])('of which %s takes five bytes', (character) => {
    expect(complaints({ notice: { say: character.repeat(80) } })).toEqual([]);
    expect(complaints({ notice: { say: `${character.repeat(80)}a` } })).toHaveLength(1);
  });
});

describe('of a setting with alternatives, a complaint names the key that is none', () => {
  test.each([
    [
      { otherwise: { say: 'Bye.', langauge: 'en' } },
      'otherwise.langauge is "en"; allowed: only say, voice, language',
    ],
    [
      { recording: { chanels: 'dual' } },
      'recording.chanels is "dual"; allowed: { channels, track, trim } or { configurationId }',
    ],
    [{ notice: 3 }, 'notice is 3; allowed: { say, voice?, language? } or { play }'],
  ])('%j', (configuration, expected) => {
    expect(complaints(configuration)).toEqual([expected]);
  });
});

test.each([
  [undefined, 'the default export is undefined; allowed: an object'],
  [5, 'the default export is 5; allowed: an object'],
  [{ retentionDays: 10n }, 'retentionDays is 10n; allowed: days, 1 to 36500'],
])('a file that exports %p is refused with a sentence', (configuration, expected) => {
  expect(complaints(configuration)).toEqual([expected]);
});
