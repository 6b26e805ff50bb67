import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { KEEP_ASSEMBLIES_IN, PROJECT } from '../../local/synthesize.ts';

interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const start = (...args: string[]): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(process.execPath, ['local/main.ts', ...args], { cwd: PROJECT }, (error, stdout, stderr) => {
      resolve({ exitCode: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });

const NOTHING_WRONG = {
  callerFailures: 0,
  rowsLost: 0,
  rowsWrong: 0,
  unrecordedUnflagged: 0,
  recordedBeforeYesSeconds: 0,
  keptAfterNo: 0,
  foreignTouched: 0,
  misled: 0,
  spoiled: 0,
};

describe('npm start', () => {
  test('tells the story of one call and shows its rows', async () => {
    const { exitCode, stdout } = await start();
    // That the first ones are refused depends on how busy the machine is.
    expect(stdout).toContain('create the recording -> 201');
    expect(stdout).toMatch(/recording RE\w{32} begins/);
    expect(stdout).toContain('completed: POST /recording-status 204');
    expect(stdout).toMatch(/│ CALL /);
    expect(stdout).not.toContain('SWEEP');
    expect(exitCode).toBe(0);
  }, 60_000);

  test('places seeded calls and ends with one JSON object', async () => {
    const { exitCode, stdout, stderr } = await start('--calls', '5', '--seed', '3', '--json');
    expect(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')).toEqual({
      seed: 3,
      calls: 5,
      answered: expect.any(Number),
      recorded: expect.any(Number),
      ...NOTHING_WRONG,
      doubled: 0,
      overlapMaxSeconds: 0,
      unrecorded: expect.any(Number),
      unexplained: 0,
      turnedAway: 0,
      passedUnrecorded: 0,
      saidNo: 0,
      unheeded: 0,
      recordedShare: 1,
      recordedTimeShare: expect.any(Number),
      lostAudioMs: { p50: expect.any(Number), p95: expect.any(Number), p99: expect.any(Number) },
      createsPerRecording: expect.any(Number),
    });
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(
      Math.max(
        ...stdout
          .split('\n')
          .filter((line) => line.startsWith('│'))
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(140);
  }, 180_000);

  test('places calls while something goes wrong, and says what was to', async () => {
    const faults = ['callbackTwice=1', 'voiceWebhookTwice=1'].flatMap((one) => ['--fault', one]);
    const { exitCode, stdout } = await start('--calls', '4', ...faults, '--json');
    expect(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
      calls: 4,
      faults: { callbackTwice: 1, voiceWebhookTwice: 1, callbackLost: 0, tokenRotation: false },
      ...NOTHING_WRONG,
    });
    expect(exitCode).toBe(0);
  }, 240_000);

  test('leaves nothing behind when it is interrupted in the middle of many calls', async () => {
    const parent = mkdtempSync(join(tmpdir(), 'interrupted-'));
    const folders = (): string[] => readdirSync(parent).filter((name) => name.startsWith('call-recorder-'));
    const run = spawn(process.execPath, ['local/main.ts', '--calls', '50', '--faults', 'light'], {
      cwd: PROJECT,
      // Nothing that others have synthesized.
      env: { ...process.env, TMPDIR: parent, [KEEP_ASSEMBLIES_IN]: '' },
      // A terminal tells the whole group.
      detached: true,
    });
    const exited = once(run, 'exit');
    // Of each recorder the assembly and the functions' code.
    while (folders().length < 4) await sleep(50);
    process.kill(-(run.pid ?? 0), 'SIGINT');
    expect(await exited).toEqual([130, null]);
    expect(folders()).toEqual([]);
    rmSync(parent, { recursive: true });
  }, 60_000);

  test.each([
    [['--calls', 'many'], "--calls is 'many'; it takes a whole number from 1 up."],
    [['--calls', '0'], "--calls is '0'"],
    [['--seed=-1'], "--seed is '-1'"],
    [['--serve', '--twilio-api', 'twilio'], "--twilio-api is 'twilio'"],
    [['--colour'], '--colour'],
    [['--faults', 'light'], '--faults goes with --calls.'],
    [['--calls', '2', '--faults', 'some'], "--faults is 'some'"],
    [['--calls', '2', '--fault', 'crash=2'], 'crash takes a share from 0 to 1.'],
    [['--serve', '--fault', 'crash=0.1'], '--fault goes with --calls.'],
    [['--calls', '2', '--fault', 'bug=1'], "there is no fault 'bug'"],
    [['--json'], '--json goes with --calls.'],
    [['--twilio-api', 'https://api.twilio.com'], '--twilio-api goes with --serve.'],
    [['--serve', '--calls', '2'], '--serve and --calls exclude each other.'],
    [['--serve', '--port', '70000'], 'from 0 to 65535'],
  ])(
    'says what is wrong with %j and exits with 2',
    async (args, message) => {
      const { exitCode, stderr } = await start(...args);
      expect(stderr).toContain(message);
      expect(stderr).toContain('npm start -- --calls N');
      expect(exitCode).toBe(2);
    },
    60_000,
  );

  test('helps', async () => {
    const { exitCode, stdout } = await start('--help');
    expect(stdout).toContain('npm start -- --serve');
    expect(stdout).toContain('--faults PROFILE');
    expect(exitCode).toBe(0);
  }, 60_000);

  test('serves until it is interrupted, and takes calls that are made through the API', async () => {
    const served = spawn(process.execPath, ['local/main.ts', '--serve', '--port', '0'], { cwd: PROJECT });
    const lines: string[] = [];
    const printed = async (pattern: RegExp): Promise<void> => {
      for await (const line of createInterface({ input: served.stdout })) {
        lines.push(line);
        if (pattern.test(line)) {
          return;
        }
      }
    };
    await printed(/Ctrl-C ends it/);
    served.stdin.write('1\n');
    await printed(/No call is on/);
    const find = (pattern: RegExp): string =>
      lines.map((line) => pattern.exec(line)?.[1]).find(Boolean) ?? '';
    const page = find(/^Page\s+(\S+)/);
    expect(await (await fetch(page)).text()).toContain('<h1>Call recorder</h1>');
    expect((await fetch(`${page}page/script.js`)).status).toBe(200);
    const accountSid = find(/TWILIO_ACCOUNT_SID=(\S+)/);
    const authorization = btoa(`${find(/TWILIO_API_KEY=(\S+)/)}:${find(/TWILIO_API_SECRET=(\S+)/)}`);
    const answer = await fetch(
      `${find(/^Twilio API\s+(\S+)/)}/2010-04-01/Accounts/${accountSid}/Calls.json`,
      {
        method: 'POST',
        headers: { authorization: `Basic ${authorization}` },
        body: new URLSearchParams({
          From: '+15550100100',
          To: '+15550200123',
          Url: find(/^Voice URL\s+(\S+)/),
        }),
      },
    );
    expect(answer.status).toBe(201);
    await printed(/recording RE\w{32} begins/);
    served.kill('SIGINT');
    const [exitCode] = await once(served, 'exit');
    expect(exitCode).toBe(0);
  }, 60_000);
});
