/**
 * Learning what others have committed: block by block while they keep the blocks, else by the
 * snapshot of a proven checkpoint (Castro and Liskov 1999, section 4.6; their 2001 thesis fetches
 * parts of the state by Merkle tree, here the whole state is fetched and its root compared).
 *
 * One replica is asked at a time. What peers claim costs one time-out at most: everything that is
 * taken over is proven by 2f + 1 signatures.
 *
 * @module
 */

import type { Agreement } from './agreement.ts';
import { blockDigest, encodeBlock, MAX_BLOCK_BYTES } from './block.ts';
import type { StableCheckpoint } from './chain.ts';
import { MAX_SNAPSHOT_BYTES } from './log-format.ts';
import { MAX_BLOCKS, MAX_CHUNK_BYTES } from './messages.ts';
import type { BlocksMessage, CheckpointMessage, CommittedBlock } from './messages.ts';
import type { FetchMessage, SnapshotMessage } from './messages.ts';
import type { ReplicaParts } from './replica-parts.ts';

/** What the rest of the replica does. */
export interface CatchUpEvents {
  /** A later checkpoint is stable: the log may be cut there. */
  stable(): void;
  /** The state was taken over, not computed. */
  restored(): void;
}

interface Assembly {
  readonly from: number;
  readonly height: number;
  readonly totalBytes: number;
  readonly chunks: Uint8Array[];
  bytes: number;
}

export class CatchUp {
  readonly #parts: ReplicaParts;
  readonly #agreement: Agreement;
  readonly #events: CatchUpEvents;
  /** Height that each replica seems to have; 0 once it did not deliver. */
  readonly #heights: number[];
  /** The replica that was asked last, and until when it may answer. */
  #asked: number;
  #deadlineMs = Infinity;
  #seekAtMs = Infinity;
  #assembly: Assembly | undefined;

  constructor(parts: ReplicaParts, agreement: Agreement, events: CatchUpEvents) {
    this.#parts = parts;
    this.#agreement = agreement;
    this.#events = events;
    this.#heights = parts.committee.replicas.map(() => 0);
    this.#asked = parts.index;
  }

  get wakeAtMs(): number {
    return Math.min(this.#deadlineMs, this.#seekAtMs);
  }

  /** Blocks that others seem to have and this replica has not. */
  get lag(): number {
    return Math.max(0, Math.max(...this.#heights) - this.#parts.chain.height);
  }

  /** `from` seems to have blocks up to `height`. */
  note(from: number, height: number): void {
    const { chain, index, moment, settings } = this.#parts;
    if (from === index || height <= chain.height) return;
    this.#heights[from] = Math.max(this.#heights[from] ?? 0, height);
    if (this.wakeAtMs === Infinity) this.#seekAtMs = moment().monotonicMs + settings.fetchDelayMs;
  }

  onTick(nowMs: number): void {
    if (nowMs >= this.#deadlineMs) {
      this.#heights[this.#asked] = 0;
      this.#assembly = undefined;
      this.#deadlineMs = Infinity;
      this.#seekAtMs = nowMs;
    }
    if (nowMs >= this.#seekAtMs) this.#seek();
  }

  /** Asks the next replica that is ahead. */
  #seek(): void {
    const { chain, committee, moment, settings, emit } = this.#parts;
    this.#seekAtMs = Infinity;
    const size = committee.replicas.length;
    for (let step = 1; step <= size; step++) {
      const to = (this.#asked + step) % size;
      if ((this.#heights[to] ?? 0) <= chain.height) continue;
      this.#asked = to;
      this.#deadlineMs = moment().monotonicMs + settings.fetchTimeoutMs;
      const { height, stableHeight } = chain;
      emit({ type: 'send', to, message: { type: 'fetch', height, stableHeight } });
      return;
    }
    this.#deadlineMs = Infinity;
  }

  /** Answers a replica that is behind. */
  onFetch(from: number, { height, stableHeight }: FetchMessage): void {
    const { chain, emit } = this.#parts;
    if (height < chain.stableHeight) {
      this.#sendChunk(from, 0);
      return;
    }
    this.help(from, stableHeight);
    const blocks: CommittedBlock[] = [];
    let bytes = 0;
    for (let next = height + 1; blocks.length < MAX_BLOCKS; next++) {
      const committed = chain.block(next);
      if (!committed) break;
      bytes += encodeBlock(committed.block).length;
      if (blocks.length > 0 && bytes > MAX_BLOCK_BYTES) break;
      blocks.push(committed);
    }
    if (blocks.length > 0) emit({ type: 'send', to: from, message: { type: 'blocks', blocks } });
  }

  /** A replica that does not know of the last stable checkpoint is shown it. */
  help(to: number, stableHeight: number): void {
    const { stable } = this.#parts.chain;
    if (!stable || stableHeight >= stable.proof.body.height) return;
    const message = { type: 'checkpoint', proof: stable.proof } as const;
    this.#parts.emit({ type: 'send', to, message });
  }

  onCheckpoint(from: number, { proof }: CheckpointMessage): void {
    const { chain } = this.#parts;
    const { height } = proof.body;
    if (height <= chain.stableHeight) return;
    if (height > chain.height) this.note(from, height);
    else if (chain.isCheckpointGood(proof, blockDigest(proof.body))) {
      if (chain.stabilise(height, proof.checkpoint)) this.#events.stable();
    }
  }

  onFetchSnapshot(from: number, height: number, offset: number): void {
    // A later checkpoint took its place: the other begins anew.
    this.#sendChunk(from, height === this.#parts.chain.stableHeight ? offset : 0);
  }

  #sendChunk(to: number, offset: number): void {
    const { stable } = this.#parts.chain;
    if (!stable || offset > stable.snapshot.length) return;
    const chunk = stable.snapshot.subarray(offset, offset + MAX_CHUNK_BYTES);
    const totalBytes = stable.snapshot.length;
    const message = { type: 'snapshot', proof: stable.proof, totalBytes, offset, chunk } as const;
    this.#parts.emit({ type: 'send', to, message });
  }

  onBlocks(from: number, { blocks }: BlocksMessage): void {
    const { chain } = this.#parts;
    let isNews = false;
    for (const committed of blocks) {
      const { block, commit } = committed;
      if (block.height <= chain.height) continue;
      if (block.height !== chain.height + 1 || !chain.hasRoom) break;
      if (!chain.isCommitGood(block, commit)) break;
      this.#agreement.adopt(committed);
      isNews = true;
    }
    if (isNews) this.#goOn(from);
  }

  /** The answer was good: the same replica may have more. */
  #goOn(from: number): void {
    const { chain, moment } = this.#parts;
    this.#assembly = undefined;
    this.#deadlineMs = Infinity;
    // The search begins with the replica after the last asked.
    const size = this.#parts.committee.replicas.length;
    this.#asked = (from + size - 1) % size;
    const isBehind = this.#heights.some((height) => height > chain.height);
    this.#seekAtMs = isBehind ? moment().monotonicMs : Infinity;
    this.#agreement.advance();
    if (isBehind) this.onTick(moment().monotonicMs);
  }

  onSnapshot(from: number, message: SnapshotMessage): void {
    const { chain } = this.#parts;
    const { proof, totalBytes, offset, chunk } = message;
    const { height } = proof.body;
    if (from !== this.#asked || height <= chain.height || totalBytes > MAX_SNAPSHOT_BYTES) return;
    if (offset === 0) {
      if (!chain.isCheckpointGood(proof, blockDigest(proof.body))) return;
      this.#assembly = { from, height, totalBytes, chunks: [], bytes: 0 };
    }
    const assembly = this.#assembly;
    if (assembly?.height !== height || assembly.bytes !== offset) return;
    if (chunk.length === 0 && totalBytes > 0) return;
    assembly.chunks.push(chunk);
    assembly.bytes += chunk.length;
    if (assembly.bytes < assembly.totalBytes) this.#askChunk(assembly);
    else this.#restore(from, { proof, snapshot: new Uint8Array(Buffer.concat(assembly.chunks)) });
  }

  #askChunk({ from, height, bytes }: Assembly): void {
    const { emit, moment, settings } = this.#parts;
    this.#deadlineMs = moment().monotonicMs + settings.fetchTimeoutMs;
    const message = { type: 'fetch-snapshot', height, offset: bytes } as const;
    emit({ type: 'send', to: from, message });
  }

  #restore(from: number, stable: StableCheckpoint): void {
    const { chain, moment, emit } = this.#parts;
    this.#assembly = undefined;
    if (!chain.restore(stable, blockDigest(stable.proof.body))) {
      // A lying checkpoint: the next replica is asked.
      this.#heights[from] = 0;
      this.#deadlineMs = Infinity;
      this.#seekAtMs = moment().monotonicMs;
      return;
    }
    this.#agreement.onRestored();
    this.#events.restored();
    this.#events.stable();
    emit({ type: 'restored', height: chain.height });
    this.#goOn(from);
  }
}
