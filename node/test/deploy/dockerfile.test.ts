/** What the Dockerfile copies and runs is there. No image is built: no engine is needed. */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProgram } from '../../cli/run-cli.ts';
import { environmentSource, loadConfig } from '../../config/load.ts';
import { LEAST_NODE_VERSION } from '../../version.ts';
import { ApiUnderTest } from '../http-api/fake-agent-node.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const run = promisify(execFile);

interface Instruction {
  readonly name: string;
  readonly rest: string;
  /** Number of its stage, from 0. */
  readonly stage: number;
}

/** Instructions with their continued lines joined; comments left out. */
function parseDockerfile(text: string): Instruction[] {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'));
  const joined = lines.join('\n').replace(/\s*\\\n\s*/g, ' ');
  let stage = -1;
  return joined
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, name = '', rest = ''] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
      if (name === '') throw new TypeError(`no instruction: ${line}`);
      if (name === 'FROM') stage += 1;
      return { name, rest, stage };
    });
}

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly files: readonly string[];
}

let all: Instruction[];
let manifest: Manifest;

beforeEach(async () => {
  all = parseDockerfile(await readFile(`${ROOT}node/deploy/Dockerfile`, 'utf8'));
  manifest = JSON.parse(await readFile(`${ROOT}package.json`, 'utf8')) as Manifest;
});

const named = (name: string) => all.filter((instruction) => instruction.name === name);
const only = (name: string): string => {
  const found = named(name);
  expect(found, name).toHaveLength(1);
  return found[0]!.rest;
};

describe('the Dockerfile', () => {
  it('has two stages on the same slim image, whose Node.js is one that the package takes', () => {
    const images = named('FROM').map(({ rest }) => rest);
    expect(images).toEqual(['node:20-slim AS build', 'node:20-slim']);
    expect(LEAST_NODE_VERSION).toMatch(/^20\./);
  });

  it('copies only what is there, and from the first stage only what its build makes', () => {
    const copies = named('COPY').map(({ rest }) => rest.split(' '));
    expect(copies.length).toBeGreaterThan(6);
    for (const parts of copies) {
      const isBuilt = parts[0] === '--from=build';
      const sources = parts.slice(isBuilt ? 1 : 0, -1);
      for (const source of sources) {
        const path = isBuilt ? source.replace(/^\/build\//, '') : source;
        if (isBuilt) expect(path).toBe('dist');
        else expect(existsSync(ROOT + path), path).toBe(true);
      }
    }
  });

  it('copies all that the build reads: projects, configuration, and what they name', async () => {
    const copied = named('COPY')
      .filter(({ stage }) => stage === 0)
      .flatMap(({ rest }) => rest.split(' ').slice(0, -1));
    const solution = JSON.parse(await readFile(`${ROOT}tsconfig.json`, 'utf8')) as {
      references: readonly { path: string }[];
    };
    for (const { path } of solution.references) expect(copied).toContain(path.replace('./', ''));
    for (const [, path] of manifest.scripts['build']!.matchAll(/node (\S+)\//g)) {
      expect(copied).toContain(path);
    }
    expect(copied).toEqual(expect.arrayContaining(['package.json', 'package-lock.json']));
  });

  it('runs only scripts and programs that there are', () => {
    const commands = named('RUN').flatMap(({ rest }) => rest.split(' && '));
    const scripts = commands.flatMap((command) => /^npm run (\S+)$/.exec(command)?.[1] ?? []);
    expect(scripts).toEqual(['build']);
    expect(manifest.scripts).toHaveProperty(scripts[0]!);
    const programs = commands.map((command) => command.split(' ')[0]);
    const ofImage = ['npm', 'chmod', 'ln', 'install'];
    expect(programs.filter((program) => !ofImage.includes(program!))).toEqual([]);
    expect(commands).toContain('npm ci --omit=dev --ignore-scripts');
    const link = commands.find((command) => command.startsWith('ln -s'));
    expect(link).toBe(`ln -s /app/${manifest.bin['coalesce']} /usr/local/bin/coalesce`);
  });

  it('needs no script of a dependency: the native one brings its build', async () => {
    const builds = await readdir(`${ROOT}node_modules/classic-level/prebuilds`);
    expect(builds).toEqual(expect.arrayContaining(['linux-x64', 'linux-arm64']));
  });

  it('runs as a user who is not root, on a volume of its own, and is stopped as the daemon is', () => {
    const last = named('USER').at(-1)!;
    expect([last.rest, last.stage]).toEqual(['node', 1]);
    const after = all.slice(all.indexOf(last));
    expect(after.some(({ name }) => name === 'RUN' || name === 'COPY')).toBe(false);
    expect(only('VOLUME')).toBe('/data');
    expect(only('STOPSIGNAL')).toBe('SIGTERM');
    const [program] = JSON.parse(only('ENTRYPOINT')) as string[];
    const [command] = JSON.parse(only('CMD')) as string[];
    expect(Object.keys(manifest.bin)).toContain(program);
    const commands = createProgram(() => () => Promise.resolve()).commands;
    expect(commands.map((one) => one.name())).toContain(command);
  });

  it('sets only what is a setting, and publishes the port that the node listens on', () => {
    const pairs = only('ENV')
      .split(' ')
      .map((pair) => pair.split('=') as [string, string]);
    const environment = Object.fromEntries(pairs);
    const config = loadConfig([environmentSource(environment)]);
    expect(environment['COALESCE_DATA']).toBe('/data');
    expect(config.network.listen).toEqual([`/ip4/0.0.0.0/tcp/${only('EXPOSE')}`]);
    expect(only('HEALTHCHECK')).toContain(`http://127.0.0.1:${config.http.port}/readyz`);
  });

  it('lies in the package, as the unit of systemd does', () => {
    expect(manifest.files).toContain('node/deploy');
  });
});

describe('its health check', () => {
  let test: ApiUnderTest;

  beforeEach(async () => {
    test = await ApiUnderTest.start();
  });

  afterEach(() => test.api.close(0));

  /** Its exit code against the API under test. */
  async function check(url: string): Promise<number> {
    const [, argv = ''] = /CMD (\[.+\])$/.exec(only('HEALTHCHECK')) ?? [];
    const [program, ...rest] = JSON.parse(argv) as string[];
    expect(program).toBe('node');
    const here = rest.map((part) => part.replace('http://127.0.0.1:7700', url));
    return run(process.execPath, here).then(
      () => 0,
      (error: unknown) => (error as { code: number }).code,
    );
  }

  it('passes once the node is ready, and fails before, and when nobody answers', async () => {
    expect(await check(test.api.url)).toBe(0);
    test.isReady = false;
    expect(await check(test.api.url)).toBe(1);
    await test.api.close(0);
    expect(await check(test.api.url)).toBe(1);
  });
});
