import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile, rename } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { CloudFormationTemplate } from './host/template.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** The project's root. */
export const PROJECT = fileURLToPath(new URL('..', import.meta.url));

/** A synthesized stack; its folder goes when it is disposed of. */
export interface Assembly extends Disposable {
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
 * Names a folder in which assemblies are kept, for whoever wants the same one again: bundling takes longer than most that
 * is done with them. Tests set it, since no source changes while they run.
 */
export const KEEP_ASSEMBLIES_IN = 'LOCAL_ASSEMBLIES';

/**
 * Synthesizes a CDK app as `cdk deploy` would, in a process of its own.
 *
 * @throws Error with what the app printed, when it does not synthesize
 */
export async function synthesize(options: SynthesizeOptions): Promise<Assembly> {
  const folder = process.env[KEEP_ASSEMBLIES_IN];
  if (!folder) {
    return synthesizeAnew(options);
  }
  const { app, environment = {} } = options;
  const directory = join(
    folder,
    createHash('sha256')
      .update(JSON.stringify([app, environment]))
      .digest('hex'),
  );
  if (!existsSync(directory)) {
    using assembly = await synthesizeAnew({ ...options, parent: folder });
    // Somebody else may have been faster, with the same.
    await rename(assembly.directory, directory).catch(() => undefined);
  }
  return { template: await readTemplate(app, directory), directory, [Symbol.dispose]: () => undefined };
}

async function synthesizeAnew({ app, environment, parent }: SynthesizeOptions): Promise<Assembly> {
  using disposables = new DisposableStack();
  const { path: directory } = disposables.use(temporaryFolder(parent));
  const { context } = JSON.parse(await readFile(join(PROJECT, 'cdk.json'), 'utf8'));
  const synthesis = spawn(process.execPath, [app], {
    cwd: PROJECT,
    env: {
      ...process.env,
      PATH: [join(PROJECT, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
      CDK_OUTDIR: directory,
      // Seconds, for what every deployment does again.
      CDK_VALIDATION: 'false',
      // The command line passes the feature flags on in this way.
      CDK_CONTEXT_JSON: JSON.stringify(context),
      ...environment,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [complaints, [exitCode]] = await Promise.all([text(synthesis.stderr), once(synthesis, 'exit')]);
  if (exitCode !== 0) {
    throw new Error(`${app} could not be synthesized:\n${complaints}`);
  }
  const template = await readTemplate(app, directory);
  const kept = disposables.move();
  return { template, directory, [Symbol.dispose]: () => kept.dispose() };
}

async function readTemplate(app: string, directory: string): Promise<CloudFormationTemplate> {
  const file = (await readdir(directory)).find((name) => name.endsWith('.template.json'));
  if (!file) {
    throw new Error(`${app} synthesized no template into ${directory}`);
  }
  return JSON.parse(await readFile(join(directory, file), 'utf8'));
}
