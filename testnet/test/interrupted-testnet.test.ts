/** Ctrl-C, and signals of `timeout` and service managers, in each phase of `coalesce testnet`. */
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const cli = fileURLToPath(new URL('../../dist/bundle/coalesce.js', import.meta.url));
const POLL_MS = 50;
const MAX_WAIT_MS = 90_000;

interface Command {
  /** What it has printed so far. */
  output(): string;
  /** To its whole group, as a terminal does, or to the first process alone. */
  signal(name: NodeJS.Signals, to: 'group' | 'first'): void;
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

function start(temporary: string, ...args: string[]): Command {
  const env = { ...process.env, TMPDIR: temporary };
  const child = spawn(process.execPath, [cli, ...args], { detached: true, env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  }
  return {
    output: () => output,
    signal: (name, to) => process.kill(to === 'group' ? -child.pid! : child.pid!, name),
    ended: new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal))),
  };
}

async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
  const end = Date.now() + MAX_WAIT_MS;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error('it never came');
    await delay(POLL_MS);
  }
}

/** Processes whose command line has the text, by their ids. */
async function processesOf(text: string): Promise<string[]> {
  const list = process.platform === 'linux' ? await fromProc() : await fromPs();
  return list.filter(({ line }) => line.includes(text)).map(({ pid }) => pid);
}

interface ListedProcess {
  readonly pid: string;
  readonly line: string;
}

async function fromProc(): Promise<ListedProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return Promise.all(
    pids.map(async (pid) => {
      return { pid, line: await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '') };
    }),
  );
}

async function fromPs(): Promise<ListedProcess[]> {
  const { stdout } = await promisify(execFile)('ps', ['-axo', 'pid=,args=']);
  return stdout.split('\n').map((row) => {
    const [pid = '', ...words] = row.trim().split(' ');
    return { pid, line: words.join(' ') };
  });
}

describe('an interrupted testnet', () => {
  let parent: string;
  let dir: string;
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'coalesce-interrupted-'));
    dir = join(parent, 'network');
  });
  afterEach(() => rm(parent, { recursive: true, force: true }));

  const isStarting = async (): Promise<boolean> => (await processesOf(`${dir}/`)).length > 0;

  it.each<[string, NodeJS.Signals, 'group' | 'first', (command: Command) => Promise<void>]>([
    ['while its first node starts', 'SIGINT', 'group', () => until(isStarting)],
    [
      'while its contractors are certified',
      'SIGINT',
      'group',
      ({ output }) => until(() => output().includes('nodes are up')),
    ],
    ['by one who signals the first process alone', 'SIGTERM', 'first', () => until(isStarting)],
    ['by a terminal that is closed', 'SIGHUP', 'group', () => until(isStarting)],
  ])(
    '%s leaves no process and no file, and says so',
    async (_, name, to, phase) => {
      const up = start(parent, 'testnet', 'up', '--nodes', '3', '--dir', dir);
      await phase(up);
      up.signal(name, to);
      expect(await up.ended, up.output()).toBe(130);
      expect(up.output()).toMatch(/^coalesce-testnet: interrupted; what had started was stopped$/m);
      expect(await processesOf(dir)).toEqual([]);
      expect(await readdir(parent)).toEqual([]);
    },
    120_000,
  );

  it('in the middle of a scenario removes the network of the scenario', async () => {
    const run = start(parent, 'testnet', 'run', 'first-task', '--out', dir);
    await until(async () => (await processesOf(`${parent}/coalesce-scenario-`)).length > 0);
    run.signal('SIGINT', 'group');
    expect(await run.ended, run.output()).toBe(130);
    expect(await processesOf(parent)).toEqual([]);
    expect((await readdir(parent)).filter((name) => name !== 'network')).toEqual([]);
  }, 120_000);
});
