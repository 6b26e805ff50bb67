import { type CallState, merge, NOTHING_KNOWN, summarize } from '../../../lambda/recording/merge.ts';
import type { CallStore, Progress } from '../../../lambda/recording/store.ts';
import type { Clock } from '../../../lambda/shared/clock.ts';
import { StoreUnavailableError } from '../../../lambda/shared/errors.ts';

type StartStore = Pick<CallStore, 'claim' | 'release' | 'known' | 'apply'>;

export interface MemoryStore extends StartStore {
  /** Methods that fail from now on. */
  readonly down: Set<keyof StartStore>;
  state(): CallState;
  /** What the last release left behind. */
  progress(): Progress | undefined;
}

/** The table of calls for one call, in memory: what `CallStore` promises, in the plainest way. */
export function memoryStore(clock: Clock): MemoryStore {
  const down: MemoryStore['down'] = new Set();
  let state = NOTHING_KNOWN;
  let known = false;
  let lease: { readonly owner: string; readonly until: number } | undefined;
  let progress: Progress | undefined;

  const use = (method: keyof StartStore): void => {
    if (down.has(method)) {
      throw new StoreUnavailableError('the table is down');
    }
  };

  return {
    down,
    state: () => state,
    progress: () => progress,
    async claim(_call, owner, until) {
      use('claim');
      known = true;
      const { recording } = summarize(state);
      if (recording) {
        return { kind: 'recorded', recordingSid: recording.recordingSid };
      }
      if (lease && lease.owner !== owner && lease.until >= clock.now()) {
        return { kind: 'held', untilMilliseconds: lease.until };
      }
      const abandoned = lease !== undefined && lease.owner !== owner;
      lease = { owner, until };
      const before = progress ?? { creates: 0, uncertain: false, doubtful: false };
      return {
        kind: 'claimed',
        progress: {
          ...before,
          uncertain: before.uncertain || abandoned,
          settled: (!abandoned && before.settled) || undefined,
          doubtful: before.doubtful || abandoned,
        },
      };
    },
    async release(_callSid, owner, left) {
      use('release');
      if (lease?.owner === owner) {
        lease = undefined;
        progress = left;
      }
    },
    async known() {
      use('known');
      return { recordings: Object.values(state.recordings), final: summarize(state).final };
    },
    async apply(_call, event) {
      use('apply');
      const unknownCall = !known;
      known = true;
      const merged = merge(state, event);
      state = merged.state;
      const summary = summarize(state);
      if (summary.recording) {
        lease = undefined;
      }
      return { effect: merged.effect, summary, unknownCall };
    },
  };
}
