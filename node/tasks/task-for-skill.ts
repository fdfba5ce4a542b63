/**
 * The specification of "do this skill on this input" where its user says no more. Known-answer
 * tasks are made with it too, so that they look like any other.
 *
 * @module
 */

import type { JsonValue } from '../../crypto/canonical-json.ts';
import { DOCUMENT_ANALYSIS_TERM } from './executors/document-analysis.ts';
import { PORTFOLIO_TERM } from './executors/portfolio-optimization.ts';
import { RISK_TERM } from './executors/risk-assessment.ts';
import { SENTIMENT_TERM } from './executors/sentiment.ts';
import type { VerificationCheck } from './task-verification.ts';
import type { Sensitivity, TaskSpecification } from './task.ts';

/** What is worked on: a file, or JSON written in place. */
export type SkillInput =
  | { readonly file: string; readonly mediaType: string }
  | { readonly data: JsonValue; readonly mediaType: string };

/** What the user does say. */
export interface SkillRequest {
  readonly term: string;
  readonly inputs: readonly SkillInput[];
  readonly valueMicroUsd: number;
  /** Default low. */
  readonly sensitivity?: Sensitivity;
  /** Most that is paid. */
  readonly maxPriceMicroUsd?: number | undefined;
  /** Default application/json. */
  readonly outputMediaType?: string;
}

const CHECKS: Readonly<Record<string, readonly VerificationCheck[]>> = {
  [DOCUMENT_ANALYSIS_TERM]: [{ type: 'grounding' }, { type: 'recompute' }],
  [PORTFOLIO_TERM]: [{ type: 'optimality' }, { type: 'recompute' }],
  [RISK_TERM]: [{ type: 'recompute' }],
  [SENTIMENT_TERM]: [{ type: 'recompute' }],
};

/** Checks that suit a skill; none for a skill whose results this node cannot check. */
export function checksForSkill(term: string): VerificationCheck[] {
  return Object.hasOwn(CHECKS, term) ? [...(CHECKS[term] ?? [])] : [];
}

/** The specification of a request. */
export function taskForSkill(request: SkillRequest): TaskSpecification {
  const { term, inputs, valueMicroUsd, sensitivity = 'low', maxPriceMicroUsd } = request;
  const name = term.slice(term.lastIndexOf('/') + 1).replaceAll('-', ' ');
  return {
    title: name.charAt(0).toUpperCase() + name.slice(1),
    skills: [term],
    input: { parts: inputs.map((input) => ({ ...input })) as TaskSpecification['input']['parts'] },
    output: { mediaType: request.outputMediaType ?? 'application/json' },
    verification: checksForSkill(term),
    constraints: { sensitivity, ...(maxPriceMicroUsd !== undefined && { maxPriceMicroUsd }) },
    valueMicroUsd,
  };
}
