import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { CloudFormationTemplate } from './host/template.ts';

/** The project's root. */
export const PROJECT = fileURLToPath(new URL('..', import.meta.url));

/** A synthesized stack; its folder goes when it is disposed of. */
export interface Assembly extends AsyncDisposable {
  readonly template: CloudFormationTemplate;
  /** The `cdk.out` folder. */
  readonly directory: string;
}

export interface SynthesizeOptions {
  /** The app's file, from the project's root. */
  readonly app: string;
  /** Environment variables that it reads. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The folder in which the assembly's own is made; default the system's for temporary files. */
  readonly parent?: string;
}

/**
 * Synthesizes a CDK app as `cdk deploy` would, in a process of its own.
 *
 * @throws Error with what the app printed, when it does not synthesize
 */
export async function synthesize({
  app,
  environment,
  parent = tmpdir(),
}: SynthesizeOptions): Promise<Assembly> {
  await mkdir(parent, { recursive: true });
  const { context } = JSON.parse(await readFile(join(PROJECT, 'cdk.json'), 'utf8'));
  const directory = await mkdtemp(join(parent, 'call-recorder-'));
  const synthesis = spawn(process.execPath, [app], {
    cwd: PROJECT,
    env: {
      ...process.env,
      PATH: [join(PROJECT, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
      CDK_OUTDIR: directory,
      // The command line passes the feature flags on in this way.
      CDK_CONTEXT_JSON: JSON.stringify(context),
      ...environment,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [complaints, [exitCode]] = await Promise.all([text(synthesis.stderr), once(synthesis, 'exit')]);
  if (exitCode !== 0) {
    await rm(directory, { recursive: true, force: true });
    throw new Error(`${app} could not be synthesized:\n${complaints}`);
  }
  const file = (await readdir(directory)).find((name) => name.endsWith('.template.json'));
  if (!file) {
    throw new Error(`${app} synthesized no template into ${directory}`);
  }
  return {
    template: JSON.parse(await readFile(join(directory, file), 'utf8')),
    directory,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}
