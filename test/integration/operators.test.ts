import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { bySignature } from '../../cli/authorization.ts';
import { Failure } from '../../cli/failure.ts';
import { RecorderApi } from '../../cli/recorder-api.ts';
import type { CommandRepresentation } from '../../lambda/recording-control/representations.ts';
import { credentialsFromSeed } from '../../local/credentials.ts';
import type { AccessKey } from '../../local/operators.ts';
import { type LocalRecorder, startLocalRecorder } from '../../local/recorder.ts';
import { type SimulatedCall, TwilioSimulator } from '../../local/twilio-simulator/simulator.ts';

/*
 * Operators at work on the synthesized app: its routes with signatures really checked, asked by what the operator's
 * command asks with.
 */

const credentials = credentialsFromSeed(9);
const APPLICATION = '<Response><Say>Welcome.</Say><Pause length="600"/></Response>';
/** Shorter recordings are absent. */
const LONG_ENOUGH_MS = 2_500;
const UNKNOWN_CALL = `CA${'0'.repeat(32)}`;

let simulator: TwilioSimulator;
let recorder: LocalRecorder;
let controller: RecorderApi;

beforeAll(async () => {
  simulator = await TwilioSimulator.start({ seed: 9, credentials, network: { answerMs: 300 } });
  recorder = await startLocalRecorder({
    twilioApiBaseUrl: simulator.url,
    credentials,
    notice: true,
    provisionedConcurrency: 2,
  });
  controller = new RecorderApi(recorder.host.url, signedWith(operators().controller));
}, 60_000);

afterAll(async () => {
  await recorder?.[Symbol.asyncDispose]();
  await simulator?.stop();
});

function operators(): NonNullable<LocalRecorder['operators']> {
  if (!recorder.operators) throw new Error('The template has no policies for operators');
  return recorder.operators;
}

const signedWith = (key: AccessKey) =>
  bySignature({ credentials: async () => key, region: async () => 'us-east-1' });

const place = (voiceUrl: string): SimulatedCall =>
  simulator.placeCall({ from: '+15550200123', to: '+15550100100', voiceUrl, talkMs: 300_000 });

/** A call whose recording runs, and is stored. */
async function recordedCall(): Promise<SimulatedCall> {
  const call = place(recorder.voiceUrl(simulator.hostApplication(APPLICATION)));
  const isStored = async () =>
    (await recorder.rows()).some(
      ({ CallSid, Item, RecordingSid }) => CallSid === call.sid && Item === 'CALL' && RecordingSid,
    );
  while (!(await isStored())) await sleep(50);
  return call;
}

/** As whoever holds the account's key. */
async function hangUp({ sid }: SimulatedCall): Promise<void> {
  const { accountSid, apiKeySid, apiKeySecret } = credentials;
  await fetch(`${simulator.url}/2010-04-01/Accounts/${accountSid}/Calls/${sid}.json`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${apiKeySid}:${apiKeySecret}`)}` },
    body: new URLSearchParams({ Status: 'completed' }),
  });
}

async function over(): Promise<void> {
  await simulator.idle();
  await recorder.host.idle();
}

const command = async (callSid: string, body: CommandRepresentation) =>
  (await controller.command(callSid, body)).value;

/** The problem that a request comes to. */
async function problemOf(request: Promise<unknown>): Promise<unknown> {
  try {
    return { unexpected: await request };
  } catch (error) {
    if (error instanceof Failure) return error.document;
    throw error;
  }
}

describe('a recording', () => {
  afterEach(async () => {
    for (const call of simulator.calls.values()) await hangUp(call);
    await over();
  });

  test('is paused, resumed and stopped, each time as Twilio has it, and its story is told', async () => {
    const call = await recordedCall();
    const callSid = call.sid;
    const recordingSid = call.recordings[0]?.sid;
    await sleep(LONG_ENOUGH_MS);
    const steps = [
      ['pause', 'in-progress', 'paused'],
      ['pause', 'paused', 'paused'],
      ['resume', 'paused', 'in-progress'],
      ['stop', 'in-progress', 'stopped'],
    ] as const;
    for (const [action, before, after] of steps) {
      const done = await command(callSid, { action, reason: 'card number' });
      expect(done).toEqual({ callSid, recordingSid, action, before, after });
      // What was stopped is complete soon.
      if (after !== 'stopped') expect(call.recordings[0]?.status).toBe(after);
    }
    const again = await command(callSid, { action: 'start' });
    expect(again).toEqual({
      callSid,
      recordingSid: call.recordings[1]?.sid,
      action: 'start',
      after: 'in-progress',
    });
    await command(callSid, { action: 'pause', pauseBehavior: 'skip' });
    const { value: story } = await controller.call(callSid);
    expect(story.call).toMatchObject({ callSid, recordingStatus: 'paused', recordingCount: 2 });
    const commands = story.events.filter(({ type }) => type === 'command');
    expect(commands.filter(({ after }) => after !== undefined).map(({ action }) => action)).toEqual([
      'pause',
      'pause',
      'resume',
      'stop',
      'start',
      'pause',
    ]);
    expect(commands[1]).toMatchObject({
      by: expect.stringMatching(/^arn:aws:iam::\d{12}:user\/controller$/),
      reason: 'card number',
      before: 'in-progress',
      after: 'paused',
      httpStatus: 200,
    });
    expect(story.executions?.[0]).toMatchObject({ name: callSid, status: 'RUNNING' });
    expect(story.executions?.[0]?.history).toContainEqual(
      expect.objectContaining({ type: 'TaskStateEntered', state: 'StartRecording' }),
    );
    expect(story.twilio).toMatchObject({ callStatus: 'in-progress' });
    await hangUp(call);
    await over();
    const { value: list } = await controller.calls({ status: 'completed' });
    expect(list.calls).toContainEqual(
      expect.objectContaining({ callSid, recordingStatus: 'completed', recordingCount: 2, final: true }),
    );
  }, 120_000);

  test('cannot be commanded when there is none any more, and says so', async () => {
    const call = await recordedCall();
    const { sid } = call;
    await sleep(LONG_ENOUGH_MS);
    await hangUp(call);
    await over();
    expect(await problemOf(command(sid, { action: 'pause' }))).toMatchObject({
      type: 'urn:call-recorder:problem:not-possible',
      status: 409,
      recordingStatus: 'completed',
    });
    expect(await problemOf(command(sid, { action: 'start' }))).toMatchObject({ status: 409 });
    for (const action of ['start', 'pause', 'resume', 'stop'] as const) {
      expect(await problemOf(command(UNKNOWN_CALL, { action }))).toMatchObject({ status: 404 });
    }
    expect(await problemOf(controller.call(UNKNOWN_CALL))).toMatchObject({ status: 404 });
  }, 120_000);

  test('is started on a call that never reached the recorder, and followed to its end', async () => {
    const call = place(simulator.hostApplication(APPLICATION));
    let started = await problemOf(command(call.sid, { action: 'start' }));
    while (started && !Object.hasOwn(started, 'unexpected')) {
      started = await problemOf(command(call.sid, { action: 'start' }));
    }
    expect(call.recordings).toHaveLength(1);
    await sleep(LONG_ENOUGH_MS);
    await hangUp(call);
    await over();
    const { value: story } = await controller.call(call.sid);
    expect(story.call).toMatchObject({ origin: 'control', recordingStatus: 'completed', final: true });
    expect(story.executions).toMatchObject([{ name: call.sid, status: 'SUCCEEDED' }]);
  }, 120_000);
});

describe('who may', () => {
  type Who = 'nobody' | 'wrong' | 'unknown' | 'expired' | 'reader' | 'controller';
  const FORBIDDEN = 403;
  const matrix = (
    [
      ['GET', '/calls', 200],
      ['GET', `/calls/${UNKNOWN_CALL}`, 404],
      ['POST', `/calls/${UNKNOWN_CALL}/recording`, 404],
    ] as const
  ).flatMap(([method, path, allowed]) => {
    const answers: Record<Who, number> = {
      nobody: FORBIDDEN,
      wrong: FORBIDDEN,
      unknown: FORBIDDEN,
      expired: FORBIDDEN,
      reader: method === 'GET' ? allowed : FORBIDDEN,
      controller: allowed,
    };
    return Object.entries(answers).map(([who, status]) => [method, path, who as Who, status] as const);
  });

  test.each(matrix)('%s %s as %s is answered with %d', async (method, path, who, status) => {
    const url = `${recorder.host.url}${path}`;
    const body = '{"action":"pause"}';
    const request = {
      method,
      url,
      headers: { 'content-type': 'application/json' },
      ...(method === 'POST' && { body }),
    };
    const response = await fetch(url, { ...request, headers: await headersOf(who, request) });
    expect([response.status, await response.json()]).toEqual([
      status,
      status === FORBIDDEN ? { message: 'Forbidden' } : expect.any(Object),
    ]);
  });

  type Request = Parameters<ReturnType<typeof bySignature>>[0];

  async function headersOf(who: Who, request: Request): Promise<Record<string, string>> {
    if (who === 'nobody') return { ...request.headers };
    const { reader, controller: key } = operators();
    const keys: Record<typeof who, AccessKey> = {
      wrong: { ...key, secretAccessKey: reader.secretAccessKey },
      unknown: { ...key, accessKeyId: 'AKIAUNKNOWNUNKNOWN00' },
      expired: key,
      reader,
      controller: key,
    };
    const { headers } = await bySignature({
      credentials: async () => keys[who],
      region: async () => 'us-east-1',
    })(request);
    return { ...headers, ...(who === 'expired' && { 'x-amz-date': '20260101T000000Z' }) };
  }
});
