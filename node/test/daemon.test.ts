import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunDocument, StatusDocument } from '../api-documents.ts';
import { runDaemon } from '../daemon.ts';
import type { DecisionRecord } from '../decision/decision-record.ts';
import type { DaemonInit } from '../daemon.ts';
import { BadInputError, DataDirectoryLockedError, UnreachableError } from '../errors.ts';
import { ApiClient, readDaemonInfo } from '../http-api/client.ts';

const BINARY = fileURLToPath(new URL('../../dist/bundle/coalesce.js', import.meta.url));

let path: string;
let child: ChildProcess | undefined;

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'coalesce-daemon-'));
});

afterEach(async () => {
  child?.kill('SIGKILL');
  child = undefined;
  await rm(path, { recursive: true, force: true });
});

function initOf(change: Partial<DaemonInit> = {}): DaemonInit {
  return {
    dataPath: path,
    flags: [],
    environment: {},
    logFile: join(path, 'log'),
    signal: new AbortController().signal,
    onReady: () => undefined,
    ...change,
  };
}

/** Starts a daemon in this process; `end` lets it drain, and gives its exit code. */
async function start(change: Partial<DaemonInit> = {}) {
  const controller = new AbortController();
  const ready = Promise.withResolvers<StatusDocument>();
  const ended = runDaemon(initOf({ signal: controller.signal, onReady: ready.resolve, ...change }));
  const status = await Promise.race([
    ready.promise,
    ended.then(() => Promise.reject(new Error('ended before it was ready'))),
  ]);
  return {
    status,
    ended,
    end: () => {
      controller.abort();
      return ended;
    },
  };
}

/** Starts the built command, as a user does; resolves when it has said that it is ready. */
async function startProcess(): Promise<void> {
  child = spawn(process.execPath, [BINARY, 'start', '--data', path, '--json'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let text = '';
  for await (const chunk of child.stdout!) {
    text += String(chunk);
    if (text.endsWith('}\n')) return;
  }
  throw new Error('the process ended before it was ready');
}

const exists = (name: string) =>
  access(join(path, name)).then(
    () => true,
    () => false,
  );

describe('a daemon', () => {
  it('serves its API from ready to end, and leaves identity, token and store behind', async () => {
    const { status, end } = await start();
    const info = await readDaemonInfo(path);
    expect(info).toEqual({ pid: process.pid, url: status.http, peerId: status.peerId });
    expect((await stat(join(path, 'daemon.json'))).mode & 0o777).toBe(0o600);
    const client = await ApiClient.forDataDirectory(path);
    expect(await client.get<StatusDocument>('/v1/status')).toMatchObject({
      peerId: status.peerId,
      dataDirectory: path,
      tasksInWork: 0,
      skills: [],
    });
    client.close();
    expect(await end()).toBe(0);
    expect(await exists('daemon.json')).toBe(false);
    const again = await start();
    expect(again.status.peerId).toBe(status.peerId);
    await again.end();
  });

  it('measures its machine at the first start and never again, and says so', async () => {
    const { status, end } = await start();
    expect(status.hardware.source).toBe('measured');
    expect(status.hardware.peakFlopsPerSecond).toBeGreaterThan(1e7);
    expect(status.hardware.memoryBandwidthBytesPerSecond).toBeGreaterThan(1e7);
    expect(status.hardware.memoryGib).toBeGreaterThan(0.1);
    expect(Date.parse(status.hardware.measuredAt!)).toBeGreaterThan(0);
    await end();
    const again = await start();
    expect(again.status.hardware).toEqual(status.hardware);
    await again.end();
    const configured = await start({ flags: ['hardware.peakFlops=1e9', 'hardware.memoryGib=2'] });
    expect(configured.status.hardware).toMatchObject({
      source: 'config',
      peakFlopsPerSecond: 1e9,
      memoryGib: 2,
    });
    await configured.end();
  });

  it('decides on a task with the other tasks in its queue, Paper Eq. (5)', async () => {
    const { end } = await start();
    const client = await ApiClient.forDataDirectory(path);
    const task = {
      title: 'Sentiment',
      skills: ['performs:nlp/sentiment'],
      input: { parts: [{ text: 'A good day. '.repeat(20_000), mediaType: 'text/plain' }] },
      output: { mediaType: 'application/json' },
      verification: [],
      constraints: { sensitivity: 'low' },
      valueMicroUsd: 3_000,
    };
    const runs = await Promise.all([1, 2].map(() => client.post<RunDocument>('/v1/run', { task })));
    expect(runs.map(({ status }) => status)).toEqual(['completed', 'completed']);
    const queues = await Promise.all(
      runs.map(async ({ subtasks }) => {
        const id = subtasks[0]!.decision.decisionId;
        const record = await client.get<DecisionRecord>(`/v1/decisions/${id}`);
        return record.request.local.queue.map(({ valueMicroUsd }) => valueMicroUsd);
      }),
    );
    client.close();
    await end();
    expect(queues).toContainEqual([3_000]);
  });

  it('ends when the API tells it to', async () => {
    const { ended } = await start();
    const client = await ApiClient.forDataDirectory(path);
    expect(await client.post('/v1/stop')).toEqual({ stopping: true });
    client.close();
    expect(await ended).toBe(0);
  });

  it('says at its start that a configured utilisation is unusual, with cause and mend', async () => {
    const told = async (...flags: string[]) => {
      await rm(join(path, 'log'), { force: true });
      await (await start({ flags })).end();
      const lines = (await readFile(join(path, 'log'), 'utf8')).trim().split('\n');
      const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      return entries.filter((entry) => 'utilisation' in entry);
    };
    expect(await told()).toEqual([]);
    expect(await told('hardware.utilisation=0.95')).toEqual([]);
    expect(await told('hardware.utilisation=0.3')).toEqual([
      expect.objectContaining({
        level: 40,
        utilisation: 0.3,
        msg: 'hardware.utilisation is 0.3; usual is 0.7 to 0.95.',
        cause: expect.stringContaining('dear') as string,
        mend: expect.stringContaining('coalesce init --set hardware.utilisation=0.7') as string,
      }),
    ]);
  });

  it('leaves no listener on the process and no secret in its log', async () => {
    const names = ['SIGTERM', 'uncaughtException', 'unhandledRejection'] as const;
    const before = names.map((name) => process.listenerCount(name));
    const { end } = await start({ flags: ['logLevel=debug'] });
    await end();
    expect(names.map((name) => process.listenerCount(name))).toEqual(before);
    const log = await readFile(join(path, 'log'), 'utf8');
    const identity = JSON.parse(await readFile(join(path, 'identity.json'), 'utf8')) as {
      seed: string;
    };
    expect(log).toContain('The node is ready.');
    expect(log).not.toContain(identity.seed);
    expect(log).not.toContain((await readFile(join(path, 'token'), 'utf8')).trim());
  });

  it('refuses a directory on which another daemon runs, which goes on', async () => {
    const { end } = await start();
    const before = await readFile(join(path, 'daemon.json'), 'utf8');
    await expect(runDaemon(initOf())).rejects.toThrow(DataDirectoryLockedError);
    expect(await readFile(join(path, 'daemon.json'), 'utf8')).toBe(before);
    const client = await ApiClient.forDataDirectory(path);
    await expect(client.get('/v1/status')).resolves.toBeDefined();
    client.close();
    expect(await end()).toBe(0);
  });
});

describe('a start that fails', () => {
  it('lists the problems of file, environment and flags at once, and takes no lock', async () => {
    await writeFile(join(path, 'config.json'), '{"colour":1}');
    const environment = { COALESCE_HTTP_PORT: 'x', COALESCE_NO: '1' };
    const error: unknown = await runDaemon(initOf({ environment, flags: ['logLevel=loud'] })).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(BadInputError);
    expect((error as BadInputError).problems).toHaveLength(4);
    expect(await exists('store')).toBe(false);
    expect(await exists('identity.json')).toBe(false);
  });

  it.each(['{', '[]', 'null', '3'])('says that config.json is bad: %s', async (text) => {
    await writeFile(join(path, 'config.json'), text);
    const started = runDaemon(initOf());
    await expect(started).rejects.toThrow(BadInputError);
    const error = (await started.catch((reason: unknown) => reason)) as BadInputError;
    expect([error.message, ...error.problems].join('\n')).toContain('config.json');
  });

  it('frees the lock when the port of the API is taken', async () => {
    const other = await mkdtemp(join(tmpdir(), 'coalesce-daemon-'));
    const { status, end } = await start({ dataPath: other, logFile: join(other, 'log') });
    const { port } = new URL(status.http);
    const flags = [`http.port=${port}`];
    await expect(runDaemon(initOf({ flags }))).rejects.toThrow(`http.port ${port}: cannot listen`);
    expect(await exists('daemon.json')).toBe(false);
    await end();
    const again = await start({ flags });
    expect(await again.end()).toBe(0);
    await rm(other, { recursive: true, force: true });
  });

  it('frees the lock when the identity is damaged, and does not touch it', async () => {
    await mkdir(path, { recursive: true });
    await writeFile(join(path, 'identity.json'), '{}');
    await expect(runDaemon(initOf())).rejects.toThrow(/identity\.json: is damaged/);
    expect(await readFile(join(path, 'identity.json'), 'utf8')).toBe('{}');
    await rm(join(path, 'identity.json'));
    const { end } = await start();
    expect(await end()).toBe(0);
  });
});

describe('a daemon that is killed', () => {
  it('leaves a directory that opens again, and a daemon.json that fools nobody', async () => {
    await startProcess();
    const before = await readDaemonInfo(path);
    expect(before.pid).toBe(child!.pid);
    await expect(runDaemon(initOf())).rejects.toThrow(DataDirectoryLockedError);
    child!.kill('SIGKILL');
    await once(child!, 'exit');
    expect(await exists('daemon.json')).toBe(true);
    const refused = ApiClient.forDataDirectory(path);
    await expect(refused).rejects.toThrow(UnreachableError);
    await expect(refused).rejects.toMatchObject({ exitCode: 4 });
    const { status, end } = await start();
    expect(status.peerId).toBe(before.peerId);
    expect((await readDaemonInfo(path)).pid).toBe(process.pid);
    expect(await end()).toBe(0);
  });

  it('ends with 0 on SIGTERM and removes its daemon.json', async () => {
    await startProcess();
    child!.kill('SIGTERM');
    const [code] = (await once(child!, 'exit')) as [number | null];
    expect(code).toBe(0);
    expect(await exists('daemon.json')).toBe(false);
  });
});

describe('the key of a private network', () => {
  const startWithKey = () => runDaemon(initOf({ flags: ['network.keyFile=swarm.key'] }));

  it('is looked for in the data directory, and a missing one is no open network', async () => {
    await expect(startWithKey()).rejects.toThrow(
      /network\.keyFile: .*swarm\.key cannot be read \(ENOENT/,
    );
  });

  it('is refused where it is no key, with the form that it must have', async () => {
    await mkdir(path, { recursive: true });
    await writeFile(join(path, 'swarm.key'), 'secret');
    await expect(startWithKey()).rejects.toThrow(
      /is no network key; expected the lines \/key\/swarm/,
    );
  });
});
