/**
 * Which markets can be simulated: what a user may ask for, checked before anything is run.
 *
 * @module
 */

import { BadInputError } from '../../node/errors.ts';
import type { Experiment, ExperimentOptions } from './experiment.ts';

/** Greatest sizes. A year; and what fits in memory. */
export const MARKET_LIMITS = { days: 365, clients: 10_000, contractors: 20_000 } as const;

/** Columns of one contractor in one history take about a kilobyte per task type. */
const MAX_OWN_HISTORIES = 100_000;

/** @throws {@link BadInputError} that says what is impossible and what would do. */
export function requirePossibleMarket(experiment: Experiment, options: ExperimentOptions): void {
  const sizes = ['days', 'clients', 'contractors'] as const;
  const given = sizes.filter((size) => options[size] !== undefined);
  if (experiment.hasOwnSizes && given.length > 0) {
    throw new BadInputError(
      `${experiment.name} has sizes of its own: leave out --${given.join(', --')}`,
    );
  }
  const { clients = 15, contractors = 30 } = options;
  if (options.history === 'own' && clients * contractors > MAX_OWN_HISTORIES) {
    throw new BadInputError(
      `${clients} clients with a history of their own of ${contractors} contractors: ` +
        `at most ${MAX_OWN_HISTORIES} pairs; use fewer, or --history shared`,
    );
  }
}
