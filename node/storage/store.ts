/**
 * The node's own store: one LevelDB with a named section per kind of thing. Writes that a protocol
 * must not lose are flushed to disk before they resolve.
 *
 * @module
 */

import { access, constants } from 'node:fs/promises';
import { ClassicLevel } from 'classic-level';
import { fromUtf8, utf8 } from '../../crypto/bytes.ts';
import { BadInputError, DataDirectoryLockedError } from '../errors.ts';
import { codeOf } from './data-directory.ts';
import type { DataDirectory } from './data-directory.ts';

/** Sections of the store. A new kind of thing gets a new section. */
export const SECTIONS = [
  'a2a-tasks',
  'awaited-verdicts',
  'bilateral-accounts',
  'bilateral-due',
  'certificates',
  'contracts',
  'debtors',
  'earned-receipts',
  'decisions',
  'escrows',
  'issued-certificates',
  'kept-letters',
  'late-verdicts',
  'learned-embeddings',
  'ledger',
  'ledger-account',
  'memory',
  'offers',
  'open-contracts',
  'outcomes',
  'receipts',
  'recurring-tasks',
  'renewals',
  'results',
  'run-history',
  'run-payments',
  'run-subtasks',
  'runs',
  'sealing-keys',
  'seen-letters',
  'settings',
  'stated-receipts',
  'status-lists',
  'tasks',
] as const;

/** Name of a section. */
export type SectionName = (typeof SECTIONS)[number];

/** Key-value view of one section. Keys are text, ordered by their UTF-8 bytes. */
export interface Section {
  get(key: string): Promise<Uint8Array | undefined>;
  /** Resolves once the value is on disk. */
  put(key: string, value: Uint8Array): Promise<void>;
  delete(key: string): Promise<void>;
  /** Puts and deletes (`undefined`) in one step, all or nothing; resolves once it is on disk. */
  write(changes: ReadonlyMap<string, Uint8Array | undefined>): Promise<void>;
  /** Entries in key order, or the last ones first. */
  entries(options?: EntriesOptions): AsyncIterable<readonly [string, Uint8Array]>;
}

/** Which entries, and in which order. */
export interface EntriesOptions {
  /** Only keys that start with it. */
  readonly prefix?: string;
  /** Only keys up to this one, which is included. */
  readonly until?: string;
  readonly limit?: number;
  readonly reverse?: boolean;
}

/** A section of JSON values. */
export interface JsonSection<Value> {
  get(key: string): Promise<Value | undefined>;
  put(key: string, value: Value): Promise<void>;
  delete(key: string): Promise<void>;
  values(options?: EntriesOptions): Promise<Value[]>;
}

/** The open store. */
export interface Store {
  section(name: SectionName): Section;
  json<Value>(name: SectionName): JsonSection<Value>;
  /** Every entry of every section as they stand at the first read, in the order of their keys. */
  snapshot(): AsyncIterable<RawEntry>;
  close(): Promise<void>;
}

/** Key with the name of its section, `!section!key` in UTF-8, and value. */
export type RawEntry = readonly [Uint8Array, Uint8Array];

const RAW = { keyEncoding: 'view', valueEncoding: 'view' } as const;

/**
 * Opens the store of a data directory, which also takes the directory's lock.
 *
 * @throws {@link DataDirectoryLockedError} if another process holds it.
 */
export async function openStore(directory: DataDirectory): Promise<Store> {
  const level = new ClassicLevel<string, Uint8Array>(directory.storeDirectory, {
    keyEncoding: 'utf8',
    valueEncoding: 'view',
  });
  try {
    await level.open();
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (codeOf(cause) === 'LEVEL_LOCKED') {
      throw new DataDirectoryLockedError(
        `${directory.path}: a node is running on this data directory, or another command ` +
          'uses it; stop the node with "coalesce stop", try again, or choose another with --data',
        { cause: error },
      );
    }
    const isWritable = await access(directory.path, constants.W_OK).then(
      () => true,
      () => false,
    );
    if (!isWritable) {
      throw new BadInputError(`${directory.path}: cannot be written; make it writable`, {
        cause: error,
      });
    }
    throw new BadInputError(
      `${directory.storeDirectory}: cannot be opened (${codeOf(cause ?? error)}); restore it from a backup`,
      { cause: error },
    );
  }
  const section = (name: SectionName): Section => openSection(level, name);
  return {
    section,
    json: <Value>(name: SectionName) => jsonSection<Value>(section(name)),
    // An iterator of LevelDB reads from a snapshot, which begins and ends with it.
    snapshot: () => level.iterator<Uint8Array, Uint8Array>(RAW),
    close: () => level.close(),
  };
}

/**
 * Makes the store of a data directory that has none.
 *
 * @param batches - Entries as {@link Store.snapshot} gives them; one batch is held at a time.
 * @throws what `batches` throws: then a part of the store is there, for the caller to remove.
 */
export async function createStore(
  directory: DataDirectory,
  batches: AsyncIterable<readonly RawEntry[]>,
): Promise<void> {
  const level = new ClassicLevel<Uint8Array, Uint8Array>(directory.storeDirectory, {
    ...RAW,
    errorIfExists: true,
  });
  await level.open();
  try {
    for await (const entries of batches) {
      await level.batch(
        entries.map(([key, value]) => ({ type: 'put' as const, key, value })),
        { sync: true },
      );
    }
  } finally {
    await level.close();
  }
}

function openSection(level: ClassicLevel<string, Uint8Array>, name: SectionName): Section {
  const sublevel = level.sublevel<string, Uint8Array>(name, {
    keyEncoding: 'utf8',
    valueEncoding: 'view',
  });
  return {
    get: (key) => sublevel.get(key),
    put: (key, value) => level.batch([{ type: 'put', sublevel, key, value }], { sync: true }),
    delete: (key) => level.batch([{ type: 'del', sublevel, key }], { sync: true }),
    write: (changes) =>
      level.batch(
        [...changes].map(([key, value]) =>
          value === undefined
            ? { type: 'del' as const, sublevel, key }
            : { type: 'put' as const, sublevel, key, value },
        ),
        { sync: true },
      ),
    entries: ({ prefix, until, limit, reverse } = {}) =>
      sublevel.iterator({
        ...(prefix === undefined ? {} : { gte: prefix, lt: `${prefix}\u{10ffff}` }),
        ...(until === undefined ? {} : { lte: until }),
        limit: limit ?? -1,
        reverse: reverse ?? false,
      }),
  };
}

function jsonSection<Value>(section: Section): JsonSection<Value> {
  const decode = (bytes: Uint8Array): Value => JSON.parse(fromUtf8(bytes)) as Value;
  return {
    get: async (key) => {
      const bytes = await section.get(key);
      return bytes && decode(bytes);
    },
    put: (key, value) => section.put(key, utf8(JSON.stringify(value))),
    delete: (key) => section.delete(key),
    values: async (options) => {
      const values: Value[] = [];
      for await (const [, bytes] of section.entries(options)) values.push(decode(bytes));
      return values;
    },
  };
}
