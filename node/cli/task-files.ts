/**
 * Task files and inputs read from the user's disk, in the form the HTTP API takes.
 *
 * @module
 */

import { readFile, readdir, realpath, stat } from 'node:fs/promises';
import { dirname, extname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { BadInputError, NothingFoundError } from '../errors.ts';
import { TASK_LIMITS } from '../tasks/task-limits.ts';
import { codeOf, readJsonFile } from '../storage/data-directory.ts';

/** A file's content on its way to the daemon. */
export interface InputFile {
  readonly name: string;
  readonly mediaType: string;
  readonly contentBase64: string;
}

/** Body of `run` and `decide` for a task file. */
export interface TaskBody {
  readonly task: unknown;
  /** Content of each `file` part, by the path as it stands in the task. */
  readonly files: Readonly<Record<string, string>>;
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.csv': 'text/csv',
  '.json': 'application/json',
  '.md': 'text/markdown',
  '.txt': 'text/plain',
};

/** Media type by the file's ending; text/plain for an unknown one. */
export function mediaTypeOf(path: string): string {
  return MEDIA_TYPES[extname(path).toLowerCase()] ?? 'text/plain';
}

async function readInput(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new BadInputError(`${path}: cannot be read (${codeOf(error)})`, { cause: error });
  }
}

/** Largest file that is read, and what to do with one that is larger. */
export interface FileLimit {
  readonly maxBytes: number;
  readonly mend: string;
}

/**
 * JSON of a file that the user named.
 *
 * @throws {@link BadInputError} also if there is none, and for a regular file beyond the limit.
 */
export async function readUserJson(path: string, limit?: FileLimit): Promise<unknown> {
  if (limit !== undefined) await requireSize(path, limit);
  try {
    return await readJsonFile(path);
  } catch (error) {
    if (error instanceof NothingFoundError)
      throw new BadInputError(error.message, { cause: error });
    throw error;
  }
}

async function requireSize(path: string, { maxBytes, mend }: FileLimit): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  // Reading it says why there is none.
  if (found === undefined || found.size <= maxBytes) return;
  throw new BadInputError(
    `${path}: expected at most ${maxBytes} bytes, got ${found.size}; ${mend}`,
  );
}

/**
 * Reads a task and the files it names, which lie in the task file's directory or below it. A task
 * may come from somebody else, and what it names may be handed to a stranger.
 *
 * @throws {@link BadInputError} for a file that lies elsewhere, or cannot be read.
 */
export async function readTaskFile(path: string): Promise<TaskBody> {
  const task = await readUserJson(path);
  const files: Record<string, string> = {};
  for (const name of filesOf(task)) {
    files[name] = (await readInput(await pathInside(dirname(path), name))).toString('base64');
  }
  return { task, files };
}

/** Real path of a file that a task names. */
async function pathInside(directory: string, name: string): Promise<string> {
  const path = resolve(directory, name);
  const isNamedInside = isInside(resolve(directory), path);
  if (isNamedInside) {
    const real = await realpath(path).catch(() => undefined);
    if (real === undefined) return path; // reading it says why
    if (isInside(await realpath(directory), real)) return real;
  }
  throw new BadInputError(
    `${path}: is outside of the directory of the task file${isNamedInside ? ', by a link' : ''}; ` +
      'copy it beside the task file, or use "run --skill TERM --input FILE"',
  );
}

function isInside(directory: string, path: string): boolean {
  const way = relative(directory, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** Terms of the resources that a task wants minimums of, as far as they have the predicate. */
export function resourcesOf(task: unknown): string[] {
  const minimums = memberOf(memberOf(task, 'resources'), 'minimums');
  return typeof minimums === 'object' && minimums !== null ? Object.keys(minimums) : [];
}

/**
 * Paths of the `file` parts of a task and of its subtasks. Anything misshapen is left for the
 * daemon's schema.
 */
function filesOf(task: unknown): string[] {
  const subtasks = memberOf(task, 'subtasks');
  const all = Array.isArray(subtasks)
    ? [task, ...subtasks.map((subtask) => memberOf(subtask, 'specification'))]
    : [task];
  const parts = all.flatMap((one) => {
    const list: unknown = memberOf(memberOf(one, 'input'), 'parts');
    return Array.isArray(list) ? (list as unknown[]) : [];
  });
  const files = parts.map((part) => memberOf(part, 'file'));
  return [...new Set(files.filter((file) => typeof file === 'string'))];
}

function memberOf(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}

/**
 * Reads a file, or every file of a directory, in the order of their names.
 *
 * @param maxFiles - More are refused before one is read.
 */
export async function readInputs(
  path: string,
  maxFiles: number = TASK_LIMITS.maxParts,
): Promise<InputFile[]> {
  let paths = [path];
  try {
    if ((await stat(path)).isDirectory()) {
      const entries = await readdir(path, { withFileTypes: true });
      paths = entries
        .filter((entry) => entry.isFile())
        .map((entry) => join(path, entry.name))
        .sort();
    }
  } catch (error) {
    throw new BadInputError(`${path}: cannot be read (${codeOf(error)})`, { cause: error });
  }
  const hint = paths.length > maxFiles ? '; "--split document" takes more' : '';
  if (paths.length === 0 || paths.length > maxFiles) {
    throw new BadInputError(
      `${path}: expected 1 to ${maxFiles} files, found ${paths.length}${hint}`,
    );
  }
  return Promise.all(
    paths.map(async (file) => ({
      name: file,
      mediaType: mediaTypeOf(file),
      contentBase64: (await readInput(file)).toString('base64'),
    })),
  );
}
