/**
 * Blocks that a replica has missed, from the stores of the others (`/coalesce/blocks/1.0.0`). The
 * replica takes part again as soon as it has a proven state; the blocks below that state come here,
 * so that every replica can be audited from the first block.
 *
 * ```
 * question = u64 height of the first block wanted
 * answer   = frames (u32 length), each a block as `encodeStoredBlock` writes it, ascending
 * ```
 *
 * Each block is checked before it is stored: it names the one before it, and 2f + 1 replicas have
 * committed to it.
 *
 * @module
 */

import type { Connection, Libp2p, Stream } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { equalBytes } from '../../crypto/bytes.ts';
import type { Clock, Logger } from '../../protocols/components.ts';
import { isCertified } from '../../protocols/ledger/committee-chain.ts';
import { NO_HASH, decodeBlock } from '../../protocols/pbft/block.ts';
import { ByteReader, ByteWriter } from '../../protocols/pbft/byte-reader.ts';
import { IdentityVerifier } from '../../protocols/pbft/committee.ts';
import type { Committee } from '../../protocols/pbft/committee.ts';
import { frame, unframe } from '../../protocols/pbft/message-frames.ts';
import { readCertificate } from '../../protocols/pbft/vote.ts';
import { BLOCKS_PROTOCOL } from '../../protocols/protocol-ids.ts';
import { StreamDuplex } from '../../protocols/secure-channel/stream-duplex.ts';
import { TokenBuckets } from '../../protocols/token-bucket.ts';
import { decodeStoredBlock, encodeStoredBlock } from './block-store.ts';
import type { BlockStore } from './block-store.ts';
import type { StoredBlock } from './replica-door.ts';

const MAX_BLOCKS_PER_ANSWER = 256;
const MAX_ANSWER_BYTES = 8_388_608;
const QUESTION_BYTES = 8;
const EXCHANGE_TIMEOUT_MS = 20_000;
/** Between two questions that brought nothing. */
const RETRY_MS = 1_000;
const QUESTIONS_PER_REPLICA = { burst: 16, perSecond: 8 };

export interface BlockExchangeInit {
  readonly host: Pick<Libp2p, 'handle' | 'unhandle' | 'dialProtocol'>;
  readonly committee: Committee;
  readonly index: number;
  readonly store: BlockStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Answers the other replicas, and fills gaps of this one. */
export class BlockExchange {
  readonly #init: BlockExchangeInit;
  readonly #verifier: IdentityVerifier;
  readonly #buckets = new TokenBuckets(QUESTIONS_PER_REPLICA);
  readonly #stop = new AbortController();
  /** Replica that was asked last. */
  #asked: number;
  #work: Promise<void> | undefined;

  constructor(init: BlockExchangeInit) {
    this.#init = init;
    this.#asked = init.index;
    this.#verifier = new IdentityVerifier(init.committee.replicas);
  }

  async start(): Promise<void> {
    await this.#init.host.handle(
      BLOCKS_PROTOCOL,
      (stream, connection) => void this.#answer(stream, connection),
      { maxInboundStreams: 2, maxOutboundStreams: 2, runOnLimitedConnection: true },
    );
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the replica stops'));
    await this.#init.host.unhandle(BLOCKS_PROTOCOL);
    await this.#work;
  }

  /** Blocks up to `height` should be in the store: fetches what is missing, in the background. */
  fillUpTo(height: number): void {
    if (this.#init.store.whole < height) this.#work ??= this.#fill(height);
  }

  async #fill(height: number): Promise<void> {
    const { store, logger } = this.#init;
    while (store.whole < height && !this.#stop.signal.aborted) {
      const before = store.whole;
      try {
        await this.#ask();
      } catch (error) {
        logger.debug({ replica: this.#asked, err: error }, 'Missing blocks were not given.');
      }
      if (store.whole === before) await this.#pause();
    }
    this.#work = undefined;
  }

  #pause(): Promise<void> {
    const { signal } = this.#stop;
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', finish);
        resolve();
      };
      const timer = setTimeout(finish, RETRY_MS).unref();
      signal.addEventListener('abort', finish);
    });
  }

  /** Asks the next replica for blocks after those that are here. */
  async #ask(): Promise<void> {
    const { committee, host, index, store } = this.#init;
    const size = committee.replicas.length;
    do this.#asked = (this.#asked + 1) % size;
    while (this.#asked === index);
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(EXCHANGE_TIMEOUT_MS)]);
    const peerId = peerIdFromString(committee.replicas[this.#asked]!);
    const stream = await host.dialProtocol(peerId, BLOCKS_PROTOCOL, {
      signal,
      maxOutboundStreams: 2,
      runOnLimitedConnection: true,
    });
    const duplex = new StreamDuplex(stream);
    const onAbort = (): void => stream.abort(signal.reason as Error);
    signal.addEventListener('abort', onAbort);
    try {
      let height = store.whole + 1;
      await duplex.send([new ByteWriter(QUESTION_BYTES).u64(height).finish()], signal);
      let prev = await this.#digestAt(store.whole);
      for await (const bytes of unframe(duplex.source())) {
        // The gap may have closed meanwhile.
        if (store.has(height)) break;
        prev = this.#take(decodeStoredBlock(height, bytes), prev);
        height++;
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      stream.abort(new Error('the exchange is over'));
    }
  }

  async #digestAt(height: number): Promise<Uint8Array> {
    const stored = await this.#init.store.block(height);
    return stored ? decodeBlock(stored.block).digest : NO_HASH;
  }

  /** Checks and stores the next block, and returns its digest. @throws if it does not follow. */
  #take(stored: StoredBlock, prev: Uint8Array): Uint8Array {
    const { committee, store } = this.#init;
    const block = decodeBlock(stored.block);
    const reader = new ByteReader(stored.commit);
    const commit = readCertificate(reader);
    reader.end();
    const follows = block.height === stored.height && equalBytes(block.prev, prev);
    if (!follows || !isCertified(committee, block, commit, this.#verifier)) {
      throw new RangeError(`"block" expected a committed one of height ${stored.height}`);
    }
    store.putStored(stored);
    return block.digest;
  }

  async #answer(stream: Stream, connection: Connection): Promise<void> {
    const { clock, committee, index, logger, store } = this.#init;
    const peerId = connection.remotePeer.toString();
    const duplex = new StreamDuplex(stream);
    const from = committee.replicas.indexOf(peerId);
    const isWelcome = from >= 0 && from !== index;
    if (!isWelcome || !this.#buckets.take(peerId, clock.monotonicMs())) {
      stream.abort(new Error('not a replica of this ledger, or too many questions'));
      return;
    }
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(EXCHANGE_TIMEOUT_MS)]);
    try {
      const question = await duplex.read(QUESTION_BYTES, signal);
      const height = new ByteReader(question).u64('height');
      let bytes = 0;
      for await (const stored of store.blocks(height, MAX_BLOCKS_PER_ANSWER)) {
        const value = frame(encodeStoredBlock(stored));
        await duplex.send([value], signal);
        bytes += value.length;
        if (bytes > MAX_ANSWER_BYTES) break;
      }
      await duplex.close(EXCHANGE_TIMEOUT_MS);
    } catch (error) {
      logger.debug({ replica: from, err: error }, 'A question for blocks was not answered.');
      stream.abort(error instanceof Error ? error : new Error('bad question'));
    }
  }
}
