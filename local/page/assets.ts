import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { PageAssets } from './pages.ts';

const CLIENT = fileURLToPath(new URL('./client/', import.meta.url));

/** Bundles the page's script and style in memory, which takes a tenth of a second. */
export async function bundleAssets(): Promise<PageAssets> {
  const { outputFiles } = await build({
    absWorkingDir: CLIENT,
    entryPoints: { script: 'main.ts', style: 'style.css' },
    outdir: 'page',
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
  });
  const textOf = (extension: string): string =>
    outputFiles.find(({ path }) => path.endsWith(extension))?.text ?? '';
  return {
    html: await readFile(`${CLIENT}index.html`, 'utf8'),
    script: textOf('.js'),
    style: textOf('.css'),
  };
}
