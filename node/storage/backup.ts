/**
 * Makes a backup of a data directory: identity, former identities, rotations, configuration, the
 * files that it names below the directory, and the store as it stands at one moment.
 *
 * Left out on purpose: the token of the HTTP API and `daemon.json`, which the next daemon makes;
 * `peers/`, which the network tells again; and `ledger/`. A replica whose log is older than its
 * last vote could vote twice; without a log it follows and votes no more
 * (`ledger/replica-host.ts`).
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, lstat, open, readFile, readdir, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { z } from 'zod';
import { BadInputError, NothingFoundError } from '../errors.ts';
import { MAX_FILE_BYTES, fileNameProblem, readBackup, writeBackup } from './backup-format.ts';
import type { BackupContent, BackupHeader } from './backup-format.ts';
import { codeOf, readJsonFile } from './data-directory.ts';
import type { DataDirectory } from './data-directory.ts';
import { FORMER_IDENTITY } from './keystore.ts';

/** Of which data directory, to which file. */
export interface BackupInit {
  readonly directory: DataDirectory;
  /** The file to write; mode 0600. */
  readonly path: string;
  /** Whether a file that is there is replaced. */
  readonly isReplacing: boolean;
  readonly header: BackupHeader;
  /** Records of the store, of one moment. Read once. */
  readonly store: AsyncIterable<Uint8Array>;
}

/** A backup that was written, and read again. */
export interface MadeBackup {
  readonly path: string;
  readonly bytes: number;
  /** Names of the files in it, from the data directory. */
  readonly files: readonly string[];
  /** Entries of the store. */
  readonly entries: number;
  /** What the configuration names and the backup has not, and what a node loses without it. */
  readonly leftOut: readonly string[];
}

/**
 * Writes a backup in one step: a kill leaves the old file, or none, or the whole new one. It is
 * read again from the disk before it takes its name.
 *
 * @throws {@link BadInputError} if the file exists or cannot be written, or a file of the data
 *   directory cannot be read.
 */
export async function makeBackup(init: BackupInit): Promise<MadeBackup> {
  const path = resolve(init.path);
  if (!init.isReplacing) await refuseExisting(path);
  const { files, leftOut } = await filesOf(init.directory);
  const temporary = join(
    dirname(path),
    `.${basename(path)}.${randomBytes(4).toString('hex')}.partial`,
  );
  try {
    const bytes = await writeAll(temporary, path, {
      header: init.header,
      files,
      store: init.store,
    });
    const entries = await entriesIn(temporary);
    if (!init.isReplacing) await refuseExisting(path);
    await rename(temporary, path).catch((error: unknown) => {
      throw notWritten(path, error);
    });
    await syncDirectory(dirname(path));
    return { path, bytes, files: files.map(({ name }) => name), entries, leftOut };
  } finally {
    await rm(temporary, { force: true });
  }
}

async function refuseExisting(path: string): Promise<void> {
  const isThere = await lstat(path).then(
    () => true,
    () => false,
  );
  if (!isThere) return;
  throw new BadInputError(`${path}: is there already; name a new file, or replace it with --force`);
}

function notWritten(path: string, error: unknown): BadInputError {
  return new BadInputError(
    `${path}: cannot be written (${codeOf(error)}); name a file in a directory that is there and ` +
      'has room',
    { cause: error },
  );
}

/** @returns how many bytes were written. */
async function writeAll(temporary: string, path: string, content: BackupContent): Promise<number> {
  let file: FileHandle;
  try {
    file = await open(temporary, 'wx', 0o600);
  } catch (error) {
    throw notWritten(path, error);
  }
  try {
    let bytes = 0;
    for await (const piece of writeBackup(content)) {
      await file.writeFile(piece).catch((error: unknown) => {
        throw notWritten(path, error);
      });
      bytes += piece.length;
    }
    await file.sync();
    return bytes;
  } finally {
    await file.close();
  }
}

async function entriesIn(path: string): Promise<number> {
  let entries = 0;
  for await (const part of readBackup(createReadStream(path), path)) {
    if (part.type === 'entries') entries += part.entries.length;
  }
  return entries;
}

/** Puts the names of a directory on the disk, where the system knows how. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r').catch(() => undefined);
  await directory?.sync().catch(() => undefined);
  await directory?.close();
}

type NamedFile = BackupContent['files'][number];

interface ListedFiles {
  readonly files: readonly NamedFile[];
  readonly leftOut: readonly string[];
}

/** The files of a node beside its store. */
async function filesOf(directory: DataDirectory): Promise<ListedFiles> {
  const names = (await readdir(directory.path)).filter((name) => FORMER_IDENTITY.test(name));
  const files = [await readNamed(directory, basename(directory.identityFile))];
  for (const path of [directory.configFile, directory.rotationsFile]) {
    if (await exists(path)) names.push(basename(path));
  }
  for (const name of names) files.push(await readNamed(directory, name));
  const leftOut: string[] = [];
  for (const { setting, path } of await configuredFiles(directory)) {
    const name = relative(directory.path, path).split(sep).join('/');
    if (fileNameProblem(name) !== undefined) leftOut.push(`${path} (${setting}): lies elsewhere`);
    else if (!(await exists(path))) leftOut.push(`${path} (${setting}): is not there`);
    else if (files.every((file) => file.name !== name))
      files.push(await readNamed(directory, name));
  }
  if (await exists(directory.ledgerDirectory)) {
    leftOut.push(
      `${directory.ledgerDirectory}: a replica restored without its log follows and votes no more`,
    );
  }
  return { files, leftOut };
}

async function readNamed(directory: DataDirectory, name: string): Promise<NamedFile> {
  const path = join(directory.path, name);
  let content: Uint8Array;
  try {
    content = await readFile(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw new NothingFoundError(`${path}: no such file`);
    throw new BadInputError(`${path}: cannot be read (${codeOf(error)})`, { cause: error });
  }
  if (content.length > MAX_FILE_BYTES) {
    throw new BadInputError(
      `${path}: has ${content.length} bytes, and a backup holds files of ${MAX_FILE_BYTES} at most`,
    );
  }
  return { name, content };
}

const configSchema = z.object({
  committee: z.object({ genesisFile: z.string().optional() }).optional(),
  network: z.object({ keyFile: z.string().optional() }).optional(),
});

/** Files that the configuration names. One that cannot be understood is kept as it is. */
async function configuredFiles(
  directory: DataDirectory,
): Promise<readonly { readonly setting: string; readonly path: string }[]> {
  const json = await readJsonFile(directory.configFile).catch(() => ({}));
  const { committee, network } = configSchema.safeParse(json).data ?? {};
  return [
    { setting: 'committee.genesisFile', name: committee?.genesisFile },
    { setting: 'network.keyFile', name: network?.keyFile },
  ].flatMap(({ setting, name }) =>
    name === undefined ? [] : [{ setting, path: resolve(directory.path, name) }],
  );
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
