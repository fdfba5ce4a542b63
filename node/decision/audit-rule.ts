/**
 * How often the work of a contractor is done again here to check it: a share of results that falls
 * once enough good outcomes are known. The node's own rule, and the least that a task asks for.
 *
 * Nothing in a decision is computed from it: each candidate comes with the cost of its checking. It
 * stands in the request so that a reader, and a what-if of more outcomes, can tell what that cost
 * would be.
 *
 * @module
 */

import { MAX_PSEUDO_OUTCOMES } from './confidence.ts';
import type { Candidate } from './request.ts';

/** Shares of results, in [0, 1], and when each of them holds. */
export interface AuditRule {
  /** Of a contractor with fewer than `knownFromOutcomes` good outcomes. */
  readonly newRate: number;
  readonly knownRate: number;
  readonly knownFromOutcomes: number;
  /** Least share by the task's own checks; 0 where it names none. */
  readonly leastRate: number;
}

/** Why a rate applies: by the outcomes of the contractor, or because the task asks for more. */
export type AuditReason = 'NEW' | 'KNOWN' | 'TASK';

/** A rate and where it comes from. */
export interface AppliedAudit {
  /** Share of results that are done again. */
  readonly rate: number;
  readonly reason: AuditReason;
  /** Good outcomes here and passed tests, of which at most 8 count. */
  readonly outcomes: number;
}

/**
 * Outcomes that the rule counts: good ones seen here, and passed tests of attestors, up to 8.
 * Failures make nobody known whose work needs less checking.
 */
export function auditOutcomes({ history, evidence }: Pick<Candidate, 'history' | 'evidence'>) {
  return (history.successes ?? 0) + Math.min(evidence?.passed ?? 0, MAX_PSEUDO_OUTCOMES);
}

/** The share that a contractor with so many outcomes gets. */
export function appliedAudit(rule: AuditRule, outcomes: number): AppliedAudit {
  const isKnown = outcomes >= rule.knownFromOutcomes;
  const own = isKnown ? rule.knownRate : rule.newRate;
  if (rule.leastRate > own) return { rate: rule.leastRate, reason: 'TASK', outcomes };
  return { rate: own, reason: isKnown ? 'KNOWN' : 'NEW', outcomes };
}

/**
 * The rule's answer for a candidate that is checked by it; `null` where no rule holds, or where the
 * candidate states another rate.
 */
export function auditOf(rule: AuditRule | undefined, candidate: Candidate): AppliedAudit | null {
  if (rule === undefined) return null;
  const applied = appliedAudit(rule, auditOutcomes(candidate));
  return candidate.overheads?.auditRate === applied.rate ? applied : null;
}

/** Of a cost: its parts were added up in another order than the cost here. */
const RELATIVE_TOLERANCE = 1e-9;

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0;
}

/** What the checking of a candidate was made of. */
export interface VerificationParts {
  readonly checkMicroUsd: number;
  readonly auditRate: number;
}

/**
 * The parts of a stated cost of checking; `null` unless they come to it.
 *
 * @param cashHereMicroUsd - Cost of the work here without Eq. (5); `null` if it cannot run here,
 *   where nothing is done again.
 */
export function verificationParts(
  overheads: Candidate['overheads'],
  cashHereMicroUsd: number | null,
): VerificationParts | null {
  const { checkMicroUsd, auditRate, verificationMicroUsd } = overheads ?? {};
  if (!isAmount(checkMicroUsd) || !isAmount(auditRate) || auditRate > 1) return null;
  if (!isAmount(verificationMicroUsd)) return null;
  const derived = checkMicroUsd + auditRate * (cashHereMicroUsd ?? 0);
  const isSame =
    Math.abs(derived - verificationMicroUsd) <= RELATIVE_TOLERANCE * verificationMicroUsd;
  return isSame ? { checkMicroUsd, auditRate } : null;
}

/**
 * The candidate as it would be checked by the rule with its outcomes as they are in it; unchanged
 * where the rule did not make the cost of checking `original`.
 */
export function reaudited(
  rule: AuditRule | undefined,
  original: Candidate,
  changed: Candidate,
  cashHereMicroUsd: number | null,
): Candidate {
  const parts = verificationParts(original.overheads, cashHereMicroUsd);
  if (rule === undefined || parts === null || auditOf(rule, original) === null) return changed;
  const { rate } = appliedAudit(rule, auditOutcomes(changed));
  if (rate === parts.auditRate) return changed;
  const verificationMicroUsd = parts.checkMicroUsd + rate * (cashHereMicroUsd ?? 0);
  return { ...changed, overheads: { ...changed.overheads, verificationMicroUsd, auditRate: rate } };
}
