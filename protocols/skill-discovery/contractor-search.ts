/**
 * One search of `findContractors`: its state, its limits and its outcome.
 *
 * @module
 */

import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { peerIdFromString } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
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
  SearchQuestion,
  SearchResult,
  TraceEntry,
} from './find-contractors.ts';
import { NamedProviders } from './named-providers.ts';
import type { ProviderName } from './named-providers.ts';
import { fetchRecord, hasAddress } from './record-fetch.ts';
import type { FetchedRecord } from './record-fetch.ts';
import { Turns } from './turns.ts';
import type { SignedSkillRecord } from './skill-record.ts';

/** Keys looked up at the same time; each lookup asks some 20 peers. */
const MAX_PARALLEL_LOOKUPS = 4;
/** Providers asked for their own record at the same time. */
const MAX_PARALLEL_FETCHES = 32;
/** Records searched for in the DHT at the same time; each search asks some 20 peers. */
const MAX_PARALLEL_WALKS = 8;
/**
 * New providers taken at once from all answers of one peer. What goes beyond waits until the
 * lookups have ended and is then taken by the number of peers that named it: it takes thirty-two
 * liars among those that are asked to fill a search, whatever the number of its keys.
 */
const MAX_NEW_PROVIDERS_PER_PEER = 8;
/** Of those that wait, how many are taken that a single peer named: inventing names is free. */
const MAX_WAITING_NAMED_ONCE = 32;
/** Addresses taken up of one provider. */
const MAX_ADDRESSES_PER_PROVIDER = 8;
/** Most peers that are asked because they offered this before. */
const MAX_PROBED = 16;
/** How long such a peer has while nobody names it; more if the lookups take longer. */
const PROBE_PATIENCE_MS = 1_000;
const MAX_TRACE_ENTRIES = 1_024;
/** Tries of the provider lookup: one that fails says nothing about what exists. */
const LOOKUP_TRIES = 2;
/**
 * Of those asked in a lookup, how many answered at least if it was complete. A dead peer here and
 * there is normal in Kademlia, where k peers hold each entry; that there is nobody takes more.
 */
export const MIN_ANSWERED_SHARE = { forHits: 0.5, forNone: 0.75 } as const;

/** Settled options of a search. */
export interface SearchLimits {
  readonly maxProviders: number;
  readonly timeoutMs: number;
  readonly peerWaitMs: number;
  readonly onHit: ((hit: ContractorHit) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

interface LookupTally {
  asked: number;
  answered: number;
  isCut: boolean;
}

function detailOf(error: unknown): { readonly detail?: string } {
  return error instanceof Error ? { detail: error.message } : {};
}

/** A search that runs once. */
export class ContractorSearch {
  readonly #components: SearchComponents;
  readonly #question: SearchQuestion;
  readonly #limits: SearchLimits;
  readonly #startMs: number;
  readonly #signal: AbortSignal;

  readonly #asked = new Set<string>();
  readonly #answered = new Set<string>();
  readonly #fetches: Promise<void>[] = [];
  readonly #names = new NamedProviders();
  /** Providers taken at once, by the peer that named them. */
  readonly #takenOf = new Map<string, number>();
  readonly #lookupTurns = new Turns(MAX_PARALLEL_LOOKUPS);
  readonly #holderTurns = new Turns(MAX_PARALLEL_FETCHES);
  readonly #walkTurns = new Turns(MAX_PARALLEL_WALKS);

  readonly #hits: ContractorHit[] = [];
  readonly #dropped: DroppedProvider[] = [];
  readonly #trace: TraceEntry[] = [];
  readonly #knownNoMore: string[] = [];
  #isCut = false;
  #leastAnswered = 1;
  #firstHitMs: number | null = null;

  constructor(components: SearchComponents, question: SearchQuestion, limits: SearchLimits) {
    this.#components = components;
    this.#question = question;
    this.#limits = limits;
    this.#startMs = components.clock.monotonicMs();
    const timeout = AbortSignal.timeout(limits.timeoutMs);
    this.#signal = limits.signal ? AbortSignal.any([limits.signal, timeout]) : timeout;
    // Every request of the search listens to this one signal.
    setMaxListeners(0, this.#signal);
  }

  async run(): Promise<SearchResult> {
    const { query, keys } = this.#question;
    this.#note('search', { detail: query });
    await this.#probeKnown();
    if (!(await this.#hasPeers())) {
      this.#note('no-peers');
      return this.#withoutLookups();
    }
    const lookups = await Promise.all(keys.map((key) => this.#lookUpInTurn(key)));
    this.#takeWaiting();
    this.#names.endLookups();
    await Promise.all(this.#fetches);
    for (const { provider } of this.#names.waiting()) this.#drop(provider.peerId, 'NOT_FETCHED');
    if (lookups.every(({ answered }) => answered === 0)) return this.#withoutLookups();
    const isPartial = this.#isCut || lookups.some(({ isCut }) => isCut);
    this.#leastAnswered = Math.min(1, ...lookups.map((one) => one.answered / one.asked || 0));
    const least = MIN_ANSWERED_SHARE[this.#hits.length > 0 ? 'forHits' : 'forNone'];
    return this.#result(isPartial || this.#leastAnswered < least ? 'partial' : 'complete');
  }

  /** Peers that are known may have answered where nobody could be asked who else there is. */
  async #withoutLookups(): Promise<SearchResult> {
    this.#names.endLookups();
    await Promise.all(this.#fetches);
    return this.#result(this.#hits.length > 0 ? 'partial' : 'unreachable');
  }

  async #probeKnown(): Promise<void> {
    const { host } = this.#components;
    const known = (this.#question.known ?? []).filter((peerId) => peerId !== host.peerId);
    const probe = async (peerId: string): Promise<void> => {
      if (!isPeerId(peerId) || !(await hasAddress(host, peerIdFromString(peerId)))) return;
      this.#note('known', { peerId });
      this.#take(this.#names.remember(peerId));
    };
    await Promise.all([...new Set(known)].slice(0, MAX_PROBED).map(probe));
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

  /** A lookup of its own for each key, a few at a time. */
  async #lookUpInTurn(key: string): Promise<LookupTally> {
    return this.#lookupTurns.run(async () => {
      await this.#takeStoredProviders(key);
      return this.#lookUpProviders(key);
    });
  }

  /** This node may itself be one of those that keep the key; lookups do not ask it. */
  async #takeStoredProviders(key: string): Promise<void> {
    const { host } = this.#components;
    const peerIds = await storedProviders(host.dht, providerCid(key));
    this.#takeProviders(
      key,
      host.peerId,
      peerIds.map((peerId) => ({ peerId, addresses: [] })),
    );
  }

  async #lookUpProviders(key: string): Promise<LookupTally> {
    let tally: LookupTally = { asked: 0, answered: 0, isCut: false };
    for (let attempt = 1; attempt <= LOOKUP_TRIES; attempt++) {
      tally = await this.#lookUpOnce(key);
      const foundNobody = !this.#names.hasNamed && tally.answered < tally.asked;
      const hasFailed = tally.isCut || tally.answered === 0 || foundNobody;
      if (!hasFailed || this.#signal.aborted) break;
      if (attempt < LOOKUP_TRIES) this.#note('retry', { key });
    }
    return tally;
  }

  async #lookUpOnce(key: string): Promise<LookupTally> {
    const asked = new Set<string>();
    const answered = new Set<string>();
    const failed = new Set<string>();
    const { bytes } = providerCid(key).multihash;
    let isCut = false;
    try {
      const { dht } = this.#components.host;
      for await (const event of walkDht(dht, 'GET_PROVIDERS', bytes, this.#signal)) {
        this.#count(event, key);
        if (event.type === 'asked') asked.add(event.peerId);
        if (event.type === 'failed') failed.add(event.peerId);
        if (event.type !== 'answered') continue;
        answered.add(event.peerId);
        this.#takeProviders(key, event.peerId, event.providers);
      }
    } catch (error) {
      isCut = true;
      this.#note('lookup-cut', { key, ...detailOf(error) });
    }
    for (const peerId of asked) {
      if (answered.has(peerId) || failed.has(peerId)) continue;
      this.#note('no-answer', { key, peerId, detail: 'silent until the lookup ended' });
    }
    const tally = { asked: asked.size, answered: answered.size, isCut };
    this.#note('key', { key, detail: `${tally.answered} of ${tally.asked} answered` });
    return tally;
  }

  #takeProviders(key: string, namedBy: string, providers: readonly NamedPeer[]): void {
    this.#note('providers', { key, peerId: namedBy, detail: `${providers.length}` });
    let taken = this.#takenOf.get(namedBy) ?? 0;
    for (const provider of providers) {
      if (provider.peerId === this.#components.host.peerId) continue;
      const name = this.#names.add(provider, namedBy);
      if (!name) this.#isCut = true;
      if (!name || name.isTaken || taken >= MAX_NEW_PROVIDERS_PER_PEER) continue;
      if (this.#take(name)) taken += 1;
    }
    this.#takenOf.set(namedBy, taken);
  }

  #takeWaiting(): void {
    let namedOnce = 0;
    for (const name of this.#names.waiting()) {
      if (!name.isVouched && ++namedOnce > MAX_WAITING_NAMED_ONCE) return;
      if (!this.#take(name)) return;
    }
  }

  /** @returns whether there was room. */
  #take(name: ProviderName): boolean {
    if (this.#fetches.length >= this.#limits.maxProviders) return false;
    name.isTaken = true;
    this.#fetches.push(this.#fetch(name));
    return true;
  }

  async #fetch(name: ProviderName): Promise<void> {
    const { peerId } = name.provider;
    if (!isPeerId(peerId)) return this.#drop(peerId, 'NO_ED25519_PEER');
    await this.#learnAddresses(name.provider);
    const { host, guard } = this.#components;
    const fetched = await fetchRecord(
      {
        host,
        guard,
        holderTurns: this.#holderTurns,
        walkTurns: this.#walkTurns,
        isWorthWalk: () => this.#names.isWorthWalk(name),
        onEvent: (event) => this.#count(event),
        onRefused: (from, reason) =>
          this.#note('refused', { peerId: from, detail: `${reason}, of ${peerId}` }),
      },
      peerId,
      name.isNamed ? this.#signal : this.#patienceWith(name),
    );
    if (!this.#answers(fetched) && !(await this.#names.isEverNamed(name))) {
      // Nobody says that it offers this: it did once.
      this.#knownNoMore.push(peerId);
      return this.#note('known-no-more', { peerId });
    }
    if (fetched.found && fetched.source !== 'holder') await this.#learnOwnAddresses(fetched.record);
    this.#settle(peerId, fetched);
  }

  /** Where a peer says itself that it is reached: what others told of it has not led there. */
  #learnOwnAddresses({ body }: SignedSkillRecord): Promise<void> {
    const addresses = body.addresses.map((address) => multiaddr(address));
    return this.#learnAddresses({ peerId: body.peerId, addresses });
  }

  /** Ends for a peer that only this node knows, and that answers neither soon nor before others. */
  #patienceWith(name: ProviderName): AbortSignal {
    const patience = new AbortController();
    const wait = async (): Promise<void> => {
      const pause = delay(PROBE_PATIENCE_MS, undefined, { signal: this.#signal, ref: false });
      await Promise.all([pause.catch(() => undefined), this.#names.isEverNamed(name)]);
      if (!name.isNamed) patience.abort();
    };
    void wait();
    const signal = AbortSignal.any([this.#signal, patience.signal]);
    setMaxListeners(0, patience.signal, signal);
    return signal;
  }

  #answers(fetched: FetchedRecord): boolean {
    return fetched.found && this.#question.matching(fetched.record.body).length > 0;
  }

  async #learnAddresses({ peerId, addresses }: NamedPeer): Promise<void> {
    const multiaddrs = addresses.slice(0, MAX_ADDRESSES_PER_PROVIDER);
    if (multiaddrs.length === 0) return;
    const { peerStore } = this.#components.host.libp2p;
    try {
      await peerStore.merge(peerIdFromString(peerId), { multiaddrs });
    } catch (error) {
      this.#note('address-refused', { peerId, ...detailOf(error) });
    }
  }

  #settle(peerId: string, fetched: FetchedRecord): void {
    if (!fetched.found) return this.#drop(peerId, fetched.reason);
    const { record, source } = fetched;
    const { offers, iat } = record.body;
    if (offers.length === 0) return this.#drop(peerId, 'WITHDRAWN');
    const matching = this.#question.matching(record.body);
    if (matching.length === 0) return this.#drop(peerId, 'NO_MATCHING_OFFER');
    this.#note('record', { peerId, detail: `seq ${record.body.seq}, from ${source}` });
    this.#firstHitMs ??= this.#elapsedMs();
    const recordAgeSeconds = Math.max(0, nowSeconds(this.#components.clock) - iat);
    for (const offer of matching) {
      const matchedTerm = offer.term;
      const hit = { peerId, record, offer, matchedTerm, recordAgeSeconds, source };
      this.#hits.push(hit);
      this.#limits.onHit?.(hit);
    }
  }

  #drop(peerId: string, reason: DropReason): void {
    if (reason === 'TIMED_OUT' || reason === 'NOT_FETCHED') this.#isCut = true;
    this.#note('dropped', { peerId, detail: reason });
    this.#dropped.push({ peerId, reason });
  }

  #count(event: LookupEvent, key?: string): void {
    const { type, peerId } = event;
    if (type === 'asked') this.#asked.add(peerId);
    if (type === 'answered') this.#answered.add(peerId);
    if (type !== 'failed') return;
    this.#note('no-answer', { ...(key !== undefined && { key }), peerId, detail: event.detail });
  }

  #note(event: string, what: Omit<TraceEntry, 'atMs' | 'event'> = {}): void {
    if (this.#trace.length >= MAX_TRACE_ENTRIES) return;
    this.#trace.push({ atMs: this.#elapsedMs(), event, ...what });
  }

  #elapsedMs(): number {
    return this.#components.clock.monotonicMs() - this.#startMs;
  }

  #result(outcome: SearchResult['outcome']): SearchResult {
    this.#note('end', { detail: outcome });
    return {
      query: this.#question.query,
      outcome,
      hits: this.#hits,
      asked: this.#asked.size,
      answered: this.#answered.size,
      leastAnswered: this.#leastAnswered,
      knownNoMore: this.#knownNoMore,
      elapsedMs: this.#elapsedMs(),
      lookAgeMs: 0,
      firstHitMs: this.#firstHitMs,
      trace: this.#trace,
      dropped: this.#dropped,
    };
  }
}
