/**
 * Finds the peers that offer a skill: providers of a term's or a bucket's CID from the DHT, the
 * signed record of each, checked (architecture.md 3, wire-formats.md 1.6).
 *
 * A record is asked of its holder, who has the newest one, and of the DHT where the holder is slow
 * or silent. Every answer is read and judged here: one peer with a stale or forged record changes
 * nothing while another peer tells the truth. What is not found may still exist (identifiers can be
 * ground next to a key); how hits are ranked, and how many of one network count, is the caller's.
 *
 * @module
 */

import type { BrokerNews } from '../broker/brokered-search.ts';
import type { Clock } from '../components.ts';
import type { Host } from '../libp2p-host.ts';
import { ContractorSearch } from './contractor-search.ts';
import type { SignedSkillRecord, SkillOffer, SkillRecord } from './skill-record.ts';
import { isAtOrBelow, parseTerm } from './terms.ts';
import type { RecordGuard, RecordVerdictReason } from './validator.ts';

/** How long a search may take unless told otherwise. */
export const DEFAULT_SEARCH_TIMEOUT_MS = 10_000;
/** How long a search waits for a first peer before it calls the network unreachable. */
export const DEFAULT_PEER_WAIT_MS = 500;
/** Most providers whose record is fetched. */
export const MAX_PROVIDERS = 256;
/**
 * Most keys that one search asks for: 16 of one text, and for eight alternatives at least three
 * each. Four are looked up at a time.
 */
export const MAX_SEARCH_KEYS = 32;

/** What a search is handed. */
export interface SearchComponents {
  readonly host: Host;
  readonly guard: RecordGuard;
  readonly clock: Clock;
}

/** What is looked for, and where. */
export interface SearchQuestion {
  /** As the result names it. */
  readonly query: string;
  /**
   * Keys of the DHT under which providers are looked for, each a term or a bucket of
   * `similarity-buckets.ts`; 1 to {@link MAX_SEARCH_KEYS}, each once.
   */
  readonly keys: readonly string[];
  /** Offers of a verified record that answer the question; none: the provider is dropped. */
  readonly matching: (record: SkillRecord) => readonly SkillOffer[];
  /**
   * What `matching` asks for, as text: two questions with the same query and keys may want other
   * offers, and then one is not answered with what was found for the other.
   */
  readonly needs: string;
  /** Asks configured brokers beside the DHT, and not only where the DHT cannot answer. */
  readonly isForBrokers?: boolean;
  /**
   * PeerIds of peers that offered this before; the first 16 count. Each is asked for its record
   * where it was met, so that it is found also where nobody names it. One that is
   * gone changes nothing.
   */
  readonly known?: readonly string[];
}

/** How to search. */
export interface SearchOptions {
  /** Told of each hit as soon as it is verified, before the search ends. */
  readonly onHit?: (hit: ContractorHit) => void;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly peerWaitMs?: number;
  /** At most {@link MAX_PROVIDERS}. */
  readonly maxProviders?: number;
}

/** One offer that answers the query. */
export interface ContractorHit {
  readonly peerId: string;
  readonly record: SignedSkillRecord;
  readonly offer: SkillOffer;
  /** Term of the offer: the asked one or a descendant. */
  readonly matchedTerm: string;
  /** Seconds since the record was signed. */
  readonly recordAgeSeconds: number;
  /** The holder itself answered, or only others or a broker did: then it may be gone. */
  readonly source: 'holder' | 'dht' | 'broker';
  /** A broker showed the same record beside those. */
  readonly isAtBroker?: boolean;
}

/** Why a provider gave no hit. */
export type DropReason =
  | RecordVerdictReason
  | 'NO_ED25519_PEER'
  | 'NO_RECORD'
  /** The record stands and offers nothing. */
  | 'WITHDRAWN'
  | 'NO_MATCHING_OFFER'
  /** What it offers has nothing to do with the text that was asked for. */
  | 'NOT_SIMILAR'
  | 'TIMED_OUT'
  /** Beyond the limit of providers, or named by one peer alone and silent itself. */
  | 'NOT_FETCHED';

/** A provider that gave no hit. */
export interface DroppedProvider {
  readonly peerId: string;
  /** The offer, where another of the peer may be a hit; left out: the peer altogether. */
  readonly term?: string;
  readonly reason: DropReason;
}

/** One step of a search. */
export interface TraceEntry {
  /** Since the search began. */
  readonly atMs: number;
  readonly event: string;
  /** Key of the DHT that the step belongs to. */
  readonly key?: string;
  readonly peerId?: string;
  readonly detail?: string;
}

/** Outcome of a search. */
export interface SearchResult {
  readonly query: string;
  /**
   * `complete`: the lookup ended by itself and most of those asked answered. `partial`: time ran
   * out, too few answered, or a named provider was not looked for everywhere. `unreachable`: nobody
   * to ask, or nobody answered.
   */
  readonly outcome: 'complete' | 'partial' | 'unreachable';
  readonly hits: readonly ContractorHit[];
  /** Peers that were asked anything. */
  readonly asked: number;
  /** Of these, how many answered. */
  readonly answered: number;
  /** Share of those asked in a lookup that answered, where it was least; default 1. */
  readonly leastAnswered?: number;
  /** Of the known peers, those that do not answer the question any more, or nothing at all. */
  readonly knownNoMore?: readonly string[];
  readonly elapsedMs: number;
  /** How long ago the look began that this answers from; 0 for one of its own. */
  readonly lookAgeMs: number;
  /** When the first hit was verified; `null` without one. */
  readonly firstHitMs: number | null;
  readonly trace: readonly TraceEntry[];
  readonly dropped: readonly DroppedProvider[];
  /** What brokers said beside their records; left out where none was asked. */
  readonly brokers?: BrokerNews;
}

/**
 * Asks for offers at or below `term`.
 *
 * @throws {@link TypeError} if `term` is no skill term.
 */
export function questionAbout(term: string): SearchQuestion {
  const parsed = parseTerm(term);
  if (!parsed.valid) throw new TypeError(`"term" expected a skill term: ${parsed.detail}`);
  const matching = ({ offers }: SkillRecord): readonly SkillOffer[] =>
    offers.filter((offer) => isAtOrBelow(offer.term, term));
  return { query: term, keys: [term], matching, needs: `at or below ${term}` };
}

/**
 * Searches the network for offers at or below `term`. What peers send never throws.
 *
 * @throws {@link TypeError} if `term` is no skill term; {@link RangeError} for an option out of
 *   range.
 */
export async function findContractors(
  components: SearchComponents,
  term: string,
  options: SearchOptions = {},
): Promise<SearchResult> {
  return searchContractors(components, questionAbout(term), options);
}

/**
 * Searches the network under several keys at once. What peers send never throws.
 *
 * @throws {@link RangeError} for a number of keys or an option out of range.
 */
export async function searchContractors(
  components: SearchComponents,
  question: SearchQuestion,
  options: SearchOptions = {},
): Promise<SearchResult> {
  const keys = [...new Set(question.keys)];
  if (keys.length < 1 || keys.length > MAX_SEARCH_KEYS) {
    throw new RangeError(`"keys" expected 1 to ${MAX_SEARCH_KEYS}, got ${keys.length}`);
  }
  const maxProviders = options.maxProviders ?? MAX_PROVIDERS;
  if (!Number.isSafeInteger(maxProviders) || maxProviders < 1 || maxProviders > MAX_PROVIDERS) {
    throw new RangeError(`"maxProviders" expected 1 to ${MAX_PROVIDERS}, got ${maxProviders}`);
  }
  const search = new ContractorSearch(
    components,
    { ...question, keys },
    {
      maxProviders,
      timeoutMs: options.timeoutMs ?? DEFAULT_SEARCH_TIMEOUT_MS,
      peerWaitMs: options.peerWaitMs ?? DEFAULT_PEER_WAIT_MS,
      onHit: options.onHit,
      signal: options.signal,
    },
  );
  return search.run();
}
