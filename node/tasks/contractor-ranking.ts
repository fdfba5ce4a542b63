/**
 * The order of contractors in a survey.
 *
 * @module
 */

import type { Random } from '../../protocols/components.ts';
import type { SurveyedContractor } from './contractor-survey.ts';
import { lotOf } from './lot.ts';
import { ANSWERING_SIMILARITY } from './query-plan.ts';

/** The parts of a contractor that its place depends on. */
export type RankedContractor = Pick<SurveyedContractor, 'isKnown'> & {
  readonly proved: Pick<SurveyedContractor['proved'], 'level'>;
  readonly fit: Pick<SurveyedContractor['fit'], 'score' | 'ontology' | 'embedding'>;
  readonly hit: Pick<SurveyedContractor['hit'], 'source' | 'offer'>;
};

/** By what a caller may have contractors ranked: the known ones, and then the others. */
export const HIT_ORDERS = ['fit', 'price', 'latency'] as const;
export type HitOrder = (typeof HIT_ORDERS)[number];

/**
 * Known peers first (wire-formats.md 6), then by price or latency where the caller wants that, then
 * by level, then by fit. Of equals those come
 * first that have answered themselves, since another may be gone; then chance says, and not who was
 * quickest.
 *
 * Free text alone names no skill, so a peer that is known for another one is no answer: offers far
 * from the text come last. How far is no matter of what others say of themselves: a stranger with a
 * vector made for the text stands before those far from it, and behind every known peer near it.
 */
export function rankContractors<Contractor extends RankedContractor>(
  contractors: readonly Contractor[],
  random: Random,
  order: HitOrder = 'fit',
): readonly Contractor[] {
  const lots = new Map(contractors.map((one) => [one, lotOf(random)]));
  return contractors.toSorted(
    (a, b) =>
      Number(isFarFromText(a)) - Number(isFarFromText(b)) ||
      Number(b.isKnown) - Number(a.isKnown) ||
      amountOf(a, order) - amountOf(b, order) ||
      b.proved.level - a.proved.level ||
      b.fit.score - a.fit.score ||
      Number(isThere(b)) - Number(isThere(a)) ||
      lots.get(a)! - lots.get(b)!,
  );
}

/** What the caller wants little of; the same for all where it is the fit that counts. */
function amountOf({ hit: { offer } }: RankedContractor, order: HitOrder): number {
  if (order === 'price') return Number(offer.priceMicroUsd);
  return order === 'latency' ? offer.latencyMs : 0;
}

/** Whether the record is from the peer itself, and not from others that keep it. */
function isThere({ hit }: RankedContractor): boolean {
  return hit.source === 'holder';
}

/** Whether a hit of a text alone does not answer it; hits of a term that was asked for do. */
function isFarFromText({ fit }: RankedContractor): boolean {
  return fit.ontology === null && (fit.embedding ?? 1) < ANSWERING_SIMILARITY;
}
