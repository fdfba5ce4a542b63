/**
 * What every back end of a skill looks like from inside the node: an estimate before, the work
 * itself, and nothing else.
 *
 * @module
 */

import type { ResolvedPart, ResultPart } from '../task-parts.ts';
import type { TaskSpecification, WireTaskSpecification } from '../task.ts';

/** Work to be done: the specification, as written or as received, and the content of its input. */
export interface SkillWork {
  readonly specification: TaskSpecification | WireTaskSpecification;
  readonly parts: readonly ResolvedPart[];
}

/** The finished work. */
export interface SkillResult {
  readonly parts: readonly ResultPart[];
}

/** Does the work of one skill. */
export interface SkillExecutor {
  /** Skill term, `performs:nlp/sentiment`. */
  readonly term: string;
  /**
   * Largest difference, relative, between two honest results; 0 where they are equal byte for byte.
   * `undefined`: two runs need not agree, so the work cannot be checked by doing it again.
   */
  readonly recomputeTolerance?: number;
  /** Loads what the work needs, once, so that no task is charged for it. Later calls are free. */
  prepare?(): Promise<void>;
  /** Time and memory that an input of this size takes on an ordinary machine. */
  estimate(input: { readonly inputBytes: number }): { seconds: number; memoryGib: number };
  /**
   * Does the work.
   *
   * @throws ExecutorInputError if the input is at fault; ExecutorFailedError if the executor is;
   *   the signal's reason once it has fired.
   */
  execute(work: SkillWork, options: { readonly signal: AbortSignal }): Promise<SkillResult>;
}
