/**
 * Gossip of block headers with their certificates (`coalesce/blocks/v1`): a node that is no replica
 * knows the head of its ledger without asking one. Replicas tell of their head once a second at
 * most.
 *
 * ```
 * message = body of the block (180) || certificate
 * ```
 *
 * A header is passed on once it was checked: 2f + 1 replicas have signed it, and it is later than
 * what was known. Two certified headers of one height mean that more than f replicas are faulty:
 * both are kept to be shown, and none is taken any more (wire-formats.md 5.4).
 *
 * @module
 */

import type { GossipSub, TopicValidatorResult } from '@libp2p/gossipsub';
import { equalBytes } from '../../crypto/bytes.ts';
import type { Clock, Logger } from '../components.ts';
import { blockDigest, readBody, writeBody } from '../pbft/block.ts';
import { ByteReader, ByteWriter } from '../pbft/byte-reader.ts';
import { IdentityVerifier } from '../pbft/committee.ts';
import type { Committee } from '../pbft/committee.ts';
import type { CommittedHeader } from '../pbft/messages.ts';
import { readCertificate, writeCertificate } from '../pbft/vote.ts';
import { GOSSIP_TOPICS } from '../protocol-ids.ts';
import { TokenBuckets } from '../token-bucket.ts';
import type { BucketLimits } from '../token-bucket.ts';
import { isCertified } from './committee-chain.ts';

/** How often a replica tells of its head. */
const TELL_INTERVAL_MS = 1_000;
/** Headers that are checked: each costs 2f + 1 signatures. */
const HEADERS_PER_PEER: BucketLimits = { burst: 16, perSecond: 2 };
const HEADERS_OF_ALL: BucketLimits = { burst: 256, perSecond: 32 };

/** Bytes of a header and its certificate. */
export function encodeHeader({ header, commit }: CommittedHeader): Uint8Array {
  return writeCertificate(writeBody(new ByteWriter(512), header), commit).finish();
}

/** @throws {@link MalformedBytesError} for anything else. Signatures are not checked. */
export function decodeHeader(bytes: Uint8Array): CommittedHeader {
  const reader = new ByteReader(bytes);
  const decoded = { header: readBody(reader), commit: readCertificate(reader) };
  reader.end();
  return decoded;
}

export interface HeaderGossipInit {
  readonly gossip: Pick<GossipSub, 'subscribe' | 'publish' | 'topicValidators'>;
  readonly committee: Committee;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Tells of heads, and hears of them. */
export class HeaderGossip {
  readonly #init: HeaderGossipInit;
  readonly #verifier: IdentityVerifier;
  readonly #buckets: TokenBuckets;
  #latest: CommittedHeader | undefined;
  #fork: readonly [CommittedHeader, CommittedHeader] | undefined;
  #toldAtMs = -Infinity;

  constructor(init: HeaderGossipInit) {
    this.#init = init;
    this.#verifier = new IdentityVerifier(init.committee.replicas);
    const nowMs = init.clock.monotonicMs();
    this.#buckets = new TokenBuckets(HEADERS_PER_PEER, HEADERS_OF_ALL, nowMs);
  }

  /** The latest header that was told or heard here, checked. */
  get latest(): CommittedHeader | undefined {
    return this.#latest;
  }

  /** Two certified headers of one height: the ledger is not to be trusted any more. */
  get fork(): readonly [CommittedHeader, CommittedHeader] | undefined {
    return this.#fork;
  }

  /** Joins the topic. */
  start(): void {
    const { gossip } = this.#init;
    gossip.topicValidators.set(
      GOSSIP_TOPICS.blocks,
      (peer, { data }) => this.receive(peer.toString(), data) as TopicValidatorResult,
    );
    gossip.subscribe(GOSSIP_TOPICS.blocks);
  }

  /** Tells of this replica's head, unless it has just told of another. */
  async tell(head: CommittedHeader): Promise<void> {
    this.#latest = head;
    const nowMs = this.#init.clock.monotonicMs();
    if (nowMs < this.#toldAtMs + TELL_INTERVAL_MS) return;
    this.#toldAtMs = nowMs;
    try {
      await this.#init.gossip.publish(GOSSIP_TOPICS.blocks, encodeHeader(head));
    } catch (error) {
      this.#init.logger.debug({ err: error }, 'A header was not told to anybody.');
    }
  }

  /**
   * Judges a header that a neighbour brought. Never throws.
   *
   * @returns `accept`: it is passed on; `reject`: it could not be of an honest neighbour.
   */
  receive(neighbour: string, bytes: Uint8Array): `${TopicValidatorResult}` {
    const { committee, clock } = this.#init;
    let heard: CommittedHeader;
    try {
      heard = decodeHeader(bytes);
    } catch {
      return 'reject';
    }
    const { header, commit } = heard;
    // Nodes of other ledgers are on the topic too.
    if (!equalBytes(header.ledger, committee.ledger) || this.#fork) return 'ignore';
    const known = this.#latest?.header;
    if (known && header.height < known.height) return 'ignore';
    const isOther = known?.height === header.height;
    if (isOther && equalBytes(blockDigest(known), blockDigest(header))) return 'ignore';
    if (!this.#buckets.take(neighbour, clock.monotonicMs())) return 'ignore';
    if (!isCertified(committee, header, commit, this.#verifier)) return 'reject';
    if (isOther) this.#noteFork(this.#latest!, heard);
    else this.#latest = heard;
    return 'accept';
  }

  #noteFork(first: CommittedHeader, second: CommittedHeader): void {
    this.#fork = [first, second];
    this.#init.logger.error(
      { height: first.header.height, first: encodeHeader(first), second: encodeHeader(second) },
      'Two different blocks of one height are certified: more than f replicas are faulty.',
    );
  }
}
