import { readdirSync, readFileSync } from 'node:fs';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { temporaryFolder } from '../temporary-folder.ts';

const AssetManifest = v.object({
  files: v.optional(
    v.record(
      v.string(),
      v.object({
        source: v.object({ path: v.optional(v.string()), packaging: v.optional(v.string()) }),
        destinations: v.record(v.string(), v.object({ objectKey: v.string() })),
      }),
    ),
  ),
});

/**
 * The folder of each zipped asset by the S3 key under which it would be uploaded.
 *
 * @param assemblyDirectory the `cdk.out` folder
 * @see https://github.com/aws/aws-cdk-cli/blob/main/packages/@aws-cdk/cloud-assembly-schema/README.md
 */
export function readAssets(assemblyDirectory: string): ReadonlyMap<string, string> {
  const folders = new Map<string, string>();
  for (const name of readdirSync(assemblyDirectory).filter((entry) => entry.endsWith('.assets.json'))) {
    const manifest = v.parse(AssetManifest, JSON.parse(readFileSync(join(assemblyDirectory, name), 'utf8')));
    for (const { source, destinations } of Object.values(manifest.files ?? {})) {
      if (source.path === undefined || source.packaging !== 'zip') continue;
      for (const { objectKey } of Object.values(destinations)) {
        folders.set(objectKey, join(assemblyDirectory, source.path));
      }
    }
  }
  return folders;
}

export interface Deployment extends Disposable {
  /** The folder of each asset's copy by S3 key. */
  readonly folders: ReadonlyMap<string, string>;
}

/**
 * Copies the assets to a temporary folder. On Lambda nothing lies above a function's code; in the project its
 * package.json would turn CommonJS bundles into ES modules, and its node_modules would hide what a bundle lacks.
 */
export async function deployAssets(assets: ReadonlyMap<string, string>): Promise<Deployment> {
  const folder = temporaryFolder();
  const root = folder.path;
  await writeFile(join(root, 'package.json'), '{}');
  const copies = [...assets].map(async ([objectKey, source], index): Promise<[string, string]> => {
    const code = join(root, String(index));
    await cp(source, code, { recursive: true });
    return [objectKey, code];
  });
  return {
    folders: new Map(await Promise.all(copies)),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}
