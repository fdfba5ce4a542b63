/**
 * How well a contractor's skills fit a task: ontology overlap, embedding, record. Paper Eq. (12).
 *
 * Differs from the paper: a negative cosine counts as 0, and a part that is not known is left out
 * with the weights of the others scaled up (equations.md, Eq. 12).
 *
 * The Jaccard index punishes terms that the task does not ask for. Hand in the terms of the offer
 * that answers the task, not everything that the contractor can do.
 *
 * @module
 */

/** Weights of the three parts. They need not add up to 1. */
export interface SkillWeights {
  readonly ontology: number;
  readonly embedding: number;
  readonly performance: number;
}

/** Weights of the paper. */
export const SKILL_WEIGHTS: SkillWeights = { ontology: 0.3, embedding: 0.5, performance: 0.2 };

/** Slack of the threshold test: 0.5 + 0.2 must pass 0.7 whatever the rounding. */
export const COMPATIBILITY_SLACK = 1e-12;

/** Jaccard index of two lists of terms; repeated terms count once. No required term gives 1. */
export function jaccardIndex(required: readonly string[], offered: readonly string[]): number {
  let requiredCount = 0;
  let shared = 0;
  for (let i = 0; i < required.length; i++) {
    const term = required[i]!;
    if (required.indexOf(term) !== i) continue;
    requiredCount++;
    if (offered.includes(term)) shared++;
  }
  if (requiredCount === 0) return 1;
  let offeredCount = 0;
  for (let i = 0; i < offered.length; i++) {
    if (offered.indexOf(offered[i]!) === i) offeredCount++;
  }
  return shared / (requiredCount + offeredCount - shared);
}

/**
 * Cosine of two vectors, in [-1, 1]; 0 if either is the zero vector.
 *
 * @throws {@link TypeError} if their lengths differ.
 */
export function cosineSimilarity(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) {
    throw new TypeError(`"b" expected ${a.length} dimensions, got ${b.length}`);
  }
  let dot = 0;
  let squaresA = 0;
  let squaresB = 0;
  for (let i = 0; i < a.length; i++) {
    const x = a[i]!;
    const y = b[i]!;
    dot += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  if (squaresA === 0 || squaresB === 0) return 0;
  return Math.max(-1, Math.min(1, dot / (Math.sqrt(squaresA) * Math.sqrt(squaresB))));
}

/**
 * Compatibility in [0, 1]. Paper Eq. (12).
 *
 * @param ontology - Jaccard index; `undefined` if no term is asked for.
 * @param similarity - Cosine of the two embeddings; `undefined` if one is missing.
 * @param performance - Share of good outcomes of this task type; `undefined` without a record.
 */
export function skillCompatibility(
  ontology: number | undefined,
  similarity: number | undefined,
  performance: number | undefined,
  weights: SkillWeights = SKILL_WEIGHTS,
): number {
  let total = 0;
  let sum = 0;
  if (ontology !== undefined) {
    total += weights.ontology;
    sum += weights.ontology * ontology;
  }
  if (similarity !== undefined) {
    total += weights.embedding;
    sum += weights.embedding * Math.max(0, similarity);
  }
  if (performance !== undefined) {
    total += weights.performance;
    sum += weights.performance * performance;
  }
  return total === 0 ? 0 : sum / total;
}

/** Whether a compatibility reaches the threshold theta (>=, with {@link COMPATIBILITY_SLACK}). */
export function isCompatible(compatibility: number, threshold: number): boolean {
  return compatibility >= threshold - COMPATIBILITY_SLACK;
}
