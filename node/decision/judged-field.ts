/**
 * The contractors of a decision, judged again from its record's request: what a record does not
 * hold, because it follows from there.
 *
 * @module
 */

import { CandidateTable } from './candidate-table.ts';
import type { DecisionRecord } from './decision-record.ts';
import { ENGINE_VERSION } from './engine.ts';
import { evaluate, newWorkspace } from './evaluation.ts';
import type { Evaluation } from './evaluation.ts';
import type { Candidate, DecisionRequest } from './request.ts';

/** One contractor with its place in the request and in the matrix. */
export interface JudgedContractor {
  readonly index: number;
  readonly row: number;
  readonly candidate: Candidate;
}

/** All of them. */
export interface JudgedField {
  readonly request: DecisionRequest;
  readonly facts: CandidateTable;
  readonly evaluation: Evaluation;
  /** Who was explored without being one of the field, then the field, the best first. */
  readonly contractors: readonly JudgedContractor[];
}

/** @returns `null` for the record of another engine: that one may have judged otherwise. */
export function judgedFieldOf({ version, request, result }: DecisionRecord): JudgedField | null {
  if (version !== ENGINE_VERSION) return null;
  const facts = new CandidateTable(request.candidates);
  const evaluation = evaluate(facts, request, newWorkspace(facts.size), null, {
    isDetailed: true,
  });
  const { matrix, chosenRow } = evaluation;
  const { scores } = matrix.columns;
  const rows = Array.from({ length: matrix.count }, (_, row) => row);
  rows.sort((a, b) => scores[b]! - scores[a]!);
  if (result.exploration && chosenRow >= matrix.explorableFrom) rows.unshift(chosenRow);
  const contractors = rows.map((row) => {
    const index = matrix.candidateIndex[row]!;
    return { index, row, candidate: request.candidates[index]! };
  });
  return { request, facts, evaluation, contractors };
}

/** What would have been spent without exploration, risk left out; `null` if it is refused. */
export function cashOtherwiseMicroUsd({ facts, evaluation }: JudgedField): number | null {
  const { matrix, selection, local } = evaluation;
  const row = selection.chosenRow;
  if (row < 0) return local.costWithoutOpportunityMicroUsd;
  const priceMicroUsd = facts.columns.priceMicroUsd[matrix.candidateIndex[row]!]!;
  const { columns, details } = matrix;
  return priceMicroUsd + columns.handlingMicroUsd[row]! + details.latencyMicroUsd[row]!;
}
