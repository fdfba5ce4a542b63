/**
 * The decision engine: LOCAL, OUTSOURCE to a contractor, or REFUSED (paper III-C, Listings 1 and 2,
 * with the resolutions of equations.md 3 and 4).
 *
 * Pure and total on what peers supply: an unusable candidate is dropped with a reason. The result
 * is compact: the table and the query that it was made from, by reference, and the figures that
 * came out. Everything else, the sentence and the counterfactual too, follows from these
 * (`decision-record.ts`), and is made when somebody asks for it.
 *
 * @module
 */

import type { CandidateTable } from './candidate-table.ts';
import type { DecisionMatrix } from './decision-matrix.ts';
import { consideredFigures, decidedBy, evaluate, newWorkspace } from './evaluation.ts';
import type { Choice, DecidedBy, Evaluation, WeightEvaluation, Workspace } from './evaluation.ts';
import type { ExplorationOutcome } from './exploration-step.ts';
import { requireValidQuery } from './request-checks.ts';
import type { DecisionQuery } from './request.ts';

/** Version of the engine and of the record's form. A change that alters any result raises it. */
export const ENGINE_VERSION = 7;

/** An exploring part without rows, which are those of a matrix that is gone. */
export type ExplorationFigures = Omit<ExplorationOutcome, 'row' | 'details'>;

/** A decision as the engine leaves it. Candidates are named by their index in the table. */
export interface Decision {
  /** Of the engine. */
  readonly version: number;
  readonly table: CandidateTable;
  readonly query: DecisionQuery;
  /** The similarities handed in, copied; `null`: those of the table. */
  readonly similarities: readonly number[] | null;
  readonly choice: Choice;
  readonly decidedBy: DecidedBy;
  /** -1: nobody gets the task. */
  readonly chosen: number;
  /** The chosen one, else the best that was not chosen; -1 for none. */
  readonly considered: number;
  /** The best by score that was not chosen; -1 for none. */
  readonly runnerUp: number;
  /** What would have been chosen without exploration; -1 for nobody. */
  readonly greedy: number;
  /** Of the considered one; `null` for none. */
  readonly score: number | null;
  readonly confidence: number | null;
  readonly costExternalMicroUsd: number | null;
  readonly costInternalMicroUsd: number | null;
  readonly costInternalWithoutOpportunityMicroUsd: number | null;
  /** `null` where exploring was not asked for. */
  readonly exploration: ExplorationFigures | null;
  readonly isExploration: boolean;
  readonly weights: WeightEvaluation | null;
  /** Criteria of the considered one, benefit-oriented, in [0, 1] (Eq. 13); `null` for none. */
  readonly features: readonly number[] | null;
  /** By index in the table: the score, in [0, 1], or minus the code in `DROP_REASONS`. */
  readonly verdicts: readonly number[];
}

/** Decides again and again in the same memory. */
export class DecisionEngine {
  readonly #workspace: Workspace;

  /** @param capacity - Candidates that there is room for at first. */
  constructor(capacity?: number) {
    this.#workspace = newWorkspace(capacity);
  }

  /**
   * Decides where a task runs. Neither the table nor the query may be changed as long as the
   * decision is in use.
   *
   * @param similarities - Cosine of the task and each candidate, NaN if unknown. Left out: the
   *   table's.
   * @throws {@link RangeError} if the query is out of range; never for a candidate.
   */
  decide(
    table: CandidateTable,
    query: DecisionQuery,
    similarities: Float64Array | null = null,
  ): Decision {
    requireValidQuery(query);
    if (similarities !== null && similarities.length !== table.size) {
      throw new TypeError(
        `"similarities" expected ${table.size} numbers, got ${similarities.length}`,
      );
    }
    const evaluation = evaluate(table, query, this.#workspace, similarities);
    return decisionOf(table, query, similarities, evaluation);
  }
}

function decisionOf(
  table: CandidateTable,
  query: DecisionQuery,
  similarities: Float64Array | null,
  evaluation: Evaluation,
): Decision {
  const { matrix, selection, local, exploration } = evaluation;
  const { candidateIndex, columns } = matrix;
  const figures = consideredFigures(evaluation);
  const row = figures.consideredRow;
  const at = (one: number): number => (one < 0 ? -1 : candidateIndex[one]!);
  return {
    version: ENGINE_VERSION,
    table,
    query,
    similarities: similarities === null ? null : listOf(similarities, table.size),
    choice: evaluation.choice,
    decidedBy: decidedBy(evaluation),
    chosen: at(evaluation.chosenRow),
    considered: at(row),
    runnerUp: at(figures.runnerUpRow),
    greedy: at(selection.chosenRow),
    score: figures.score,
    confidence: figures.confidence,
    costExternalMicroUsd: row < 0 ? null : columns.costMicroUsd[row]!,
    costInternalMicroUsd: local.costMicroUsd,
    costInternalWithoutOpportunityMicroUsd: local.costWithoutOpportunityMicroUsd,
    exploration: exploration === null ? null : explorationFigures(exploration),
    isExploration: figures.isExploration,
    weights: evaluation.weights,
    features: figures.features,
    verdicts: verdictsOf(table, matrix),
  };
}

/** The first `count` numbers as a list: a typed array this small takes longer to make. */
function listOf(column: Float64Array, count: number): number[] {
  const list = new Array<number>(count);
  for (let i = 0; i < count; i++) list[i] = column[i]!;
  return list;
}

function verdictsOf({ size }: CandidateTable, matrix: DecisionMatrix): number[] {
  const { count, candidateIndex, columns, dropCodes } = matrix;
  if (count === size) return listOf(columns.scores, size);
  const verdicts = new Array<number>(size);
  for (let index = 0; index < size; index++) verdicts[index] = -dropCodes[index]!;
  for (let row = 0; row < count; row++) verdicts[candidateIndex[row]!] = columns.scores[row]!;
  return verdicts;
}

function explorationFigures(outcome: ExplorationOutcome): ExplorationFigures {
  return {
    bar: outcome.bar,
    armCount: outcome.armCount,
    rate: outcome.rate,
    draw: outcome.draw,
    isForced: outcome.isForced,
    budgetMicroUsd: outcome.budgetMicroUsd,
    lossMicroUsd: outcome.lossMicroUsd,
    successLossMicroUsd: outcome.successLossMicroUsd,
    failureLossMicroUsd: outcome.failureLossMicroUsd,
  };
}
