import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromUtf8, utf8 } from '../../../crypto/bytes.ts';
import { BadInputError, DataDirectoryLockedError } from '../../errors.ts';
import { dataDirectory } from '../../storage/data-directory.ts';
import type { DataDirectory } from '../../storage/data-directory.ts';
import { keyValueStore } from '../../storage/key-value-store.ts';
import { SECTIONS, openStore } from '../../storage/store.ts';
import type { EntriesOptions, Section, Store } from '../../storage/store.ts';

let directory: DataDirectory;
let open: Store[] = [];
let child: ChildProcess | undefined;

beforeEach(async () => {
  directory = dataDirectory(await mkdtemp(join(tmpdir(), 'coalesce-store-')));
});

afterEach(async () => {
  child?.kill('SIGKILL');
  child = undefined;
  for (const store of open) await store.close();
  open = [];
  await rm(directory.path, { recursive: true, force: true });
});

async function opened(): Promise<Store> {
  const store = await openStore(directory);
  open.push(store);
  return store;
}

async function keysOf(section: Section, options?: EntriesOptions): Promise<string[]> {
  const keys: string[] = [];
  for await (const [key] of section.entries(options)) keys.push(key);
  return keys;
}

/** Another process that takes the lock as a daemon does, and keeps it until it is killed. */
async function lockInAnotherProcess(): Promise<void> {
  const require = createRequire(import.meta.url);
  const script = `
    const { ClassicLevel } = require(${JSON.stringify(require.resolve('classic-level'))});
    const level = new ClassicLevel(${JSON.stringify(directory.storeDirectory)});
    level.open().then(() => level.put('by', 'child', { sync: true })).then(() => {
      process.stdout.write('locked');
      setInterval(() => undefined, 1_000);
    });`;
  child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout!, 'data');
}

describe('lock', () => {
  it('refuses a second opening in this process', async () => {
    await opened();
    const second = openStore(directory);
    await expect(second).rejects.toThrow(DataDirectoryLockedError);
    await expect(second).rejects.toMatchObject({ code: 'DATA_DIRECTORY_LOCKED', exitCode: 1 });
    await expect(second).rejects.toThrow(/coalesce stop/);
  });

  it('refuses a directory that another process holds, and opens once that one was killed', async () => {
    await lockInAnotherProcess();
    await expect(openStore(directory)).rejects.toThrow(DataDirectoryLockedError);
    child!.kill('SIGKILL');
    await once(child!, 'exit');
    const store = await opened();
    await store.section('settings').put('a', utf8('1'));
    expect(fromUtf8((await store.section('settings').get('a'))!)).toBe('1');
  });

  it('opens again after it was closed', async () => {
    await (await openStore(directory)).close();
    await expect(opened()).resolves.toBeDefined();
  });

  it('says which directory cannot be opened, and is no lock error then', async () => {
    await writeFile(directory.storeDirectory, 'not a directory');
    const store = openStore(directory);
    await expect(store).rejects.toThrow(BadInputError);
    await expect(store).rejects.toThrow(directory.storeDirectory);
  });
});

describe('sections', () => {
  it('keep what was put, over a reopening', async () => {
    const first = await openStore(directory);
    await first.section('results').put('a', new Uint8Array([0, 255, 128]));
    await first.json('offers').put('b', { price: 1.5, name: 'ü' });
    await first.close();
    const second = await opened();
    expect(Uint8Array.from((await second.section('results').get('a'))!)).toEqual(
      new Uint8Array([0, 255, 128]),
    );
    expect(await second.json('offers').get('b')).toEqual({ price: 1.5, name: 'ü' });
  });

  it('do not see each other’s keys', async () => {
    const store = await opened();
    for (const name of SECTIONS) await store.section(name).put('key', utf8(name));
    for (const name of SECTIONS) {
      expect(fromUtf8((await store.section(name).get('key'))!)).toBe(name);
      expect(await keysOf(store.section(name))).toEqual(['key']);
    }
    await store.section('results').delete('key');
    expect(await store.section('results').get('key')).toBeUndefined();
    expect(await store.section('receipts').get('key')).toBeDefined();
  });

  it('answer undefined for a key that is not there, and delete it without complaint', async () => {
    const store = await opened();
    expect(await store.section('results').get('a')).toBeUndefined();
    expect(await store.json('results').get('a')).toBeUndefined();
    await store.section('results').delete('a');
  });
});

describe('entries', () => {
  let section: Section;
  beforeEach(async () => {
    section = (await opened()).section('decisions');
    for (const key of ['a/2', 'b/1', 'a/10', 'a', 'a/1', 'a0', 'a/é', 'a/\u{1f600}']) {
      await section.put(key, utf8(key));
    }
  });

  it('come in the order of their bytes, each with its value', async () => {
    const keys = await keysOf(section);
    expect(keys).toEqual(['a', 'a/1', 'a/10', 'a/2', 'a/é', 'a/\u{1f600}', 'a0', 'b/1']);
    for await (const [key, value] of section.entries()) expect(fromUtf8(value)).toBe(key);
  });

  it('are those that start with the prefix, and no others', async () => {
    expect(await keysOf(section, { prefix: 'a/' })).toEqual([
      'a/1',
      'a/10',
      'a/2',
      'a/é',
      'a/\u{1f600}',
    ]);
    expect(await keysOf(section, { prefix: 'a/1' })).toEqual(['a/1', 'a/10']);
    expect(await keysOf(section, { prefix: 'c' })).toEqual([]);
    expect(await keysOf(section, { prefix: '' })).toHaveLength(8);
  });

  it('are the last ones when reversed and limited', async () => {
    expect(await keysOf(section, { limit: 2, reverse: true })).toEqual(['b/1', 'a0']);
    expect(await keysOf(section, { prefix: 'a/', limit: 1, reverse: true })).toEqual([
      'a/\u{1f600}',
    ]);
    expect(await keysOf(section, { limit: 0 })).toEqual([]);
  });

  it('reach the protocols through a KeyValueStore', async () => {
    const store = keyValueStore(section);
    await store.put('c', utf8('c'));
    await store.flush();
    const keys: string[] = [];
    for await (const [key] of store.entries('a/1')) keys.push(key);
    expect(keys).toEqual(['a/1', 'a/10']);
    expect(await store.get('c')).toBeDefined();
    await store.delete('c');
    expect(await store.get('c')).toBeUndefined();
  });
});
