import { parentPort, workerData } from 'node:worker_threads';
import { type GuardName, switchOff } from './guards.ts';
import type { Simulated, SimulationOptions } from './run.ts';

/** What a thread is told at first: all but the seeds, each of which is a message, and the guards that it does without. */
export interface WorkerTask extends Omit<SimulationOptions, 'seed' | 'telemetry' | 'onProgress'> {
  readonly without?: readonly GuardName[];
}

export type WorkerMessage =
  | { readonly type: 'progress'; readonly ended: number }
  | { readonly type: 'simulated'; readonly simulated: Simulated };

const task: WorkerTask = workerData;
const post = (message: WorkerMessage): void => parentPort?.postMessage(message);

// A library of the state machine makes an Error for each path that it looks up: their stacks are a tenth of the time.
Error.stackTraceLimit = 0;

if (task.without) {
  switchOff(task.without);
}
// Imported now, since what was imported before would still have its guards.
const { simulate } = await import('./run.ts');
parentPort?.on('message', async (seed: number) => {
  const simulated = await simulate({
    ...task,
    seed,
    onProgress: (ended) => post({ type: 'progress', ended }),
  });
  post({ type: 'simulated', simulated });
});
