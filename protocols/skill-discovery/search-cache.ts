/**
 * Searches whose answers are kept for some seconds, so that the same question again costs nothing.
 *
 * An answer of the last two seconds is given as it is. An older one is given too, and looked for
 * anew behind the caller's back, so that who asks again and again always has a fresh one. After
 * eight seconds the caller waits for a new look: whatever a peer publishes is seen by then.
 *
 * Only looks that were complete and found somebody are kept: an absence is never proof.
 *
 * @module
 */

import { nowSeconds } from '../components.ts';
import type { Clock } from '../components.ts';
import type {
  ContractorHit,
  SearchOptions,
  SearchQuestion,
  SearchResult,
} from './find-contractors.ts';

/** Age up to which an answer is not looked for anew. */
export const FRESH_MS = 2_000;
/** Age of the oldest answer that is given, counted from the beginning of its look. */
export const MAX_ANSWER_AGE_MS = 8_000;
/** Hits of all kept answers together: each holds a record of 8 KiB at most. */
const MAX_KEPT_HITS = 4_096;
/** Lines of the trace, and peers that were dropped, of all kept answers together. */
const MAX_KEPT_LINES = 16_384;

/** A way to search, such as `searchContractors` with its components. */
export type Search = (question: SearchQuestion, options: SearchOptions) => Promise<SearchResult>;

interface KeptSearch {
  readonly result: SearchResult;
  /** When the look began, on the monotonic clock. */
  readonly atMs: number;
}

/** Searches, and keeps what was found. */
export class SearchCache {
  readonly #clock: Clock;
  readonly #search: Search;
  /** Least recently found first. */
  readonly #kept = new Map<string, KeptSearch>();
  readonly #refreshing = new Set<string>();

  constructor({ clock, search }: { readonly clock: Clock; readonly search: Search }) {
    this.#clock = clock;
    this.#search = search;
  }

  /** The answer of the last seconds, else of a new search; throws as the search does. */
  async search(question: SearchQuestion, options: SearchOptions = {}): Promise<SearchResult> {
    const key = keyOf(question);
    const startMs = this.#clock.monotonicMs();
    const kept = this.#kept.get(key);
    if (!kept || startMs - kept.atMs > MAX_ANSWER_AGE_MS) return this.#look(question, options);
    if (startMs - kept.atMs > FRESH_MS) void this.#refresh(key, question, options);
    const answer = this.#aged(kept, startMs);
    for (const hit of answer.hits) options.onHit?.(hit);
    return answer;
  }

  /** Answers that are kept, of any age. */
  get size(): number {
    return this.#kept.size;
  }

  /** Forgets every answer. */
  clear(): void {
    this.#kept.clear();
  }

  async #look(question: SearchQuestion, options: SearchOptions): Promise<SearchResult> {
    const atMs = this.#clock.monotonicMs();
    const result = await this.#search(question, options);
    if (result.outcome === 'complete' && result.hits.length > 0) {
      this.#keep(keyOf(question), { result, atMs });
    }
    return result;
  }

  /** Looks anew for nobody in particular: the caller's signal and listener are not its. */
  async #refresh(
    key: string,
    question: SearchQuestion,
    { onHit: _, signal: __, ...limits }: SearchOptions,
  ): Promise<void> {
    if (this.#refreshing.has(key)) return;
    this.#refreshing.add(key);
    // A look that fails leaves the kept answer to its age.
    await this.#look(question, limits).catch(() => undefined);
    this.#refreshing.delete(key);
  }

  /** A look that began before the kept one ended after it: its peers are those of before. */
  #keep(key: string, kept: KeptSearch): void {
    if ((this.#kept.get(key)?.atMs ?? -Infinity) > kept.atMs) return;
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    const now = this.#clock.monotonicMs();
    let hits = 0;
    let lines = 0;
    for (const { result } of this.#kept.values()) {
      hits += result.hits.length;
      lines += linesOf(result);
    }
    for (const [oldest, { result, atMs }] of this.#kept) {
      const isOver = now - atMs > MAX_ANSWER_AGE_MS;
      const isMuch = hits > MAX_KEPT_HITS || lines > MAX_KEPT_LINES;
      if (oldest === key || !(isOver || isMuch)) continue;
      hits -= result.hits.length;
      lines -= linesOf(result);
      this.#kept.delete(oldest);
    }
  }

  /** The answer as of now: records have grown older. */
  #aged({ result, atMs }: KeptSearch, startMs: number): SearchResult {
    const now = nowSeconds(this.#clock);
    const lookAgeMs = startMs - atMs;
    const hits = result.hits.map((hit): ContractorHit => ({
      ...hit,
      recordAgeSeconds: Math.max(0, now - hit.record.body.iat),
    }));
    const elapsedMs = this.#clock.monotonicMs() - startMs;
    const entry = {
      atMs: elapsedMs,
      event: 'kept',
      detail: `this answer is from a look of ${Math.round(lookAgeMs)} ms ago`,
    };
    const trace = [entry, ...result.trace];
    return { ...result, hits, lookAgeMs, elapsedMs, firstHitMs: elapsedMs, trace };
  }
}

function linesOf({ trace, dropped }: SearchResult): number {
  return trace.length + dropped.length;
}

/** The query as well, since the answer names it. */
function keyOf({ query, keys, needs, isForBrokers = false }: SearchQuestion): string {
  return JSON.stringify([isForBrokers, needs, query, ...keys]);
}
