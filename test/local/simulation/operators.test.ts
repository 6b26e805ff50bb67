import { describe, expect, test } from '@jest/globals';
import type { Row } from '../../../local/recorder.ts';
import {
  type GivenCommand,
  Operators,
  obedience,
  planCommands,
} from '../../../local/simulation/operators.ts';
import { VirtualTime } from '../../../local/simulation/virtual-time.ts';
import type {
  SimulatedCall,
  SimulatedRecording,
  SimulatorEvent,
} from '../../../local/twilio-simulator/simulator.ts';

const CALL_SID = 'CA1';
const MINUTE = 60_000;
const HANGS_UP = 60 * MINUTE;

const recording = (changes: Partial<SimulatedRecording> = {}) =>
  ({
    sid: 'RE1',
    foreign: false,
    startedAt: 0,
    endedAt: HANGS_UP,
    endedBy: 'call',
    ...changes,
  }) as SimulatedRecording;

const callWith = (...recordings: SimulatedRecording[]) =>
  ({ sid: CALL_SID, endedAt: HANGS_UP, recordings }) as unknown as SimulatedCall;

const command = (
  action: GivenCommand['action'],
  sentAt: number,
  answeredAt = sentAt + 100,
  isDone = true,
): GivenCommand => ({ action, sentAt, answeredAt, isDone });

const became = (
  type: 'recording-paused' | 'recording-resumed',
  at: number,
  recordingSid = 'RE1',
): SimulatorEvent => ({ type, at, callSid: CALL_SID, recordingSid });

const findings = (
  commands: readonly GivenCommand[],
  events: readonly SimulatorEvent[],
  recordings: readonly SimulatedRecording[] = [recording()],
  rows: readonly Row[] = [],
) => obedience(callWith(...recordings), commands, events, rows).findings;

describe('a stop that was done', () => {
  test.each([
    ['the recording has ended', [recording({ endedAt: 1_050, endedBy: 'api' })]],
    ['a late one runs for as long as it may', [recording({ startedAt: 5_000, endedAt: 15_000 })]],
    ['what runs is somebody else’s', [recording({ foreign: true })]],
  ])('is obeyed when %s', (_, recordings) => {
    expect(findings([command('stop', 1_000)], [], recordings)).toEqual([]);
  });

  test.each([
    ['the recording goes on', recording()],
    ['it is only paused', recording()],
    ['a late one runs for longer', recording({ startedAt: 5_000, endedAt: 15_001 })],
  ])('is not when %s', (_, one) => {
    const paused = [became('recording-paused', 1_050)];
    expect(findings([command('stop', 1_000)], paused, [one])).toHaveLength(1);
  });

  test('counts until a start was sent', () => {
    const again = [
      recording({ endedAt: 1_050, endedBy: 'api' }),
      recording({ sid: 'RE2', startedAt: 9_000 }),
    ];
    expect(findings([command('stop', 1_000), command('start', 8_900)], [], again)).toEqual([]);
    expect(findings([command('stop', 1_000), command('resume', 8_900)], [], again)).toHaveLength(1);
  });

  test('says nothing against a start that was under way with it', () => {
    expect(findings([command('start', 900, 1_500), command('stop', 1_000)], [])).toEqual([]);
    expect(findings([command('start', 900, 1_000), command('stop', 1_000)], [])).toHaveLength(1);
  });
});

describe('a pause that was done', () => {
  const paused = became('recording-paused', 1_050);
  const resumed = (at: number) => became('recording-resumed', at);

  test('is obeyed when nothing is recorded until a resume was sent', () => {
    const commands = [command('pause', 1_000), command('resume', 30_000)];
    expect(findings(commands, [paused, resumed(30_050)])).toEqual([]);
    expect(obedience(callWith(recording()), commands, [paused, resumed(25_000)], [])).toEqual({
      againstSeconds: 5,
      findings: [],
    });
    expect(findings(commands, [paused, resumed(19_999)])).toHaveLength(1);
  });

  test('is not when the other recording goes on', () => {
    const both = [recording(), recording({ sid: 'RE2' })];
    expect(findings([command('pause', 1_000), command('resume', 30_000)], [paused], both)).toHaveLength(1);
  });

  test('ends by itself after ten minutes, and no later than five more', () => {
    expect(findings([command('pause', 1_000)], [paused, resumed(1_050 + 10 * MINUTE)])).toEqual([]);
    expect(findings([command('pause', 1_000)], [paused, resumed(1_100 + 15 * MINUTE)])).toEqual([]);
    expect(findings([command('pause', 1_000)], [paused, resumed(1_101 + 15 * MINUTE)])).toEqual([
      'is still paused 15 minutes after an operator paused it',
    ]);
  });

  test('that was not done is none', () => {
    expect(findings([command('pause', 1_000, 1_100, false)], [])).toEqual([]);
  });
});

describe('a start that was done', () => {
  test('means that a recording runs when it is answered', () => {
    const at = (startedAt: number) => findings([command('start', 1_000)], [], [recording({ startedAt })]);
    expect(at(1_100)).toEqual([]);
    expect(at(1_101)).toEqual(['is not recorded, though an operator’s start was done']);
  });
});

describe('a row that says how a recording is', () => {
  const row = (CommandedStatus: string, CommandConfirmed = true) =>
    [{ CallSid: CALL_SID, Item: 'RECORDING#RE1', CommandedStatus, CommandConfirmed }] as unknown as Row[];
  const paused = [became('recording-paused', 1_050)];

  test('is right when Twilio says the same in the end', () => {
    expect(findings([], paused, [recording()], row('paused'))).toEqual([]);
    expect(findings([], [], [recording()], row('in-progress'))).toEqual([]);
    expect(findings([], [], [recording()], row('paused', false))).toEqual([]);
  });

  test('is wrong when it does not', () => {
    expect(findings([], [], [recording()], row('paused'))).toHaveLength(1);
    expect(findings([], paused, [recording()], row('in-progress'))).toEqual([
      'RE1 was paused in the end, its row says that it was told in-progress',
    ]);
  });
});

describe('operators', () => {
  test('command three calls in ten, the same ones each time', () => {
    const planned = Array.from({ length: 1_000 }, (_, index) => planCommands(1, index));
    const commanded = planned.filter((commands) => commands.length > 0);
    expect(commanded.length).toBeGreaterThan(250);
    expect(commanded.length).toBeLessThan(350);
    expect(planned).toEqual(Array.from({ length: 1_000 }, (_, index) => planCommands(1, index)));
    expect(new Set(commanded.flat().map(({ action }) => action))).toEqual(
      new Set(['pause', 'resume', 'stop', 'start']),
    );
  });

  test('give a command again until the answer is one that stays', async () => {
    using time = VirtualTime.install({ startAt: 0, seed: 1 });
    const answers = [
      { httpStatus: 500, body: undefined },
      { httpStatus: 409, body: { type: 'urn:call-recorder:problem:under-way' } },
      { httpStatus: 504, body: {} },
      { httpStatus: 200, body: {} },
      { httpStatus: 500, body: undefined },
    ];
    const operators = new Operators(1);
    const cloud = { command: async () => answers.shift() ?? { httpStatus: 500, body: undefined } };
    operators.attend(cloud, { ...callWith(), endedAt: undefined }, [{ action: 'pause', afterMs: 10 }]);
    await time.run(
      () => answers.length === 1,
      () => 'an answer',
    );
    expect(operators.of(CALL_SID).map(({ isDone }) => isDone)).toEqual([false, false, false, true]);
    expect(operators.of(CALL_SID)[0]?.sentAt).toBe(10);
  });
});
