/**
 * Gossip of status lists (wire-formats.md 2.3): an issuer tells of each new list, so that a
 * revocation is known before the holder would have to staple it; two lists that contradict each
 * other are passed on, both of them, as evidence against their issuer.
 *
 * A node takes and passes on lists of those issuers alone that its policy knows: identities are
 * free, and whoever could have strangers' lists relayed could flood the network. Where the
 * neighbours do not know an issuer, its lists travel stapled or by `statusreq`, as before.
 *
 * Anybody can write a known issuer's name into a list, and only the check of the signature tells.
 * An honest neighbour checks before it passes on, so whoever brings a forgery has made it, and is
 * not heard for a while. What remains: whoever comes with 64 new identities a second, each with one
 * forgery, uses up the budget of all, and revocations then travel stapled or by `statusreq` only.
 *
 * @module
 */

import type { GossipSub, TopicValidatorResult } from '@libp2p/gossipsub';
import { toBase64Url } from '../../crypto/bytes.ts';
import { openEnvelope } from '../../crypto/envelope.ts';
import type { SignedDocument } from '../../crypto/envelope.ts';
import { embedEnvelope, unverifiedBody } from '../../crypto/presentation-messages.ts';
import { statusListDefinition } from '../../crypto/status-list.ts';
import type { StatusList } from '../../crypto/status-list.ts';
import type { StatusListMemory } from '../../crypto/status-list-memory.ts';
import { nowSeconds } from '../components.ts';
import type { Clock, Logger } from '../components.ts';
import { GOSSIP_TOPICS } from '../protocol-ids.ts';
import { MAX_BUCKETS, TokenBuckets } from '../token-bucket.ts';
import type { BucketLimits } from '../token-bucket.ts';

/**
 * Lists that a neighbour may bring: each costs the check of a signature. It takes 32 neighbours to
 * use up at once what all of them have, and 256 to go on with it.
 */
const LISTS_PER_PEER: BucketLimits = { burst: 32, perSecond: 0.25 };
const LISTS_OF_ALL: BucketLimits = { burst: 1_024, perSecond: 64 };
/** How long nothing is taken of a neighbour that has brought a forged list. */
const FORGER_MS = 600_000;

/** What came of a list that a neighbour brought. */
export type GossipVerdict = `${TopicValidatorResult}`;

export interface StatusGossipInit {
  readonly gossip: Pick<GossipSub, 'subscribe' | 'publish' | 'topicValidators'>;
  /** Knows whose lists are kept. */
  readonly memory: StatusListMemory;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when something new was learned of an issuer. */
  onNews(issuer: string): void;
}

/** Tells neighbours of status lists, and hears theirs. */
export class StatusGossip {
  readonly #init: StatusGossipInit;
  readonly #buckets: TokenBuckets;
  /** When the neighbours that brought a forgery are heard again; monotonic, the first soonest. */
  readonly #forgers = new Map<string, number>();
  /** Ids of lists that this node has told of itself, the latest per number. */
  readonly #told = new Map<number, string>();

  constructor(init: StatusGossipInit) {
    this.#init = init;
    this.#buckets = new TokenBuckets(LISTS_PER_PEER, LISTS_OF_ALL, init.clock.monotonicMs());
  }

  /** Joins the topic. */
  start(): void {
    const { gossip } = this.#init;
    gossip.topicValidators.set(
      GOSSIP_TOPICS.revocations,
      (peer, { data }) => this.receive(peer.toString(), data) as TopicValidatorResult,
    );
    gossip.subscribe(GOSSIP_TOPICS.revocations);
  }

  /** Tells of this node's own lists, each once. */
  async tell(lists: readonly SignedDocument<StatusList>[]): Promise<void> {
    for (const { id, body, envelope } of lists) {
      const key = toBase64Url(id);
      if (this.#told.get(body.list) === key) continue;
      this.#told.set(body.list, key);
      await this.#publish(envelope);
    }
  }

  /**
   * Judges a list that a neighbour brought. Never throws.
   *
   * @returns `accept`: it is passed on; `reject`: it could not be of an honest neighbour.
   */
  receive(neighbour: string, envelope: Uint8Array): GossipVerdict {
    const { memory, clock, logger } = this.#init;
    const issuer = issuerOf(envelope);
    if (issuer === undefined) return 'reject';
    if (!memory.isKept(issuer) || memory.isDistrusted(issuer)) return 'ignore';
    const nowMs = clock.monotonicMs();
    if (nowMs < (this.#forgers.get(neighbour) ?? -Infinity)) return 'ignore';
    if (!this.#buckets.take(neighbour, nowMs)) return 'ignore';
    const opened = openEnvelope(statusListDefinition, envelope);
    if (!opened.valid) {
      this.#noteForger(neighbour, nowMs);
      return 'reject';
    }
    const note = memory.note(opened, nowSeconds(clock));
    if (note !== 'NEW' && note !== 'EQUIVOCATION') return 'ignore';
    this.#init.onNews(issuer);
    if (note === 'EQUIVOCATION') {
      logger.warn({ issuer }, 'An issuer signed two status lists that contradict each other.');
      const evidence = memory.equivocations().find((found) => found.issuer === issuer);
      if (evidence) void this.#publish(evidence.first);
    }
    return 'accept';
  }

  #noteForger(neighbour: string, nowMs: number): void {
    this.#forgers.delete(neighbour);
    this.#forgers.set(neighbour, nowMs + FORGER_MS);
    if (this.#forgers.size <= MAX_BUCKETS) return;
    for (const oldest of this.#forgers.keys()) {
      this.#forgers.delete(oldest);
      break;
    }
  }

  async #publish(envelope: Uint8Array): Promise<void> {
    try {
      await this.#init.gossip.publish(GOSSIP_TOPICS.revocations, envelope);
    } catch (error) {
      this.#init.logger.debug({ err: error }, 'A status list was not told to anybody.');
    }
  }
}

/** The issuer that a list names, before its signature is checked; `undefined` for no list. */
function issuerOf(envelope: Uint8Array): string | undefined {
  try {
    return unverifiedBody(statusListDefinition, embedEnvelope(envelope))?.issuer;
  } catch {
    return undefined;
  }
}
