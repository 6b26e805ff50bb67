import { describe, expect, test } from '@jest/globals';
import { connectNumber } from '../../cli/connect.ts';
import { EXIT } from '../../cli/exit-codes.ts';
import type { Terminal } from '../../cli/terminal.ts';
import { TwilioAccount } from '../../cli/twilio-account.ts';
import { HANG_UP, startApi } from './api-double.ts';
import {
  APPLICATION,
  ENVIRONMENT,
  NUMBER,
  OVERRIDES,
  stackWith,
  startTwilio,
  TWILIO,
  through,
  VOICE_URL,
} from './twilio-double.ts';

const OF_RECORDER = ['--voice-url', VOICE_URL];
const CONNECT = ['connect', NUMBER, ...OF_RECORDER];
const CHANGE = [...CONNECT, '--yes'];
const UNDO = [...CHANGE, '--undo'];
const SECRETS = [TWILIO.apiKeySecret, TWILIO.authToken];

describe('recorder connect', () => {
  test('shows the change, makes it and has it confirmed', async () => {
    await using twilio = await startTwilio({ voiceMethod: 'GET' });
    const ended = await twilio.run(CHANGE);
    expect(ended.exitCode).toBe(EXIT.done);
    expect(ended.stdout.split('\n')).toEqual([
      expect.stringMatching(/^FIELD +NOW +THEN$/),
      expect.stringMatching(
        /^voice_url {14}https:\/\/app\.example\/voice\?ten.*https:\/\/recorder\.example\/voice.*…$/,
      ),
      expect.stringMatching(/^voice_method {11}GET +POST$/),
      expect.stringMatching(/^voice_fallback_url {5}\(none\) +https:\/\/app\.example\/voice.*$/),
      expect.stringMatching(/^voice_fallback_method {2}POST +GET$/),
      `${NUMBER} leads to the recorder now.`,
      '',
    ]);
    expect(ended.stderr).toContain('asked with GET');
    expect(twilio.number()).toEqual({
      phoneNumber: NUMBER,
      voiceUrl: `${through(VOICE_URL)}${OVERRIDES}`,
      voiceMethod: 'POST',
      voiceFallbackUrl: APPLICATION,
      voiceFallbackMethod: 'GET',
    });
    expect(twilio.asked).toEqual([
      'ListIncomingPhoneNumber',
      'FetchAccount',
      'UpdateIncomingPhoneNumber',
      'FetchIncomingPhoneNumber',
    ]);
  });

  test('without a terminal and --yes changes nothing, and says so', async () => {
    await using twilio = await startTwilio();
    const ended = await twilio.run(CONNECT);
    expect(ended.exitCode).toBe(EXIT.usage);
    expect(ended.stdout).toContain('voice_url');
    expect(ended.stderr).toContain('With --yes nobody is asked.');
    expect(twilio.asked).not.toContain('UpdateIncomingPhoneNumber');
    expect(twilio.number()?.voiceUrl).toBe(APPLICATION);
  });

  test('a second time has nothing to do', async () => {
    await using twilio = await startTwilio();
    await twilio.run(CHANGE);
    const before = twilio.number();
    expect(await twilio.run(CONNECT)).toEqual({
      exitCode: EXIT.done,
      stdout: `${NUMBER} leads to this recorder already: there is nothing to do.\n`,
      stderr: '',
    });
    expect(twilio.number()).toEqual(before);
    expect(twilio.asked.filter((operation) => operation === 'UpdateIncomingPhoneNumber')).toHaveLength(1);
  });

  test.each([
    ['GET', 'https://app.example/voice?a=%20&b=+&c=%F0%9F%8E%A7&d[]=1;e#rc=3'],
    ['POST', 'https://usér:pässword@app.example:8443/日本/voice?q=🎧&q'],
    ['POST', ''],
  ] as const)('and --undo give back to the byte: %s %s', async (voiceMethod, voiceUrl) => {
    await using twilio = await startTwilio({ voiceUrl, voiceMethod });
    expect(await twilio.run(CHANGE)).toMatchObject({ exitCode: EXIT.done });
    expect(twilio.number()?.voiceUrl).toContain(VOICE_URL);
    const undone = await twilio.run(UNDO);
    expect(undone.stdout).toContain(`${NUMBER} no longer leads to the recorder.`);
    expect(twilio.number()).toMatchObject({ voiceUrl, voiceMethod, voiceFallbackUrl: '' });
    expect(undone.stdout).not.toContain('pässword');
    const again = await twilio.run(UNDO);
    expect(again.stdout).toContain('nothing to undo');
  });

  test('keeps a fallback that is named, and --undo leaves it', async () => {
    await using twilio = await startTwilio();
    const fallback = 'https://app.example/sorry';
    await twilio.run([...CHANGE, '--fallback', fallback]);
    expect(twilio.number()?.voiceFallbackUrl).toBe(fallback);
    await twilio.run(UNDO);
    expect(twilio.number()).toMatchObject({ voiceUrl: APPLICATION, voiceFallbackUrl: fallback });
  });

  test('has one JSON document', async () => {
    await using twilio = await startTwilio();
    const before = {
      voice_url: APPLICATION,
      voice_method: 'POST',
      voice_fallback_url: '',
      voice_fallback_method: 'POST',
    };
    const after = {
      ...before,
      voice_url: `${through(VOICE_URL)}${OVERRIDES}`,
      voice_fallback_url: APPLICATION,
    };
    const number = { number: NUMBER, sid: expect.stringMatching(/^PN[0-9a-f]{32}$/) };
    const first = await twilio.run([...CHANGE, '--json']);
    expect(JSON.parse(first.stdout)).toEqual({ ...number, before, after, changed: true });
    const second = await twilio.run([...CHANGE, '--json']);
    expect(JSON.parse(second.stdout)).toEqual({ ...number, before: after, after, changed: false });
  });

  test('empties a fallback that leads past the gate, and says why', async () => {
    await using twilio = await startTwilio({ voiceFallbackUrl: APPLICATION });
    const ended = await twilio.run([...CHANGE, '--when-not-recorded', 'refuse']);
    expect(ended).toMatchObject({ exitCode: EXIT.done });
    expect(ended.stderr).toContain('Calls must be recorded');
    expect(twilio.number()).toMatchObject({ voiceUrl: through(VOICE_URL) + OVERRIDES, voiceFallbackUrl: '' });
  });

  test('takes another recorder out, and keeps its application', async () => {
    const other = 'https://other.example/voice';
    await using twilio = await startTwilio({ voiceUrl: through(other) });
    const ended = await twilio.run(CHANGE);
    expect(ended.stderr).toContain(`led to another recorder, ${other}`);
    expect(twilio.number()).toMatchObject({
      voiceUrl: through(VOICE_URL) + OVERRIDES,
      voiceFallbackUrl: APPLICATION,
    });
    const ofOther = ['connect', NUMBER, '--voice-url', other, '--undo', '--yes'];
    expect(await twilio.run(ofOther)).toMatchObject({ exitCode: EXIT.conflict, stdout: '' });
  });

  test.each([
    ['a SIP trunk', { trunkSid: `TK${'1'.repeat(32)}` }, 'off the trunk'],
    ['a TwiML app', { voiceApplicationSid: `AP${'1'.repeat(32)}` }, "with the app's own voice URL"],
  ])('is refused for a number with %s', async (_what, configuration, remedy) => {
    await using twilio = await startTwilio(configuration);
    const ended = await twilio.run(CHANGE);
    expect(ended).toMatchObject({ exitCode: EXIT.conflict, stdout: '' });
    expect(ended.stderr).toContain(remedy);
    expect(twilio.number()?.voiceUrl).toBe(APPLICATION);
  });

  test('is refused for a trial account, if the key or the auth token can see that it is one', async () => {
    await using twilio = await startTwilio({}, { account: { type: 'Trial' } });
    const ended = await twilio.run(CHANGE, { ...ENVIRONMENT, TWILIO_AUTH_TOKEN: TWILIO.authToken });
    expect(ended).toMatchObject({ exitCode: EXIT.conflict, stdout: '' });
    expect(ended.stderr).toContain('trial accounts cannot record');
    await using seen = await startTwilio({}, { account: { type: 'Trial', apiKey: 'main' } });
    expect(await seen.run(CHANGE)).toMatchObject({ exitCode: EXIT.conflict });
  });
});

describe('a terminal', () => {
  const terminal = (lines: string[]): Terminal => {
    const keep = (text: string): void => {
      lines.push(text);
    };
    return { width: 80, print: keep, say: keep, warn: keep };
  };
  const connect = async (url: string, answer: boolean, meanwhile?: () => Promise<unknown>) => {
    const lines: string[] = [];
    const questions: string[] = [];
    const { accountSid, apiKeySid, apiKeySecret } = TWILIO;
    await connectNumber(
      NUMBER,
      { undo: false, yes: false, json: false },
      {
        account: new TwilioAccount({ accountSid, apiKeySid, apiKeySecret, apiUrl: url }),
        recorder: { voiceUrl: VOICE_URL, whenNotRecorded: 'continue' },
        confirm: async (question) => {
          questions.push(question);
          await meanwhile?.();
          return answer;
        },
        terminal: terminal(lines),
      },
    );
    return { last: lines.at(-1), questions };
  };

  test.each([
    [false, 'Nothing was changed.', APPLICATION],
    [true, `${NUMBER} leads to the recorder now.`, through(VOICE_URL) + OVERRIDES],
  ])('is asked, and its answer counts: %s', async (answer, last, voiceUrl) => {
    await using twilio = await startTwilio();
    expect(await connect(twilio.simulator.url, answer)).toEqual({ last, questions: ['Change it?'] });
    expect(twilio.number()?.voiceUrl).toBe(voiceUrl);
  });

  test('has seen what is changed, or nothing is', async () => {
    await using twilio = await startTwilio();
    const meanwhile = () => twilio.run([...CHANGE, '--fallback', 'https://app.example/sorry']);
    await expect(connect(twilio.simulator.url, true, meanwhile)).rejects.toMatchObject({
      exitCode: EXIT.conflict,
      message: expect.stringContaining('Changed meanwhile'),
    });
    expect(twilio.number()?.voiceFallbackUrl).toBe('https://app.example/sorry');
  });
});

describe('what does not come to an end', () => {
  test('a number that the account does not have, be it a part of one', async () => {
    await using twilio = await startTwilio();
    const ended = await twilio.run(['connect', NUMBER.slice(0, -1), ...OF_RECORDER, '--yes']);
    expect(ended).toMatchObject({ exitCode: EXIT.notFound, stdout: '' });
    expect(ended.stderr).toContain(`is not a number of the account ${TWILIO.accountSid}`);
  });

  test('wrong credentials', async () => {
    await using twilio = await startTwilio();
    const ended = await twilio.run(CHANGE, { ...ENVIRONMENT, TWILIO_API_SECRET: 'a-wrong-secret' });
    expect(ended).toMatchObject({ exitCode: EXIT.notAllowed, stdout: '' });
    expect(ended.stderr).toContain('Twilio refused the credentials');
    expect(ended.stderr).not.toContain('a-wrong-secret');
  });

  test('no credentials: says which', async () => {
    await using twilio = await startTwilio();
    const ended = await twilio.run([...CHANGE, '--json'], {
      TWILIO_ACCOUNT_SID: 'AC1',
      TWILIO_API_KEY: TWILIO.apiKeySid,
    });
    expect(ended.exitCode).toBe(EXIT.usage);
    expect(ended.stderr).toContain('TWILIO_ACCOUNT_SID is not AC and 32');
    expect(ended.stderr).toContain('TWILIO_API_SECRET is not set');
    expect(ended.stderr).not.toContain('TWILIO_API_KEY is not');
    expect(JSON.parse(ended.stdout)).toMatchObject({ title: 'No credentials for Twilio' });
    expect(twilio.asked).toEqual([]);
  });

  test('an update that Twilio answers and does not show', async () => {
    const configuration = { sid: 'PN1', phone_number: NUMBER, voice_url: APPLICATION };
    await using api = await startApi(
      { body: { incoming_phone_numbers: [configuration] } },
      { body: { type: 'Full', status: 'active' } },
      { body: configuration },
    );
    const ended = await recorderAt(api.url, CHANGE);
    expect(ended.exitCode).toBe(EXIT.unconfirmed);
    expect(ended.stderr).toContain('does not show it in voice_url');
  });

  test.each([
    ['no answer', HANG_UP, EXIT.unconfirmed],
    ['an error of Twilio’s', { status: 500, body: '<html>' }, EXIT.unconfirmed],
    ['a refusal', { status: 400, body: { code: 21402, message: 'VoiceUrl is not valid' } }, EXIT.failed],
    ['a lack of rights', { status: 403, body: { code: 20003 } }, EXIT.notAllowed],
    ['too many requests', { status: 429, body: { code: 20429 } }, EXIT.failed],
    ['something unreadable', { body: '<html>' }, EXIT.unconfirmed],
  ])('an update that ends with %s', async (_what, reply, exitCode) => {
    const configuration = { sid: 'PN1', phone_number: NUMBER, voice_url: APPLICATION };
    await using api = await startApi(
      { body: { incoming_phone_numbers: [configuration] } },
      { body: { type: 'Full', status: 'active' } },
      reply,
    );
    const ended = await recorderAt(api.url, CHANGE);
    expect(ended.exitCode).toBe(exitCode);
    expect(SECRETS.filter((secret) => ended.stderr.includes(secret))).toEqual([]);
    expect(api.seen).toHaveLength(3);
  });

  test('a page that leads away from Twilio', async () => {
    const page = { incoming_phone_numbers: [], next_page_uri: '@127.0.0.1:1/' };
    await using api = await startApi({ body: page });
    const ended = await recorderAt(api.url, CHANGE);
    expect(ended).toMatchObject({ exitCode: EXIT.failed, stdout: '' });
    expect(ended.stderr).toContain('Unreadable answer');
    expect(api.seen).toHaveLength(1);
  });

  test('a number on the second page', async () => {
    const configuration = { sid: 'PN1', phone_number: NUMBER, voice_url: APPLICATION, trunk_sid: 'TK1' };
    await using api = await startApi(
      { body: { incoming_phone_numbers: [], next_page_uri: '/next?Page=1' } },
      { body: { incoming_phone_numbers: [configuration], next_page_uri: null } },
      { body: { type: 'Full', status: 'active' } },
    );
    expect(await recorderAt(api.url, CHANGE)).toMatchObject({ exitCode: EXIT.conflict });
    expect(api.seen.map(({ path }) => path)).toEqual([
      `/2010-04-01/Accounts/${TWILIO.accountSid}/IncomingPhoneNumbers.json?PageSize=1000&PhoneNumber=%2B15551234567`,
      '/next?Page=1',
      `/2010-04-01/Accounts/${TWILIO.accountSid}.json`,
    ]);
  });

  test('nobody at the other end', async () => {
    await using api = await startApi(HANG_UP);
    const ended = await recorderAt(api.url, CHANGE);
    expect(ended).toMatchObject({ exitCode: EXIT.failed, stdout: '' });
    expect(ended.stderr).toContain('No answer from Twilio');
  });

  const recorderAt = async (url: string, args: readonly string[]) => {
    await using twilio = await startTwilio();
    return twilio.run(args, { ...ENVIRONMENT, TWILIO_API_URL: url });
  };
});

describe('the stack', () => {
  const connect = async (outputs: Readonly<Record<string, string>>) => {
    await using twilio = await startTwilio();
    await using cloudFormation = await startApi(stackWith(outputs));
    const ended = await twilio.run(['connect', NUMBER, '--stack', 'Mine', '--yes'], {
      ...ENVIRONMENT,
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'example',
      AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation.url,
    });
    return { ...ended, number: twilio.number() };
  };

  test.each([
    ['continue', APPLICATION],
    ['refuse', ''],
  ])(
    'names the voice URL, and says whether calls must be recorded: %s',
    async (whenNotRecorded, fallback) => {
      const { exitCode, number } = await connect({
        VoiceUrl: VOICE_URL,
        WhenNotRecorded: whenNotRecorded,
      });
      expect(exitCode).toBe(EXIT.done);
      expect(number?.voiceUrl).toBe(through(VOICE_URL) + OVERRIDES);
      expect(number?.voiceFallbackUrl ?? '').toBe(fallback);
    },
  );

  test.each([[{}], [{ VoiceUrl: VOICE_URL }]])('is of no use with the outputs %j alone', async (outputs) => {
    const { exitCode, stderr, number } = await connect(outputs);
    expect(exitCode).toBe(EXIT.notFound);
    expect(stderr).toContain('or name another with --stack or --voice-url');
    expect(number?.voiceUrl).toBe(APPLICATION);
  });
});

test.each([
  [[]],
  [['15551234567']],
  [['+1 555 123']],
  [[NUMBER, '--fallback', 'nonsense']],
  [[NUMBER, '--fallback', 'https://app.example', '--undo']],
  [[NUMBER, '--voice-url', 'http://recorder.example/voice']],
  [[NUMBER, '--voice-url', 'https://recorder.example/']],
  [[NUMBER, '--voice-url', VOICE_URL, '--when-not-recorded', 'never']],
  [[NUMBER, '--when-not-recorded', 'refuse']],
  [[NUMBER, ...OF_RECORDER, '--twilio-api', 'http://twilio.example']],
])('connect %j ends with 2 and the usage', async (args) => {
  await using twilio = await startTwilio();
  const ended = await twilio.run(['connect', ...args]);
  expect(ended).toMatchObject({ exitCode: EXIT.usage, stdout: '' });
  expect(ended.stderr).toContain('Usage: recorder connect');
  expect(twilio.asked).toEqual([]);
});

test('the help says what --undo cannot', async () => {
  await using twilio = await startTwilio();
  const { stdout } = await twilio.run(['connect', '--help']);
  expect(stdout).toContain('Examples:\n  recorder connect');
  expect(stdout).toContain('Twilio has no place where the former fallback could be kept');
});
