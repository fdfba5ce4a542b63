/**
 * The experiments by name.
 *
 * @module
 */

import type { Experiment } from './experiment.ts';
import { table1 } from './table-1.ts';

/** In the order in which help lists them. */
export const EXPERIMENTS: readonly Experiment[] = [table1];
