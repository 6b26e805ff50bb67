import { cost } from './prices.ts';
import type { Design, Usage } from './usage.ts';

/** One service's part of a bill. */
export interface Line {
  readonly service: string;
  /** What it is paid for, of one call. */
  readonly perCall: string;
  /** For a million calls. */
  readonly dollars: number;
}

export const MILLION = 1_000_000;
const GIGABYTE = 1024 ** 3;
const MONTHS_PER_DAY = 12 / 365;

/**
 * Of what is traced beyond the first trace of each second, X-Ray records one in twenty.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
 */
export const SAMPLED_SHARE = 0.05;
/** CloudWatch keeps logs compressed; its own pricing examples take this ratio. */
const LOG_COMPRESSION = 0.15;

/** What a million calls cost while they are made. */
export function billOf(usage: Usage, design: Design): readonly Line[] {
  const line = (service: string, perCall: string, dollarsOfOne: number): Line => ({
    service,
    perCall,
    dollars: dollarsOfOne * MILLION,
  });
  const { invocations, milliseconds, dollars } = lambdaOf(usage, design);
  const traces = tracesOf(usage, design);
  return [
    line('Step Functions', `${shown(usage.transitions)} transitions`, cost('transition', usage.transitions)),
    line('Lambda', `${shown(invocations)} invocations, ${Math.round(milliseconds)} ms`, dollars),
    line(
      'DynamoDB',
      `${shown(usage.writeUnits)} write units (${shown(usage.indexWriteUnits)} of the index), ${shown(usage.readUnits)} read units`,
      cost('writeUnit', usage.writeUnits) + cost('readUnit', usage.readUnits),
    ),
    line(
      'API Gateway',
      `${shown(usage.apiRequests)} requests, ${design.api} API`,
      cost(design.api === 'HTTP' ? 'httpApi' : 'restApi', usage.apiRequests),
    ),
    line(
      'CloudWatch Logs',
      `${shown(usage.logBytes / 1024)} KB`,
      cost('logGigabyte', usage.logBytes / GIGABYTE),
    ),
    line('Secrets Manager', `${shown(usage.secretReads)} reads`, cost('secretRead', usage.secretReads)),
    line('X-Ray', `${shown(traces * SAMPLED_SHARE)} traces`, cost('trace', traces * SAMPLED_SHARE)),
  ];
}

/** What comes on top for the same million calls: what they leave behind, and what goes by how fast they come. */
export function onTopOf(usage: Usage, design: Design): readonly Line[] {
  const { tableBytes, indexBytes, logBytes } = usage;
  const { retentionDays, logRetentionDays, pointInTimeRecovery } = design;
  const traces = tracesOf(usage, design);
  const months = (days: number): number => days * MONTHS_PER_DAY;
  const kept = (bytes: number, days: number): number => (bytes * MILLION * months(days)) / GIGABYTE;
  return [
    {
      service: `Rows, kept for ${retentionDays} days`,
      perCall: `${shown((tableBytes + indexBytes) / 1024)} KB with the index`,
      dollars:
        cost('tableGigabyteMonth', kept(tableBytes + indexBytes, retentionDays)) +
        // Indexes are made anew from the table.
        (pointInTimeRecovery ? cost('recoveryGigabyteMonth', kept(tableBytes, retentionDays)) : 0),
    },
    {
      service: `Logs, kept for ${logRetentionDays} days`,
      perCall: `${shown((logBytes * LOG_COMPRESSION) / 1024)} KB, compressed`,
      dollars: cost('logGigabyteMonth', kept(logBytes * LOG_COMPRESSION, logRetentionDays)),
    },
    {
      service: 'X-Ray, where calls come slower than one a second',
      perCall: `${shown(traces * (1 - SAMPLED_SHARE))} traces more`,
      dollars: cost('trace', traces * (1 - SAMPLED_SHARE)) * MILLION,
    },
  ];
}

/** In dollars. */
export const totalOf = (lines: readonly Pick<Line, 'dollars'>[]): number =>
  lines.reduce((sum, { dollars }) => sum + dollars, 0);

/** What Twilio charges for a million recorded calls of so many minutes. */
export const twilioDollars = (minutes: number): number =>
  (cost('twilioMinute', minutes) + cost('twilioRecordingMinute', minutes)) * MILLION;

/** Each webhook begins a trace, and each execution, with its functions in it. */
function tracesOf({ apiRequests }: Usage, { functions, tracing }: Design): number {
  const areWebhooksTraced = Object.values(functions).some((one) => one.tracing);
  return (areWebhooksTraced ? apiRequests : 0) + (tracing ? 1 : 0);
}

function lambdaOf(
  usage: Usage,
  design: Design,
): { readonly invocations: number; readonly milliseconds: number; readonly dollars: number } {
  let [invocations, milliseconds, dollars] = [0, 0, 0];
  for (const [name, used] of Object.entries(usage.functions)) {
    const one = design.functions[name];
    if (!one) throw new Error(`The design has no function ${name}`);
    invocations += used.invocations;
    milliseconds += used.invocations * used.milliseconds;
    dollars += cost('lambdaRequest', used.invocations) + computeOf(one, used.invocations * used.milliseconds);
  }
  return { invocations, milliseconds, dollars };
}

/** What a function's time costs, in dollars. */
export const computeOf = (
  { memoryMegabytes, architecture }: Design['functions'][string],
  milliseconds: number,
): number =>
  cost(
    architecture === 'arm64' ? 'lambdaArm64' : 'lambdaX86',
    (memoryMegabytes / 1024) * (milliseconds / 1000),
  );

const shown = (value: number): string => String(Number(value.toFixed(2)));
