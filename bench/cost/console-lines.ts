/** What was printed on standard output, and by whom. */
export interface Capture extends Disposable {
  readonly bytes: ReadonlyMap<string, number>;
  /** Names of the metrics in CloudWatch's embedded format that were among it. */
  readonly metrics: ReadonlySet<string>;
}

/** Of CloudWatch Logs, for each line. https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html */
const LINE_OVERHEAD_BYTES = 26;

/** Takes in what is printed until it is disposed of. `who` says whose it is; nobody's goes on to the terminal. */
export function captureOutput(who: () => string | undefined): Capture {
  const bytes = new Map<string, number>();
  const metrics = new Set<string>();
  const { stdout } = process;
  const write = stdout.write;
  stdout.write = ((text: string | Uint8Array, ...rest: []) => {
    const name = who();
    if (name === undefined) return write.call(stdout, text, ...rest);
    for (const line of String(text).split('\n').filter(Boolean)) {
      bytes.set(name, (bytes.get(name) ?? 0) + Buffer.byteLength(line) + LINE_OVERHEAD_BYTES);
      for (const metric of metricsIn(line)) metrics.add(metric);
    }
    return true;
  }) as typeof stdout.write;
  return {
    bytes,
    metrics,
    [Symbol.dispose]: () => {
      stdout.write = write;
    },
  };
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html */
function metricsIn(line: string): string[] {
  if (!line.includes('"_aws"')) return [];
  const { CloudWatchMetrics = [] }: EmbeddedMetrics = JSON.parse(line)._aws;
  return CloudWatchMetrics.flatMap(({ Metrics }) => Metrics.map(({ Name }) => Name));
}

interface EmbeddedMetrics {
  readonly CloudWatchMetrics?: readonly { readonly Metrics: readonly { readonly Name: string }[] }[];
}
