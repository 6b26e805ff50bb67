import { AsyncLocalStorage } from 'node:async_hooks';
import type { Platform } from '../../lambda/shared/platform.ts';
import { powertools } from '../../lambda/shared/telemetry.ts';
import type { CloudOptions } from '../../local/simulation/cloud.ts';
import type { Item, Table } from '../../local/simulation/dynamodb.ts';
import { type Capture, captureOutput } from './console-lines.ts';
import { meteredTable, type TableDescription } from './metered-table.ts';

/** What one function did in a run. */
export interface Meter {
  invocations: number;
  /** Of all invocations together. */
  milliseconds: number;
  writeUnits: number;
  /** Of those, by the index. */
  indexWriteUnits: number;
  readUnits: number;
  secretReads: number;
  twilioRequests: number;
}

const NOTHING: Meter = {
  invocations: 0,
  milliseconds: 0,
  writeUnits: 0,
  indexWriteUnits: 0,
  readUnits: 0,
  secretReads: 0,
  twilioRequests: 0,
};

/** Of an invocation that is traced: Powertools puts the first part on each of its lines. */
const TRACE_ID = 'Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1';

/** Counts what is done in a simulated cloud, by function where a function does it. */
export class Meters implements Disposable {
  /** By the function's folder in `lambda/`. */
  readonly functions = new Map<string, Meter>();
  /** How often each state was entered. */
  readonly states = new Map<string, number>();
  readonly output: Capture;
  retries = 0;
  apiRequests = 0;
  /** Gets them into a cloud. */
  readonly hooks: Required<Pick<CloudOptions, 'wrapWire' | 'wrapTable' | 'emit'>>;
  readonly #running = new AsyncLocalStorage<string>();
  readonly #traceId = process.env._X_AMZN_TRACE_ID;
  #table: Table | undefined;

  constructor(table: TableDescription) {
    this.output = captureOutput(() => this.#running.getStore());
    process.env._X_AMZN_TRACE_ID = TRACE_ID;
    this.hooks = {
      wrapWire: (wire, name) => (platform) => {
        const { telemetry, perInvocation } = powertools(platform.environment);
        const handle = perInvocation(wire(this.#metered({ ...platform, telemetry })));
        return (event, awsRequestId) =>
          this.#running.run(name, () => this.#timed(() => handle(event, { awsRequestId })));
      },
      wrapTable: (wrapped) => {
        this.#table = wrapped;
        return meteredTable(wrapped, table, ({ read, write, index }) => {
          this.#meter.readUnits += read;
          this.#meter.writeUnits += write;
          this.#meter.indexWriteUnits += index;
        });
      },
      emit: (event) => {
        if (event.type === 'httpRequest') this.apiRequests += 1;
        if (event.type === 'stateRetried') this.retries += 1;
        if (event.type === 'stateEntered') {
          this.states.set(event.state, (this.states.get(event.state) ?? 0) + 1);
        }
      },
    };
  }

  /** All that is in the table. */
  get items(): readonly Item[] {
    return this.#table?.items() ?? [];
  }

  [Symbol.dispose](): void {
    this.output[Symbol.dispose]();
    if (this.#traceId === undefined) delete process.env._X_AMZN_TRACE_ID;
    else process.env._X_AMZN_TRACE_ID = this.#traceId;
  }

  /** Of the function that runs. */
  get #meter(): Meter {
    const name = this.#running.getStore();
    if (name === undefined) throw new Error('No function runs here');
    const meter = this.functions.get(name) ?? { ...NOTHING };
    this.functions.set(name, meter);
    return meter;
  }

  async #timed<T>(work: () => Promise<T>): Promise<T> {
    const begun = Date.now();
    try {
      return await work();
    } finally {
      this.#meter.invocations += 1;
      this.#meter.milliseconds += Date.now() - begun;
    }
  }

  #metered(platform: Platform): Platform {
    return {
      ...platform,
      secretsManager: (...timing) => {
        const client = platform.secretsManager(...timing);
        const send = (...request: Parameters<typeof client.send>) => {
          this.#meter.secretReads += 1;
          return client.send(...request);
        };
        return { send: send as typeof client.send };
      },
      http: {
        handle: (...request) => {
          this.#meter.twilioRequests += 1;
          return platform.http.handle(...request);
        },
      },
    };
  }
}
