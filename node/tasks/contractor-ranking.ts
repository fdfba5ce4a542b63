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
  readonly fit: Pick<SurveyedContractor['fit'], 'score'>;
};

/**
 * Known peers first (wire-formats.md 6), then by level, then by fit. Of equals chance says who
 * comes first, not who answered first.
 */
export function rankContractors<Contractor extends RankedContractor>(
  contractors: readonly Contractor[],
  random: Random,
): readonly Contractor[] {
  const lots = new Map(contractors.map((one) => [one, lotOf(random)]));
  return contractors.toSorted(
    (a, b) =>
      Number(b.isKnown) - Number(a.isKnown) ||
      b.proved.level - a.proved.level ||
      b.fit.score - a.fit.score ||
      lots.get(a)! - lots.get(b)!,
  );
}
