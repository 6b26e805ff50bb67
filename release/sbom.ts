import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import * as v from 'valibot';
import { BUNDLING, PROJECT } from '../lib/bundling.ts';

const Bom = v.looseObject({
  metadata: v.looseObject({ component: v.looseObject({ 'bom-ref': v.string(), name: v.string() }) }),
  components: v.array(v.looseObject({ 'bom-ref': v.string() })),
  dependencies: v.array(v.object({ ref: v.string(), dependsOn: v.array(v.string()) })),
});
/** A software bill of materials: https://cyclonedx.org/docs/1.5/json/ */
export type Bom = v.InferOutput<typeof Bom>;

/**
 * The bill of materials of what is deployed: of all that the lock file has, only the packages of which some code is in a
 * function's bundle. The flags of `npm sbom` know development from production, and neither is what is bundled.
 *
 * @throws Error when a bundle has a package that the lock file does not
 */
export async function bundledBom(): Promise<Bom> {
  const [whole, bundled] = await Promise.all([wholeBom(), bundledPackages()]);
  const { component } = whole.metadata;
  const known = new Set(whole.components.map((one) => one['bom-ref']));
  const unknown = [...bundled].filter((reference) => !known.has(reference));
  if (unknown.length > 0) {
    throw new Error(`The lock file does not have ${unknown.join(', ')}`);
  }
  const references = new Set([component['bom-ref'], ...bundled]);
  return {
    ...whole,
    // npm names it after the folder.
    metadata: { ...whole.metadata, component: { ...component, name: 'twilio-call-recorder' } },
    components: whole.components.filter((one) => references.has(one['bom-ref'])),
    dependencies: whole.dependencies
      .filter(({ ref }) => references.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((one) => references.has(one)) })),
  };
}

async function wholeBom(): Promise<Bom> {
  const { stdout } = await promisify(execFile)(
    'npm',
    ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'],
    { cwd: PROJECT, maxBuffer: 64 * 1024 ** 2 },
  );
  return v.parse(Bom, JSON.parse(stdout));
}

/** As `name@version`. */
async function bundledPackages(): Promise<ReadonlySet<string>> {
  const folders = await readdir(join(PROJECT, 'lambda'));
  const { metafile } = await build({
    ...BUNDLING,
    absWorkingDir: PROJECT,
    entryPoints: folders.map((name) => join(PROJECT, 'lambda', name, 'handler.ts')).filter(existsSync),
    bundle: true,
    platform: 'node',
    minify: true,
    metafile: true,
    write: false,
    outdir: 'bundles',
  });
  const files = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : [])),
  );
  const packages = new Set(
    files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []),
  );
  const references = [...packages].map(async (folder) => {
    const { name, version } = JSON.parse(await readFile(join(PROJECT, folder, 'package.json'), 'utf8'));
    return `${name}@${version}`;
  });
  return new Set(await Promise.all(references));
}
