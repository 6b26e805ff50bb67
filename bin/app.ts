import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { App } from 'aws-cdk-lib';
import { CallRecorderStack } from '../lib/call-recorder-stack.ts';
import { ConfigurationError, parseConfiguration } from '../lib/configuration.ts';

/** The configuration's file. Whoever deploys several recorders from one checkout gives each its own. */
const file = process.env.RECORDER_CONFIG || 'recorder.config.ts';

try {
  const configuration = parseConfiguration(await load(file), file);
  new CallRecorderStack(new App(), configuration.stackName, configuration);
} catch (error) {
  if (!(error instanceof ConfigurationError)) {
    throw error;
  }
  console.error(error.message);
  process.exitCode = 1;
}

/** The file's default export. Throws ConfigurationError. */
async function load(path: string): Promise<unknown> {
  try {
    const { default: content } = await import(pathToFileURL(resolve(path)).href);
    return content;
  } catch (error) {
    const { message } = error instanceof Error ? error : { message: String(error) };
    throw new ConfigurationError(`The configuration ${path} cannot be loaded: ${message}`);
  }
}
