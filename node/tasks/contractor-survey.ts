/**
 * Who could do a task: contractors found in the DHT, with what their certificates prove and how
 * well they fit (Eq. 12). Prices are not asked for here.
 *
 * @module
 */

import { BrokeredSearch } from '../../protocols/broker/brokered-search.ts';
import type { Clock, Random } from '../../protocols/components.ts';
import type { SecureStreams } from '../../protocols/secure-stream.ts';
import {
  questionAbout,
  searchContractors,
} from '../../protocols/skill-discovery/find-contractors.ts';
import type {
  ContractorHit,
  SearchComponents,
  SearchResult,
} from '../../protocols/skill-discovery/find-contractors.ts';
import { isAtOrBelow } from '../../protocols/skill-discovery/terms.ts';
import { SearchCache } from '../../protocols/skill-discovery/search-cache.ts';
import type { Search } from '../../protocols/skill-discovery/search-cache.ts';
import type { ProvedSkill, ResourceMinimum, ShownResource } from '../certificates/trust.ts';
import type { TrustPolicy } from '../certificates/trust-policy.ts';
import { jaccardIndex, skillCompatibility } from '../skills/compatibility.ts';
import { EmbeddingTable } from '../skills/embedding-table.ts';
import type { Embedder } from '../skills/embedding.ts';
import type { QueryAlternative } from '../skills/query-expression.ts';
import type { ContractorProof, ContractorProofs } from './contractor-proofs.ts';
import { rankContractors } from './contractor-ranking.ts';
import type { HitOrder } from './contractor-ranking.ts';
import type { CrowdMember } from './crowd-limit.ts';
import { KnownOffers } from './known-offers.ts';
import type { ContractorHistory, OutcomeBook } from './outcomes.ts';
import { planQuery } from './query-plan.ts';
import type { QueryPlan } from './query-plan.ts';

/** How old a look may be that serves for another task. */
export const RECENT_MS = 20_000;
/** Questions whose last look is kept; the one looked for longest ago goes first. */
export const MAX_RECENT = 1_024;
/** How long a known peer is not asked again that was asked in vain, unless others name it. */
export const ABSENT_MS = 600_000;
const MAX_ABSENT = 1_024;
/** Verified results for this node from which a contractor is known (wire-formats.md 6: 3U). */
const KNOWN_FROM_RESULTS = 3;
const KNOWN_FROM_LEVEL = 2;

/** Parts of Eq. 12 for one contractor. */
export interface Fit {
  readonly score: number;
  readonly ontology: number | null;
  readonly embedding: number | null;
  readonly performance: number | null;
}

/** What is looked for. */
export interface SurveyQuestion {
  readonly term: string;
  /**
   * What the task is about, compared with the offers' descriptions. Without one the term itself
   * says all there is, and Eq. 12 does without its embedding part.
   */
  readonly description?: string | undefined;
  /** Each is to be proved. */
  readonly minimums?: readonly ResourceMinimum[];
  /** Asks configured brokers beside the DHT: a client that knows no market yet. */
  readonly isForBrokers?: boolean;
}

/** What a person asks for. */
export interface SurveyQuery {
  /** As it was typed. */
  readonly query: string;
  readonly alternatives: readonly QueryAlternative[];
  /** Each is to be proved. */
  readonly minimums: readonly ResourceMinimum[];
  /** Left out: by fit. */
  readonly order?: HitOrder;
  /** Asks brokers beside the DHT, and not only where the DHT cannot answer. */
  readonly isForBrokers?: boolean;
}

/** A contractor that offers the skill. */
export interface SurveyedContractor {
  readonly hit: ContractorHit;
  readonly proved: ProvedSkill;
  /** One for each minimum asked for, in their order. */
  readonly resources: readonly ShownResource[];
  /** Whether it answered when it was asked for its proofs. */
  readonly hasAnswered: boolean;
  /** Cosine of the embeddings of the question and of the offer, if both use one model. */
  readonly similarity: number | undefined;
  readonly history: ContractorHistory;
  readonly fit: Fit;
  /** Level 2 or more, or enough verified work for this node, or named in the configuration. */
  readonly isKnown: boolean;
  /** What it shares with others, for `limitCrowd`. */
  readonly crowd: CrowdMember;
}

/** What a survey found. */
export interface Survey {
  readonly search: SearchResult;
  readonly contractors: readonly SurveyedContractor[];
}

export interface ContractorSurveyComponents extends SearchComponents {
  readonly proofs: ContractorProofs;
  /** PeerId of this node. */
  readonly self: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly outcomes: OutcomeBook;
  readonly embedder: Embedder;
  readonly queryTimeoutMs: number;
  readonly streams: SecureStreams;
  /** All peers share one host. */
  readonly isLocalNetwork: boolean;
  /** Multiaddrs with `/p2p/`. */
  readonly brokers: readonly string[];
  readonly trust: TrustPolicy;
  /** PeerIds that the configuration names. */
  readonly named: ReadonlySet<string>;
}

/** Looks for contractors. */
export class ContractorSurvey {
  readonly #components: ContractorSurveyComponents;
  readonly #searches: SearchCache;
  readonly #last = new Map<string, { readonly survey: Survey; readonly atMs: number }>();
  readonly #absentUntilMs = new Map<string, number>();
  /** What was seen of each peer. */
  readonly offers = new KnownOffers();

  /** @param search - How the DHT is looked through. */
  constructor(
    components: ContractorSurveyComponents,
    search: Search = (question, options) => searchContractors(components, question, options),
  ) {
    this.#components = components;
    const brokered = new BrokeredSearch({ ...components, search });
    this.#searches = new SearchCache({ clock: components.clock, search: brokered.search });
  }

  /** Looks for contractors and asks each for its proofs. */
  async look(asked: SurveyQuestion, signal: AbortSignal): Promise<Survey> {
    const { term, description, minimums = [] } = asked;
    const { queryTimeoutMs, self, clock, random, brokers } = this.#components;
    const isForBrokers = asked.isForBrokers === true && brokers.length > 0;
    const search = await this.#searches.search(
      { ...questionAbout(term), isForBrokers, known: this.#sellersOf([term]) },
      { timeoutMs: queryTimeoutMs, signal },
    );
    const question = await this.#vectorOf(asked, signal);
    const hits = search.hits.filter(({ peerId }) => peerId !== self);
    const proofs = await this.#components.proofs.of(hits, minimums, signal);
    const contractors = rankContractors(this.#judge(hits, proofs, term, question), random);
    this.offers.note(contractors);
    this.#noteAbsent(search);
    const survey = { search, contractors };
    if (search.outcome === 'complete' && contractors.length > 0 && description === undefined) {
      const key = keyOf(asked);
      this.#last.delete(key);
      this.#last.set(key, { survey, atMs: clock.monotonicMs() });
      if (this.#last.size > MAX_RECENT) this.#last.delete([...this.#last.keys()][0]!);
    }
    return survey;
  }

  /** `undefined` without a description, or from a service that gives none. */
  async #vectorOf(
    { term, description }: SurveyQuestion,
    signal: AbortSignal,
  ): Promise<Float32Array | undefined> {
    if (description === undefined) return undefined;
    try {
      const [vector] = await this.#components.embedder.embed([`${term} ${description}`], {
        signal,
      });
      return vector;
    } catch {
      signal.throwIfAborted();
      return undefined;
    }
  }

  /**
   * Answers a query: like a look, but for any combination of terms and texts.
   *
   * @param onHit - Told of each hit that fits as soon as its record is verified.
   */
  async answer(
    { query, alternatives, minimums, order, isForBrokers = false }: SurveyQuery,
    signal: AbortSignal,
    onHit?: (hit: ContractorHit) => void,
  ): Promise<Survey> {
    const { queryTimeoutMs, self, embedder, random } = this.#components;
    const plan = await planQuery(query, alternatives, embedder, signal);
    const known = this.#sellersOf(plan.terms);
    const question = { ...plan.search, isForBrokers, known };
    const search = await this.#searches.search(question, {
      timeoutMs: queryTimeoutMs,
      signal,
      onHit: (hit) => {
        if (hit.peerId !== self && plan.fits(hit, undefined).length > 0) onHit?.(hit);
      },
    });
    const found = search.hits.filter(({ peerId }) => peerId !== self);
    await plan.prepare(found, signal);
    const hits = plan.shortlist(found);
    const proofs = await this.#components.proofs.of(hits, minimums, signal);
    const contractors: SurveyedContractor[] = [];
    const dropped = [...search.dropped];
    for (const [i, hit] of hits.entries()) {
      const contractor = this.#judgeHit(plan, hit, proofs[i]!);
      if (contractor) contractors.push(contractor);
      else dropped.push({ peerId: hit.peerId, term: hit.matchedTerm, reason: 'NOT_SIMILAR' });
    }
    this.offers.note(contractors);
    this.#noteAbsent(search);
    const ranked = rankContractors(contractors, random, order);
    return { search: { ...search, dropped }, contractors: ranked };
  }

  /** Peers that worked well in this, then those that were seen to offer it. */
  #sellersOf(terms: readonly string[]): readonly string[] {
    const isWanted = (offered: string): boolean => terms.some((term) => isAtOrBelow(offered, term));
    const known = [
      ...this.#components.outcomes.provenIn(isWanted),
      ...this.offers.sellersOf(terms),
    ];
    const now = this.#components.clock.monotonicMs();
    return known.filter((peerId) => (this.#absentUntilMs.get(peerId) ?? 0) <= now);
  }

  /** Those that were asked in vain are left alone for a while: a mute one costs a second. */
  #noteAbsent({ outcome, knownNoMore = [] }: SearchResult): void {
    if (outcome !== 'complete') return; // then it may have been this node that could not ask
    const untilMs = this.#components.clock.monotonicMs() + ABSENT_MS;
    for (const peerId of knownNoMore) {
      this.#absentUntilMs.delete(peerId);
      this.#absentUntilMs.set(peerId, untilMs);
      if (this.#absentUntilMs.size <= MAX_ABSENT) continue;
      const [oldest] = this.#absentUntilMs.keys();
      this.#absentUntilMs.delete(oldest!);
    }
  }

  /** The best of the ways in which a hit answers; `undefined` if it does not. */
  #judgeHit(
    plan: QueryPlan,
    hit: ContractorHit,
    { proved, resources, vector, hasAnswered }: ContractorProof,
  ): SurveyedContractor | undefined {
    const { clock, outcomes, embedder } = this.#components;
    const isSameModel = hit.record.body.embeddings.model === embedder.modelId;
    const history = outcomes.historyOf(hit.peerId, clock.nowMs());
    const performance = performanceOf(history, hit.matchedTerm, proved);
    const fits = plan.fits(hit, isSameModel ? vector : undefined).map((answer) => ({
      score: skillCompatibility(answer.ontology, answer.similarity, performance),
      ontology: answer.ontology ?? null,
      embedding: answer.similarity ?? null,
      performance: performance ?? null,
    }));
    const [fit] = fits.sort((a, b) => b.score - a.score);
    if (!fit) return undefined;
    const similarity = fit.embedding ?? undefined;
    const standing = this.#standingOf(hit, proved, history);
    return { hit, proved, resources, hasAnswered, similarity, history, fit, ...standing };
  }

  #standingOf(
    { peerId, matchedTerm, record }: ContractorHit,
    { level, issuer }: ProvedSkill,
    { byType }: ContractorHistory,
  ): Pick<SurveyedContractor, 'isKnown' | 'crowd'> {
    const { host, named, trust, isLocalNetwork } = this.#components;
    const connectedAt = host.addressesOf(peerId);
    const toldAddresses = record.body.addresses;
    const isNamed = named.has(peerId);
    const hasWorked = (byType[matchedTerm]?.successes ?? 0) >= KNOWN_FROM_RESULTS;
    return {
      isKnown: isNamed || level >= KNOWN_FROM_LEVEL || hasWorked,
      crowd: {
        peerId,
        // Where all peers share one host nobody is a stranger: a record is believed.
        connectedAt: isLocalNetwork && connectedAt.length === 0 ? toldAddresses : connectedAt,
        toldAddresses,
        // A client that endorses is no attestor: it could make a crowd of those it has hired.
        attestorGroup: issuer === null || level < 2 ? null : trust.groupOf(issuer),
        isNamed,
      },
    };
  }

  /**
   * The last look of a few seconds ago, else a new one: a client with many tasks of a kind need not
   * ask the whole network before each. Prices are not stale, since every quote is asked for anew.
   */
  async recent(asked: SurveyQuestion, signal: AbortSignal): Promise<Survey> {
    const { clock, outcomes } = this.#components;
    const last = asked.description === undefined ? this.#last.get(keyOf(asked)) : undefined;
    if (!last || clock.monotonicMs() - last.atMs > RECENT_MS) return this.look(asked, signal);
    const contractors = last.survey.contractors.map((contractor) => ({
      ...contractor,
      history: outcomes.historyOf(contractor.hit.peerId, clock.nowMs()),
    }));
    return { ...last.survey, contractors };
  }

  /** Forgets what was found and proved, so that the next look asks again. */
  forget(peerId: string): void {
    this.#last.clear();
    this.#searches.clear();
    this.#components.proofs.forget(peerId);
  }

  /** Forgets all that was proved: something was heard of an issuer. */
  forgetProofs(): void {
    this.#last.clear();
    this.#components.proofs.forgetAll();
  }

  /** How well each hit fits the question. Vectors of another model have no similarity to it. */
  #judge(
    hits: readonly ContractorHit[],
    proofs: readonly ContractorProof[],
    term: string,
    question: Float32Array | undefined,
  ): SurveyedContractor[] {
    const { clock, outcomes, embedder } = this.#components;
    const vectors = hits.map(({ record }, i) =>
      record.body.embeddings.model === embedder.modelId ? proofs[i]!.vector : undefined,
    );
    const similarities =
      question && new EmbeddingTable(vectors, question.length).similarities(question);
    return hits.map((hit, i) => {
      const { proved, resources, hasAnswered } = proofs[i]!;
      const cosine = similarities?.[i] ?? NaN;
      const similarity = Number.isNaN(cosine) ? undefined : cosine;
      const history = outcomes.historyOf(hit.peerId, clock.nowMs());
      const performance = performanceOf(history, hit.matchedTerm, proved);
      const ontology = jaccardIndex([term], [hit.matchedTerm]);
      return {
        hit,
        proved,
        resources,
        hasAnswered,
        similarity,
        history,
        fit: {
          score: skillCompatibility(ontology, similarity, performance),
          ontology,
          embedding: similarity ?? null,
          performance: performance ?? null,
        },
        ...this.#standingOf(hit, proved, history),
      };
    });
  }
}

function keyOf({ term, minimums = [] }: SurveyQuestion): string {
  return [term, ...minimums.map(({ name, min }) => `${name}>=${min}`)].join('&');
}

/** Beta mean of the outcomes of this task type, attested ones included; none without a record. */
function performanceOf(
  history: ContractorHistory,
  term: string,
  { evidence }: ProvedSkill,
): number | undefined {
  const own = history.byType[term];
  const successes = (own?.successes ?? 0) + (evidence?.passed ?? 0);
  const failures = (own?.failures ?? 0) + (evidence ? evidence.run - evidence.passed : 0);
  return successes + failures === 0 ? undefined : (successes + 1) / (successes + failures + 2);
}
