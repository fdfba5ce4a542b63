import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { utf8 } from '../../../crypto/bytes.ts';
import { runDaemon } from '../../daemon.ts';
import { BYTES_TYPE } from '../../http-api/bytes-answer.ts';
import { ApiClient } from '../../http-api/client.ts';
import { storeRecords } from '../../storage/backup-format.ts';
import { dataDirectory } from '../../storage/data-directory.ts';
import { loadIdentity } from '../../storage/keystore.ts';
import { openStore } from '../../storage/store.ts';
import type { RawEntry } from '../../storage/store.ts';
import { CliUnderTest, runCaptured } from './capture.ts';

let cli: CliUnderTest;
let file: string;
let target: string;
let server: Server | undefined;

beforeEach(async () => {
  cli = await CliUnderTest.open();
  file = `${cli.path}.backup`;
  target = `${cli.path}.elsewhere`;
});

afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  await cli.close();
  await rm(file, { force: true });
  await rm(target, { recursive: true, force: true });
});

const restore = (...more: string[]) => runCaptured(['restore', file, '--data', target, ...more]);

async function* entries(): AsyncGenerator<RawEntry> {
  for (let i = 100; i < 150; i++) yield await Promise.resolve([utf8(`!tasks!${i}`), utf8('x')]);
}

/** A daemon of which only the copy of its store is there; the command holds no lock. */
async function answerBackups(
  answer: (pieces: Uint8Array[]) => Uint8Array[] | 'cut',
): Promise<void> {
  await cli.run('init');
  const pieces: Uint8Array[] = [];
  for await (const record of storeRecords(entries())) pieces.push(record);
  server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': BYTES_TYPE });
    const sent = answer(pieces);
    for (const piece of sent === 'cut' ? pieces.slice(0, 1) : sent) response.write(piece);
    if (sent === 'cut') setTimeout(() => response.destroy(), 50);
    else response.end();
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const info = { pid: process.pid, url: `http://127.0.0.1:${port}`, peerId: 'x' };
  await cli.write('daemon.json', JSON.stringify(info));
}

describe('backup and restore', () => {
  it('carry a stopped node elsewhere, and say what that means', async () => {
    await cli.run('init', '--set', 'name=traveller');
    const { peerId } = await loadIdentity(dataDirectory(cli.path));
    const made = await cli.run('backup', file);
    expect(made).toMatchObject({ exitCode: 0, stderr: '' });
    expect(made.stdout).toContain(`Wrote ${peerId} to ${file}, and read it again`);
    expect(made.stdout).toContain('identity.json, config.json, and 0 entries');
    expect(made.stdout).toContain('Whoever reads the file is this node');
    const restored = await restore();
    expect(restored).toMatchObject({ exitCode: 0, stderr: '' });
    expect(restored.stdout).toContain(`Restored ${peerId} to ${target}`);
    expect(restored.stdout).toContain('must never start again');
    expect(restored.stdout).toContain(`coalesce start --data ${target}`);
    expect((await loadIdentity(dataDirectory(target))).peerId).toBe(peerId);
    const again = await runCaptured(['init', '--data', target, '--json']);
    expect(JSON.parse(again.stdout)).toMatchObject({ peerId, isNew: false });
    const config = JSON.parse(await readFile(join(target, 'config.json'), 'utf8')) as object;
    expect(config).toMatchObject({ name: 'traveller' });
  });

  it('print one JSON document each', async () => {
    await cli.run('init');
    const made = JSON.parse((await cli.run('backup', file, '--json')).stdout) as object;
    expect(made).toMatchObject({ path: file, entries: 0, leftOut: [], isChecked: true });
    const restored = JSON.parse((await restore('--json')).stdout) as object;
    expect(restored).toMatchObject({
      dataDirectory: target,
      files: ['identity.json', 'config.json'],
      remarks: [expect.stringContaining('one identity'), expect.stringContaining('revocations')],
    });
  });

  it('end with 1 where something would be overwritten, 2 for bad input, 3 for nothing there', async () => {
    const none = await cli.run('backup', file);
    expect(none.exitCode).toBe(3);
    expect((await restore()).exitCode).toBe(3);
    await expect(stat(join(cli.path, 'store'))).rejects.toThrow('ENOENT');
    await cli.run('init');
    await writeFile(file, 'mine');
    expect((await cli.run('backup', file)).exitCode).toBe(2);
    expect((await restore()).exitCode).toBe(2);
    expect((await cli.run('backup', file, '--force')).exitCode).toBe(0);
    await mkdir(target);
    await writeFile(join(target, 'x'), '');
    const full = await restore();
    expect(full).toMatchObject({ exitCode: 1, stdout: '' });
    expect(full.stderr).toContain('is not empty');
  });

  it('refuse a store that another command holds', async () => {
    await cli.run('init');
    const store = await openStore(dataDirectory(cli.path));
    try {
      const { exitCode, stderr } = await cli.run('backup', file);
      expect(exitCode).toBe(1);
      expect(stderr).toContain('another command uses it');
    } finally {
      await store.close();
    }
  });

  it('copy a daemon that runs: its identity from its directory, its store from itself', async () => {
    const end = new AbortController();
    const ready = Promise.withResolvers<unknown>();
    await cli.run('init', '--set', 'http.port=0', '--set', 'network.listen=/ip4/127.0.0.1/tcp/0');
    const ended = runDaemon({
      ...{ dataPath: cli.path, flags: [], environment: {}, signal: end.signal },
      ...{ logFile: join(cli.path, 'log'), onReady: ready.resolve },
    });
    await Promise.race([ready.promise, ended]);
    const client = await ApiClient.forDataDirectory(cli.path);
    const offer = { skills: [{ term: 'performs:nlp/sentiment', priceMicroUsd: 5 }] };
    const offering = client.post('/v1/skills', offer).catch(() => undefined);
    const made = await cli.run('backup', file, '--json');
    await offering;
    client.close();
    end.abort();
    await ended;
    expect(made).toMatchObject({ exitCode: 0, stderr: '' });
    expect((JSON.parse(made.stdout) as { entries: number }).entries).toBeGreaterThan(0);
    expect((await restore()).exitCode).toBe(0);
    const names = await import('node:fs/promises').then(({ readdir }) => readdir(target));
    expect(names.toSorted()).toEqual(['config.json', 'identity.json', 'store']);
  }, 60_000);
});

describe('the copy that a daemon sends', () => {
  /** The lock is held, as a daemon holds it. */
  async function backedUp() {
    const store = await openStore(dataDirectory(cli.path));
    try {
      return await cli.run('backup', file);
    } finally {
      await store.close();
    }
  }

  it('is taken whole', async () => {
    await answerBackups((pieces) => pieces);
    const { exitCode, stdout } = await backedUp();
    expect(exitCode).toBe(0);
    expect(stdout).toContain('50 entries');
  });

  it('is refused when the connection breaks, and no file is left', async () => {
    await answerBackups(() => 'cut');
    const { exitCode, stderr } = await backedUp();
    expect(exitCode).toBe(4);
    expect(stderr).toContain('does not answer');
    await expect(stat(file)).rejects.toThrow('ENOENT');
  });

  it.each([
    ['its last record is missing', (pieces: Uint8Array[]) => pieces.slice(0, -1)],
    ['a record is missing', (pieces: Uint8Array[]) => pieces.slice(1)],
    ['a record comes twice', (pieces: Uint8Array[]) => [pieces[0]!, ...pieces]],
    ['it is something else', () => [utf8('hello')]],
  ])('is refused when %s, although the hash fits', async (_what, answer) => {
    await answerBackups(answer);
    const { exitCode, stderr } = await backedUp();
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/is (damaged|cut off)/);
    await expect(stat(file)).rejects.toThrow('ENOENT');
  });
});
