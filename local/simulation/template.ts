import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CloudFormationTemplate } from '../host/template.ts';
import { PROJECT, synthesize } from '../synthesize.ts';

export interface TemplateOptions {
  /** Root of the simulated REST API of Twilio. */
  readonly twilioApiBaseUrl: string;
  /** Whether callers hear the configured notice, which answers their call. */
  readonly notice: boolean;
  /** Environment variables for `local/recorder.config.ts`, beyond those. */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * The app's template without its functions' bundles, which nobody loads here. It takes seconds and real time; one
 * template serves any number of simulations.
 */
export async function synthesizeTemplate(options: TemplateOptions): Promise<CloudFormationTemplate> {
  const { context } = JSON.parse(await readFile(join(PROJECT, 'cdk.json'), 'utf8'));
  using assembly = await synthesize({
    app: 'bin/app.ts',
    environment: {
      RECORDER_CONFIG: 'local/recorder.config.ts',
      LOCAL_TWILIO_API_BASE_URL: options.twilioApiBaseUrl,
      ...options.environment,
      ...(!options.notice && { LOCAL_CONSENT: 'none', LOCAL_OPT_OUT_KEY: '' }),
      CDK_CONTEXT_JSON: JSON.stringify({
        ...context,
        'aws:cdk:bundling-stacks': [],
        // By their paths the functions are found.
        'aws:cdk:enable-path-metadata': true,
      }),
    },
  });
  return assembly.template;
}
