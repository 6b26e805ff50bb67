import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { CloudFormationTemplate } from './host/template.ts';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

/** A synthesized stack; its folder goes when it is disposed of. */
export interface Assembly extends AsyncDisposable {
  readonly template: CloudFormationTemplate;
  /** The `cdk.out` folder. */
  readonly directory: string;
}

/**
 * Synthesizes the app as `cdk deploy` would, in a process of its own.
 *
 * @param environment variables that `local/recorder.config.ts` reads
 * @throws Error with what the app printed, when it does not synthesize
 */
export async function synthesize(environment: Readonly<Record<string, string>>): Promise<Assembly> {
  const directory = await mkdtemp(join(tmpdir(), 'call-recorder-'));
  const app = spawn(process.execPath, ['bin/app.ts'], {
    cwd: PROJECT,
    env: {
      ...process.env,
      PATH: [join(PROJECT, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
      CDK_OUTDIR: directory,
      RECORDER_CONFIG: 'local/recorder.config.ts',
      ...environment,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [complaints, [exitCode]] = await Promise.all([text(app.stderr), once(app, 'exit')]);
  if (exitCode !== 0) {
    await rm(directory, { recursive: true, force: true });
    throw new Error(`The app could not be synthesized:\n${complaints}`);
  }
  const file = (await readdir(directory)).find((name) => name.endsWith('.template.json'));
  if (!file) {
    throw new Error(`The app synthesized no template into ${directory}`);
  }
  return {
    template: JSON.parse(await readFile(join(directory, file), 'utf8')),
    directory,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}
