import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { executorHealth } from '../../tasks/executor-health.ts';
import type { ExecutorConfig } from '../../tasks/executor-config.ts';

const term = 'performs:text/upper';

let directory: string;
let server: Server;
let origin: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalesce-health-'));
  server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  if (server.listening) await new Promise((resolve) => server.close(resolve));
  await rm(directory, { recursive: true, force: true });
});

const openai = (): ExecutorConfig => {
  return { type: 'openai', baseUrl: `${origin}/v1`, model: 'm', systemPrompt: 'p' };
};

describe('the health of an executor', () => {
  it('is good where it can be set up and something answers', async () => {
    const executors: ExecutorConfig[] = [
      { type: 'builtin' },
      { type: 'command', program: 'cat' },
      openai(),
      { type: 'a2a', url: origin },
    ];
    for (const executor of executors) {
      const health = await executorHealth({ term, executor }, directory, async () => undefined);
      expect(health).toEqual({ term, type: executor.type, problem: null });
    }
  });

  it('names a service and an agent behind which nothing listens', async () => {
    await new Promise((resolve) => server.close(resolve));
    for (const executor of [openai(), { type: 'a2a', url: origin } as const]) {
      const { problem } = await executorHealth({ term, executor }, directory);
      expect(problem).toMatch(/^http:\/\/127.*: nothing answers \(ECONNREFUSED\)$/);
    }
  });

  it('names a module whose file is gone, from the data directory', async () => {
    const executor = { type: 'module', path: 'upper.mjs' } as const;
    const path = join(directory, 'upper.mjs');
    await writeFile(path, '');
    expect((await executorHealth({ term, executor }, directory)).problem).toBeNull();
    await rm(path);
    const { problem } = await executorHealth({ term, executor }, directory);
    expect(problem).toBe(`${path}: cannot be read (ENOENT)`);
  });

  it('says first why it cannot be set up', async () => {
    const failing = () => Promise.reject(new Error('no such variable'));
    const health = await executorHealth({ term, executor: openai() }, directory, failing);
    expect(health.problem).toBe('no such variable');
  });
});
