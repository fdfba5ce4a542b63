/**
 * The package as it is published: packed, laid into an empty directory beside its dependencies (and
 * none of the development ones), run and imported there. Nothing is fetched.
 */

import { execFile } from 'node:child_process';
import {
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  realpath,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROJECT_ROOT, readProjectFile } from './source-tree.ts';

const run = promisify(execFile);

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: true; readonly optional?: true }>>;
}

let dir: string;
let packed: Packed;

/** Links every package of the tree that a user would get. */
async function linkDependencies(modules: string): Promise<void> {
  const { packages } = JSON.parse(readProjectFile('package-lock.json')) as Lock;
  for (const [path, { dev, optional }] of Object.entries(packages)) {
    const name = /^node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path)?.[1];
    if (name === undefined || dev || optional) continue;
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(PROJECT_ROOT, path), join(modules, name));
  }
}

beforeAll(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), 'coalesce-tarball-')));
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', dir];
  const { stdout } = await run('npm', pack, { cwd: PROJECT_ROOT, maxBuffer: 64 * 1024 * 1024 });
  packed = (JSON.parse(stdout) as Packed[])[0]!;
  const home = join(dir, 'node_modules', 'coalesce');
  await linkDependencies(join(dir, 'node_modules'));
  await mkdir(home, { recursive: true });
  await run('tar', ['-xzf', join(dir, packed.filename), '-C', home, '--strip-components=1']);
  await mkdir(join(dir, 'node_modules', '.bin'));
  const bin = { coalesce: 'node/cli/main.js', 'coalesce-testnet': 'testnet/main.js' };
  for (const [name, path] of Object.entries(bin)) {
    await symlink(join(home, 'dist', path), join(dir, 'node_modules', '.bin', name));
    await run('chmod', ['+x', join(home, 'dist', path)]); // as npm does
  }
  await writeFile(join(dir, 'package.json'), '{"private":true,"type":"module"}\n');
}, 120_000);

afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
});

describe('the package', () => {
  it('holds what runs, with the page, and no source, no test and no trace of the build', () => {
    const paths = packed.files.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        ...['package.json', 'README.md', 'LICENSE', 'dist/node/index.d.ts'],
        ...['coalesce.service', 'Dockerfile', 'grafana-dashboard.json'].map(
          (file) => `node/deploy/${file}`,
        ),
        ...['index.html', 'app.js', 'app.js.br', 'app.js.gz', 'style.css'].map(
          (file) => `dist/node/dashboard/assets/${file}`,
        ),
      ]),
    );
    const shipped = /^(?:dist|node\/deploy|testnet\/scenarios)\/|^[^/]+$/;
    const stray = /(?<!\.d)\.ts$|\.tsbuildinfo$|\/test\/|dashboard\/page\//;
    const isStray = (path: string) => stray.test(path) || !shipped.test(path);
    expect(paths.filter(isStray)).toEqual([]);
  });

  it('runs as "npx coalesce" in an empty directory', async () => {
    const { version } = JSON.parse(readProjectFile('package.json')) as { version: string };
    const asked = ['--offline', 'coalesce', '--version'];
    const { stdout } = await run('npx', asked, { cwd: dir });
    expect(stdout.trim()).toBe(version);
  }, 60_000);

  it('is a library that can be imported, without any development dependency', async () => {
    const code = [
      "import { createAgentNode, openAgentNode } from 'coalesce';",
      "import { createTestnet } from 'coalesce/testnet';",
      "import ontology from 'coalesce/ontology.json' with { type: 'json' };",
      'const kinds = [createAgentNode, openAgentNode, createTestnet].map((one) => typeof one);',
      "console.log(kinds.join(' '), '@context' in ontology);",
    ].join('\n');
    await writeFile(join(dir, 'use.mjs'), code);
    const { stdout } = await run(process.execPath, ['use.mjs'], { cwd: dir });
    expect(stdout.trim()).toBe('function function function true');
  }, 60_000);

  it('brings the whole page in at most 400 kB, compressed', async () => {
    const assets = join(dir, 'node_modules/coalesce/dist/node/dashboard/assets');
    const files = await readdir(assets);
    const compressed = files.filter((file) => file.endsWith('.gz'));
    let bytes = 0;
    for (const file of compressed) bytes += (await readFile(join(assets, file))).length;
    expect(compressed).toHaveLength(3);
    expect(bytes).toBeLessThanOrEqual(400_000);
  });

  it.each([
    ['node16 and later', ts.ModuleKind.NodeNext, ts.ModuleResolutionKind.NodeNext],
    ['bundlers', ts.ModuleKind.ESNext, ts.ModuleResolutionKind.Bundler],
  ])(
    'has types that resolve for %s',
    async (_who, module, moduleResolution) => {
      const file = join(dir, 'use.ts');
      const code = [
        "import { openAgentNode } from 'coalesce';",
        "import type { RunDocument, AgentNode } from 'coalesce';",
        "import { createTestnet } from 'coalesce/testnet';",
        'export const open: typeof openAgentNode = openAgentNode;',
        'export const status = (run: RunDocument): string => run.status;',
        'export const id = (node: AgentNode): string => node.peerId;',
        'export const up: ReturnType<typeof createTestnet> = createTestnet(3);',
        '// @ts-expect-error: types are there, and not any',
        'export const wrong: number = openAgentNode;',
      ].join('\n');
      await writeFile(file, code);
      const program = ts.createProgram([file], {
        module,
        moduleResolution,
        target: ts.ScriptTarget.ES2023,
        lib: ['lib.es2024.d.ts', 'lib.dom.d.ts'],
        types: [],
        strict: true,
        noEmit: true,
        skipLibCheck: true,
      });
      const found = ts.getPreEmitDiagnostics(program);
      expect(
        found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' ')),
      ).toEqual([]);
    },
    120_000,
  );
});
