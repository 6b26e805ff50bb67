import { execFile } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { FAULT_NAMES, FAULT_PROFILES } from '../../../local/faults/profile.ts';
import { PROJECT } from '../../../local/synthesize.ts';

interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const run = (...args: string[]): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      ['local/simulation/main.ts', ...args],
      { cwd: PROJECT, maxBuffer: 100_000_000 },
      (error, stdout, stderr) => {
        resolve({ exitCode: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
      },
    );
  });

const lastLine = ({ stdout }: Ended): Record<string, unknown> =>
  JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');

const RIGHT = {
  callerFailures: 0,
  misled: 0,
  rowsLost: 0,
  rowsWrong: 0,
  unrecordedUnflagged: 0,
  recordedBeforeYesSeconds: 0,
  keptAfterNo: 0,
  foreignTouched: 0,
  spoiled: 0,
};

describe('npm run simulate', () => {
  test('finds nothing wrong in thousands of calls under heavy faults', async () => {
    const ended = await run('--calls', '2000', '--seeds', '3', '--json');
    expect(ended.stdout).not.toContain('findings');
    expect(lastLine(ended)).toMatchObject({ seed: 1, seeds: 3, calls: 6_000, ...RIGHT });
    expect(lastLine(ended).overlapMaxSeconds).toBeLessThanOrEqual(10);
    expect(lastLine(ended).doubled).not.toBe(0);
    expect(lastLine(ended).recordedShare).toBeGreaterThan(0.99);
    expect(lastLine(ended).faults).toEqual(FAULT_PROFILES.heavy);
    expect(Object.keys(Object(lastLine(ended).faultsInjected))).toEqual(FAULT_NAMES);
    expect([ended.exitCode, ended.stderr]).toEqual([0, '']);
  }, 420_000);

  test('records nobody before a yes, and keeps nothing after a no', async () => {
    const ended = await run(
      ...['--calls', '400', '--seeds', '1', '--seed', '2', '--json'],
      ...['--consent', 'ask', '--opt-out-key', '9'],
    );
    expect(lastLine(ended)).toMatchObject(RIGHT);
    expect(lastLine(ended).recordedShare).toBeGreaterThan(0.98);
    expect(lastLine(ended).saidNo).not.toBe(0);
    expect([ended.exitCode, ended.stderr]).toEqual([0, '']);
  }, 180_000);

  test('has recordings obey operators', async () => {
    const ended = await run('--calls', '400', '--seeds', '1', '--seed', '1', '--operators', '--json');
    const { commands, ...figures } = lastLine(ended);
    expect(figures).toMatchObject(RIGHT);
    expect(Object(commands).done).toBeGreaterThan(50);
    expect(Object(commands).againstMaxSeconds).toBeLessThanOrEqual(10);
    expect([ended.exitCode, ended.stderr]).toEqual([0, '']);
  }, 180_000);

  test('finds nothing wrong after an outage of the callbacks', async () => {
    const ended = await run(
      ...['--calls', '600', '--seeds', '1', '--faults', 'light', '--outage', 'callbacks', '--json'],
    );
    const { faultsInjected, ...figures } = lastLine(ended);
    expect(figures).toMatchObject(RIGHT);
    // An answered call's recording has two: that it runs, and how it ended.
    expect(Object(faultsInjected).callbackLost).toBeGreaterThanOrEqual(1_000);
    expect(ended.exitCode).toBe(0);
  }, 60_000);

  test('comes to the same end each time, to the byte', async () => {
    const args = ['--calls', '150', '--seeds', '2', '--seed', '7', '--json'];
    const [once, twice] = await Promise.all([run(...args), run(...args)]);
    const { wallSeconds: _, ...figures } = lastLine(once);
    expect(lastLine(twice)).toMatchObject(figures);
    expect(figures.digest).toMatch(/^[0-9a-f]{16}$/);
  }, 180_000);

  test('tells what was done for a call that went wrong, and how to see it again', async () => {
    const args = [
      '--calls',
      '300',
      '--seeds',
      '1',
      '--faults',
      'none',
      '--fault',
      'callbackLost=0.5',
      '--without',
      'reconcile',
    ];
    const { exitCode, stdout } = await run(...args);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/CA\w{32}: its recording is completed, its row says in-progress/);
    expect(stdout).toMatch(/ 0 ms {2}twilio {2}call-placed/);
    expect(stdout).toMatch(/start-recording request-\d+ {2}twilio {2}POST .* done {2}httpStatus=201/);
    expect(stdout).toContain(
      'npm run simulate -- --calls 300 --seeds 1 --seed 1 --faults none --fault callbackLost=0.5 --without reconcile',
    );
  }, 180_000);

  test.each([
    [['--calls', '0'], "--calls is '0'"],
    [['--faults', 'some'], "--faults is 'some'"],
    [
      ['--outage', 'power'],
      "--outage is 'power'; it takes callbacks, webhooks, twilio, table, stepFunctions, secret.",
    ],
    [['--without', 'luck'], "--without is 'luck'; it takes name, claim, list,"],
  ])('says what %j should be', async (args, complaint) => {
    const { exitCode, stderr } = await run(...args);
    expect(stderr).toContain(complaint);
    expect(exitCode).toBe(2);
  });
});
