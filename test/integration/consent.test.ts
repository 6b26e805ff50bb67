import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { credentialsFromSeed } from '../../local/credentials.ts';
import { type LocalRecorder, startLocalRecorder } from '../../local/recorder.ts';
import { type CallScript, TwilioSimulator } from '../../local/twilio-simulator/simulator.ts';
import { judge } from '../../local/verdict.ts';
import { type Issuer, startIssuer } from '../local/host/issuer.ts';

/* Callers are asked, and operators come with tokens: the other ways to run the same app. */

const credentials = credentialsFromSeed(11);
/** In the template; the one that answers is on this machine, where nobody has a certificate. */
const ISSUER = 'https://login.example.com';
const AUDIENCE = 'recorder';

let simulator: TwilioSimulator;
let issuer: Issuer;
let recorder: LocalRecorder;

beforeAll(async () => {
  simulator = await TwilioSimulator.start({ seed: 11, credentials, network: { answerMs: 200 } });
  issuer = await startIssuer();
  recorder = await startLocalRecorder({
    twilioApiBaseUrl: simulator.url,
    credentials,
    notice: true,
    consent: 'ask',
    optOutKey: '9',
    control: { issuer: ISSUER, audience: [AUDIENCE] },
    replacements: { [ISSUER]: issuer.url },
    provisionedConcurrency: 4,
  });
}, 60_000);

afterAll(async () => {
  await recorder?.[Symbol.asyncDispose]();
  await issuer?.[Symbol.asyncDispose]();
  await simulator?.stop();
});

const KEYS = {
  yes: [[{ key: '1', afterMs: 1_000 }]],
  no: [[{ key: '2', afterMs: 1_000 }]],
  silence: [],
  // Late enough for a recording that is not too short to be one.
  yesThenNo: [[{ key: '1', afterMs: 500 }], [{ key: '9', afterMs: 2_000 }]],
} as const satisfies Record<string, CallScript['keys']>;

test('what each caller says is done, stored, and true', async () => {
  const application = simulator.hostApplication(
    '<Response><Say>Welcome.</Say><Pause length="60"/></Response>',
  );
  const place = (name: keyof typeof KEYS) =>
    simulator.placeCall({
      from: '+15550200123',
      to: '+15550100100',
      voiceUrl: recorder.voiceUrl(application),
      talkMs: 12_000,
      keys: KEYS[name],
    });
  const calls = {
    yes: place('yes'),
    no: place('no'),
    silence: place('silence'),
    yesThenNo: place('yesThenNo'),
  };
  await simulator.idle();
  await recorder.host.idle();

  const rows = await recorder.rows();
  const verdict = judge(Object.values(calls), rows);
  expect(verdict).toMatchObject({
    recordedBeforeYesSeconds: 0,
    recorded: 2,
    saidNo: 1,
    keptAfterNo: 0,
    findings: [],
  });
  const rowOf = (name: keyof typeof calls) =>
    rows.find(({ CallSid, Item }) => CallSid === calls[name].sid && Item === 'CALL');
  expect(rowOf('yes')).toMatchObject({ RecordingStatus: 'completed', Consent: 'given', ConsentDigit: '1' });
  expect(rowOf('no')).toMatchObject({ RecordingStatus: 'unrecorded', Reason: 'declined', ConsentDigit: '2' });
  expect(rowOf('silence')).toMatchObject({ RecordingStatus: 'unrecorded', Reason: 'declined' });
  expect(rowOf('yesThenNo')).toMatchObject({ RecordingStatus: 'deleted', Consent: 'withdrawn', Final: true });
  // A no costs no execution; a call whose recording is deleted is followed until it is.
  expect([...recorder.host.executions.values()].map(({ name, status }) => [name, status])).toEqual(
    expect.arrayContaining([
      [calls.yes.sid, 'SUCCEEDED'],
      [calls.yesThenNo.sid, 'SUCCEEDED'],
    ]),
  );
  expect(recorder.host.executions.size).toBe(2);
  // Each went on to the application.
  for (const { webhooks } of Object.values(calls)) {
    expect(webhooks.at(-1)?.url).toBe(application);
  }
}, 180_000);

describe('an operator with a token', () => {
  const CALL = `/calls/CA${'0'.repeat(32)}`;
  const HOUR = 3_600;
  const now = Math.floor(Date.now() / 1_000);
  const matrix = [
    ['nobody', 'GET', '/calls', 401],
    ['somebody else', 'GET', '/calls', 401],
    ['expired', 'GET', '/calls', 401],
    ['without a scope', 'GET', '/calls', 403],
    ['reader', 'GET', '/calls', 200],
    ['reader', 'GET', CALL, 404],
    ['reader', 'POST', `${CALL}/recording`, 403],
    ['controller', 'POST', `${CALL}/recording`, 404],
    ['controller', 'GET', '/calls', 403],
  ] as const;

  const token = (who: (typeof matrix)[number][0]): Promise<string> =>
    issuer.sign({
      iss: issuer.url,
      aud: who === 'somebody else' ? 'another-application' : AUDIENCE,
      sub: who,
      exp: who === 'expired' ? now - HOUR : now + HOUR,
      ...(who === 'reader' && { scope: 'recorder/read' }),
      ...(who === 'controller' && { scope: 'recorder/control' }),
    });

  test.each(matrix)('%s: %s %s is answered with %d', async (who, method, path, status) => {
    const headers = who === 'nobody' ? {} : { authorization: `Bearer ${await token(who)}` };
    const body = method === 'POST' ? { body: '{"action":"pause"}' } : {};
    const response = await fetch(`${recorder.host.url}${path}`, { method, headers, ...body });
    expect(response.status).toBe(status);
  });

  test('is named in the audit trail', async () => {
    const call = simulator.placeCall({
      from: '+15550200123',
      to: '+15550100100',
      voiceUrl: recorder.voiceUrl(),
      talkMs: 7_000,
      keys: KEYS.yes,
    });
    const pause = async () =>
      fetch(`${recorder.host.url}/calls/${call.sid}/recording`, {
        method: 'POST',
        headers: { authorization: `Bearer ${await token('controller')}` },
        body: '{"action":"pause","reason":"card number"}',
      });
    while ((await pause()).status !== 200) await sleep(200);
    await simulator.idle();
    await recorder.host.idle();
    const commands = (await recorder.rows()).filter(
      ({ CallSid, Type }) => CallSid === call.sid && Type === 'command',
    );
    expect(commands.at(-1)).toMatchObject({ By: 'controller', Action: 'pause', Reason: 'card number' });
  }, 60_000);
});
