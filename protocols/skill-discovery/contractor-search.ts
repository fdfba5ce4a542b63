/**
 * One search of `findContractors`: its state, its limits and its outcome.
 *
 * @module
 */

import { setMaxListeners } from 'node:events';
import { peerIdFromString } from '@libp2p/peer-id';
import { isPeerId } from '../../crypto/identity.ts';
import { nowSeconds } from '../components.ts';
import { providerCid } from './dht-keys.ts';
import { storedProviders, walkDht } from './dht-lookup.ts';
import type { LookupEvent, NamedPeer } from './dht-lookup.ts';
import type {
  ContractorHit,
  DroppedProvider,
  DropReason,
  SearchComponents,
  SearchResult,
  TraceEntry,
} from './find-contractors.ts';
import { fetchRecord } from './record-fetch.ts';
import type { FetchedRecord } from './record-fetch.ts';
import { isAtOrBelow } from './terms.ts';

/** Records fetched at the same time. */
const MAX_PARALLEL_FETCHES = 32;
/**
 * New providers taken at once from one answer. What goes beyond waits until the lookup has ended
 * and is then taken by the number of peers that named it: one answer cannot fill the search.
 */
const MAX_NEW_PROVIDERS_PER_ANSWER = 12;
/** Of those that wait, how many are taken that a single peer named: inventing names is free. */
const MAX_WAITING_NAMED_ONCE = 32;
/** Names remembered beyond the providers that are fetched. */
const MAX_WAITING_PROVIDERS = 4_096;
/** Addresses taken up of one provider. */
const MAX_ADDRESSES_PER_PROVIDER = 8;
const MAX_TRACE_ENTRIES = 1_024;
/** Tries of the provider lookup: one that fails says nothing about what exists. */
const LOOKUP_TRIES = 2;

/** Settled options of a search. */
export interface SearchLimits {
  readonly maxProviders: number;
  readonly timeoutMs: number;
  readonly peerWaitMs: number;
  readonly signal: AbortSignal | undefined;
}

interface LookupTally {
  asked: number;
  answered: number;
  isCut: boolean;
}

/** A search that runs once. */
export class ContractorSearch {
  readonly #components: SearchComponents;
  readonly #term: string;
  readonly #limits: SearchLimits;
  readonly #startMs: number;
  readonly #signal: AbortSignal;

  readonly #asked = new Set<string>();
  readonly #answered = new Set<string>();
  readonly #fetched = new Map<string, Promise<void>>();
  /** Providers beyond the first of each answer, with the peers that named them. */
  readonly #waiting = new Map<string, { provider: NamedPeer; namedBy: Set<string> }>();
  readonly #queue: (() => void)[] = [];
  #running = 0;

  readonly #hits: ContractorHit[] = [];
  readonly #dropped: DroppedProvider[] = [];
  readonly #trace: TraceEntry[] = [];
  #isCut = false;

  constructor(components: SearchComponents, term: string, limits: SearchLimits) {
    this.#components = components;
    this.#term = term;
    this.#limits = limits;
    this.#startMs = components.clock.monotonicMs();
    const timeout = AbortSignal.timeout(limits.timeoutMs);
    this.#signal = limits.signal ? AbortSignal.any([limits.signal, timeout]) : timeout;
    // Every request of the search listens to this one signal.
    setMaxListeners(0, this.#signal);
  }

  async run(): Promise<SearchResult> {
    this.#note('search', undefined, this.#term);
    if (!(await this.#hasPeers())) {
      this.#note('no-peers');
      return this.#result('unreachable');
    }
    await this.#takeStoredProviders();
    const lookup = await this.#lookUpProviders();
    this.#takeWaiting();
    await Promise.all(this.#fetched.values());
    this.#dropped.push(
      ...[...this.#waiting.keys()].map((peerId) => ({ peerId, reason: 'NOT_FETCHED' as const })),
    );
    if (lookup.answered === 0) return this.#result('unreachable');
    const isPartial = this.#isCut || lookup.isCut || this.#waiting.size > 0;
    // A dead peer here and there is normal in Kademlia: k peers hold each entry.
    const fewAnswered = lookup.answered * 2 < lookup.asked;
    return this.#result(isPartial || fewAnswered ? 'partial' : 'complete');
  }

  async #hasPeers(): Promise<boolean> {
    const { host } = this.#components;
    if (host.routingTableSize() > 0) return true;
    const patience = AbortSignal.timeout(this.#limits.peerWaitMs);
    try {
      await host.waitForPeers(1, AbortSignal.any([this.#signal, patience]));
      return true;
    } catch {
      return false;
    }
  }

  /** This node may itself be one of those that keep the term; lookups do not ask it. */
  async #takeStoredProviders(): Promise<void> {
    const { host } = this.#components;
    const peerIds = await storedProviders(host.dht, providerCid(this.#term));
    this.#takeProviders(
      host.peerId,
      peerIds.map((peerId) => ({ peerId, addresses: [] })),
    );
  }

  async #lookUpProviders(): Promise<LookupTally> {
    let tally: LookupTally = { asked: 0, answered: 0, isCut: false };
    for (let attempt = 1; attempt <= LOOKUP_TRIES; attempt++) {
      tally = await this.#lookUpOnce();
      const foundNobody = this.#fetched.size === 0 && tally.answered < tally.asked;
      const hasFailed = tally.isCut || tally.answered === 0 || foundNobody;
      if (!hasFailed || this.#signal.aborted) break;
      if (attempt < LOOKUP_TRIES) this.#note('retry');
    }
    return tally;
  }

  async #lookUpOnce(): Promise<LookupTally> {
    const asked = new Set<string>();
    const answered = new Set<string>();
    const key = providerCid(this.#term).multihash.bytes;
    let isCut = false;
    try {
      const { dht } = this.#components.host;
      for await (const event of walkDht(dht, 'GET_PROVIDERS', key, this.#signal)) {
        this.#count(event);
        if (event.type === 'asked') asked.add(event.peerId);
        if (event.type !== 'answered') continue;
        answered.add(event.peerId);
        this.#takeProviders(event.peerId, event.providers);
      }
    } catch (error) {
      isCut = true;
      this.#note('lookup-cut', undefined, error instanceof Error ? error.message : undefined);
    }
    return { asked: asked.size, answered: answered.size, isCut };
  }

  #takeProviders(namedBy: string, providers: readonly NamedPeer[]): void {
    this.#note('providers', namedBy, `${providers.length}`);
    let isNew = 0;
    for (const provider of providers) {
      if (provider.peerId === this.#components.host.peerId) continue;
      if (this.#fetched.has(provider.peerId)) continue;
      if (isNew < MAX_NEW_PROVIDERS_PER_ANSWER && this.#take(provider)) {
        isNew += 1;
        continue;
      }
      const waiting = this.#waiting.get(provider.peerId);
      if (waiting) waiting.namedBy.add(namedBy);
      else if (this.#waiting.size < MAX_WAITING_PROVIDERS) {
        this.#waiting.set(provider.peerId, { provider, namedBy: new Set([namedBy]) });
      }
    }
  }

  #takeWaiting(): void {
    const byVotes = [...this.#waiting.values()].sort((a, b) => b.namedBy.size - a.namedBy.size);
    let namedOnce = 0;
    for (const { provider, namedBy } of byVotes) {
      if (namedBy.size === 1 && ++namedOnce > MAX_WAITING_NAMED_ONCE) return;
      if (!this.#take(provider)) return;
    }
  }

  /** @returns whether there was room. */
  #take(provider: NamedPeer): boolean {
    if (this.#fetched.size >= this.#limits.maxProviders) return false;
    this.#waiting.delete(provider.peerId);
    this.#fetched.set(provider.peerId, this.#fetch(provider));
    return true;
  }

  async #fetch(provider: NamedPeer): Promise<void> {
    const { peerId } = provider;
    if (!isPeerId(peerId)) return this.#drop(peerId, 'NO_ED25519_PEER');
    await this.#slot();
    try {
      await this.#learnAddresses(provider);
      const { host, guard } = this.#components;
      const fetched = await fetchRecord(
        {
          host,
          guard,
          onEvent: (event) => this.#count(event),
          onRefused: (from, reason) => this.#note('refused', from, `${reason}, of ${peerId}`),
        },
        peerId,
        this.#signal,
      );
      this.#settle(peerId, fetched);
    } finally {
      this.#running -= 1;
      this.#queue.shift()?.();
    }
  }

  async #slot(): Promise<void> {
    if (this.#running >= MAX_PARALLEL_FETCHES) {
      await new Promise<void>((resolve) => this.#queue.push(resolve));
    }
    this.#running += 1;
  }

  async #learnAddresses({ peerId, addresses }: NamedPeer): Promise<void> {
    const multiaddrs = addresses.slice(0, MAX_ADDRESSES_PER_PROVIDER);
    if (multiaddrs.length === 0) return;
    const { peerStore } = this.#components.host.libp2p;
    try {
      await peerStore.merge(peerIdFromString(peerId), { multiaddrs });
    } catch (error) {
      this.#note('address-refused', peerId, error instanceof Error ? error.message : undefined);
    }
  }

  #settle(peerId: string, fetched: FetchedRecord): void {
    if (!fetched.found) {
      if (fetched.reason === 'TIMED_OUT') this.#isCut = true;
      return this.#drop(peerId, fetched.reason);
    }
    const { record, source } = fetched;
    const { offers, iat } = record.body;
    if (offers.length === 0) return this.#drop(peerId, 'WITHDRAWN');
    const matching = offers.filter(({ term }) => isAtOrBelow(term, this.#term));
    if (matching.length === 0) return this.#drop(peerId, 'NO_MATCHING_OFFER');
    this.#note('record', peerId, `seq ${record.body.seq}, from ${source}`);
    const recordAgeSeconds = Math.max(0, nowSeconds(this.#components.clock) - iat);
    for (const offer of matching) {
      const matchedTerm = offer.term;
      this.#hits.push({ peerId, record, offer, matchedTerm, recordAgeSeconds, source });
    }
  }

  #drop(peerId: string, reason: DropReason): void {
    this.#note('dropped', peerId, reason);
    this.#dropped.push({ peerId, reason });
  }

  #count(event: LookupEvent): void {
    if (event.type === 'asked') this.#asked.add(event.peerId);
    if (event.type === 'answered') this.#answered.add(event.peerId);
    if (event.type === 'failed') this.#note('no-answer', event.peerId, event.detail);
  }

  #note(event: string, peerId?: string, detail?: string): void {
    if (this.#trace.length >= MAX_TRACE_ENTRIES) return;
    this.#trace.push({
      atMs: this.#elapsedMs(),
      event,
      ...(peerId === undefined ? {} : { peerId }),
      ...(detail === undefined ? {} : { detail }),
    });
  }

  #elapsedMs(): number {
    return this.#components.clock.monotonicMs() - this.#startMs;
  }

  #result(outcome: SearchResult['outcome']): SearchResult {
    this.#note('end', undefined, outcome);
    return {
      query: this.#term,
      outcome,
      hits: this.#hits,
      asked: this.#asked.size,
      answered: this.#answered.size,
      elapsedMs: this.#elapsedMs(),
      trace: this.#trace,
      dropped: this.#dropped,
    };
  }
}
