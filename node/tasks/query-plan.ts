/**
 * How a query is looked for in the DHT, and how well an offer answers it (Eq. 12): the keys of its
 * terms, and of free text the nearest terms of the vocabulary and the buckets of its vector.
 *
 * A contractor's vector says what the contractor wants it to say: it ranks hits, and proves
 * nothing.
 *
 * @module
 */

import { MAX_SEARCH_KEYS } from '../../protocols/skill-discovery/find-contractors.ts';
import type {
  ContractorHit,
  SearchQuestion,
} from '../../protocols/skill-discovery/find-contractors.ts';
import type { SkillOffer, SkillRecord } from '../../protocols/skill-discovery/skill-record.ts';
import { probesOf } from '../../protocols/skill-discovery/similarity-buckets.ts';
import { ancestorsOf, isAtOrBelow, parseTerm } from '../../protocols/skill-discovery/terms.ts';
import { BadInputError } from '../errors.ts';
import { cosineSimilarity, jaccardIndex } from '../skills/compatibility.ts';
import type { Embedder } from '../skills/embedding.ts';
import type { QueryAlternative } from '../skills/query-expression.ts';
import { CONCEPTS, findTerm, pathWords } from '../skills/vocabulary.ts';

/** Cosine below which an offer has nothing to do with a text. */
export const MIN_TEXT_SIMILARITY = 0.15;
/** Cosine below which an offer has something to do with a text and does not answer it. */
export const ANSWERING_SIMILARITY = 0.3;
/** Keys of one text; all texts and terms of a query share {@link MAX_SEARCH_KEYS}. */
export const MAX_KEYS_PER_TEXT = 16;
/** Of these, terms of the vocabulary; the others are buckets. */
const MAX_NEAREST_TERMS = 4;
/** Offers of one contractor that are considered for a text: each is asked for its proofs. */
const MAX_OFFERS_BY_TEXT = 3;

/** Terms of hits that are embedded for a query: peers coin them, and a service may charge. */
const MAX_COINED_TERMS = 256;

/** How an offer answers a query. */
export interface QueryFit {
  /** Jaccard index; `undefined` for an alternative of free text alone. */
  readonly ontology: number | undefined;
  /** The least of the cosines of its texts; `undefined` for one of terms alone. */
  readonly similarity: number | undefined;
}

/** A query, ready to be looked for. */
export interface QueryPlan {
  readonly search: SearchQuestion;
  /** Terms among the keys: those that were asked for, and of a text the nearest. */
  readonly terms: readonly string[];
  /** Gives terms of hits that the vocabulary does not have their vectors, the first of many. */
  prepare(hits: readonly ContractorHit[], signal: AbortSignal): Promise<void>;
  /** The hits that are worth a question: of a text, the offers of each contractor nearest to it. */
  shortlist(hits: readonly ContractorHit[]): readonly ContractorHit[];
  /**
   * How a hit answers each alternative that it answers at all.
   *
   * @param vector - Of the contractor, in this node's model; `undefined` if there is none.
   */
  fits(hit: ContractorHit, vector: Float32Array | undefined): readonly QueryFit[];
}

/** Text under which a term is embedded. */
function termText(term: string): string {
  const concept = findTerm(term);
  return concept ? `${term} ${concept.label}. ${concept.definition}` : `${term} ${pathWords(term)}`;
}

/** Vectors of texts, each made once; those that others hold are taken from there. */
class Vectors {
  readonly #embedder: Embedder;
  readonly #others: Vectors | undefined;
  readonly #byText = new Map<string, Float32Array>();

  constructor(embedder: Embedder, others?: Vectors) {
    this.#embedder = embedder;
    this.#others = others;
  }

  async add(texts: readonly string[], signal: AbortSignal): Promise<void> {
    const missing = [...new Set(texts)].filter((text) => !this.of(text));
    if (missing.length === 0) return;
    const vectors = await this.#embedder.embed(missing, { signal });
    missing.forEach((text, i) => this.#byText.set(text, vectors[i]!));
  }

  of(text: string): Float32Array | undefined {
    return this.#byText.get(text) ?? this.#others?.of(text);
  }
}

/** Vectors of the vocabulary by embedder. */
const vocabularies = new WeakMap<Embedder, Promise<Vectors>>();

async function vocabularyOf(embedder: Embedder, signal: AbortSignal): Promise<Vectors> {
  const known = vocabularies.get(embedder);
  if (known) return known;
  const vectors = new Vectors(embedder);
  await vectors.add(
    CONCEPTS.map(({ term }) => termText(term)),
    signal,
  );
  vocabularies.set(embedder, Promise.resolve(vectors));
  return vectors;
}

function likeness(a: Float32Array | undefined, b: Float32Array | undefined): number | undefined {
  return a === undefined || a.length !== b?.length ? undefined : cosineSimilarity(a, b);
}

/** The greater of two, one of which may be unknown. */
function greater(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.max(a, b);
}

class Plan implements QueryPlan {
  readonly search: SearchQuestion;
  readonly terms: readonly string[];
  readonly #alternatives: readonly QueryAlternative[];
  readonly #texts: Vectors;
  readonly #terms: Vectors;

  constructor(
    search: Omit<SearchQuestion, 'matching'>,
    alternatives: readonly QueryAlternative[],
    texts: Vectors,
    terms: Vectors,
  ) {
    this.search = { ...search, matching: (record) => this.#matching(record) };
    this.terms = search.keys.filter((key) => parseTerm(key).valid);
    this.#alternatives = alternatives;
    this.#texts = texts;
    this.#terms = terms;
  }

  shortlist(hits: readonly ContractorHit[]): readonly ContractorHit[] {
    const byPeer = new Map<string, ContractorHit[]>();
    for (const hit of hits) {
      const ofPeer = byPeer.get(hit.peerId);
      if (ofPeer) ofPeer.push(hit);
      else byPeer.set(hit.peerId, [hit]);
    }
    return [...byPeer.values()].flatMap((ofPeer) => {
      const satisfied = this.#satisfied(ofPeer[0]!.record.body);
      if (!satisfied.some(({ terms }) => terms.length === 0)) return ofPeer;
      const asked = satisfied.flatMap(({ terms }) => terms);
      const isAsked = ({ matchedTerm }: ContractorHit): boolean =>
        asked.some((term) => isAtOrBelow(matchedTerm, term));
      const byText = ofPeer.filter((hit) => !isAsked(hit));
      if (byText.length <= MAX_OFFERS_BY_TEXT) return ofPeer;
      const likenesses = new Map(byText.map((hit) => [hit, this.#bestLikeness(hit)]));
      const ordered = byText.toSorted((a, b) => likenesses.get(b)! - likenesses.get(a)!);
      return [...ofPeer.filter(isAsked), ...ordered.slice(0, MAX_OFFERS_BY_TEXT)];
    });
  }

  fits(hit: ContractorHit, vector: Float32Array | undefined): readonly QueryFit[] {
    return this.#satisfied(hit.record.body).flatMap(({ terms, texts }): QueryFit[] => {
      const isNamed = terms.some((term) => isAtOrBelow(hit.matchedTerm, term));
      if (terms.length > 0 && !isNamed) return [];
      const ontology = terms.length === 0 ? undefined : ontologyOf(hit.record.body, terms);
      if (texts.length === 0) return [{ ontology, similarity: undefined }];
      const ofOffer = this.#isOfAnother(hit, texts) ? undefined : vector;
      const likenesses = texts.map(
        (text) =>
          greater(
            likeness(ofOffer, this.#texts.of(text)),
            likeness(this.#terms.of(termText(hit.matchedTerm)), this.#texts.of(text)),
          ) ?? 0,
      );
      const similarity = Math.min(...likenesses);
      return similarity < MIN_TEXT_SIMILARITY ? [] : [{ ontology, similarity }];
    });
  }

  async prepare(hits: readonly ContractorHit[], signal: AbortSignal): Promise<void> {
    if (this.#alternatives.every(({ texts }) => texts.length === 0)) return;
    const byPeer = new Map<string, Set<string>>();
    for (const { peerId, matchedTerm } of hits) {
      if (findTerm(matchedTerm) !== undefined) continue;
      const terms = byPeer.get(peerId);
      if (terms) terms.add(matchedTerm);
      else byPeer.set(peerId, new Set([matchedTerm]));
    }
    // By turns of the peers: nobody's many terms leave no room for the one of another.
    const coined = new Set<string>();
    for (const term of byTurns([...byPeer.values()])) {
      if (coined.size >= MAX_COINED_TERMS) break;
      coined.add(term);
    }
    await this.#terms.add([...coined].map(termText), signal);
  }

  /**
   * Whether the contractor's one vector is likely to speak of another of its offers: it has
   * several, and what this one is about the vocabulary says, or another one answers the text.
   */
  #isOfAnother({ record, matchedTerm }: ContractorHit, texts: readonly string[]): boolean {
    const { offers } = record.body;
    if (offers.length === 1) return false;
    if (findTerm(matchedTerm) !== undefined) return true;
    return offers.some(({ term }) => {
      const own = term === matchedTerm ? undefined : this.#terms.of(termText(term));
      return texts.some(
        (text) => (likeness(own, this.#texts.of(text)) ?? 0) >= ANSWERING_SIMILARITY,
      );
    });
  }

  #bestLikeness(hit: ContractorHit): number {
    const own = this.#terms.of(termText(hit.matchedTerm));
    const texts = this.#alternatives.flatMap(({ texts }) => texts);
    return Math.max(-1, ...texts.map((text) => likeness(own, this.#texts.of(text)) ?? -1));
  }

  /** Alternatives whose terms the record offers, all of them. */
  #satisfied({ offers }: SkillRecord): readonly QueryAlternative[] {
    return this.#alternatives.filter(({ terms }) =>
      terms.every((term) => offers.some((offer) => isAtOrBelow(offer.term, term))),
    );
  }

  /** Offers of a record that can be hits: those to buy, where there are some. */
  #matching(record: SkillRecord): readonly SkillOffer[] {
    const satisfied = this.#satisfied(record);
    const isByText = satisfied.some(({ terms }) => terms.length === 0);
    const terms = satisfied.flatMap((alternative) => alternative.terms);
    const named = record.offers.filter(
      (offer) => isByText || terms.some((term) => isAtOrBelow(offer.term, term)),
    );
    const toBuy = named.filter(({ capacity }) => capacity > 0);
    return toBuy.length > 0 ? toBuy : named;
  }
}

/**
 * Jaccard index of the terms asked for and those offered for them, each with its ancestors: 1 for
 * the very terms, and what is offered below one shares what stands above it.
 */
function ontologyOf({ offers }: SkillRecord, terms: readonly string[]): number {
  const offered = terms.map((term) => {
    const at = offers.some((offer) => offer.term === term);
    return at ? term : offers.find((offer) => isAtOrBelow(offer.term, term))!.term;
  });
  const withAncestors = (list: readonly string[]): string[] =>
    list.flatMap((term) => [term, ...ancestorsOf(term)]);
  return jaccardIndex(withAncestors(terms), withAncestors(offered));
}

/** The term with the most segments: the fewest offer it. */
function mostSpecific(terms: readonly string[]): string {
  return terms.reduce((best, term) =>
    term.split('/').length > best.split('/').length ? term : best,
  );
}

/** Terms of the vocabulary that are nearest to a vector. */
function nearestTerms(vector: Float32Array, vocabulary: Vectors): readonly string[] {
  return CONCEPTS.map(({ term }) => ({
    term,
    cosine: likeness(vector, vocabulary.of(termText(term))) ?? -1,
  }))
    .filter(({ cosine }) => cosine >= MIN_TEXT_SIMILARITY)
    .sort((a, b) => b.cosine - a.cosine)
    .slice(0, MAX_NEAREST_TERMS)
    .map(({ term }) => term);
}

/** Keys of a text, the likeliest first: buckets and near terms by turns, then buckets. */
function keysOfText(vector: Float32Array, vocabulary: Vectors, modelId: string): string[] {
  const terms = nearestTerms(vector, vocabulary);
  const probes = probesOf(vector, modelId, MAX_KEYS_PER_TEXT);
  const byTurns = probes.flatMap((probe, i) => [probe, ...terms.slice(i, i + 1)]);
  return [...byTurns, ...terms.slice(probes.length)].slice(0, MAX_KEYS_PER_TEXT);
}

/** The first of each list, then the second of each, to their ends. */
function* byTurns<Item>(lists: readonly Iterable<Item>[]): Generator<Item, void, undefined> {
  let rest = lists.map((list) => [...list]).filter(({ length }) => length > 0);
  for (let turn = 0; rest.length > 0; turn++) {
    for (const list of rest) yield list[turn]!;
    rest = rest.filter(({ length }) => length > turn + 1);
  }
}

/**
 * Plans a query: which keys are asked for, at most {@link MAX_SEARCH_KEYS}. Each alternative with a
 * term is looked up by that one; those of texts alone share what is left, a bucket of each first.
 *
 * @param query - As it was typed, for the result.
 * @throws {@link BadInputError} for a text without a word; the embedder's error, or the signal's
 *   reason.
 */
export async function planQuery(
  query: string,
  alternatives: readonly QueryAlternative[],
  embedder: Embedder,
  signal: AbortSignal,
): Promise<QueryPlan> {
  const texts = new Vectors(embedder);
  await texts.add(
    alternatives.flatMap((alternative) => alternative.texts),
    signal,
  );
  const wordless = alternatives
    .flatMap((alternative) => alternative.texts)
    .find((text) => texts.of(text)?.every((part) => part === 0));
  if (wordless !== undefined) {
    throw new BadInputError(
      `query: ${JSON.stringify(wordless)} has no word that could be looked for; name a skill term, or say in words what is looked for`,
    );
  }
  const keys = new Set(
    alternatives.flatMap(({ terms }) => (terms.length === 0 ? [] : [mostSpecific(terms)])),
  );
  const vocabulary =
    texts.of(alternatives.flatMap((one) => one.texts)[0] ?? '') === undefined
      ? new Vectors(embedder)
      : await vocabularyOf(embedder, signal);
  const byText = alternatives.filter(({ terms }) => terms.length === 0);
  const lists = byText.map((one) =>
    keysOfText(texts.of(one.texts[0]!)!, vocabulary, embedder.modelId),
  );
  for (const key of byTurns(lists)) {
    if (keys.size >= MAX_SEARCH_KEYS) break;
    keys.add(key);
  }
  const terms = new Vectors(embedder, vocabulary);
  const needs = `query ${JSON.stringify(alternatives)}`;
  return new Plan({ query, keys: [...keys], needs }, alternatives, texts, terms);
}
