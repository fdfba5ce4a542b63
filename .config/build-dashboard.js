/**
 * Bundles the dashboard's page (`node/dashboard/page/`) and compresses it, into `dist/` beside the
 * code that serves it. Runs after `tsc -b`, which has checked it. The sizes go to the terminal.
 *
 * @module
 */

import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const page = fileURLToPath(new URL('../node/dashboard/page/', import.meta.url));
const assets = fileURLToPath(new URL('../dist/node/dashboard/assets/', import.meta.url));

const { outputFiles } = await build({
  entryPoints: { app: `${page}main.ts`, style: `${page}style.css`, index: `${page}index.html` },
  outdir: assets,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  loader: { '.html': 'copy' },
  legalComments: 'none',
  banner: { js: '/* With Apache ECharts (Apache-2.0) and zrender (BSD-3-Clause). */' },
  define: { 'process.env.NODE_ENV': '"production"' },
  write: false,
});

await mkdir(assets, { recursive: true });
let bytes = 0;
for (const { path, contents } of outputFiles) {
  const gzip = gzipSync(contents, { level: 9 });
  bytes += gzip.length;
  await writeFile(path, contents);
  await writeFile(`${path}.gz`, gzip);
  await writeFile(`${path}.br`, brotliCompressSync(contents));
}
process.stdout.write(`dashboard: ${Math.ceil(bytes / 1_000)} kB with gzip\n`);
