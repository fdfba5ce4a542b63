/**
 * Single measurements of the benchmark `discovery`: one query, the same lookup by kad-dht alone,
 * and the wait until another node sees a publication.
 *
 * @module
 */

import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../node/system-clock.ts';
import type { RecordContent } from '../../protocols/skill-discovery/advertise.ts';
import { providerCid } from '../../protocols/skill-discovery/dht-keys.ts';
import {
  findContractors,
  questionAbout,
  searchContractors,
} from '../../protocols/skill-discovery/find-contractors.ts';
import type {
  ContractorHit,
  SearchOptions,
  SearchQuestion,
  SearchResult,
} from '../../protocols/skill-discovery/find-contractors.ts';
import { SearchCache } from '../../protocols/skill-discovery/search-cache.ts';
import type { SkillRecord } from '../../protocols/skill-discovery/skill-record.ts';
import type { DiscoveryNode } from './discovery-network.ts';

const QUERY_TIMEOUT_MS = 10_000;
/**
 * Pause between two looks of a node that waits for a record. All nodes share one event loop: looks
 * without a pause would slow what they wait for.
 */
const LOOK_PAUSE_MS = 250;
const MAX_WAIT_MS = 15_000;

/** How long a query took, and when it first had something to show. */
export interface QueryTiming {
  readonly elapsedMs: number;
  /** `undefined` if nothing was found. */
  readonly firstMs: number | undefined;
}

/** A query and the PeerIds that it found. */
export interface TimedQuery extends QueryTiming {
  readonly peerIds: ReadonlySet<string>;
}

/** Asks for a term as a node does. */
export async function askForTerm(node: DiscoveryNode, term: string): Promise<TimedQuery> {
  const result = await findContractors(node, term, { timeoutMs: QUERY_TIMEOUT_MS });
  return {
    elapsedMs: result.elapsedMs,
    firstMs: result.firstHitMs ?? undefined,
    peerIds: new Set(result.hits.map(({ peerId }) => peerId)),
  };
}

/** The baseline: kad-dht's own lookup for the key of a term, to its end. No record is fetched. */
export async function lookUpRaw({ host }: DiscoveryNode, term: string): Promise<QueryTiming> {
  const cid = providerCid(term);
  const signal = AbortSignal.timeout(QUERY_TIMEOUT_MS);
  const startMs = systemClock.monotonicMs();
  let firstMs: number | undefined;
  try {
    for await (const event of host.dht.findProviders(cid, { signal })) {
      if (event.name !== 'PROVIDER' || event.providers.length === 0) continue;
      firstMs ??= systemClock.monotonicMs() - startMs;
    }
  } catch (error) {
    if (!signal.aborted) throw error; // else it counts with the time that it took
  }
  return { elapsedMs: systemClock.monotonicMs() - startMs, firstMs };
}

/**
 * The baseline of a publication: kad-dht's own `provide` of a key that nobody knows, to its end. A
 * publication also stores the record, and both are then found by another node.
 */
export async function provideRaw({ host }: DiscoveryNode, term: string): Promise<number> {
  const signal = AbortSignal.timeout(QUERY_TIMEOUT_MS);
  const startMs = systemClock.monotonicMs();
  try {
    for await (const _ of host.dht.provide(providerCid(term), { signal }));
  } catch (error) {
    if (!signal.aborted) throw error; // else it counts with the time that it took
  }
  return systemClock.monotonicMs() - startMs;
}

/** Searches of a node that keeps what it found. */
export function cacheOf(node: DiscoveryNode): SearchCache {
  const { clock } = node;
  return new SearchCache({
    clock,
    search: (question, options) => searchContractors(node, question, options),
  });
}

/** Asks once from the network, then `times` times from what was kept. */
export async function askAgain(
  node: DiscoveryNode,
  term: string,
  times: number,
): Promise<readonly number[]> {
  const cache = cacheOf(node);
  const question = questionAbout(term);
  await cache.search(question, { timeoutMs: QUERY_TIMEOUT_MS });
  const timesMs: number[] = [];
  for (let i = 0; i < times; i++) {
    const startMs = systemClock.monotonicMs();
    const { lookAgeMs, hits } = await cache.search(question, { timeoutMs: QUERY_TIMEOUT_MS });
    if (lookAgeMs > 0 && hits.length > 0) timesMs.push(systemClock.monotonicMs() - startMs);
  }
  return timesMs;
}

type Look = (question: SearchQuestion, options: SearchOptions) => Promise<SearchResult>;

const lookOf =
  (node: DiscoveryNode): Look =>
  (question, options) =>
    searchContractors(node, question, options);

/**
 * Asks under `key` again and again until a hit is `wanted`.
 *
 * @returns milliseconds since `startMs`, or infinity if it was not seen in time.
 */
async function waitForHit(
  look: Look,
  key: string,
  wanted: (hit: ContractorHit) => boolean,
  startMs: number,
): Promise<number> {
  const matching = ({ offers }: SkillRecord) => offers;
  const question = { query: key, keys: [key], matching, needs: 'any offer' };
  for (;;) {
    const { hits } = await look(question, { timeoutMs: QUERY_TIMEOUT_MS });
    const elapsedMs = systemClock.monotonicMs() - startMs;
    if (hits.some(wanted)) return elapsedMs;
    if (elapsedMs > MAX_WAIT_MS) return Infinity;
    await delay(LOOK_PAUSE_MS);
  }
}

/** Where a publication is looked for. */
export interface PublicationKeys {
  readonly term: string;
  readonly ancestor: string;
  readonly bucket: string;
}

/** Milliseconds from the call of `publish` until another node had the verified record. */
export interface PublicationTiming {
  readonly termMs: number;
  /** The last two are looked for once the one before was found, so each is an upper limit. */
  readonly ancestorMs: number;
  readonly bucketMs: number;
}

/** Publishes, and lets each of three other nodes look under one key. */
export async function timePublication(
  publisher: DiscoveryNode,
  content: RecordContent,
  { term, ancestor, bucket }: PublicationKeys,
  observers: readonly [DiscoveryNode, DiscoveryNode, DiscoveryNode],
): Promise<PublicationTiming> {
  const isOurs = ({ peerId, offer }: ContractorHit): boolean =>
    peerId === publisher.host.peerId && offer.term === term;
  const startMs = systemClock.monotonicMs();
  const published = publisher.advertiser.publish(content);
  const [byTerm, byAncestor, byBucket] = observers;
  const termMs = await waitForHit(lookOf(byTerm), term, isOurs, startMs);
  const ancestorMs = await waitForHit(lookOf(byAncestor), ancestor, isOurs, startMs);
  const bucketMs = await waitForHit(lookOf(byBucket), bucket, isOurs, startMs);
  await published;
  await publisher.advertiser.settled();
  return { termMs, ancestorMs, bucketMs };
}

/**
 * Publishes another price, which `observer` waits for: it asks again and again, and is answered
 * from what it found shortly before. Ancestors and buckets may still be told of it when this
 * resolves.
 *
 * @returns milliseconds until it saw the price.
 */
export async function timePriceChange(
  publisher: DiscoveryNode,
  content: RecordContent,
  observer: DiscoveryNode,
): Promise<number> {
  const [{ term, priceMicroUsd }] = content.offers as [RecordContent['offers'][number]];
  const isNew = ({ peerId, offer }: ContractorHit): boolean =>
    peerId === publisher.host.peerId && offer.priceMicroUsd === priceMicroUsd;
  const cache = cacheOf(observer);
  const look: Look = (question, options) => cache.search(question, options);
  await waitForHit(look, term, ({ peerId }) => peerId === publisher.host.peerId, 0);
  const startMs = systemClock.monotonicMs();
  const published = publisher.advertiser.publish(content);
  const seenMs = await waitForHit(look, term, isNew, startMs);
  await published;
  return seenMs;
}
