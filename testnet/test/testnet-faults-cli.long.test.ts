/** Breaking and mending a network by command, and networks whose starter died: real processes. */
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { QueryDocument } from '../../node/api-documents.ts';
import type { TestnetDocument } from '../testnet-directory.ts';

interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const cli = fileURLToPath(new URL('../../dist/bundle/coalesce.js', import.meta.url));
const TIMEOUT_MS = 180_000;

function coalesce(args: readonly string[], input = ''): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { timeout: TIMEOUT_MS, env: { ...process.env, SHELL: '/bin/sh' } };
    const child = execFile(process.execPath, [cli, ...args], options, (error, stdout, stderr) => {
      const exitCode = error ? (typeof error.code === 'number' ? error.code : -1) : 0;
      resolve({ exitCode, stdout, stderr });
    });
    child.stdin?.end(input);
  });
}

let parent: string;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'coalesce-faults-'));
});
afterAll(async () => {
  await rm(parent, { recursive: true, force: true });
});

describe('a network that is broken by command', () => {
  let dir: string;
  const testnet = (...args: string[]) => coalesce(['testnet', ...args, '--dir', dir]);
  const status = async (): Promise<TestnetDocument> =>
    JSON.parse((await testnet('status', '--json')).stdout) as TestnetDocument;
  const node = async (name: string) => (await status()).nodes.find((one) => one.name === name)!;

  beforeAll(async () => {
    dir = join(parent, 'network');
    const up = await testnet('up', '--nodes', '3', '--replicas', '0', '--seed', '5', '--json');
    expect(up.exitCode, up.stderr).toBe(0);
  }, TIMEOUT_MS);
  afterAll(async () => {
    await testnet('down');
  }, TIMEOUT_MS);

  it(
    'holds a fault until heal takes it away',
    async () => {
      const cut = await testnet('fault', 'partition', '--from', 'client-1', '--json');
      expect(JSON.parse(cut.stdout)).toMatchObject({ fault: { id: 'partition-1' }, late: [] });
      expect((await testnet('fault', 'list')).stdout).toMatch(
        /partition-1 +client-1 +<-> .*nothing/,
      );
      const healed = await testnet('heal', '--json');
      expect(JSON.parse(healed.stdout)).toEqual({ healed: ['partition-1'], started: [], late: [] });
      expect((await testnet('fault', 'list')).stdout).toMatch(/No faults/);
    },
    TIMEOUT_MS,
  );

  it(
    'shows a paused node and a killed one, and heal brings both back under their keys',
    async () => {
      const before = await node('contractor-1');
      expect(before).toMatchObject({ state: 'running', skills: [expect.any(String)] });
      expect((await testnet('fault', 'pause', 'attestor-1')).exitCode).toBe(0);
      expect((await testnet('fault', 'kill', 'contractor-1')).exitCode).toBe(0);
      expect((await node('attestor-1')).state).toBe('paused');
      expect(await node('contractor-1')).toMatchObject({ state: 'not running', peers: null });
      const healed = await testnet('heal', '--json');
      expect(JSON.parse(healed.stdout)).toMatchObject({ started: ['contractor-1'] });
      const after = await node('contractor-1');
      expect(after).toMatchObject({ state: 'running', peerId: before.peerId });
      expect(after.pid).not.toBe(before.pid);
      expect((await node('attestor-1')).state).toBe('running');
    },
    TIMEOUT_MS,
  );

  it(
    'lets a shell talk to a node, and shows logs',
    async () => {
      const shell = await coalesce(
        ['testnet', 'shell', 'attestor-1', '--dir', dir],
        'coalesce status --json\n',
      );
      expect(shell.stdout).toContain((await node('attestor-1')).peerId);
      const logs = await testnet('logs', 'client', '--json');
      expect(JSON.parse(logs.stdout)).toMatchObject({ logs: [{ node: 'client-1' }] });
    },
    TIMEOUT_MS,
  );

  it(
    'refuses a fault without its unit, of nobody, and a heal of nothing, with exit code 2',
    async () => {
      for (const [args, message] of [
        [['fault', 'latency', '300'], /expected a time, for example 200ms/],
        [['fault', 'loss', '30%', '--from', 'nobody'], /nobody: names no node; expected all/],
        [['heal', 'latency-7'], /latency-7: no such fault; in force: none/],
      ] as const) {
        const refused = await testnet(...args);
        expect(refused.exitCode, refused.stderr).toBe(2);
        expect(refused.stderr).toMatch(message);
      }
    },
    TIMEOUT_MS,
  );
});

describe('a network in one process', () => {
  it(
    'sells what its file says, and lets no node be killed alone',
    async () => {
      const dir = join(parent, 'in-process');
      const file = join(parent, 'contractors.json');
      const skill = {
        ...{ term: 'performs:nlp/sentiment', description: 'Sentiment of English text' },
        ...{ priceMicroUsd: 33, perUnit: 'task', latencyMs: 1_000, capacity: 2 },
        executor: { type: 'builtin' },
      };
      await writeFile(file, JSON.stringify([{ skills: [skill] }]));
      const up = await coalesce(
        `testnet up --nodes 3 --in-process --contractors ${file} --dir ${dir} --json`.split(' '),
      );
      expect(up.exitCode, up.stderr).toBe(0);
      const { nodes } = JSON.parse(up.stdout) as TestnetDocument;
      expect(new Set(nodes.map(({ pid }) => pid)).size).toBe(1);
      const client = nodes.find(({ name }) => name === 'client-1')!;
      const found = await coalesce(['--data', client.dataDir, 'query', skill.term, '--json']);
      const { hits } = JSON.parse(found.stdout) as QueryDocument;
      expect(hits.map(({ priceMicroUsd }) => priceMicroUsd)).toEqual([33]);
      const kill = await coalesce(['testnet', 'fault', 'kill', 'client-1', '--dir', dir]);
      expect(kill.exitCode).toBe(1);
      expect(kill.stderr).toMatch(/shares its process .*without --in-process/);
      const down = await coalesce(['testnet', 'down', '--dir', dir, '--json']);
      expect(JSON.parse(down.stdout)).toMatchObject({ stopped: 3 });
      expect(() => process.kill(nodes[0]!.pid, 0)).toThrow();
    },
    TIMEOUT_MS,
  );

  it('refuses more contractors in the file than nodes, and says how many it needs', async () => {
    const file = join(parent, 'many.json');
    const offer = { skills: [{ term: 'performs:nlp/sentiment' }] };
    await writeFile(file, JSON.stringify([offer, offer]));
    const dir = join(parent, 'none');
    const up = await coalesce(`testnet up --nodes 3 --contractors ${file} --dir ${dir}`.split(' '));
    expect(up.exitCode).toBe(2);
    expect(up.stderr).toMatch(/has 2 contractors, .* make it 4/);
    expect(existsSync(dir)).toBe(false);
  });
});

describe('a network whose starter was killed', () => {
  it(
    'is listed by status and ended by down',
    async () => {
      const dir = join(parent, 'orphan');
      const args = `testnet up --nodes 3 --replicas 0 --dir ${dir}`.split(' ');
      const starter = spawn(process.execPath, [cli, ...args], { stdio: 'ignore', detached: true });
      const daemonFile = join(dir, 'attestor-1', 'daemon.json');
      await expect.poll(() => existsSync(daemonFile), { timeout: 60_000 }).toBe(true);
      process.kill(-starter.pid!, 'SIGKILL'); // the command, and what it runs the testnet with
      const { pid } = JSON.parse(await readFile(daemonFile, 'utf8')) as { pid: number };
      expect(() => process.kill(pid, 0)).not.toThrow();
      const status = await coalesce(['testnet', 'status', '--dir', dir, '--json']);
      const { nodes } = JSON.parse(status.stdout) as TestnetDocument;
      expect(nodes.map(({ name }) => name)).toEqual(['attestor-1', 'client-1', 'contractor-1']);
      expect(nodes[0]).toMatchObject({ state: 'running', pid });
      expect((await coalesce(['testnet', 'down', '--dir', dir])).exitCode).toBe(0);
      expect(() => process.kill(pid, 0)).toThrow();
      expect(existsSync(dir)).toBe(false);
    },
    TIMEOUT_MS,
  );
});

describe('an ordinary node', () => {
  it(
    'takes no notice of a control file of faults',
    async () => {
      const dir = join(parent, 'ordinary');
      const dataDir = join(dir, 'node');
      await mkdir(dir, { recursive: true });
      const all = { from: 'all', to: 'all', isBothWays: true };
      const faults = [{ id: 'partition-1', ...all, isCut: true }];
      await writeFile(
        join(dir, 'faults.json'),
        JSON.stringify({ v: 1, revision: 1, seed: 1, faults }),
      );
      const args = [cli, '--data', dataDir, 'start', '--stop-with-parent'];
      const child = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'ignore'] });
      const ended = new Promise((resolve) => child.once('exit', resolve));
      await expect
        .poll(() => existsSync(join(dataDir, 'daemon.json')), { timeout: 60_000 })
        .toBe(true);
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(existsSync(join(dataDir, 'faults-in-force.json'))).toBe(false);
      child.stdin.end();
      await ended;
    },
    TIMEOUT_MS,
  );
});
