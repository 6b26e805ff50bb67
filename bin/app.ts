import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { App } from 'aws-cdk-lib';
import { CallRecorderStack } from '../lib/call-recorder-stack.ts';
import { ConfigurationError, parseConfiguration } from '../lib/configuration.ts';

/** The configuration's file. Whoever deploys several recorders from one checkout gives each its own. */
const file = process.env.RECORDER_CONFIG ?? 'recorder.config.ts';

try {
  const { default: content } = await import(pathToFileURL(resolve(file)).href);
  const configuration = parseConfiguration(content, file);
  new CallRecorderStack(new App(), configuration.stackName, configuration);
} catch (error) {
  if (!(error instanceof ConfigurationError)) {
    throw error;
  }
  console.error(error.message);
  process.exitCode = 1;
}
