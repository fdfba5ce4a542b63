/**
 * The order of contractors in a survey.
 *
 * @module
 */

import type { Random } from '../../protocols/components.ts';
import type { SurveyedContractor } from './contractor-survey.ts';
import { lotOf } from './lot.ts';

/** The parts of a contractor that its place depends on. */
export type RankedContractor = Pick<SurveyedContractor, 'isKnown'> & {
  readonly proved: Pick<SurveyedContractor['proved'], 'level'>;
  readonly fit: Pick<SurveyedContractor['fit'], 'score' | 'ontology' | 'embedding'>;
};

/** Cosine by which an offer may be further from a text than the nearest, and still answer it. */
const NEAR_ENOUGH = 0.15;

/**
 * Known peers first (wire-formats.md 6), then by level, then by fit. Of equals chance says who
 * comes first, not who answered first.
 *
 * Free text alone names no skill, so a peer that is known for another one is no answer: offers that
 * are clearly further from the text than the nearest come after all that are near it.
 */
export function rankContractors<Contractor extends RankedContractor>(
  contractors: readonly Contractor[],
  random: Random,
): readonly Contractor[] {
  const lots = new Map(contractors.map((one) => [one, lotOf(random)]));
  const nearest = Math.max(-1, ...contractors.flatMap((one) => textSimilarity(one) ?? []));
  const isFar = (one: Contractor): number =>
    Number((textSimilarity(one) ?? nearest) < nearest - NEAR_ENOUGH);
  return contractors.toSorted(
    (a, b) =>
      isFar(a) - isFar(b) ||
      Number(b.isKnown) - Number(a.isKnown) ||
      b.proved.level - a.proved.level ||
      b.fit.score - a.fit.score ||
      lots.get(a)! - lots.get(b)!,
  );
}

/** How near an offer is to a text asked for without a term; `undefined` for the hit of a term. */
function textSimilarity({ fit }: RankedContractor): number | undefined {
  return fit.ontology === null ? (fit.embedding ?? undefined) : undefined;
}
