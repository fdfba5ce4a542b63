/**
 * What every back end of a skill looks like from inside the node: an estimate before, the work
 * itself, and nothing else.
 *
 * @module
 */

import type { ResolvedPart, ResultPart } from '../task-parts.ts';
import type { TaskSpecification, WireTaskSpecification } from '../task.ts';
import type { WorkKind } from '../work-meter.ts';

/** Work to be done: the specification, as written or as received, and the content of its input. */
export interface SkillWork {
  readonly specification: TaskSpecification | WireTaskSpecification;
  readonly parts: readonly ResolvedPart[];
}

/** The finished work. */
export interface SkillResult {
  readonly parts: readonly ResultPart[];
}

/** What a run took besides the processor time of this process. */
export interface Spending {
  /** Paid to others, such as the service of a model. */
  readonly paidMicroUsd?: number;
  /** Processor time of other processes on this machine. */
  readonly processorSeconds?: number;
}

/** How a run goes along. */
export interface ExecuteOptions {
  readonly signal: AbortSignal;
  /** Told what is spent as soon as it is known: a run that fails has been paid for too. */
  readonly onSpent?: (spending: Spending) => void;
}

/** What an input of some size takes on an ordinary machine. */
export interface WorkEstimate {
  readonly seconds: number;
  readonly memoryGib: number;
  /** Paid to others; left out: nothing. */
  readonly paidMicroUsd?: number;
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
  /** What this process does during the work; left out: it computes. */
  readonly workKind?: WorkKind;
  /** The work is done on another machine: the operations that a task names are not done here. */
  readonly isRemote?: boolean;
  /** Loads what the work needs, once, so that no task is charged for it. Later calls are free. */
  prepare?(): Promise<void>;
  /**
   * Reads the input without working on it: what can be seen at once to be at fault with it need not
   * be sent to anybody. Left out: only the work itself shows it.
   *
   * @throws ExecutorInputError if the input is at fault.
   */
  checkInput?(
    work: Pick<SkillWork, 'parts'>,
    options: { readonly signal: AbortSignal },
  ): Promise<void> | void;
  /** What an input of this size takes. */
  estimate(input: { readonly inputBytes: number }): WorkEstimate;
  /**
   * Does the work.
   *
   * @throws ExecutorInputError if the input is at fault; ExecutorFailedError if the executor is;
   *   the signal's reason once it has fired.
   */
  execute(work: SkillWork, options: ExecuteOptions): Promise<SkillResult>;
}
