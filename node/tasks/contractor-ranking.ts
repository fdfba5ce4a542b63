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

/** Cosine below which an offer has something to do with a text and does not answer it. */
const ANSWERING_SIMILARITY = 0.3;

/**
 * Known peers first (wire-formats.md 6), then by level, then by fit. Of equals chance says who
 * comes first, not who answered first.
 *
 * Free text alone names no skill, so a peer that is known for another one is no answer: offers far
 * from the text come last. How far is no matter of what others say of themselves: a stranger with a
 * vector made for the text stands before those far from it, and behind every known peer near it.
 */
export function rankContractors<Contractor extends RankedContractor>(
  contractors: readonly Contractor[],
  random: Random,
): readonly Contractor[] {
  const lots = new Map(contractors.map((one) => [one, lotOf(random)]));
  return contractors.toSorted(
    (a, b) =>
      Number(isFarFromText(a)) - Number(isFarFromText(b)) ||
      Number(b.isKnown) - Number(a.isKnown) ||
      b.proved.level - a.proved.level ||
      b.fit.score - a.fit.score ||
      lots.get(a)! - lots.get(b)!,
  );
}

/** Whether a hit of a text alone does not answer it; hits of a term that was asked for do. */
function isFarFromText({ fit }: RankedContractor): boolean {
  return fit.ontology === null && (fit.embedding ?? 1) < ANSWERING_SIMILARITY;
}
