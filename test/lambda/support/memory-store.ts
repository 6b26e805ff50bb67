import {
  type CallState,
  type Command,
  merge,
  NOTHING_KNOWN,
  summarize,
} from '../../../lambda/recording/merge.ts';
import type { CallStore, Progress } from '../../../lambda/recording/store.ts';
import type { Clock } from '../../../lambda/shared/clock.ts';
import { StoreUnavailableError } from '../../../lambda/shared/errors.ts';

type ControlStore = Pick<CallStore, 'claim' | 'release' | 'known' | 'apply' | 'beginCommand' | 'endCommand'>;

export interface MemoryStore extends ControlStore {
  /** Methods that fail from now on. */
  readonly down: Set<keyof ControlStore>;
  state(): CallState;
  /** The commands that were kept, in their order. */
  commands(): readonly Command[];
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
  let turn: { readonly owner: string; readonly until: number } | undefined;
  const commands: Command[] = [];
  let numberOfCommands = 0;

  const use = (method: keyof ControlStore): void => {
    if (down.has(method)) {
      throw new StoreUnavailableError('the table is down');
    }
  };

  return {
    down,
    state: () => state,
    progress: () => progress,
    commands: () => commands,
    async claim(_call, owner, until, { again, consentNeeded } = {}) {
      use('claim');
      const { recording, ended, consent } = summarize(state);
      if (recording && !(again && ended)) {
        return { kind: 'recorded', recordingSid: recording.recordingSid };
      }
      const answer = consent?.answer;
      if (answer !== 'given' && (consentNeeded || answer !== undefined)) {
        return { kind: 'not-allowed', answer };
      }
      known = true;
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
          givenUpAt: abandoned ? undefined : before.givenUpAt,
          doubtful: before.doubtful || abandoned,
        },
      };
    },
    async release(_callSid, owner, left) {
      use('release');
      if (lease?.owner !== owner) {
        return summarize(state).recording?.recordingSid;
      }
      lease = undefined;
      progress = left;
      return undefined;
    },
    async beginCommand({ origin }, owner, until) {
      use('beginCommand');
      if (!known && origin !== 'control') {
        return { kind: 'unknown' };
      }
      if (turn && turn.owner !== owner && turn.until >= clock.now()) {
        return { kind: 'held' };
      }
      known = true;
      turn = { owner, until };
      return { kind: 'begun', number: ++numberOfCommands };
    },
    async endCommand(_callSid, owner, until) {
      use('endCommand');
      if (turn?.owner === owner) {
        turn = until === undefined ? undefined : { owner, until };
      }
    },
    async known() {
      use('known');
      const { final, unrecorded, consent, order } = summarize(state);
      const recordings = Object.values(state.recordings);
      return { recordings, final, reason: unrecorded?.reason, consent, order };
    },
    async apply(_call, event) {
      use('apply');
      const unknownCall = !known;
      known = true;
      if (event.type === 'command') {
        commands.push(event.command);
      }
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
