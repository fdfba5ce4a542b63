/**
 * What a contractor has shown that it can do: the mean of the embeddings of the tasks on which its
 * results were verified, weighted by outcome (paper III-B 2). It is used from
 * {@link MIN_LEARNED_OUTCOMES} outcomes, beside the embedding of its description.
 *
 * Bounded: one vector and two numbers a contractor and model. Old outcomes fade once there are
 * {@link MAX_LEARNED_OUTCOMES}.
 *
 * @module
 */

import { z } from 'zod';
import {
  MAX_STORED_DIMENSIONS,
  readVector,
  storedVectorSchema,
  storeVector,
} from './stored-vector.ts';

/** Outcomes from which a learned embedding is used: below, one lucky task would speak for all. */
export const MIN_LEARNED_OUTCOMES = 8;

/** Outcomes that are remembered in full; from there each new one takes an equal share away. */
export const MAX_LEARNED_OUTCOMES = 256;

/** What was learned of one contractor, under one model. */
export interface LearnedEmbedding {
  readonly modelId: string;
  /** Outcomes, bad ones too, at most {@link MAX_LEARNED_OUTCOMES}. */
  readonly outcomes: number;
  /** Sum of the qualities. */
  readonly weight: number;
  /** Mean of the tasks' embeddings, weighted by quality. */
  readonly mean: Float32Array;
}

/** One verified task. */
export interface LearnedTask {
  readonly modelId: string;
  readonly embedding: Float32Array;
  /** 0, failed, to 1, everything right. */
  readonly quality: number;
}

/**
 * The learned embedding after one more outcome. One of another model or length starts anew: its
 * numbers mean something else.
 *
 * @throws {@link RangeError} for a quality outside [0, 1] or an embedding that holds no numbers.
 */
export function learnTask(
  previous: LearnedEmbedding | undefined,
  { modelId, embedding, quality }: LearnedTask,
): LearnedEmbedding {
  if (!(quality >= 0 && quality <= 1)) {
    throw new RangeError(`"quality" expected 0 to 1, got ${quality}`);
  }
  if (embedding.length > MAX_STORED_DIMENSIONS || !embedding.every(Number.isFinite)) {
    throw new RangeError(`"embedding" expected at most ${MAX_STORED_DIMENSIONS} finite numbers`);
  }
  const isSameSpace = previous?.modelId === modelId && previous.mean.length === embedding.length;
  const { outcomes, weight, mean } = isSameSpace
    ? previous
    : { outcomes: 0, weight: 0, mean: new Float32Array(embedding.length) };
  const isFull = outcomes >= MAX_LEARNED_OUTCOMES;
  const kept = isFull ? (weight * (MAX_LEARNED_OUTCOMES - 1)) / MAX_LEARNED_OUTCOMES : weight;
  const total = kept + quality;
  const share = total === 0 ? 0 : quality / total;
  return {
    modelId,
    outcomes: isFull ? MAX_LEARNED_OUTCOMES : outcomes + 1,
    weight: total,
    mean: mean.map((value, i) => value + share * (embedding[i]! - value)),
  };
}

/**
 * What was learned of several skills of one contractor, as one: their mean, weighted alike. What is
 * of another model, or of another length than the first, is left out.
 */
export function mergeLearned(
  parts: readonly LearnedEmbedding[],
  modelId: string,
): LearnedEmbedding | undefined {
  const first = parts.find((part) => part.modelId === modelId);
  if (first === undefined) return undefined;
  const alike = parts.filter(
    (part) => part.modelId === modelId && part.mean.length === first.mean.length,
  );
  const weight = alike.reduce((sum, part) => sum + part.weight, 0);
  const outcomes = alike.reduce((sum, part) => sum + part.outcomes, 0);
  const mean = first.mean.map((_, i) =>
    alike.reduce((sum, part) => sum + (weight === 0 ? 0 : part.weight / weight) * part.mean[i]!, 0),
  );
  return {
    modelId,
    outcomes: Math.min(outcomes, MAX_LEARNED_OUTCOMES),
    weight: Math.min(weight, MAX_LEARNED_OUTCOMES),
    mean,
  };
}

function lengthOf(vector: Float32Array): number {
  let squares = 0;
  for (const value of vector) squares += value * value;
  return Math.sqrt(squares);
}

/**
 * Embedding of a contractor for ranking: that of its description, and from
 * {@link MIN_LEARNED_OUTCOMES} outcomes n the learned one with the share n / (n + 8).
 *
 * @param description - Embedding of its description; `undefined` if it has none.
 * @returns A vector of length 1; `undefined` if there is neither.
 */
export function blendedEmbedding(
  description: Float32Array | undefined,
  learned: LearnedEmbedding | undefined,
  modelId: string,
): Float32Array | undefined {
  const isUsable =
    learned !== undefined &&
    learned.modelId === modelId &&
    learned.outcomes >= MIN_LEARNED_OUTCOMES &&
    (description === undefined || description.length === learned.mean.length);
  const learnedLength = isUsable ? lengthOf(learned.mean) : 0;
  if (!isUsable || learnedLength === 0) return description;
  const descriptionLength = description === undefined ? 0 : lengthOf(description);
  const learnedShare =
    descriptionLength === 0 ? 1 : learned.outcomes / (learned.outcomes + MIN_LEARNED_OUTCOMES);
  const blended = learned.mean.map((value, i) => {
    const described = descriptionLength === 0 ? 0 : description![i]! / descriptionLength;
    return (learnedShare * value) / learnedLength + (1 - learnedShare) * described;
  });
  const length = lengthOf(blended);
  return length === 0 ? description : blended.map((value) => value / length);
}

const storedSchema = z.strictObject({
  v: z.literal(1),
  modelId: z.string().min(1).max(64),
  outcomes: z.number().int().min(0).max(MAX_LEARNED_OUTCOMES),
  weight: z.number().min(0).max(MAX_LEARNED_OUTCOMES),
  mean: storedVectorSchema,
});

/** What is stored of a learned embedding: JSON. */
export type StoredLearnedEmbedding = z.infer<typeof storedSchema>;

/** The form that is stored. */
export function storeLearned({ modelId, outcomes, weight, mean }: LearnedEmbedding) {
  return { v: 1, modelId, outcomes, weight, mean: storeVector(mean) } as const;
}

/** The inverse of {@link storeLearned}; `undefined` for anything else. Never throws. */
export function readLearned(value: unknown): LearnedEmbedding | undefined {
  const parsed = storedSchema.safeParse(value);
  if (!parsed.success) return undefined;
  const mean = readVector(parsed.data.mean);
  if (mean === undefined) return undefined;
  const { modelId, outcomes, weight } = parsed.data;
  return { modelId, outcomes, weight, mean };
}
