/**
 * A search that asks brokers too: where the DHT gave nothing and could not say that there is
 * nothing, or at the caller's wish. Both are merged, and of each peer the newest record stays, so
 * that a broker which leaves out is made good by the DHT, and one that lies by its signatures.
 *
 * @module
 */

import { peerIdFromString } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { toHex } from '../../crypto/bytes.ts';
import { nowSeconds } from '../components.ts';
import type { Host } from '../libp2p-host.ts';
import type {
  ContractorHit,
  DroppedProvider,
  SearchOptions,
  SearchQuestion,
  SearchResult,
  TraceEntry,
} from '../skill-discovery/find-contractors.ts';
import type { Search } from '../skill-discovery/search-cache.ts';
import type { SignedSkillRecord } from '../skill-discovery/skill-record.ts';
import { askBroker } from './client.ts';
import type { BrokerClientComponents, MarketQuote, VerifiedBrokerAnswer } from './client.ts';
import { MAX_FIND_KEYS } from './messages.ts';
import type { OutsideAgent } from './messages.ts';

/** Longest wait for one broker. */
const BROKER_TIMEOUT_MS = 5_000;

/**
 * Records that a client asks of a broker for each question: twice the providers that a lookup in
 * the DHT collects. Each is verified, which takes a third of a millisecond.
 */
export const RECORDS_ASKED = 40;

/** What brokers said beside their records. */
export interface BrokerNews {
  readonly outside: readonly OutsideAgent[];
  readonly quotes: readonly MarketQuote[];
  /** PeerIds of those that were asked and gave no answer. */
  readonly silent: readonly string[];
}

/** What such a search is handed. */
export interface BrokeredSearchComponents extends BrokerClientComponents {
  readonly host: Pick<Host, 'dial' | 'peerId' | 'libp2p'>;
  /** Looks in the DHT. */
  readonly search: Search;
  /** Multiaddrs with `/p2p/`. */
  readonly brokers: readonly string[];
}

interface BrokerSaid {
  readonly peerId: string;
  /** `undefined`: it gave no answer. */
  readonly answer: VerifiedBrokerAnswer | undefined;
  readonly detail: string;
}

/** Searches in the DHT and with brokers. The form of `Search`, for a cache over it. */
export class BrokeredSearch {
  readonly #components: BrokeredSearchComponents;

  constructor(components: BrokeredSearchComponents) {
    this.#components = components;
  }

  readonly search: Search = async (question, options) => {
    const { brokers, search } = this.#components;
    if (brokers.length === 0) return search(question, options);
    if (question.isForBrokers === true) {
      const [found, said] = await Promise.all([
        search(question, options),
        this.#askAll(question, options),
      ]);
      return this.#merge(question, options, found, said);
    }
    const found = await search(question, options);
    if (found.hits.length > 0 || found.outcome === 'complete') return found;
    return this.#merge(question, options, found, await this.#askAll(question, options));
  };

  #askAll(question: SearchQuestion, options: SearchOptions): Promise<readonly BrokerSaid[]> {
    return Promise.all(this.#components.brokers.map((at) => this.#ask(at, question, options)));
  }

  async #ask(
    address: string,
    { keys }: SearchQuestion,
    { signal: outer }: SearchOptions,
  ): Promise<BrokerSaid> {
    const peerId = address.slice(address.lastIndexOf('/') + 1);
    const timeout = AbortSignal.timeout(BROKER_TIMEOUT_MS);
    const signal = outer ? AbortSignal.any([outer, timeout]) : timeout;
    try {
      await this.#components.host.dial(address, { signal });
      const answer = await this.#askWhole(peerId, keys, signal);
      const { records, refused, left, refusedQuotes } = answer;
      await Promise.all(records.map((record) => this.#learnAddresses(record)));
      const lies = refused.length + refusedQuotes;
      const detail = `${records.length} records, ${left} left, ${lies} that do not verify`;
      return { peerId, answer, detail };
    } catch (error) {
      const detail = error instanceof Error ? error.message : 'no answer';
      return { peerId, answer: undefined, detail };
    }
  }

  /** A question has room for some keys: the others are asked for in another one. */
  async #askWhole(
    peerId: string,
    keys: readonly string[],
    signal: AbortSignal,
  ): Promise<VerifiedBrokerAnswer> {
    const parts: VerifiedBrokerAnswer[] = [];
    for (let start = 0; start < keys.length; start += MAX_FIND_KEYS) {
      const question = { keys: keys.slice(start, start + MAX_FIND_KEYS), limit: RECORDS_ASKED };
      parts.push(await askBroker(this.#components, peerId, question, { signal }));
    }
    return joined(parts);
  }

  /** Where each peer says that it is reached: the client asks it for its proofs next. */
  async #learnAddresses({ body }: SignedSkillRecord): Promise<void> {
    const multiaddrs = body.addresses.map((address) => multiaddr(address));
    const { peerStore } = this.#components.host.libp2p;
    await peerStore.merge(peerIdFromString(body.peerId), { multiaddrs });
  }

  #merge(
    question: SearchQuestion,
    { onHit }: SearchOptions,
    found: SearchResult,
    said: readonly BrokerSaid[],
  ): SearchResult {
    const answers = said.flatMap(({ answer }) => answer ?? []);
    const known = new Map(found.hits.map(({ peerId, record }) => [peerId, record.body.seq]));
    const newest = newestRecords(answers.flatMap(({ records }) => records)).filter(
      ({ body }) => body.peerId !== this.#components.host.peerId,
    );
    const newer = newest.filter(({ body }) => (known.get(body.peerId) ?? -1) < body.seq);
    const replaced = new Set(newer.map(({ body }) => body.peerId));
    const told = new Set(newest.map(({ id }) => toHex(id)));
    const kept = found.hits
      .filter(({ peerId }) => !replaced.has(peerId))
      .map((hit) => (told.has(toHex(hit.record.id)) ? { ...hit, isAtBroker: true } : hit));
    const added = newer.flatMap((record) => this.#hitsOf(question, record));
    for (const hit of added) if (!known.has(hit.peerId)) onHit?.(hit);
    const startMs = found.elapsedMs;
    return {
      ...found,
      // What only brokers say is never the whole: they may have left out.
      outcome: found.outcome === 'unreachable' && answers.length > 0 ? 'partial' : found.outcome,
      hits: [...kept, ...added],
      asked: found.asked + said.length,
      answered: found.answered + answers.length,
      firstHitMs: found.firstHitMs ?? (added.length > 0 ? startMs : null),
      dropped: [...found.dropped.filter(({ peerId }) => !replaced.has(peerId)), ...liesOf(answers)],
      trace: [...found.trace, ...said.flatMap((one) => traceOf(one, startMs))],
      brokers: {
        outside: answers.flatMap(({ outside }) => outside),
        quotes: answers.flatMap(({ quotes }) => quotes),
        silent: said.flatMap(({ peerId, answer }) => (answer ? [] : [peerId])),
      },
    };
  }

  #hitsOf({ matching }: SearchQuestion, record: SignedSkillRecord): readonly ContractorHit[] {
    const age = nowSeconds(this.#components.clock) - record.body.iat;
    return matching(record.body).map((offer) => ({
      peerId: record.body.peerId,
      record,
      offer,
      matchedTerm: offer.term,
      recordAgeSeconds: Math.max(0, age),
      source: 'broker',
    }));
  }
}

/** Answers of one broker to the parts of a question, each agent once. */
function joined(parts: readonly VerifiedBrokerAnswer[]): VerifiedBrokerAnswer {
  const outside = new Map(parts.flatMap((part) => part.outside).map((one) => [one.url, one]));
  return {
    records: parts.flatMap(({ records }) => records),
    refused: parts.flatMap(({ refused }) => refused),
    left: parts.reduce((sum, { left }) => sum + left, 0),
    outside: [...outside.values()],
    quotes: parts.flatMap(({ quotes }) => quotes),
    refusedQuotes: parts.reduce((sum, { refusedQuotes }) => sum + refusedQuotes, 0),
  };
}

function newestRecords(records: readonly SignedSkillRecord[]): readonly SignedSkillRecord[] {
  const newest = new Map<string, SignedSkillRecord>();
  for (const record of records) {
    const best = newest.get(record.body.peerId);
    if (!best || best.body.seq < record.body.seq) newest.set(record.body.peerId, record);
  }
  return [...newest.values()];
}

function liesOf(answers: readonly VerifiedBrokerAnswer[]): readonly DroppedProvider[] {
  return answers.flatMap(({ refused }) => refused);
}

function traceOf({ peerId, answer, detail }: BrokerSaid, atMs: number): readonly TraceEntry[] {
  const event = answer ? 'broker' : 'no-broker';
  const lies = (answer?.refused ?? []).map((lie) => ({
    atMs,
    event: 'refused',
    peerId,
    detail: `${lie.reason}, of ${lie.peerId}`,
  }));
  return [{ atMs, event, peerId, detail }, ...lies];
}
