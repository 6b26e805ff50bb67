import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nextStep, type RotationState, undoing, undone, WAITS } from '../../cli/rotation.ts';
import { RotationWorld, type WorldOptions } from './rotation-world.ts';

const [A, B, C] = ['the-current-token', 'the-next-token-is', 'somebody-elses-token'];
const LONG = 24 * 60 * 60_000;

const state = (changes: Partial<RotationState>): RotationState => ({
  tokens: [A],
  mark: undefined,
  ageMs: LONG,
  primary: A,
  secondary: undefined,
  ...changes,
});
const BOTH = { tokens: [A, B], mark: 'added', secondary: B } as const;
const PROMOTED = { tokens: [B, A], mark: 'promoted', primary: B } as const;

describe('the next step', () => {
  test.each<[string, Partial<RotationState>, object]>([
    ['Twilio takes no token of the secret', { primary: undefined }, { kind: 'lost' }],
    ['there is one token', {}, { kind: 'create', primary: A }],
    ['a rotation has just ended', { mark: 'finished', ageMs: 0 }, { kind: 'finished' }],
    ['one ended long ago', { mark: 'finished' }, { kind: 'create' }],
    ['the next was just added', { ...BOTH, ageMs: 1_000 }, { kind: 'wait', why: 'caches', ms: 359_000 }],
    ['each function has read it', { ...BOTH, ageMs: WAITS.caches }, { kind: 'promote', secondary: B }],
    ['a person added it', { ...BOTH, mark: undefined }, { kind: 'promote', secondary: B }],
    [
      'it was promoted',
      { ...BOTH, primary: B, secondary: undefined },
      { kind: 'store', tokens: [B, A], mark: 'promoted' },
    ],
    ['the new one was just put first', { ...PROMOTED, ageMs: 0 }, { kind: 'wait', why: 'late' }],
    [
      'Twilio still takes the old one',
      { ...PROMOTED, secondary: A, ageMs: WAITS.caches },
      { kind: 'wait', why: 'late' },
    ],
    ['nothing signed with the old one can come', PROMOTED, { kind: 'store', tokens: [B], mark: 'finished' }],
    [
      'somebody else promoted a token that the secret does not have',
      { primary: C, secondary: A },
      { kind: 'store', tokens: [C, A], mark: 'promoted' },
    ],
    ['Twilio does not take the next one yet', { ...BOTH, secondary: undefined, ageMs: 0 }, { kind: 'wait' }],
    [
      'Twilio never takes the next one',
      { ...BOTH, secondary: undefined },
      { kind: 'store', tokens: [A], mark: 'finished' },
    ],
  ])('when %s', (_, changes, step) => {
    expect(nextStep(state(changes))).toMatchObject(step);
  });

  test('is another rotation when that is wanted', () => {
    expect(nextStep(state({ mark: 'finished', ageMs: 0 }), true)).toMatchObject({ kind: 'create' });
  });
});

describe('to undo', () => {
  test('is possible until the promotion', () => {
    expect(undoing(state(BOTH))).toEqual({ kind: 'remove', primary: A });
    expect(undoing(state({ ...BOTH, primary: B }))).toEqual({ kind: 'too-late' });
    expect(undoing(state({ ...PROMOTED, primary: A }))).toEqual({ kind: 'too-late' });
    expect(undoing(state({ primary: undefined }))).toEqual({ kind: 'lost' });
  });

  test('takes out of the secret only what nobody can promote', () => {
    const alone = { kind: 'store', tokens: [A], mark: 'finished' };
    expect(undone(state(BOTH), true)).toEqual(alone);
    expect(undone(state({ ...BOTH, secondary: undefined }), false)).toEqual(alone);
    expect(undone(state(BOTH), false)).toBe('wait');
    expect(undone(state({ ...BOTH, primary: B }), true)).toBe('wait');
    expect(undone(state({}), true)).toBeUndefined();
  });
});

const MINUTE = 60_000;

/** What Twilio and the functions may do, as far as it is known. */
const worlds = (changes: Partial<WorldOptions> = {}): fc.Arbitrary<WorldOptions> =>
  fc
    .record({
      cacheMs: fc.integer({ min: 0, max: 5 * MINUTE }),
      signsLateMs: fc.integer({ min: 0, max: MINUTE }),
      showsLateMs: fc.integer({ min: 0, max: MINUTE }),
      showsPrimary: fc.boolean(),
      second: fc.constantFrom('refused', 'replaced'),
      requests: fc.array(
        fc.record({
          afterMs: fc.integer({ min: 0, max: MINUTE }),
          delayMs: fc.integer({ min: 0, max: MINUTE }),
          to: fc.nat({ max: 2 }),
        }),
        { minLength: 5, maxLength: 30 },
      ),
    })
    .map((world) => ({ ...world, ...changes }));

const commands = fc.array(
  fc.record({
    undo: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
    again: fc.boolean(),
    afterMs: fc.integer({ min: 0, max: 20 * MINUTE }),
    killed: fc.option(fc.record({ atEffect: fc.integer({ min: 1, max: 24 }), after: fc.boolean() })),
  }),
  { maxLength: 6 },
);

/** However often the command is run, killed and undone. */
const rotation = (changes?: Partial<WorldOptions>) =>
  fc.asyncProperty(worlds(changes), commands, async (options, runs) => {
    const world = new RotationWorld(options);
    for (const { undo, again, afterMs, killed } of runs) {
      world.advance(afterMs);
      await world.run({ undo, again }, killed ?? undefined);
    }
    // In the end somebody has patience. A secondary token that nobody knows has to be removed.
    for (let tries = 0; tries < 5; tries += 1) {
      world.advance(2 * MINUTE);
      const ended = await world.run({});
      if (ended === 'done') break;
      world.advance(2 * MINUTE);
      await world.run({ undo: true });
    }
    world.advance(30 * MINUTE);
    expect(world.refused).toEqual([]);
    expect(world.tokens).toEqual([world.primary]);
  });

describe('a rotation', () => {
  test('refuses no request of Twilio’s, however it is interrupted, and ends', async () => {
    await fc.assert(rotation(), { numRuns: 300 });
  });

  test.each<[string, Partial<WorldOptions>]>([
    ['functions kept the secret for longer', { cacheMs: 12 * MINUTE }],
    ['Twilio signed with the old token for longer', { signsLateMs: 20 * MINUTE }],
  ])('would refuse some if %s', async (_, changes) => {
    const { failed } = await fc.check(rotation(changes), { numRuns: 300, endOnFailure: true });
    expect(failed).toBe(true);
  });

  test('says what it does and never a token', async () => {
    const world = new RotationWorld({
      cacheMs: 0,
      signsLateMs: 0,
      showsLateMs: 0,
      showsPrimary: true,
      second: 'refused',
      requests: [],
    });
    expect(await world.run({})).toBe('done');
    expect(world.said.filter((line) => !line.startsWith('  '))).toEqual([
      'The secret holds one token, which Twilio signs with. It was changed 11574 days ago.',
      'Twilio made a secondary token. It signs nothing until it is promoted.',
      'The secret holds the primary token and the next one.',
      expect.stringContaining('each must have read it:'),
      'A dry run that was signed with the next token was accepted.',
      'Twilio promoted it.',
      'The secret holds the new token and, until nothing signed with it can come any more, the old one.',
      expect.stringContaining('may still be on its way'),
      'The secret holds the primary token alone.',
      'The rotation is over: the secret holds the new token alone.',
    ]);
    expect(world.said.join('\n')).not.toContain('auth-token-number');
  });
});
