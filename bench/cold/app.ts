import { fileURLToPath } from 'node:url';
import { App, Stack } from 'aws-cdk-lib';
import { Runtime } from 'aws-cdk-lib/aws-lambda';
import { type BundlingOptions, NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';

/** The functions that the recorder's are compared with, each bundled as the comparison asks for. */
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const stack = new Stack(new App(), 'BenchCold');

/** The AWS SDK's ES modules, bundled: what AWS recommends for fast starts, without what the recorder does beyond it. */
const FAST: BundlingOptions = {
  format: OutputFormat.CJS,
  mainFields: ['module', 'main'],
  externalModules: [],
  minify: true,
  target: 'node24',
};

const bundle = (id: string, entry: string, bundling?: BundlingOptions): NodejsFunction =>
  new NodejsFunction(stack, id, {
    entry: here(entry),
    projectRoot: here('../..'),
    depsLockFilePath: here('../../package-lock.json'),
    runtime: Runtime.NODEJS_24_X,
    ...(bundling && { bundling }),
  });

bundle('Empty', './empty.ts', FAST);
bundle('BareVoiceWebhook', './bare/voice-webhook.ts', FAST);
bundle('BareStartRecording', './bare/start-recording.ts', FAST);
bundle('NaiveVoiceWebhook', './naive/voice-webhook.ts');
bundle('NaiveStartRecording', './naive/start-recording.ts');
bundle('NaiveRecordingStatus', './naive/recording-status.ts');
