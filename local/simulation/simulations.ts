import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { FAULT_NAMES } from '../faults/profile.ts';
import { conclude, type Verdict } from '../verdict.ts';
import {
  type BrokenCall,
  type CommandFigures,
  type FaultCounts,
  type Simulated,
  type SimulationOptions,
  TWILIO_URL,
  takesLonger,
  toleranceOfRun,
} from './run.ts';
import { synthesizeTemplate } from './template.ts';
import type { WorkerMessage, WorkerTask } from './worker.ts';

export interface SimulationsOptions
  extends Pick<WorkerTask, 'calls' | 'faults' | 'outage' | 'without' | 'keys' | 'operators'> {
  readonly seeds: readonly number[];
  readonly templates: SimulationOptions['templates'];
  /** Called with the number of calls that have ended in all. */
  readonly onProgress?: (ended: number) => void;
}

export interface SeedResult {
  readonly seed: number;
  readonly findings: readonly string[];
  readonly broken: readonly BrokenCall[];
  readonly digest: string;
}

export interface SimulationsResult {
  readonly verdict: Verdict;
  readonly seeds: readonly SeedResult[];
  /** In all seeds, in the profile's order. */
  readonly faultsInjected: FaultCounts;
  readonly commands: CommandFigures;
  readonly virtualSeconds: number;
  readonly wallSeconds: number;
}

/** What is synthesized instead of what is configured. */
export interface ConfigurationOverrides {
  readonly startWith?: string | undefined;
  readonly whenNotRecorded?: string | undefined;
  readonly consent?: string | undefined;
  readonly optOutKey?: string | undefined;
}

/** The synthesized app, with and without a notice. */
export async function synthesizeTemplates({
  startWith,
  whenNotRecorded,
  consent,
  optOutKey,
}: ConfigurationOverrides = {}): Promise<SimulationOptions['templates']> {
  const environment = {
    ...(startWith && { LOCAL_START_WITH: startWith }),
    ...(whenNotRecorded && { LOCAL_WHEN_NOT_RECORDED: whenNotRecorded }),
    ...(consent && { LOCAL_CONSENT: consent }),
    ...(optOutKey && { LOCAL_OPT_OUT_KEY: optOutKey }),
  };
  const [notice, noNotice] = await Promise.all(
    // The gate needs a notice: it answers the call.
    [true, whenNotRecorded === 'refuse'].map((notice) =>
      synthesizeTemplate({ twilioApiBaseUrl: TWILIO_URL, notice, environment }),
    ),
  );
  if (!notice || !noNotice) {
    throw new Error('The app was not synthesized');
  }
  return { notice, noNotice };
}

/** Runs every seed, as many at the same time as there are processors. */
export async function runSimulations(options: SimulationsOptions): Promise<SimulationsResult> {
  const { seeds, onProgress, ...task } = options;
  const begun = performance.now();
  const endedOf = new Map<number, number>();
  const results = new Map<number, Simulated>();
  // First what takes longest, so that no processor waits for another in the end.
  const queue = seeds.toSorted((a, b) => Number(takesLonger(b)) - Number(takesLonger(a))).values();
  await Promise.all(
    Array.from({ length: Math.min(availableParallelism(), seeds.length) }, async () => {
      await using thread = new Thread(task);
      for (const seed of queue) {
        const simulated = await thread.simulate(seed, (ended) => {
          endedOf.set(seed, ended);
          onProgress?.([...endedOf.values()].reduce((sum, one) => sum + one, 0));
        });
        results.set(seed, simulated);
      }
    }),
  );
  const inOrder = seeds.flatMap((seed) => {
    const simulated = results.get(seed);
    return simulated ? [{ seed, simulated }] : [];
  });
  return {
    verdict: conclude(
      inOrder.map(({ simulated }) => simulated.measured),
      toleranceOfRun(task),
    ),
    seeds: inOrder.map(({ seed, simulated }) => ({
      seed,
      findings: simulated.measured.findings,
      broken: simulated.broken,
      digest: simulated.digest,
    })),
    faultsInjected: total(inOrder.map(({ simulated }) => simulated.faultsInjected)),
    commands: allCommands(inOrder.map(({ simulated }) => simulated.commands)),
    virtualSeconds: inOrder.reduce((sum, { simulated }) => sum + simulated.virtualSeconds, 0),
    wallSeconds: Math.round((performance.now() - begun) / 100) / 10,
  };
}

function total(counts: readonly FaultCounts[]): FaultCounts {
  return Object.fromEntries(
    FAULT_NAMES.map(
      (name) => [name, counts.reduce((sum, count) => sum + (count[name] ?? 0), 0)] as const,
    ).filter(([, count]) => count > 0),
  );
}

const allCommands = (figures: readonly CommandFigures[]): CommandFigures => ({
  given: figures.reduce((sum, { given }) => sum + given, 0),
  done: figures.reduce((sum, { done }) => sum + done, 0),
  againstMaxSeconds: Math.max(0, ...figures.map(({ againstMaxSeconds }) => againstMaxSeconds)),
});

/** Runs seeds one after the other: the first takes a second or two longer, while the thread's code is compiled. */
class Thread implements AsyncDisposable {
  readonly #calls: number;
  readonly #worker: Worker;
  /** Rejects with whatever the thread threw. */
  readonly #failed: Promise<never>;

  constructor(task: WorkerTask) {
    this.#calls = task.calls;
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: task });
    this.#failed = once(this.#worker, 'exit').then(() => {
      throw new Error('A thread ended without a result');
    });
    // Nobody waits for the end of a thread that has nothing left to do.
    this.#failed.catch(() => undefined);
  }

  async simulate(seed: number, onProgress: (ended: number) => void): Promise<Simulated> {
    const { promise, resolve } = Promise.withResolvers<Simulated>();
    const listen = (message: WorkerMessage): void => {
      if (message.type === 'progress') onProgress(message.ended);
      else resolve(message.simulated);
    };
    this.#worker.on('message', listen);
    this.#worker.postMessage(seed);
    const simulated = await Promise.race([promise, this.#failed]);
    this.#worker.off('message', listen);
    onProgress(this.#calls);
    return simulated;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}
