import { describe, expect, test } from '@jest/globals';
import { NEXT_PLACEHOLDER } from '../../lambda/twilio/twiml.ts';
import { gateDocuments, voiceDocuments } from '../../lib/voice-documents.ts';
import type { VoiceSettings } from '../../lib/voice-settings.ts';
import { namesOf, verbsOf } from '../lambda/support/twiml.ts';
import { PUBLIC_BASE_URL } from '../lambda/support/webhooks.ts';

type Notice = VoiceSettings['notice'] | false;
type Otherwise = VoiceSettings['otherwise'];

const write = (settings: Pick<VoiceSettings, 'otherwise'> & { notice: Notice; optOutKey?: string }) =>
  voiceDocuments(settings, { configurationId: 'CR1' }, PUBLIC_BASE_URL);
const response = (...verbs: string[]): string =>
  `<?xml version="1.0" encoding="UTF-8"?><Response>${verbs.join('')}</Response>`;

const notices: [string, Notice, string[]][] = [
  ['no notice', false, []],
  ['words', { say: 'Recorded.' }, ['<Say>Recorded.</Say>']],
  [
    'words in a voice and a language',
    { say: 'Recorded.', voice: 'Polly.Joanna', language: 'en-US' },
    ['<Say voice="Polly.Joanna" language="en-US">Recorded.</Say>'],
  ],
  [
    'a file',
    { play: 'https://example.com/a.mp3?b=1&c=2' },
    ['<Play>https://example.com/a.mp3?b=1&amp;c=2</Play>'],
  ],
];
const others: [string, Otherwise, string[]][] = [
  ['closing words', { say: 'Goodbye.' }, ['<Say>Goodbye.</Say>', '<Pause length="5"/>']],
  ['a number', { dial: '+15551234567' }, ['<Dial>+15551234567</Dial>']],
  [
    'a number with all options',
    { dial: '+15551234567', callerId: '+15557654321', timeoutSeconds: 30, answerOnBridge: true },
    ['<Dial callerId="+15557654321" timeout="30" answerOnBridge="true">+15551234567</Dial>'],
  ],
  [
    'a number that is not bridged',
    { dial: '+15551234567', answerOnBridge: false },
    ['<Dial>+15551234567</Dial>'],
  ],
];

describe.each(notices)('with %s', (_, notice, first) => {
  test('a call goes on to its application', () => {
    expect(write({ notice, otherwise: { say: 'x' } }).next).toBe(
      response(...first, `<Redirect method="POST">${NEXT_PLACEHOLDER}</Redirect>`),
    );
  });

  test.each(others)('a call without an application goes to %s', (_name, otherwise, last) => {
    // A dialled party that is busy must not end the call before the recording can begin.
    const closing = 'dial' in otherwise && !notice ? ['<Pause length="5"/>'] : [];
    expect(write({ notice, otherwise }).otherwise).toBe(response(...first, ...last, ...closing));
  });

  test.each(others)('a call to %s lasts until its recording has begun', (_name, otherwise) => {
    const names = namesOf(write({ notice, otherwise }).otherwise);
    // A pause that came first would keep the call ringing, and a dial alone may end at once.
    expect(names[0]).not.toBe('Pause');
    expect(names.length).toBeGreaterThan(1);
    expect(names).not.toContain('Hangup');
  });
});

test.each([
  [{ configurationId: 'CR1' }, { recordingConfigurationId: 'CR1' }],
  [
    { channels: 'mono', track: 'inbound', trim: 'trim-silence' } as const,
    {
      recordingStatusCallback: `${PUBLIC_BASE_URL}/recording-status#rc=5&rp=ct,rt,5xx&ct=1000&rt=2500`,
      recordingStatusCallbackMethod: 'POST',
      recordingStatusCallbackEvent: 'in-progress completed absent',
      channels: 'mono',
      track: 'inbound',
      trim: 'trim-silence',
    },
  ],
])('the recording of %j starts in the same way by TwiML', (recording, attributes) => {
  const { startRecording } = voiceDocuments(
    { notice: false, otherwise: { say: 'x' } },
    recording,
    PUBLIC_BASE_URL,
  );
  expect(verbsOf(response(startRecording))).toEqual([['Start', {}, [['Recording', attributes]]]]);
});

test.each([
  '</Say><Hangup/>',
  '<![CDATA[',
  '&amp;',
  '"quoted"',
  "O'Hara",
  ']]>',
  '<!-- -->',
  '<?xml?>',
  '<Response>',
])('%s is spoken and not obeyed', (say) => {
  const { next, otherwise } = write({ notice: { say }, otherwise: { say } });
  expect(namesOf(otherwise)).toEqual(['Say', 'Say', 'Pause']);
  expect(namesOf(next)).toEqual(['Say', 'Redirect']);
  expect(verbsOf(next)[0]?.[2]).toBe(say);
});

describe('after the gate', () => {
  const behindTheGate = (otherwise: Otherwise) =>
    gateDocuments({
      otherwise,
      refusal: { say: 'Call later.', language: 'en-GB' },
    });

  test('a call goes on to its application without a second notice', () => {
    expect(behindTheGate({ say: 'x' }).next).toBe(
      response(`<Redirect method="POST">${NEXT_PLACEHOLDER}</Redirect>`),
    );
  });

  test.each(others)('a call without an application goes to %s', (_name, otherwise, last) => {
    expect(verbsOf(behindTheGate(otherwise).otherwise).slice(0, last.length)).toEqual(
      verbsOf(response(...last)),
    );
  });

  test('a call that cannot be taken is told so, and ends', () => {
    expect(behindTheGate({ say: 'x' }).refusal).toBe(
      response('<Say language="en-GB">Call later.</Say>', '<Hangup/>'),
    );
  });
});
