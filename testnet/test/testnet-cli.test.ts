/** The `coalesce` and `coalesce-testnet` commands as a user calls them: as processes. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestnetDocument } from '../testnet-directory.ts';

interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const cli = fileURLToPath(new URL('../../dist/bundle/coalesce.js', import.meta.url));

function coalesce(...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [cli, ...args], { timeout: 110_000 }, (error, stdout, stderr) => {
      const exitCode = error ? (typeof error.code === 'number' ? error.code : -1) : 0;
      resolve({ exitCode, stdout, stderr });
    });
  });
}

describe('the testnet command', () => {
  let parent: string;
  let dir: string;
  let network: TestnetDocument;
  const clientDir = (): string =>
    network.nodes.find(({ roles }) => roles.includes('client'))!.dataDir;

  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), 'coalesce-cli-'));
    dir = join(parent, 'network');
    const up = await coalesce('testnet', 'up', '--nodes', '4', '--dir', dir, '--json');
    expect(up.exitCode, up.stderr).toBe(0);
    network = JSON.parse(up.stdout) as TestnetDocument;
  }, 120_000);

  afterAll(async () => {
    await coalesce('testnet', 'down', '--dir', dir);
    await rm(parent, { recursive: true, force: true });
  }, 60_000);

  it('lists one running process per node', async () => {
    const status = await coalesce('testnet', 'status', '--dir', dir, '--json');
    const { nodes } = JSON.parse(status.stdout) as TestnetDocument;
    expect(nodes).toHaveLength(4);
    expect(new Set(nodes.map(({ pid }) => pid)).size).toBe(4);
    expect(nodes.every(({ isRunning }) => isRunning)).toBe(true);
  });

  it('refuses a second network in the same directory and says how to end the first', async () => {
    const again = await coalesce('testnet', 'up', '--nodes', '3', '--dir', dir);
    expect(again.exitCode).toBe(1);
    expect(again.stderr).toMatch(/a network is there already.*testnet down/);
  });

  it('refuses a directory that holds something else, and leaves it alone', async () => {
    await writeFile(join(parent, 'precious.txt'), 'keep me');
    const up = await coalesce('testnet', 'up', '--nodes', '3', '--dir', parent);
    expect(up.exitCode).toBe(2);
    expect(up.stderr).toMatch(/is not empty/);
    expect((await stat(join(parent, 'precious.txt'))).isFile()).toBe(true);
  });

  it('answers a query with exit code 0 for a hit and 3 for none', async () => {
    const hit = await coalesce('--data', clientDir(), 'query', 'performs:nlp/sentiment');
    expect(hit.exitCode, hit.stderr).toBe(0);
    expect(hit.stdout).toMatch(/performs:nlp\/sentiment/);
    const none = await coalesce('--data', clientDir(), 'query', 'performs:nlp/poetry', '--json');
    expect(none.exitCode).toBe(3);
    expect(JSON.parse(none.stdout)).toMatchObject({ hits: [], outcome: 'complete' });
  });

  it('runs a skill on a file and prints a verified result', async () => {
    const file = join(parent, 'text.txt');
    await writeFile(file, 'The tent is light. The zip broke on the first day.');
    const run = await coalesce(
      ...['--data', clientDir(), 'run', '--skill', 'performs:nlp/sentiment', '--input', file],
    );
    expect(run.exitCode, run.stderr).toBe(0);
    expect(run.stdout).toMatch(/completed/);
  });

  it('names what is wrong with a malformed task, all of it at once, with exit code 2', async () => {
    const file = join(parent, 'task.json');
    await writeFile(file, JSON.stringify({ title: '', skills: ['nonsense'], surprise: 1 }));
    const run = await coalesce('--data', clientDir(), 'run', file);
    expect(run.exitCode).toBe(2);
    for (const what of ['title', 'skills', 'surprise']) expect(run.stderr).toContain(what);
    expect(run.stderr).not.toMatch(/\n\s+at /);
    await writeFile(file, '{ not json');
    expect((await coalesce('--data', clientDir(), 'decide', file)).exitCode).toBe(2);
    expect((await coalesce('--data', clientDir(), 'status')).exitCode).toBe(0);
  });

  it('stops every process with down, and down again is fine', async () => {
    const down = await coalesce('testnet', 'down', '--dir', dir, '--json');
    expect(down.exitCode, down.stderr).toBe(0);
    expect(JSON.parse(down.stdout)).toMatchObject({ stopped: 4 });
    for (const { pid } of network.nodes) expect(() => process.kill(pid, 0)).toThrow();
    expect((await coalesce('testnet', 'down', '--dir', dir)).exitCode).toBe(0);
    expect((await coalesce('--data', clientDir(), 'status')).exitCode).toBe(4);
  }, 60_000);
});
