import { setTimeout as sleep } from 'node:timers/promises';

export type LatencyKind = 'startExecution' | 'transition' | 'invoke' | 'http';

/** Milliseconds to add, by kind and by the execution's name, the state, the function's logical id or the route. */
export type Latency = (kind: LatencyKind, key: string) => number;

/** Waits for the given milliseconds, or until the host stops. */
export type Pause = (ms: number) => Promise<void>;

export function createPause(stopped: AbortSignal): Pause {
  return async (ms) => {
    if (ms > 0) await sleep(ms, undefined, { signal: stopped }).catch(() => undefined);
  };
}
