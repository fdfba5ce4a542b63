/**
 * Concentration of an amount over those who have it: the Herfindahl-Hirschman index, the measure
 * that the paper names for market power (VI-C).
 *
 * @module
 */

/**
 * Index above which a market is called highly concentrated: 0.25, or 2,500 in points (US Department
 * of Justice and Federal Trade Commission, Horizontal Merger Guidelines 2010, 5.3; those of 2023
 * draw the line at 1,800). With four parties or fewer the index is at least 0.25 by arithmetic.
 */
export const HIGHLY_CONCENTRATED = 0.25;

/**
 * Sum of the squares of the shares, in [0, 1]: 1 for a monopoly, 1/n for n equal parties, 0 for
 * nothing at all.
 *
 * @param amounts - Finite and not negative.
 * @param restAmount - What belongs to many small parties that are not told apart. It counts in the
 *   total, and adds nothing to the squares.
 */
export function herfindahlIndex(amounts: readonly number[], restAmount = 0): number {
  let total = restAmount;
  for (const amount of amounts) total += amount;
  if (total === 0) return 0;
  let index = 0;
  for (const amount of amounts) index += (amount / total) ** 2;
  return Math.min(1, index);
}

/**
 * The index freed of the number of parties: 0 if all are equal, 1 for a monopoly. Of a single party
 * it is 1.
 */
export function normalisedHerfindahlIndex(index: number, parties: number): number {
  if (parties === 0) return 0;
  if (parties === 1) return 1;
  return Math.max(0, Math.min(1, (index - 1 / parties) / (1 - 1 / parties)));
}
