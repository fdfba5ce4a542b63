/**
 * Who could do a task: contractors found in the DHT, with what their certificates prove and how
 * well they fit (Eq. 12). Prices are not asked for here.
 *
 * @module
 */

import { fromBase64Url } from '../../crypto/bytes.ts';
import type { KeyRotationMemory } from '../../crypto/key-rotation-memory.ts';
import type { StatusListMemory } from '../../crypto/status-list-memory.ts';
import { requestCard, requestPresentation, requestReceipts } from '../../protocols/card/client.ts';
import { nowSeconds } from '../../protocols/components.ts';
import type { Clock, Random } from '../../protocols/components.ts';
import type { SecureStreams } from '../../protocols/secure-stream.ts';
import { findContractors } from '../../protocols/skill-discovery/find-contractors.ts';
import type {
  ContractorHit,
  SearchComponents,
  SearchResult,
} from '../../protocols/skill-discovery/find-contractors.ts';
import { NOT_SHOWN, UNPROVED, judgeResource, judgeSkill } from '../certificates/trust.ts';
import type {
  ProvedSkill,
  ResourceMinimum,
  ShownResource,
  SkillTestimony,
} from '../certificates/trust.ts';
import type { TrustPolicy } from '../certificates/trust-policy.ts';
import { joinedTestimony, testimonyOfReceipts } from '../certificates/receipt-testimony.ts';
import { jaccardIndex, skillCompatibility } from '../skills/compatibility.ts';
import { EmbeddingTable } from '../skills/embedding-table.ts';
import type { Embedder } from '../skills/embedding.ts';
import type { ContractorHistory, OutcomeBook } from './outcomes.ts';

/** Time limit of one peer's card or presentation. */
const PROOF_TIMEOUT_MS = 5_000;
/** Peers that are asked for proofs at the same time. */
const PROOF_CONCURRENCY = 8;
/** How old a look may be that serves for another task. */
const RECENT_MS = 20_000;
/** How long a proof is believed without asking again. */
const PROOF_LIFETIME_MS = 60_000;
const MAX_CACHED = 1_024;

/** Parts of Eq. 12 for one contractor. */
export interface Fit {
  readonly score: number;
  readonly ontology: number;
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
}

/** A contractor that offers the skill. */
export interface SurveyedContractor {
  readonly hit: ContractorHit;
  readonly proved: ProvedSkill;
  /** One for each minimum asked for, in their order. */
  readonly resources: readonly ShownResource[];
  /** Cosine of the embeddings of the question and of the offer, if both use one model. */
  readonly similarity: number | undefined;
  readonly history: ContractorHistory;
  readonly fit: Fit;
}

/** What a survey found. */
export interface Survey {
  readonly search: SearchResult;
  readonly contractors: readonly SurveyedContractor[];
}

export interface ContractorSurveyComponents extends SearchComponents {
  readonly streams: SecureStreams;
  /** PeerId of this node. */
  readonly self: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly statusMemory: StatusListMemory;
  readonly rotationMemory: KeyRotationMemory;
  readonly trust: TrustPolicy;
  readonly outcomes: OutcomeBook;
  readonly embedder: Embedder;
  readonly queryTimeoutMs: number;
}

interface Proof {
  readonly proved: ProvedSkill;
  readonly resources: readonly ShownResource[];
  readonly vector: Float32Array | undefined;
  readonly atMs: number;
}

/** Looks for contractors. */
export class ContractorSurvey {
  readonly #components: ContractorSurveyComponents;
  readonly #proofs = new Map<string, Proof>();
  readonly #last = new Map<string, { readonly survey: Survey; readonly atMs: number }>();

  constructor(components: ContractorSurveyComponents) {
    this.#components = components;
  }

  /** Looks for contractors and asks each for its proofs. */
  async look(asked: SurveyQuestion, signal: AbortSignal): Promise<Survey> {
    const { term, description, minimums = [] } = asked;
    const { queryTimeoutMs, embedder, self, clock } = this.#components;
    const search = await findContractors(this.#components, term, {
      timeoutMs: queryTimeoutMs,
      signal,
    });
    const [question] =
      description === undefined ? [] : await embedder.embed([`${term} ${description}`], { signal });
    const hits = search.hits.filter(({ peerId }) => peerId !== self);
    const proofs: Proof[] = [];
    for (let i = 0; i < hits.length; i += PROOF_CONCURRENCY) {
      const group = hits.slice(i, i + PROOF_CONCURRENCY);
      proofs.push(...(await Promise.all(group.map((hit) => this.#proofOf(hit, minimums, signal)))));
    }
    const contractors = this.#judge(hits, proofs, term, question);
    // Of equals chance says who comes first, not who answered first: not all are asked for a quote.
    const lots = new Map(contractors.map((one) => [one, lotOf(this.#components.random)]));
    contractors.sort(
      (a, b) =>
        b.proved.level - a.proved.level || b.fit.score - a.fit.score || lots.get(a)! - lots.get(b)!,
    );
    const survey = { search, contractors };
    if (search.outcome === 'complete' && contractors.length > 0 && description === undefined) {
      const key = keyOf(asked);
      this.#last.delete(key);
      this.#last.set(key, { survey, atMs: clock.monotonicMs() });
      if (this.#last.size > MAX_CACHED) this.#last.delete([...this.#last.keys()][0]!);
    }
    return survey;
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

  /** Forgets what was proved, so that the next look asks again. */
  forget(peerId: string): void {
    this.#last.clear();
    for (const key of this.#proofs.keys())
      if (key.startsWith(`${peerId}/`)) this.#proofs.delete(key);
  }

  /** Forgets all that was proved: something was heard of an issuer. */
  forgetProofs(): void {
    this.#last.clear();
    this.#proofs.clear();
  }

  /** How well each hit fits the question. Vectors of another model have no similarity to it. */
  #judge(
    hits: readonly ContractorHit[],
    proofs: readonly Proof[],
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
      const { proved, resources } = proofs[i]!;
      const cosine = similarities?.[i] ?? NaN;
      const similarity = Number.isNaN(cosine) ? undefined : cosine;
      const history = outcomes.historyOf(hit.peerId, clock.nowMs());
      const performance = performanceOf(history, hit.matchedTerm, proved);
      const ontology = jaccardIndex([term], [hit.matchedTerm]);
      return {
        hit,
        proved,
        resources,
        similarity,
        history,
        fit: {
          score: skillCompatibility(ontology, similarity, performance),
          ontology,
          embedding: similarity ?? null,
          performance: performance ?? null,
        },
      };
    });
  }

  async #proofOf(
    hit: ContractorHit,
    minimums: readonly ResourceMinimum[],
    signal: AbortSignal,
  ): Promise<Proof> {
    const { clock } = this.#components;
    const asked = keyOf({ term: hit.matchedTerm, minimums });
    const key = `${hit.peerId}/${asked}/${hit.record.body.seq}`;
    const known = this.#proofs.get(key);
    const isFresh = known && clock.monotonicMs() - known.atMs < PROOF_LIFETIME_MS;
    const expiresAt = known ? expiryOf(known) : Infinity;
    if (isFresh && nowSeconds(clock) < expiresAt) return known;
    const limited = AbortSignal.any([signal, AbortSignal.timeout(PROOF_TIMEOUT_MS)]);
    const [shown, heard, vector] = await Promise.all([
      this.#prove(hit, minimums, limited),
      this.#hear(hit, limited),
      this.#vectorOf(hit, limited),
    ]);
    signal.throwIfAborted();
    const proved = this.#withTestimony(shown.proved, heard);
    const proof = { ...shown, proved, vector, atMs: clock.monotonicMs() };
    this.#proofs.delete(key);
    this.#proofs.set(key, proof);
    if (this.#proofs.size > MAX_CACHED) {
      for (const oldest of this.#proofs.keys()) {
        this.#proofs.delete(oldest);
        break;
      }
    }
    return proof;
  }

  async #prove(
    { peerId, matchedTerm, record }: ContractorHit,
    minimums: readonly ResourceMinimum[],
    signal: AbortSignal,
  ): Promise<Pick<Proof, 'proved' | 'resources'>> {
    const { streams, self, clock, random, statusMemory, rotationMemory, trust } = this.#components;
    try {
      const presentation = await requestPresentation(streams, peerId, {
        want: [
          { term: matchedTerm, min: '' },
          ...minimums.map(({ name, min }) => ({ term: name, min: min.toString() })),
        ],
        believes: (issuer, term) => trust.trusts(issuer, term),
        verifier: self,
        clock,
        random,
        statusMemory,
        rotationMemory,
        signal,
      });
      if (!presentation.valid) return unproved(`presentation: ${presentation.reason}`, minimums);
      const { certificates } = presentation;
      const { recovery } = record.body;
      // Only of peers that a known issuer certified: no other rotation is ever followed.
      if (
        recovery !== undefined &&
        certificates.some(({ issuer }) => statusMemory.isKept(issuer))
      ) {
        rotationMemory.noteRecovery({ peerId, hash: fromBase64Url(recovery) });
      }
      return {
        proved: judgeSkill(certificates, matchedTerm, trust),
        resources: minimums.map((minimum) => judgeResource(certificates, minimum, trust)),
      };
    } catch (error) {
      const problem = error instanceof Error ? error.message : 'no answer';
      return unproved(`presentation: ${problem}`, minimums);
    }
  }

  /** What receipts of clients say of the contractor; nothing if it shows none. */
  async #hear(
    { peerId, matchedTerm }: ContractorHit,
    signal: AbortSignal,
  ): Promise<SkillTestimony[]> {
    const { streams, clock } = this.#components;
    try {
      const question = { skill: matchedTerm, clock, signal };
      return testimonyOfReceipts(await requestReceipts(streams, peerId, question));
    } catch {
      // A peer that does not know the question aborts the stream: then nothing is heard of it.
      return [];
    }
  }

  /** What an attestor found stands in its certificate, and what this node saw in its own book. */
  #withTestimony(proved: ProvedSkill, ofReceipts: readonly SkillTestimony[]): ProvedSkill {
    const { trust, self } = this.#components;
    const isHeard = (rater: string) => rater !== self && !trust.attestors.has(rater);
    const { testimony: endorsed = [], ...others } = proved;
    const testimony = joinedTestimony(endorsed, ofReceipts, isHeard);
    return testimony.length === 0 ? others : { ...others, testimony };
  }

  /** The embedding of a contractor's offer; `undefined` if it has none or does not answer. */
  async #vectorOf(
    { peerId, record }: ContractorHit,
    signal: AbortSignal,
  ): Promise<Float32Array | undefined> {
    try {
      const card = await requestCard(this.#components.streams, peerId, record.body, { signal });
      return card.valid ? card.vector : undefined;
    } catch {
      return undefined;
    }
  }
}

function unproved(
  remark: string,
  minimums: readonly ResourceMinimum[],
): Pick<Proof, 'proved' | 'resources'> {
  return {
    proved: { ...UNPROVED, remarks: [remark] },
    resources: minimums.map((minimum) => ({ ...minimum, ...NOT_SHOWN, remarks: [remark] })),
  };
}

function lotOf(random: Random): number {
  return new DataView(random.bytes(4).buffer).getUint32(0);
}

function keyOf({ term, minimums = [] }: SurveyQuestion): string {
  return [term, ...minimums.map(({ name, min }) => `${name}>=${min}`)].join('&');
}

/** When the first of the certificates ends that a proof rests on. */
function expiryOf({ proved, resources }: Proof): number {
  return [proved, ...resources].reduce(
    (first, { expiresAtSeconds }) => Math.min(first, expiresAtSeconds ?? Infinity),
    Infinity,
  );
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
