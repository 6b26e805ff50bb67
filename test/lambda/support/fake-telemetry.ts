import type { LogDetails, Telemetry } from '../../../lambda/shared/telemetry.ts';

type Metric = Parameters<Telemetry['count']>[0];
type Level = 'info' | 'warn' | 'error';

export interface FakeTelemetry extends Telemetry {
  /** The metrics that were counted, in order. */
  readonly counted: Metric[];
  readonly recorded: { readonly metric: Metric; readonly value: number }[];
  readonly lines: { readonly level: Level; readonly message: string; readonly details: LogDetails }[];
  /** All that would have left the function. */
  output(): string;
}

export function fakeTelemetry(): FakeTelemetry {
  const counted: FakeTelemetry['counted'] = [];
  const recorded: FakeTelemetry['recorded'] = [];
  const lines: FakeTelemetry['lines'] = [];
  const line =
    (level: Level) =>
    (message: string, details: LogDetails): void => {
      lines.push({ level, message, details });
    };
  return {
    counted,
    recorded,
    lines,
    count: (metric) => {
      counted.push(metric);
    },
    record: (metric, value) => {
      recorded.push({ metric, value });
    },
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    output: () => JSON.stringify({ counted, recorded, lines }),
  };
}
