/**
 * A node's data directory: where each file lies, who may read it, and the lock that keeps a second
 * process out.
 *
 * The lock is LevelDB's own lock on the store. The operating system frees it when the process ends,
 * however it ends, so a crash leaves nothing to clean up.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { BadInputError, NothingFoundError } from '../errors.ts';

/** Paths inside a data directory. */
export interface DataDirectory {
  readonly path: string;
  readonly configFile: string;
  readonly identityFile: string;
  /** Key rotations that led to the identity, and the hash of its recovery key. */
  readonly rotationsFile: string;
  readonly tokenFile: string;
  /** Written while a daemon runs: its address and process id. */
  readonly daemonFile: string;
  readonly storeDirectory: string;
  readonly peerStoreDirectory: string;
  /** Log and blocks of a replica; absent where the node is none. */
  readonly ledgerDirectory: string;
  /** There while a restore is at work, and where one was cut short. */
  readonly restoreDirectory: string;
}

/** What `daemon.json` holds while a daemon runs. */
export interface DaemonInfo {
  readonly pid: number;
  readonly url: string;
  readonly peerId: string;
}

/** `--data`, then COALESCE_DATA, then `~/.coalesce`. */
export function defaultDataPath(environment: NodeJS.ProcessEnv): string {
  return environment['COALESCE_DATA'] ?? join(homedir(), '.coalesce');
}

/** The paths below `path`; nothing is created. */
export function dataDirectory(path: string): DataDirectory {
  const root = resolve(path);
  return {
    path: root,
    configFile: join(root, 'config.json'),
    identityFile: join(root, 'identity.json'),
    rotationsFile: join(root, 'rotations.json'),
    tokenFile: join(root, 'token'),
    daemonFile: join(root, 'daemon.json'),
    storeDirectory: join(root, 'store'),
    peerStoreDirectory: join(root, 'peers'),
    ledgerDirectory: join(root, 'ledger'),
    restoreDirectory: join(root, 'restore.partial'),
  };
}

/**
 * Creates the directory, for its owner only.
 *
 * @throws {@link BadInputError} if that cannot be, or if a restore did not come to its end there: a
 *   node that starts on a part of its store forgets what it owes and is owed.
 */
export async function createDataDirectory(directory: DataDirectory): Promise<void> {
  const isHalfRestored = await stat(directory.restoreDirectory).then(
    () => true,
    () => false,
  );
  if (isHalfRestored) {
    throw new BadInputError(
      `${directory.restoreDirectory}: a restore is at work here or was cut short; let it end, or ` +
        `empty ${directory.path} and restore again`,
    );
  }
  try {
    await makeDirectory(directory.path);
  } catch (error) {
    throw new BadInputError(
      `${directory.path}: cannot be created (${codeOf(error)}); choose another with --data`,
      { cause: error },
    );
  }
}

/**
 * Makes a directory and those above it, each tried twice at most. (`mkdir` with `recursive` goes on
 * for ever where nothing can be made and the system says that there is no such file, as in /proc.)
 */
async function makeDirectory(path: string): Promise<void> {
  const make = () => mkdir(path, { mode: 0o700 });
  try {
    await make().catch(async (error: unknown) => {
      if (codeOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
      await makeDirectory(dirname(path));
      await make();
    });
  } catch (error) {
    const isThere = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (!isThere) throw error;
  }
}

/** The system's name of a file error, for example ENOENT. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}

/**
 * Writes a file in one step: a crash leaves the old one or the new one, never a half.
 *
 * @throws {@link BadInputError} if the directory does not let it.
 */
export async function writeFileAtomically(path: string, text: string, mode = 0o600): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await writeFile(temporary, text, { mode, flush: true });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new BadInputError(
      `${path}: cannot be written (${codeOf(error)}); make ${dirname(path)} writable, or choose another with --data`,
      { cause: error },
    );
  }
}

/**
 * Parsed JSON of a file.
 *
 * @throws {@link NothingFoundError} if there is none; {@link BadInputError} if it is not JSON.
 */
export async function readJsonFile(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw new NothingFoundError(`${path}: no such file`);
    throw new BadInputError(`${path}: cannot be read (${codeOf(error)})`, { cause: error });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const detail = error instanceof Error ? error.message : 'not JSON';
    throw new BadInputError(`${path}: is not JSON: ${detail}`, { cause: error });
  }
}

/** Takes every right to a file from all but its owner: a copy or a restore may have given some. */
export async function restrictToOwner(path: string): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & 0o077) === 0) return;
  try {
    await chmod(path, 0o600);
  } catch (error) {
    throw new BadInputError(
      `${path}: others have rights to it, and they cannot be taken (${codeOf(error)}); set its mode to 0600`,
      { cause: error },
    );
  }
}

/** Token of the HTTP API: 32 random bytes, made at the first start, readable by the owner only. */
export async function loadOrCreateToken(directory: DataDirectory): Promise<string> {
  try {
    const token = (await readFile(directory.tokenFile, 'utf8')).trim();
    if (/^[A-Za-z0-9_-]{43}$/.test(token)) {
      await restrictToOwner(directory.tokenFile);
      return token;
    }
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') {
      throw new BadInputError(`${directory.tokenFile}: cannot be read (${codeOf(error)})`, {
        cause: error,
      });
    }
  }
  const token = randomBytes(32).toString('base64url');
  await writeFileAtomically(directory.tokenFile, `${token}\n`);
  return token;
}
