import type { HostEvent } from './events.ts';

/** An event as GetExecutionHistory tells it, without the data that inputs and outputs hold. */
export interface ExecutionHistoryEvent {
  readonly id: number;
  readonly previousEventId: number;
  /** Seconds since the epoch. */
  readonly timestamp: number;
  readonly type: string;
  readonly [details: `${string}EventDetails`]: Readonly<Record<string, string>>;
}

type StateTypes = Readonly<Record<string, string>>;

/**
 * The histories of executions, put together from what the host tells of them. Of the events of a task there is only that
 * it failed. https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
 */
export class ExecutionHistories {
  readonly #types: StateTypes;
  readonly #histories = new Map<string, ExecutionHistoryEvent[]>();

  /** @param definition a JSON text in the Amazon States Language */
  constructor(definition: string) {
    const { States }: { readonly States: Readonly<Record<string, { readonly Type: string }>> } =
      JSON.parse(definition);
    this.#types = Object.fromEntries(Object.entries(States).map(([name, { Type }]) => [name, Type]));
  }

  /** Keeps what belongs to an execution. */
  readonly add = (event: HostEvent): void => {
    const told = tell(event, this.#types);
    if (told === undefined || !('execution' in event)) return;
    const history = this.#histories.get(event.execution) ?? [];
    this.#histories.set(event.execution, history);
    const id = history.length + 1;
    history.push({ id, previousEventId: id - 1, timestamp: event.at / 1000, ...told });
  };

  of(execution: string): readonly ExecutionHistoryEvent[] {
    return this.#histories.get(execution) ?? [];
  }
}

function tell(
  event: HostEvent,
  types: StateTypes,
): Pick<ExecutionHistoryEvent, 'type' | `${string}EventDetails`> | undefined {
  switch (event.type) {
    case 'executionStarted':
      return { type: 'ExecutionStarted' };
    case 'executionEnded': {
      const [type, details] = ENDS[event.status] ?? ['ExecutionSucceeded', undefined];
      return { type, ...(details && event.error && { [details]: { error: event.error } }) };
    }
    case 'stateEntered':
      return { type: `${types[event.state]}StateEntered`, stateEnteredEventDetails: { name: event.state } };
    case 'stateExited':
      return { type: `${types[event.state]}StateExited`, stateExitedEventDetails: { name: event.state } };
    case 'stateFailed':
      return { type: 'TaskFailed', taskFailedEventDetails: { error: event.error } };
    default:
      return undefined;
  }
}

const ENDS: Readonly<Record<string, readonly [string, `${string}EventDetails`]>> = {
  FAILED: ['ExecutionFailed', 'executionFailedEventDetails'],
  TIMED_OUT: ['ExecutionTimedOut', 'executionTimedOutEventDetails'],
  ABORTED: ['ExecutionAborted', 'executionAbortedEventDetails'],
};
