import type * as FsPromises from 'node:fs/promises';
import {
  chmod,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fromUtf8, utf8 } from '../../../crypto/bytes.ts';
import { BadInputError, NothingFoundError, RefusedError } from '../../errors.ts';
import { makeBackup } from '../../storage/backup.ts';
import type { MadeBackup } from '../../storage/backup.ts';
import { storeRecords, writeBackup } from '../../storage/backup-format.ts';
import { createDataDirectory, dataDirectory } from '../../storage/data-directory.ts';
import type { DataDirectory } from '../../storage/data-directory.ts';
import { loadIdentity, loadOrCreateIdentity } from '../../storage/keystore.ts';
import { restoreBackup } from '../../storage/restore.ts';
import { openStore } from '../../storage/store.ts';
import type { RawEntry, Store } from '../../storage/store.ts';

/** The process ends when it puts this many more files in their places. */
const kill = vi.hoisted(() => ({ inRenames: Infinity }));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof FsPromises>();
  const rename: typeof real.rename = (from, to) =>
    kill.inRenames-- > 0 ? real.rename(from, to) : Promise.reject(new Error('killed'));
  return { ...real, rename };
});

let root: string;
let directory: DataDirectory;
let target: DataDirectory;
let file: string;
let peerId: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'coalesce-backup-'));
  directory = dataDirectory(join(root, 'node'));
  target = dataDirectory(join(root, 'elsewhere'));
  file = join(root, 'node.backup');
  await createDataDirectory(directory);
  peerId = (await loadOrCreateIdentity(directory)).identity.peerId;
  await writeFile(directory.configFile, '{}\n');
});

afterEach(async () => {
  kill.inRenames = Infinity;
  await rm(root, { recursive: true, force: true });
});

const header = () => ({ createdAtMs: 1_000, program: '0.1.0', peerId });

async function withStore<Result>(
  of: DataDirectory,
  work: (store: Store) => Promise<Result>,
): Promise<Result> {
  const store = await openStore(of);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

async function backUp(change: { path?: string; isReplacing?: boolean } = {}): Promise<MadeBackup> {
  return withStore(directory, (store) =>
    makeBackup({
      ...{ directory, path: file, isReplacing: false, header: header() },
      store: storeRecords(store.snapshot()),
      ...change,
    }),
  );
}

async function allOf(of: DataDirectory): Promise<string[]> {
  return withStore(of, async (store) => {
    const found: string[] = [];
    for await (const [key, value] of store.snapshot()) {
      found.push(`${fromUtf8(key)}=${fromUtf8(value)}`);
    }
    return found;
  });
}

describe('a node that was backed up and restored', () => {
  it('has the same identity, files and store, for its owner alone', async () => {
    await withStore(directory, async (store) => {
      await store.json('receipts').put('a/1', { price: 3 });
      await store.section('contracts').put('ü', utf8('two'));
    });
    await writeFile(directory.rotationsFile, '{"v":1}');
    await writeFile(join(directory.path, 'identity-12D3KooWold.json'), 'former');
    const made = await backUp();
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(made).toMatchObject({ entries: 2, leftOut: [], bytes: (await stat(file)).size });
    const restored = await restoreBackup(target, file);
    expect(restored).toMatchObject({ header: header(), entries: 2 });
    expect((await loadIdentity(target)).peerId).toBe(peerId);
    expect(await allOf(target)).toEqual(await allOf(directory));
    expect((await allOf(target))[1]).toBe('!receipts!a/1={"price":3}');
    for (const name of restored.files) {
      const path = join(target.path, name);
      expect(await readFile(path)).toEqual(await readFile(join(directory.path, name)));
      expect((await stat(path)).mode & 0o777).toBe(0o600);
    }
    expect(restored.files).toHaveLength(4);
    expect((await readdir(target.path)).toSorted()).toEqual(
      [...restored.files, 'store'].toSorted(),
    );
    expect((await stat(target.path)).mode & 0o777).toBe(0o700);
  });

  it('has the files that its configuration names, and is told of those that lie elsewhere', async () => {
    await mkdir(join(directory.path, 'keys'));
    await writeFile(join(directory.path, 'keys', 'net.key'), 'swarm');
    const elsewhere = join(root, 'genesis.json');
    const config = { committee: { genesisFile: elsewhere }, network: { keyFile: 'keys/net.key' } };
    await writeFile(directory.configFile, JSON.stringify(config));
    await mkdir(directory.ledgerDirectory);
    const { files, leftOut } = await backUp();
    expect(files).toContain('keys/net.key');
    expect(leftOut).toEqual([
      `${elsewhere} (committee.genesisFile): lies elsewhere`,
      expect.stringContaining('votes no more'),
    ]);
    await restoreBackup(target, file);
    expect(await readFile(join(target.path, 'keys', 'net.key'), 'utf8')).toBe('swarm');
  });

  it('is never told what the next daemon makes anew', async () => {
    for (const name of ['token', 'daemon.json', 'log']) {
      await writeFile(join(directory.path, name), 'x');
    }
    const { files } = await backUp();
    expect(files.toSorted()).toEqual(['config.json', 'identity.json']);
  });
});

describe('the snapshot of a store', () => {
  it('is of one moment: what is written later is not in it, and no change is half in it', async () => {
    const store = await openStore(directory);
    try {
      const value = utf8('x'.repeat(2_000));
      const both = (n: number) =>
        store.section('debtors').write(
          new Map([
            ['a', utf8(`${n}`)],
            ['z', utf8(`${n}`)],
          ]),
        );
      await both(0);
      for (let i = 0; i < 1_000; i++) {
        void store.section('decisions').put(`${i}`.padStart(4, '0'), value);
      }
      await both(1);
      let isDone = false;
      const writing = (async () => {
        for (let n = 2; !isDone; n++) {
          await both(n);
          await store.section('receipts').put(`${n}`, value);
        }
      })();
      const taken: RawEntry[] = [];
      for await (const pair of store.snapshot()) {
        taken.push(pair);
        if (taken.length % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      }
      isDone = true;
      await writing;
      const debts = taken.filter(([key]) => fromUtf8(key).startsWith('!debtors!'));
      expect(debts).toHaveLength(2);
      expect(fromUtf8(debts[0]![1])).toBe(fromUtf8(debts[1]![1]));
      const now = await store.section('debtors').get('a');
      expect(Number(fromUtf8(now!))).toBeGreaterThan(Number(fromUtf8(debts[0]![1])));
    } finally {
      await store.close();
    }
  });

  it('is not held in memory: of 120 MB that pass, two thirds are never there at once', async () => {
    async function* many(): AsyncGenerator<RawEntry> {
      for (let i = 0; i < 1_200; i++) {
        const key = utf8(`!results!${String(i).padStart(6, '0')}`);
        yield await Promise.resolve([key, new Uint8Array(100_000).fill(i)] as const);
      }
    }
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    async function* watched(): AsyncGenerator<Uint8Array> {
      for await (const record of storeRecords(many())) {
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
        yield record;
      }
    }
    await makeBackup({
      ...{ directory, path: file, isReplacing: false, header: header(), store: watched() },
    });
    const { entries } = await restoreBackup(target, file);
    expect(entries).toBe(1_200);
    expect(most).toBeLessThan(80e6);
  }, 60_000);
});

describe('writing a backup', () => {
  it('replaces no file unless asked, and then in one step', async () => {
    await writeFile(file, 'precious');
    await expect(backUp()).rejects.toThrow(/is there already; name a new file.*--force/);
    expect(await readFile(file, 'utf8')).toBe('precious');
    await backUp({ isReplacing: true });
    expect((await restoreBackup(target, file)).header.peerId).toBe(peerId);
  });

  it('leaves nothing where the store breaks off, and keeps what was there', async () => {
    await writeFile(file, 'precious');
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(utf8('not a record'));
      throw new BadInputError('the daemon is gone');
    }
    const init = { directory, path: file, isReplacing: true, header: header() };
    await expect(makeBackup({ ...init, store: broken() })).rejects.toThrow('the daemon is gone');
    expect(await readFile(file, 'utf8')).toBe('precious');
    expect((await readdir(root)).toSorted()).toEqual(['node', 'node.backup']);
  });

  it('takes no name where the store ends too early: it is read again first', async () => {
    async function* short(): AsyncGenerator<Uint8Array> {
      // Nothing, as of a connection that ends between two records.
    }
    const init = { directory, path: file, isReplacing: false, header: header() };
    await expect(makeBackup({ ...init, store: short() })).rejects.toThrow('end of the store');
    expect(await readdir(root)).toEqual(['node']);
  });

  it('says what cannot be read, and what cannot be written', async () => {
    await expect(backUp({ path: join(root, 'none', 'x') })).rejects.toThrow(
      /x: cannot be written \(ENOENT\); name a file/,
    );
    await rm(directory.identityFile);
    await expect(backUp()).rejects.toThrow(/identity.json: no such file/);
    await mkdir(directory.identityFile);
    await expect(backUp()).rejects.toThrow(/identity.json: cannot be read \(EISDIR\)/);
  });
});

describe('restoring', () => {
  beforeEach(async () => {
    await withStore(directory, (store) => store.section('receipts').put('a', utf8('1')));
    await backUp();
  });

  it('goes into a directory that is there and empty, but for what its file system put there', async () => {
    await mkdir(join(target.path, 'lost+found'), { recursive: true });
    await restoreBackup(target, file);
    expect(await allOf(target)).toEqual(['!receipts!a=1']);
  });

  it('refuses a directory with anything in it, and leaves it as it is', async () => {
    await mkdir(target.path);
    await writeFile(join(target.path, 'notes'), 'mine');
    await expect(restoreBackup(target, file)).rejects.toThrow(RefusedError);
    await expect(restoreBackup(target, file)).rejects.toThrow(/is not empty \(notes is there\)/);
    await expect(restoreBackup(directory, file)).rejects.toThrow('is not empty');
    expect(await readdir(target.path)).toEqual(['notes']);
    await symlink(target.path, join(root, 'link'));
    const link = dataDirectory(join(root, 'link'));
    await expect(restoreBackup(link, file)).rejects.toThrow('is not empty');
  });

  it('refuses what is no backup, and leaves nothing behind', async () => {
    await expect(restoreBackup(target, join(root, 'none'))).rejects.toThrow(NothingFoundError);
    await expect(restoreBackup(target, root)).rejects.toThrow(/cannot be read \(EISDIR\)/);
    await expect(restoreBackup(target, directory.identityFile)).rejects.toThrow('is no backup');
    const bytes = await readFile(file);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(file, bytes);
    await expect(restoreBackup(target, file)).rejects.toThrow('its hash is another');
    await expect(stat(target.path)).rejects.toThrow('ENOENT');
    await mkdir(target.path);
    await expect(restoreBackup(target, file)).rejects.toThrow('its hash is another');
    expect(await readdir(target.path)).toEqual([]);
  });

  it('refuses a whole backup without the identity that its header names', async () => {
    const other = { ...header(), peerId: '12D3KooWsomebodyElse' };
    for (const files of [[], [{ name: 'identity.json', content: utf8('{}') }]]) {
      async function* none(): AsyncGenerator<RawEntry> {}
      const pieces: Uint8Array[] = [];
      const store = storeRecords(none());
      for await (const piece of writeBackup({ header: other, files, store })) pieces.push(piece);
      await writeFile(file, Buffer.concat(pieces));
      await expect(restoreBackup(target, file)).rejects.toThrow('holds no identity of');
      await expect(stat(target.path)).rejects.toThrow('ENOENT');
    }
  });

  it('is not begun twice in one directory, and nothing starts on a half of one', async () => {
    await mkdir(target.restoreDirectory, { recursive: true });
    await expect(restoreBackup(target, file)).rejects.toThrow('is not empty');
    await expect(createDataDirectory(target)).rejects.toThrow(
      /restore.partial: a restore is at work here or was cut short; .* empty/,
    );
  });

  it.each([0, 1, 2])(
    'that is killed after %i of its 3 moves leaves a directory that no node starts on',
    async (moves) => {
      kill.inRenames = moves;
      await expect(restoreBackup(target, file)).rejects.toThrow('killed');
      kill.inRenames = Infinity;
      await expect(createDataDirectory(target)).rejects.toThrow('was cut short');
      await expect(loadIdentity(target)).rejects.toThrow(NothingFoundError);
      await expect(restoreBackup(target, file)).rejects.toThrow('is not empty');
      await rm(target.path, { recursive: true });
      await restoreBackup(target, file);
      expect((await loadIdentity(target)).peerId).toBe(peerId);
    },
  );

  it('says that a directory cannot be written', async () => {
    if (process.getuid?.() === 0) {
      // The system lets root write everywhere but here.
      const made = restoreBackup(dataDirectory('/proc/none'), file);
      await expect(made).rejects.toThrow(BadInputError);
      return;
    }
    await mkdir(target.path);
    await chmod(target.path, 0o500);
    await expect(restoreBackup(target, file)).rejects.toThrow('cannot be made (EACCES)');
  });
});
