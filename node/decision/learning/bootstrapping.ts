/**
 * Knowledge before the first own outcome, so that a cold start needs no luck. Paper VI-E ("Market
 * Knowledge Bootstrapping") and VI-G ("Knowledge Bootstrapping"); equations.md, Eq. 18.
 *
 * Attested tests, certified history and receipts that peers countersigned count as pseudo-outcomes,
 * at most eight in all, so real work soon outweighs them. Attested tests count first. Testimony
 * fills what is left, each rater at most three outcomes times its credibility; raters of the lowest
 * credibility are one class, which counts at most a quarter of all the rest, since new names are
 * free (wire-formats.md 5.3 and 6; security.md 6). So without attested tests or a rater that agreed
 * with this node before, any number of strangers counts nothing, for or against. All testimony
 * together counts at most seven: agreement can be farmed, so words alone never take a contractor
 * over the bar of confidence that eight outcomes pass. One attested test or one own outcome more
 * does.
 *
 * Differs from the ledger of wire-formats.md 5.3, where two outcomes of newcomers count before
 * anything else does: a ledger has nothing else to start from, a node has attested tests.
 *
 * Does not check signatures: the caller hands in receipts that verified, and counts each once.
 * Certified history is testimony of the attestor that certified it.
 *
 * @module
 */

import { MAX_PSEUDO_OUTCOMES, pseudoOutcomes } from '../confidence.ts';
import type { Outcomes } from '../confidence.ts';
import { NEWCOMER_CREDIBILITY } from './rater-credibility.ts';

/** How much evidence that is not this node's own counts. */
export interface BootstrappingLimits {
  /** Pseudo-outcomes in all. A policy has it. */
  readonly maxPseudoOutcomes: number;
  /** Outcomes of one rater, before its credibility. */
  readonly maxOutcomesPerRater: number;
  /** All testimony together, however many tell. */
  readonly maxTestimony: number;
  /** Most that all newcomers together count, per outcome that anything else counts. */
  readonly newcomerShare: number;
}

/** 8, 3, 7 and 1/4; the last as in wire-formats.md 5.3. */
export const BOOTSTRAPPING_LIMITS: BootstrappingLimits = {
  maxPseudoOutcomes: MAX_PSEUDO_OUTCOMES,
  maxOutcomesPerRater: 3,
  maxTestimony: MAX_PSEUDO_OUTCOMES - 1,
  newcomerShare: 0.25,
};

/** An entry with more outcomes than this is no testimony. */
const MAX_TESTIFIED_OUTCOMES = 1e9;

/** What one rater says of the subject, by receipts. Fractions are allowed. */
export interface Testimony {
  readonly rater: string;
  readonly successes: number;
  readonly failures: number;
  /** In [0, 1]: `rater-credibility.ts`, or 1 for a rater that this node was told to trust. */
  readonly credibility: number;
}

/** Evidence on one contractor that is not this node's own. */
export interface BootstrappingEvidence {
  /** PeerId of the contractor. What it says of itself counts nothing. */
  readonly subject: string;
  /** PeerId of this node. What it saw itself stands in its own history and must not count twice. */
  readonly observer: string;
  /** Known-answer tests of a certificate of the level that the policy asks for; else `null`. */
  readonly attested: { readonly passed: number; readonly run: number } | null;
  readonly testimony: readonly Testimony[];
}

const NONE: Outcomes = { successes: 0, total: 0 };

function isCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= MAX_TESTIFIED_OUTCOMES;
}

function attestedOutcomes(
  { attested }: BootstrappingEvidence,
  { maxPseudoOutcomes }: BootstrappingLimits,
): Outcomes {
  if (!attested || !isCount(attested.run) || !isCount(attested.passed)) return NONE;
  if (attested.passed > attested.run) return NONE;
  return pseudoOutcomes(attested.passed, attested.run, maxPseudoOutcomes);
}

interface RaterTestimony {
  successes: number;
  total: number;
  credibility: number;
}

/** Usable testimony, one entry per rater: a thousand receipts of one rater are one voice. */
function testimonyByRater(evidence: BootstrappingEvidence): Map<string, RaterTestimony> {
  const byRater = new Map<string, RaterTestimony>();
  for (const { rater, successes, failures, credibility } of evidence.testimony) {
    if (typeof rater !== 'string' || rater === '') continue;
    if (rater === evidence.subject || rater === evidence.observer) continue;
    if (!isCount(successes) || !isCount(failures)) continue;
    if (!(isCount(credibility) && credibility <= 1)) continue;
    const known = byRater.get(rater);
    if (known) {
      known.successes += successes;
      known.total += successes + failures;
      known.credibility = Math.min(known.credibility, credibility);
    } else {
      byRater.set(rater, { successes, total: successes + failures, credibility });
    }
  }
  return byRater;
}

function scaled({ successes, total }: Outcomes, most: number): Outcomes {
  if (total <= most) return { successes, total };
  return { successes: (successes / total) * most, total: most };
}

/**
 * Testimony on the subject, weighted by credibility and held to the limits per rater and for
 * newcomers, but not yet to what attested tests leave of the cap. A candidate's `testimony`.
 *
 * An entry that holds anything but numbers in range counts nothing; the others do.
 */
export function weighedTestimony(
  evidence: BootstrappingEvidence,
  limits: BootstrappingLimits = BOOTSTRAPPING_LIMITS,
): Outcomes {
  const known = { successes: 0, total: 0 };
  const newcomers = { successes: 0, total: 0 };
  for (const { successes, total, credibility } of testimonyByRater(evidence).values()) {
    if (total === 0) continue;
    const weight = Math.min(total, limits.maxOutcomesPerRater) * credibility;
    const side = credibility > NEWCOMER_CREDIBILITY ? known : newcomers;
    side.successes += (successes / total) * weight;
    side.total += weight;
  }
  const attested = attestedOutcomes(evidence, limits);
  const most = limits.newcomerShare * (attested.total + known.total);
  const heard = scaled(newcomers, most);
  return scaled(
    { successes: known.successes + heard.successes, total: known.total + heard.total },
    limits.maxTestimony,
  );
}

/**
 * Outcomes that all evidence stands for: attested tests first, then testimony as far as the cap
 * goes, each at its own success rate. Every step is monotone also when rounded, so successes never
 * exceed the total.
 */
export function pseudoOutcomesOf(
  evidence: BootstrappingEvidence,
  limits: BootstrappingLimits = BOOTSTRAPPING_LIMITS,
): Outcomes {
  const attested = attestedOutcomes(evidence, limits);
  const room = Math.max(0, limits.maxPseudoOutcomes - attested.total);
  const told = scaled(weighedTestimony(evidence, limits), room);
  return {
    successes: attested.successes + told.successes,
    total: attested.total + told.total,
  };
}
