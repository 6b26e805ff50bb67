import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { bySignature } from '../../cli/authorization.ts';
import type {
  CallDetailsRepresentation,
  CallsRepresentation,
  CommandedRepresentation,
  ProblemRepresentation,
} from '../../lambda/recording-control/representations.ts';
import { credentialsFromSeed } from '../../local/credentials.ts';
import type { AccessKey } from '../../local/operators.ts';
import { type LocalRecorder, startLocalRecorder } from '../../local/recorder.ts';
import { PROJECT } from '../../local/synthesize.ts';
import { type SimulatedCall, TwilioSimulator } from '../../local/twilio-simulator/simulator.ts';

/*
 * Operators at work: the routes of the synthesized app with SigV4 really checked, and the command that people use.
 */

const credentials = credentialsFromSeed(9);
const APPLICATION = '<Response><Say>Welcome.</Say><Pause length="60"/></Response>';
const UNKNOWN_CALL = `CA${'0'.repeat(32)}`;

let simulator: TwilioSimulator;
let recorder: LocalRecorder;

beforeAll(async () => {
  simulator = await TwilioSimulator.start({ seed: 9, credentials, network: { answerMs: 300 } });
  recorder = await startLocalRecorder({
    twilioApiBaseUrl: simulator.url,
    credentials,
    notice: true,
    provisionedConcurrency: 2,
  });
}, 60_000);

afterAll(async () => {
  await recorder?.[Symbol.asyncDispose]();
  await simulator?.stop();
});

interface Answer<T> {
  readonly exitCode: number;
  readonly body: T;
  readonly stderr: string;
}

type Told = CommandedRepresentation & ProblemRepresentation;

/** Runs `recorder ... --json` as an operator. */
function recorderCommand<T>(key: AccessKey | undefined, ...args: string[]): Promise<Answer<T>> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['bin/recorder.ts', ...args, '--json', '--url', recorder.host.url],
      {
        cwd: PROJECT,
        env: {
          PATH: process.env.PATH,
          AWS_EC2_METADATA_DISABLED: 'true',
          AWS_CONFIG_FILE: '/dev/null',
          AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
          ...(key && { AWS_ACCESS_KEY_ID: key.accessKeyId, AWS_SECRET_ACCESS_KEY: key.secretAccessKey }),
        },
      },
      (error, stdout, stderr) => {
        const exitCode = typeof error?.code === 'number' ? error.code : 0;
        resolve({ exitCode, body: JSON.parse(stdout), stderr });
      },
    );
  });
}

const asController = <T = Told>(...args: string[]) =>
  recorderCommand<T>(recorder.operators?.controller, ...args);

/** A call whose recording runs. */
async function recordedCall(talkMs: number): Promise<SimulatedCall> {
  const call = simulator.placeCall({
    from: '+15550200123',
    to: '+15550100100',
    voiceUrl: recorder.voiceUrl(simulator.hostApplication(APPLICATION)),
    talkMs,
  });
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

describe('a recording', () => {
  test('is paused, resumed and stopped, each time as Twilio has it, and its story is told', async () => {
    const call = await recordedCall(30_000);
    const sid = call.recordings[0]?.sid;
    const steps = [
      ['pause', 'in-progress', 'paused'],
      ['pause', 'paused', 'paused'],
      ['resume', 'paused', 'in-progress'],
      ['stop', 'in-progress', 'stopped'],
    ] as const;
    for (const [action, before, after] of steps) {
      const { exitCode, body } = await asController(action, call.sid, '--reason', 'card number');
      expect([exitCode, body]).toEqual([0, { callSid: call.sid, recordingSid: sid, action, before, after }]);
      if (after !== 'stopped') {
        expect(call.recordings[0]?.status).toBe(after);
      }
    }
    const again = await asController('start', call.sid);
    expect(again.body).toMatchObject({ action: 'start', after: 'in-progress' });
    expect(again.body.recordingSid).not.toBe(sid);
    const paused = await asController('pause', call.sid, '--behavior', 'skip');
    expect(paused.body).toMatchObject({ recordingSid: again.body.recordingSid, after: 'paused' });
    const { body } = await asController<CallDetailsRepresentation>('timeline', call.sid);
    expect(body.call).toMatchObject({ callSid: call.sid, recordingStatus: 'paused', recordingCount: 2 });
    expect(body.events.filter(({ type }) => type === 'command').length).toBeGreaterThanOrEqual(11);
    expect(body.events).toContainEqual(
      expect.objectContaining({
        type: 'command',
        action: 'pause',
        by: expect.stringMatching(/:user\/controller$/),
        reason: 'card number',
        before: 'in-progress',
        after: 'paused',
        httpStatus: 200,
      }),
    );
    expect(body.executions?.[0]).toMatchObject({ name: call.sid });
    expect(body.executions?.[0]?.history).toContainEqual(
      expect.objectContaining({ type: 'TaskStateEntered', state: 'StartRecording' }),
    );
    expect(body.twilio).toMatchObject({ callStatus: 'in-progress' });
    await hangUp(call);
    await over();
    const listed = await asController<CallsRepresentation>('calls', '--status', 'completed');
    expect(listed.body.calls).toContainEqual(
      expect.objectContaining({
        callSid: call.sid,
        recordingStatus: 'completed',
        recordingCount: 2,
        final: true,
      }),
    );
  }, 120_000);

  test('cannot be commanded when there is none any more, and says so', async () => {
    const call = await recordedCall(2_500);
    await over();
    const { exitCode, body } = await asController('pause', call.sid);
    expect([exitCode, body]).toMatchObject([4, { status: 409, recordingStatus: 'completed' }]);
    expect((await asController('start', call.sid)).body).toMatchObject({ status: 409 });
    expect((await asController('pause', UNKNOWN_CALL)).body).toMatchObject({ status: 404 });
    expect((await asController('start', UNKNOWN_CALL)).body).toMatchObject({ status: 404 });
    expect((await asController('timeline', UNKNOWN_CALL)).body).toMatchObject({ status: 404 });
  }, 120_000);

  test('is started on a call that never reached the recorder', async () => {
    const call = simulator.placeCall({
      from: '+15550200123',
      to: '+15550100100',
      voiceUrl: simulator.hostApplication(APPLICATION),
      talkMs: 20_000,
    });
    let started = await asController('start', call.sid);
    while (started.exitCode !== 0) started = await asController('start', call.sid);
    expect(started.body).toMatchObject({ recordingSid: call.recordings[0]?.sid, after: 'in-progress' });
    // Shorter ones are absent.
    await sleep(2_500);
    await hangUp(call);
    await over();
    const { body } = await asController<CallDetailsRepresentation>('timeline', call.sid);
    expect(body.call).toMatchObject({ origin: 'control', recordingStatus: 'completed', final: true });
    expect(body.executions).toMatchObject([{ name: call.sid, status: 'SUCCEEDED' }]);
  }, 120_000);
});

describe('who may', () => {
  const LIST = ['GET', '/calls'] as const;
  const SHOW = ['GET', `/calls/${UNKNOWN_CALL}`] as const;
  const COMMAND = ['POST', `/calls/${UNKNOWN_CALL}/recording`] as const;
  const routes = [LIST, SHOW, COMMAND];
  type Who = 'nobody' | 'wrong' | 'unknown' | 'expired' | 'reader' | 'controller';
  const FORBIDDEN = 403;
  const matrix = routes.flatMap(([method, path]) => {
    const allowed = path === '/calls' ? 200 : 404;
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
    const body = method === 'POST' ? '{"action":"pause"}' : undefined;
    const headers = { ...(body && { 'content-type': 'application/json' }) };
    const response = await fetch(url, {
      method,
      headers: await headersOf(who, { method, url, headers, ...(body && { body }) }),
      ...(body && { body }),
    });
    expect([response.status, await response.json()]).toEqual([
      status,
      status === FORBIDDEN ? { message: 'Forbidden' } : expect.any(Object),
    ]);
  });

  type Request = Parameters<ReturnType<typeof bySignature>>[0];

  async function headersOf(who: Who, request: Request): Promise<Readonly<Record<string, string>>> {
    const { reader, controller } = recorder.operators ?? {};
    if (who === 'nobody' || !reader || !controller) return request.headers;
    const key = {
      wrong: { ...controller, secretAccessKey: 'a-secret-that-is-not-theirs-but-as-long' },
      unknown: { ...controller, accessKeyId: 'AKIAUNKNOWNUNKNOWN00' },
      expired: controller,
      reader,
      controller,
    }[who];
    const { headers } = await bySignature({
      credentials: async () => key,
      region: async () => 'us-east-1',
    })(request);
    return who === 'expired' ? { ...headers, 'x-amz-date': '20260101T000000Z' } : headers;
  }
});
