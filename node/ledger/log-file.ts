/**
 * The write-ahead log of a replica on the disk. Writes are carried out in order, off the event
 * loop; what gathers while the disk is busy goes out in one write and one `fdatasync` (group
 * commit).
 *
 * A log that begins anew is written beside the old one and renamed over it, so that a crash leaves
 * the old or the new one.
 *
 * @module
 */

import { open, readFile, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from '../storage/data-directory.ts';

/** Bytes that are written without a flush being asked for. */
const WRITE_BEHIND_BYTES = 1_048_576;

/** What the log tells its owner. */
export interface LogFileEvents {
  /** Everything up to this flush is on the disk. */
  flushed(flush: number): void;
  /** Nothing more is written. */
  failed(reason: string): void;
  /** Resolves once everything that the old log alone holds is safe elsewhere. */
  beforeReplace(): Promise<void>;
}

/** Work that waits for the disk. */
interface Batch {
  /** Cuts the file here first. */
  truncateTo: number | undefined;
  /** Whether `chunks` take the place of all that was written. */
  isReplacement: boolean;
  chunks: Uint8Array[];
  bytes: number;
  /** Number of the last flush that was asked for. */
  flush: number | undefined;
}

function emptyBatch(): Batch {
  return { truncateTo: undefined, isReplacement: false, chunks: [], bytes: 0, flush: undefined };
}

/** The open log. */
export class LogFile {
  readonly #path: string;
  readonly #events: LogFileEvents;
  #file: FileHandle;
  #length: number;
  #batch = emptyBatch();
  #work: Promise<void> | undefined;
  #isFailed = false;

  private constructor(path: string, events: LogFileEvents, file: FileHandle, length: number) {
    this.#path = path;
    this.#events = events;
    this.#file = file;
    this.#length = length;
  }

  /** Opens or creates the log. @returns it and what is in it, flushed. */
  static async open(
    path: string,
    events: LogFileEvents,
  ): Promise<{ readonly log: LogFile; readonly content: Uint8Array }> {
    await rm(replacementOf(path), { force: true });
    const file = await open(path, 'a+', 0o600);
    await file.sync();
    await syncDirectory(dirname(path));
    const content = new Uint8Array(await readFile(path));
    return { log: new LogFile(path, events, file, content.length), content };
  }

  /** Bytes in the file. */
  get length(): number {
    return this.#length;
  }

  truncate(length: number): void {
    this.#batch.truncateTo = length;
    this.#start();
  }

  append(bytes: Uint8Array): void {
    this.#batch.chunks.push(bytes);
    this.#batch.bytes += bytes.length;
    if (this.#batch.bytes >= WRITE_BEHIND_BYTES) this.#start();
  }

  replace(bytes: Uint8Array): void {
    const { flush } = this.#batch;
    this.#batch = { ...emptyBatch(), isReplacement: true, chunks: [bytes], flush };
    this.#batch.bytes = bytes.length;
    this.#start();
  }

  /** Asks for `flushed` once everything so far is on the disk. */
  flush(flush: number): void {
    this.#batch.flush = flush;
    this.#start();
  }

  /** Resolves once everything so far is on the disk, or cannot be written. */
  async sync(): Promise<void> {
    this.flush(this.#batch.flush ?? 0);
    await this.#work;
  }

  /** Writes what waits and closes the file. */
  async close(): Promise<void> {
    this.#start();
    await this.#work;
    await this.#file.close();
  }

  #start(): void {
    this.#work ??= this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    try {
      // What is asked for in the same turn of the event loop goes out together.
      await Promise.resolve();
      while (!this.#isFailed && (this.#batch.bytes > 0 || this.#batch.flush !== undefined)) {
        const batch = this.#batch;
        this.#batch = emptyBatch();
        await this.#write(batch);
        if (batch.flush !== undefined) this.#events.flushed(batch.flush);
      }
    } catch (error) {
      this.#isFailed = true;
      this.#events.failed(`${this.#path}: ${codeOf(error)}`);
    } finally {
      this.#work = undefined;
    }
  }

  async #write({ truncateTo, isReplacement, chunks, bytes, flush }: Batch): Promise<void> {
    if (isReplacement) {
      await this.#events.beforeReplace();
      await this.#writeAnew(chunks, bytes);
      return;
    }
    if (truncateTo !== undefined) {
      await this.#file.truncate(truncateTo);
      this.#length = truncateTo;
    }
    await writeWhole(this.#file, chunks);
    this.#length += bytes;
    if (flush !== undefined) await this.#file.datasync();
  }

  async #writeAnew(chunks: readonly Uint8Array[], bytes: number): Promise<void> {
    const path = replacementOf(this.#path);
    const file = await open(path, 'a', 0o600);
    try {
      await file.truncate(0);
      await writeWhole(file, chunks);
      await file.sync();
      await rename(path, this.#path);
      await syncDirectory(dirname(this.#path));
    } catch (error) {
      await file.close();
      throw error;
    }
    await this.#file.close();
    this.#file = file;
    this.#length = bytes;
  }
}

function replacementOf(path: string): string {
  return `${path}.new`;
}

/** Largest write in one call; the system takes no more than 2 GiB. */
const MAX_WRITE_BYTES = 16_777_216;

async function writeWhole(file: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  const [only] = chunks;
  const bytes = chunks.length === 1 ? only! : Buffer.concat(chunks);
  for (let offset = 0; offset < bytes.length;) {
    const length = Math.min(MAX_WRITE_BYTES, bytes.length - offset);
    const { bytesWritten } = await file.write(bytes, offset, length);
    offset += bytesWritten;
  }
}

/** A new name is safe only once its directory is. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
