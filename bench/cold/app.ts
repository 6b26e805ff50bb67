import { fileURLToPath } from 'node:url';
import { App, Stack } from 'aws-cdk-lib';
import { Runtime } from 'aws-cdk-lib/aws-lambda';
import { type BundlingOptions, NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';

/** The functions that the recorder's are compared with, each bundled as the comparison asks for. */
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const stack = new Stack(new App(), 'BenchCold');

/** As `lib/recorder-function.ts` bundles. */
const LIKE_OURS: BundlingOptions = {
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

bundle('Empty', './empty.ts', LIKE_OURS);
bundle('BareVoiceWebhook', './bare/voice-webhook.ts', LIKE_OURS);
bundle('BareStartRecording', './bare/start-recording.ts', LIKE_OURS);
bundle('NaiveVoiceWebhook', './naive/voice-webhook.ts');
bundle('NaiveStartRecording', './naive/start-recording.ts');
bundle('NaiveRecordingStatus', './naive/recording-status.ts');
