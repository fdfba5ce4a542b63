/**
 * The bytes of a backup. Everything is read and written part by part, so that the size of a store
 * is no matter.
 *
 * ```
 * backup  := "coalesce-backup" || u8 version || record*
 * record  := u8 type || u32 length || payload
 * ```
 *
 * | type | payload | how often |
 * |---|---|---|
 * | 1 | header: JSON of {@link BackupHeader}, deflated | once, first |
 * | 2 | file: `u16 length || name || content`, deflated | 64 at most |
 * | 3 | entries of the store, deflated: `u32 length || key || u32 length || value` of each | any |
 * | 4 | end of the store: u64 count of its entries | once |
 * | 5 | end: SHA-256 of every byte before this record, 32 bytes | once, last |
 *
 * Deflated is RFC 1951. Keys ascend by their bytes through the whole file, so none comes twice. The
 * hash tells damage and not forgery: whoever can write the file can put another identity into it.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import { z } from 'zod';
import { concatBytes, equalBytes, fromUtf8, lp16, u32, u64, u8, utf8 } from '../../crypto/bytes.ts';
import { BadInputError } from '../errors.ts';
import type { RawEntry } from './store.ts';

const MAGIC = utf8('coalesce-backup');
/** The version that is written, and the newest that is read. */
export const BACKUP_VERSION = 1;
/** Most bytes of a record, deflated and not. */
const MAX_RECORD_BYTES = 256 * 1024 * 1024;
/** Most bytes of an entry of the store: what deflating adds where nothing is saved still fits. */
const MAX_ENTRY_BYTES = MAX_RECORD_BYTES - 1024 * 1024;
/** Most bytes of the header. */
const MAX_HEADER_BYTES = 4_096;
/** Most files beside the store. */
export const MAX_FILES = 64;
/** Most bytes of a file beside the store. */
export const MAX_FILE_BYTES = 16 * 1024 * 1024;
/** Most bytes of the name of a file. */
const MAX_NAME_BYTES = 512;
/** Entries are gathered into records of about so many bytes. */
const BATCH_BYTES = 1024 * 1024;

const TYPE = { header: 1, file: 2, entries: 3, storeEnd: 4, end: 5 } as const;

const headerSchema = z.strictObject({
  createdAtMs: z.int().min(0),
  program: z.string().max(64),
  peerId: z.string().max(64),
});

/** Whose backup it is, when it was made, and by which version of the program. */
export type BackupHeader = z.infer<typeof headerSchema>;

/** One part of a backup, in the order of the file. */
export type BackupPart =
  | { readonly type: 'header'; readonly header: BackupHeader }
  | { readonly type: 'file'; readonly name: string; readonly content: Uint8Array }
  | { readonly type: 'entries'; readonly entries: readonly RawEntry[] }
  | { readonly type: 'store-end'; readonly entries: number };

const deflate = promisify<Uint8Array, Buffer>(deflateRaw);
const inflateWithin = promisify<Uint8Array, { maxOutputLength: number }, Buffer>(inflateRaw);

/** What may be restored as a file: relative, below the directory, and not what a node makes. */
const NAME_PART = /^(?!\.{1,2}$)[^/\\:\p{C}]{1,255}$/u;
const MADE_BY_NODE = new Set([
  ...['store', 'peers', 'ledger', 'token', 'daemon.json'],
  'restore.partial',
]);

/**
 * Why a backup may not hold a file of this name; `undefined` if it may.
 *
 * @param name - Path from the data directory, with `/`.
 */
export function fileNameProblem(name: string): string | undefined {
  const parts = name.split('/');
  if (utf8(name).length > MAX_NAME_BYTES || parts.length > 8) return 'is too long';
  if (!parts.every((part) => NAME_PART.test(part))) return 'leads out of the data directory';
  const [first = ''] = parts;
  // On some systems a name in capitals is the same file.
  if (MADE_BY_NODE.has(first.toLowerCase())) return 'is what a node makes itself';
  return undefined;
}

function recordOf(type: number, payload: Uint8Array): Uint8Array {
  return concatBytes(u8(type), u32(payload.length), payload);
}

/**
 * The records of a store: entries, then their count. What a daemon answers to whoever makes a
 * backup of it.
 */
export async function* storeRecords(entries: AsyncIterable<RawEntry>): AsyncGenerator<Uint8Array> {
  let count = 0;
  let batch: Uint8Array[] = [];
  let bytes = 0;
  const take = async (): Promise<Uint8Array> => {
    const payload = concatBytes(...batch);
    batch = [];
    bytes = 0;
    return recordOf(TYPE.entries, await deflate(payload));
  };
  for await (const [key, value] of entries) {
    const size = 8 + key.length + value.length;
    if (size > MAX_ENTRY_BYTES) {
      throw new BadInputError(
        `A value of the store has ${value.length} bytes, and a backup holds ${MAX_ENTRY_BYTES} at most`,
      );
    }
    if (bytes > 0 && bytes + size > BATCH_BYTES) yield await take();
    batch.push(u32(key.length), key, u32(value.length), value);
    bytes += size;
    count += 1;
  }
  if (bytes > 0) yield await take();
  yield recordOf(TYPE.storeEnd, u64(count));
}

/** What a backup is made of. */
export interface BackupContent {
  readonly header: BackupHeader;
  readonly files: readonly { readonly name: string; readonly content: Uint8Array }[];
  /** As {@link storeRecords} gives them, in pieces of any size. */
  readonly store: AsyncIterable<Uint8Array>;
}

/** The bytes of a backup, in pieces. */
export async function* writeBackup(content: BackupContent): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const piece of hashedPieces(content)) {
    hash.update(piece);
    yield piece;
  }
  yield recordOf(TYPE.end, hash.digest());
}

async function* hashedPieces({ header, files, store }: BackupContent): AsyncGenerator<Uint8Array> {
  yield concatBytes(MAGIC, u8(BACKUP_VERSION));
  yield recordOf(TYPE.header, await deflate(utf8(JSON.stringify(header))));
  for (const { name, content } of files) {
    yield recordOf(TYPE.file, await deflate(concatBytes(lp16(utf8(name)), content)));
  }
  yield* store;
}

/** Pieces of any size, read as so many bytes as are asked for. */
class ByteReader {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** The next `length` bytes; fewer where they end before. Holds no more than there are. */
  async take(length: number): Promise<Uint8Array> {
    const taken: Uint8Array[] = [];
    let missing = length;
    while (missing > 0) {
      if (this.#rest.length === 0) {
        const next: IteratorResult<Uint8Array, unknown> = await this.#pieces.next();
        if (next.done === true) break;
        this.#rest = next.value;
      }
      const part = this.#rest.subarray(0, missing);
      this.#rest = this.#rest.subarray(part.length);
      taken.push(part);
      missing -= part.length;
    }
    return concatBytes(...taken);
  }

  async close(): Promise<void> {
    await this.#pieces.return?.();
  }
}

/**
 * The parts of a backup, in their order. Nothing of it may be trusted before the last one has come:
 * the hash stands at the end.
 *
 * @param origin - Named in errors: the path of the file.
 * @throws {@link BadInputError} for what is no backup, is damaged, cut off, of a newer version, or
 *   names a file outside.
 */
export async function* readBackup(
  pieces: AsyncIterable<Uint8Array>,
  origin: string,
): AsyncGenerator<BackupPart> {
  const reader = new ByteReader(pieces);
  const hash = createHash('sha256');
  const fail = (what: string) =>
    new BadInputError(`${origin}: ${what}; take another copy of the backup`);
  const take = async (length: number): Promise<Uint8Array> => {
    const bytes = await reader.take(length);
    if (bytes.length < length) throw fail('is cut off');
    return bytes;
  };
  try {
    const start = await reader.take(MAGIC.length + 1);
    if (!equalBytes(start.subarray(0, MAGIC.length), MAGIC)) {
      throw new BadInputError(`${origin}: is no backup; name what "coalesce backup" wrote`);
    }
    refuseVersion(start[MAGIC.length], origin);
    hash.update(start);
    const order = new PartOrder(fail);
    for (;;) {
      const head = await take(5);
      const [type, length] = [head[0], new DataView(head.buffer, head.byteOffset).getUint32(1)];
      if (length > MAX_RECORD_BYTES) throw fail('is damaged: a record is too long');
      const payload = await take(length);
      if (type === TYPE.end) {
        if (!equalBytes(payload, hash.digest())) throw fail('is damaged: its hash is another');
        order.end();
        if ((await reader.take(1)).length > 0) throw fail('is damaged: it goes on after its end');
        return;
      }
      hash.update(head).update(payload);
      yield order.check(await partOf(type, payload, fail));
    }
  } finally {
    await reader.close();
  }
}

function refuseVersion(version: number | undefined, origin: string): void {
  if (version === BACKUP_VERSION) return;
  throw new BadInputError(
    `${origin}: has version ${version ?? 'none'} of the format, and this program reads ` +
      `${BACKUP_VERSION}; restore it with the version of coalesce that made it, or a later one`,
  );
}

type Fail = (what: string) => BadInputError;

async function partOf(
  type: number | undefined,
  payload: Uint8Array,
  fail: Fail,
): Promise<BackupPart> {
  const inflate = async (maxOutputLength: number): Promise<Uint8Array> => {
    try {
      const bytes = await inflateWithin(payload, { maxOutputLength });
      return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    } catch (error) {
      const detail = error instanceof Error ? error.message : 'no deflated bytes';
      throw fail(`is damaged: a record cannot be inflated (${detail})`);
    }
  };
  switch (type) {
    case TYPE.header:
      return { type: 'header', header: headerOf(await inflate(MAX_HEADER_BYTES), fail) };
    case TYPE.file:
      return fileOf(await inflate(MAX_FILE_BYTES + MAX_NAME_BYTES + 2), fail);
    case TYPE.entries:
      return { type: 'entries', entries: entriesOf(await inflate(MAX_RECORD_BYTES), fail) };
    case TYPE.storeEnd: {
      if (payload.length !== 8) throw fail('is damaged: no count of entries');
      const count = new DataView(payload.buffer, payload.byteOffset).getBigUint64(0);
      return { type: 'store-end', entries: Number(count) };
    }
    default:
      throw fail(`is damaged: there are no records of type ${type ?? 'none'}`);
  }
}

function headerOf(bytes: Uint8Array, fail: Fail): BackupHeader {
  try {
    return headerSchema.parse(JSON.parse(fromUtf8(bytes)));
  } catch {
    throw fail('is damaged: its header says not whose it is');
  }
}

function fileOf(bytes: Uint8Array, fail: Fail): BackupPart {
  const length = bytes.length < 2 ? Infinity : bytes[0]! * 256 + bytes[1]!;
  if (bytes.length < 2 + length) throw fail('is damaged: a file has no name');
  let name: string;
  try {
    name = fromUtf8(bytes.subarray(2, 2 + length));
  } catch {
    throw fail('is damaged: the name of a file is no text');
  }
  const problem = fileNameProblem(name);
  if (problem !== undefined) throw fail(`is refused: the file ${JSON.stringify(name)} ${problem}`);
  return { type: 'file', name, content: bytes.subarray(2 + length) };
}

function entriesOf(bytes: Uint8Array, fail: Fail): RawEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  const field = (): Uint8Array => {
    const start = at + 4;
    const end = start <= bytes.length ? start + view.getUint32(at) : Infinity;
    if (end > bytes.length) throw fail('is damaged: an entry of the store is cut off');
    at = end;
    return bytes.subarray(start, end);
  };
  const entries: RawEntry[] = [];
  while (at < bytes.length) entries.push([field(), field()]);
  return entries;
}

/** `!section!key` */
const RAW_KEY = /^![a-z0-9-]{1,64}!/;

/** Holds the parts to their order. */
class PartOrder {
  readonly #fail: Fail;
  readonly #names = new Set<string>();
  #stage: 'start' | 'files' | 'store' | 'done' = 'start';
  #entries = 0;
  #lastKey: Uint8Array | undefined;

  constructor(fail: Fail) {
    this.#fail = fail;
  }

  check(part: BackupPart): BackupPart {
    if ((part.type === 'header') !== (this.#stage === 'start')) {
      throw this.#fail('is damaged: the header is not the first record, and the only one');
    }
    if (this.#stage === 'done') throw this.#fail('is damaged: records after the end of the store');
    if (part.type === 'header') this.#stage = 'files';
    else if (part.type === 'file') this.#checkFile(part.name);
    else if (part.type === 'entries') this.#checkEntries(part.entries);
    else {
      if (part.entries !== this.#entries) throw this.#fail('is damaged: entries are missing');
      this.#stage = 'done';
    }
    return part;
  }

  end(): void {
    if (this.#stage !== 'done') throw this.#fail('is damaged: the end of the store is missing');
  }

  #checkFile(name: string): void {
    if (this.#stage !== 'files') throw this.#fail('is damaged: a file stands behind the store');
    if (this.#names.has(name)) throw this.#fail('is damaged: a file comes twice');
    if (this.#names.size >= MAX_FILES) throw this.#fail(`has more than ${MAX_FILES} files`);
    this.#names.add(name);
  }

  #checkEntries(entries: readonly RawEntry[]): void {
    this.#stage = 'store';
    for (const [key] of entries) {
      if (!RAW_KEY.test(Buffer.from(key).toString('latin1'))) {
        throw this.#fail('is damaged: an entry of the store is of no section');
      }
      if (this.#lastKey && Buffer.compare(this.#lastKey, key) >= 0) {
        throw this.#fail('is damaged: entries of the store are out of order');
      }
      this.#lastKey = key;
    }
    this.#entries += entries.length;
  }
}
