/**
 * Contractors that use the market's structure instead of cheating (paper VI-C): how their prices
 * depart from Eq. (7).
 *
 * @module
 */

import type { Population } from './population.ts';

/** Names of what they do. */
export const CONDUCTS = ['price-war', 'capacity-hoarding', 'predatory-pricing'] as const;

/** One of them. */
export type Conduct = (typeof CONDUCTS)[number];

const HOURS_PER_DAY = 24;
/** The type that fights a price war: the one that serves most of the paper's market. */
const WAR_TYPE = 0;
const DAILY_CUT = 0.9;
const WAR_FLOOR = 0.5;
/** Share of all contractors that hold back capacity together. */
const CARTEL_SHARE = 0.3;
/** A predator's prices, in the first half of the run and in the second. */
const PREDATORY_SHARE = 0.4;
const MONOPOLY_SHARE = 1.6;

/** Sets the prices of a new hour. */
export function applyConduct(
  conduct: Conduct | null,
  population: Population,
  hour: number,
  hours: number,
): void {
  if (conduct === null || hour % HOURS_PER_DAY !== 0) return;
  const { size, type } = population;
  for (let one = 0; one < size; one++) {
    if (conduct === 'price-war' && type[one] === WAR_TYPE) {
      const cut = DAILY_CUT ** (hour / HOURS_PER_DAY);
      population.setPriceShare(one, Math.max(WAR_FLOOR, cut));
    }
    if (conduct === 'capacity-hoarding' && one < CARTEL_SHARE * size) population.hoard(one);
    const isPredator = type.indexOf(type[one]!) === one;
    if (conduct === 'predatory-pricing' && isPredator) {
      population.setPriceShare(one, hour < hours / 2 ? PREDATORY_SHARE : MONOPOLY_SHARE);
    }
  }
}
