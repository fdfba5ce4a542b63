/**
 * Bundles the programs that users start, with their libraries, into `dist/bundle/`. Node.js takes a
 * second to find and load 1,800 small modules, and a third of that for a few large ones. Runs after
 * `tsc -b`; what it makes does the same as the files that it is made of.
 *
 * A file asks by `import.meta.url` for what lies beside it: threads, pages, the manifest. In the
 * bundle it gets the place of the file that it came from.
 *
 * @module
 */

import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const root = fileURLToPath(new URL('../', import.meta.url));
const outdir = `${dist}bundle`;

/** @type {import('esbuild').Plugin} */
const ownPlaces = {
  name: 'own-places',
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/ }, async ({ path }) => {
      if (!path.startsWith(dist)) return undefined;
      const text = await readFile(path, 'utf8');
      if (!text.includes('import.meta.url')) return undefined;
      const place = relative(outdir, path).split(sep).join('/');
      const url = `new URL(${JSON.stringify(place)}, import.meta.url).href`;
      const contents = text.replaceAll('import.meta.url', url);
      return { contents, loader: 'js', resolveDir: dirname(path) };
    });
  },
};

await rm(outdir, { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: {
    coalesce: `${dist}node/cli/main.js`,
    'coalesce-testnet': `${dist}testnet/main.js`,
    'testnet-node': `${dist}testnet/faults/main.js`,
  },
  outdir,
  absWorkingDir: root,
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  // Errors and logs name classes.
  keepNames: true,
  // They find a native part, and threads, by their own place.
  external: ['classic-level', 'tinypool'],
  // Libraries that are not ES modules ask for others by `require`.
  banner: {
    js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);",
  },
  metafile: true,
  plugins: [ownPlaces],
  logLevel: 'warning',
});
const packages = new Set(
  Object.keys(metafile.inputs).flatMap((path) => {
    const [, name] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path) ?? [];
    const root = path.slice(0, path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    return name === undefined ? [] : [`${root}${name}`];
  }),
);
/** The licence of each library whose code is in the bundle, as it comes with the library. */
const licences = await Promise.all([...packages].sort().map(licenceOf));
await writeFile(`${outdir}/LICENSES.txt`, licences.join(`\n${'-'.repeat(80)}\n\n`));

/** @param {string} path - Of a package, from the project's root. */
async function licenceOf(path) {
  const directory = `${root}${path}/`;
  const { name, version, license } = JSON.parse(await readFile(`${directory}package.json`, 'utf8'));
  const files = await readdir(directory);
  const texts = files.filter((file) => /^(licen[cs]e|copying|notice)/i.test(file)).sort();
  const read = texts.map((file) => readFile(`${directory}${file}`, 'utf8'));
  return [`${name} ${version}, ${license ?? 'see below'}`, ...(await Promise.all(read))].join(
    '\n\n',
  );
}

const bytes = Object.values(metafile.outputs).reduce((sum, output) => sum + output.bytes, 0);
const files = Object.keys(metafile.inputs).length;
process.stdout.write(`bundle: ${files} files, ${(bytes / 1e6).toFixed(1)} MB\n`);
