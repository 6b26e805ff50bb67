import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  CALLERS_REASONS,
  CONSENTS,
  type Consent,
  isRefused,
  reasonOf,
  stronger,
} from '../../../lambda/recording/consent.ts';
import {
  type CallEvent,
  merge,
  NOTHING_KNOWN,
  type RecordingState,
  summarize,
} from '../../../lambda/recording/merge.ts';
import { OTHER_RECORDING_SID, RECORDING_SID } from '../support/sids.ts';

const answered = (answer: Consent['answer'], second = 0, digit?: string): Consent => ({
  answer,
  textVersion: 'v1',
  digit,
  at: `2026-11-26T12:00:0${second}.000Z`,
});
const said = (answer: Consent['answer'], second?: number): CallEvent => ({
  type: 'consent',
  consent: answered(answer, second),
});
const seen = (
  status: string,
  fields: Partial<RecordingState> = {},
  source: Extract<CallEvent, { type: 'recording' }>['source'] = 'callback',
): CallEvent => ({
  type: 'recording',
  source,
  recording: { recordingSid: RECORDING_SID, status, ...fields },
});
const stateAfter = (...events: readonly CallEvent[]) =>
  events.reduce((state, event) => merge(state, event).state, NOTHING_KNOWN);
const summaryAfter = (...events: readonly CallEvent[]) => summarize(stateAfter(...events));

const consents = fc.record({
  answer: fc.constantFrom(...CONSENTS),
  textVersion: fc.constantFrom('v1', 'v2'),
  digit: fc.constantFrom(undefined, '1', '9'),
  at: fc.constantFrom('2026-11-26T12:00:00.000Z', '2026-11-26T12:00:01.000Z'),
});

describe('of two answers', () => {
  test.each([
    ['a yes counts more than the question', 'asked', 'given'],
    ['a no counts more than the question', 'asked', 'declined'],
    ['a no counts more than a yes', 'given', 'declined'],
    ['taking it back counts more than a yes', 'given', 'withdrawn'],
    ['taking it back counts more than a no', 'declined', 'withdrawn'],
  ] as const)('%s, whichever came first', (_, weak, strong) => {
    const [less, more] = [answered(weak, 1), answered(strong, 2)];
    expect(stronger(less, more)).toBe(more);
    expect(stronger(more, less)).toBe(more);
  });

  test('that say the same the earlier one counts', () => {
    const [first, second] = [answered('given', 1), answered('given', 2)];
    expect(stronger(first, second)).toBe(first);
    expect(stronger(second, first)).toBe(first);
  });

  test('one counts where the other is none', () => {
    const only = answered('given');
    expect(stronger(only, undefined)).toBe(only);
    expect(stronger(undefined, only)).toBe(only);
    expect(stronger(undefined, undefined)).toBeUndefined();
  });

  test('the same counts, in whatever order any number of them comes', () => {
    fc.assert(
      fc.property(fc.array(consents, { maxLength: 5 }), fc.infiniteStream(fc.nat()), (list, numbers) => {
        const shuffled = list
          .map((consent) => ({ consent, rank: numbers.next().value }))
          .toSorted((a, b) => a.rank - b.rank)
          .map(({ consent }) => consent);
        const strongest = (all: readonly Consent[]) => all.reduce<Consent | undefined>(stronger, undefined);
        expect(strongest(shuffled)).toEqual(strongest(list));
      }),
    );
  });
});

test('an answer is a refusal or none', () => {
  expect(CONSENTS.filter(isRefused)).toEqual(['declined', 'withdrawn']);
  expect(isRefused(undefined)).toBe(false);
});

test.each([
  [undefined, 'not-asked', false],
  ['asked', 'no-consent', true],
  ['declined', 'declined', true],
  ['withdrawn', 'withdrawn', true],
] as const)(
  'a call of which the answer is %s is unrecorded since it is %s',
  (answer, reason, isTheCallers) => {
    expect(reasonOf(answer)).toBe(reason);
    expect(CALLERS_REASONS.includes(reason)).toBe(isTheCallers);
  },
);

describe('a call', () => {
  test('whose caller is asked is open and says so', () => {
    expect(summaryAfter(said('asked'))).toMatchObject({ recordingStatus: 'asked', final: false });
  });

  test('whose caller said yes is about to be recorded', () => {
    expect(summaryAfter(said('asked'), said('given'))).toMatchObject({
      recordingStatus: 'starting',
      final: false,
      consent: { answer: 'given' },
    });
  });

  test.each(['declined', 'withdrawn'] as const)('whose caller has %s needs nothing more', (answer) => {
    expect(summaryAfter(said(answer))).toMatchObject({
      recordingStatus: 'unrecorded',
      final: true,
      unwanted: false,
      unrecorded: { reason: answer, answered: true },
    });
  });

  test('keeps the answer, whatever else comes', () => {
    const events = [said('given'), seen('in-progress'), seen('completed', { duration: 7 })];
    expect(stateAfter(...events).consent).toEqual(answered('given'));
    expect(stateAfter(...events.toReversed()).consent).toEqual(answered('given'));
    expect(
      stateAfter(said('given'), { type: 'unrecorded', unrecorded: { reason: 'recorder-failed' } }).consent,
    ).toEqual(answered('given'));
  });

  test('tells an answer that adds nothing from news', () => {
    const state = stateAfter(said('given'));
    expect(merge(state, said('asked')).effect).toBe('nothing-new');
    expect(merge(state, said('given')).effect).toBe('nothing-new');
    expect(merge(state, said('withdrawn')).effect).toBe('news');
  });

  test('whose caller took it back is not final before its recordings are gone', () => {
    const withdrawn = [seen('in-progress'), said('withdrawn')];
    expect(summaryAfter(...withdrawn)).toMatchObject({ unwanted: true, final: false });
    expect(summaryAfter(...withdrawn, seen('stopped', {}, 'withdraw'))).toMatchObject({
      unwanted: true,
      final: false,
    });
    const completed = [...withdrawn, seen('completed', { duration: 7 })];
    expect(summaryAfter(...completed)).toMatchObject({ unwanted: true, final: false });
    expect(summaryAfter(...completed, seen('deleted', { duration: 7 }, 'withdraw'))).toMatchObject({
      recordingStatus: 'deleted',
      recording: { duration: 7 },
      unwanted: false,
      final: true,
    });
  });

  test.each(['absent', 'failed'])('whose recording is %s has nothing to be deleted', (status) => {
    expect(summaryAfter(said('withdrawn'), seen(status))).toMatchObject({ unwanted: false, final: true });
  });

  test('whose recording was deleted stays so, when a callback comes late', () => {
    const state = stateAfter(said('withdrawn'), seen('stopped'), seen('deleted', {}, 'withdraw'));
    const late = merge(state, seen('completed', { duration: 7 }));
    expect(late.effect).toBe('conflict');
    expect(summarize(late.state)).toMatchObject({ recordingStatus: 'deleted', final: true });
  });

  test('has nobody else’s recording on its conscience', () => {
    const adopted: CallEvent = {
      type: 'recording',
      source: 'adopt',
      recording: { recordingSid: OTHER_RECORDING_SID, status: 'completed' },
    };
    expect(summaryAfter(adopted, said('withdrawn'))).toMatchObject({ unwanted: false, final: true });
  });
});
