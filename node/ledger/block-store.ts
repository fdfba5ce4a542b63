/**
 * Every committed block with its certificate, by height, in a LevelDB of its own. Nothing is ever
 * removed: an audit begins at the first block.
 *
 * A replica that took over a later state has a gap below it, which `block-exchange.ts` fills.
 *
 * @module
 */

import { ClassicLevel } from 'classic-level';
import { concatBytes, u32 } from '../../crypto/bytes.ts';
import { encodeBlock } from '../../protocols/pbft/block.ts';
import type { CommittedBlock } from '../../protocols/pbft/messages.ts';
import { encodeCertificate } from '../../protocols/pbft/vote.ts';
import type { StoredBlock } from './replica-door.ts';

/**
 * Key of a height up to which every block is there; it sorts after those of blocks. It is written
 * when the store is synced, and what came later is counted when it is opened. In every write it
 * would make every file of the database reach to the end, and LevelDB would merge them all.
 */
const WHOLE_KEY = 'whole';
const HEIGHT_DIGITS = 16;

function keyOf(height: number): string {
  return height.toString().padStart(HEIGHT_DIGITS, '0');
}

/** u32 length of the block || block || certificate. */
export function encodeStoredBlock({ block, commit }: Omit<StoredBlock, 'height'>): Uint8Array {
  return concatBytes(u32(block.length), block, commit);
}

/** @throws {@link RangeError} for bytes that are too short for what they say. */
export function decodeStoredBlock(height: number, bytes: Uint8Array): StoredBlock {
  // LevelDB gives a `Buffer`, whose `slice` would share memory instead of copying.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  const length = plain.length < 4 ? NaN : new DataView(plain.buffer, plain.byteOffset).getUint32(0);
  if (!(4 + length <= plain.length)) throw new RangeError('"block" expected a block and its votes');
  return { height, block: plain.subarray(4, 4 + length), commit: plain.subarray(4 + length) };
}

/** The blocks of one replica. */
export class BlockStore {
  readonly #level: ClassicLevel<string, Uint8Array>;
  readonly #onFailure: (error: unknown) => void;
  /** Blocks that are not written yet. */
  readonly #waiting = new Map<number, Uint8Array>();
  /** Heights above a gap. */
  readonly #beyond = new Set<number>();
  #whole = 0;
  #bytes = 0;
  #work: Promise<void> | undefined;

  private constructor(
    level: ClassicLevel<string, Uint8Array>,
    onFailure: (error: unknown) => void,
  ) {
    this.#level = level;
    this.#onFailure = onFailure;
  }

  static async open(path: string, onFailure: (error: unknown) => void): Promise<BlockStore> {
    const level = new ClassicLevel<string, Uint8Array>(path, { valueEncoding: 'view' });
    await level.open();
    const store = new BlockStore(level, onFailure);
    const whole = await level.get(WHOLE_KEY);
    store.#whole = whole ? Number(new DataView(whole.buffer, whole.byteOffset).getBigUint64(0)) : 0;
    const later = level.keys({ gt: keyOf(store.#whole), lt: WHOLE_KEY });
    for await (const key of later) store.#note(Number(key));
    return store;
  }

  /** Every block up to this height is here. */
  get whole(): number {
    return this.#whole;
  }

  /** Bytes of blocks that were taken in since the start. */
  get writtenBytes(): number {
    return this.#bytes;
  }

  has(height: number): boolean {
    return height <= this.#whole || this.#beyond.has(height);
  }

  put({ block, commit }: CommittedBlock): void {
    if (this.has(block.height)) return;
    this.putStored({
      height: block.height,
      block: encodeBlock(block),
      commit: encodeCertificate(commit),
    });
  }

  /** Takes a block in; it is written behind. */
  putStored(stored: StoredBlock): void {
    const value = encodeStoredBlock(stored);
    this.#bytes += value.length;
    this.#waiting.set(stored.height, value);
    this.#note(stored.height);
    this.#work ??= this.#writeAll();
  }

  /** Blocks from `from` on, up to the first that is not here. */
  async *blocks(from: number, max: number): AsyncGenerator<StoredBlock, void, undefined> {
    for (let height = from; height < from + max && this.has(height); height++) {
      const bytes = this.#waiting.get(height) ?? (await this.#level.get(keyOf(height)));
      if (!bytes) return;
      yield decodeStoredBlock(height, bytes);
    }
  }

  async block(height: number): Promise<StoredBlock | undefined> {
    for await (const stored of this.blocks(height, 1)) return stored;
    return undefined;
  }

  /** Resolves once everything taken in so far is on the disk. */
  async sync(): Promise<void> {
    await this.#work;
    await this.#write(true);
  }

  async close(): Promise<void> {
    await this.sync();
    await this.#level.close();
  }

  #note(height: number): void {
    if (height > this.#whole) this.#beyond.add(height);
    while (this.#beyond.delete(this.#whole + 1)) this.#whole++;
  }

  async #writeAll(): Promise<void> {
    await Promise.resolve();
    try {
      while (this.#waiting.size > 0) await this.#write(false);
    } catch (error) {
      this.#onFailure(error);
    } finally {
      this.#work = undefined;
    }
  }

  /** Writes what waits; synced, also how far the store is whole. */
  async #write(isSynced: boolean): Promise<void> {
    const written = [...this.#waiting];
    const batch = written.map(([height, value]) => ({
      type: 'put' as const,
      key: keyOf(height),
      value,
    }));
    if (isSynced) {
      const whole = new DataView(new ArrayBuffer(8));
      whole.setBigUint64(0, BigInt(this.#whole));
      batch.push({ type: 'put', key: WHOLE_KEY, value: new Uint8Array(whole.buffer) });
    }
    await this.#level.batch(batch, { sync: isSynced });
    for (const [height] of written) this.#waiting.delete(height);
  }
}
