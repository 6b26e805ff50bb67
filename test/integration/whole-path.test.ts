import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import twilioWebhooks from 'twilio/lib/webhooks/webhooks.js';
import { credentialsFromSeed } from '../../local/credentials.ts';
import type { HostEvent } from '../../local/host/events.ts';
import { type LocalRecorder, startLocalRecorder } from '../../local/recorder.ts';
import {
  type CallScript,
  type SimulatedCall,
  TwilioSimulator,
} from '../../local/twilio-simulator/simulator.ts';
import { judge } from '../../local/verdict.ts';

/*
 * The synthesized app with its real bundles, over real HTTP, DynamoDB's wire protocol and the synthesized state machine,
 * against the simulated Twilio.
 */

const FROM = '+15550200123';
const TO = '+15550100100';
const APPLICATION = '<Response><Say>Welcome.</Say><Pause length="60"/></Response>';
const credentials = credentialsFromSeed(7);

let simulator: TwilioSimulator;
let recorder: LocalRecorder;
const logLines: string[] = [];

beforeAll(async () => {
  simulator = await TwilioSimulator.start({ seed: 7, credentials, network: { answerMs: 400 } });
  recorder = await startLocalRecorder({
    twilioApiBaseUrl: simulator.url,
    credentials,
    notice: true,
    provisionedConcurrency: 10,
    onEvent: (event: HostEvent) => {
      if (event.type === 'log') {
        logLines.push(event.line);
      }
    },
  });
}, 60_000);

afterAll(async () => {
  await recorder?.[Symbol.asyncDispose]();
  await simulator?.stop();
});

/** Places calls at once and waits until everything about them is over. */
async function run(...scripts: Partial<CallScript>[]): Promise<SimulatedCall[]> {
  const voiceUrl = recorder.voiceUrl(simulator.hostApplication(APPLICATION));
  const calls = scripts.map((script) =>
    simulator.placeCall({ from: FROM, to: TO, voiceUrl, talkMs: 3_000, ...script }),
  );
  await simulator.idle();
  await recorder.host.idle();
  return calls;
}

const rowsOf = async (call: SimulatedCall) =>
  (await recorder.rows()).filter(({ CallSid }) => CallSid === call.sid);
const callRow = async (call: SimulatedCall) => (await rowsOf(call)).find(({ Item }) => Item === 'CALL');

describe('calls', () => {
  test('of every kind end with a row that says what happened', async () => {
    const calls = await run(
      {},
      { voiceUrl: recorder.voiceUrl() },
      { duplicateWebhook: true },
      { direction: 'outbound-api', dialled: { ringMs: 500, outcome: 'answers' } },
      { hangUpAfterMs: 300 },
      { talkMs: 2_500 },
      { silent: true },
      { restRefusal: 'trial' },
      { restRefusal: 'credentials' },
    );
    const verdict = judge(calls, await recorder.rows());
    expect(verdict.findings).toEqual([]);
    expect(verdict).toMatchObject({
      calls: 9,
      answered: 8,
      recorded: 6,
      unrecorded: 2,
      doubled: 0,
      callerFailures: 0,
    });
  });

  test('that were recorded have their recording and the trail of what was seen', async () => {
    const [call] = await run({});
    const rows = call ? await rowsOf(call) : [];
    const recordingSid = call?.recordings[0]?.sid;
    expect(rows.find(({ Item }) => Item === 'CALL')).toMatchObject({
      From: FROM,
      To: TO,
      Direction: 'inbound',
      RecordingSid: recordingSid,
      RecordingStatus: 'completed',
      RecordingSource: 'StartCallRecordingAPI',
      RecordingChannels: 2,
    });
    expect(rows.map(({ Item }) => Item.replace(/^EVENT#.*/, 'EVENT'))).toEqual([
      'CALL',
      'EVENT',
      'EVENT',
      'EVENT',
      `RECORDING#${recordingSid}`,
    ]);
  });

  test.each([
    ['a trial account', { restRefusal: 'trial' } as const, 'trial-account'],
    ['bad credentials', { restRefusal: 'credentials' } as const, 'credentials-refused'],
    ['a caller who hung up before the answer', { hangUpAfterMs: 300 }, 'never-answered'],
  ])('that could not be recorded say why: %s', async (_, script, reason) => {
    const [call] = await run(script);
    expect(call && (await callRow(call))).toMatchObject({ RecordingStatus: 'unrecorded', Reason: reason });
    const execution = recorder.host.executions.get(call?.sid ?? '');
    expect(execution?.status).toBe(reason === 'never-answered' ? 'SUCCEEDED' : 'FAILED');
  });

  test('with a corrupt {next} are served and recorded all the same', async () => {
    const [call] = await run({ voiceUrl: `${recorder.voiceUrl()}/corrupt%20next` });
    expect(call?.errorsHeard).toEqual([]);
    expect(call && (await callRow(call))).toMatchObject({ RecordingStatus: 'completed' });
  });

  test('leave no token, signature or phone number in the logs', () => {
    const log = logLines.join('\n');
    expect(log).toContain('Execution started');
    for (const secret of [
      FROM.slice(1),
      TO.slice(1),
      credentials.authToken,
      credentials.apiKeySecret,
      'Basic ',
      'ignature":"',
    ]) {
      expect(log).not.toContain(secret);
    }
  });
});

describe('a request that is not Twilio’s', () => {
  const parameters = {
    CallSid: `CA${'f'.repeat(32)}`,
    AccountSid: credentials.accountSid,
    From: FROM,
    To: TO,
  };
  const form = 'application/x-www-form-urlencoded';
  const sign = (path: string, sent: Record<string, string>, authToken = credentials.authToken): string =>
    twilioWebhooks.getExpectedTwilioSignature(authToken, `${recorder.host.url}${path}`, sent);

  async function post(
    path: string,
    body: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string>,
  ): Promise<number> {
    const response = await fetch(`${recorder.host.url}${path}`, { method: 'POST', body, headers });
    return response.status;
  }

  const urlEncoded = (sent: Record<string, string>): string => new URLSearchParams(sent).toString();

  test.each<[string, number, (path: string) => Promise<number>]>([
    ['no signature', 403, (path) => post(path, urlEncoded(parameters), { 'content-type': form })],
    [
      'the signature of another token',
      403,
      (path) =>
        post(path, urlEncoded(parameters), {
          'content-type': form,
          'x-twilio-signature': sign(path, parameters, 'another-token-0123'),
        }),
    ],
    [
      'a repeated signature',
      403,
      (path) =>
        post(path, urlEncoded(parameters), {
          'content-type': form,
          'x-twilio-signature': `${sign(path, parameters)}, ${sign(path, parameters)}`,
        }),
    ],
    [
      'another account',
      403,
      (path) => {
        const sent = {
          ...parameters,
          AccountSid: `AC${'0'.repeat(32)}`,
          RecordingSid: `RE${'0'.repeat(32)}`,
          RecordingStatus: 'completed',
        };
        return post(path, urlEncoded(sent), { 'content-type': form, 'x-twilio-signature': sign(path, sent) });
      },
    ],
    [
      'a CallSid that is none',
      400,
      (path) => {
        const sent = {
          ...parameters,
          CallSid: 'CA1',
          RecordingSid: `RE${'0'.repeat(32)}`,
          RecordingStatus: 'completed',
        };
        return post(path, urlEncoded(sent), { 'content-type': form, 'x-twilio-signature': sign(path, sent) });
      },
    ],
    [
      'another content type',
      415,
      (path) => post(path, JSON.stringify(parameters), { 'content-type': 'application/json' }),
    ],
    [
      'broken UTF-8',
      400,
      (path) => post(path, Uint8Array.from([0x61, 0x3d, 0xff]), { 'content-type': form }),
    ],
    ['a body over 64 KB', 413, (path) => post(path, `a=${'x'.repeat(64 * 1024)}`, { 'content-type': form })],
    [
      '10,000 parameters',
      400,
      (path) => post(path, Array.from({ length: 10_000 }, () => 'p=').join('&'), { 'content-type': form }),
    ],
  ])('is refused: %s', async (_, status, send) => {
    const before = await recorder.rows();
    for (const path of ['/voice', '/recording-status']) {
      expect([path, await send(path)]).toEqual([path, status]);
    }
    await recorder.host.idle();
    expect(await recorder.rows()).toEqual(before);
    expect(recorder.host.executions.has(parameters.CallSid)).toBe(false);
  });

  test('is refused: another method', async () => {
    expect((await fetch(`${recorder.host.url}/voice`)).status).toBe(404);
  });
});
