/**
 * Restores a backup into an empty data directory.
 *
 * Everything is written to `restore.partial` in that directory, checked, and moved up, the
 * identity last; a data directory with a `restore.partial` in it is refused by whatever would start
 * on it. So nobody runs on a half of a store, or makes a new identity beside it. Only plain files
 * are written, all new, for their owner alone.
 *
 * @module
 */

import { createReadStream } from 'node:fs';
import { lstat, mkdir, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BadInputError, NothingFoundError, RefusedError } from '../errors.ts';
import { syncDirectory } from './backup.ts';
import { readBackup } from './backup-format.ts';
import type { BackupHeader, BackupPart } from './backup-format.ts';
import { codeOf, createDataDirectory, dataDirectory } from './data-directory.ts';
import type { DataDirectory } from './data-directory.ts';
import { identityFacts } from './keystore.ts';
import { createStore } from './store.ts';
import type { RawEntry } from './store.ts';

/** What was restored. */
export interface RestoredBackup {
  readonly header: BackupHeader;
  /** Names of the files, from the data directory. */
  readonly files: readonly string[];
  /** Entries of the store. */
  readonly entries: number;
}

/** Names that a file system puts into an empty directory. */
const OF_FILE_SYSTEM: ReadonlySet<string> = new Set(['lost+found']);

/**
 * Restores the backup at `path`. What is refused leaves nothing behind.
 *
 * @throws {@link NothingFoundError} if there is no such file; {@link RefusedError} for a directory
 *   that is not empty; {@link BadInputError} for what is no whole backup of a known version.
 */
export async function restoreBackup(
  directory: DataDirectory,
  path: string,
): Promise<RestoredBackup> {
  const parts = readBackup(piecesOf(path), path);
  try {
    const header = await firstPart(parts);
    const isNew = await refuseUnlessEmpty(directory);
    const staged = await makeStaging(directory);
    let restored: RestoredBackup;
    try {
      restored = { header, ...(await fill(staged, parts, path)) };
      await refuseOtherIdentity(staged, header, path);
    } catch (error) {
      await rm(staged.path, { recursive: true, force: true });
      if (isNew) await rmdir(directory.path).catch(() => undefined);
      throw error;
    }
    await moveUp(staged, directory);
    return restored;
  } finally {
    await parts.return(undefined);
  }
}

async function* piecesOf(path: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of createReadStream(path)) yield piece as Uint8Array;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw new NothingFoundError(`${path}: no such file`);
    throw new BadInputError(`${path}: cannot be read (${codeOf(error)})`, { cause: error });
  }
}

async function firstPart(parts: AsyncGenerator<BackupPart>): Promise<BackupHeader> {
  const first: IteratorResult<BackupPart, unknown> = await parts.next();
  if (first.done === true || first.value.type !== 'header') {
    throw new TypeError('a backup begins with its header');
  }
  return first.value.header;
}

/** @returns whether the directory is not there yet. */
async function refuseUnlessEmpty({ path }: DataDirectory): Promise<boolean> {
  let names: string[];
  try {
    names = await readdir(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return true;
    throw new BadInputError(`${path}: cannot be restored into (${codeOf(error)})`, {
      cause: error,
    });
  }
  const first = names.find((name) => !OF_FILE_SYSTEM.has(name));
  if (first === undefined) return false;
  throw new RefusedError(
    `${path}: is not empty (${first} is there), and nothing is overwritten; name an empty ` +
      'directory with --data, or move what is there away',
  );
}

/** @throws {@link RefusedError} if another restore is at work. */
async function makeStaging(directory: DataDirectory): Promise<DataDirectory> {
  await createDataDirectory(directory);
  try {
    await mkdir(directory.restoreDirectory, { mode: 0o700 });
  } catch (error) {
    throw new RefusedError(
      `${directory.restoreDirectory}: cannot be made (${codeOf(error)}); let another restore ` +
        `end, or make ${directory.path} writable`,
      { cause: error },
    );
  }
  return dataDirectory(directory.restoreDirectory);
}

/** Writes everything, and flushes it to the disk. */
async function fill(
  staged: DataDirectory,
  parts: AsyncIterable<BackupPart>,
  origin: string,
): Promise<Omit<RestoredBackup, 'header'>> {
  const files: string[] = [];
  let entries = 0;
  async function* batches(): AsyncGenerator<readonly RawEntry[]> {
    for await (const part of parts) {
      if (part.type === 'file') {
        await writeNew(join(staged.path, part.name), part.content);
        files.push(part.name);
      } else if (part.type === 'entries') {
        entries += part.entries.length;
        yield part.entries;
      }
    }
  }
  try {
    await createStore(staged, batches());
  } catch (error) {
    if (error instanceof BadInputError) throw error;
    throw new BadInputError(
      `${origin}: cannot be restored into ${staged.path} (${codeOf(error)})`,
      {
        cause: error,
      },
    );
  }
  return { files, entries };
}

async function writeNew(path: string, content: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(path, content, { mode: 0o600, flag: 'wx', flush: true });
}

/** The hash tells damage alone, so what a node would trip over is looked at. */
async function refuseOtherIdentity(
  staged: DataDirectory,
  header: BackupHeader,
  path: string,
): Promise<void> {
  const facts = await identityFacts(staged).catch(() => undefined);
  if (facts?.peerId === header.peerId) return;
  throw new BadInputError(
    `${path}: is damaged: it holds no identity of ${header.peerId}; take another copy of the backup`,
  );
}

/** A kill in between leaves `restore.partial`, and with it a directory that nothing starts on. */
async function moveUp(staged: DataDirectory, directory: DataDirectory): Promise<void> {
  const identity = basename(staged.identityFile);
  const names = (await readdir(staged.path)).filter((name) => name !== identity);
  for (const name of [...names, identity]) {
    const target = join(directory.path, name);
    // `rename` would replace a file that somebody has put there meanwhile.
    const isThere = await lstat(target).then(
      () => true,
      () => false,
    );
    if (isThere) {
      throw new RefusedError(
        `${target}: was put there meanwhile; empty ${directory.path} and restore again`,
      );
    }
    await rename(join(staged.path, name), target);
  }
  await rmdir(staged.path);
  await syncDirectory(directory.path);
}
