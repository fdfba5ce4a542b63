/**
 * The experiments by name.
 *
 * @module
 */

import { adversaries } from './adversaries-experiment.ts';
import { duration } from './duration.ts';
import type { Experiment } from './experiment.ts';
import { exploration } from './exploration.ts';
import { llm2026 } from './llm-2026.ts';
import { oracle } from './oracle.ts';
import { scale } from './scale.ts';
import { sensitivity } from './sensitivity.ts';
import { table1 } from './table-1.ts';
import { table2 } from './table-2.ts';
import { ablation, marketPower, robustness } from './variants.ts';

/** In the order in which help lists them. */
export const EXPERIMENTS: readonly Experiment[] = [
  table1,
  table2,
  oracle,
  sensitivity,
  exploration,
  robustness,
  scale,
  duration,
  ablation,
  marketPower,
  adversaries,
  llm2026,
];
