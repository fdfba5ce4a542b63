/**
 * How often free text finds the right skill, over a labelled set: recall, reciprocal rank, and what
 * locality-sensitive buckets keep of it.
 *
 * @module
 */

import {
  BUCKET_LAYOUT,
  bucketsOf,
  probesOf,
} from '../../protocols/skill-discovery/similarity-buckets.ts';
import type { BucketLayout } from '../../protocols/skill-discovery/similarity-buckets.ts';
import { EmbeddingTable } from '../../node/skills/embedding-table.ts';
import type { Embedder } from '../../node/skills/embedding.ts';

/** Half of a labelled set: one to tune on, one that is only measured. */
export type LabelledHalf = 'development' | 'held-out';

/** A skill as its seller describes it. */
export interface LabelledSkill {
  readonly id: string;
  readonly term: string;
  readonly name: string;
  readonly description: string;
}

/** A question as a buyer types it, and the one skill that answers it. */
export interface LabelledQuery {
  readonly id: string;
  readonly text: string;
  /** Identifier of the skill. */
  readonly skill: string;
  readonly half: LabelledHalf;
  /** Whether it shares no word stem with its skill. */
  readonly noSharedStem: boolean;
}

/** A labelled set. All its skills are indexed, whichever half is asked. */
export interface LabelledSet {
  readonly skills: readonly LabelledSkill[];
  readonly queries: readonly LabelledQuery[];
}

/** Figures of some queries. */
export interface Recall {
  readonly queries: number;
  /** Share of the queries whose skill is among the first k. */
  readonly recallAtK: number;
  readonly recallAt1: number;
  /** Mean of 1 / rank. */
  readonly meanReciprocalRank: number;
}

/** Text under which a skill is embedded. */
export function skillText({ term, name, description }: LabelledSkill): string {
  return `${term} ${name}. ${description}`;
}

interface EmbeddedSet {
  readonly skills: readonly Float32Array[];
  readonly queries: readonly (LabelledQuery & { vector: Float32Array; answer: number })[];
}

async function embedSet(
  set: LabelledSet,
  embedder: Embedder,
  half: LabelledHalf,
): Promise<EmbeddedSet> {
  const skills = await embedder.embed(set.skills.map(skillText));
  const asked = set.queries.filter((query) => query.half === half);
  const vectors = await embedder.embed(asked.map(({ text }) => text));
  const places = new Map(set.skills.map(({ id }, place) => [id, place]));
  const queries = asked.map((query, i) => {
    const answer = places.get(query.skill);
    if (answer === undefined) throw new TypeError(`"set" has no skill ${query.skill}`);
    return { ...query, vector: vectors[i]!, answer };
  });
  return { skills, queries };
}

/** Rank of the answer, from 1. Ties and missing numbers count against it. */
function rankOf(similarities: ArrayLike<number>, answer: number): number {
  let rank = 1;
  for (let i = 0; i < similarities.length; i++) {
    const isBehind = similarities[i]! < similarities[answer]!;
    if (i !== answer && !isBehind) rank++;
  }
  return rank;
}

function recallOf(ranks: readonly number[], k: number): Recall {
  const shareWithin = (limit: number) =>
    ranks.filter((rank) => rank <= limit).length / ranks.length;
  return {
    queries: ranks.length,
    recallAtK: shareWithin(k),
    recallAt1: shareWithin(1),
    meanReciprocalRank: ranks.reduce((sum, rank) => sum + 1 / rank, 0) / ranks.length,
  };
}

/**
 * Recall of one half, over all skills of the set.
 *
 * @param k - First places that count.
 */
export async function recallAt(
  set: LabelledSet,
  embedder: Embedder,
  k: number,
  half: LabelledHalf,
): Promise<{ readonly overall: Recall; readonly noSharedStem: Recall }> {
  const { skills, queries } = await embedSet(set, embedder, half);
  const table = new EmbeddingTable(skills, embedder.dimensions);
  const ranks = queries.map(({ vector, answer }) => rankOf(table.similarities(vector), answer));
  const hard = ranks.filter((_, i) => queries[i]!.noSharedStem);
  return { overall: recallOf(ranks, k), noSharedStem: recallOf(hard, k) };
}

/** What buckets keep of an exhaustive search, and what they cost. */
export interface BucketRecall {
  /** Share of the first k of an exhaustive search that stand in an asked bucket. */
  readonly recallAtK: number;
  /** Share of the right skills among those first k that stand in an asked bucket. */
  readonly answersKept: number;
  /** Share of all skills that the asked buckets hold together. */
  readonly shareSeen: number;
  /** Share of all skills in one bucket that is not empty: mean and largest. */
  readonly meanBucketShare: number;
  readonly largestBucketShare: number;
}

function firstPlaces(similarities: ArrayLike<number>, k: number): number[] {
  const order = Array.from({ length: similarities.length }, (_, i) => i);
  return order.sort((a, b) => similarities[b]! - similarities[a]! || a - b).slice(0, k);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Compares a search through buckets with an exhaustive one. */
export async function bucketRecallAt(
  set: LabelledSet,
  embedder: Embedder,
  k: number,
  half: LabelledHalf,
  maxKeys: number,
  layout: BucketLayout = BUCKET_LAYOUT,
): Promise<BucketRecall> {
  const { skills, queries } = await embedSet(set, embedder, half);
  const table = new EmbeddingTable(skills, embedder.dimensions);
  const published = skills.map((vector) => bucketsOf(vector, embedder.modelId, layout));
  const loads = new Map<string, number>();
  for (const name of published.flat()) loads.set(name, (loads.get(name) ?? 0) + 1);
  const shares = [...loads.values()].map((load) => load / skills.length);
  const found = queries.map(({ vector, answer }) => {
    const asked = new Set(probesOf(vector, embedder.modelId, maxKeys, layout));
    const isSeen = published.map((names) => names.some((name) => asked.has(name)));
    const first = firstPlaces(table.similarities(vector), k);
    return {
      kept: first.filter((place) => isSeen[place]).length / first.length,
      answer: first.includes(answer) ? Number(isSeen[answer]) : undefined,
      seen: isSeen.filter(Boolean).length / isSeen.length,
    };
  });
  return {
    recallAtK: mean(found.map(({ kept }) => kept)),
    answersKept: mean(found.flatMap(({ answer }) => answer ?? [])),
    shareSeen: mean(found.map(({ seen }) => seen)),
    meanBucketShare: mean(shares),
    largestBucketShare: Math.max(...shares),
  };
}
