/** What invocations of one function do, on average. */
export interface FunctionUsage {
  /** For one call. */
  readonly invocations: number;
  /** Billed for each. */
  readonly milliseconds: number;
}

/** What one call makes the services do, on average. */
export interface Usage {
  /** By the function's folder in `lambda/`. */
  readonly functions: Readonly<Record<string, FunctionUsage>>;
  /** States entered, and retries. */
  readonly transitions: number;
  readonly apiRequests: number;
  readonly writeUnits: number;
  /** Of those, by the index. */
  readonly indexWriteUnits: number;
  readonly readUnits: number;
  readonly secretReads: number;
  /** With what CloudWatch and Lambda add. */
  readonly logBytes: number;
  /** What stays in the table, and in its index. */
  readonly tableBytes: number;
  readonly indexBytes: number;
}

/** What one sweep does by itself, however many calls there are. */
export interface SweepUsage extends Pick<Usage, 'writeUnits' | 'readUnits' | 'secretReads' | 'logBytes'> {
  readonly milliseconds: number;
}

/** What is there whether calls come or not, and what the template says of it. */
export interface Design {
  readonly api: 'HTTP' | 'REST';
  /** By the function's folder in `lambda/`. */
  readonly functions: Readonly<Record<string, FunctionDesign>>;
  /** Whether executions are traced. */
  readonly tracing: boolean;
  readonly pointInTimeRecovery: boolean;
  readonly retentionDays: number;
  readonly logRetentionDays: number;
}

export interface FunctionDesign {
  readonly memoryMegabytes: number;
  readonly architecture: 'arm64' | 'x86_64';
  readonly tracing: boolean;
}

/** What a million calls may cost while they are made. */
export const LIMIT_DOLLARS = 85;
